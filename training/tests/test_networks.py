"""The conventions against cv2's and the official code's answers (fixtures/topdown); networks, folded, blended and exported."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from made_up import CASES, read, smooth
from posetrain.evaluate import checkpoint_network
from posetrain.export import export
from posetrain.folding import blend, fold, unfold
from posetrain.geometry import cut, decode, unflip, widen
from posetrain.networks import Detector, PoseNet, boxes_of, cell_centres
from posetrain.optimiser import orthogonalised


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
        for network, size in ((PoseNet(), (128, 96)), (PoseNet(laterals=True, refinements=(1, 0, 1)), (128, 96)), (Detector(), (96, 128))):
            network.train()
            for _ in range(3):  # norms that are not identities
                network(torch.randn(4, 3, *size) * 2 + 0.5)
            network.eval()
            probe = torch.randn(1, 3, *size)
            with torch.no_grad():
                before = network(probe)
                after = fold(network)(probe)
            self.assertLess((after - before).abs().max() / before.abs().max(), 1e-5)

    def test_a_folded_network_is_taken_up_with_the_same_answers(self):
        cases = ((PoseNet, {"laterals": True, "refinements": (1, 0, 1)}, {"refinements": (1, 1, 2)}, (128, 96)), (Detector, {}, {"blocks": (0, 0, 2, 2, 1)}, (96, 128)))
        for kind, shape, grown, size in cases:
            network, taker = kind(**shape).train(), kind(**shape | grown)
            for _ in range(3):
                network(torch.randn(4, 3, *size) * 2 + 0.5)
            with torch.no_grad():
                for value in network.parameters():
                    value.mul_(1 + torch.rand_like(value))  # lengths that no new layer has
                usual = taker.backbone.stages[1][0].conv.weight.square().mean()
                tensors = fold(network).eval().state_dict()
                images = torch.randn(8, 3, *size)
                taken = unfold(taker, tensors, images)
                probe = torch.randn(3, 3, *size) + 0.3
                before, after = network(probe), taker.eval()(probe)
                self.assertEqual(taken, sum(key.endswith(".weight") for key in tensors) + sum(key.startswith(("head.bias", "out.")) and key.endswith("bias") for key in tensors))
                self.assertLess((after - before).abs().max() / before.abs().max(), 1e-4)
                self.assertAlmostEqual(float(taker.backbone.stages[1][0].conv.weight.square().mean() / usual), 1, delta=1e-3)
                settled, before = taker.train()(images), network(images)
                self.assertLess((settled - before).abs().max() / before.abs().max(), 0.02)

    def test_blending_goes_from_one_network_to_the_other(self):
        early = fold(PoseNet(laterals=True, refinements=(1, 0, 1)).train()).eval()
        later = PoseNet(blocks=(0, 0, 2, 3, 2), laterals=True, refinements=(1, 1, 1)).train()
        for layer in later.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(layer.weight, 0.5, 1.0)
        later, probe = fold(later).eval(), torch.randn(2, 3, 128, 96)
        with torch.no_grad():
            mine, theirs = later(probe), early(probe)
            blend(later, early.state_dict(), 0.0)
            self.assertTrue(torch.equal(later(probe), mine))
            blend(later, early.state_dict(), 1.0)  # blocks that came later do nothing again
            self.assertLess((later(probe) - theirs).abs().max() / theirs.abs().max(), 1e-4)
            self.assertGreater((mine - theirs).abs().max() / theirs.abs().max(), 0.1)
            with self.assertRaises(SystemExit):
                blend(later, {"head.weight": torch.zeros(1)}, 0.5)

    def test_laterals_and_refinements_begin_as_nothing(self):
        plain, grown = PoseNet().eval(), PoseNet(laterals=True, refinements=(1, 1, 1)).eval()
        missing = grown.load_state_dict(plain.state_dict(), strict=False).missing_keys
        self.assertTrue(missing and all(".lateral." in key or ".blocks." in key for key in missing))
        probe = torch.randn(1, 3, 64, 96)
        with torch.no_grad():
            self.assertTrue(torch.equal(plain(probe), grown(probe)))

    def test_boxes_follow_the_cells(self):
        centres, strides = cell_centres(64, 96)
        self.assertEqual(len(centres), 8 * 12 + 4 * 6 + 2 * 3)
        boxes = boxes_of(torch.zeros(4, len(centres)), centres, strides)
        self.assertEqual(boxes[0].tolist(), [-4, -4, 12, 12])
        self.assertEqual(boxes[-1].tolist(), [80 - 32, 48 - 32, 80 + 32, 48 + 32])


class Optimising(unittest.TestCase):
    def test_steps_on_the_square_give_what_steps_on_the_matrix_give(self):
        generator = torch.Generator().manual_seed(3)
        for shape, decades in (((24, 90), 0), ((24, 90), 4), ((90, 24), 4), ((16, 16), 2)):
            left, _, right = torch.linalg.svd(torch.randn(shape, generator=generator, dtype=torch.double), full_matrices=False)
            matrix = left @ torch.diag(10 ** -torch.linspace(0, decades, min(shape), dtype=torch.double)) @ right
            x = matrix / matrix.norm()
            for _ in range(5):
                square = x @ x.T
                x = 3.4445 * x + (2.0315 * square @ square - 4.7750 * square) @ x
            found = orthogonalised(matrix.float())
            self.assertEqual(found.shape, x.shape)
            self.assertLess(float((found - x).norm() / x.norm()), 1e-3)
        self.assertEqual(float(orthogonalised(torch.zeros(4, 9)).abs().max()), 0)


class Exporting(unittest.TestCase):
    def test_scaled_heatmaps_are_the_same_times_a_number(self):
        shape = {"widths": [4, 4, 4, 4, 4], "blocks": [0, 0, 0, 0, 0], "deconvolutions": [4, 4, 4], "laterals": True}
        network = PoseNet(**shape)
        torch.nn.init.uniform_(network.head.bias, 0.1, 0.3)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            torch.save({"average": network.state_dict(), "config": {"network": shape}}, folder / "last.pt")
            for stem, scale in (("plain", 1.0), ("scaled", 1.5)):
                export("pose", folder / "last.pt", folder, stem, (64, 64), {}, scale=scale)
            probe = np.random.default_rng(3).normal(size=(1, 3, 64, 64)).astype(np.float32)
            read_back, config = checkpoint_network(folder / "scaled.safetensors", "pose")
            with torch.no_grad():
                read_back = read_back(torch.from_numpy(probe)).numpy()
            plain, scaled = (onnxruntime.InferenceSession(str(folder / f"{stem}.onnx"), providers=["CPUExecutionProvider"]).run(None, {"image": probe})[0]
                             for stem in ("plain", "scaled"))
        np.testing.assert_allclose(scaled, 1.5 * plain, rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(read_back, scaled, rtol=1e-4, atol=1e-5)
        self.assertEqual(config, {"network": shape, "stages": [{"size": [64, 64]}]})


if __name__ == "__main__":
    unittest.main()
