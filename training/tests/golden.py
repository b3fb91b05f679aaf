"""Writes fixtures/networks/compact: two very small networks of our kinds with random weights, as `export` writes them, and what
PyTorch computes with them, for the program's tests. From training/: `python tests/golden.py`."""

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
from posetrain.export import export, fold  # noqa: E402
from posetrain.networks import build  # noqa: E402

OUT = TRAINING.parent / "fixtures" / "networks" / "compact"
SMALL = {
    "pose": ({"widths": [4, 6, 8, 10, 12], "blocks": [0, 0, 1, 0, 2], "deconvolutions": [8, 6, 5]}, (64, 96)),
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


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    golden = {}
    y, x = np.mgrid[0:48, 0:96]
    # A picture by formula: the tests make the same. It fits without resizing and leaves a part of the input empty.
    picture = np.stack([(3 * x + 5 * y) % 256, (7 * x + 2 * y + 40) % 256, (x * y) % 256], 2).astype(np.uint8)
    for task, (shape, size) in SMALL.items():
        torch.manual_seed(1)
        network = disturbed(build(task, {"network": shape}))
        config = {"network": shape, "stages": [{"size": list(size)}]}
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "last.pt"
            torch.save({"average": network.state_dict(), "config": config}, checkpoint)
            export(task, checkpoint, Path(folder), task, None, {})
            (OUT / f"{task}.safetensors").write_bytes((Path(folder) / f"{task}.safetensors").read_bytes())
        rounded = fold(build(task, {"network": shape})).eval()
        rounded.load_state_dict({key: value.float() for key, value in load_file(OUT / f"{task}.safetensors").items()})
        v, u, c = np.mgrid[0:size[0], 0:size[1], 0:3]
        pixels = ((((v * 13 + u * 7 + c * 50) % 256) / 255 - 0.45) / 0.225).astype(np.float32)
        with torch.no_grad():
            output = rounded(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].numpy()
        golden[task] = {"size": list(size), "shape": [1, *output.shape], "output": [round(float(value), 6) for value in output.ravel()]}
        if task == "detector":
            boxes, scores = detect(rounded, picture, size, torch.device("cpu"), 0.6)
            golden["found"] = [[*(round(float(b), 3) for b in box), round(float(s), 5)] for box, s in zip(boxes, scores)]
    (OUT / "golden.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()
