#!/usr/bin/env python3
"""Train the digits ViT and write model.safetensors and digits.npz.

Usage:

    python3 train.py [--out DIR]     # DIR defaults to this script's folder

Needs torch, numpy and scikit-learn; on Debian 12:

    apt-get install python3-torch python3-sklearn python3-numpy

The outputs are checked in, so this script is not part of the set-up. It reads
the 1,797 8x8 images that scikit-learn carries (no download), uses one CPU
thread and fixed seeds, and takes about five minutes. The same packages on the
same kind of CPU give the same bytes; another torch build or CPU may round
differently and so give slightly different weights.

The number of epochs is fixed and the saved weights are the moving average
(EMA) after the last one. The test split is evaluated once, at the end.
"""
import argparse
import copy
import json
import math
import os
import struct
import time

# Sums are split by thread count, so fix it (before numpy and torch load).
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import sklearn
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

SEED = 0
IMAGE, PATCH, DIM, DEPTH, HEADS, MLP_RATIO, CLASSES = 8, 2, 64, 4, 4, 4, 10
LN_EPS = 1e-6
MEAN = STD = 0.5

TEST_PER_CLASS = 36
EPOCHS = 300
WARMUP_EPOCHS = 10
BATCH = 64
LR = 1e-3
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.05
EMA_DECAY = 0.998


# ---------------------------------------------------------------- data

def load_split():
    """Return (train_images, train_labels, test_images, test_labels), all u8.

    Pixels 0..16 become 0..255 by floor(p * 255 / 16 + 0.5). The test split is
    drawn with RandomState(0): for class 0, 1, ... 9 in turn, permute the
    indices of that class and take the first 36. Both splits keep file order.
    """
    digits = load_digits()
    labels = digits.target.astype(np.uint8)
    pixels = digits.images.astype(np.float64)
    images = np.floor(pixels * 255 / 16 + 0.5).astype(np.uint8)

    rng = np.random.RandomState(0)
    is_test = np.zeros(len(labels), dtype=bool)
    for c in range(CLASSES):
        is_test[rng.permutation(np.flatnonzero(labels == c))[:TEST_PER_CLASS]] = True
    return images[~is_test], labels[~is_test], images[is_test], labels[is_test]


def normalise(x):
    """0..1 pixels to model input."""
    return (x - MEAN) / STD


def augment(x, gen):
    """Small random affine map (bilinear, zeros outside), gain and noise.

    x is [n, 1, 8, 8] in 0..1; so is the result.
    """
    n = x.shape[0]

    def uniform(limit):
        return (torch.rand(n, generator=gen) * 2 - 1) * limit

    angle = uniform(math.radians(10))
    scale = 1 + uniform(0.1)
    shear = uniform(0.1)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = cos, shear - sin
    theta[:, 1, 0], theta[:, 1, 1] = sin, cos
    theta[:, 0, 2] = uniform(1.0) * 2 / IMAGE   # up to one pixel
    theta[:, 1, 2] = uniform(1.0) * 2 / IMAGE
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    warped = F.grid_sample(x, grid, align_corners=False)

    # A quarter of the images stay sharp, so that training also sees the
    # unfiltered images that the model is used on.
    keep = (torch.rand(n, generator=gen) < 0.25).view(n, 1, 1, 1)
    y = torch.where(keep, x, warped)
    y = y * (1 + uniform(0.1)).view(n, 1, 1, 1)
    y = y + 0.04 * torch.randn(x.shape, generator=gen)
    return y.clamp(0, 1)


# ---------------------------------------------------------------- model
# A plain ViT. Module names give the tensor names that timm uses.

class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(1, DIM, PATCH, stride=PATCH)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)   # row-major patches


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.proj = nn.Linear(DIM, DIM)

    def forward(self, x):
        b, n, _ = x.shape
        head_dim = DIM // HEADS
        qkv = self.qkv(x).reshape(b, n, 3, HEADS, head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = (q @ k.transpose(-2, -1)) * head_dim ** -0.5
        x = (attn.softmax(dim=-1) @ v).transpose(1, 2).reshape(b, n, DIM)
        return self.proj(x)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(DIM, MLP_RATIO * DIM)
        self.fc2 = nn.Linear(MLP_RATIO * DIM, DIM)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))   # exact (erf) GELU


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(DIM, eps=LN_EPS)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(DIM, eps=LN_EPS)
        self.mlp = Mlp()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        tokens = 1 + (IMAGE // PATCH) ** 2
        self.cls_token = nn.Parameter(torch.zeros(1, 1, DIM))
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, DIM))
        self.patch_embed = PatchEmbed()
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(DIM, eps=LN_EPS)
        self.head = nn.Linear(DIM, CLASSES)

        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.trunc_normal_(m.weight, std=0.05)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        x = x + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


# ---------------------------------------------------------------- training

def train(images, labels):
    """Train for a fixed number of epochs; return the EMA model."""
    torch.manual_seed(SEED)
    gen = torch.Generator().manual_seed(SEED + 1)
    model = ViT()
    ema = copy.deepcopy(model)

    decay = [p for p in model.parameters() if p.ndim == 2 or p.ndim == 4]
    no_decay = [p for p in model.parameters() if p.ndim == 1 or p.ndim == 3]
    opt = torch.optim.AdamW([
        {"params": decay, "weight_decay": WEIGHT_DECAY},
        {"params": no_decay, "weight_decay": 0.0},
    ], lr=LR)

    x = torch.from_numpy(images.astype(np.float32) / 255).unsqueeze(1)
    y = torch.from_numpy(labels.astype(np.int64))
    steps = math.ceil(len(x) / BATCH)
    total, warmup, step = EPOCHS * steps, WARMUP_EPOCHS * steps, 0
    start = time.time()
    for epoch in range(EPOCHS):
        order = torch.randperm(len(x), generator=gen)
        loss_sum = 0.0
        for i in range(0, len(x), BATCH):
            idx = order[i:i + BATCH]
            if step < warmup:
                lr = LR * (step + 1) / warmup
            else:
                t = (step - warmup) / (total - warmup)
                lr = LR * 0.5 * (1 + math.cos(math.pi * t))
            for group in opt.param_groups:
                group["lr"] = lr
            logits = model(normalise(augment(x[idx], gen)))
            loss = F.cross_entropy(logits, y[idx], label_smoothing=LABEL_SMOOTHING)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            step += 1
            d = min(EMA_DECAY, step / (step + 10))
            with torch.no_grad():
                for a, b in zip(ema.parameters(), model.parameters()):
                    a.mul_(d).add_(b, alpha=1 - d)
            loss_sum += loss.item() * len(idx)
        if epoch % 25 == 24:
            print(f"epoch {epoch + 1:4d}  train loss {loss_sum / len(x):.4f}"
                  f"  {time.time() - start:.0f} s", flush=True)
    return ema


# ---------------------------------------------------------------- files

def write_safetensors(path, tensors):
    """Write a {name: float32 array} dict as a safetensors file."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(t.shape),
                        "data_offsets": [offset, offset + t.nbytes]}
        offset += t.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        for t in tensors.values():
            f.write(np.ascontiguousarray(t, dtype="<f4").tobytes())


def predict(model, images):
    """Float32 logits of u8 images, in eval mode."""
    model.eval()
    x = torch.from_numpy(images.astype(np.float32) / 255).unsqueeze(1)
    with torch.no_grad():
        return model(normalise(x)).numpy()


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    out = ap.parse_args().out

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    print(f"torch {torch.__version__}  numpy {np.__version__}  scikit-learn {sklearn.__version__}")
    train_images, train_labels, test_images, test_labels = load_split()
    print(f"train {len(train_labels)}  test {len(test_labels)}")

    start = time.time()
    model = train(train_images, train_labels)
    print(f"trained in {time.time() - start:.0f} s")

    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    write_safetensors(os.path.join(out, "model.safetensors"), weights)

    logits = predict(model, test_images)
    np.savez_compressed(os.path.join(out, "digits.npz"),
                        train_images=train_images, train_labels=train_labels,
                        test_images=test_images, test_labels=test_labels,
                        test_logits=logits)
    for name, images, labels in (("train", train_images, train_labels),
                                 ("test", test_images, test_labels)):
        hits = int((predict(model, images).argmax(1) == labels).sum())
        print(f"{name} top-1 {hits}/{len(labels)} = {100 * hits / len(labels):.2f} %")


if __name__ == "__main__":
    main()
