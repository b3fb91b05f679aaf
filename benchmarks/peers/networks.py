#!/usr/bin/env python3
"""Our engine and ONNX Runtime, OpenVINO and ncnn on the same ONNX files, run in turn on this machine.

    benchmarks/peers/networks.py                                the networks of the goal, 1 and 2 threads
    benchmarks/peers/networks.py --only hrnet-w32 --threads 1   some of them
    benchmarks/peers/networks.py my.onnx ~/weights/*.onnx       any other files

Each round runs every program once (A B C D, A B C D, ...); told is the median of the rounds, and for the ratio the median of the
rounds' own ratios, so that a machine that is busy for a while disturbs all alike. With several threads each program is asked after a
pause; --warm has each run once before the run that counts, as programs that see picture after picture do. Outputs must agree with ONNX Runtime's:
ours within 1e-4 of the largest value (bf16: 0.05), else the script ends with 1.
"""
import argparse
import datetime
import pathlib
import subprocess
import sys
import time

import environment

environment.enter()

import numpy as np  # noqa: E402

import engines  # noqa: E402

NETWORKS = [
    "simplebaseline-r18", "simplebaseline-r50", "hrnet-w32", "hrnet-w48", "cpn-r50", "lightweight-openpose", "retinanet-r50-fpn",
]


def exported(name, folder):
    """The network with deterministic weights, as our exporter writes it and onnx's checker takes it."""
    import onnx

    path = pathlib.Path(folder) / f"{name}.onnx"
    if not path.exists():
        subprocess.run([environment.POSESTREAM, "models", "export", name, "--onnx", path], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(str(path), full_check=True)
    return path


def input_of(path):
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    stored = {tensor.name for tensor in graph.initializer}
    value = next(value for value in graph.input if value.name not in stored)
    shape = [dimension.dim_value or 1 for dimension in value.type.tensor_type.shape.dim]
    # Sizes that the file leaves open: the usual crop.
    if len(shape) == 4 and shape[2] == shape[3] == 1:
        shape[2:] = [256, 192]
    # Values as the network knows them: YOLOX takes bytes, all others normalised pixels.
    return (np.random.default_rng(0).standard_normal(shape) * (100 if "yolox" in pathlib.Path(path).stem else 1)).astype(np.float32)


def difference(a, b):
    """The largest difference relative to the largest value; None where the outputs are not the same kind of thing."""
    worst = 0.0
    for p, q in zip(a, b):
        p, q = np.asarray(p), np.asarray(q)
        if p.dtype.kind != "f":
            continue
        if p.size != q.size:
            return None
        worst = max(worst, float(np.abs(p.ravel() - q.ravel()).max() / max(np.abs(q).max(), 1e-9)))
    return worst


def measure(path, threads, rounds, skip, precision, warm):
    """Medians in milliseconds, ratios to ours, and differences from ONNX Runtime's outputs, by program."""
    x = input_of(path)
    ours = engines.Ours(path, x, threads, precision)
    runs, outputs, notes = {"posestream": ours.milliseconds}, {}, {}
    for name, make in engines.PEERS.items():
        if name in skip:
            continue
        try:
            run = make(str(path), x, threads, precision) if name == "openvino" else make(str(path), x, threads)
            outputs[name] = [np.array(output) for output in run()]
        except Exception as error:  # a program that cannot run a network is told, not hidden
            notes[name] = str(error).strip().splitlines()[-1][:120] if str(error).strip() else type(error).__name__
            continue
        runs[name] = timed(run)
    for run in runs.values():
        run(), run()
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            # Threads that wait for more work keep their core for up to a fifth of a second: not at the next program's cost.
            if threads > 1:
                time.sleep(0.25)
            if warm:
                run()
            times[name].append(run())
    differences = {}
    if "onnxruntime" in outputs:
        reference = outputs["onnxruntime"]
        floats = [output for output in reference if output.dtype == np.float32]
        outputs["posestream"] = ours.outputs([output.shape for output in floats])
        differences["posestream"] = difference(outputs["posestream"], floats)
        for name in ("openvino", "ncnn"):
            if name in outputs:
                differences[name] = difference(outputs[name], reference)
    ours.close()
    mine = np.array(times["posestream"])
    ratios = {name: float(np.median(np.array(values) / mine)) for name, values in times.items()}
    return {name: float(np.median(values)) for name, values in times.items()}, ratios, differences, notes


def timed(run):
    def once():
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1e3
    return once


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("files", nargs="*", help="ONNX files; without any, our networks are exported and measured")
    arguments.add_argument("--only", default="", help="names of our networks, with commas between them")
    arguments.add_argument("--threads", default="1,2")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--warm", action="store_true", help="an untimed run of the same program right before each that is timed")
    arguments.add_argument("--precision", default="f32", choices=["f32", "bf16"], help="of ours and OpenVINO; the others have f32 only")
    arguments.add_argument("--skip", default="", help="programs to leave out")
    arguments.add_argument("--folder", default=str(environment.CHECKOUT / ".build/peers-onnx"), help="where exported files are kept")
    options = arguments.parse_args()
    pathlib.Path(options.folder).mkdir(parents=True, exist_ok=True)
    names = [name for name in options.only.split(",") if name] or ([] if options.files else NETWORKS)
    paths = [pathlib.Path(file) for file in options.files] + [exported(name, options.folder) for name in names]

    print(f"{environment.processor()}, {datetime.date.today()}, {options.precision}, median of {options.rounds} rounds in turn{', warm' if options.warm else ''}, ms\n")
    print("| network | threads | posestream | onnxruntime | openvino | ncnn | best peer / ours | ours differs by |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    failed = False
    for path in paths:
        for threads in map(int, options.threads.split(",")):
            medians, ratios, differences, notes = measure(path, threads, options.rounds, options.skip.split(","), options.precision, options.warm)
            peers = {name: ratio for name, ratio in ratios.items() if name != "posestream"}
            best = min(peers, key=peers.get) if peers else None
            cells = [f"{medians[name]:.2f}" if name in medians else "-" for name in ("posestream", *engines.PEERS)]
            own = differences.get("posestream")
            failed |= own is None or own > (1e-4 if options.precision == "f32" else 0.05)
            text = "unknown" if own is None else f"{own:.1e}"
            print(f"| {path.stem} | {threads} | {' | '.join(cells)} | {f'{peers[best]:.2f} ({best})' if best else '-'} | {text} |", flush=True)
            for name, why in notes.items():
                print(f"{path.stem}: {name} does not run it: {why}", file=sys.stderr)
            for name in ("openvino", "ncnn"):
                if name in medians and (differences.get(name) is None or differences[name] > (1e-3 if options.precision == "f32" else 0.05)):
                    found = differences.get(name)
                    print(f"{path.stem}: {name}'s outputs differ from ONNX Runtime's by {'another shape' if found is None else f'{found:.1e}'}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
