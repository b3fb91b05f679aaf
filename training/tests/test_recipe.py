"""`python -m unittest discover -s tests` from training/: the conventions against cv2's and the official code's answers (fixtures/topdown),
and the promise that a cut run ends with the same weights as one that was not cut."""

import json
import sys
import tempfile
import tomllib
import unittest
import zlib
from pathlib import Path

import numpy as np
import torch

TRAINING = Path(__file__).parent.parent
sys.path.insert(0, str(TRAINING))
CASES = TRAINING.parent / "fixtures" / "topdown"

from posetrain.export import fold  # noqa: E402
from posetrain.geometry import cut, decode, unflip, widen  # noqa: E402
from posetrain.networks import Detector, PoseNet, boxes_of, cell_centres  # noqa: E402
from posetrain.people import People, _views, augment  # noqa: E402
from posetrain.train import train  # noqa: E402


def read(name):
    return json.loads((CASES / name).read_text())


def smooth(width, height):
    """The picture by formula of the golden crops."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (((3 * x + 5 * y + 40 * c) // 4 + 48 * ((x // 16 + y // 16) & 1)) & 255).astype(np.uint8)


class Conventions(unittest.TestCase):
    def test_crops_are_those_of_opencv(self):
        data, compared = (CASES / "crops.bin").read_bytes(), 0
        for case in read("crops.json")["cases"]:
            width, height = case["output"]
            if case["picture"] != "smooth" or case["rotation"] != 0:
                continue
            golden = np.frombuffer(data, np.uint8, case["bytes"], case["offset"]).reshape(height, width, 3)
            ours = cut(smooth(*case["size"]), widen(case["box"], aspect=width / height), width, height)
            # OpenCV interpolates in 32 steps: beside this picture's edges (48 levels and more) that is a level or two.
            difference = np.abs(np.round(ours) - golden)
            self.assertLess(difference.mean(), 0.2, case)
            self.assertLessEqual(np.quantile(difference, 0.99), 2, case)
            compared += 1
        self.assertGreaterEqual(compared, 2)

    def test_decoding_is_that_of_the_official_code(self):
        cases = read("decode.json")
        for case in cases["cases"]:
            heat = np.array(case["map"]).reshape(1, cases["height"], cases["width"])
            if heat.max() > 0:
                np.testing.assert_allclose(decode(heat)[0, :2], np.ravel(case["refined"]), err_msg=case["name"])

    def test_mirrored_heatmaps_come_back(self):
        case = read("flip.json")
        shape = case["channels"], case["height"], case["width"]
        ours = 0.5 * (np.reshape(case["output"], shape) + unflip(np.reshape(case["output_of_mirrored"], shape)))
        np.testing.assert_allclose(ours.ravel(), np.ravel(case["merged_shift"]), atol=1e-6)


class Networks(unittest.TestCase):
    def test_folding_keeps_the_output(self):
        for network, size in ((PoseNet(), (128, 96)), (Detector(), (96, 128))):
            network.train()
            for _ in range(3):  # norms that are not identities
                network(torch.randn(4, 3, *size) * 2 + 0.5)
            network.eval()
            probe = torch.randn(1, 3, *size)
            with torch.no_grad():
                before = network(probe)
                after = fold(network)(probe)
            self.assertLess((after - before).abs().max() / before.abs().max(), 1e-5)

    def test_boxes_follow_the_cells(self):
        centres, strides = cell_centres(64, 96)
        self.assertEqual(len(centres), 8 * 12 + 4 * 6 + 2 * 3)
        boxes = boxes_of(torch.zeros(4, len(centres)), centres, strides)
        self.assertEqual(boxes[0].tolist(), [-4, -4, 12, 12])
        self.assertEqual(boxes[-1].tolist(), [80 - 32, 48 - 32, 80 + 32, 48 + 32])


def noise_people(folder):
    """Forty people of noise as a finished shard."""
    random, shard = np.random.default_rng(1), folder / "pose" / "00"
    shard.mkdir(parents=True)
    keypoints = np.concatenate([random.uniform(60, 180, (40, 17, 2)), np.full((40, 17, 1), 2.0)], 2).astype(np.float32)
    kinds = np.ones((40, 4), np.float32) * [0, 1, 1, 20000]
    kinds[:4, 0], kinds[20:, 1] = 1, 0
    blobs = [zlib.compress(random.integers(0, 255, (17, 64, 48), np.uint8).tobytes(), 1) for _ in range(40)]
    np.save(shard / "canvases.npy", random.integers(0, 255, (40, 320, 240, 3), np.uint8))
    np.save(shard / "keypoints.npy", keypoints)
    np.save(shard / "kinds.npy", kinds.astype(np.float32))
    np.save(shard / "heat.npy", np.frombuffer(b"".join(blobs), np.uint8))
    np.save(shard / "heat_ends.npy", np.cumsum([len(b) for b in blobs]))


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


class Resuming(unittest.TestCase):
    def test_a_cut_run_ends_with_the_same_weights(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())
        config |= {"stages": [{"size": [64, 64], "batch": 4, "epochs": 1}, {"size": [96, 64], "batch": 4, "epochs": 1}]}
        config["network"] = {"widths": [8, 8, 8, 8, 8], "blocks": [0, 0, 1, 0, 0], "deconvolutions": [8, 8, 8]}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            noise_people(folder)
            train("pose", config, [folder], folder / "whole", threads=1, device="cpu")
            for _ in range(30):
                train("pose", config, [folder], folder / "cut", minutes=0.0, threads=1, device="cpu")
                train("pose", config, [folder], folder / "cut", minutes=0.002, threads=1, device="cpu")
            train("pose", config, [folder], folder / "cut", threads=1, device="cpu")
            whole, cut_up = (torch.load(folder / n / "last.pt", weights_only=True) for n in ("whole", "cut"))
            kinds = [json.loads(line)["kind"] for line in (folder / "cut" / "curve.jsonl").read_text().splitlines()]
        self.assertGreater(kinds.count("resume"), 2)
        self.assertEqual(whole["step"], cut_up["step"])
        for part in ("network", "average"):
            for key, value in whole[part].items():
                self.assertTrue(torch.equal(value, cut_up[part][key]), key)


if __name__ == "__main__":
    unittest.main()
