"""Times ONNX Runtime's int8 DeiT-Tiny on one core, for `make bench-golden`.

The network has DeiT-Tiny's shapes and random weights: what it takes does not depend on
them. Time is what the thread gets of its core, as the machine may be shared. It is
quantized statically (QDQ, 8-bit, per channel) by ONNX Runtime's own quantizer,
in each combination of types that its documentation names; the fastest counts.
"""
import logging
import os
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_dynamic, quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process

SIZE, PATCH, DIM, DEPTH, HEADS, HIDDEN, CLASSES = 224, 16, 192, 12, 3, 768, 1000
GRID = SIZE // PATCH
TOKENS = GRID * GRID + 1
HEAD_DIM = DIM // HEADS


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.n = [], [], 0
        self.random = np.random.default_rng(1)

    def const(self, value):
        self.n += 1
        name = f"c{self.n}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def draw(self, *shape):
        fan = shape[-2] if len(shape) > 1 else 1
        return self.const((self.random.standard_normal(shape) / np.sqrt(fan) * (1 if len(shape) > 1 else 0.1)).astype(np.float32))

    def op(self, kind, *inputs, **attributes):
        self.n += 1
        name = f"t{self.n}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{kind}{self.n}", **attributes))
        return name

    def shape(self, x, *dims):
        return self.op("Reshape", x, self.const(np.array(dims, np.int64)))

    def linear(self, x, inner, out):
        return self.op("Add", self.op("MatMul", x, self.draw(inner, out)), self.draw(out))

    def norm(self, x):
        ones, zeros = self.const(np.ones(DIM, np.float32)), self.const(np.zeros(DIM, np.float32))
        return self.op("LayerNormalization", x, ones, zeros, axis=-1, epsilon=1e-6)

    def scalar(self, v):
        return self.const(np.array(v, np.float32))

    def block(self, x):
        y = self.norm(x)
        heads = []
        for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            p = self.shape(self.linear(y, DIM, DIM), 1, TOKENS, HEADS, HEAD_DIM)
            heads.append(self.op("Transpose", p, perm=order))
        q, k, v = heads
        scores = self.op("Mul", self.op("MatMul", q, k), self.scalar(HEAD_DIM ** -0.5))
        y = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        y = self.shape(self.op("Transpose", y, perm=[0, 2, 1, 3]), 1, TOKENS, DIM)
        x = self.op("Add", x, self.linear(y, DIM, DIM))
        h = self.linear(self.norm(x), DIM, HIDDEN)
        erf = self.op("Add", self.op("Erf", self.op("Div", h, self.scalar(np.sqrt(2)))), self.scalar(1))
        h = self.op("Mul", self.op("Mul", h, erf), self.scalar(0.5))
        return self.op("Add", x, self.linear(h, HIDDEN, DIM))

    def model(self):
        kernel = self.const((self.random.standard_normal((DIM, 3, PATCH, PATCH)) * 0.03).astype(np.float32))
        x = self.op("Conv", "image", kernel, self.draw(DIM), kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH])
        x = self.op("Transpose", self.shape(x, 1, DIM, GRID * GRID), perm=[0, 2, 1])
        cls = self.const(self.random.standard_normal((1, 1, DIM)).astype(np.float32))
        x = self.op("Add", self.op("Concat", cls, x, axis=1), self.const(self.random.standard_normal((1, TOKENS, DIM)).astype(np.float32)))
        for _ in range(DEPTH):
            x = self.block(x)
        x = self.op("Gather", self.norm(x), self.const(np.array(0, np.int64)), axis=1)
        y = self.linear(x, DIM, CLASSES)
        graph = helper.make_graph(self.nodes, "deit_tiny", [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
                                  [helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, CLASSES])], self.weights)
        m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        m.ir_version = 8
        onnx.checker.check_model(m)
        return m


class Images(CalibrationDataReader):
    def __init__(self):
        random = np.random.default_rng(2)
        self.images = iter([{"image": random.standard_normal((1, 3, SIZE, SIZE)).astype(np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.images, None)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    logging.disable(logging.WARNING)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name + ".onnx")
        onnx.save(Graph().model(), at("raw"))
        quant_pre_process(at("raw"), at("float"))
        u8, s8 = QuantType.QUInt8, QuantType.QInt8
        for name, a, w, channel, reduce in (("static u8 x s8", u8, s8, True, False), ("static u8 x u8", u8, u8, False, False),
                                            ("static s8 x s8", s8, s8, True, False), ("static u8 x s7", u8, s8, True, True)):
            quantize_static(at("float"), at(name), Images(), quant_format=QuantFormat.QDQ, activation_type=a, weight_type=w,
                            per_channel=channel, reduce_range=reduce)
        quantize_dynamic(at("float"), at("dynamic u8 x s8"), weight_type=s8, per_channel=True, op_types_to_quantize=["MatMul"])
        image = {"image": np.random.default_rng(3).standard_normal((1, 3, SIZE, SIZE)).astype(np.float32)}
        print(f"ONNX Runtime {ort.__version__}, one thread, milliseconds of CPU time an image (best, median)")
        for name in ("static u8 x s8", "static u8 x u8", "static s8 x s8", "static u8 x s7", "dynamic u8 x s8", "float"):
            run = session(at(name))
            for _ in range(3):
                run.run(None, image)
            times, end = [], time.perf_counter() + seconds
            while time.perf_counter() < end:
                start = time.thread_time()
                run.run(None, image)
                times.append(1e3 * (time.thread_time() - start))
            print(f"{name:16} {min(times):7.2f} {np.median(times):7.2f}", flush=True)


if __name__ == "__main__":
    main()
