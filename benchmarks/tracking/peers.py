"""What others make of the same clips: ByteTrack, OC-SORT and BoT-SORT (package `trackers` of PyPI) and the plain greedy tracker
of a Python pipeline, all on the same YOLOX-nano detections (score from 0.1, NMS 0.65) by ONNX Runtime.

    python peers.py CLIP YOLOX_NANO.onnx OUTFOLDER

Writes one MOTChallenge file for each tracker and setting: OUTFOLDER/NAME/CLIP.txt, and the detections beside them.
Needs numpy, opencv-python-headless, onnxruntime, trackers.
"""
import json
import os
import sys

import cv2
import numpy as np

SIDE = 416


def grids():
    places, steps = [], []
    for step in (8, 16, 32):
        y, x = np.mgrid[: SIDE // step, : SIDE // step]
        places.append(np.stack([x.ravel(), y.ravel()], 1))
        steps.append(np.full((x.size, 1), step))
    return np.concatenate(places).astype(np.float32), np.concatenate(steps).astype(np.float32)


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def detect(session, picture, grid, step, score=0.1, nms=0.65):
    """Boxes (left, top, right, bottom) and scores of class 0."""
    height, width = picture.shape[:2]
    ratio = min(SIDE / height, SIDE / width)
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    canvas[: int(height * ratio), : int(width * ratio)] = cv2.resize(picture, (int(width * ratio), int(height * ratio)))
    rows = session.run(None, {session.get_inputs()[0].name: canvas.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    scores = rows[:, 4] * rows[:, 5]
    chosen = scores > score
    rows, scores = rows[chosen], scores[chosen]
    centre, size = (rows[:, :2] + grid[chosen]) * step[chosen], np.exp(rows[:, 2:4]) * step[chosen]
    boxes = np.concatenate([centre - size / 2, centre + size / 2], 1) / ratio
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if all(iou(boxes[i], boxes[j]) <= nms for j in kept):
            kept.append(i)
    return boxes[kept], scores[kept]


def detections(clip, model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    grid, step = grids()
    capture = cv2.VideoCapture(clip)
    while True:
        fine, picture = capture.read()
        if not fine:
            return
        yield picture, *detect(session, picture, grid, step)


def trackers(rate):
    """Name → a function that takes (picture, boxes, scores) and gives (id, box) pairs."""
    import supervision
    from trackers import BoTSORTTracker, ByteTrackTracker, OCSORTTracker

    def wrap(tracker):
        def update(picture, boxes, scores):
            found = supervision.Detections(
                xyxy=boxes.astype(np.float32).reshape(-1, 4), confidence=scores.astype(np.float32),
                class_id=np.zeros(len(boxes), int))
            found = tracker.update(found, frame=picture) if isinstance(tracker, BoTSORTTracker) else tracker.update(found)
            ids = found.tracker_id if found.tracker_id is not None else []
            return [(int(i), b) for i, b in zip(ids, found.xyxy) if i is not None and i >= 0]

        return update

    low = dict(high_conf_det_threshold=0.4)
    return {
        "bytetrack": wrap(ByteTrackTracker(frame_rate=rate)),
        "bytetrack-low": wrap(ByteTrackTracker(frame_rate=rate, track_activation_threshold=0.4, **low)),
        "ocsort": wrap(OCSORTTracker(frame_rate=rate)),
        "ocsort-low": wrap(OCSORTTracker(frame_rate=rate, **low)),
        "botsort": wrap(BoTSORTTracker(frame_rate=rate)),
        "botsort-low": wrap(BoTSORTTracker(frame_rate=rate, track_activation_threshold=0.4, **low)),
        "greedy": Greedy(),
    }


class Greedy:
    """Each box takes the most overlapping free one of the frame before, from IoU 0.3; else a new id. Boxes from score 0.5, NMS
    0.45, as the usual script has it."""

    def __init__(self):
        self.last, self.count = [], 0

    def __call__(self, _, boxes, scores):
        kept = []
        for box, score in zip(boxes, scores):
            if score > 0.5 and all(iou(box, other) <= 0.45 for other in kept):
                kept.append(box)
        free, now = list(self.last), []
        for box in kept:
            overlaps = [iou(box, other) for _, other in free]
            if overlaps and max(overlaps) > 0.3:
                now.append((free.pop(int(np.argmax(overlaps)))[0], box))
            else:
                self.count += 1
                now.append((self.count, box))
        self.last = now
        return now


def main():
    clip, model, folder = sys.argv[1:4]
    name = os.path.splitext(os.path.basename(clip))[0]
    rate = cv2.VideoCapture(clip).get(cv2.CAP_PROP_FPS) or 30
    rows, updates = {}, trackers(rate)
    for frame, (picture, boxes, scores) in enumerate(detections(clip, model), 1):
        for tracker, update in updates.items():
            for i, (left, top, right, bottom) in update(picture, boxes, scores):
                rows.setdefault(tracker, []).append(
                    f"{frame},{i + 1},{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f},1,-1,-1,-1")
    for tracker in updates:
        os.makedirs(f"{folder}/{tracker}", exist_ok=True)
        with open(f"{folder}/{tracker}/{name}.txt", "w") as out:
            out.write("\n".join(rows.get(tracker, [])) + "\n")
    print(json.dumps({"clip": name, "trackers": list(updates)}))


if __name__ == "__main__":
    main()
