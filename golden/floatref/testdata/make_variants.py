"""Makes the folders of variants/ and refused/: small random networks as timm and transformers save them, with
config.json, and for those in variants/ what they compute (data.npz: images of random bytes and logits, float32 on a
CPU).

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.24.0 \
        safetensors==0.8.0 onnx==1.23.2 onnxscript==0.7.2 onnxsim==0.8.1
    venv/bin/python make_variants.py
"""

import json
import logging
import os
import shutil
import warnings

import numpy as np
import onnx
import onnxsim
import timm
import torch
import transformers as T
from timm.models._hub import save_for_hf

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = 5
SMALL = dict(img_size=(8, 12), patch_size=4, embed_dim=16, depth=1, num_heads=2, mlp_ratio=2)
HF = dict(
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=40,
    image_size=12,
    patch_size=4,
    num_labels=CLASSES,
)
TEXT = dict(
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=8,
    vocab_size=9,
    max_position_embeddings=8,
)


def randomize(model, seed):
    """Draws every parameter so that no part of the network is idle or saturated."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith(("gamma", "gamma_1", "gamma_2", "lambda1", "lambda_1", "lambda_2")):  # layer scale
                p.uniform_(0.3, 1.5)
            elif p.dim() == 1 and name.endswith("weight"):  # LayerNorm
                p.normal_(1, 0.2)
            elif name.endswith("bias"):
                p.normal_(0, 0.3)
            elif "token" in name or "pos" in name or "class_embedding" in name:
                p.normal_(0, 0.7)
            else:
                p.normal_(0, 1.5 / np.sqrt(p[0].numel()))
    return model.eval()


def result(out):
    for key in ("logits", "image_embeds", "pooler_output", "last_hidden_state"):
        if getattr(out, key, None) is not None:
            return out[key][:, 0] if key == "last_hidden_state" else out[key]
    return out


def data(folder, model, size, mean, std, seed, call=None):
    images = np.random.default_rng(seed).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    x = (
        torch.tensor(images)
        .float()
        .div(255)
        .sub(torch.tensor(mean))
        .div(torch.tensor(std))
        .permute(0, 3, 1, 2)
        .contiguous()
    )
    with torch.no_grad():
        logits = result((call or model)(x)).numpy()
    np.savez_compressed(os.path.join(folder, "data.npz"), images=images, logits=logits)
    return x


class Baked(torch.nn.Module):
    """A network that takes pixels of 0..255 and normalises them itself."""

    def __init__(self, model, mean, std):
        super().__init__()
        self.m = model
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, x):
        return self.m((x / 255 - self.mean) / self.std)


def wrapped(folder, model, size, mean, std):
    """Exports with the normalisation in the graph, and what onnxsim makes of the plain export."""
    export(folder, Baked(model, mean, std).eval(), torch.zeros(1, 3, *size), False, "baked.onnx")
    simple, _ = onnxsim.simplify(onnx.load(os.path.join(folder, "script.onnx")))
    with open(os.path.join(folder, "simplified.onnx"), "wb") as f:
        f.write(simple.SerializeToString())


def shorten(graph):
    """Renames what nodes give (not parameters): a Swin's graph has a thousand nodes with names of sixty letters."""
    names = {o: o for o in [v.name for v in graph.output]}
    for n in graph.node:
        n.ClearField("name")
        for i, name in enumerate(n.input):
            n.input[i] = names.get(name, name)
        for i, name in enumerate(n.output):
            n.output[i] = names.setdefault(name, f"v{len(names)}")


def export(folder, model, x, dynamo, name=None, short=False):
    path = os.path.join(folder, name or ("dynamo.onnx" if dynamo else "script.onnx"))
    for m in model.modules():
        if isinstance(m, timm.models.eva.EvaAttention):  # the older exporter fails on its fused attention
            m.fused_attn = dynamo
    rest = {"external_data": False} if dynamo else {"opset_version": 17}
    torch.onnx.export(model, (x[:1],), path, dynamo=dynamo, verbose=False, **rest)
    m = onnx.load(path)
    for part in [m, m.graph, *m.graph.node, *m.graph.value_info, *m.graph.input, *m.graph.output, *m.graph.initializer]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    m.graph.ClearField("value_info")
    if short:
        shorten(m.graph)
    with open(path, "wb") as f:
        f.write(m.SerializeToString())


def fresh(kind, name):
    folder = os.path.join(HERE, kind, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def from_timm(name, architecture, seed, kind="variants", onnx_too=(), short=False, classes=CLASSES, **rest):
    args = {**SMALL, "num_classes": classes, **rest}
    args = {k: v for k, v in args.items() if v is not None}
    m = randomize(timm.create_model(architecture, **args), seed)
    folder = fresh(kind, name)
    save_for_hf(m, folder, model_args=args, safe_serialization=True)
    if kind == "variants":
        cfg = m.pretrained_cfg
        x = data(folder, m, args.get("img_size", (16, 16)), cfg["mean"], cfg["std"], seed)
        for dynamo in onnx_too:
            export(folder, m, x, dynamo, short=short)
        if name in ("timm_relu", "timm_dinov2_reg4"):
            wrapped(folder, m, args["img_size"], cfg["mean"], cfg["std"])


def from_transformers(
    name, model, seed, kind="variants", call=None, size=(12, 12), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)
):
    m = randomize(model, seed)
    folder = fresh(kind, name)
    m.save_pretrained(folder)
    if kind == "variants":
        with open(os.path.join(folder, "preprocessor_config.json"), "w") as f:
            json.dump(
                dict(
                    do_resize=True,
                    size=dict(height=size[0], width=size[1]),
                    resample=2,
                    do_rescale=True,
                    rescale_factor=1 / 255,
                    do_normalize=True,
                    image_mean=mean,
                    image_std=std,
                ),
                f,
                indent=2,
            )
        x = data(folder, m, size, mean, std, seed, call and (lambda x: call(m, x)))
        if name == "hf_swin":  # torch.export fails on it
            export(folder, m, x, False, short=True)
        if name == "hf_beit":
            export(folder, m, x, False)
        if name in ("hf_dinov2_swiglu", "hf_dinov3", "hf_siglip_tower"):
            export(folder, m, x, True)
        if name == "hf_deit":
            export(folder, m, x, False)
            wrapped(folder, m, size, mean, std)


def main():
    both = (False, True)
    from_timm("timm_relu", "vit_tiny_patch16_224", 1, act_layer="relu", onnx_too=both)
    from_timm("timm_quick_gelu", "vit_tiny_patch16_224", 2, act_layer="quick_gelu", mlp_ratio=8 / 3, onnx_too=both)
    from_timm("timm_gelu_tanh", "vit_tiny_patch16_224", 3, act_layer="gelu_tanh", mlp_ratio=2.5, onnx_too=both)
    from_timm("timm_avg", "vit_tiny_patch16_224", 4, global_pool="avg", onnx_too=both)
    from_timm("timm_avg_no_fc_norm", "vit_tiny_patch16_224", 5, global_pool="avg", fc_norm=False, onnx_too=both)
    from_timm("timm_max", "vit_tiny_patch16_224", 6, global_pool="max", onnx_too=both)
    from_timm("timm_siglip_gap", "vit_base_patch16_siglip_gap_224", 7, onnx_too=both)
    from_timm("timm_clip", "vit_base_patch16_clip_224", 8, onnx_too=both)
    from_timm("timm_clip_quickgelu", "vit_base_patch16_clip_quickgelu_224", 9, onnx_too=both)
    from_timm("timm_dinov2_reg4", "vit_small_patch14_reg4_dinov2", 10, patch_size=7, img_size=(14, 21), onnx_too=both)
    from_timm("timm_deit3", "deit3_small_patch16_224", 11, onnx_too=both)
    from_timm("timm_no_qkv_bias", "vit_tiny_patch16_224", 12, qkv_bias=False, proj_bias=False)
    from_timm("timm_features", "vit_small_patch14_dinov2", 13, classes=0)
    from_timm("timm_reg_no_class_token", "vit_tiny_patch16_224", 14, class_token=False, reg_tokens=2, global_pool="avg")
    from_timm("timm_mae", "vit_base_patch16_224", 15, classes=0)
    from_timm("timm_distilled", "deit_tiny_distilled_patch16_224", 16)
    from_timm(
        "timm_swin",
        "swin_tiny_patch4_window7_224",
        17,
        img_size=(16, 16),
        patch_size=2,
        embed_dim=8,
        depth=None,
        depths=(2, 1),
        num_heads=(1, 2),
        window_size=4,
        onnx_too=both,
        short=True,
    )

    from_timm("timm_qk_norm", "vit_tiny_patch16_224", 33, qk_norm=True, onnx_too=both)
    from_timm("timm_siglip", "vit_base_patch16_siglip_224", 34, onnx_too=both)
    from_timm("timm_silu", "vit_tiny_patch16_224", 37, act_layer="silu", onnx_too=both)
    from_timm("timm_swiglu", "vit_giant_patch14_dinov2", 47, patch_size=7, img_size=(14, 21), onnx_too=both)

    from_timm("timm_beit", "beit_base_patch16_224", 35, onnx_too=(False,))
    from_timm(
        "timm_beit_token",
        "beitv2_base_patch16_224",
        50,
        global_pool="token",
        use_abs_pos_emb=True,
        depth=2,
        onnx_too=(False,),
    )

    from_timm("timm_eva02", "eva02_tiny_patch14_224", 31, onnx_too=both)
    from_timm("timm_eva02_mlp_norm", "eva02_base_patch14_224", 49, onnx_too=both)
    from_timm("timm_dinov3", "vit_small_patch16_dinov3", 32, depth=2, onnx_too=both)

    from_transformers("hf_dinov3", T.DINOv3ViTModel(T.DINOv3ViTConfig(num_register_tokens=2, **HF)), 42)
    from_transformers("hf_beit", T.BeitForImageClassification(T.BeitConfig(use_relative_position_bias=True, **HF)), 41)
    from_transformers(
        "hf_beit_token",
        T.BeitForImageClassification(
            T.BeitConfig(
                use_relative_position_bias=True, use_mean_pooling=False, use_absolute_position_embeddings=True, **HF
            )
        ),
        51,
    )
    from_transformers(
        "hf_data2vec",
        T.Data2VecVisionForImageClassification(T.Data2VecVisionConfig(use_relative_position_bias=True, **HF)),
        54,
    )
    from_transformers("hf_siglip_tower", T.SiglipVisionModel(T.SiglipVisionConfig(**HF)), 44)
    from_transformers(
        "hf_dinov2_swiglu", T.Dinov2Model(T.Dinov2Config(use_swiglu_ffn=True, **{**HF, "mlp_ratio": 3})), 48
    )
    from_transformers(
        "hf_vit", T.ViTForImageClassification(T.ViTConfig(hidden_act="gelu_new", qkv_bias=False, **HF)), 21
    )
    from_transformers("hf_deit", T.DeiTForImageClassification(T.DeiTConfig(**HF)), 22)
    from_transformers("hf_deit_teacher", T.DeiTForImageClassificationWithTeacher(T.DeiTConfig(**HF)), 23)
    dino = {**HF, "mlp_ratio": 3}
    from_transformers("hf_dinov2", T.Dinov2Model(T.Dinov2Config(**dino)), 24)
    from_transformers("hf_dinov2_reg", T.Dinov2WithRegistersModel(T.Dinov2WithRegistersConfig(**dino)), 25)
    from_transformers("hf_clip", T.CLIPVisionModelWithProjection(T.CLIPVisionConfig(projection_dim=7, **HF)), 26)
    from_transformers(
        "hf_siglip",
        T.SiglipForImageClassification(T.SiglipConfig(vision_config=HF, text_config=TEXT, num_labels=CLASSES)),
        27,
    )
    from_transformers("hf_ijepa", T.IJepaForImageClassification(T.IJepaConfig(**HF)), 28)
    from_transformers(
        "hf_mae",
        T.ViTMAEModel(T.ViTMAEConfig(mask_ratio=0.0, **HF)),
        29,
        call=lambda m, x: m(x, noise=torch.arange(9.0).repeat(len(x), 1)),
    )
    from_transformers(
        "hf_swin",
        T.SwinForImageClassification(
            T.SwinConfig(
                image_size=16,
                patch_size=2,
                embed_dim=8,
                depths=[2, 1],
                num_heads=[1, 2],
                window_size=4,
                mlp_ratio=2,
                num_labels=CLASSES,
            )
        ),
        30,
        size=(16, 16),
    )

    from_timm(
        "timm_beit_shared",
        "beit_base_patch16_224",
        52,
        kind="refused",
        use_rel_pos_bias=False,
        use_shared_rel_pos_bias=True,
    )
    from_timm("timm_avgmax", "vit_tiny_patch16_224", 36, kind="refused", global_pool="avgmax")
    from_transformers(
        "hf_beit_shared",
        T.BeitForImageClassification(T.BeitConfig(use_shared_relative_position_bias=True, **HF)),
        53,
        kind="refused",
    )
    from_transformers("hf_dinov2_head", T.Dinov2ForImageClassification(T.Dinov2Config(**dino)), 43, kind="refused")
    from_transformers(
        "hf_clip_head",
        T.CLIPForImageClassification(T.CLIPConfig(vision_config=HF, text_config=TEXT)),
        45,
        kind="refused",
    )
    from_transformers("hf_vit_pooler", T.ViTModel(T.ViTConfig(**HF)), 46, kind="refused")


if __name__ == "__main__":
    main()
