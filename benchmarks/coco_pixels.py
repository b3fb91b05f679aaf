#!/usr/bin/env python3
"""coco_pixels.py PROGRAM PICTURES WEIGHTS [DETECTOR POSE [--flip]]: where a row of coco-accuracy differs from the table, whose
difference is it?

Runs the pose network of the row in ONNX Runtime on the boxes that PROGRAM finds, twice: on crops that the installed OpenCV warps,
and on the same pixels as PROGRAM: OpenCV 4's fixed-point warp, written out in NumPy. Prints the AP of both and of PROGRAM.
Needs numpy, opencv-python-headless, onnxruntime and pycocotools.
"""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import onnxruntime
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
PARTNERS = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
SIGMAS = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10
SUPPRESSION = {"yolox-nano": 0.65, "nanodet-m": 0.6}


def fixed_point_warp(picture, matrix, size):
    """warpAffine of OpenCV 4 for bytes: places in 1/32 pixel, weights of 2^15, black outside."""
    inverse = cv2.invertAffineTransform(matrix)
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]

    def place(row):
        start = np.rint((row[1] * y + row[2]) * 1024).astype(np.int64) + 16
        return (start + np.rint(row[0] * x * 1024).astype(np.int64)) >> 5

    across, down = place(inverse[0]), place(inverse[1])
    left, top, a, b = across >> 5, down >> 5, across & 31, down & 31
    sum_ = np.zeros((size[1], size[0], 3), np.int64)
    for dy, wy in ((0, 32 - b), (1, b)):
        for dx, wx in ((0, 32 - a), (1, a)):
            px, py = left + dx, top + dy
            inside = (px >= 0) & (px < picture.shape[1]) & (py >= 0) & (py < picture.shape[0])
            taps = picture[np.clip(py, 0, picture.shape[0] - 1), np.clip(px, 0, picture.shape[1] - 1)].astype(np.int64)
            sum_ += taps * (inside * wx * wy * 32)[..., None]
    return ((sum_ + (1 << 14)) >> 15).astype(np.uint8)


def region(box, size):
    x, y, w, h = box
    aspect = size[0] / size[1]
    w, h = max(w, h * aspect), max(h, w / aspect)
    return np.array([x + box[2] / 2, y + box[3] / 2]), np.array([w, h]) * 1.25


def joints(session, picture, box, size, flip, warp):
    """[17, 3] in picture pixels; the region's area."""
    center, extent = region(box, size)
    scale = size[0] / extent[0]
    matrix = np.array([[scale, 0, size[0] / 2 - scale * center[0]], [0, scale, size[1] / 2 - scale * center[1]]])
    crop = warp(picture, matrix, size)[:, :, ::-1]

    def maps(crop):
        values = ((crop.astype(np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        outputs = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(values)})
        return next(o for o in outputs if o.ndim == 4)[0]

    heatmaps = maps(crop)
    if flip:
        mirrored = maps(crop[:, ::-1])[PARTNERS][:, :, ::-1]
        shifted = mirrored.copy()
        shifted[:, :, 1:] = mirrored[:, :, :-1]
        heatmaps = (heatmaps + shifted) / 2
    height, width = heatmaps.shape[1:]
    found = np.zeros((17, 3))
    for joint, heatmap in enumerate(heatmaps):
        py, px = divmod(int(heatmap.argmax()), width)
        score = heatmap[py, px]
        if score <= 0:
            continue
        x, y = float(px), float(py)
        if 1 < px < width - 1 and 1 < py < height - 1:
            x += 0.25 * np.sign(heatmap[py, px + 1] - heatmap[py, px - 1])
            y += 0.25 * np.sign(heatmap[py + 1, px] - heatmap[py - 1, px])
        found[joint] = center[0] + (x - width / 2) * extent[0] / width, center[1] + (y - height / 2) * extent[0] / width, score
    return found, extent[0] * extent[1]


def suppressed(people):
    """OKS suppression at 0.9, the best first."""
    order, kept = sorted(range(len(people)), key=lambda i: (-people[i][1], -i)), []
    while order:
        best = order.pop(0)
        kept.append(best)

        def similarity(other):
            distance = ((people[best][0][:, :2] - people[other][0][:, :2]) ** 2).sum(1)
            return np.exp(-distance / (2 * SIGMAS) ** 2 / ((people[best][2] + people[other][2]) / 2 + np.spacing(1)) / 2).mean()

        order = [other for other in order if similarity(other) <= 0.9]
    return [people[i] for i in kept]


def results(session, size, flip, warp, truth, pictures, boxes):
    out = []
    for image, info in truth.imgs.items():
        picture, people = cv2.imread(os.path.join(pictures, info["file_name"])), []
        for box in boxes.get(image, []):
            found, area = joints(session, picture, box["bbox"], size, flip, warp)
            sure = found[found[:, 2] > 0.2, 2]
            people.append((found, (sure.mean() if len(sure) else 0) * box["score"], area))
        for found, score, _ in suppressed(people):
            out.append({"image_id": image, "category_id": 1, "keypoints": found.ravel().tolist(), "score": float(score)})
    return out


def average_precision(truth, found):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(found), "keypoints")
        evaluation.params.catIds = [1]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[0]


def explain(program, pictures, weights, detector, pose, flip):
    """AP of the installed OpenCV's warp, of the same pixels as ours, and of ours."""
    truth_path = os.path.join(pictures, "person_keypoints.json")
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(truth_path)
    settings = [f"detect.model={detector}", f"detect.nms={SUPPRESSION[detector]}", "detect.score=0.05", "detect.max_people=1000",
                f"pose.model={pose}", f"pose.flip={str(flip).lower()}"]
    common = [program, "eval", "coco", truth_path, "--pictures", pictures, "--models", weights, "--json", "--overwrite"]
    for setting in settings:
        common += ["--set", setting]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "boxes.json")
        subprocess.run([*common, "--task", "boxes", "--results", path], check=True, stdout=subprocess.DEVNULL)
        with open(path) as file:
            boxes = {}
            for box in json.load(file):
                boxes.setdefault(box["image_id"], []).append(box)
    ours = json.loads(subprocess.run(common, check=True, stdout=subprocess.PIPE).stdout)["AP"]
    file = subprocess.run([program, "models", "path", pose, "--models", weights], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    size = (shape[3], shape[2])
    installed = average_precision(truth, results(session, size, flip, lambda p, m, s: cv2.warpAffine(p, m, s), truth, pictures, boxes))
    same = average_precision(truth, results(session, size, flip, fixed_point_warp, truth, pictures, boxes))
    return installed, same, ours


def main():
    program, pictures, weights, *row = sys.argv[1:]
    flip = "--flip" in row
    detector, pose = [word for word in row if word != "--flip"] or ["yolox-nano", "pp-tinypose-256x192"]
    installed, same, ours = explain(program, pictures, weights, detector, pose, flip)
    print(f"{detector}, {pose}{', flip' if flip else ''}: AP {installed:.4f} with the warp of OpenCV {cv2.__version__}, "
          f"{same:.4f} on our pixels, ours {ours:.4f}")


if __name__ == "__main__":
    main()
