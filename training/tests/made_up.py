"""What the tests make up: pictures by formula, very small teachers and people of noise."""

import json
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx

TRAINING = Path(__file__).parent.parent
sys.path.insert(0, str(TRAINING))  # for the tests, which import this file first
CASES = TRAINING.parent / "fixtures" / "topdown"


def read(name):
    return json.loads((CASES / name).read_text())


def smooth(width, height):
    """The picture by formula of the golden crops."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (((3 * x + 5 * y + 40 * c) // 4 + 48 * ((x // 16 + y // 16) & 1)) & 255).astype(np.uint8)


def small_teacher(path):
    """An ONNX file with the layers of YOLOX (its focus, gates, pooled branch and upsampling) and few channels."""
    random = np.random.default_rng(5)
    weight = lambda name, *shape: onnx.numpy_helper.from_array(random.normal(0, 0.3, shape).astype(np.float32), name)
    whole = lambda name, *values: onnx.numpy_helper.from_array(np.array(values, np.int64), name)
    held = [weight("w0", 8, 6, 3, 3), weight("b0", 8), weight("w1", 8, 1, 3, 3), weight("b1", 8), weight("w2", 6, 16, 1, 1), weight("b2", 6),
            whole("zero", 0), whole("one", 1), whole("two", 2), whole("end", 2**63 - 1), whole("shape", 1, 6, -1),
            onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice")]
    node = onnx.helper.make_node
    nodes = [node("Slice", ["x", "zero", "end", "two", "two"], ["even"]), node("Slice", ["x", "one", "end", "two", "two"], ["odd"]),
             node("Concat", ["even", "odd"], ["rows"], axis=1), node("Conv", ["rows", "w0", "b0"], ["c0"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]),
             node("Sigmoid", ["c0"], ["s0"]), node("Mul", ["c0", "s0"], ["g0"]),
             node("Conv", ["g0", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2], group=8),
             node("MaxPool", ["c1"], ["p1"], kernel_shape=[5, 5], pads=[2] * 4, strides=[1, 1]), node("Add", ["c1", "p1"], ["a1"]),
             node("Resize", ["a1", "", "twice"], ["r1"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
             node("Concat", ["g0", "r1"], ["j"], axis=1), node("Conv", ["j", "w2", "b2"], ["c2"], kernel_shape=[1, 1], pads=[0] * 4, strides=[1, 1]),
             node("Reshape", ["c2", "shape"], ["f"]), node("Transpose", ["f"], ["y"], perm=[0, 2, 1])]
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "small", [value("x")], [value("y")], held)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


def small_pose_teacher(path):
    """An ONNX file with the layers of PP-TinyPose (halves, shuffled channels, both ways of resizing, maxima beside the heatmaps) and few channels."""
    random = np.random.default_rng(6)
    held = [onnx.numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name) for name, shape in (
        ("w0", (8, 3, 3, 3)), ("b0", (8,)), ("w1", (4, 1, 3, 3)), ("b1", (4,)), ("w2", (8, 8, 3, 3)), ("b2", (8,)), ("w3", (17, 8, 1, 1)), ("b3", (17,)))]
    held += [onnx.numpy_helper.from_array(np.array(values, np.int64), name) for name, values in (
        ("apart", (0, 2, 4, 32, 24)), ("again", (0, 8, 32, 24)), ("flat", (0, 17, -1)))]
    held += [onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"), onnx.numpy_helper.from_array(np.array([1, 1, 0.5, 0.5], np.float32), "half")]
    node = onnx.helper.make_node
    conv = lambda x, n, y, stride, groups=1, pad=1: node("Conv", [x, f"w{n}", f"b{n}"], [y], kernel_shape=[1 + 2 * pad] * 2, pads=[pad] * 4, strides=[stride] * 2, group=groups)
    nodes = [conv("image", 0, "c0", 2), node("Relu", ["c0"], ["r0"]), node("Split", ["r0"], ["left", "right"], axis=1), conv("right", 1, "c1", 1, 4),
             node("Concat", ["left", "c1"], ["both"], axis=1), node("Reshape", ["both", "apart"], ["five"]), node("Transpose", ["five"], ["turned"], perm=[0, 2, 1, 3, 4]),
             node("Reshape", ["turned", "again"], ["four"]), conv("four", 2, "c2", 2),
             node("Resize", ["c2", "", "twice"], ["n"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
             node("Add", ["n", "four"], ["a"]), node("Resize", ["a", "", "half"], ["l"], mode="linear", coordinate_transformation_mode="align_corners"),
             conv("l", 3, "heatmaps", 1, pad=0), node("Reshape", ["heatmaps", "flat"], ["f"]), node("ArgMax", ["f"], ["argmax"], axis=2, keepdims=0)]
    value = lambda name, kind=onnx.TensorProto.FLOAT, shape=None: onnx.helper.make_tensor_value_info(name, kind, shape)
    graph = onnx.helper.make_graph(nodes, "small", [value("image", shape=["N", 3, 64, 48])], [value("heatmaps"), value("argmax", onnx.TensorProto.INT64)], held)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


def noise_people(folder):
    """Forty people of noise as a finished shard."""
    random, shard = np.random.default_rng(1), folder / "pose" / "00"
    shard.mkdir(parents=True)
    keypoints = np.concatenate([random.uniform(60, 180, (40, 17, 2)), np.full((40, 17, 1), 2.0)], 2).astype(np.float32)
    kinds = np.ones((40, 4), np.float32) * [0, 1, 1, 20000]
    kinds[:4, 0], kinds[20:, 1] = 1, 0
    blobs = [zlib.compress(random.integers(0, 255, (17, 64, 48), np.uint8).tobytes(), 1) for _ in range(40)]
    np.save(shard / "canvases.npy", random.integers(0, 255, (40, 320, 240, 3), np.uint8))
    np.save(shard / "keypoints.npy", keypoints)
    np.save(shard / "kinds.npy", kinds.astype(np.float32))
    np.save(shard / "heat.npy", np.frombuffer(b"".join(blobs), np.uint8))
    np.save(shard / "heat_ends.npy", np.cumsum([len(b) for b in blobs]))
