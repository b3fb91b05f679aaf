"""How people move: the walking cycle from joint-angle curves of the sagittal plane, and a person who stands and waves."""

from functools import lru_cache

import numpy as np

from .skeleton import Build, Limb, Posture, pose

# Flexion in degrees over one stride from heel strike to heel strike of the same foot (the shape that gait analysis reports).
_SHARE = np.array([0.00, 0.10, 0.20, 0.30, 0.40, 0.50, 0.58, 0.66, 0.74, 0.84, 0.92])
_HIP = np.array([27.0, 24.0, 16.0, 7.0, -2.0, -9.0, -5.0, 8.0, 22.0, 30.0, 29.0])
_KNEE = np.array([6.0, 16.0, 16.0, 10.0, 6.0, 12.0, 34.0, 56.0, 58.0, 32.0, 8.0])
_ANKLE = np.array([0.0, -5.0, 3.0, 8.0, 10.0, 6.0, -14.0, -8.0, 0.0, 3.0, 2.0])
_SAMPLES = 200


def _curve(values, share):
    """The periodic curve through `values`, as its first five harmonics, at `share` of the stride."""
    grid = np.arange(256) / 256
    table = np.interp(grid, np.append(_SHARE, 1.0), np.append(values, values[0]))
    spectrum = np.fft.rfft(table) / 256
    angle = 2 * np.pi * share
    result = spectrum[0].real
    for k in range(1, 6):
        result += 2 * (spectrum[k] * np.exp(1j * k * angle)).real
    return float(result)


def walking(share, vigour=1.0, elbow=18.0):
    """The posture at `share` (0..1) of a stride; 0 is the heel strike of the left foot."""
    limbs = []
    for side_share in (share, share + 0.5):
        swing = np.cos(2 * np.pi * (side_share + 0.5))  # arms go against the leg of their side
        limbs.append(Limb(
            arm_flexion=4 + 22 * vigour * swing,
            arm_abduction=6.5,
            elbow=elbow + 12 * vigour * max(0.0, swing),
            hip_flexion=_curve(_HIP, side_share) * vigour,
            hip_abduction=1.0,
            knee=_curve(_KNEE, side_share),
            ankle=_curve(_ANKLE, side_share),
        ))
    turn = np.cos(2 * np.pi * share)
    return Posture(
        left=limbs[0], right=limbs[1], lean=3.0, pelvis_turn=-5 * turn * vigour, chest_turn=5 * turn * vigour,
        pelvis_drop=2.5 * np.sin(2 * np.pi * share), nod=2 * np.cos(4 * np.pi * share),
    )


@lru_cache(maxsize=32)
def _ground_covered(height, vigour):
    """Metres that the pelvis has gone at each of 201 shares of a stride, such that the standing foot does not slide."""
    build = Build(height=height)
    feet = []
    for i in range(_SAMPLES + 1):
        bones, _ = pose(build, walking(i / _SAMPLES, vigour), 0, 0, 0)
        feet.append([(bones[s + "_foot"].origin[1], bones[s + "_foot"].origin[2]) for s in ("left", "right")])
    feet = np.array(feet)
    gone = [0.0]
    for i in range(_SAMPLES):
        standing = int(feet[i, 1, 0] < feet[i, 0, 0])
        gone.append(gone[-1] + max(0.0, feet[i, standing, 1] - feet[i + 1, standing, 1]))
    return np.array(gone)


def stride_length(height, vigour=1.0):
    return float(_ground_covered(height, vigour)[-1])


def share_after(distance, height, vigour=1.0):
    """The share of the stride reached after walking `distance` metres."""
    gone = _ground_covered(height, vigour)
    steady = np.linspace(0, gone[-1], _SAMPLES + 1)
    gone = 0.75 * gone + 0.25 * steady + 1e-9 * np.arange(_SAMPLES + 1)
    return float(np.interp(distance % gone[-1], gone, np.linspace(0, 1, _SAMPLES + 1)))


def waving(seconds, rate=1.3):
    """Someone who stands, shifts weight a little and waves with the right hand."""
    sway = np.sin(2 * np.pi * 0.23 * seconds)
    wave = np.sin(2 * np.pi * rate * seconds)
    return Posture(
        left=Limb(arm_flexion=3 + 2 * sway, arm_abduction=9, elbow=14, hip_abduction=3 + sway, knee=3),
        right=Limb(arm_flexion=14, arm_abduction=96 + 3 * wave, arm_twist=78, elbow=82 + 24 * wave, hip_abduction=5 - sway, knee=5),
        lean=1.0, side_lean=1.8 * sway, pelvis_drop=0.8 * sway, chest_turn=3 * sway, head_turn=5 * np.sin(0.9 * seconds), nod=0,
    )
