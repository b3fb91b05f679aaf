"""systems.py CHECKOUT …: see systems."""
import json
import os
import re
import shlex
import subprocess
import sys

PROGRAM = os.environ["POSESTREAM"]
THREADS = int(os.environ.get("THREADS", 0)) or len(os.sched_getaffinity(0))

# What a pipeline is called, its system, the entry of `models list` whose accuracy is the published one, what `models synthesize`
# and `bench networks` call its network, and the size at which one look of the network is measured.
SYSTEMS = [
    ("simplebaseline", "SimpleBaseline", "simplebaseline-r50-256x192", "simplebaseline-r50", None),
    ("hrnet", "HRNet", "hrnet-w32-256x192", "hrnet-w32", None),
    ("cpn", "CPN", "cpn-r50-256x192", "cpn-r50", None),
    ("lightweight-openpose", "Lightweight OpenPose", "lightweight-openpose", "lightweight-openpose", "256x{width}"),
    ("multiposenet", "MultiPoseNet", "multiposenet-r101", "multiposenet-r101", "480x{width}"),
]
BOTTOM_UP = {"lightweight-openpose", "multiposenet", "yolo-pose"}
# Maps of no training are never sure, so that nobody would be confirmed, all poses of a picture are alike, and boxes around them wander.
UNTRAINED = ["pose.nms=1", "track.propagate=false", "track.high_score=0", "track.low_score=0", "track.confirm_score=0", "track.joint_score=0"]


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.PIPE, text=True, **options)


def say(text):
    print(text, file=sys.stderr, flush=True)


def frames_of(clip):
    """What ffprobe decodes."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries", "stream=nb_read_frames,width,height",
               "-of", "json", clip]
    stream = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)["streams"][0]
    return int(stream["nb_read_frames"]), stream["width"], stream["height"]


def model_of(pipeline):
    text = run("run", "--print-pipeline", "--pipeline", pipeline).stdout
    section, model = "", None
    for line in text.splitlines():
        if not line.startswith(" "):
            section = line.partition(":")[0]
        elif section == "pose" and line.strip().startswith("model:"):
            model = line.partition(":")[2].strip().strip("\"'")
    return model


def weights(pipeline, synthetic, folder):
    """Makes sure that the pipeline finds its pose network; tells whether it is a real one."""
    found = subprocess.run([PROGRAM, "models", "path", model_of(pipeline)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if found.returncode == 0:
        return True
    present = subprocess.run([PROGRAM, "models", "path", model_of(pipeline), "--models", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if present.returncode != 0:
        run("models", "synthesize", synthetic, "--into", folder)
    return False


def check(path, frames, joints):
    """Reads the records; returns the number of poses that a network gave, and of ids. Raises ValueError."""
    with open(path) as file:
        records = [json.loads(line) for line in file]
    header, body, end = records[0], [r for r in records if r["type"] == "frame"], records[-1]
    names = header["keypoints"]["names"]
    people = [person for record in body for person in record["people"]]
    for holds, what in [
        (header["type"] == "header" and end["type"] == "end" and end["reason"] == "eof", "begins or ends otherwise"),
        (len(body) == frames and end["frames"] == frames, f"{len(body)} frames, the clip has {frames}"),
        ([r["frame"] for r in body] == list(range(frames)), "frames are not numbered in order"),
        (len(names) == joints, f"{len(names)} joints, not {joints}"),
        (all(len(p["keypoints"]) == 3 * joints for p in people), "a person has another number of joints"),
        (all(isinstance(p["id"], int) for p in people), "a person has no id"),
        (all(len({p["id"] for p in r["people"]}) == len(r["people"]) for r in body), "an id stands twice in a frame"),
    ]:
        if not holds:
            raise ValueError(f"{path}: {what}")
    return sum(p["src"] == "net" for p in people), len({p["id"] for p in people})


def record(pipeline, clip, out, settings, models, name=None):
    """One run into OUT/NAME.ndjson; its summary."""
    path = os.path.join(out, f"{name or pipeline}.ndjson")
    command = ["run", clip, "--pipeline", pipeline, "-o", path, "--overwrite", "--progress", "json", "--threads", str(THREADS), "--models", models]
    for setting in settings:
        command += ["--set", setting]
    errors = run(*command, stderr=subprocess.PIPE).stderr
    summary = next(json.loads(line) for line in errors.splitlines() if line.startswith('{"type":"summary"'))
    return path, summary


def measure(checkout, clip, out, wanted):
    frames, width, height = frames_of(clip)
    models = os.path.join(out, "weights")
    os.makedirs(models, exist_ok=True)
    kept = load(out)
    registry = {row["name"]: row for row in json.loads(run("models", "list", "--json").stdout)}
    processor = json.loads(run("bench", "networks", "--json", "simplebaseline-r18", "--input", "64x64", "--runs", "1").stdout)["processor"]
    kept["machine"] = {"processor": processor, "threads": THREADS, "clip": os.path.basename(clip), "frames": frames, "width": width, "height": height}

    # How many people stand in the clip's frames: what bottom-up systems would find if their weights were trained.
    if not wanted or "default" in wanted:
        path, summary = record("default", clip, out, [], models)
        people, ids = check(path, frames, 17)
        kept["default"] = {"people_per_frame": people / frames, "ids": ids, "fps": summary["fps"]}
        say(f"default: {frames} frames, {people} poses, {ids} ids, {summary['fps']:.1f} frames a second")
    for pipeline, system, entry, synthetic, size in SYSTEMS:
        if wanted and pipeline not in wanted:
            continue
        real = weights(pipeline, synthetic, models)
        settings = [] if real or pipeline in BOTTOM_UP else UNTRAINED
        path, summary = record(pipeline, clip, out, settings, models)
        poses, ids = check(path, frames, 17)
        if pipeline not in BOTTOM_UP and not (poses and ids):
            raise ValueError(f"{path}: nobody has an id, though the detector gives boxes")
        side = size and size.format(width=-(-round(width * int(size.split('x')[0]) / height) // 32) * 32)
        bench = ["bench", "networks", model_of(pipeline), "--models", models, "--threads", "1", "--runs", "7", "--json"]
        network = json.loads(run(*bench, *(["--input", side] if side else [])).stdout)["networks"][0]
        kept[pipeline] = {
            "system": system, "weights": f"`{model_of(pipeline)}`", "are_real": real, "published": registry[entry]["accuracy"],
            "network_ms": network["milliseconds"], "input": "x".join(str(n) for n in network["input"][2:]),
            "frame_ms": 1000 * summary["seconds"] / frames, "pose_ms": 1000 * summary["stages"]["pose"] / frames, "fps": summary["fps"],
            "poses": poses, "ids": ids, "seconds": summary["seconds"],
        }
        say(f"{pipeline}: {frames} frames, {poses} poses, {ids} ids, {kept[pipeline]['frame_ms']:.1f} ms a frame")
        if pipeline == "lightweight-openpose":
            path, _ = record(pipeline, clip, out, ["pose.keypoints=native"], models, name="lightweight-openpose-native")
            check(path, frames, 18)
            say("lightweight-openpose with its own 18 joints: as it must be")
    if not wanted or "yolo-pose" in wanted:
        model = os.path.join(checkout, "fixtures/pose-decoders/yolo_pose.onnx")
        path, summary = record("yolo-pose", clip, out, [f"pose.model={model}"], models)
        check(path, frames, 17)
        say(f"yolo-pose, with the network of the tests: {frames} frames")
    store(out, kept)


def agreement(out, log=None):
    """What agreement.py measures, and the lines of a log of the reference tests."""
    from agreement import rows as measured

    rows = [(system, f"{name}, outputs", f"{difference:.1e} of the largest value")
            for system, name, difference in measured(PROGRAM, os.path.join(out, "weights"))]
    if log:
        with open(log) as file:
            rows += sorted({tuple(part.strip() for part in line.split("|")[1:]) for line in file if line.startswith("agreement |")})
    kept = load(out)
    kept["agreement"] = rows
    store(out, kept)


def load(out):
    path = os.path.join(out, "systems.json")
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def store(out, kept):
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "systems.json"), "w") as file:
        json.dump(kept, file, indent=1)


def worst_of(rows, system):
    """The largest difference of a system's maps."""
    values = [float(re.match(r"\S+", text).group()) for name, _, text in rows if name == system and text.endswith("of the largest value")]
    return f"{max(values):.0e}".replace("e-0", "e-") if values else "-"


def table(out):
    kept = load(out)
    machine, rows = kept.get("machine", {}), kept.get("agreement", [])
    crowd = kept.get("default", {}).get("people_per_frame")
    print("| system | pipeline | weights | published accuracy | worst difference | one look, ms | a frame, ms | people a second |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for pipeline, *_ in SYSTEMS:
        row = kept.get(pipeline)
        if not row:
            continue
        if pipeline in BOTTOM_UP:
            people = f"{crowd * row['fps']:.0f}" if crowd else "-"
        else:
            people = f"{row['poses'] / row['seconds']:.0f}"
        print(f"| {row['system']} | `{pipeline}` | {row['weights']}{'' if row['are_real'] else ' *'} | {row['published']} | {worst_of(rows, row['system'])} "
              f"| {row['network_ms']:.0f} ({row['input']}) | {row['frame_ms']:.0f} | {people} |")
    if machine:
        print(f"\n{machine['processor']}, {machine['threads']} threads, {machine['clip']} ({machine['frames']} frames of "
              f"{machine['width']}x{machine['height']}" + (f", {crowd:.1f} people in each by the default pipeline)" if crowd else ")"))
    if rows:
        print("\n| system | compared | largest difference |\n| --- | --- | --- |")
        for row in rows:
            print(f"| {' | '.join(row)} |")


def main():
    checkout, *arguments = sys.argv[1:]
    if arguments[:1] == ["--agreement"] and len(arguments) in (2, 3):
        agreement(*arguments[1:])
        return table(arguments[1])
    if arguments[:1] == ["--table"] and len(arguments) == 2:
        return table(arguments[1])
    if len(arguments) < 2 or arguments[0].startswith("-"):
        sys.exit("usage: benchmarks/systems CLIP OUT [PIPELINE…] | --agreement OUT [LOG] | --table OUT")
    clip, out, *wanted = arguments
    unknown = set(wanted) - {row[0] for row in SYSTEMS} - {"default", "yolo-pose"}
    if unknown:
        sys.exit(f"no such pipeline: {', '.join(sorted(unknown))}")
    try:
        measure(checkout, clip, out, wanted)
    except ValueError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{shlex.join(error.cmd)}: exit {error.returncode}{': ' + error.stderr.strip() if error.stderr else ''}")
    table(out)


if __name__ == "__main__":
    main()
