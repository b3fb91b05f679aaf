"""The training loop of both tasks: resumable at any moment, the same on a CPU and on a GPU.

A run is a list of steps that the configuration and the seed fix: which samples, which augmentation, which learning rate.
`last.pt` holds everything that a later step depends on; it is replaced atomically, so a run may be cut at any time.
"""

import copy
import json
import math
import os
import signal
import time

import numpy as np
import torch
from safetensors.torch import load_file

from .dense_teacher import DenseTeacher, PoseTeacher
from .folding import unfold
from .geometry import decode, oks
from .losses import detection_loss, heatmap_loss
from .networks import build
from .onnx_networks import teacher_files
from .optimiser import optimiser_of
from .people import CANVAS_HEIGHT, CANVAS_WIDTH, MARGIN, People, augment, plain
from .pictures import Pictures, Views, collate, input_of
from .together import Together


def augmentation_of(config, stage):
    """The configuration's [augment], with what the stage's own says instead: gentler at the end, as pictures are when it matters."""
    return config["augment"] | stage.get("augment", {})


class PoseTask:
    def __init__(self, config, roots, device, weights=None, together=Together()):
        self.config, self.device, self.together = config, device, together
        room = torch.cuda.get_device_properties(0).total_memory if device.type == "cuda" else 0
        self.people = People(roots, device if room > 30e9 else None)
        self.teacher = None
        if any(stage.get("teach_views") for stage in config["stages"]):
            if weights is None:
                raise SystemExit("a stage with teach_views asks the teacher of every view: say where its file is (--weights FOLDER), or take teach_views out of --config")
            self.teacher = PoseTeacher(teacher_files(weights)["pose"], device)
        if any(augmentation_of(config, stage).get("mixing") and not stage.get("teach_views") for stage in config["stages"]):
            raise SystemExit("only a teacher of the very view can say what a mixed one shows: set teach_views = true in every stage with mixing")

    def epoch_length(self):
        return int((~self.people.validation).sum())

    def lots(self, epoch):
        return self.people.lots(epoch, self.config["seed"], self.config["whole_share"], self.config.get("seldom", 1))

    def batches(self, lots, begin, skip, stage):
        """The epoch's batches from number `skip` on; `begin` is the run's step at which the epoch began."""
        size, batch, augmentation = tuple(stage["size"]), stage["batch"], augmentation_of(self.config, stage)
        teacher = self.teacher if stage.get("teach_views") else None
        for i in range(skip, len(lots) // batch):
            random = np.random.default_rng(self.together.seed(self.config["seed"], 3, begin + i))
            yield augment(self.people, self.together.part(lots[i * batch:(i + 1) * batch]), size, random, augmentation, self.device, teacher)

    def loss(self, network, batch, size):
        image, target, weight = batch
        return heatmap_loss(network(image), target, weight)

    @torch.no_grad()
    def validate(self, network, size):
        """Mean OKS and share of joints within a tenth of the box's height, of people with at least 8 labelled joints."""
        chosen = np.flatnonzero(self.people.validation & ((self.people.keypoints[..., 2] > 0).sum(1).numpy() >= 8))
        chosen = chosen[:: max(1, len(chosen) // self.config["validation_people"])]
        similarity, close = {True: [], False: []}, []
        inner = CANVAS_HEIGHT / MARGIN
        for part in np.array_split(chosen, max(1, len(chosen) // 64)):
            heat = network(plain(self.people, part, size, self.device).to(memory_format=torch.channels_last)).float().cpu().numpy()
            for maps, which in zip(heat, part):
                points = decode(maps)
                cell = inner / maps.shape[1]
                points[:, :2] = cell * points[:, :2] + (np.array([CANVAS_WIDTH, CANVAS_HEIGHT]) - cell * np.array(maps.shape[:0:-1])) / 2
                truth = self.people.keypoints[which].numpy()
                similarity[bool(self.people.whole[which])].append(oks(points, truth, 0.53 * float(self.people.area[which])))
                labelled = truth[:, 2] > 0
                close += (np.hypot(*(points[labelled, :2] - truth[labelled, :2]).T) < 0.1 * inner / 1.25).tolist()
        mean = lambda values: round(float(np.mean(values)), 4) if values else None
        return {"oks_coco": mean(similarity[True]), "oks_other": mean(similarity[False]), "joints_close": mean(close)}


class DetectorTask:
    def __init__(self, config, roots, device, weights=None, together=Together()):
        self.config, self.device, self.together = config, device, together
        self.pictures = Pictures(roots)
        self.workers = max(0, min(14, (os.cpu_count() or 1) - 2)) if device.type == "cuda" else 0
        self.share = config.get("dense_share", 0.0)
        if self.share:
            if weights is None:
                raise SystemExit("dense_share asks the teacher of every view: say where its file is (--weights FOLDER), or --set dense_share=0")
            self.teacher = DenseTeacher(teacher_files(weights)["yolox"], device)

    def epoch_length(self):
        return int((~self.pictures.validation).sum())

    def lots(self, epoch):
        return self.pictures.lots(epoch, self.config["seed"], self.config["complete_share"])

    def batches(self, lots, begin, skip, stage):
        """The epoch's batches from number `skip` on; `begin` is the run's step at which the epoch began."""
        size, batch = tuple(stage["size"]), stage["batch"]
        count = len(lots) // batch * batch
        partners = np.random.default_rng((self.config["seed"], 5, begin)).choice(lots, (count, 3))
        items = np.column_stack([begin * batch + np.arange(count), lots[:count], partners])[skip * batch:]
        items = self.together.part(items)
        views = Views(self.pictures, items, size, self.config["seed"], augmentation_of(self.config, stage))
        loader = torch.utils.data.DataLoader(views, batch // self.together.count, collate_fn=collate, num_workers=self.workers, pin_memory=self.device.type == "cuda")
        for pixels, boxes in loader:
            yield input_of(pixels, self.device), boxes

    def loss(self, network, batch, size):
        image, boxes = batch
        taught = self.teacher(image) if self.share else None
        return detection_loss(network(image), boxes, size, taught, self.share)

    @torch.no_grad()
    def validate(self, network, size):
        """AP50 on the complete validation pictures, by our own plain count (evaluate.py asks pycocotools)."""
        from .evaluate import detect, plain_ap

        chosen = np.flatnonzero(self.pictures.validation & self.pictures.complete)[: self.config["validation_pictures"]]
        found, truths = [], []
        for index in chosen:
            pixels, boxes = self.pictures[index]
            found.append(detect(network, pixels, size, self.device))
            truths.append(boxes)
        return {"ap50": plain_ap(found, truths)}


TASKS = {"pose": PoseTask, "detector": DetectorTask}


class Run:
    """The state that survives a cut."""

    def __init__(self, task_name, config, out, device):
        self.config, self.path, self.device = config, out / "last.pt", device
        torch.manual_seed(config["seed"])
        self.network = build(task_name, config).to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network)
        self.optimiser = optimiser_of(self.network, config)
        self.stage = self.epoch = self.step_in_epoch = self.step = self.samples = 0
        self.seconds = 0.0

    def begin_from(self, path, images):
        """Takes the tensors of another network that have the same name and shape here: of a checkpoint, or of an exported file,
        whose norms `images` settle."""
        if str(path).endswith(".safetensors"):
            taken = unfold(self.network, load_file(path, str(self.device)), images)
        else:
            theirs, mine = torch.load(path, map_location=self.device, weights_only=True)["average"], self.network.state_dict()
            fitting = {k: v for k, v in theirs.items() if k in mine and mine[k].shape == v.shape}
            self.network.load_state_dict(mine | fitting)
            taken = len(fitting)
        if not taken:
            raise SystemExit(f"{path} has no tensor that fits")
        self.average.load_state_dict(self.network.state_dict())
        return taken

    def load(self):
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location=self.device, weights_only=True)
        if state["config"]["network"] != self.config["network"]:
            raise SystemExit(f"{self.path} holds another network; choose another --out")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        for name in ("stage", "epoch", "step_in_epoch", "step", "samples", "seconds"):
            setattr(self, name, state[name])

    def save(self):
        names = ("stage", "epoch", "step_in_epoch", "step", "samples", "seconds")
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict(), "config": self.config}
        temporary = self.path.with_suffix(".part")
        torch.save(state | {name: getattr(self, name) for name in names}, temporary)
        os.replace(temporary, self.path)

    @torch.no_grad()
    def follow(self):
        """Moves the running average of the weights one step; it starts quickly."""
        keep = min(self.config["average"], (1 + self.step) / (10 + self.step))
        for mine, theirs in zip(self.average.state_dict().values(), self.network.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


def _rate(config, progress):
    """Learning rate at `progress` 0..1 of the run: short warm-up, then half a cosine."""
    warm = config["warm_up"]
    if progress < warm:
        return config["rate"] * (0.02 + 0.98 * progress / warm)
    return config["rate"] * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm))))


def train(task_name, config, roots, out, minutes=None, threads=None, device=None, begin_from=None, weights=None, together=Together()):
    if threads:
        torch.set_num_threads(threads)
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    out.mkdir(parents=True, exist_ok=True)
    if together.count > 1 and device.type != "cpu":
        raise SystemExit("--processes is for CPUs: leave it out, or say --device cpu")
    if any(stage["batch"] % together.count for stage in config["stages"]):
        raise SystemExit(f"{together.count} processes cannot share a batch evenly: choose another `batch`")
    task, run = TASKS[task_name](config, roots, device, weights, together), Run(task_name, config, out, device)
    run.load()
    begun = {}
    if begin_from and run.step == 0:
        first = config["stages"][0]
        images = next(iter(task.batches(task.lots(0), 0, 0, first)))[0]
        begun = {"tensors_taken": run.begin_from(begin_from, images)}
    together.same(run.network, run.average)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    # Progress counts pixels, so that a stage of small inputs takes its fair share of the schedule.
    cost = [stage["epochs"] * task.epoch_length() * stage["size"][0] * stage["size"][1] for stage in config["stages"]]
    began = saved = time.monotonic()
    earlier = run.seconds
    recent = []
    precision = torch.bfloat16 if config["bf16"] else torch.float32

    def wish_to_stop():
        return bool(stopped) or (minutes is not None and time.monotonic() - began > 60 * minutes)

    def report(kind, **values):
        if not together.first:
            return
        run.seconds = earlier + time.monotonic() - began
        row = {"kind": kind, "stage": run.stage, "epoch": run.epoch, "step": run.step, "samples": run.samples, "seconds": round(run.seconds), **values}
        print(json.dumps(row), flush=True)
        with open(out / "curve.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")

    def judge(size):
        if not together.first:
            return
        run.average.eval()
        report("validation", size=size, **task.validate(run.average, size))

    report("start" if run.step == 0 else "resume", device=str(device), samples_an_epoch=task.epoch_length(),
           parameters=sum(p.numel() for p in run.network.parameters()), **begun)
    over = False  # agreed by all processes after each step
    while run.stage < len(config["stages"]) and not over:
        stage = config["stages"][run.stage]
        size, batch = tuple(stage["size"]), stage["batch"]
        done_before = sum(cost[: run.stage])
        while run.epoch < stage["epochs"] and not over:
            run.network.train()
            lots = task.lots(1000 * run.stage + run.epoch)
            steps = len(lots) // batch
            for samples in task.batches(lots, run.step - run.step_in_epoch, run.step_in_epoch, stage):
                here = cost[run.stage] * (run.epoch + run.step_in_epoch / steps) / stage["epochs"]
                for group in run.optimiser.param_groups:
                    group["lr"] = _rate(config, (done_before + here) / sum(cost))
                with torch.autocast(device.type, precision, enabled=config["bf16"]):
                    samples = (samples[0].to(memory_format=torch.channels_last), *samples[1:])
                    loss = task.loss(run.network, samples, size)
                if not torch.isfinite(loss):
                    raise SystemExit(f"step {run.step}: the loss is {loss.item()}; lower `rate`")
                run.optimiser.zero_grad(set_to_none=True)
                loss.backward()
                over = together.agree(run.network.parameters(), wish_to_stop())
                torch.nn.utils.clip_grad_norm_(run.network.parameters(), config["clip"])
                run.optimiser.step()
                run.follow()
                run.step, run.step_in_epoch, run.samples = run.step + 1, run.step_in_epoch + 1, run.samples + batch
                if run.step % 10 == 0:
                    recent.append(loss.item())
                if run.step % config["report_steps"] == 0:
                    report("training", loss=round(float(np.mean(recent)), 4), rate=run.optimiser.param_groups[0]["lr"],
                           a_second=round(run.samples / (earlier + time.monotonic() - began), 1))
                    recent.clear()
                if together.first and time.monotonic() - saved > 60 * config["save_minutes"]:
                    run.seconds = earlier + time.monotonic() - began
                    run.save()
                    saved = time.monotonic()
                if over:
                    break
            if run.step_in_epoch >= steps:
                run.epoch, run.step_in_epoch = run.epoch + 1, 0
                if run.epoch % config["validate_epochs"] == 0 or run.epoch == stage["epochs"]:
                    judge(size)
        if run.epoch >= stage["epochs"]:
            run.stage, run.epoch, run.step_in_epoch = run.stage + 1, 0, 0
    if run.stage < len(config["stages"]):
        judge(tuple(config["stages"][run.stage]["size"]))
    report("finished" if run.stage == len(config["stages"]) else "stopped")
    if together.first:
        run.save()
