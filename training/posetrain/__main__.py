"""`python -m posetrain prepare|train|evaluate|export pose|detector ...`"""

import argparse
import tomllib
from pathlib import Path

HERE = Path(__file__).parent.parent


def _setting(text):
    """key=value with the value as in TOML."""
    key, _, value = text.partition("=")
    return key, tomllib.loads(f"v = {value}")["v"]


def main():
    top = argparse.ArgumentParser(prog="posetrain", description="Trains the embedded person detector and pose network.")
    commands = top.add_subparsers(dest="command", required=True)

    one = commands.add_parser("prepare", help="cut people or pictures into shards and ask the teachers once")
    one.add_argument("task", choices=("pose", "detector"))
    one.add_argument("--data", required=True, help="COCO-format JSON (or .gz), or a folder with annotations.json.gz and shards/")
    one.add_argument("--pictures", help="folder of the pictures (default: beside the annotations)")
    one.add_argument("--weights", required=True, help="folder of the teachers' ONNX files")
    one.add_argument("--out", required=True, help="prepared data")
    one.add_argument("--threads", type=int, default=1)

    one = commands.add_parser("train", help="train, or go on where a cut run stopped")
    one.add_argument("task", choices=("pose", "detector"))
    one.add_argument("--prepared", required=True, action="append", help="prepared data (may be given several times)")
    one.add_argument("--out", required=True, help="checkpoints and curve.jsonl")
    one.add_argument("--config", help="TOML (default: configs/TASK.toml)")
    one.add_argument("--set", dest="changes", type=_setting, action="append", default=[], metavar="KEY=VALUE")
    one.add_argument("--minutes", type=float, help="stop (resumably) after this time")
    one.add_argument("--threads", type=int, help="of PyTorch on the CPU, in each process")
    one.add_argument("--processes", type=int, default=1, help="share every batch among so many processes of this machine (CPU)")
    one.add_argument("--begin-from", metavar="FILE", help="a new run takes the tensors of equal name and shape from this checkpoint or exported .safetensors")
    one.add_argument("--weights", help="folder of the teachers' ONNX files, for a detector with `dense_share` and stages of a pose network with `teach_views`")
    one.add_argument("--device", help="cpu, cuda (default: cuda where there is one)")

    one = commands.add_parser("evaluate", help="AP by pycocotools on annotated pictures")
    one.add_argument("task", choices=("pose", "detector"))
    one.add_argument("--model", required=True, help="checkpoint (.pt), exported .safetensors or .onnx, or a teacher's .onnx")
    one.add_argument("--annotations", required=True)
    one.add_argument("--pictures", help="default: beside the annotations")
    one.add_argument("--flip", action="store_true")
    one.add_argument("--dark", action="store_true", help="heatmaps are read by DARK instead of the quarter offset, as the program reads the embedded network's")
    one.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="of a checkpoint's input")
    one.add_argument("--detector", help="of the same kinds; pose from its boxes instead of the true ones")
    one.add_argument("--subsets", type=int, default=5, help="random subsets of 80 %% of the pictures for the spread")

    one = commands.add_parser("export", help="float16 safetensors, and ONNX of the same weights for checking")
    one.add_argument("task", choices=("pose", "detector"))
    one.add_argument("--checkpoint", required=True)
    one.add_argument("--out", required=True, help="folder")
    one.add_argument("--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="of the input (default: of the last stage)")
    one.add_argument("--name", help="stem of the files")
    one.add_argument("--blend", metavar="FILE", help="an exported .safetensors that this network began from: weights between both")
    one.add_argument("--blend-share", type=float, default=0.25, help="of that file (default: 0.25)")
    one.add_argument("--lift", type=float, default=0.0, help="added to the logit of a detector's score")
    one.add_argument("--scale", type=float, default=1.0, help="a pose network's heatmaps are multiplied by it")
    one.add_argument("--note", action="append", default=[], type=lambda t: t.partition("=")[::2], metavar="KEY=TEXT", help="for the file's header")

    chosen = top.parse_args()
    if chosen.command == "prepare":
        from .prepare import prepare
        prepare(chosen.task, chosen.data, chosen.pictures, chosen.out, chosen.weights, chosen.threads)
    elif chosen.command == "train":
        from .together import run_together
        from .train import train
        config = tomllib.loads(Path(chosen.config or HERE / "configs" / f"{chosen.task}.toml").read_text())
        arguments = (chosen.task, config | dict(chosen.changes), chosen.prepared, Path(chosen.out), chosen.minutes, chosen.threads, chosen.device,
                     chosen.begin_from, chosen.weights)
        if chosen.processes > 1:
            run_together(chosen.processes, train, *arguments)
        else:
            train(*arguments)
    elif chosen.command == "evaluate":
        from .evaluate import evaluate
        evaluate(chosen.task, chosen.model, chosen.annotations, chosen.pictures, chosen.flip, chosen.size, chosen.subsets, chosen.detector, chosen.dark)
    else:
        from .export import export
        export(chosen.task, chosen.checkpoint, Path(chosen.out), chosen.name, chosen.size, dict(chosen.note), chosen.lift, chosen.scale,
               (chosen.blend, chosen.blend_share) if chosen.blend else None)


if __name__ == "__main__":
    main()
