"""What the teachers say of the very views, and how a stage asks for it."""

import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import onnxruntime
import torch

from made_up import TRAINING, noise_people, small_pose_teacher, small_teacher
from posetrain.dense_teacher import Graph, PoseTeacher
from posetrain.losses import detection_loss
from posetrain.networks import boxes_of, cell_centres
from posetrain.people import People, _hide, _mixed, augment, plain
from posetrain.train import PoseTask


class DenseTeaching(unittest.TestCase):
    def test_the_graph_computes_what_onnx_runtime_does(self):
        x = np.random.default_rng(2).normal(size=(3, 3, 32, 48)).astype(np.float32)
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "small.onnx"
            small_teacher(path)
            run = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            theirs = np.concatenate([run.run(None, {"x": one[None]})[0] for one in x])
            ours = Graph(path, torch.device("cpu"))(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-5)

    def test_heatmaps_are_the_same_in_pytorch_and_in_onnx_runtime_and_any_size_has_some(self):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "small.onnx"
            small_pose_teacher(path)
            teacher = PoseTeacher(path, torch.device("cpu"))
        views = torch.randn(3, 3, 64, 48).to(memory_format=torch.channels_last)
        theirs, ours = teacher(views), teacher.graph(views).clamp(min=0)
        self.assertEqual(theirs.shape, (3, 17, 16, 12))
        self.assertGreater(theirs.std(), 0.01)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        self.assertEqual(teacher(torch.randn(2, 3, 128, 64)).shape, (2, 17, 32, 16))

    def test_a_view_is_taught_by_what_the_teacher_says_of_this_very_view(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())["augment"]
        asked = []

        def teacher(image):
            asked.append(image.clone())
            return torch.rand(len(image), 17, 16, 12, generator=torch.Generator().manual_seed(1))

        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            people = People([Path(name)])
            people.keypoints[:10] = 0  # nothing labelled: the teacher alone
            chosen, device = np.arange(20), torch.device("cpu")
            image, target, _ = augment(people, chosen, (64, 48), np.random.default_rng(3), config, device, teacher)
            turned = augment(people, chosen, (64, 48), np.random.default_rng(3), config, device)
        said = teacher(image)
        self.assertTrue(torch.equal(asked[0], image) and torch.equal(turned[0], image))
        self.assertTrue(torch.equal(target[:10], said[:10]))
        self.assertFalse(torch.equal(target[10:], said[10:]))
        self.assertFalse(torch.equal(turned[1][:10], said[:10]))

    def test_the_teacher_speaks_alone_of_joints_under_a_patch_and_of_two_people_in_one_view(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())["augment"] | {"half_body": 0, "occlusion": 0}
        blind = lambda image: torch.zeros(len(image), 17, 16, 12)
        left_half = lambda image, random, chance: (image, np.tile([-4, -4, 24, 68], (len(image), 1)))
        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            people = People([Path(name)])
            views = lambda **more: augment(people, np.arange(40), (64, 48), np.random.default_rng(3), config | more, torch.device("cpu"), blind)[1:]
            (bare, weight), mixed, contested = views(), views(mixing=1), views(contested=0.5)
            with mock.patch("posetrain.people._hide", left_half):
                patched, _ = views()
        peak = bare.flatten(2).argmax(2) % 12
        labelled = bare.flatten(2).amax(2) > 0.5
        self.assertGreater(int((labelled & (peak < 5)).sum()), 100)
        # A peak in column 6 may be that of a joint just left of the middle.
        self.assertEqual(patched[labelled & (peak < 6)].max(), 0)
        self.assertTrue(torch.equal(patched[labelled & (peak > 6)], bare[labelled & (peak > 6)]))
        self.assertEqual(mixed[0].max(), 0)
        self.assertEqual(mixed[1].max(), 0.25)
        self.assertTrue(torch.equal(contested[1][labelled], 0.5 * weight[labelled]))

    def test_the_patches_are_where_the_view_is_covered(self):
        before = torch.rand(40, 3, 64, 48, generator=torch.Generator().manual_seed(2))
        after, patches = _hide(before.clone(), np.random.default_rng(8), 0.5)
        changed = (before != after).any(1)
        y, x = torch.meshgrid(torch.arange(64), torch.arange(48), indexing="ij")
        for view, (x0, y0, x1, y1) in zip(changed, patches):
            covered = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
            self.assertTrue(torch.equal(view, covered))
        self.assertTrue(10 < changed.flatten(1).any(1).sum() < 30)

    def test_a_mixed_view_shows_two_people(self):
        values = torch.arange(40).float() ** 2
        image = values.view(40, 1, 1, 1).expand(40, 3, 64, 48).clone()
        image, mixed = _mixed(image, np.random.default_rng(7), 0.5)
        self.assertTrue(10 < mixed.sum() < 30)
        joined = shining = 0
        for view, value, chosen in zip(image, values, mixed):
            found = view.unique()
            if not chosen:
                self.assertEqual(found.tolist(), [value])
            elif len(found) == 2:
                joined += 1
                self.assertTrue(value in found and set(found.tolist()) <= set(values.tolist()))
                self.assertGreater((view == value).float().mean(), 0.49)
            else:
                shining += int(found != value)
        self.assertTrue(joined > 5 and shining > 3)

    def test_a_student_who_says_what_the_teacher_says_has_nothing_to_learn(self):
        torch.manual_seed(3)
        centres, strides = cell_centres(64, 96)
        output = torch.cat([torch.randn(2, 1, len(centres)), 0.3 * torch.randn(2, 4, len(centres))], 1).requires_grad_()
        taught = output[:, 0].sigmoid().detach(), boxes_of(output[:, 1:], centres, strides).detach()
        nobody = [torch.zeros(0, 5), torch.tensor([[0.0, 0.0, 96.0, 64.0, 1.0]])]  # nothing labelled, and all of it to be ignored
        detection_loss(output, nobody, (64, 96), taught, 1.0).backward()
        self.assertLess(output.grad.abs().max(), 1e-5)
        output.grad = None
        # Without a teacher the first picture is background, and the second says nothing.
        detection_loss(output, nobody, (64, 96)).backward()
        self.assertGreater(output.grad[0, 0].abs().min(), 1e-6)
        self.assertEqual(output.grad[1].abs().max(), 0)


class Stages(unittest.TestCase):
    def test_a_stage_may_say_how_it_augments(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())
        with tempfile.TemporaryDirectory() as name:
            noise_people(Path(name))
            task = PoseTask(config, [Path(name)], torch.device("cpu"))
            stage = {"size": [64, 64], "batch": 8}
            calm = {"scale": 0, "shift": 0, "rotation": 0, "half_body": 0, "colour": 0, "occlusion": 0, "blur": 0}
            wild, plainly = (next(iter(task.batches(np.arange(8), 0, 0, stage | own)))[0] for own in ({}, {"augment": calm}))
            standard = plain(task.people, np.arange(8), (64, 64), torch.device("cpu"))
        # Mirroring and a little noise are left; half of the views at least are as they would be judged.
        same = lambda views: sum(min((v - s).abs().mean(), (v.roll(1, 2) - s.flip(2)).abs().mean()) < 0.1 for v, s in zip(views, standard))
        self.assertEqual(same(wild), 0)
        self.assertGreaterEqual(same(plainly), 3)

    def test_a_stage_may_ask_the_teacher_of_every_view(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())
        config["stages"] = [{"size": [64, 48], "batch": 8, "epochs": 1}, {"size": [64, 48], "batch": 8, "epochs": 1, "teach_views": True}]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            noise_people(folder)
            with self.assertRaises(SystemExit):
                PoseTask(config, [folder], torch.device("cpu"))
            small_pose_teacher(folder / "pp_tinypose_256x192.onnx")
            mixing = {"augment": config["augment"] | {"mixing": 0.1}}
            with self.assertRaisesRegex(SystemExit, "teach_views = true in every stage"):
                PoseTask(config | mixing, [folder], torch.device("cpu"), folder)
            task = PoseTask(config, [folder], torch.device("cpu"), folder)
            task.people.keypoints[:] = 0  # nothing labelled: the teacher alone
            turned, asked = (next(iter(task.batches(np.arange(8), 0, 0, stage))) for stage in config["stages"])
        self.assertTrue(torch.equal(asked[0], turned[0]))
        self.assertTrue(torch.equal(asked[1], task.teacher(asked[0])))
        self.assertGreater(float(asked[1].max()), 0)
        self.assertFalse(torch.equal(turned[1], asked[1]))


if __name__ == "__main__":
    unittest.main()
