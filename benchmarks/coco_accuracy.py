"""coco_accuracy.py PROGRAM PICTURES FOLDER: see coco-accuracy."""
import contextlib
import io
import json
import os
import subprocess
import sys

try:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError:
    COCO = None

# Row, pipeline settings, options, AP of the weights' README (ONNX Runtime 1.31, OpenCV 5, pycocotools 2.0.11).
POSES = {"ultralight-simplepose": (0.4699, 0.4662), "pp-tinypose-256x192": (0.6082, 0.6228), "pp-tinypose-128x96": (0.4822, 0.4824)}
CHAINS = {
    "yolox-nano": {"ultralight-simplepose": (0.4311, 0.4299), "pp-tinypose-256x192": (0.5557, 0.5558), "pp-tinypose-128x96": (0.4248, 0.4403)},
    "nanodet-m": {"ultralight-simplepose": (0.4341, 0.4404), "pp-tinypose-256x192": (0.5394, 0.5655), "pp-tinypose-128x96": (0.4327, 0.4476)},
}
BOXES = {"yolox-nano": (0.65, 0.3877), "nanodet-m": (0.6, 0.3748)}
TOLERANCE = 0.005


def rows():
    for pose, values in POSES.items():
        for flip, wanted in zip((False, True), values):
            yield (f"true boxes, {pose}" + (", flip" if flip else ""), wanted, "keypoints",
                   [f"pose.model={pose}", f"pose.flip={str(flip).lower()}", "pose.nms=1"], ["--boxes", "truth"])
    for detector, (nms, wanted) in BOXES.items():
        yield f"{detector}, boxes", wanted, "boxes", [f"detect.model={detector}", f"detect.nms={nms}", "detect.score=0.01"], ["--task", "boxes"]
    for detector, poses in CHAINS.items():
        for pose, values in poses.items():
            for flip, wanted in zip((False, True), values):
                yield (f"{detector}, {pose}" + (", flip" if flip else ""), wanted, "keypoints",
                       [f"detect.model={detector}", f"detect.nms={BOXES[detector][0]}", "detect.score=0.05", "detect.max_people=1000",
                        f"pose.model={pose}", f"pose.flip={str(flip).lower()}"], [])


def pycocotools(truth, path, task):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(path), "bbox" if task == "boxes" else "keypoints")
        evaluation.params.catIds = [1]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return list(evaluation.stats)


def explained(program, pictures, name, ours):
    """Whether a row that is outside differs from the table by its pixels alone: the table was measured with OpenCV 5's warp, the
    published figures of all networks and ours with OpenCV 4's. Tells what was measured."""
    parts = name.split(", ")
    if parts[0] not in CHAINS or parts[1] not in POSES:
        return False, "only chains of two networks are looked into"
    try:
        from coco_pixels import explain
    except ImportError as error:
        return False, f"to look into it: pip install onnxruntime opencv-python-headless pycocotools ({error.name} is missing)"
    installed, same, _ = explain(program, pictures, os.environ["POSESTREAM_MODELS"], parts[0], parts[1], "flip" in parts)
    return abs(ours - same) <= TOLERANCE, f"ONNX Runtime on the installed OpenCV's crops {installed:.4f}, on our pixels {same:.4f}"


def main():
    program, pictures, folder = sys.argv[1:4]
    os.makedirs(folder, exist_ok=True)
    truth_path = os.path.join(pictures, "person_keypoints.json")
    truth = None
    if COCO:
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(truth_path)
    print("| run | table | ours | pycocotools |\n| --- | --- | --- | --- |")
    failed = False
    for name, wanted, task, settings, options in rows():
        kept = os.path.join(folder, name.replace(", ", ".") + ".json")
        command = [program, "eval", "coco", truth_path, "--pictures", pictures, "--results", kept, "--overwrite", "--json", *options]
        for setting in settings:
            command += ["--set", setting]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        numbers = [value for key, value in report.items() if key.startswith("A")]
        other = "-"
        if truth:
            theirs = pycocotools(truth, kept, task)
            other = f"{theirs[0]:.4f}"
            if any(abs(a - b) > 1e-9 for a, b in zip(numbers, theirs, strict=True)):
                failed, other = True, other + " (differs)"
        if abs(report["AP"] - wanted) > TOLERANCE:
            is_explained, why = explained(program, pictures, name, report["AP"])
            failed, other = failed or not is_explained, other + f" (outside by {report['AP'] - wanted:+.4f}: {why})"
        print(f"| {name} | {wanted:.4f} | {report['AP']:.4f} | {other} |", flush=True)
    print(f"results lie in {folder}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
