"""The body and the clothes: tapered capsules with elliptic sections around the bones, each with a material.

A part is one row of numbers that `render.py` reads; `Layout` names the columns. Parts that touch are blended softly,
so shoulders and hips have no seams; sleeves and hems end in flat cuts.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .skeleton import Bone


class Layout:
    """Columns of a part's row."""

    ORIGIN, AXES, LENGTH, START, END, WIDE, DEEP, BLEND, CUT, CENTRE, REACH, MATERIAL, SIZE = (
        0, 3, 12, 13, 14, 15, 16, 17, 18, 22, 25, 26, 27)


class Material(IntEnum):
    SKIN, FACE, HAIR, TOP, SLEEVE, BOTTOM, SHOE, INNER = range(8)


class Pattern(IntEnum):
    PLAIN, STRIPES, CHECKS, DENIM, OPEN_JACKET, PRINT = range(6)


@dataclass(frozen=True)
class Wardrobe:
    """What a person looks like; colours are sRGB 0..1."""

    skin: tuple = (0.80, 0.60, 0.48)
    hair: tuple = (0.20, 0.13, 0.09)
    long_hair: bool = False
    beard: bool = False
    top: tuple = (0.25, 0.35, 0.55)
    top_second: tuple = (0.9, 0.9, 0.88)
    top_pattern: Pattern = Pattern.PLAIN
    sleeves: str = "long"  # long, short
    hem: float = 0.06  # metres by which the top hangs below the hips' joints
    bottom: tuple = (0.18, 0.22, 0.32)
    bottom_kind: str = "trousers"  # trousers, shorts, skirt
    bottom_pattern: Pattern = Pattern.DENIM
    shoes: tuple = (0.12, 0.11, 0.11)
    sole: tuple = (0.75, 0.74, 0.7)
    seed: int = 0


@dataclass(frozen=True)
class Figure:
    parts: np.ndarray  # [parts, Layout.SIZE]
    colours: np.ndarray  # [materials, 2, 3] linear
    patterns: np.ndarray  # [materials]
    head: np.ndarray  # [4, 3] origin and axes (rows) of the head's frame
    keypoints: np.ndarray  # [17, 3]
    seed: int
    beard: bool


def linear(colour):
    return np.asarray(colour, float) ** 2.2


class _Tailor:
    """Collects parts."""

    def __init__(self, unit):
        self.unit, self.rows = unit, []

    def add(self, bone, a, b, start, end, material, wide=1.0, deep=1.0, blend=0.012, cut=None):
        """A tapered capsule from `a` to `b` (bone coordinates, metres at 1.75 m height), radii `start` and `end`.

        `wide` and `deep` stretch the section along the bone's x and z. `cut` (nx, ny, nz, limit) keeps what has
        n.q <= limit in the part's own frame (y from a to b).
        """
        unit = self.unit
        first, last = bone.at(*(np.array(a) * unit)), bone.at(*(np.array(b) * unit))
        along = last - first
        length = max(np.linalg.norm(along), 1e-4)
        y = along / length if length > 1e-3 else bone.axes[:, 1]
        front = bone.axes[:, 2] if abs(y @ bone.axes[:, 2]) < 0.9 else bone.axes[:, 1]
        x = np.cross(y, front)
        x /= np.linalg.norm(x)
        z = np.cross(x, y)
        start, end = start * unit, end * unit
        if abs(start - end) > 0.95 * length:
            length = abs(start - end) / 0.95 + 1e-4
        largest = max(start, end) * max(wide, deep, 1.0)
        row = np.zeros(Layout.SIZE)
        row[0:3], row[3:12] = first, np.stack([x, y, z]).ravel()
        row[Layout.LENGTH], row[Layout.START], row[Layout.END] = length, start, end
        row[Layout.WIDE], row[Layout.DEEP], row[Layout.BLEND] = wide, deep, blend * unit
        row[18:22] = (0, 0, 0, 1) if cut is None else (cut[0], cut[1], cut[2], cut[3] * unit)
        row[22:25], row[Layout.REACH] = 0.5 * (first + first + y * length), 0.5 * length + largest + 0.02
        row[Layout.MATERIAL] = material
        self.rows.append(row)


def dress(bones, keypoints, build, wardrobe):
    """The clothed body around a posed skeleton."""
    unit, girth = build.height / 1.75, build.girth
    tailor = _Tailor(unit)
    _trunk(tailor, bones, build, wardrobe, girth)
    for side, sign in (("left", 1), ("right", -1)):
        _arm(tailor, bones, side, sign, wardrobe, girth)
        _leg(tailor, bones, side, sign, wardrobe, girth)
    if wardrobe.bottom_kind == "skirt":
        _skirt(tailor, bones, girth)
    _head(tailor, bones, wardrobe)

    colours = np.zeros((len(Material), 2, 3))
    for material, first, second in (
        (Material.SKIN, wardrobe.skin, wardrobe.skin), (Material.FACE, wardrobe.skin, wardrobe.hair),
        (Material.HAIR, wardrobe.hair, np.minimum(1, np.array(wardrobe.hair) * 1.5 + 0.02)),
        (Material.TOP, wardrobe.top, wardrobe.top_second), (Material.SLEEVE, wardrobe.top, wardrobe.top_second),
        (Material.BOTTOM, wardrobe.bottom, np.array(wardrobe.bottom) * 0.75),
        (Material.SHOE, wardrobe.shoes, wardrobe.sole), (Material.INNER, wardrobe.top_second, wardrobe.top_second),
    ):
        colours[material] = linear(first), linear(second)
    patterns = np.zeros(len(Material), np.int64)
    patterns[Material.TOP] = wardrobe.top_pattern
    patterns[Material.SLEEVE] = Pattern.PLAIN if wardrobe.top_pattern in (Pattern.OPEN_JACKET, Pattern.PRINT) else wardrobe.top_pattern
    patterns[Material.BOTTOM] = wardrobe.bottom_pattern
    head = bones["head"]
    return Figure(np.array(tailor.rows), colours, patterns, np.vstack([head.origin, head.axes.T]) , keypoints,
                  wardrobe.seed, wardrobe.beard)


def _trunk(tailor, bones, build, wardrobe, girth):
    pelvis, waist, chest, neck = bones["pelvis"], bones["waist"], bones["chest"], bones["neck"]
    hips, broad = build.hips, build.shoulders
    # Seat and belly, under the top where it hangs over them.
    tailor.add(pelvis, (0, -0.045, -0.012), (0, 0.06, -0.004), 0.102 * girth, 0.104 * girth, Material.BOTTOM, 1.52 * hips, 1.02, 0.03)
    tailor.add(waist, (0, -0.08, 0.004), (0, 0.13, 0.0), 0.108 * girth, 0.108 * girth, Material.TOP, 1.34, 0.98, 0.03)
    tailor.add(pelvis, (0, -wardrobe.hem - 0.02, -0.006), (0, 0.10, 0.0), 0.121 * girth, 0.110 * girth, Material.TOP, 1.62 * hips, 1.06, 0.008,
               cut=(0, -1, 0, 0.0))
    tailor.add(chest, (0, -0.02, 0.004), (0, 0.13, -0.004), 0.112 * girth, 0.106 * girth, Material.TOP, 1.36 * broad, 0.98, 0.04)
    for sign in (1, -1):  # from the neck's root over the collar bone to the shoulder
        tailor.add(chest, (sign * 0.03, 0.195, -0.014), (sign * 0.165 * broad, 0.176, -0.012), 0.062, 0.056, Material.TOP, 1, 1, 0.05)
        tailor.add(chest, (sign * 0.07, 0.09, 0.055), (sign * 0.075, 0.07, 0.055), 0.062 * girth, 0.06 * girth, Material.TOP, 1.1, 0.8, 0.04)
    tailor.add(neck, (0, -0.03, -0.002), (0, 0.085, 0.014), 0.056, 0.052, Material.SKIN, 1, 1, 0.018)
    tailor.add(neck, (0, -0.03, -0.002), (0, 0.018, 0.002), 0.074, 0.064, Material.TOP, 1.05, 1.0, 0.02, cut=(0, 1, 0, 0.045))


def _arm(tailor, bones, side, sign, wardrobe, girth):
    upper, fore, hand = (bones[f"{side}_{name}"] for name in ("upper_arm", "forearm", "hand"))
    thick = 0.4 + 0.6 * girth
    tailor.add(upper, (0, 0, 0), (0, -0.285, 0), 0.047 * thick, 0.039 * thick, Material.SKIN, 1, 1, 0.02)
    tailor.add(fore, (0, 0, 0), (0, -0.09, 0), 0.040 * thick, 0.042 * thick, Material.SKIN, 1, 1, 0.02)
    tailor.add(fore, (0, -0.07, 0), (0, -0.25, 0), 0.041 * thick, 0.027 * thick, Material.SKIN, 1, 1, 0.02)
    if wardrobe.sleeves == "long":
        tailor.add(upper, (0, 0.0, 0), (0, -0.285, 0), 0.064 * thick, 0.052 * thick, Material.SLEEVE, 1, 1, 0.035)
        tailor.add(fore, (0, 0.0, 0), (0, -0.235, 0), 0.053 * thick, 0.041 * thick, Material.SLEEVE, 1, 1, 0.02, cut=(0, 1, 0, 0.235))
    else:
        tailor.add(upper, (0, 0.0, 0), (0, -0.16, 0), 0.064 * thick, 0.062 * thick, Material.SLEEVE, 1, 1, 0.03, cut=(0, 1, 0, 0.16))
    tailor.add(hand, (0, 0.005, 0), (0, -0.085, 0.004), 0.028, 0.038, Material.SKIN, 0.55, 1.0, 0.012)
    tailor.add(hand, (0, -0.085, 0.004), (-sign * 0.012, -0.155, 0.008), 0.034, 0.022, Material.SKIN, 0.5, 1.0, 0.012)
    tailor.add(hand, (0, -0.03, 0.022), (-sign * 0.01, -0.095, 0.048), 0.016, 0.011, Material.SKIN, 1, 1, 0.01)


def _leg(tailor, bones, side, sign, wardrobe, girth):
    thigh, shin, foot = (bones[f"{side}_{name}"] for name in ("thigh", "shin", "foot"))
    thick = 0.5 + 0.5 * girth
    kind = wardrobe.bottom_kind
    bare = Material.SKIN
    tailor.add(thigh, (0, -0.0, 0), (0, -0.425, 0.0), 0.083 * thick, 0.053 * thick, bare, 1, 1, 0.025)
    tailor.add(shin, (0, 0.0, 0.002), (0, -0.13, -0.014), 0.053 * thick, 0.055 * thick, bare, 1, 1, 0.03)
    tailor.add(shin, (0, -0.11, -0.014), (0, -0.41, 0), 0.055 * thick, 0.034 * thick, bare, 1, 1, 0.03)
    if kind == "trousers":
        tailor.add(thigh, (sign * 0.004, 0.0, -0.004), (0, -0.425, 0), 0.097 * thick, 0.069 * thick, Material.BOTTOM, 1.02, 1.06, 0.03)
        tailor.add(shin, (0, 0.0, 0), (0, -0.13, -0.012), 0.069 * thick, 0.068 * thick, Material.BOTTOM, 1, 1, 0.03)
        tailor.add(shin, (0, -0.10, -0.012), (0, -0.405, -0.004), 0.067 * thick, 0.056, Material.BOTTOM, 1, 1.05, 0.03, cut=(0, 1, 0, 0.33))
    elif kind == "shorts":
        tailor.add(thigh, (sign * 0.004, 0.0, -0.004), (0, -0.36, 0), 0.100 * thick, 0.086 * thick, Material.BOTTOM, 1.02, 1.06, 0.03, cut=(0, 1, 0, 0.36))
    # The shoe: heel, instep and toe over a flat sole.
    for a, b, start, end, wide in (((0, -0.045, -0.035), (0, -0.055, 0.06), 0.043, 0.044, 0.92),
                                   ((0, -0.052, 0.05), (0, -0.062, 0.145), 0.047, 0.036, 1.05)):
        tailor.add(foot, a, b, start, end, Material.SHOE, wide, 0.95, 0.012)
    tailor.add(foot, (0, -0.02, 0.0), (0, -0.05, 0.06), 0.042, 0.04, Material.SHOE, 0.9, 0.95, 0.015)
    tailor.add(foot, (0, 0.02, 0.0), (0, -0.04, 0.0), 0.040, 0.044, Material.SHOE, 1, 1, 0.015, cut=(0, -1, 0, 0.02))


def _skirt(tailor, bones, girth):
    """Cones from the waist around both thighs."""
    pelvis = bones["pelvis"]
    knees = 0.5 * (bones["left_shin"].origin + bones["right_shin"].origin)
    y = pelvis.origin - knees
    y /= np.linalg.norm(y)
    x = pelvis.axes[:, 0] - y * (pelvis.axes[:, 0] @ y)
    x /= np.linalg.norm(x)
    frame = Bone(pelvis.origin, np.stack([x, y, np.cross(x, y)], 1))
    stride = np.linalg.norm((bones["left_shin"].origin - bones["right_shin"].origin) * [1, 0, 1]) / tailor.unit
    tailor.add(frame, (0, 0.03, -0.01), (0, -0.40, 0.0), 0.118 * girth, 0.145 + 0.25 * max(0.0, stride - 0.2), Material.BOTTOM, 1.35, 1.0 + 0.5 * stride, 0.02,
               cut=(0, 1, 0, 0.40))


def _head(tailor, bones, wardrobe):
    head = bones["head"]
    face, hair = Material.FACE, Material.HAIR
    tailor.add(head, (0, 0.028, -0.012), (0, 0.042, -0.016), 0.082, 0.082, face, 0.93, 1.17, 0.01)
    tailor.add(head, (0, 0.0, 0.03), (0, -0.068, 0.048), 0.066, 0.040, face, 0.98, 1.0, 0.035)
    tailor.add(head, (0, -0.02, 0.012), (0, -0.05, 0.02), 0.062, 0.052, face, 1.0, 1.0, 0.03)
    tailor.add(head, (0, 0.022, 0.088), (0, -0.014, 0.110), 0.011, 0.0155, face, 0.95, 1, 0.014)
    for sign in (1, -1):
        tailor.add(head, (sign * 0.077, 0.016, -0.006), (sign * 0.073, -0.014, 0.0), 0.020, 0.014, face, 0.45, 1, 0.004)
    # Hair: a shell around the skull, open over the face: above a line that falls from the forehead to the nape.
    tailor.add(head, (0, 0.035, -0.018), (0, 0.052, -0.022), 0.088, 0.088, hair, 0.97, 1.16, 0.006, cut=(0, -0.70, 0.714, 0.012))
    if wardrobe.long_hair:
        tailor.add(head, (0, 0.03, -0.045), (0, -0.15, -0.062), 0.080, 0.066, hair, 1.12, 0.72, 0.02, cut=(0, 0, 1, 0.03))
        for sign in (1, -1):
            tailor.add(head, (sign * 0.068, 0.035, 0.01), (sign * 0.072, -0.12, 0.0), 0.026, 0.022, hair, 0.8, 1.4, 0.015)
