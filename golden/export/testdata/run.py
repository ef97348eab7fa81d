"""Runs an exported network in ONNX Runtime: run.py model.onnx images.npy logits.npy"""
import sys
import numpy as np
import onnx
import onnxruntime as ort

model, images, logits = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
kinds = {n.op_type for n in onnx.load(model).graph.node}
integer = {"Add", "Sub", "Mul", "Div", "Min", "Clip", "Cast", "MatMulInteger", "Gather", "ReduceSum", "ReduceMax",
           "GreaterOrEqual", "Reshape", "Transpose", "Concat", "Expand", "Slice", "Shape"}
assert kinds <= integer, f"operators {kinds - integer} are not of the integer form"
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
# On processors without VNNI it adds pairs of products in 16 bits, which saturate, unless it is asked for exact ones.
options.add_session_config_entry("session.x64quantprecision", "1")
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
pixels = np.load(images)
out = [session.run(["logits"], {"image": pixels[i:i + 64]})[0] for i in range(0, len(pixels), 64)]
np.save(logits, np.concatenate(out).astype(np.int32))
