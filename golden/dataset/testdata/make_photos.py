"""Makes photographs and what PIL makes of them: resize of the shorter side, centre crop.

    pip install pillow==11.3.0 numpy && python make_photos.py

Resize and crop are those of torchvision.transforms (Resize(int), CenterCrop) on PIL images.
"""
import numpy as np
from PIL import Image

rng = np.random.default_rng(7)


def picture(w, h, channels):
    y, x = np.mgrid[0:h, 0:w]
    waves = [127 + 90 * np.sin(x / (2 + c) + c) * np.cos(y / (3 + c)) + rng.normal(0, 12, (h, w)) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def resize_crop(image, short, crop, how):
    w, h = image.size
    size = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    image = image.resize(size, how)
    left, top = int(round((size[0] - crop) / 2.0)), int(round((size[1] - crop) / 2.0))
    return np.asarray(image.crop((left, top, left + crop, top + crop)))


cases = {  # name: width, height, mode, format, short side, crop, filter, channels of the model
    "landscape": (61, 40, "RGB", "png", 27, 24, Image.BICUBIC, 3),
    "portrait": (40, 77, "RGB", "png", 27, 24, Image.BILINEAR, 3),
    "larger": (17, 13, "RGB", "png", 32, 24, Image.BICUBIC, 3),
    "same": (24, 24, "RGB", "png", 24, 24, Image.BILINEAR, 3),
    "grey": (50, 50, "L", "png", 26, 20, Image.BICUBIC, 3),
    "alpha": (45, 31, "RGBA", "png", 25, 20, Image.BILINEAR, 3),
    "onechannel": (33, 47, "L", "png", 28, 28, Image.BILINEAR, 1),
    "photo": (120, 90, "RGB", "jpg", 32, 28, Image.BICUBIC, 3),
}
expected = {}
for name, (w, h, mode, kind, short, crop, how, channels) in cases.items():
    p = picture(w, h, {"L": 1, "RGB": 3, "RGBA": 4}[mode])
    image = Image.fromarray(p[..., 0] if mode == "L" else p, mode)
    file = f"photos/{name}.{kind}"
    image.save(file, **({"quality": 92, "subsampling": 0} if kind == "jpg" else {}))
    image = Image.open(file).convert("RGB" if channels == 3 else "L")
    e = resize_crop(image, short, crop, how)
    expected[name] = (e if e.ndim == 3 else e[..., None])[None]  # one image, N x H x W x C
    expected[name + "_how"] = np.array([short, crop, int(how == Image.BICUBIC)], np.int64)
np.savez_compressed("photos.npz", **expected)
