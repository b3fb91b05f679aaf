"""Teachers of the very views that training has just made, on the device that trains: YOLOX says something of every cell, PP-TinyPose gives heatmaps.

YOLOX's cells (strides 8, 16, 32, row-major) and PP-TinyPose's maps (a quarter of the input) are the students', so that nothing needs to be matched.
The ONNX file's graph is carried out by PyTorch: unlike ONNX Runtime's session it takes views of any size, in batches, in bf16 and on a GPU.
"""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

from .geometry import MEAN, STD
from .networks import cell_centres
from .onnx_networks import HeatmapNetwork


class Graph:
    """An ONNX graph of convolutions, products, sums, pooling, joins and shuffles, up to its first output; batches of any number, maps of any size."""

    def __init__(self, path, device):
        graph = onnx.load(path).graph
        self.input, self.output, self.steps, self.held = graph.input[0].name, graph.output[0].name, [], {}
        for tensor in graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            if value.is_floating_point():  # whole numbers are places to cut at: they stay beside the program
                value = value.to(device)
            self.held[tensor.name] = value.to(memory_format=torch.channels_last) if value.dim() == 4 else value
        nodes, wanted = [], {self.output}
        for node in reversed(graph.node):
            if wanted.intersection(node.output):
                nodes.insert(0, node)
                wanted.update(node.input)
        last = {name: i for i, node in enumerate(nodes) for name in node.input}
        for i, node in enumerate(nodes):
            if node.op_type not in OPERATIONS:
                raise SystemExit(f"{path}: a layer of kind {node.op_type} is not known here")
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            over = [name for name in set(node.input) if name and last[name] == i and name not in self.held]
            self.steps.append((OPERATIONS[node.op_type], list(node.input), list(node.output), attributes, over))

    def __call__(self, x):
        values = {self.input: x}
        for operation, inputs, outputs, attributes, over in self.steps:
            result = operation([values[n] if n in values else self.held.get(n) for n in inputs], attributes)
            values.update(zip(outputs, (result,) if torch.is_tensor(result) else result, strict=True))
            for name in over:
                del values[name]
        return values[self.output]


def _convolution(inputs, attributes):
    top, left, bottom, right = attributes["pads"]
    if (top, left) != (bottom, right):
        raise SystemExit("a convolution with uneven padding")
    return F.conv2d(*inputs, stride=attributes["strides"], padding=(top, left), groups=attributes.get("group", 1))


def _slice(inputs, attributes):
    x, begin, end, axis, step = inputs[0], *(int(v[0]) for v in inputs[1:])
    return x[(slice(None),) * axis + (slice(begin, min(end, x.shape[axis]), step),)]


def _reshape(inputs, attributes):
    """Maps keep their own height and width, whatever the file was made for."""
    x, shape = inputs[0], inputs[1].tolist()
    return x.reshape(len(x), *(shape[1:] if len(shape) < 4 else [*shape[1:-2], *x.shape[-2:]]))


def _split(inputs, attributes):
    if len(inputs) > 1 or "split" in attributes:
        raise SystemExit("a layer that splits into uneven parts")
    return inputs[0].chunk(2, attributes["axis"])


def _resize(inputs, attributes):
    factor, how = inputs[2][2:].tolist(), (attributes["mode"], attributes["coordinate_transformation_mode"])
    if how == (b"nearest", b"asymmetric"):
        return F.interpolate(inputs[0], scale_factor=factor, mode="nearest")
    if how == (b"linear", b"align_corners"):
        return F.interpolate(inputs[0], scale_factor=factor, mode="bilinear", align_corners=True)
    raise SystemExit(f"a layer that resizes by {how} is not known here")


OPERATIONS = {
    "Conv": _convolution,
    "Relu": lambda x, a: x[0].relu(),
    "Split": _split,
    "Sigmoid": lambda x, a: x[0].sigmoid(),
    "Mul": lambda x, a: x[0] * x[1],
    "Add": lambda x, a: x[0] + x[1],
    "Concat": lambda x, a: torch.cat(x, a["axis"]),
    "MaxPool": lambda x, a: F.max_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2]),
    "Slice": _slice,
    "Resize": _resize,
    "Reshape": _reshape,
    "Transpose": lambda x, a: x[0].permute(*a["perm"]),
}


class DenseTeacher:
    """A YOLOX of COCO's classes, persons only."""

    def __init__(self, path, device):
        self.graph, self.device = Graph(path, device), device
        self.scale, self.offset = (torch.from_numpy(v * 255).float().to(device).view(1, 3, 1, 1) for v in (STD, MEAN))

    @torch.no_grad()
    def __call__(self, image):
        """For views [n, 3, H, W] in the networks' input range: the score for "person" [n, cells] and boxes [n, cells, 4] (corners, input pixels)."""
        image = (image * self.scale + self.offset).flip(1).contiguous(memory_format=torch.channels_last)
        out = self.graph(image).float()
        centres, strides = cell_centres(*image.shape[-2:], self.device)
        middle = (out[..., :2] - 0.5) * strides[:, None] + centres
        half = out[..., 2:4].clamp(max=6).exp() * strides[:, None] / 2
        classes = out[..., 5:]
        score = torch.where(classes[..., 0] >= classes.amax(-1), out[..., 4] * classes[..., 0], 0)
        return score, torch.cat([middle - half, middle + half], -1)


class PoseTeacher:
    """PP-TinyPose."""

    def __init__(self, path, device):
        self.graph = Graph(path, device)
        self.network = HeatmapNetwork(path) if device.type == "cpu" else None

    @torch.no_grad()
    def __call__(self, image):
        """For views [n, 3, H, W] in the networks' input range, heatmaps [n, 17, H/4, W/4] of at least 0."""
        if self.network is None or image.shape[-2:] != (self.network.height, self.network.width):
            return self.graph(image).float().clamp_(min=0)
        # ONNX Runtime, view by view and at the size of the file, takes half of PyTorch's time on a CPU.
        views = image.contiguous().numpy()
        maps = [self.network.session.run(None, {self.network.input: view[None]})[0] for view in views]
        return torch.from_numpy(np.concatenate(maps)).clamp_(min=0)
