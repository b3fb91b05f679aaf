"""A checkpoint as the program carries it: batch norm folded, float16 safetensors with a header that says what it is; and ONNX
of the same (rounded) weights, to compare the engine with ONNX Runtime."""

import hashlib
import json

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from .evaluate import checkpoint_network
from .folding import blend, fold
from .geometry import KEYPOINTS, MEAN, STD
from .networks import multiply_adds


@torch.no_grad()
def export(task, checkpoint, out, name, size, notes, lift=0.0, scale=1.0, blended=None):
    """`lift` is added to the logit of a detector's score: one that was trained briefly finds people at lower scores than pipelines ask for.
    The order of boxes, hence AP, stays. A pose network's heatmaps are multiplied by `scale`, for the same reason: the less sure it is
    of a place, the lower the peak; places stay. `blended`: an exported network that this one began from, and its share of the weights;
    `lift` and `scale` come after it."""
    network, config = checkpoint_network(checkpoint, task)
    size = size or config["stages"][-1]["size"]
    work = multiply_adds(network, *size)
    probe = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    before = network(probe)
    network = fold(network).eval()
    folded = (network(probe) - before).abs().max() / before.abs().max()
    if blended:
        blend(network, load_file(blended[0]), blended[1])
    if scale != 1:
        network.head.weight *= scale
        network.head.bias *= scale
    if lift:
        for layer in network.out:
            layer.bias[0] += lift
    before = network(probe)
    for parameter in network.parameters():
        parameter.copy_(parameter.half().float())
    rounded = (network(probe) - before).abs().max() / before.abs().max()
    out.mkdir(parents=True, exist_ok=True)
    stem = out / (name or task)
    parameters = sum(p.numel() for p in network.parameters())
    header = {
        "architecture": "simplebaseline-slim" if task == "pose" else "person-detector", "network": json.dumps(config["network"]),
        "input": f"1x3x{size[0]}x{size[1]}", "colour": "RGB, (v/255 - mean)/std", "mean": json.dumps([round(float(v), 3) for v in MEAN]),
        "std": json.dumps([round(float(v), 3) for v in STD]), "parameters": str(parameters), "multiply_adds": str(work), **notes,
    }
    if task == "pose":
        header["keypoints"] = json.dumps(KEYPOINTS)
    tensors = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, f"{stem}.safetensors", header)
    torch.onnx.export(network, (probe[:1],), f"{stem}.onnx", input_names=["image"], output_names=["heatmaps" if task == "pose" else "cells"],
                      opset_version=18, dynamo=True, external_data=False, verbose=False)
    import onnxruntime

    got = onnxruntime.InferenceSession(f"{stem}.onnx", providers=["CPUExecutionProvider"]).run(None, {"image": probe[:1].numpy()})[0]
    ours = network(probe[:1]).numpy()
    print(json.dumps({
        "parameters": parameters, "million multiply-adds": round(work / 1e6, 1), "bytes": (out / f"{stem.name}.safetensors").stat().st_size,
        "sha256": hashlib.sha256((out / f"{stem.name}.safetensors").read_bytes()).hexdigest(), "folding changes (relative)": float(folded),
        "float16 changes (relative)": float(rounded), "ONNX Runtime differs (relative)": float(np.abs(got - ours).max() / np.abs(ours).max()),
    }))
