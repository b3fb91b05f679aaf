"""AP on annotated pictures, by pycocotools, with the processing that the program itself uses."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors import safe_open

from .folding import fold
from .geometry import cut, iou, normalised, oks, suppress, unflip, voted, widen
from .networks import boxes_of, build, cell_centres
from .onnx_networks import HeatmapNetwork, NanoDet, Yolox, placed
from .pictures import input_of, letterbox, proportional

THRESHOLD, OVERLAP = 0.01, 0.6  # of the score and of NMS


def checkpoint_network(path, task):
    """The averaged network of a checkpoint and its configuration; or an exported one, folded, with what its header says."""
    if str(path).endswith(".safetensors"):
        with safe_open(path, "pt") as file:
            header, tensors = file.metadata(), {key: file.get_tensor(key).float() for key in file.keys()}
        config = {"network": json.loads(header["network"]), "stages": [{"size": [int(n) for n in header["input"].split("x")[2:]]}]}
        network = fold(build(task, config))
        network.load_state_dict(tensors)
        return network.eval(), config
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = build(task, state["config"])
    network.load_state_dict(state["average"])
    return network.eval(), state["config"]


@torch.no_grad()
def detect(network, pixels, size, device, threshold=THRESHOLD):
    """Boxes [n, 4] (x, y, w, h in the picture) and scores [n] of one picture; its input has the picture's proportions and `size`'s area."""
    size = proportional(pixels, size)
    canvas, r = letterbox(pixels, size)
    output = network(input_of(torch.from_numpy(canvas)[None], device)).float().cpu()
    return found_boxes(output, size, r, pixels.shape, threshold)


def found_boxes(output, size, r, shape, threshold=THRESHOLD):
    """Decodes a detector's output [1, 5, cells] (torch)."""
    scores = output[0, 0].sigmoid().numpy()
    keep = scores >= threshold / 2  # weaker ones have a vote about the boxes' sides
    corners = boxes_of(output[0, 1:], *cell_centres(*size)).numpy()[keep] / r
    corners = np.clip(corners, 0, [shape[1], shape[0]] * 2)
    boxes, scores = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]), scores[keep]
    kept = [i for i in suppress(boxes, scores, OVERLAP) if scores[i] >= threshold]
    return voted(boxes[kept], boxes, scores), scores[kept]


def plain_ap(found, truths, overlap=0.5):
    """Area under the precision-recall curve (all points) at one IoU; boxes marked `ignore` count neither way."""
    rows, people = [], 0
    for (boxes, scores), truth in zip(found, truths):
        real, ignored = truth[truth[:, 4] == 0, :4], truth[truth[:, 4] > 0, :4]
        people += len(real)
        taken = np.zeros(len(real), bool)
        table = iou(boxes, real)
        for i in np.argsort(-scores, kind="stable"):
            values = np.where(taken, 0, table[i]) if len(real) else np.zeros(1)
            if len(real) and values.max() >= overlap:
                taken[values.argmax()] = True
                rows.append((scores[i], 1))
            elif not len(ignored) or iou(boxes[i], ignored).max() < 0.3:
                rows.append((scores[i], 0))
    if not rows or not people:
        return 0.0
    hits = np.cumsum([hit for _, hit in sorted(rows, key=lambda r: -r[0])])
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    recall = hits / people
    return round(float((np.diff(np.concatenate([[0], recall])) * precision).sum()), 4)


def _pose_function(path, flip, size, dark=False):
    """picture, box -> keypoints [17, 3]."""
    if path.endswith(".onnx"):
        network = HeatmapNetwork(path)
        return lambda rgb, box: network(rgb, box, flip, dark)
    network, config = checkpoint_network(path, "pose")
    height, width = size or config["stages"][-1]["size"]

    @torch.no_grad()
    def estimate(rgb, box):
        crop = widen(box)
        tensor = torch.from_numpy(normalised(cut(rgb, crop, width, height))).permute(2, 0, 1)[None]
        heat = network(tensor).numpy()
        if flip:
            heat = 0.5 * (heat + unflip(network(tensor.flip(3)).numpy()))
        return placed(heat[0], crop, dark)

    return estimate


def _detector_function(path, size):
    """picture -> boxes, scores."""
    if path.endswith(".onnx"):
        name = Path(path).name
        if name.startswith(("yolox", "nanodet")):
            teacher = (Yolox if name.startswith("yolox") else NanoDet)(path)
            return lambda rgb: teacher(rgb, THRESHOLD)
        from .onnx_networks import session
        own = session(path)
        shape = tuple(own.get_inputs()[0].shape[2:])

        def ours(rgb):
            canvas, r = letterbox(rgb, shape)
            tensor = normalised(canvas).transpose(2, 0, 1)[None]
            return found_boxes(torch.from_numpy(own.run(None, {own.get_inputs()[0].name: tensor})[0]), shape, r, rgb.shape)

        return ours
    network, config = checkpoint_network(path, "detector")
    size = tuple(size or config["stages"][-1]["size"])
    return lambda rgb: detect(network, rgb, size, torch.device("cpu"))


def _oks_suppress(results, areas, threshold=0.9):
    """Results of one picture without near duplicates: greedy by score, OKS with the mean of both areas."""
    points = [np.array(r["keypoints"]).reshape(17, 3) for r in results]
    left, keep = sorted(range(len(results)), key=lambda i: -results[i]["score"]), []
    while left:
        best = left.pop(0)
        keep.append(best)
        left = [i for i in left if oks(points[i], points[best], (areas[i] + areas[best]) / 2) <= threshold]
    return [results[i] for i in keep]


def _pose_results(run, rgb, image, boxes, scores):
    """COCO results of the people in `boxes`: mean of the joint maxima above 0.2, times the box's score."""
    rows, areas = [], []
    for box, score in zip(boxes, scores):
        points = run(rgb, box)
        sure = points[points[:, 2] > 0.2, 2]
        flat = np.column_stack([points[:, :2], np.ones(17)]).ravel()
        rows.append({"image_id": image, "category_id": 1, "keypoints": [float(n) for n in flat], "score": float(score * sure.mean()) if len(sure) else 0.0})
        areas.append(float(np.prod(widen(box)[2:])))
    return rows, areas


def _score(truth, results, kind, images):
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet):
        judge = COCOeval(truth, truth.loadRes(results), kind)
        judge.params.imgIds, judge.params.catIds = images, [1]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats


def evaluate(task, model, annotations, pictures, flip, size, subsets, detector=None, dark=False):
    """Prints one JSON line. With a `detector` the pose network gets its boxes (from score 0.05) instead of the true ones."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(annotations)
    folder = Path(pictures) if pictures else Path(annotations).parent
    images = sorted(truth.getImgIds())
    run = _pose_function(model, flip, size, dark) if task == "pose" else _detector_function(model, size)
    find = _detector_function(detector, None) if detector else None
    results = []
    for image in images:
        entry = truth.loadImgs(image)[0]
        rgb = np.asarray(Image.open(folder / entry["file_name"]).convert("RGB"))
        if task == "detector":
            results += [{"image_id": image, "category_id": 1, "bbox": [float(n) for n in b], "score": float(s)} for b, s in zip(*run(rgb))]
        elif find:
            boxes, scores = find(rgb)
            results += _oks_suppress(*_pose_results(run, rgb, image, boxes[scores >= 0.05], scores[scores >= 0.05]))
        else:
            people = truth.loadAnns(truth.getAnnIds(imgIds=image, catIds=[1], iscrowd=False))
            boxes = [p["bbox"] for p in people if p.get("num_keypoints", 0) > 0]
            results += _pose_results(run, rgb, image, boxes, np.ones(len(boxes)))[0]
    if not results:
        raise SystemExit("the model found nobody")
    kind = "keypoints" if task == "pose" else "bbox"
    stats = _score(truth, results, kind, images)
    names = ("AP", "AP50", "AP75", "medium", "large", "AR") if task == "pose" else ("AP", "AP50", "AP75", "small", "medium", "large", "AR1", "AR10", "AR100")
    answer = {"model": Path(model).name, "pictures": len(images), "results": len(results), **{n: round(float(s), 4) for n, s in zip(names, stats)}}
    if subsets:
        answer["AP of subsets"] = []
        for seed in range(subsets):
            part = np.random.default_rng(seed).choice(images, round(0.8 * len(images)), replace=False).tolist()
            answer["AP of subsets"].append(round(float(_score(truth, [r for r in results if r["image_id"] in set(part)], kind, part)[0]), 4))
    print(json.dumps(answer))
