"""Writes what the program's tests compare with, from training/: `python tests/golden.py`.

fixtures/networks/compact: very small networks of our kinds with random weights, as `export` writes them, and what PyTorch
computes with them. fixtures/topdown/dark.json: joints read by DARK, blurred by OpenCV."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

TRAINING = Path(__file__).parent.parent
sys.path.insert(0, str(TRAINING))

from posetrain.evaluate import detect  # noqa: E402
from posetrain.geometry import decode_dark  # noqa: E402
from posetrain.export import export  # noqa: E402
from posetrain.folding import fold  # noqa: E402
from posetrain.networks import build  # noqa: E402

TOPDOWN = TRAINING.parent / "fixtures" / "topdown"
OUT = TRAINING.parent / "fixtures" / "networks" / "compact"
SMALL = {
    "pose": ({"widths": [4, 6, 8, 10, 12], "blocks": [0, 0, 1, 0, 2], "deconvolutions": [8, 6, 5]}, (64, 96)),
    "pose-laterals": ({"widths": [4, 6, 8, 10, 12], "blocks": [0, 0, 1, 0, 1], "deconvolutions": [8, 6, 5], "laterals": True, "refinements": [1, 0, 2]}, (64, 96)),
    "detector": ({"widths": [4, 6, 8, 10, 12], "blocks": [0, 0, 1, 2, 0], "neck": 8, "head": 1}, (64, 96)),
}


def disturbed(network):
    """Statistics and norms that folding must get right, and a detector that finds something."""
    generator = torch.Generator().manual_seed(7)
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point and value.dim() == 1:
            noise = torch.rand(value.shape, generator=generator)
            value.copy_(0.5 + noise if name.endswith(("running_var", "norm.weight")) else (noise - 0.5) * 0.5)
        elif name.startswith(("head.weight", "out.")):
            value.copy_((torch.rand(value.shape, generator=generator) - 0.5) * 0.5)
    return network


def dark():
    """Places by DARK: of the official code's cases (nothing where no value is positive), and of larger maps by formula."""
    cases = json.loads((TOPDOWN / "decode.json").read_text())
    answer = {"cases": [], "maps": []}
    for case in cases["cases"]:
        heat = np.array(case["map"], np.float32).reshape(1, cases["height"], cases["width"])
        answer["cases"].append([round(float(v), 6) for v in decode_dark(heat)[0, :2]] if heat.max() > 0 else [])
    for width, height, x, y in [(48, 64, 20.3, 30.8), (48, 64, 2.2, 61.4), (48, 64, 45.1, 3.7), (72, 96, 40.6, 50.4), (24, 32, 11.9, 16.2)]:
        v, u = np.mgrid[0:height, 0:width].astype(np.float64)
        # A joint, a weaker second one beside it, and ripples below and above zero: the tests make the same.
        heat = 0.8 * np.exp(-((u - x) ** 2 + (v - y) ** 2) / 8) + 0.3 * np.exp(-((u - x - 3) ** 2 + (v - y + 2) ** 2) / 8)
        heat = (heat + 0.02 * np.sin(0.9 * u + 0.4 * v))[None].astype(np.float32)
        answer["maps"].append({"width": width, "height": height, "x": x, "y": y, "place": [round(float(n), 6) for n in decode_dark(heat)[0, :2]]})
    (TOPDOWN / "dark.json").write_text(json.dumps(answer))


def main():
    dark()
    OUT.mkdir(parents=True, exist_ok=True)
    golden = {}
    y, x = np.mgrid[0:48, 0:96]
    # A picture by formula: the tests make the same. It fits without resizing and leaves a part of the input empty.
    picture = np.stack([(3 * x + 5 * y) % 256, (7 * x + 2 * y + 40) % 256, (x * y) % 256], 2).astype(np.uint8)
    for name, (shape, size) in SMALL.items():
        task = name.partition("-")[0]
        torch.manual_seed(4 if task == "detector" else 1)  # one that finds many boxes, none near the threshold
        network = disturbed(build(task, {"network": shape}))
        config = {"network": shape, "stages": [{"size": list(size)}]}
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "last.pt"
            torch.save({"average": network.state_dict(), "config": config}, checkpoint)
            export(task, checkpoint, Path(folder), name, None, {})
            (OUT / f"{name}.safetensors").write_bytes((Path(folder) / f"{name}.safetensors").read_bytes())
        rounded = fold(build(task, {"network": shape})).eval()
        rounded.load_state_dict({key: value.float() for key, value in load_file(OUT / f"{name}.safetensors").items()})
        v, u, c = np.mgrid[0:size[0], 0:size[1], 0:3]
        pixels = ((((v * 13 + u * 7 + c * 50) % 256) / 255 - 0.45) / 0.225).astype(np.float32)
        with torch.no_grad():
            output = rounded(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].numpy()
        golden[name] = {"size": list(size), "shape": [1, *output.shape], "output": [round(float(value), 6) for value in output.ravel()]}
        if task == "detector":
            boxes, scores = detect(rounded, picture, size, torch.device("cpu"), 0.6)
            golden["found"] = [[*(round(float(b), 3) for b in box), round(float(s), 5)] for box, s in zip(boxes, scores)]
    (OUT / "golden.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()
