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
import onnx
import onnxruntime
import torch

TRAINING = Path(__file__).parent.parent
sys.path.insert(0, str(TRAINING))
CASES = TRAINING.parent / "fixtures" / "topdown"

from posetrain.dense_teacher import Graph, PoseTeacher  # noqa: E402
from posetrain.evaluate import checkpoint_network  # noqa: E402
from posetrain.export import export  # noqa: E402
from posetrain.folding import blend, fold, unfold  # noqa: E402
from posetrain.geometry import cut, decode, unflip, widen  # noqa: E402
from posetrain.losses import detection_loss  # noqa: E402
from posetrain.networks import Detector, PoseNet, boxes_of, cell_centres  # noqa: E402
from posetrain.optimiser import orthogonalised  # noqa: E402
from posetrain.people import People, _views, augment, plain  # noqa: E402
from posetrain.together import Together, run_together  # noqa: E402
from posetrain.train import PoseTask, train  # noqa: E402


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


def small_teacher(path):
    """An ONNX file with the layers of YOLOX (its focus, gates, pooled branch and upsampling) and few channels."""
    random = np.random.default_rng(5)
    weight = lambda name, *shape: onnx.numpy_helper.from_array(random.normal(0, 0.3, shape).astype(np.float32), name)
    whole = lambda name, *values: onnx.numpy_helper.from_array(np.array(values, np.int64), name)
    held = [weight("w0", 8, 6, 3, 3), weight("b0", 8), weight("w1", 8, 1, 3, 3), weight("b1", 8), weight("w2", 6, 16, 1, 1), weight("b2", 6),
            whole("zero", 0), whole("one", 1), whole("two", 2), whole("end", 2**63 - 1), whole("shape", 1, 6, -1),
            onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice")]
    node = onnx.helper.make_node
    nodes = [node("Slice", ["x", "zero", "end", "two", "two"], ["even"]), node("Slice", ["x", "one", "end", "two", "two"], ["odd"]),
             node("Concat", ["even", "odd"], ["rows"], axis=1), node("Conv", ["rows", "w0", "b0"], ["c0"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]),
             node("Sigmoid", ["c0"], ["s0"]), node("Mul", ["c0", "s0"], ["g0"]),
             node("Conv", ["g0", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2], group=8),
             node("MaxPool", ["c1"], ["p1"], kernel_shape=[5, 5], pads=[2] * 4, strides=[1, 1]), node("Add", ["c1", "p1"], ["a1"]),
             node("Resize", ["a1", "", "twice"], ["r1"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
             node("Concat", ["g0", "r1"], ["j"], axis=1), node("Conv", ["j", "w2", "b2"], ["c2"], kernel_shape=[1, 1], pads=[0] * 4, strides=[1, 1]),
             node("Reshape", ["c2", "shape"], ["f"]), node("Transpose", ["f"], ["y"], perm=[0, 2, 1])]
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "small", [value("x")], [value("y")], held)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


def small_pose_teacher(path):
    """An ONNX file with the layers of PP-TinyPose (halves, shuffled channels, both ways of resizing, maxima beside the heatmaps) and few channels."""
    random = np.random.default_rng(6)
    held = [onnx.numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name) for name, shape in (
        ("w0", (8, 3, 3, 3)), ("b0", (8,)), ("w1", (4, 1, 3, 3)), ("b1", (4,)), ("w2", (8, 8, 3, 3)), ("b2", (8,)), ("w3", (17, 8, 1, 1)), ("b3", (17,)))]
    held += [onnx.numpy_helper.from_array(np.array(values, np.int64), name) for name, values in (
        ("apart", (0, 2, 4, 32, 24)), ("again", (0, 8, 32, 24)), ("flat", (0, 17, -1)))]
    held += [onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"), onnx.numpy_helper.from_array(np.array([1, 1, 0.5, 0.5], np.float32), "half")]
    node = onnx.helper.make_node
    conv = lambda x, n, y, stride, groups=1, pad=1: node("Conv", [x, f"w{n}", f"b{n}"], [y], kernel_shape=[1 + 2 * pad] * 2, pads=[pad] * 4, strides=[stride] * 2, group=groups)
    nodes = [conv("image", 0, "c0", 2), node("Relu", ["c0"], ["r0"]), node("Split", ["r0"], ["left", "right"], axis=1), conv("right", 1, "c1", 1, 4),
             node("Concat", ["left", "c1"], ["both"], axis=1), node("Reshape", ["both", "apart"], ["five"]), node("Transpose", ["five"], ["turned"], perm=[0, 2, 1, 3, 4]),
             node("Reshape", ["turned", "again"], ["four"]), conv("four", 2, "c2", 2),
             node("Resize", ["c2", "", "twice"], ["n"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
             node("Add", ["n", "four"], ["a"]), node("Resize", ["a", "", "half"], ["l"], mode="linear", coordinate_transformation_mode="align_corners"),
             conv("l", 3, "heatmaps", 1, pad=0), node("Reshape", ["heatmaps", "flat"], ["f"]), node("ArgMax", ["f"], ["argmax"], axis=2, keepdims=0)]
    value = lambda name, kind=onnx.TensorProto.FLOAT, shape=None: onnx.helper.make_tensor_value_info(name, kind, shape)
    graph = onnx.helper.make_graph(nodes, "small", [value("image", shape=["N", 3, 64, 48])], [value("heatmaps"), value("argmax", onnx.TensorProto.INT64)], held)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


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
            task = PoseTask(config, [folder], torch.device("cpu"), folder)
            task.people.keypoints[:] = 0  # nothing labelled: the teacher alone
            turned, asked = (next(iter(task.batches(np.arange(8), 0, 0, stage))) for stage in config["stages"])
        self.assertTrue(torch.equal(asked[0], turned[0]))
        self.assertTrue(torch.equal(asked[1], task.teacher(asked[0])))
        self.assertGreater(float(asked[1].max()), 0)
        self.assertFalse(torch.equal(turned[1], asked[1]))


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

    def test_two_processes_share_every_batch_and_a_cut_changes_nothing(self):
        config = tomllib.loads((TRAINING / "configs" / "pose-cpu.toml").read_text())
        config |= {"stages": [{"size": [64, 64], "batch": 4, "epochs": 2}]}
        config["network"] = {"widths": [8, 8, 8, 8, 8], "blocks": [0, 0, 1, 0, 0], "deconvolutions": [8, 8, 8]}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            noise_people(folder)
            run_together(2, train, "pose", config, [folder], folder / "whole", None, 1, "cpu")
            run_together(2, train, "pose", config, [folder], folder / "cut", 0.0, 1, "cpu")  # one step
            run_together(2, train, "pose", config, [folder], folder / "cut", None, 1, "cpu")
            whole, cut_up = (torch.load(folder / n / "last.pt", weights_only=True) for n in ("whole", "cut"))
            kinds = [json.loads(line)["kind"] for line in (folder / "cut" / "curve.jsonl").read_text().splitlines()]
        self.assertEqual((kinds.count("start"), kinds.count("resume"), kinds.count("finished")), (1, 1, 1))
        self.assertEqual((whole["step"], whole["samples"]), (cut_up["step"], 4 * whole["step"]))
        for part in ("network", "average"):
            for key, value in whole[part].items():
                self.assertTrue(torch.equal(value, cut_up[part][key]), key)

    def test_processes_follow_the_mean_of_their_gradients_and_stop_together(self):
        with tempfile.TemporaryDirectory() as name:
            run_together(2, gradients_of_a_member, name)
            gradients, stopped = zip(*(torch.load(Path(name) / str(rank), weights_only=True) for rank in range(2)))
        for gradient in gradients:  # the first saw 0, 2, 4 of 0..5, the second 1, 3, 5
            torch.testing.assert_close(gradient, torch.tensor([15 / 2, 6 / 2]))
        self.assertEqual(stopped, (True, True))

    def test_what_processes_cannot_share_is_refused(self):
        together = Together()
        together.count = 3
        for device, reason in (("cpu", "evenly"), ("cuda", "for CPUs")):
            with self.assertRaisesRegex(SystemExit, reason):
                train("pose", {"stages": [{"batch": 4}]}, [], Path(tempfile.gettempdir()), device=device, together=together)


def gradients_of_a_member(folder, together):
    weights = torch.zeros(2, requires_grad=True)
    (together.part(torch.arange(6.0))[:, None] * weights[:1] + weights[1:]).sum().backward()
    stop = together.agree([weights], wish=together.rank == 1)
    torch.save((weights.grad, stop), Path(folder) / str(together.rank))


if __name__ == "__main__":
    unittest.main()
