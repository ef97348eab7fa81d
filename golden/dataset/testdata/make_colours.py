"""Makes JPEGs whose colours have fewer pixels than their luminance, and what PIL (libjpeg) reads of them.

    pip install pillow==13.0.0 numpy && python make_colours.py
"""
import os

import numpy as np
from PIL import Image

rng = np.random.default_rng(3)
expected = {}
for w, h in ((23, 17), (16, 24), (4, 6), (2, 9)):
    folder = f"colours/{h}x{w}"
    os.makedirs(folder, exist_ok=True)
    read = []
    for name in ("4:2:0", "4:2:2", "4:4:4"):
        y, x = np.mgrid[0:h, 0:w]
        waves = [127 + 80 * np.sin(x / (2 + c) + c) * np.cos(y / (3 + c)) + rng.normal(0, 10, (h, w)) for c in range(3)]
        file = f"{folder}/{name.replace(':', '')}.jpg"
        Image.fromarray(np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)).save(file, quality=95, subsampling=name)
        read.append(np.asarray(Image.open(file).convert("RGB")))
    expected[f"{h}x{w}"] = np.stack(read)
np.savez_compressed("colours.npz", **expected)
