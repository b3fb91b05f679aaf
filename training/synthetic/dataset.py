"""Extra training people: `python -m synthetic.dataset --out FOLDER --pictures 500` writes annotations.json (COCO format) and PNGs.

Every picture has its own camera, light grain, trees, and one to three people in random clothes, walking, waving or in a free
posture. `posetrain prepare pose --data FOLDER/annotations.json` reads it like any other data. About a second a person on one core.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from posetrain.geometry import KEYPOINTS

from . import gait
from .figure import Pattern, Wardrobe, dress
from .picture import Body, compose, develop, soften
from .skeleton import Build, Limb, Posture, pose
from .street import Camera, place

_SKINS = ((0.93, 0.76, 0.66), (0.86, 0.67, 0.56), (0.80, 0.60, 0.48), (0.70, 0.50, 0.38), (0.56, 0.38, 0.28), (0.42, 0.28, 0.20))
_HAIRS = ((0.07, 0.06, 0.06), (0.17, 0.11, 0.08), (0.36, 0.22, 0.12), (0.62, 0.46, 0.26), (0.55, 0.54, 0.52))


def wardrobe(random):
    colour = lambda: tuple(random.uniform(0.05, 0.95, 3))
    pick = lambda options: options[random.integers(len(options))]
    return Wardrobe(
        skin=pick(_SKINS), hair=pick(_HAIRS), long_hair=bool(random.random() < 0.45), beard=bool(random.random() < 0.25), top=colour(), top_second=colour(),
        top_pattern=Pattern(int(random.integers(len(Pattern)))), sleeves=pick(("long", "short")), hem=random.uniform(0.0, 0.12), bottom=colour(),
        bottom_kind=pick(("trousers", "trousers", "shorts", "skirt")), bottom_pattern=pick((Pattern.PLAIN, Pattern.DENIM)), shoes=colour(), seed=int(random.integers(1000)))


def posture(random):
    kind = random.random()
    if kind < 0.35:
        return gait.walking(random.random(), random.uniform(0.6, 1.15), random.uniform(5, 60))
    if kind < 0.45:
        return gait.waving(random.uniform(0, 20))

    def limb():
        return Limb(arm_flexion=random.uniform(-35, 150), arm_abduction=random.uniform(2, 100), arm_twist=random.uniform(-50, 80), elbow=random.uniform(2, 130),
                    hip_flexion=random.uniform(-15, 80) * (random.random() < 0.7), hip_abduction=random.uniform(0, 25), knee=random.uniform(2, 100) * (random.random() < 0.7), ankle=random.uniform(-15, 15))

    return Posture(left=limb(), right=limb(), lean=random.uniform(-5, 40), side_lean=random.normal(0, 7), pelvis_turn=random.normal(0, 8), chest_turn=random.normal(0, 15),
                   nod=random.normal(0, 12), head_turn=random.normal(0, 25), head_tilt=random.normal(0, 7))


def picture(random, size):
    """A picture [h, w, 3] uint8 and the truths of its people."""
    camera = Camera(*size, focal=random.uniform(0.8, 1.5) * size[0], eye=random.uniform(0.9, 2.6), pitch=random.uniform(0, 9))
    colour, away = place(camera, 2, int(random.integers(2**31)))
    colour = soften(colour, random.uniform(0.3, 2.5)) * random.uniform(0.7, 1.25, 3)
    bodies = []
    for _ in range(random.integers(1, 4)):
        depth = random.uniform(2.6, 9)
        side = random.uniform(-0.45, 0.45) * depth * camera.width / camera.focal
        build = Build(random.uniform(1.5, 1.95), random.uniform(0.82, 1.4), random.uniform(0.9, 1.08), random.uniform(0.95, 1.1))
        figure = dress(*pose(build, posture(random), side, depth, random.uniform(-180, 180)), build, wardrobe(random))
        bodies.append(Body(figure, build.height / 1.75, camera))
    linear_picture, truths = compose(colour, away, bodies, camera)
    return develop(linear_picture * random.uniform(0.6, 1.2), random, random.uniform(0.5, 4), random.uniform(0.3, 1.0)), truths


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--pictures", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    size, images, annotations = (384, 288), [], []
    for number in range(chosen.pictures):
        pixels, truths = picture(np.random.default_rng((chosen.seed, number)), size)
        name = f"{number:06d}.png"
        Image.fromarray(pixels).save(chosen.out / name)
        images.append({"id": number, "file_name": name, "width": size[0], "height": size[1]})
        for truth in truths:
            if truth.visible < 0.3:
                continue
            x, y, w, h = truth.box
            left, top = max(0.0, x), max(0.0, y)
            box = [left, top, min(size[0], x + w) - left, min(size[1], y + h) - top]
            if min(box[2:]) <= 0:
                continue
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0, "bbox": box, "area": box[2] * box[3],
                                "num_keypoints": int((truth.keypoints[:, 2] > 0).sum()), "keypoints": [round(float(n), 2) for n in truth.keypoints.ravel()]})
    categories = [{"id": 1, "name": "person", "keypoints": KEYPOINTS}]
    (chosen.out / "annotations.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))


if __name__ == "__main__":
    main()
