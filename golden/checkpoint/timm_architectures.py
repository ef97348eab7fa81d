"""Writes timm.csv, what timm's names of vision transformers stand for where a checkpoint's config.json
does not say it: the arguments that each entry point gives its class (timm 1.0.31).

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31
    venv/bin/python timm_architectures.py > timm.csv
"""
import sys

import timm
import timm.models
from timm.models import _registry


# Variants by what they are, not by the class that makes them.
NAMES = {"mlp_layer glumlp": "SwiGLU (a gated MLP)", "mlp_layer geglumlp": "GEGLU (a gated MLP)",
         "embed_layer hybridembed": "a convolutional network in front (hybrid)"}


class Captured(Exception):
    """An entry point's class and its arguments."""


def capture(cls, variant, pretrained=False, **arguments):
    raise Captured(cls.__name__, arguments)


def name(value):
    """The name of a layer, and its eps."""
    base = getattr(value, "func", value)
    return getattr(base, "__name__", str(base)).lower(), getattr(value, "keywords", {}).get("eps")


def rope(a):
    """The rotary embeddings of a class's arguments as vitdse has them: kind, theta, reference, half; "" for none."""
    if not a.get("use_rot_pos_emb"):
        return ""
    kind = {"cat": "grid", "dinov3": "centred"}.get(a.get("rope_type", "cat"))
    if kind is None or a.get("rope_grid_offset") or a.get("rope_grid_indexing", "ij") != "ij":
        return None
    reference = a.get("ref_feat_shape") if kind == "grid" else None
    reference = (reference, reference) if isinstance(reference, int) else reference or ()
    return " ".join([kind, str(float(a.get("rope_temperature", 10000))), "half" if a.get("rope_rotate_half") else "pairs", *map(str, reference)])


def row(architecture):
    try:
        _registry._model_entrypoints[architecture](pretrained=False)
    except Captured as c:
        cls, a = c.args
    except Exception:  # not a class that build_model_with_cfg makes
        return None
    if cls not in ("VisionTransformer", "VisionTransformerDistilled", "SwinTransformer", "Eva", "Beit", "VisionTransformerRelPos"):
        return None
    swin = cls == "SwinTransformer"
    norm, eps = name(a.get("norm_layer") or "layernorm")
    act, _ = name(a.get("act_layer") or "gelu")
    heads = a.get("num_heads", (3, 6, 12, 24) if swin else 12)
    window = a.get("window_size", 7)
    if swin and not isinstance(window, int):
        return None
    variant = ""
    for key in ("block_fn", "attn_layer", "embed_layer", "mlp_layer"):
        if a.get(key) is not None:
            variant = key + " " + name(a[key])[0]
            variant = NAMES.get(variant, variant)
    turns = rope(a) if cls == "Eva" else ""
    if turns is None:
        variant = "rotary position embeddings (RoPE) of another kind"
    if a.get("use_post_norm"):
        variant = "norms behind the branches"
    if not norm.startswith("layernorm"):
        variant = "RMSNorm"
    if a.get("final_norm") is False:
        variant = variant or "no last norm"
    if a.get("pool_include_prefix"):
        variant = variant or "pooling over the tokens in front too"
    pool = a.get("global_pool", "avg" if cls in ("Eva", "Beit", "SwinTransformer", "VisionTransformerRelPos") else "token")
    return ",".join(str(v) for v in (
        architecture, cls, a.get("embed_dim", 96 if swin else 768), " ".join(map(str, heads)) if swin else heads,
        act, eps if eps is not None else ("1e-05" if swin else "1e-06"), pool, variant, turns or ""))


def main():
    for module in {m for n, m in list(sys.modules.items()) if n.startswith("timm.models.")}:
        if hasattr(module, "build_model_with_cfg"):
            module.build_model_with_cfg = capture
    print("architecture,class,dim,heads,activation,eps,pool,variant,rope")
    for architecture in timm.list_models():
        line = row(architecture)
        if line:
            print(line)


main()
