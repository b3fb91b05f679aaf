"""From annotations to shards that training reads without decoding: crops, pictures, and the teachers' answers.

A finished shard is one folder; a shard whose folder is there is skipped, one whose pictures are not here yet is left for the
next call. So preparation can be cut and continued, and data can arrive in several parts.
"""

import json
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from .coco import Annotations
from .geometry import cut, iou, suppress, widen
from .onnx_networks import HeatmapNetwork, NanoDet, Yolox, resized, teacher_files

# A person's canvas: the standard crop of 256x192 with a quarter more on all sides, so that augmentation finds pixels there.
CANVAS_HEIGHT, CANVAS_WIDTH, MARGIN = 320, 240, 1.25
HEAT_HEIGHT, HEAT_WIDTH = 64, 48  # of the teacher, over the standard crop
SMALLEST = 28  # pixels: people lower than this teach nothing
LONGEST = 384  # pixels of a stored picture's longer side
# Scores of taught boxes: a person where both detectors say SURE_BOTH and one SURE_ONE; something to ignore from UNSURE
# (YOLOX, NanoDet; the latter gives many low boxes on plain background).
SURE_BOTH, SURE_ONE, UNSURE = 0.35, 0.5, (0.15, 0.35)
# Width over height that a picture stretched to a square may have had.
PROPORTIONS = (1, 4 / 3, 3 / 2, 16 / 9, 3 / 4, 2 / 3, 9 / 16)
ASKED = 6  # people of a picture who decide on its proportions


def _finish(folder, arrays, note):
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "note.json").write_text(json.dumps(note))


def _each_shard(annotations, out, work):
    for name, group in annotations.shards().items():
        folder = out / name
        if folder.exists():
            continue
        if not annotations.available(group):
            print(f"{name}: pictures not here, left for later", flush=True)
            continue
        unfinished = out / f".{name}.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        arrays, note = work(group)
        _finish(unfinished, arrays, note)
        unfinished.rename(folder)
        print(f"{name}: {note}", flush=True)


def prepare_pose(annotations, out, weights, threads):
    """Canvases, labels and the teacher's heatmaps (zlib of uint8 [17, 64, 48]) of every usable person."""
    teacher = HeatmapNetwork(teacher_files(weights)["pose"], threads)
    out = Path(out) / "pose"
    inner_w, inner_h = CANVAS_WIDTH / MARGIN, CANVAS_HEIGHT / MARGIN

    def work(group):
        canvases, labels, kinds, blobs = [], [], [], []
        for picture in group:
            people = [p for p in picture.people if not p.crowd and p.box[3] >= SMALLEST and p.box[2] >= SMALLEST / 4]
            if not people:
                continue
            pixels = annotations.pixels(picture)
            if not picture.proportions:
                pixels, people = _unstretched(pixels, people, teacher)
            for person in people:
                crop = widen(person.box)
                heat = teacher.heatmaps(cut(pixels, crop, teacher.width, teacher.height)[None], flip=True)[0]
                labelled = int((person.keypoints[:, 2] > 0).sum())
                peaks = heat.reshape(17, -1).max(1)
                if labelled < 3 and (peaks > 0.4).sum() < 6:
                    continue
                cx, cy, w, h = crop
                canvas = cut(pixels, (cx, cy, w * MARGIN, h * MARGIN), CANVAS_WIDTH, CANVAS_HEIGHT)
                points = person.keypoints.copy()
                points[:, 0] = (points[:, 0] - cx) * (inner_w / w) + CANVAS_WIDTH / 2
                points[:, 1] = (points[:, 1] - cy) * (inner_h / h) + CANVAS_HEIGHT / 2
                points[points[:, 2] == 0] = 0
                canvases.append(np.clip(canvas + 0.5, 0, 255).astype(np.uint8))
                labels.append(points)
                area = person.box[2] * person.box[3] * (inner_w / w) * (inner_h / h)
                kinds.append((picture.validation, picture.faces or labelled == 0, person.quality, area))
                heat = np.clip(heat * 255 + 0.5, 0, 255).astype(np.uint8)
                heat[heat < 4] = 0
                blobs.append(zlib.compress(heat.tobytes(), 6))
        ends = np.cumsum([len(b) for b in blobs])
        return {
            "canvases": np.array(canvases, np.uint8).reshape(-1, CANVAS_HEIGHT, CANVAS_WIDTH, 3),
            "keypoints": np.array(labels, np.float32).reshape(-1, 17, 3),
            "kinds": np.array(kinds, np.float32).reshape(-1, 4),  # validation, whole (not limbs alone), trust, box area in canvas pixels
            "heat": np.frombuffer(b"".join(blobs), np.uint8), "heat_ends": np.array(ends, np.int64),
        }, {"people": len(labels), "heat bytes": int(ends[-1]) if len(ends) else 0}

    _each_shard(annotations, out, work)


def _unstretched(pixels, people, teacher):
    """A picture that was stretched to a square, and its people, in those proportions in which the teacher is surest of their joints."""
    height, width = pixels.shape[:2]
    asked = sorted(people, key=lambda p: -p.box[2] * p.box[3])[:ASKED]
    best = None
    for proportion in PROPORTIONS:
        w = round(width * min(1, proportion * height / width))
        h = round(w / proportion)
        scale = np.array([w / width, h / height] * 2)
        small = np.clip(resized(pixels, w, h) + 0.5, 0, 255).astype(np.uint8)
        crops = np.stack([cut(small, widen(scale * p.box), teacher.width, teacher.height) for p in asked])
        sureness = teacher.heatmaps(crops).max((2, 3)).mean()
        if best is None or sureness > best[0]:
            best = sureness, small, scale
    _, small, scale = best
    points = np.append(scale[:2], 1).astype(np.float32)
    return small, [replace(p, box=tuple(scale * p.box), keypoints=p.keypoints * points) for p in people]


def prepare_detector(annotations, out, weights, threads):
    """Pictures of at most LONGEST pixels, true boxes, and the teachers' boxes as extra people and as regions to ignore."""
    files = teacher_files(weights)
    teachers = [Yolox(files["yolox"], threads), NanoDet(files["nanodet"], threads)]
    out = Path(out) / "detector"

    def work(group):
        pixels, sizes, boxes, flags = [], [], [], []
        for picture in group:
            full = annotations.pixels(picture)
            scale = min(1.0, LONGEST / max(full.shape[:2]))
            small = full
            if scale < 1:
                small = np.clip(resized(full, round(full.shape[1] * scale), round(full.shape[0] * scale)) + 0.5, 0, 255).astype(np.uint8)
            true = [(*p.box, 1 if p.crowd else 0) for p in picture.people]
            rows = true + ([] if picture.complete else _taught(full, [t[:4] for t in true], teachers))
            rows = np.array(rows, np.float32).reshape(-1, 5)
            rows[:, :4] *= [small.shape[1] / full.shape[1], small.shape[0] / full.shape[0]] * 2
            pixels.append(small.reshape(-1))
            sizes.append(small.shape[:2])
            boxes.append(rows)
            flags.append((picture.validation, picture.complete))
        return {
            "pixels": np.concatenate(pixels), "sizes": np.array(sizes, np.int32), "boxes": np.concatenate(boxes),  # x, y, w, h, ignore
            "box_ends": np.cumsum([len(b) for b in boxes]), "flags": np.array(flags, np.uint8),  # validation, complete
        }, {"pictures": len(sizes), "boxes": int(sum(len(b) for b in boxes))}

    _each_shard(annotations, out, work)


def _taught(rgb, known, teachers):
    """People whom the labels lack: sure ones as boxes, unsure ones to ignore. Rows x, y, w, h, ignore."""
    answers = [teacher(rgb, threshold) for teacher, threshold in zip(teachers, UNSURE)]
    boxes, scores = np.concatenate([a[0] for a in answers]), np.concatenate([a[1] for a in answers])
    rows = []
    for i in suppress(boxes, scores, 0.55):
        if len(known) and iou(boxes[i], known).max() > 0.45:
            continue
        both = all(len(a[0]) and (iou(boxes[i], a[0])[0] * (a[1] >= SURE_BOTH)).max() > 0.5 for a in answers)
        rows.append((*boxes[i], 0 if both and scores[i] >= SURE_ONE else 1))
    return rows


def prepare(task, data, pictures, out, weights, threads):
    annotations = Annotations(data, pictures)
    {"pose": prepare_pose, "detector": prepare_detector}[task](annotations, out, weights, threads)
