"""Quantized ONNX files of a ViT in timm's names, and what ONNX Runtime says of them.

    python3 quantized.py CASE MODEL.safetensors DATA.npz OUT.onnx IMAGES LOGITS.npy

writes the case's file, and the logits that ONNX Runtime has for the first IMAGES test images (of a QONNX file
those of the same graph with each Quant written out in ONNX's operators, as QONNX defines it). Cases: qdq and
qdq-* are onnxruntime.quantization's (static, per channel), qonnx-* have the Quant nodes that Brevitas exports.

    python3 quantized.py file IN.onnx OUT.onnx

quantizes a float ONNX file as qdq does, on random images.

    python3 quantized.py faults IN.onnx FOLDER

writes files that are no network which the tool could take, each a change of a QDQ file.
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
import onnxruntime as ort

HEADS = {64: 4, 96: 3}  # by width: digits, fashion


def load(path):
    blob = open(path, "rb").read()
    size = int.from_bytes(blob[:8], "little")
    head = json.loads(blob[8 : 8 + size])
    kinds = {"F16": np.float16, "F32": np.float32}
    return {
        name: np.frombuffer(blob[8 + size :], kinds[t["dtype"]], int(np.prod(t["shape"])), t["data_offsets"][0])
        .reshape(t["shape"])
        .astype(np.float32)
        for name, t in head.items()
        if name != "__metadata__"
    }


def pixels(images):
    images = images.reshape(len(images), images.shape[1], images.shape[2])
    return ((images.astype(np.float32) / 255 - np.float32(0.5)) / np.float32(0.5))[:, None]


class Graph:
    """A float graph as torch's exporter writes it; quant puts Quant nodes (Brevitas) where it says."""

    def __init__(self, weights, side, quant=None, apart=False):
        self.w, self.nodes, self.tensors, self.quant, self.count = weights, [], {}, quant, 0
        self.apart = apart  # q, k, v apart in another order, LayerNorm in parts, a layer scale, no parameter's own name
        self.dim, self.side = weights["pos_embed"].shape[2], side
        self.heads = HEADS[self.dim]
        self.gamma = np.where(np.arange(self.dim) % 3 == 0, -0.5, 2.0).astype(np.float32)
        self.build()

    def const(self, value, name=None):
        if name is None:
            self.count += 1
            name = f"val_{self.count}"
        self.tensors[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def node(self, op, *inputs, domain="", outputs=1, **attributes):
        self.count += 1
        names = [f"t_{self.count}"] if outputs == 1 else [f"t_{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(op, list(inputs), names, name=f"/{op}_{self.count}", domain=domain, **attributes)
        )
        return names[0] if outputs == 1 else names

    def param(self, name):
        return self.const(self.w[name], None if self.apart else name)

    def quantized(self, x, scale, bits, signed=1, narrow=0, zero=0.0):
        f = lambda v: self.const(np.float32(v) if np.ndim(v) == 0 else np.asarray(v, np.float32))
        return self.node(
            "Quant",
            x,
            f(scale),
            f(zero),
            f(bits),
            domain="qonnx.custom_op.general",
            signed=signed,
            narrow=narrow,
            rounding_mode="ROUND",
        )

    def linear(self, x, stem):
        w, b = self.w[stem + ".weight"], self.w[stem + ".bias"]
        if self.apart and stem.endswith("attn.proj"):
            w, b = w / self.gamma[:, None], b / self.gamma
        b = self.const(b, None if self.apart else stem + ".bias")
        if self.quant is None:
            return self.node("Add", b, self.node("MatMul", x, self.const(w.T.copy())))
        wb, ab = self.quant["bits"]
        if stem in self.quant["scales"]:
            s, z, signed = self.quant["scales"][stem]
            x = self.quantized(x, s, ab, signed=signed, zero=z)
        top = np.abs(w).max(axis=1, keepdims=True) if self.quant["channel"] else np.abs(w).max()
        w = self.quantized(self.param(stem + ".weight"), np.maximum(top, 1e-8) / (2 ** (wb - 1) - 1), wb, narrow=1)
        return self.node("Add", self.node("MatMul", x, self.node("Transpose", w, perm=[1, 0])), b)

    def norm(self, x, stem):
        if self.apart:
            d = self.node("Sub", x, self.node("ReduceMean", x, axes=[-1], keepdims=1))
            v = self.node("ReduceMean", self.node("Pow", d, self.const(np.float32(2))), axes=[-1], keepdims=1)
            y = self.node("Div", d, self.node("Sqrt", self.node("Add", v, self.const(np.float32(1e-6)))))
            return self.node("Add", self.node("Mul", y, self.param(stem + ".weight")), self.param(stem + ".bias"))
        return self.node(
            "LayerNormalization", x, self.param(stem + ".weight"), self.param(stem + ".bias"), axis=-1, epsilon=1e-6
        )

    def build(self):
        d, heads = self.dim, self.heads
        n = self.w["pos_embed"].shape[1]
        patch = self.w["patch_embed.proj.weight"].shape[2]
        x = self.node(
            "Conv",
            "x",
            self.param("patch_embed.proj.weight"),
            self.param("patch_embed.proj.bias"),
            kernel_shape=[patch] * 2,
            strides=[patch] * 2,
        )
        x = self.node("Transpose", self.node("Reshape", x, self.const(np.int64([0, d, -1]))), perm=[0, 2, 1])
        x = self.node("Concat", self.const(self.w["cls_token"], "expand"), x, axis=1)
        x = self.node("Add", x, self.param("pos_embed"))
        depth = len([k for k in self.w if k.endswith("norm1.weight")])
        self.inputs = {}
        for i in range(depth):
            p = f"blocks.{i}."
            y = self.norm(x, p + "norm1")
            self.inputs[p + "attn.qkv"] = y
            if self.apart:
                w, b, part = self.w[p + "attn.qkv.weight"], self.w[p + "attn.qkv.bias"], {}
                for j in (2, 1, 0):
                    z = self.node("MatMul", y, self.const(w[j * d : (j + 1) * d].T.copy()))
                    z = self.node(
                        "Reshape",
                        self.node("Add", z, self.const(b[j * d : (j + 1) * d])),
                        self.const(np.int64([1, n, heads, d // heads])),
                    )
                    part[j] = self.node("Transpose", z, perm=[0, 2, 1, 3])
                q, k, v = part[0], part[1], part[2]
            else:
                y = self.linear(y, p + "attn.qkv")
                y = self.node(
                    "Transpose",
                    self.node("Reshape", y, self.const(np.int64([1, n, 3, heads, d // heads]))),
                    perm=[2, 0, 3, 1, 4],
                )
                q, k, v = [self.node("Gather", y, self.const(np.int64(j)), axis=0) for j in range(3)]
            q = self.node("Mul", q, self.const(np.float32((d // heads) ** -0.5)))
            a = self.node("Softmax", self.node("MatMul", q, self.node("Transpose", k, perm=[0, 1, 3, 2])), axis=-1)
            y = self.node("Transpose", self.node("MatMul", a, v), perm=[0, 2, 1, 3])
            y = self.node("Reshape", y, self.const(np.int64([1, n, d])))
            self.inputs[p + "attn.proj"] = y
            y = self.linear(y, p + "attn.proj")
            if self.apart:  # a layer scale, which the weights undo
                y = self.node("Mul", y, self.const(self.gamma))
            x = self.node("Add", x, y)
            y = self.norm(x, p + "norm2")
            self.inputs[p + "mlp.fc1"] = y
            h = self.linear(y, p + "mlp.fc1")
            e = self.node("Erf", self.node("Div", h, self.const(np.float32(2**0.5))))
            h = self.node(
                "Mul", self.node("Mul", h, self.node("Add", e, self.const(np.float32(1)))), self.const(np.float32(0.5))
            )
            self.inputs[p + "mlp.fc2"] = h
            x = self.node("Add", x, self.linear(h, p + "mlp.fc2"))
        x = self.node("Gather", self.norm(x, "norm"), self.const(np.int64(0)), axis=1)
        self.inputs["head"] = x
        self.out = self.linear(x, "head")

    def model(self, more=(), written_out=False):
        nodes = [m for n in self.nodes for m in (self.spell(n) if written_out and n.op_type == "Quant" else [n])]
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        graph = helper.make_graph(
            nodes,
            "vit",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, self.side, self.side])],
            [value(self.out)] + [value(n) for n in more],
            list(self.tensors.values()),
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 2)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def spell(self, n):
        """QONNX's definition of Quant in operators of ONNX: clip(round(x/scale + zero), least, most), back to real."""
        a = {x.name: helper.get_attribute_value(x) for x in n.attribute}
        bits = int(numpy_helper.to_array(self.tensors[n.input[3]]))
        least = -(2 ** (bits - 1)) + a["narrow"] if a["signed"] else 0
        most = 2 ** (bits - 1) - 1 if a["signed"] else 2**bits - 1 - a["narrow"]
        lo, hi = self.const(np.float32(least)), self.const(np.float32(most))
        out, t = [], lambda s: n.output[0] + s
        for op, ins, o in [
            ("Div", [n.input[0], n.input[1]], "a"),
            ("Add", [t("a"), n.input[2]], "b"),
            ("Round", [t("b")], "c"),
            ("Clip", [t("c"), lo, hi], "d"),
            ("Sub", [t("d"), n.input[2]], "e"),
            ("Mul", [t("e"), n.input[1]], ""),
        ]:
            out.append(helper.make_node(op, ins, [t(o)]))
        return out


def run(model, x, outputs=None):
    options = ort.SessionOptions()
    # On processors without VNNI it adds pairs of products in 16 bits, which saturate, unless it is asked for exact ones.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.stack(v) for v in zip(*(session.run(outputs, {"x": i[None]}) for i in x))]


def activation_scales(graph, x, bits):
    """A scale for what each layer reads: symmetric, but unsigned with a zero point behind GELU."""
    names = list(graph.inputs)
    values = run(graph.model(list(graph.inputs.values())), x, list(graph.inputs.values()))
    scales = {}
    for name, v in zip(names, values):
        if name.endswith("fc2"):
            lo, hi = min(v.min(), 0), np.quantile(v, 0.9995)
            s = (hi - lo) / (2**bits - 1)
            scales[name] = (s, float(np.round(-lo / s)), 0)
        else:
            scales[name] = (np.quantile(np.abs(v), 0.9995) / (2 ** (bits - 1) - 1), 0.0, 1)
    return scales


def static(model, x, out, **options):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    name = model.graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(x)

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {name: row[None]}

    inferred = onnx.shape_inference.infer_shapes(model)
    arguments = dict(per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    arguments.update(options)
    quantize_static(inferred, out, Reader(), quant_format=QuantFormat.QDQ, **arguments)


def faults(source, folder):
    """One file a fault, named after it."""

    def change(name, edit):
        model = onnx.load(source)
        graph = model.graph
        first = next(n for n in graph.node if n.op_type == "QuantizeLinear" and not n.input[0].startswith("x"))
        weight = next(
            n
            for n in graph.node
            if n.op_type == "DequantizeLinear"
            and n.input[0].endswith("_quantized")
            and len(next(t for t in graph.initializer if t.name == n.input[0]).dims) == 2
        )
        edit(graph, first, weight)
        onnx.save(model, f"{folder}/{name}.onnx")

    def tensor(graph, name):
        return next(t for t in graph.initializer if t.name == name)

    def scale(value):
        def edit(graph, first, weight):
            t = tensor(graph, first.input[1])
            t.CopyFrom(numpy_helper.from_array(np.full(t.dims, value, np.float32), t.name))

        return edit

    def axis(graph, first, weight):
        w, s = tensor(graph, weight.input[0]), tensor(graph, weight.input[1])
        rows = w.dims[0]
        for name, v in [
            (weight.input[1], np.linspace(0.01, 0.02, rows, dtype=np.float32)),
            (weight.input[2], np.zeros(rows, np.int8)),
        ]:
            t = tensor(graph, name)
            t.CopyFrom(numpy_helper.from_array(v, name))
        next(a for a in weight.attribute if a.name == "axis").i = 0

    def block(graph, first, weight):
        weight.attribute.append(helper.make_attribute("block_size", 16))

    def dynamic(graph, first, weight):
        graph.node.append(helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"], name="dynamic"))

    def integers(graph, first, weight):
        graph.node.append(helper.make_node("QLinearMatMul", ["x"] * 8, ["qy"], name="fused"))

    def computed(graph, first, weight):
        graph.node.insert(0, helper.make_node("Identity", ["somewhere"], ["at_run_time"]))
        first.input[1] = "at_run_time"

    def convolutions(graph, first, weight):
        graph.node.append(
            helper.make_node(
                "Conv", ["x", next(n for n in graph.node if n.op_type == "Conv").input[1]], ["again"], name="second"
            )
        )

    def float8(graph, first, weight):
        tensor(graph, first.input[2]).data_type = TensorProto.FLOAT8E4M3FN

    def pairs(graph, first, weight):
        back = next(n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] == first.output[0])
        back.input[1] = next(
            n for n in graph.node if n.op_type == "QuantizeLinear" and n.input[1] != first.input[1]
        ).input[1]

    def short(graph, first, weight):
        t = tensor(graph, weight.input[0])
        t.raw_data = t.raw_data[:-7]

    def order(graph, first, weight):
        q, k = [n for n in graph.node if n.op_type == "Gather" and not n.attribute[0].i][:2]
        q.input[1], k.input[1] = k.input[1], q.input[1]

    for name, edit in {
        "zero": scale(0),
        "nan": scale(np.nan),
        "negative": scale(-1),
        "axis": axis,
        "block": block,
        "dynamic": dynamic,
        "integers": integers,
        "computed": computed,
        "convolutions": convolutions,
        "float8": float8,
        "pairs": pairs,
        "short": short,
        "order": order,
    }.items():
        change(name, edit)


def main():
    if sys.argv[1] == "faults":
        return faults(*sys.argv[2:])
    if sys.argv[1] == "file":
        model = onnx.load(sys.argv[2])
        shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim][1:]
        return static(model, np.random.default_rng(1).normal(size=[8] + shape).astype(np.float32), sys.argv[3])
    case, weights, data, out, images, logits = sys.argv[1:]
    data = np.load(data)
    w, side = load(weights), data["test_images"].shape[1]
    train, test = pixels(data["train_images"][:32]), pixels(data["test_images"][: int(images)])
    plain = Graph(w, side, apart=case == "qdq-apart")
    if case.startswith("qdq"):
        from onnxruntime.quantization import QuantType

        products = dict(op_types_to_quantize=["Conv", "MatMul", "Gemm"])
        symmetric = dict(activation_type=QuantType.QInt8, extra_options=dict(ActivationSymmetric=True))
        static(
            plain.model(),
            train,
            out,
            **{
                "qdq": {},
                "qdq-apart": {},
                "qdq-products": products,
                "qdq-layer": dict(per_channel=False, **products),
                "qdq-symmetric": dict(products, **symmetric),
                "qdq-unsigned": dict(products, per_channel=False, weight_type=QuantType.QUInt8),
                "qdq-int16": dict(
                    products, activation_type=QuantType.QUInt16, extra_options=dict(UseQDQContribOps=True)
                ),
            }[case],
        )
        model = onnx.load(out)
    else:
        bits = {
            "qonnx-w8a8": (8, 8),
            "qonnx-w4a8": (4, 8),
            "qonnx-w4a4": (4, 4),
            "qonnx-w4a8-layer": (4, 8),
            "qonnx-w9a8": (9, 8),
        }[case]
        graph = Graph(
            w, side, dict(bits=bits, channel="layer" not in case, scales=activation_scales(plain, train, bits[1]))
        )
        onnx.save(graph.model(), out)
        model = graph.model(written_out=True)
    np.save(logits, run(model, test)[0].reshape(len(test), -1).astype(np.float32))


main()
