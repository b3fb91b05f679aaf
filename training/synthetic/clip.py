"""Draws the fixture: `python -m synthetic.clip --out ../fixtures` (from training/). See README.md beside this file.

Leaves street.mp4 (H.264 and AAC, through the ffmpeg program) and street.truth.json.
"""

import argparse
import json
import subprocess
import tempfile
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from posetrain.geometry import KEYPOINTS

from . import gait
from .figure import Pattern, Wardrobe, dress
from .picture import Body, compose, develop, soften
from .skeleton import Build, pose
from .street import Camera, place

FRAMES, RATE, SEED = 225, 25, 20
CAMERA = Camera()


@dataclass(frozen=True)
class Walker:
    """Walks straight from `start` to `end` (x, depth in metres) at `speed` metres a second, `since` seconds into the clip."""

    build: Build
    wardrobe: Wardrobe
    start: tuple
    end: tuple
    speed: float
    since: float = 0.0
    head_turn: float = 0.0
    vigour: float = 1.0
    offset: float = 0.0

    def at(self, seconds):
        gone = (seconds - self.since) * self.speed
        dx, dz = self.end[0] - self.start[0], self.end[1] - self.start[1]
        length = float(np.hypot(dx, dz))
        if gone < 0 or gone > length:
            return None
        share = gait.share_after(gone + self.offset, self.build.height, self.vigour)
        posture = gait.walking(share, self.vigour)
        posture = replace(posture, head_turn=self.head_turn + 6 * np.sin(0.8 * seconds + self.offset))
        yaw = np.degrees(np.arctan2(dx, -dz))
        return pose(self.build, posture, self.start[0] + dx * gone / length, self.start[1] + dz * gone / length, yaw)


@dataclass(frozen=True)
class Waver:
    """Stands at (x, depth), turned by `yaw`, and waves."""

    build: Build
    wardrobe: Wardrobe
    place: tuple
    yaw: float = 0.0

    def at(self, seconds):
        return pose(self.build, gait.waving(seconds), *self.place, self.yaw)


# Ids count from 1 in this order.
CAST = (
    Walker(Build(1.80, 1.0, 1.03, 0.97), Wardrobe(hair=(0.17, 0.12, 0.09), top=(0.16, 0.27, 0.47), top_second=(0.86, 0.86, 0.84), top_pattern=Pattern.OPEN_JACKET,
                                                  bottom=(0.44, 0.38, 0.30), bottom_pattern=Pattern.PLAIN, shoes=(0.30, 0.19, 0.12), seed=3, beard=True),
           start=(-2.9, 5.9), end=(4.6, 5.2), speed=1.22, head_turn=-14, offset=0.3),
    Walker(Build(1.67, 0.92, 0.92, 1.04), Wardrobe(skin=(0.86, 0.67, 0.56), hair=(0.46, 0.27, 0.14), long_hair=True, top=(0.72, 0.20, 0.20), hem=0.04,
                                                   bottom=(0.17, 0.23, 0.36), shoes=(0.88, 0.87, 0.84), seed=11),
           start=(2.75, 6.6), end=(-7.2, 9.6), speed=1.08, head_turn=16, vigour=0.92, offset=0.8),
    Waver(Build(1.76, 1.05, 1.0, 1.0), Wardrobe(skin=(0.60, 0.42, 0.31), hair=(0.07, 0.06, 0.06), top=(0.93, 0.78, 0.22), top_second=(0.20, 0.25, 0.42), top_pattern=Pattern.PRINT, sleeves="short", bottom=(0.28, 0.33, 0.28),
                                               bottom_kind="shorts", bottom_pattern=Pattern.PLAIN, shoes=(0.2, 0.2, 0.22), seed=23),
          place=(-1.25, 7.0), yaw=4),
    Walker(Build(1.71, 0.95, 0.94, 1.03), Wardrobe(skin=(0.74, 0.54, 0.42), hair=(0.10, 0.08, 0.07), long_hair=True, top=(0.24, 0.47, 0.40), top_second=(0.88, 0.90, 0.86),
                                                   top_pattern=Pattern.STRIPES, hem=0.03, bottom=(0.13, 0.13, 0.15), bottom_pattern=Pattern.PLAIN, shoes=(0.55, 0.16, 0.14), seed=31),
           start=(4.3, 7.0), end=(-1.8, 4.7), speed=1.15, since=4.3, head_turn=8, vigour=0.95),
)


class Scene:
    """The clip as a function of the frame number."""

    def __init__(self, camera=CAMERA, cast=CAST, seed=SEED):
        self.camera, self.cast, self.seed = camera, cast, seed
        colour, away = place(camera, 2, seed)
        # What is far away is a little out of focus.
        blurred = soften(colour, 1.6)
        mix = np.clip((away - 11.0) / 12.0, 0, 1)[..., None]
        self.place, self.away = colour * (1 - mix) + blurred * mix, away

    def frame(self, number):
        """RGB picture [h, w, 3] uint8 and truths as {id: Truth} of those of whom something can be seen."""
        ids, bodies = [], []
        for index, person in enumerate(self.cast):
            posed = person.at(number / RATE)
            if posed is None:
                continue
            figure = dress(*posed, person.build, person.wardrobe)
            pixels, _ = self.camera.project(figure.keypoints)
            if pixels[:, 0].max() < -60 or pixels[:, 0].min() > self.camera.width + 60:
                continue
            ids.append(index + 1)
            bodies.append(Body(figure, person.build.height / 1.75, self.camera))
        linear_picture, truths = compose(self.place, self.away, bodies, self.camera)
        random = np.random.default_rng((self.seed, number))
        return develop(linear_picture, random), {i: t for i, t in zip(ids, truths) if t.visible > 0}


def truth_record(number, truths):
    return {"index": number, "time": round(number / RATE, 6), "people": [
        {"id": i, "box": [round(float(n), 2) for n in t.box], "visible": round(t.visible, 3),
         "keypoints": [[round(float(x), 2), round(float(y), 2), int(v)] for x, y, v in t.keypoints]} for i, t in truths.items()]}


def quiet_sound(path, seconds, rate=48000):
    """A soft chord that swells twice, 16 bit mono."""
    t = np.arange(int(seconds * rate)) / rate
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * t * 2 / seconds)
    tone = sum(np.sin(2 * np.pi * f * t) / (i + 1.5) for i, f in enumerate((196.0, 246.94, 293.66)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((900 * swell * tone).astype("<i2").tobytes())


def write(out, frames=FRAMES, crf=20):
    out.mkdir(parents=True, exist_ok=True)
    scene, records = Scene(), []
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        quiet_sound(sound, frames / RATE)
        size = f"{CAMERA.width}x{CAMERA.height}"
        command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(RATE), "-i", "-", "-i", str(sound),
                   "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-c:v", "libx264", "-preset", "slow", "-crf", str(crf), "-pix_fmt", "yuv420p", "-threads", "1",
                   "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
                   "-c:a", "aac", "-b:a", "48k", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
                   "-movflags", "+faststart", str(out / "street.mp4")]
        encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
        for number in range(frames):
            picture, truths = scene.frame(number)
            encoder.stdin.write(picture.tobytes())
            records.append(truth_record(number, truths))
        encoder.stdin.close()
        if encoder.wait() != 0:
            raise SystemExit("ffmpeg could not encode the clip")
    head = {"clip": "street.mp4", "width": CAMERA.width, "height": CAMERA.height, "fps": RATE, "frames": frames, "keypoint_names": KEYPOINTS}
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    (out / "street.truth.json").write_text(json.dumps(head)[:-1] + ', "truth": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--frames", type=int, default=FRAMES)
    options.add_argument("--crf", type=int, default=20)
    chosen = options.parse_args()
    write(chosen.out, chosen.frames, chosen.crf)
