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
import onnxruntime
from PIL import Image

SIGMAS = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def iou(a, b):
    """IoU of boxes x, y, w, h."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, w) * max(0.0, h)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


class Yolox:
    """YOLOX-nano at 416: BGR 0..255, top left, rest 114; boxes x, y, w, h with their score."""

    def __init__(self, path):
        self.session = session(path)
        grid = []
        for stride in (8, 16, 32):
            n = 416 // stride
            y, x = np.mgrid[0:n, 0:n]
            grid.append(np.stack([x.ravel(), y.ravel(), np.full(n * n, stride)], 1))
        self.grid = np.concatenate(grid).astype(np.float32)

    def __call__(self, rgb, threshold=0.4):
        h, w = rgb.shape[:2]
        r = min(416 / h, 416 / w)
        small = np.asarray(Image.fromarray(rgb).resize((int(w * r), int(h * r)), Image.BILINEAR, reducing_gap=None))
        canvas = np.full((416, 416, 3), 114, np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        out = self.session.run(None, {"images": canvas.transpose(2, 0, 1)[None]})[0][0]
        score = out[:, 4] * out[:, 5]
        keep = (score >= threshold) & (out[:, 5:].argmax(1) == 0)
        rows, grid, score = out[keep], self.grid[keep], score[keep]
        centre = (rows[:, :2] + grid[:, :2]) * grid[:, 2:]
        size = np.exp(rows[:, 2:4]) * grid[:, 2:]
        boxes = np.hstack([centre - size / 2, size]) / r
        chosen = []
        for i in np.argsort(-score, kind="stable"):
            if all(iou(boxes[i], boxes[j]) <= 0.65 for j in chosen):
                chosen.append(i)
        return [(boxes[i], float(score[i])) for i in chosen]


class TopDown:
    """A heatmap network of a quarter's resolution; keypoints [17, 3] (x, y, score) in the picture."""

    def __init__(self, path):
        self.session = session(path)
        self.name = self.session.get_inputs()[0].name
        self.height, self.width = self.session.get_inputs()[0].shape[2:]

    def __call__(self, rgb, box):
        x, y, w, h = box
        cx, cy = x + w / 2, y + h / 2
        aspect = self.width / self.height
        w, h = (w, w / aspect) if w > aspect * h else (h * aspect, h)
        w, h = 1.25 * w, 1.25 * h
        k = w / self.width
        # Pillow's output pixel centre (i + .5) maps to a (i + .5) + c: shift so that integer coordinates agree.
        coefficients = (k, 0, cx - w / 2 + 0.5 - 0.5 * k, 0, k, cy - h / 2 + 0.5 - 0.5 * k)
        crop = Image.fromarray(rgb).transform((self.width, self.height), Image.AFFINE, coefficients, Image.BILINEAR)
        tensor = (np.asarray(crop, np.float32) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        maps = self.session.run(None, {self.name: tensor.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
        out = np.zeros((17, 3))
        rows, columns = maps.shape[1:]
        for j, heat in enumerate(maps):
            v, u = divmod(int(heat.argmax()), columns)
            fine = np.array([u, v], float)
            if 1 < u < columns - 1 and 1 < v < rows - 1:
                fine += 0.25 * np.sign([heat[v, u + 1] - heat[v, u - 1], heat[v + 1, u] - heat[v - 1, u]])
            out[j] = cx - w / 2 + fine[0] * w / columns, cy - h / 2 + fine[1] * h / rows, heat[v, u]
        return out


def frames_of(clip, width, height):
    stream = subprocess.Popen(["ffmpeg", "-loglevel", "error", "-i", str(clip), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE)
    while len(data := stream.stdout.read(width * height * 3)) == width * height * 3:
        yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
    stream.wait()


def check(truth, pictures, detector, estimator, every=1):
    """Per person [frames to find, found, visible joints, close joints, sum of OKS, poses] and the number of false boxes."""
    tally, false, misses = {}, 0, []
    for record, rgb in zip(truth["truth"], pictures):
        if record["index"] % every:
            continue
        boxes = detector(rgb)
        free = list(range(len(boxes)))
        for person in sorted(record["people"], key=lambda p: -p["visible"]):
            x, y, w, h = person["box"]
            inside = (max(0, x), max(0, y), min(truth["width"], x + w), min(truth["height"], y + h))
            shown = (inside[0], inside[1], inside[2] - inside[0], inside[3] - inside[1])
            best = max(free, key=lambda i: iou(boxes[i][0], shown), default=None)
            matched = best is not None and iou(boxes[best][0], shown) >= 0.5
            if matched:
                free.remove(best)
            if person["visible"] < 0.5:
                continue
            row = tally.setdefault(person["id"], np.zeros(6))
            row[0] += 1
            if not matched:
                misses.append((record["index"], person["id"], person["visible"]))
                continue
            row[1] += 1
            found = estimator(rgb, boxes[best][0])
            points = np.array(person["keypoints"])
            off = np.linalg.norm(found[:, :2] - points[:, :2], axis=1)
            seen = points[:, 2] == 2
            row[2] += seen.sum()
            row[3] += (off[seen] < 0.1 * h).sum()
            row[4] += np.exp(-off[seen] ** 2 / (2 * (0.53 * w * h) * (2 * SIGMAS[seen]) ** 2)).mean()
            row[5] += 1
        false += sum(max((iou(boxes[i][0], p["box"]) for p in record["people"]), default=0) < 0.3 for i in free)
    return tally, false, misses


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--truth", type=Path, required=True)
    options.add_argument("--weights", type=Path, required=True)
    options.add_argument("--every", type=int, default=1)
    chosen = options.parse_args()
    truth = json.loads((chosen.truth / "street.truth.json").read_text())
    pictures = frames_of(chosen.truth / truth["clip"], truth["width"], truth["height"])
    tally, false, misses = check(truth, pictures, Yolox(chosen.weights / "yolox_nano.onnx"), TopDown(chosen.weights / "pp_tinypose_256x192.onnx"), chosen.every)
    print("id  frames  found   joints<0.1h  OKS")
    for identity, row in sorted(tally.items()) + [("all", sum(tally.values()))]:
        print(f"{identity!s:3} {row[0]:6.0f}  {row[1] / row[0]:.3f}   {row[3] / row[2]:.3f}        {row[4] / row[5]:.3f}")
    print("false boxes:", false)
    print("missed (frame, id, visible):", misses[:40])


if __name__ == "__main__":
    main()
