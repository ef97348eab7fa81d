"""Makes prepared.npz: the photographs of this folder as timm, torchvision and transformers prepare them, in several ways.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.24.0 pillow==13.0.0
    venv/bin/python make_prepared.py

An array is named LIBRARY_HEIGHTxWIDTH_MODE_RESIZED_FILTER and holds one image for each file, in order of their names;
RESIZED is what crop_pct makes of the height, MODE center or squash.
"""
import os

import numpy as np
from PIL import Image
from timm.data import create_transform
from transformers import CLIPImageProcessor, ViTImageProcessor

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = [os.path.join(HERE, "photos", f) for f in sorted(os.listdir(os.path.join(HERE, "photos")))]
RESAMPLE = {"bilinear": 2, "bicubic": 3}


def stack(prepare):
    return np.stack([prepare(Image.open(f).convert("RGB")) for f in FILES])


def pixels(x):
    return np.rint(np.asarray(x) * 255).astype(np.uint8).transpose(1, 2, 0)


def main():
    arrays = {}
    for h, w in ((16, 16), (12, 20)):
        for mode in ("center", "squash"):
            for crop, resized in ((1.0, h), (0.9, int(h / 0.9))):
                for filter in RESAMPLE:
                    t = create_transform((3, h, w), is_training=False, interpolation=filter, mean=(0, 0, 0), std=(1, 1, 1), crop_pct=crop, crop_mode=mode)
                    arrays[f"timm_{h}x{w}_{mode}_{resized}_{filter}"] = stack(lambda im: pixels(t(im)))
    for filter, resample in RESAMPLE.items():
        p = ViTImageProcessor(do_normalize=False, resample=resample, size={"height": 16, "width": 16})
        arrays[f"transformers_16x16_squash_16_{filter}"] = stack(lambda im: pixels(p(images=im, return_tensors="np")["pixel_values"][0]))
        q = CLIPImageProcessor(do_normalize=False, resample=resample, size={"shortest_edge": 19}, crop_size={"height": 16, "width": 16})
        arrays[f"transformers_16x16_center_19_{filter}"] = stack(lambda im: pixels(q(images=im, return_tensors="np")["pixel_values"][0]))
    np.savez_compressed(os.path.join(HERE, "prepared.npz"), **arrays)


main()
