"""Counts which checkpoints of timm's vision transformers vitdse takes: writes docs/data/timm.csv, a line for each.

A checkpoint is a name with its tag that timm lists as pretrained, of the modules below. Each is built by its entry
point on PyTorch's meta device, with its own classes, image size and pooling, all its widths, and one block (a Swin: one
a stage); config.json is timm's own save_config_for_hf's, model.safetensors has its tensors' names and shapes, and zeros.
`vitdse model` then reads the folder or says why not, and `vitdse roofline` says whether the engine runs it.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31
    venv/bin/python timm_checkpoints.py ../../bin/vitdse ../../docs/data/timm.csv
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

import timm
import torch
from timm.models._hub import save_config_for_hf

MODULES = ["vision_transformer", "deit", "eva", "beit", "vision_transformer_relpos", "vision_transformer_hybrid",
           "vision_transformer_sam", "cait", "swin_transformer", "swin_transformer_v2", "swin_transformer_v2_cr"]
TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.bool: "BOOL"}


def build(name):
    """The model with as few blocks as it can have."""
    with torch.device("meta"):
        for short in ({"depth": 1}, {"depths": (1, 1, 1, 1)}, {}):
            try:
                return timm.create_model(name, pretrained=False, **short)
            except TypeError:
                continue
    raise ValueError(name)


def save(model, folder):
    """config.json and a model.safetensors that is a hole behind its header."""
    save_config_for_hf(model, os.path.join(folder, "config.json"))
    header, at = {}, 0
    for key, tensor in model.state_dict().items():
        end = at + tensor.numel() * tensor.element_size()
        header[key] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        f.truncate(8 + len(text) + at)


def reason(text):
    """The first line of an error, without paths."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    text = re.sub(r"vitdse: (checkpoint|model) \S+: ", "", lines[0]) if lines else "?"
    return re.sub(r"/tmp/\S+/", "", text)[:160]


def main(tool, out, *modules):
    rows, known = [], {}  # what was said of an architecture with its classes, image size and pooling
    for module in modules or MODULES:
        for name in timm.list_models(module=module, pretrained=True):
            config = timm.get_pretrained_cfg(name)
            key = name.split(".")[0], config.num_classes, config.input_size, config.first_conv, config.classifier
            if key in known:
                rows.append((module, name, *known[key]))
                continue
            with tempfile.TemporaryDirectory() as folder:
                at = os.path.join(folder, "checkpoint")
                os.mkdir(at)
                try:
                    save(build(name), at)
                except Exception as e:  # an entry point that takes no such argument
                    known[key] = "no", "no", f"not built with one block: {type(e).__name__}"
                    rows.append((module, name, *known[key]))
                    continue
                file = os.path.join(folder, "m.yaml")
                read = subprocess.run([tool, "model", at, "--out", file], capture_output=True, text=True)
                if read.returncode:
                    known[key] = "no", "no", reason(read.stderr)
                else:
                    runs = subprocess.run([tool, "roofline", "--model", file, "--part", "xcvc1902", "--array", "8x8x4"], capture_output=True, text=True)
                    known[key] = ("yes", "no", reason(runs.stderr)) if runs.returncode else ("yes", "yes", "")
                rows.append((module, name, *known[key]))
    with open(out, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(("module", "checkpoint", "read", "engine", "why not"))
        w.writerows(rows)


main(*sys.argv[1:])
