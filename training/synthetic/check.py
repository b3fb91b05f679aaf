"""Asks existing networks whether they see the drawn people: `python -m synthetic.check --truth ../fixtures --weights FOLDER`.

FOLDER holds yolox_nano.onnx and pp_tinypose_256x192.onnx. Reads the encoded clip through the ffmpeg program, so that
compression counts too. Boxes for the pose network are the detector's; a person counts where at least half of the body
is inside the picture and not hidden.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np

from posetrain.geometry import iou, oks
from posetrain.onnx_networks import HeatmapNetwork, Yolox, teacher_files


def frames_of(clip, width, height):
    command = ["ffmpeg", "-loglevel", "error", "-i", str(clip), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    stream = subprocess.Popen(command, stdout=subprocess.PIPE)
    while len(data := stream.stdout.read(width * height * 3)) == width * height * 3:
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
    stream.wait()


def check(truth, pictures, detector, estimator):
    """Per person [frames to find, found, seen joints, close joints, sum of OKS], the number of false boxes, and misses."""
    tally, false, misses = {}, 0, []
    for record, rgb in zip(truth["truth"], pictures):
        boxes, _ = detector(rgb, 0.4)
        free = np.ones(len(boxes), bool)
        for person in sorted(record["people"], key=lambda p: -p["visible"]):
            x, y, w, h = person["box"]
            left, top = max(0, x), max(0, y)
            shown = (left, top, min(truth["width"], x + w) - left, min(truth["height"], y + h) - top)
            overlap = iou([shown], boxes)[0] * free
            best = int(overlap.argmax()) if len(boxes) else None
            matched = best is not None and overlap[best] >= 0.5
            if matched:
                free[best] = False
            if person["visible"] < 0.5:
                continue
            row = tally.setdefault(person["id"], np.zeros(5))
            row[0] += 1
            if not matched:
                misses.append((record["index"], person["id"], person["visible"]))
                continue
            points = np.array(person["keypoints"])
            points[points[:, 2] < 2, 2] = 0
            seen = points[:, 2] > 0
            found = estimator(rgb, boxes[best])
            off = np.linalg.norm(found[seen, :2] - points[seen, :2], axis=1)
            row[1:] += 1, seen.sum(), (off < 0.1 * h).sum(), oks(found, points, 0.53 * w * h)
        people = [p["box"] for p in record["people"]]
        false += int((free & (iou(boxes, people).max(1, initial=0) < 0.3)).sum())
    return tally, false, misses


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--truth", type=Path, required=True, help="folder of street.mp4 and street.truth.json")
    options.add_argument("--weights", type=Path, required=True)
    chosen = options.parse_args()
    truth = json.loads((chosen.truth / "street.truth.json").read_text())
    pictures = frames_of(chosen.truth / truth["clip"], truth["width"], truth["height"])
    files = teacher_files(chosen.weights)
    tally, false, misses = check(truth, pictures, Yolox(files["yolox"]), HeatmapNetwork(files["pose"]))
    print("id  frames  found   joints<0.1h  OKS")
    for identity, row in sorted(tally.items()) + [("all", sum(tally.values()))]:
        print(f"{identity!s:3} {row[0]:6.0f}  {row[1] / row[0]:.3f}   {row[3] / row[2]:.3f}        {row[4] / row[1]:.3f}")
    print("false boxes:", false)
    print("missed (frame, id, visible):", misses)


if __name__ == "__main__":
    main()
