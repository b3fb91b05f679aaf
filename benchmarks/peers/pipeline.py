#!/usr/bin/env python3
"""posestream on a clip beside the pipeline that a careful user writes in Python: OpenCV decodes, YOLOX-nano finds people,
PP-TinyPose their joints, ids by greedy overlap with the frame before. Detector and pose network run once a frame.

    benchmarks/peers/pipeline.py clip.mp4 --weights ~/weights
    benchmarks/peers/pipeline.py clip.mp4 --weights ~/weights --detect-every 10 --threads 2

Both programs run in turn, `--rounds` times; the Python one in each of its settings (ONNX Runtime or OpenVINO in f32, one call a
person or one a frame), of which the best counts.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import time

import environment

environment.enter()

import cv2  # noqa: E402
import numpy as np  # noqa: E402

SIDE, PERSON = 416, 0
SCORE, OVERLAP, SAME_PERSON = 0.3, 0.65, 0.3
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


def network(path, runtime, threads):
    if runtime == "onnxruntime":
        import onnxruntime as ort

        ort.set_default_logger_severity(3)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda x: session.run(None, {name: x})[0]
    import openvino as ov

    model = ov.Core().compile_model(str(path), "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1})
    request = model.create_infer_request()

    def run(x):
        request.infer([x], share_inputs=True)
        return request.get_output_tensor(0).data
    return run


class Detector:
    def __init__(self, run):
        self.run = run
        cells = [np.stack(np.meshgrid(np.arange(SIDE // s), np.arange(SIDE // s)), -1).reshape(-1, 2) for s in (8, 16, 32)]
        self.strides = np.concatenate([np.full((len(c), 1), s, np.float32) for c, s in zip(cells, (8, 16, 32))])
        self.cells = np.concatenate(cells).astype(np.float32)
        self.canvas = np.empty((SIDE, SIDE, 3), np.uint8)

    def __call__(self, picture):
        height, width = picture.shape[:2]
        ratio = min(SIDE / height, SIDE / width)
        inner = int(width * ratio), int(height * ratio)
        self.canvas[:] = 114
        self.canvas[:inner[1], :inner[0]] = cv2.resize(picture, inner)
        rows = self.run(np.ascontiguousarray(self.canvas.transpose(2, 0, 1)[None], np.float32))[0]
        scores = rows[:, 4] * rows[:, 5 + PERSON]
        sure = (scores > SCORE) & (rows[:, 5:].argmax(1) == PERSON)
        rows, scores, cells, strides = rows[sure], scores[sure], self.cells[sure], self.strides[sure]
        centres, sizes = (rows[:, :2] + cells) * strides, np.exp(rows[:, 2:4]) * strides
        boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], 1) / ratio
        kept = []
        order = np.argsort(-scores)
        while len(order):
            kept.append(order[0])
            order = order[1:][overlaps(boxes[order[0]], boxes[order[1:]]) <= OVERLAP]
        return boxes[kept]


def overlaps(box, others):
    if not len(others):
        return np.zeros(0)
    size = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.clip(size, 0, None).prod(1)
    return shared / np.maximum((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1) - shared, 1e-9)


class Poses:
    def __init__(self, run, batched):
        self.run, self.batched = run, batched

    def __call__(self, picture, boxes):
        if not len(boxes):
            return np.zeros((0, 17, 3))
        centres, heights, crops = [], [], []
        for left, top, right, bottom in boxes:
            centre = (left + right) / 2, (top + bottom) / 2
            height = max(bottom - top, (right - left) * 4 / 3) * 1.25
            scale = 256 / height
            matrix = np.array([[scale, 0, 96 - scale * centre[0]], [0, scale, 128 - scale * centre[1]]])
            crop = cv2.warpAffine(picture, matrix, (192, 256), flags=cv2.INTER_LINEAR)[:, :, ::-1]
            crops.append(((crop - MEAN) / DEVIATION).transpose(2, 0, 1))
            centres.append(centre)
            heights.append(height)
        inputs = np.ascontiguousarray(np.stack(crops), np.float32)
        maps = self.run(inputs) if self.batched else np.concatenate([self.run(inputs[i:i + 1]).copy() for i in range(len(inputs))])
        return self.joints(maps, np.array(centres), np.array(heights))

    @staticmethod
    def joints(maps, centres, heights):
        people, joints, rows, columns = maps.shape
        flat = maps.reshape(people, joints, -1)
        place = flat.argmax(2)
        score = np.take_along_axis(flat, place[..., None], 2)[..., 0]
        y, x = np.divmod(place, columns)
        inner = (x > 1) & (x < columns - 1) & (y > 1) & (y < rows - 1)
        # The published rule: a quarter towards the larger neighbour, inside the map only.
        at = lambda dy, dx: maps[  # noqa: E731
            np.arange(people)[:, None], np.arange(joints), np.clip(y + dy, 0, rows - 1), np.clip(x + dx, 0, columns - 1)]
        px = x + 0.25 * np.sign(at(0, 1) - at(0, -1)) * inner
        py = y + 0.25 * np.sign(at(1, 0) - at(-1, 0)) * inner
        unit = (heights / rows)[:, None]
        return np.stack([(px - columns / 2) * unit + centres[:, :1], (py - rows / 2) * unit + centres[:, 1:], score], 2)


def box_around(joints):
    sure = joints[joints[:, 2] > 0.3]
    sure = sure if len(sure) >= 3 else joints
    low, high = sure[:, :2].min(0), sure[:, :2].max(0)
    margin = (high - low) / 8
    return np.concatenate([low - margin, high + margin])


def python_pipeline(clip, weights, runtime, batched, threads, detect_every):
    """Frames a second, decoding included, networks loaded beforehand; and the number of ids."""
    cv2.setNumThreads(threads)
    detector = Detector(network(weights / "yolox_nano.onnx", runtime, threads))
    poses = Poses(network(weights / "pp_tinypose_256x192.onnx", runtime, threads), batched)
    film = cv2.VideoCapture(str(clip))
    frames, next_id, last = 0, 0, []
    start = time.perf_counter()
    while True:
        more, picture = film.read()
        if not more:
            break
        boxes = detector(picture) if frames % detect_every == 0 else np.array([box for _, box, _ in last]).reshape(-1, 4)
        people, free = [], list(last)
        for joints in poses(picture, boxes):
            box = box_around(joints)
            likeness = overlaps(box, np.array([other for _, other, _ in free]).reshape(-1, 4))
            if len(likeness) and likeness.max() > SAME_PERSON:
                identity = free.pop(int(likeness.argmax()))[0]
            else:
                identity, next_id = next_id, next_id + 1
            people.append((identity, box, joints))
        last = people
        frames += 1
    return frames / (time.perf_counter() - start), next_id


def our_pipeline(clip, weights, threads, settings):
    """The median of three runs of one process: the networks are loaded, planned and packed in the first."""
    command = [environment.POSESTREAM, "bench", "pipeline", clip, "--models", weights, "--threads", str(threads), "--runs", "3", "--json"]
    for setting in ["detect.model=yolox-nano", "pose.model=pp-tinypose-256x192", f"detect.score={SCORE}", *settings]:
        command += ["--set", setting]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report["fps"], report["people"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("clips", nargs="+", type=pathlib.Path)
    arguments.add_argument("--weights", type=pathlib.Path, required=True, help="folder with yolox_nano.onnx and pp_tinypose_256x192.onnx")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--detect-every", type=int, default=1, help="the Python pipeline's detector; in between boxes come from the joints")
    arguments.add_argument("--set", action="append", default=[], help="a setting of ours (repeatable)")
    options = arguments.parse_args()
    print(f"{environment.processor()}, {datetime.date.today()}, {options.threads} threads, f32, median of {options.rounds} rounds in turn\n")
    print("| clip | posestream fps (ids) | Python fps (ids), its best setting | ratio |")
    print("| --- | --- | --- | --- |")
    for clip in options.clips:
        found = {}
        for _ in range(options.rounds):
            found.setdefault("posestream", []).append(our_pipeline(clip, options.weights, options.threads, options.set))
            for runtime in ("onnxruntime", "openvino"):
                for batched in (False, True):
                    result = python_pipeline(clip, options.weights, runtime, batched, options.threads, options.detect_every)
                    found.setdefault(f"{runtime}, {'one call a frame' if batched else 'one call a person'}", []).append(result)
        speed = {name: float(np.median([fps for fps, _ in results])) for name, results in found.items()}
        ours = speed.pop("posestream")
        best = max(speed, key=speed.get)
        print(f"| {clip.name} | {ours:.1f} ({found['posestream'][-1][1]}) | {speed[best]:.1f} ({found[best][-1][1]}), {best} | {ours / speed[best]:.2f} |", flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
