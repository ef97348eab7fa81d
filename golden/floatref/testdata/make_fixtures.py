"""Makes the fixtures of this folder: small random networks of PyTorch's model libraries, with the
output of every block and the logits, for images of random bytes.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.23.0 \
        safetensors==0.8.0 onnx==1.23.2 onnxscript==0.7.2
    venv/bin/python make_fixtures.py

For each network NAME: NAME.yaml (the model), its weights as its library names and saves them, and
NAME.npz (images, logits, block0, block1, ...), computed in float32 on a CPU. The tests compare with
a tolerance of 1e-4, so other versions of the libraries will do as well.
"""
import logging
import os
import shutil
import warnings

import numpy as np
import onnx
import timm
import torch
import torchvision
import transformers
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
HERE = os.path.dirname(os.path.abspath(__file__))
MEAN, STD, CLASSES = [0.48, 0.45, 0.4], [0.23, 0.22, 0.225], 5


def randomize(model, seed):
    """Draws every parameter so that no part of the network is idle or saturated."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1 and name.endswith("weight"):  # LayerNorm
                p.normal_(1, 0.2)
            elif name.endswith("bias"):
                p.normal_(0, 0.2)
            elif "token" in name or "pos" in name and "bias" not in name or "bias_table" in name:
                p.normal_(0, 0.7)
            else:
                p.normal_(0, 1 / np.sqrt(p[0].numel()))
    return model.eval()


def first(out):
    return out[0] if isinstance(out, tuple) else getattr(out, "logits", out)


def model_yaml(name, family, size, patch, dim, eps, **rest):
    lines = [f"name: {name}", f"family: {family}", f"image: {{height: {size[0]}, width: {size[1]}, channels: 3}}",
             f"patch: {patch}", f"dim: {dim}"] + [f"{k}: {v}" for k, v in rest.items()]
    lines += ["mlp_ratio: 2", f"classes: {CLASSES}", f"layer_norm_eps: {eps}", f"mean: {MEAN}", f"std: {STD}"]
    with open(os.path.join(HERE, name + ".yaml"), "w") as f:
        f.write("\n".join(lines) + "\n")


def run(name, model, blocks, size, seed, dtype=None):
    """Writes NAME.npz and returns the model's input."""
    if dtype:  # the weights as the checkpoint will hold them
        model.to(dtype).float()
    images = np.random.default_rng(seed).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    x = torch.tensor(images).float().div(255).sub(torch.tensor(MEAN)).div(torch.tensor(STD)).permute(0, 3, 1, 2).contiguous()
    arrays = {"images": images}
    hooks = [b.register_forward_hook(lambda _m, _i, out, i=i: arrays.__setitem__(f"block{i}", first(out).numpy().reshape(2, -1)))
             for i, b in enumerate(blocks)]
    with torch.no_grad():
        arrays["logits"] = first(model(x)).numpy()
    for h in hooks:
        h.remove()
    np.savez_compressed(os.path.join(HERE, name + ".npz"), **arrays)
    return x


def weights(name, model, dtype=torch.float32):
    state = {k: v.to(dtype).contiguous() if v.is_floating_point() else v.contiguous() for k, v in model.state_dict().items()}
    save_file(state, os.path.join(HERE, name + ".safetensors"))


def export(name, model, x, dynamo, external=False):
    """Exports with torch's newer or older exporter; without its notes, which hold paths of this machine."""
    rest = {"external_data": external} if dynamo else {"opset_version": 17}
    path = os.path.join(HERE, name + (".onnx" if dynamo else ".script.onnx"))
    torch.onnx.export(model, (x[:1],), path, dynamo=dynamo, verbose=False, **rest)
    m = onnx.load(path, load_external_data=False)
    for part in [m, m.graph, *m.graph.node, *m.graph.value_info, *m.graph.input, *m.graph.output, *m.graph.initializer]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    m.graph.ClearField("value_info")
    with open(path, "wb") as f:
        f.write(m.SerializeToString())


def pretrained(name, model, **rest):
    """save_pretrained into the folder NAME, without the configuration."""
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **rest)
    os.remove(os.path.join(folder, "config.json"))


def main():
    # 4x7 patches and a class token: 29 tokens, a prime.
    size = (16, 28)
    m = randomize(timm.models.vision_transformer.VisionTransformer(img_size=size, patch_size=4, embed_dim=24, depth=3, num_heads=3,
                                                                   mlp_ratio=2, num_classes=CLASSES), 1)
    model_yaml("timm_vit", "vit", size, 4, 24, "1.0e-6", depth=3, heads=3)
    x = run("timm_vit", m, m.blocks, size, 1)
    weights("timm_vit", m)
    export("timm_vit", m, x, True)
    export("timm_vit", m, x, False)

    # 3x9 patches and two tokens: 29 tokens. Stored as F16.
    size = (12, 36)
    m = randomize(timm.models.deit.VisionTransformerDistilled(img_size=size, patch_size=4, embed_dim=24, depth=3, num_heads=2, mlp_ratio=2,
                                                              num_classes=CLASSES), 2)
    model_yaml("timm_distilled", "deit-distilled", size, 4, 24, "1.0e-6", depth=3, heads=2)
    x = run("timm_distilled", m, m.blocks, size, 2, torch.float16)
    weights("timm_distilled", m, torch.float16)
    export("timm_distilled", m, x, True, external=True)

    size = (24, 24)
    m = randomize(torchvision.models.VisionTransformer(image_size=24, patch_size=4, num_layers=2, num_heads=2, hidden_dim=20, mlp_dim=40,
                                                       num_classes=CLASSES), 3)
    model_yaml("torchvision_vit", "vit", size, 4, 20, "1.0e-6", depth=2, heads=2)
    x = run("torchvision_vit", m, m.encoder.layers, size, 3)
    weights("torchvision_vit", m)
    export("torchvision_vit", m, x, True)
    export("torchvision_vit", m, x, False)

    # In shards, with an index.
    hf = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, image_size=24, patch_size=4, num_labels=CLASSES)
    m = randomize(transformers.ViTForImageClassification(transformers.ViTConfig(**hf)), 4)
    model_yaml("transformers_vit", "vit", size, 4, 24, "1.0e-12", depth=2, heads=3)
    x = run("transformers_vit", m, m.vit.layers, size, 4)
    pretrained("transformers_vit", m, max_shard_size="20KB")
    export("transformers_vit", m, x, True)
    export("transformers_vit", m, x, False)

    # Stored as BF16.
    m = randomize(transformers.DeiTForImageClassificationWithTeacher(transformers.DeiTConfig(**hf)), 5)
    model_yaml("transformers_deit", "deit-distilled", size, 4, 24, "1.0e-12", depth=2, heads=3)
    run("transformers_deit", m, m.deit.layers, size, 5, torch.bfloat16)
    pretrained("transformers_deit", m.to(torch.bfloat16))

    # Grids of 16x32, 8x16 and 4x8 tokens in windows of 4: shifts, and a side of one window.
    size = (32, 64)
    m = randomize(timm.models.swin_transformer.SwinTransformer(img_size=size, patch_size=2, embed_dim=8, depths=(2, 1, 2), num_heads=(1, 2, 4),
                                                               window_size=4, mlp_ratio=2, num_classes=CLASSES), 6)
    model_yaml("timm_swin", "swin", size, 2, 8, "1.0e-5", depths=[2, 1, 2], stage_heads=[1, 2, 4], window=4)
    run("timm_swin", m, [b for l in m.layers for b in l.blocks], size, 6)
    weights("timm_swin", m)

    # Grids of 18x22, 9x11 and 5x6 tokens in windows of 4 (then 5 of 5x5): padding in windows and in patch merging.
    size = (36, 44)
    m = randomize(torchvision.models.SwinTransformer(patch_size=[2, 2], embed_dim=8, depths=[2, 2, 2], num_heads=[2, 2, 4], window_size=[4, 4],
                                                     mlp_ratio=2, num_classes=CLASSES), 7)
    model_yaml("torchvision_swin", "swin", size, 2, 8, "1.0e-5", depths=[2, 2, 2], stage_heads=[2, 2, 4], window=4)
    run("torchvision_swin", m, [b for s in (1, 3, 5) for b in m.features[s]], size, 7)
    weights("torchvision_swin", m)

    # An odd window; grids of 13x13 and 7x7 tokens.
    size = (26, 26)
    m = randomize(transformers.SwinForImageClassification(transformers.SwinConfig(
        image_size=26, patch_size=2, embed_dim=8, depths=[2, 2], num_heads=[2, 4], window_size=3, mlp_ratio=2, num_labels=CLASSES)), 8)
    model_yaml("transformers_swin", "swin", size, 2, 8, "1.0e-5", depths=[2, 2], stage_heads=[2, 4], window=3)
    run("transformers_swin", m, [b for l in m.swin.encoder.layers for b in l.blocks], size, 8)
    pretrained("transformers_swin", m)


if __name__ == "__main__":
    main()
