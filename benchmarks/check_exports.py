"""check_exports.py PROGRAM POSES FOLDER: see check-exports. Exits 1 when a reader finds other numbers than the records hold."""
import contextlib
import glob
import importlib.util
import io
import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

program, poses, folder = sys.argv[1:4]
lines = [json.loads(line) for line in open(poses, encoding="utf-8")]
header, frames = lines[0], [line for line in lines if line["type"] == "frame"]
names = header["keypoints"]["names"]
rows = [(frame, person) for frame in frames for person in frame["people"]]
sure = [(frame, person) for frame, person in rows if person["state"] != "tentative"]
tracked = [(frame, person) for frame, person in sure if person["id"] is not None]


def export(form, *options):
    out = os.path.join(folder, form + "".join(options).replace("/", "_"))
    subprocess.run([program, "export", poses, "--to", form, "-o", out, *options], check=True)
    return out


def equal(a, b, what, tolerance=1e-6):
    if not math.isclose(float(a), float(b), abs_tol=tolerance):
        sys.exit(f"{what}: {a}, the records have {b}")


def reader(name):
    if importlib.util.find_spec(name):
        return True
    print(f"{name}: not installed, left out")
    return False


def coco():
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(export("coco"))
        results = [{key: a[key] for key in ("image_id", "category_id", "keypoints", "score")} for a in truth.loadAnns(truth.getAnnIds())]
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
        evaluation.params.maxDets = [1000]
        evaluation.evaluate()
        evaluation.accumulate()
    equal(len(truth.getImgIds()), len(frames), "COCO images")
    equal(len(results), len(sure), "COCO annotations")
    precision = evaluation.eval["precision"][:, :, 0, 0, 0]
    equal(precision[precision > -1].mean(), 1, "AP of the exported poses against themselves")
    return f"{len(results)} annotations, AP against themselves 1"


def mot():
    import motmetrics
    table = motmetrics.io.loadtxt(export("mot"), fmt="mot15-2D")
    equal(len(table), len(tracked), "MOT rows")
    for frame, person in tracked:
        row = table.loc[(frame["frame"] + 1, person["id"] + 1)]
        # motmetrics takes one pixel off, as it believes that files count pixels from 1.
        for value, wanted in zip((row.X + 1, row.Y + 1, row.Width, row.Height, row.Confidence), (*person["box"], person["score"])):
            equal(value, wanted, f"MOT frame {frame['frame']}")
    return f"{len(table)} rows"


def csv():
    import pandas
    table = pandas.read_csv(export("csv"))
    equal(len(table), len(rows) * len(names), "CSV rows")
    wanted = [person["keypoints"][3 * i] if any(person["keypoints"][3 * i:3 * i + 3]) else math.nan for _, person in rows for i in range(len(names))]
    for value, number in zip(table.x, wanted):
        if not (math.isnan(value) and math.isnan(number)):
            equal(value, number, "CSV x")
    wide = pandas.read_csv(export("csv", "--wide"))
    equal(len(wide), len(rows), "wide CSV rows")
    return f"{len(table)} rows, {int(table.x.isna().sum())} missing joints"


def cvat():
    counts = []
    for shape, element in (("skeleton", "skeleton"), ("points", "points"), ("box", "box")):
        root = ElementTree.parse(export("cvat", "--shape", shape)).getroot()
        shapes = [s for track in root.findall("track") for s in track.findall(element)]
        shown = [s for s in shapes if (s.get("outside") or ("0" if any(p.get("outside") == "0" for p in s) else "1")) == "0"]
        equal(len(root.findall("track")), len({person["id"] for _, person in tracked}), "CVAT tracks")
        equal(len(shown), len(tracked), f"CVAT {shape} shapes")
        counts.append(len(shapes))
    return f"{counts} shapes"


def openpose():
    out = export("openpose", "--joints", "25")
    files = sorted(glob.glob(glob.escape(out) + "/*_keypoints.json"))
    equal(len(files), len(frames), "OpenPose files")
    for frame, path in zip(frames, files):
        people = json.load(open(path))["people"]
        wanted = [person for person in frame["people"] if person["state"] != "tentative"]
        equal(len(people), len(wanted), path)
        for person, other in zip(people, wanted):
            equal(len(person["pose_keypoints_2d"]), 75, path)
            equal(person["pose_keypoints_2d"][0], other["keypoints"][0], path)
    return f"{len(files)} files"


def posetrack18():
    file = json.load(open(export("posetrack18")))
    equal(len(file["images"]), len(frames), "PoseTrack images")
    equal(len(file["annotations"]), len(tracked), "PoseTrack annotations")
    return f"{len(file['annotations'])} annotations"


def trc():
    import opensim
    out = export("trc", "--height", "1.75", *([] if header["source"]["frame_rate"] else ["--rate", "25"]))
    files = sorted(glob.glob(glob.escape(out) + "/*.trc"))
    equal(len(files), len({person["id"] for _, person in tracked}), "TRC files")
    for path in files:
        table = opensim.TimeSeriesTableVec3(path)
        equal(table.getNumColumns(), len(names), "TRC markers")
    return f"{len(files)} files, {table.getNumRows()} rows"


for name, module, check in (("coco", "pycocotools", coco), ("mot", "motmetrics", mot), ("csv", "pandas", csv), ("cvat", "xml", cvat),
                            ("openpose", "json", openpose), ("posetrack18", "json", posetrack18), ("trc", "opensim", trc)):
    if reader(module):
        if module == "motmetrics":
            import numpy
            if not hasattr(numpy, "asfarray"):
                numpy.asfarray = lambda a: numpy.asarray(a, float)  # motmetrics 1.4.0 was written for NumPy 1
        print(f"{name}: read by {module}: {check()}", flush=True)
