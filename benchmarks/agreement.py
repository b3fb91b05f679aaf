#!/usr/bin/env python3
"""agreement.py PROGRAM FOLDER: how far the program's last maps are from those of the official code with the same weights.

Weights and pictures come from a formula; fixtures/networks holds the official code's values (PyTorch, float64 for top-down networks).
Prints the worst difference of each network's outputs as a share of the map's largest value. Files that are needed are written into
FOLDER. Needs numpy.
"""
import json
import os
import struct
import subprocess
import sys

import numpy as np

NETWORKS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures/networks")
# System, reference case, what `bench respond` is asked for: a name, or a file that `models synthesize` writes.
TOP_DOWN = [
    ("SimpleBaseline", "sb_r18_256x192", "simplebaseline-r18"), ("SimpleBaseline", "sb_r50_256x192", "simplebaseline-r50"),
    ("SimpleBaseline", "sb_r101_256x192", "simplebaseline-r101"), ("SimpleBaseline", "sb_r152_256x192", "simplebaseline-r152"),
    ("HRNet", "hrnet_w32_256x192", "hrnet-w32"), ("HRNet", "hrnet_w48_384x288", "hrnet-w48"),
    ("CPN", "cpn_r50_256x192", "cpn-r50"), ("CPN", "cpn_r101_384x288", "cpn-r101"),
    ("CPN", "tfcpn_r50_256x192", "cpn-tensorflow-r50/COCO.res50.256x192.CPN.safetensors"),
]
BOTTOM_UP = [
    ("Lightweight OpenPose", "lop1_256x456", None, ["stage1.heatmaps", "stage1.pafs"]),
    ("MultiPoseNet", "mpn50_480x480", "multiposenet-r50/ckpt_baseline_resnet50.safetensors", ["heatmaps", "classification", "regression"]),
    ("MultiPoseNet", "mpn101_480x480", "multiposenet-r101/ckpt_baseline_resnet101.safetensors", ["heatmaps", "classification", "regression"]),
]


def words(name, indices):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit(name, count):
    return (words(name, np.arange(count)) >> np.uint64(11)) * 2.0**-53


def noise_and_blocks(shape):
    """The picture of the top-down cases."""
    _, _, height, width = shape
    c, y, x = np.meshgrid(np.arange(3), np.arange(height), np.arange(width), indexing="ij")

    def symmetric(name, index):
        return 2 * ((words(name, index) >> np.uint64(40)) * 2.0**-24) - 1

    return (0.5 * symmetric("input.noise", (c * height + y) * width + x) + 1.5 * symmetric("input.block", (c * 64 + y // 32) * 64 + x // 32)).astype("<f4")


def waves(name, shape):
    """The picture of the bottom-up cases."""
    _, _, height, width = shape
    u = unit("input:" + name, 72).reshape(3, 6, 4)
    x, y = (np.arange(width) + 0.5) / width, ((np.arange(height) + 0.5) / height)[:, None]
    planes = [sum((0.2 + 0.8 * a) * np.sin(2 * np.pi * (np.floor(8 * b) * x + np.floor(8 * c) * y) + 2 * np.pi * d) for a, b, c, d in u[channel]) / 3
              for channel in range(3)]
    return np.stack(planes).astype("<f4")


def reference_weights(case, path):
    """Lightweight OpenPose with the weights of its case, as safetensors."""
    with open(os.path.join(NETWORKS, "keys_lop1.json")) as file:
        tensors = json.load(file)["tensors"]
    norms = {name.removesuffix("running_mean") for name, _ in tensors if name.endswith("running_mean")}
    header, data, place = {}, [], 0
    for name, shape in tensors:
        count = int(np.prod(shape))
        u = unit(name, count)
        prefix, _, kind = name.rpartition(".")
        if kind == "running_mean":
            values = (2 * u - 1) * 0.1
        elif kind == "running_var" or (prefix + "." in norms and kind == "weight"):
            values = 0.5 + u
        elif kind == "bias":
            values = (2 * u - 1) * (0.1 if prefix + "." in norms else 0.05)
        else:
            gain = next((gain for suffix, gain in case["gains"] if name.endswith(suffix)), 1)
            values = (2 * u - 1) * np.sqrt(6 / (count // shape[0])) * gain
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + 4 * count]}
        data.append(values.astype("<f4").tobytes())
        place += 4 * count
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def outputs(program, name, picture, folder):
    """All outputs, one after the other, of one run on the picture."""
    given, got = os.path.join(folder, "input.f32"), os.path.join(folder, "output.f32")
    picture.tofile(given)
    size = f"{picture.shape[1]}x{picture.shape[2]}"
    subprocess.run([program, "bench", "respond", name, "--input", size, "--precision", "f32"], input=f"input {given}\nrun\noutput {got}\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)
    return np.fromfile(got, "<f4").astype(float)


def worst(values, maps):
    """The largest difference, as a share of each map's largest value."""
    place, largest = 0, 0
    for count, index, wanted, scale in maps:
        largest = max(largest, np.abs(values[place:place + count][index] - wanted).max() / scale)
        place += count
    if place != len(values):
        sys.exit(f"{len(values)} values instead of {place}")
    return largest


def file_of(program, asked, folder):
    name, _, file = asked.partition("/")
    if not file:
        return name
    path = os.path.join(folder, file)
    if not os.path.exists(path):
        subprocess.run([program, "models", "synthesize", name, "--into", folder], check=True, stdout=subprocess.DEVNULL)
    return path


def rows(program, folder):
    os.makedirs(folder, exist_ok=True)
    for system, name, asked in TOP_DOWN:
        with open(os.path.join(NETWORKS, "topdown", name + ".json")) as file:
            case = json.load(file)
        tap = case["taps"]["output"]
        count, wanted = int(np.prod(tap["shape"])), np.array(tap["samples"])
        index = np.arange(len(wanted)) * count // len(wanted)
        values = outputs(program, file_of(program, asked, folder), noise_and_blocks(case["input"]), folder)
        yield system, name, worst(values, [(count, index, wanted, max(abs(tap["min"]), abs(tap["max"])))])
    for system, name, asked, names in BOTTOM_UP:
        with open(os.path.join(NETWORKS, "bottomup", name + ".json")) as file:
            case = json.load(file)
        maps = []
        for wanted in names:
            tensor = next(t for t in case["tensors"] if t["name"] == f"{name}.{wanted}")
            maps.append((int(np.prod(tensor["shape"])), np.array(tensor["index"]), np.array(tensor["value"]), max(abs(tensor["min"]), abs(tensor["max"]))))
        if asked:
            path = file_of(program, asked, folder)
        else:
            path = os.path.join(folder, "lightweight-openpose-reference.safetensors")
            reference_weights(case, path)
        yield system, name, worst(outputs(program, path, waves(case["input"]["name"], case["input"]["shape"]), folder), maps)


def main():
    for system, name, difference in rows(*sys.argv[1:3]):
        print(f"{system} {name}: {difference:.1e} of the largest value", flush=True)


if __name__ == "__main__":
    main()
