"""coco_score.py TRUTH RESULTS...: scores COCO results with pycocotools; one line a file."""
import contextlib
import io
import os
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def score(truth, path):
    kind = "bbox" if os.path.basename(path).startswith("boxes.") else "keypoints"
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(path), kind)
        evaluation.params.catIds = [1]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def main():
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(sys.argv[1])
    for path in sys.argv[2:]:
        numbers = " ".join(f"{value:.4f}" for value in score(truth, path))
        print(f"{os.path.basename(path)[:-5]:42s} {numbers}")


if __name__ == "__main__":
    main()
