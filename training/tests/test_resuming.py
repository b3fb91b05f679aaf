"""The promise that a cut run ends with the same weights as one that was not cut, in one process and in two."""

import json
import tempfile
import tomllib
import unittest
from pathlib import Path

import torch

from made_up import TRAINING, noise_people
from posetrain.together import Together, run_together
from posetrain.train import train


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
