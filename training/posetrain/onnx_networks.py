"""Ready networks through ONNX Runtime: teachers of the distillation, and our own exports when they are checked.

Every detector gives (boxes [n, 4] as x, y, w, h in the picture, scores [n]), every pose network heatmaps of a crop.
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from .geometry import cut, decode, decode_dark, normalised, suppress, unflip, widen


def session(path, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # old exports warn about every initializer
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def resized(rgb, width, height):
    """Plain bilinear resize of a uint8 picture (half-pixel centres, no antialiasing), float32."""
    return cv2.resize(np.ascontiguousarray(rgb), (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)


class Yolox:
    """YOLOX for COCO's classes, persons only: BGR 0..255, top left, rest 114."""

    def __init__(self, path, threads=1):
        self.session = session(path, threads)
        self.input = self.session.get_inputs()[0].name
        self.size = self.session.get_inputs()[0].shape[2]
        cells = []
        for stride in (8, 16, 32):
            n = self.size // stride
            y, x = np.mgrid[0:n, 0:n]
            cells.append(np.stack([x.ravel(), y.ravel(), np.full(n * n, stride)], 1))
        self.cells = np.concatenate(cells).astype(np.float32)

    def __call__(self, rgb, threshold=0.4):
        h, w = rgb.shape[:2]
        r = min(self.size / h, self.size / w)
        small = resized(rgb, int(w * r), int(h * r))
        canvas = np.full((self.size, self.size, 3), 114, np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        out = self.session.run(None, {self.input: canvas.transpose(2, 0, 1)[None]})[0][0]
        scores = out[:, 4] * out[:, 5]
        keep = (scores >= threshold) & (out[:, 5:].argmax(1) == 0)
        rows, cells, scores = out[keep], self.cells[keep], scores[keep]
        size = np.exp(rows[:, 2:4]) * cells[:, 2:]
        boxes = np.hstack([(rows[:, :2] + cells[:, :2]) * cells[:, 2:] - size / 2, size]) / r
        keep = suppress(boxes, scores, 0.65)
        return boxes[keep], scores[keep]


class NanoDet:
    """NanoDet-m with 8 bins a side: BGR, ImageNet mean and deviation, top left, rest 0 before normalisation."""

    MEAN, STD = np.array([103.53, 116.28, 123.675], np.float32), np.array([57.375, 57.12, 58.395], np.float32)

    def __init__(self, path, threads=1):
        self.session = session(path, threads)
        self.input, self.size = self.session.get_inputs()[0].name, self.session.get_inputs()[0].shape[2]

    def __call__(self, rgb, threshold=0.4):
        h, w = rgb.shape[:2]
        r = min(self.size / h, self.size / w)
        small = resized(rgb, round(w * r), round(h * r))
        canvas = np.zeros((self.size, self.size, 3), np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        outputs = self.session.run(None, {self.input: ((canvas - self.MEAN) / self.STD).transpose(2, 0, 1)[None]})
        outputs = {o.reshape(-1, o.shape[-1]).shape: o.reshape(-1, o.shape[-1]) for o in outputs}
        boxes, scores = [], []
        for stride in (8, 16, 32):
            n = self.size // stride
            classes, sides = outputs[n * n, 80], outputs[n * n, 32].reshape(-1, 4, 8)
            keep = np.flatnonzero((classes[:, 0] >= threshold) & (classes.argmax(1) == 0))
            bins = np.exp(sides[keep] - sides[keep].max(2, keepdims=True))
            d = stride * (bins / bins.sum(2, keepdims=True) * np.arange(8)).sum(2)
            x, y = keep % n * stride + (stride - 1) / 2, keep // n * stride + (stride - 1) / 2
            corners = np.clip(np.stack([x - d[:, 0], y - d[:, 1], x + d[:, 2], y + d[:, 3]], 1), 0, self.size) / r
            corners = np.clip(corners, 0, [w, h, w, h])
            boxes.append(np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]))
            scores.append(classes[keep, 0])
        boxes, scores = np.concatenate(boxes), np.concatenate(scores)
        keep = suppress(boxes, scores, 0.6)
        return boxes[keep], scores[keep]


class HeatmapNetwork:
    """A top-down network whose first output is heatmaps at a quarter of the input."""

    def __init__(self, path, threads=1):
        self.session = session(path, threads)
        self.input = self.session.get_inputs()[0].name
        self.height, self.width = self.session.get_inputs()[0].shape[2:]

    def heatmaps(self, crops, flip=False):
        """Crops [n, height, width, 3] (0..255) -> [n, 17, h, w]."""
        tensors = normalised(crops).transpose(0, 3, 1, 2)
        out = np.concatenate([self.session.run(None, {self.input: t[None]})[0] for t in tensors])
        if flip:
            mirrored = np.concatenate([self.session.run(None, {self.input: np.ascontiguousarray(t[None, ..., ::-1])})[0] for t in tensors])
            out = 0.5 * (out + unflip(mirrored))
        return out

    def __call__(self, rgb, box, flip=False, dark=False):
        """Keypoints [17, 3] (x, y in the picture, heatmap maximum) of the person in `box`."""
        crop = widen(box)
        return placed(self.heatmaps(cut(rgb, crop, self.width, self.height)[None], flip)[0], crop, dark)


def placed(heatmaps, crop, dark=False):
    """Decoded keypoints [17, 3] of a crop's heatmaps in the picture's coordinates."""
    points = (decode_dark if dark else decode)(heatmaps)
    cx, cy, w, h = crop
    points[:, 0] = cx - w / 2 + points[:, 0] * w / heatmaps.shape[2]
    points[:, 1] = cy - h / 2 + points[:, 1] * h / heatmaps.shape[1]
    return points


def teacher_files(folder):
    """The teachers' files in a folder of weights, by what they do."""
    folder = Path(folder)
    return {"pose": folder / "pp_tinypose_256x192.onnx", "yolox": folder / "yolox_nano.onnx", "nanodet": folder / "nanodet_m.onnx"}
