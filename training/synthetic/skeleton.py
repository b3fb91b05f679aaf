"""The kinematic model: joint angles in, the places of bones and of the 17 COCO keypoints out.

World: metres, right-handed, x to the right of the picture, y up, the camera looks along -z, the ground is y = 0.
A person's own axes: x to the person's left, y up, z to the front.
"""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Build:
    """Measures of a body. `height` in metres; the others are factors around 1."""

    height: float = 1.75
    girth: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0


@dataclass(frozen=True)
class Limb:
    """Angles of one arm and one leg in degrees; flexion swings forward, abduction sideways away from the body."""

    arm_flexion: float = 0.0
    arm_abduction: float = 7.0
    arm_twist: float = 0.0
    elbow: float = 12.0
    hip_flexion: float = 0.0
    hip_abduction: float = 2.0
    knee: float = 4.0
    ankle: float = 0.0


@dataclass(frozen=True)
class Posture:
    """Joint angles in degrees. Turns are to the person's left."""

    left: Limb = field(default_factory=Limb)
    right: Limb = field(default_factory=Limb)
    lean: float = 3.0  # of the trunk, forward
    side_lean: float = 0.0
    pelvis_turn: float = 0.0
    pelvis_drop: float = 0.0  # left side up
    chest_turn: float = 0.0
    nod: float = 0.0
    head_turn: float = 0.0
    head_tilt: float = 0.0


@dataclass(frozen=True)
class Bone:
    """A coordinate frame in the world: `axes` has the bone's x, y, z directions as columns."""

    origin: np.ndarray
    axes: np.ndarray

    def at(self, x, y, z):
        return self.origin + self.axes @ np.array([x, y, z], float)


def _about_x(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_y(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _about_z(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def pose(build, posture, x=0.0, depth=6.0, yaw=0.0, lift=0.0):
    """Bones by name and keypoints [17, 3] of a body that stands on the ground at (x, -depth), turned by `yaw` degrees.

    Yaw 0 faces the camera, 90 walks to the right of the picture. The lowest sole touches the ground (plus `lift` metres).
    """
    unit = build.height / 1.75
    bones = {}
    root = _about_y(yaw)
    pelvis = root @ _about_y(posture.pelvis_turn) @ _about_z(posture.pelvis_drop)
    origin = np.zeros(3)
    bones["pelvis"] = Bone(origin, pelvis)

    trunk = root @ _about_y(posture.chest_turn) @ _about_z(posture.side_lean) @ _about_x(posture.lean)
    halfway = root @ _about_y(0.5 * (posture.chest_turn + posture.pelvis_turn)) @ _about_z(0.5 * posture.side_lean) @ _about_x(0.5 * posture.lean)
    waist = Bone(bones["pelvis"].at(0, 0.11 * unit, 0), halfway)
    bones["waist"] = waist
    chest = Bone(waist.at(0, 0.16 * unit, 0.0), trunk)
    bones["chest"] = chest
    neck = Bone(chest.at(0, 0.235 * unit, -0.015 * unit), trunk)
    bones["neck"] = neck
    skull = root @ _about_y(posture.chest_turn + posture.head_turn) @ _about_z(posture.head_tilt) @ _about_x(posture.nod)
    head = Bone(neck.at(0, 0.087 * unit, 0.022 * unit) + skull @ np.array([0, 0.075, 0.012]) * unit, skull)
    bones["head"] = head

    for side, sign, limb in (("left", 1.0, posture.left), ("right", -1.0, posture.right)):
        shoulder = chest.at(sign * 0.178 * build.shoulders * unit, 0.185 * unit, -0.01 * unit)
        upper = trunk @ _about_z(sign * limb.arm_abduction) @ _about_x(-limb.arm_flexion) @ _about_y(sign * limb.arm_twist)
        bones[side + "_upper_arm"] = Bone(shoulder, upper)
        elbow = shoulder - upper[:, 1] * 0.285 * unit
        fore = upper @ _about_x(-limb.elbow)
        bones[side + "_forearm"] = Bone(elbow, fore)
        bones[side + "_hand"] = Bone(elbow - fore[:, 1] * 0.25 * unit, fore @ _about_x(-8))

        hip = bones["pelvis"].at(sign * 0.092 * build.hips * unit, -0.02 * unit, 0)
        thigh = pelvis @ _about_y(-posture.pelvis_turn) @ _about_z(sign * limb.hip_abduction - posture.pelvis_drop) @ _about_x(-limb.hip_flexion)
        bones[side + "_thigh"] = Bone(hip, thigh)
        knee = hip - thigh[:, 1] * 0.425 * unit
        shin = thigh @ _about_x(limb.knee)
        bones[side + "_shin"] = Bone(knee, shin)
        ankle = knee - shin[:, 1] * 0.41 * unit
        bones[side + "_foot"] = Bone(ankle, shin @ _about_y(sign * 7) @ _about_x(-limb.ankle))

    lowest = min(bones[s + "_foot"].at(0, -0.085 * unit, z * unit)[1] for s in ("left", "right") for z in (-0.06, 0.17))
    shift = np.array([x, lift - lowest, -depth])
    bones = {name: replace(bone, origin=bone.origin + shift) for name, bone in bones.items()}

    head = bones["head"]
    points = [head.at(0, -0.012 * unit, 0.122 * unit)]
    points += [head.at(sign * 0.033 * unit, 0.024 * unit, 0.088 * unit) for sign in (1, -1)]
    points += [head.at(sign * 0.078 * unit, 0.0, -0.008 * unit) for sign in (1, -1)]
    for name in ("upper_arm", "forearm", "hand"):
        points += [bones[f"{side}_{name}"].origin for side in ("left", "right")]
    points += [bones["pelvis"].at(sign * 0.105 * build.hips * unit, -0.015 * unit, 0) for sign in (1, -1)]
    for name in ("shin", "foot"):
        points += [bones[f"{side}_{name}"].origin for side in ("left", "right")]
    return bones, np.array(points)
