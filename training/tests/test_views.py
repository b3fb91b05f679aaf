"""Views of people, and how often who is drawn."""

import tempfile
import tomllib
import unittest
import zlib
from pathlib import Path

import numpy as np
import torch

from made_up import TRAINING, noise_people
from posetrain.people import People, _views, augment


class Views(unittest.TestCase):
    def test_cpu_and_gpu_paths_see_the_same(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())["augment"]
        chosen, device = np.arange(0, 40, 2), torch.device("cpu")
        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            mapped, resident = People([Path(name)]), People([Path(name)], resident=device)
            calm = config | {"scale": 0.05, "blur": 0, "half_body": 0.6}  # single pixels of noise: OpenCV's 32 steps a pixel show
            for size in ((128, 96), (320, 256)):
                ours, theirs = (augment(p, chosen, size, np.random.default_rng(4), calm, device) for p in (mapped, resident))
                self.assertLess((ours[0] - theirs[0]).abs().mean(), 0.06)
                self.assertGreater(ours[0].std(), 0.4)
                self.assertTrue(torch.equal(ours[1], theirs[1]) and torch.equal(ours[2], theirs[2]))

    def test_beyond_a_border_there_is_neither_picture_nor_joint(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())["augment"]
        config |= {"half_body": 1.0, "scale": 0, "shift": 0, "rotation": 0, "blur": 0, "occlusion": 0, "colour": 0}
        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            people = People([Path(name)])
            chosen = np.arange(40)
            _, _, _, _, left = _views(people.points[chosen], np.random.default_rng(3), config)
            image, target, weight = augment(people, chosen, (256, 192), np.random.default_rng(3), config, torch.device("cpu"))
        cut_off = ((people.points[..., :2] < left[:, None, :2]) | (people.points[..., :2] >= left[:, None, 2:])).any(2)
        self.assertGreater(cut_off.any(1).sum(), 10)
        self.assertLess(cut_off.any(1).sum(), 35)
        black = (image.amax(1) < -1.5).float().mean((1, 2)).numpy()
        for i in range(40):
            # A mirrored view swaps names: as many joints are gone as lie beyond, and they are hardly counted.
            gone = (target[i].flatten(1).amax(1) == 0) & (weight[i] == 0.25)
            self.assertGreaterEqual(int(gone.sum()), int(cut_off[i].sum()))
            if cut_off[i].any():
                self.assertGreater(black[i], 0.02)


class Lots(unittest.TestCase):
    def test_people_of_seldom_shapes_are_drawn_more_often(self):
        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            file = Path(name) / "pose" / "00" / "keypoints.npy"
            keypoints = np.load(file)
            keypoints[:, :, 0] = 120 + 0.3 * (keypoints[:, :, 0] - 120)  # tall people
            keypoints[4, :, 2], keypoints[4, :4, 2] = 0, 2  # one of whom little is seen
            keypoints[5, :, 0] = 120 + 3 * (keypoints[5, :, 0] - 120)  # and a wide one
            heat = Path(name) / "pose" / "00" / "heat.npy"  # a teacher who sees nothing
            blobs = [zlib.compress(bytes(17 * 64 * 48), 1) for _ in range(40)]
            np.save(heat, np.frombuffer(b"".join(blobs), np.uint8))
            np.save(heat.with_name("heat_ends.npy"), np.cumsum([len(b) for b in blobs]))
            np.save(file, keypoints)
            people = People([Path(name)])
            self.assertEqual(np.flatnonzero(people.seldom).tolist(), [4, 5])
            often = np.bincount(np.concatenate([people.lots(epoch, 1, 0.75, 3) for epoch in range(100)]), minlength=40)
            evenly = np.bincount(np.concatenate([people.lots(epoch, 1, 0.75) for epoch in range(100)]), minlength=40)
        self.assertEqual((often.sum(), often[:4].sum()), (3600, 0))  # none of the four for validation
        self.assertEqual(often[20:].sum(), evenly[20:].sum())  # people without faces as before
        for which in (4, 5):
            self.assertAlmostEqual(often[which] / often[6:20].mean(), 3, delta=0.4)
            self.assertAlmostEqual(evenly[which] / evenly[6:20].mean(), 1, delta=0.2)


if __name__ == "__main__":
    unittest.main()
