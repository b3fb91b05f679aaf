"""YOLOX as a dense teacher: what it says of every cell of a view that training has just made, on the device that trains.

Its cells (strides 8, 16, 32, row-major) are the student's, so that nothing needs to be matched. The ONNX file's graph is carried out by
PyTorch: unlike ONNX Runtime's session it takes views of any size, in batches, in bf16 and on a GPU.
"""

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

from .geometry import MEAN, STD
from .networks import cell_centres


class Graph:
    """An ONNX graph of convolutions, products, sums, pooling and joins; batches of any number where the file says 1."""

    def __init__(self, path, device):
        graph = onnx.load(path).graph
        self.input, self.output, self.steps, self.held = graph.input[0].name, graph.output[0].name, [], {}
        for tensor in graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            if value.is_floating_point():  # whole numbers are places to cut at: they stay beside the program
                value = value.to(device)
            self.held[tensor.name] = value.to(memory_format=torch.channels_last) if value.dim() == 4 else value
        last = {name: i for i, node in enumerate(graph.node) for name in node.input}
        for i, node in enumerate(graph.node):
            if node.op_type not in OPERATIONS:
                raise SystemExit(f"{path}: a layer of kind {node.op_type} is not known here")
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            over = [name for name in set(node.input) if name and last[name] == i and name not in self.held]
            self.steps.append((OPERATIONS[node.op_type], list(node.input), node.output[0], attributes, over))

    def __call__(self, x):
        values = {self.input: x}
        for operation, inputs, output, attributes, over in self.steps:
            values[output] = operation([values[n] if n in values else self.held.get(n) for n in inputs], attributes)
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


OPERATIONS = {
    "Conv": _convolution,
    "Sigmoid": lambda x, a: x[0].sigmoid(),
    "Mul": lambda x, a: x[0] * x[1],
    "Add": lambda x, a: x[0] + x[1],
    "Concat": lambda x, a: torch.cat(x, a["axis"]),
    "MaxPool": lambda x, a: F.max_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2]),
    "Slice": _slice,
    "Resize": lambda x, a: F.interpolate(x[0], scale_factor=x[2][2:].tolist(), mode="nearest"),
    "Reshape": lambda x, a: x[0].reshape(len(x[0]), *x[1][1:].tolist()),
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
