#!/usr/bin/env python3
"""Train the Fashion-MNIST ViT and write model.safetensors and fashion.npz.

Usage:

    python3 train.py [--out DIR] [--data DIR]     # --out defaults to this script's folder

Needs numpy, jax (PyPI; its CPU build) and the data set, which Debian packages:

    apt-get install dataset-fashion-mnist
    pip install jax numpy

The outputs are checked in, so this script is not part of the set-up. It reads
60,000 training and 10,000 test images, uses one CPU thread and fixed seeds,
and took one hour of a shared core. The same packages on the same kind of CPU
give the same bytes; another build may round differently and so give slightly
different weights.

What makes so few epochs enough: positions and attention start near what
trained ViTs have (Trockman and Kolter, Mimetic initialization, 2023), hidden
matrices are trained by Muon (Jordan et al., 2024: momentum, orthogonalized by
a Newton-Schulz iteration), the first epochs see half of each image's patches
(Liu et al., PatchDropout, 2022). The number of epochs is fixed, weights are
rounded to float16, and the test split is evaluated once, at the end.
"""
import argparse
import gzip
import json
import math
import os
import struct
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np

SEED = 0
IMAGE, PATCH, DIM, DEPTH, HEADS, MLP_RATIO, CLASSES = 28, 4, 96, 6, 3, 4, 10
LN_EPS = 1e-6
MEAN = STD = 0.5
TOKENS = (IMAGE // PATCH) ** 2

HALF_EPOCHS, FULL_EPOCHS = 6, 5      # with half of the patches, then with all
BATCH = 200
LR_MUON, LR_ADAM = 0.02, 3e-3
WEIGHT_DECAY = 0.05
WARMUP_STEPS = 100
LABEL_SMOOTHING = 0.05

TEST_PER_CLASS, TRAIN_PER_CLASS = 200, 64      # of the npz file


# ---------------------------------------------------------------- data

def load(folder, split):
    """Images [n, 28, 28] and labels [n] of t10k or train, both u8."""
    def body(kind, skip):
        with gzip.open(os.path.join(folder, f"{split}-{kind}-ubyte.gz")) as f:
            return np.frombuffer(f.read(), np.uint8)[skip:]
    return body("images-idx3", 16).reshape(-1, IMAGE, IMAGE), body("labels-idx1", 8)


def first_of_each_class(labels, count):
    """Indices of the first count images of each class, in file order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:count] for c in range(CLASSES)]))


def augment(images, rng):
    """Mirror half of the images, move each by up to 2 pixels, black outside."""
    n = len(images)
    images = np.where(rng.random(n)[:, None, None] < 0.5, images[:, :, ::-1], images)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    dy, dx = rng.integers(0, 5, (2, n))
    rows = dy[:, None] + np.arange(IMAGE)
    cols = dx[:, None] + np.arange(IMAGE)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]


def patches(images):
    """u8 images to normalised patch rows [n, tokens, 16], pixels row by row."""
    x = (images.astype(np.float32) / 255 - MEAN) / STD
    side = IMAGE // PATCH
    x = x.reshape(-1, side, PATCH, side, PATCH).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(x.reshape(-1, TOKENS, PATCH * PATCH))


# ---------------------------------------------------------------- model
# A plain ViT with the tensor names of timm; matrices are [out, in].

def sinusoids():
    """Position embedding of the 7x7 grid, [tokens, DIM]: half the channels for rows, half for columns."""
    freq = 1 / 100 ** (np.arange(DIM // 4) / (DIM // 4))
    at = np.arange(IMAGE // PATCH)[:, None] * freq
    one = np.concatenate([np.sin(at), np.cos(at)], axis=1)
    side = IMAGE // PATCH
    rows = np.repeat(one[:, None], side, axis=1)
    cols = np.repeat(one[None], side, axis=0)
    return np.concatenate([rows, cols], axis=2).reshape(TOKENS, DIM)


def factors(rng, noise, diagonal, rank):
    """Two [rank, DIM] factors a, b with a' b near noise * random + diagonal * identity."""
    m = noise * rng.normal(size=(DIM, DIM)) / math.sqrt(DIM) + diagonal * np.eye(DIM)
    u, s, v = np.linalg.svd(m)
    root = np.sqrt(s[:rank])[:, None]
    return u[:, :rank].T * root, v[:rank] * root


def initial(rng):
    def normal(*shape, std=0.02):
        return std * rng.normal(size=shape)

    p = {"cls_token": normal(1, 1, DIM),
         "pos_embed": np.concatenate([np.zeros((1, 1, DIM)), 0.5 * sinusoids()[None]], 1),
         "patch_embed.proj.weight": normal(DIM, 1, PATCH, PATCH, std=0.25), "patch_embed.proj.bias": np.zeros(DIM)}
    d = DIM // HEADS
    for i in range(DEPTH):
        qk = [factors(rng, 0.7, 0.7, d) for _ in range(HEADS)]
        proj, v = factors(rng, 0.4, -0.4, DIM)
        b = f"blocks.{i}."
        p |= {b + "norm1.weight": np.ones(DIM), b + "norm1.bias": np.zeros(DIM),
              b + "attn.qkv.weight": np.concatenate([q for q, _ in qk] + [k for _, k in qk] + [v]),
              b + "attn.qkv.bias": np.zeros(3 * DIM),
              b + "attn.proj.weight": proj.T, b + "attn.proj.bias": np.zeros(DIM),
              b + "norm2.weight": np.ones(DIM), b + "norm2.bias": np.zeros(DIM),
              b + "mlp.fc1.weight": normal(MLP_RATIO * DIM, DIM, std=DIM ** -0.5),
              b + "mlp.fc1.bias": np.zeros(MLP_RATIO * DIM),
              b + "mlp.fc2.weight": normal(DIM, MLP_RATIO * DIM, std=0.02), b + "mlp.fc2.bias": np.zeros(DIM)}
    p |= {"norm.weight": np.ones(DIM), "norm.bias": np.zeros(DIM),
          "head.weight": normal(CLASSES, DIM), "head.bias": np.zeros(CLASSES)}
    return {k: jnp.asarray(v, jnp.float32) for k, v in p.items()}


def layer_norm(x, w, b):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + LN_EPS) * w + b


def forward(p, rows, kept=None):
    """Logits [n, classes] of patch rows; of the patches in kept [n, k] alone, if given."""
    n, d = len(rows), DIM // HEADS
    x = rows @ p["patch_embed.proj.weight"].reshape(DIM, -1).T + p["patch_embed.proj.bias"] + p["pos_embed"][0, 1:]
    if kept is not None:
        x = jnp.take_along_axis(x, kept[:, :, None], axis=1)
    cls = jnp.broadcast_to(p["cls_token"][0] + p["pos_embed"][0, :1], (n, 1, DIM))
    x = jnp.concatenate([cls, x], axis=1)
    for i in range(DEPTH):
        w = lambda name: p[f"blocks.{i}.{name}"]
        y = layer_norm(x, w("norm1.weight"), w("norm1.bias"))
        qkv = (y @ w("attn.qkv.weight").T + w("attn.qkv.bias")).reshape(n, -1, 3, HEADS, d).transpose(2, 0, 3, 1, 4)
        a = jax.nn.softmax(qkv[0] @ qkv[1].transpose(0, 1, 3, 2) * d ** -0.5)
        y = (a @ qkv[2]).transpose(0, 2, 1, 3).reshape(n, -1, DIM)
        x = x + y @ w("attn.proj.weight").T + w("attn.proj.bias")
        y = layer_norm(x, w("norm2.weight"), w("norm2.bias"))
        y = jax.nn.gelu(y @ w("mlp.fc1.weight").T + w("mlp.fc1.bias"), approximate=False)
        x = x + y @ w("mlp.fc2.weight").T + w("mlp.fc2.bias")
    return layer_norm(x[:, 0], p["norm.weight"], p["norm.bias"]) @ p["head.weight"].T + p["head.bias"]


# ---------------------------------------------------------------- training

def orthogonalized(g):
    """The nearest matrix with equal singular values, roughly: five Newton-Schulz steps."""
    tall = g.shape[0] > g.shape[1]
    x = g.T if tall else g
    x = x / (jnp.linalg.norm(x) + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.T if tall else x) * math.sqrt(max(1, g.shape[0] / g.shape[1]))


def is_hidden(name):
    return name.startswith("blocks.") and name.endswith("weight") and "norm" not in name


def loss_of(p, rows, labels, kept):
    target = jax.nn.one_hot(labels, CLASSES) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / CLASSES
    return -(target * jax.nn.log_softmax(forward(p, rows, kept))).sum(-1).mean()


@jax.jit
def step(p, m, v, t, lr, rows, labels, kept):
    """One step; lr is the share of the peak rates, m and v the moments, t the step's number from 1."""
    loss, grads = jax.value_and_grad(loss_of)(p, rows, labels, kept)
    new = {}
    for k, g in grads.items():
        if is_hidden(k):
            m[k] = 0.95 * m[k] + g
            u = g + 0.95 * m[k]
            parts = jnp.split(u, 3) if "qkv" in k else [u]
            u = jnp.concatenate([orthogonalized(x) for x in parts])
            new[k] = p[k] * (1 - lr * LR_MUON * WEIGHT_DECAY) - lr * LR_MUON * u
            continue
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.98 * v[k] + 0.02 * g * g
        u = m[k] / (1 - 0.9 ** t) / (jnp.sqrt(v[k] / (1 - 0.98 ** t)) + 1e-8)
        new[k] = p[k] - lr * LR_ADAM * u
    return new, m, v, loss


def train(images, labels):
    rng = np.random.default_rng(SEED)
    p = initial(rng)
    m = {k: jnp.zeros_like(x) for k, x in p.items()}
    v = {k: jnp.zeros_like(x) for k, x in p.items()}
    steps = len(labels) // BATCH
    total, t, start = (HALF_EPOCHS + FULL_EPOCHS) * steps, 0, time.process_time()
    for epoch in range(HALF_EPOCHS + FULL_EPOCHS):
        order = rng.permutation(len(labels))
        losses = []
        for i in range(steps):
            at = order[i * BATCH:(i + 1) * BATCH]
            kept = None
            if epoch < HALF_EPOCHS:
                kept = rng.random((BATCH, TOKENS)).argsort(1)[:, :TOKENS // 2]
            lr = min(1, (t + 1) / WARMUP_STEPS) * (1 - t / total)
            t += 1
            p, m, v, loss = step(p, m, v, t, lr, patches(augment(images[at], rng)), labels[at], kept)
            losses.append(loss)
        print(f"epoch {epoch + 1}  loss {np.mean(losses):.4f}  {time.process_time() - start:.0f} s of CPU", flush=True)
    return p


# ---------------------------------------------------------------- files

def write_safetensors(path, tensors):
    """Write a {name: float16 array} dict as a safetensors file."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(t.shape), "data_offsets": [offset, offset + t.nbytes]}
        offset += t.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        for t in tensors.values():
            f.write(np.ascontiguousarray(t, dtype="<f2").tobytes())


def predict(p, images):
    """Float32 logits of u8 images."""
    run = jax.jit(forward)
    return np.concatenate([run(p, patches(images[i:i + 500])) for i in range(0, len(images), 500)])


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    args = ap.parse_args()

    print(f"jax {jax.__version__}  numpy {np.__version__}")
    train_images, train_labels = load(args.data, "train")
    test_images, test_labels = load(args.data, "t10k")
    halves = {k: np.asarray(v).astype(np.float16) for k, v in train(train_images, train_labels).items()}
    write_safetensors(os.path.join(args.out, "model.safetensors"), halves)

    p = {k: jnp.asarray(v, jnp.float32) for k, v in halves.items()}
    logits = predict(p, test_images)
    hits = int((logits.argmax(1) == test_labels).sum())
    print(f"test top-1 {hits}/{len(test_labels)} = {100 * hits / len(test_labels):.2f} %")

    at, few = first_of_each_class(test_labels, TEST_PER_CLASS), first_of_each_class(train_labels, TRAIN_PER_CLASS)
    few = np.random.RandomState(SEED).permutation(few)
    np.savez_compressed(os.path.join(args.out, "fashion.npz"),
                        train_images=train_images[few], train_labels=train_labels[few],
                        test_images=test_images[at], test_labels=test_labels[at], test_logits=logits[at])
    hits = int((logits[at].argmax(1) == test_labels[at]).sum())
    print(f"of which in the file {hits}/{len(at)} = {100 * hits / len(at):.2f} %")


if __name__ == "__main__":
    main()
