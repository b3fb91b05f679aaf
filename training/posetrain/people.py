"""Prepared people for the pose network: reading, drawing lots, and augmentation of whole batches on any device."""

import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from .geometry import LOWER, MEAN, MIRROR, STD, UPPER
from .prepare import CANVAS_HEIGHT, CANVAS_WIDTH, HEAT_HEIGHT, HEAT_WIDTH, MARGIN


def shard_folders(roots, task):
    folders = [f for root in roots for f in sorted((Path(root) / task).iterdir()) if f.is_dir() and not f.name.startswith(".")]
    if not folders:
        raise SystemExit(f"no prepared {task} data in {', '.join(map(str, roots))}: run `posetrain prepare {task}` first")
    return folders


cv2.setNumThreads(1)
HELD = 4e9  # bytes of teacher heatmaps that are kept decompressed in memory


class People:
    """All prepared people.

    On a GPU where they fit, everything lies there (`resident`). Else pixels stay in mapped files, and the views of a batch are
    cut on the CPU at the network's own size, so that nothing ever touches whole canvases in floating point.
    """

    def __init__(self, roots, resident=None):
        folders = shard_folders(roots, "pose")
        self.canvases = [np.load(f / "canvases.npy", mmap_mode="r") for f in folders]
        self.heat = [np.load(f / "heat.npy", mmap_mode="r") for f in folders]
        self.ends = [np.load(f / "heat_ends.npy") for f in folders]
        self.keypoints = torch.from_numpy(np.concatenate([np.load(f / "keypoints.npy") for f in folders]))
        kinds = np.concatenate([np.load(f / "kinds.npy") for f in folders])
        self.validation, self.whole, self.trust, self.area = kinds[:, 0] > 0, kinds[:, 1] > 0, kinds[:, 2], kinds[:, 3]
        self.place = np.array([(s, i) for s, c in enumerate(self.canvases) for i in range(len(c))])
        self.held = None
        if len(self.place) * 17 * HEAT_HEIGHT * HEAT_WIDTH <= HELD:
            self.held = torch.empty((len(self.place), 17, HEAT_HEIGHT, HEAT_WIDTH), dtype=torch.uint8)
            for which, maps in enumerate(self.held):
                maps.numpy()[:] = self._heat(which)
        self.resident = None
        if resident is not None:
            pixels = torch.cat([torch.from_numpy(np.ascontiguousarray(c)).to(resident) for c in self.canvases])
            chunks = np.array_split(np.arange(len(self.place)), max(1, len(self.place) // 2048))
            self.resident = pixels, torch.cat([self._heats(chunk).to(resident) for chunk in chunks])
            self.held = None

    def _heat(self, which):
        shard, row = self.place[which]
        begin = 0 if row == 0 else self.ends[shard][row - 1]
        raw = zlib.decompress(self.heat[shard][begin:self.ends[shard][row]].tobytes())
        return np.frombuffer(raw, np.uint8).reshape(17, HEAT_HEIGHT, HEAT_WIDTH)

    def _heats(self, chosen):
        if self.held is not None:
            return self.held[chosen]
        return torch.from_numpy(np.stack([self._heat(which) for which in chosen]))

    def views(self, chosen, transforms, size, device):
        """What the transforms [n, 2, 3] (output to canvas pixels) show of the canvases: [n, 3, H, W] of 0..1 on `device`."""
        height, width = size
        if self.resident is not None:
            source = self.resident[0][torch.from_numpy(chosen).to(device)].permute(0, 3, 1, 2).float()
            grid = _grid(torch.from_numpy(transforms).float().to(device), height, width, CANVAS_HEIGHT, CANVAS_WIDTH)
            return F.grid_sample(source, grid, align_corners=False) / 255
        pixels = np.empty((len(chosen), height, width, 3), np.uint8)
        for view, transform, (shard, row) in zip(pixels, transforms, self.place[chosen]):
            cv2.warpAffine(self.canvases[shard][row], transform, (width, height), view, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).contiguous().float().div_(255)

    def heatmaps(self, chosen, device):
        """The teacher's heatmaps, uint8 [n, 17, 64, 48] on `device`."""
        if self.resident is not None:
            return self.resident[1][torch.from_numpy(chosen).to(device)]
        return self._heats(chosen).to(device)

    def lots(self, epoch, seed, whole_share):
        """Indices of one epoch: as many as there are training people, `whole_share` of them with faces (labelled by COCO or the teacher)."""
        random = np.random.default_rng((seed, epoch))
        train = np.flatnonzero(~self.validation)
        groups = [train[self.whole[train]], train[~self.whole[train]]]
        if min(map(len, groups)) == 0:
            return random.permutation(train)
        counts = [round(len(train) * whole_share), len(train) - round(len(train) * whole_share)]
        drawn = [np.concatenate([random.permutation(g) for _ in range(-(-n // len(g)))])[:n] for g, n in zip(groups, counts)]
        return random.permutation(np.concatenate(drawn))


def _views(keypoints, random, config):
    """Centre, height (canvas pixels), rotation and mirroring of each person's random view."""
    n = len(keypoints)
    height = np.full(n, CANVAS_HEIGHT / MARGIN)
    centre = np.tile([CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2], (n, 1))
    for i, points in enumerate(keypoints):
        if random.random() >= config["half_body"]:
            continue
        part = points[UPPER if random.random() < 0.6 else LOWER]
        part = part[part[:, 2] > 0]
        if len(part) < 4:
            continue
        low, high = part[:, :2].min(0), part[:, :2].max(0)
        h = max((high[1] - low[1]), (high[0] - low[0]) / 0.75) * 1.5
        if h > 50:
            centre[i], height[i] = (low + high) / 2, h
    height *= np.exp(np.clip(random.normal(0, config["scale"], n), -0.45, 0.45))
    centre += random.normal(0, config["shift"], (n, 2)) * height[:, None]
    angle = np.radians(np.clip(random.normal(0, config["rotation"], n), -2 * config["rotation"], 2 * config["rotation"]))
    angle *= random.random(n) < 0.65
    return centre, height, angle, random.random(n) < 0.5


def _grid(transform, height, width, source_height, source_width):
    """Sampling grid [n, height, width, 2] of grid_sample for transforms [n, 2, 3] from output to source pixels."""
    v, u = torch.meshgrid(torch.arange(height, device=transform.device), torch.arange(width, device=transform.device), indexing="ij")
    out = torch.stack([u, v, torch.ones_like(u)], -1).float().reshape(1, -1, 3)
    source = (out @ transform.transpose(1, 2)).reshape(-1, height, width, 2)
    size = torch.tensor([source_width, source_height], device=transform.device)
    return (2 * source + 1) / size - 1


def _transforms(centre, height, angle, flip, out_height, out_width):
    """Output pixels -> canvas pixels, [n, 2, 3]."""
    scale = height / out_height
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    mirror = np.where(flip, -1.0, 1.0)
    matrix = np.stack([np.stack([c * mirror, -s], 1), np.stack([s * mirror, c], 1)], 1)
    # Mirrored input shows what an unmirrored one shows with column u at W - 1 - u (as a flipped array does).
    middle = np.stack([np.where(flip, out_width / 2 - 1, out_width / 2), np.full(len(flip), out_height / 2)], 1)
    offset = centre - np.einsum("nij,nj->ni", matrix, middle)
    return np.concatenate([matrix, offset[:, :, None]], 2)


def augment(people, chosen, size, random, config, device):
    """A random view of every chosen person.

    Returns the input [n, 3, H, W], target heatmaps [n, 17, H/4, W/4] and weights [n, 17]. The target is the mean of the
    label's Gaussian and the teacher's heatmap where both exist and agree, else the one that exists.
    """
    height, width = size
    keypoints, trust = people.keypoints[chosen], torch.from_numpy(people.trust[chosen]).to(device)
    centre, view, angle, flip = _views(keypoints.numpy(), random, config)
    transform = _transforms(centre, view, angle, flip, height, width)
    to_canvas, keypoints = torch.from_numpy(transform).float().to(device), keypoints.to(device)
    flipped = torch.from_numpy(flip).to(device)

    image = _colours(people.views(chosen, transform, size, device), random, config)
    image = _hide(image, random, config["occlusion"])
    mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
    image.sub_(mean).div_(std)

    rows, columns = height // 4, width // 4
    # Heatmap pixel (x, y) stands for input pixel (4x, 4y); the teacher's map covers the inner part of the canvas in the same way.
    cell = to_canvas.clone()
    cell[:, :, :2] *= 4
    per_cell = CANVAS_WIDTH / MARGIN / HEAT_WIDTH
    corner = torch.tensor([CANVAS_WIDTH, CANVAS_HEIGHT], device=device) * (1 - 1 / MARGIN) / 2
    cell[:, :, 2] -= corner
    cell /= per_cell
    heat = people.heatmaps(chosen, device).float() / 255
    taught = F.grid_sample(heat, _grid(cell, rows, columns, HEAT_HEIGHT, HEAT_WIDTH), align_corners=False)

    linear = to_canvas[:, :, :2]
    places = torch.einsum("nij,nkj->nki", torch.linalg.inv(linear), keypoints[..., :2] - to_canvas[:, None, :, 2]) / 4
    mirror = torch.from_numpy(MIRROR).to(device)
    swap = lambda values: torch.where(flipped.view(-1, *[1] * (values.dim() - 1)), values[:, mirror], values)
    places, seen, taught = swap(places), swap(keypoints[..., 2]) > 0, swap(taught)
    inside = ((places >= -0.5) & (places < torch.tensor([columns - 0.5, rows - 0.5], device=device))).all(-1)
    sigma = config["sigma"] * rows / HEAT_HEIGHT
    x = torch.arange(columns, device=device) - places[..., :1]
    y = torch.arange(rows, device=device) - places[..., 1:]
    gaussian = torch.exp(-0.5 * (x / sigma) ** 2)[:, :, None, :] * torch.exp(-0.5 * (y / sigma) ** 2)[:, :, :, None]
    labelled = seen & inside
    peak = taught.flatten(2).amax(2)
    # Does the teacher see the joint near the label? Where not, the label decides alone.
    agree = (taught * gaussian).flatten(2).amax(2) > 0.25
    share = torch.where(labelled, torch.where(agree, config["teacher_share"], 0.0), 1.0)[..., None, None]
    target = share * taught + (1 - share) * gaussian * labelled[..., None, None]
    weight = torch.where(labelled, torch.where(agree, 1.0, trust[:, None].float()), torch.where(peak > 0.3, 0.8, 0.25))
    weight = torch.where(seen & ~inside, torch.full_like(weight, 0.5), weight)
    return image, target, weight


def plain(people, chosen, size, device):
    """The standard crop of every person, for validation: input [n, 3, H, W]."""
    n = len(chosen)
    centre, none = np.tile([CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2], (n, 1)), np.zeros(n)
    transform = _transforms(centre, np.full(n, CANVAS_HEIGHT / MARGIN), none, none > 0, *size)
    image = people.views(chosen, transform, size, device)
    mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
    return (image - mean) / std


def _colours(image, random, config):
    """Brightness, contrast, saturation, colour cast, grey, loss of resolution and noise."""
    n, device = len(image), image.device
    strength = config["colour"]
    draw = lambda *shape: random.uniform(-1, 1, shape)
    saturation = 1 + strength * draw(n, 1, 1)
    saturation[random.random(n) < 0.08] = 0
    gain = np.exp(0.7 * strength * draw(n, 1, 1) + 0.25 * strength * draw(n, 3, 1))
    contrast = 1 + 0.6 * strength * draw(n, 1, 1)
    # All of these are linear: gain * (middle + (grey + (x - grey) * saturation - middle) * contrast), one matrix a picture.
    matrix = gain * contrast * (saturation * np.eye(3) + (1 - saturation) / 3)
    offset = torch.from_numpy(gain * (1 - contrast)).float().to(device) * image.mean((1, 2, 3)).view(n, 1, 1)
    pixels = image.contiguous().view(n, 3, -1)
    image = torch.baddbmm(offset, torch.from_numpy(matrix).float().to(device), pixels).view(image.shape)
    coarse = torch.from_numpy(np.flatnonzero(random.random(n) < config["blur"])).to(device)
    if len(coarse):
        less = F.interpolate(F.avg_pool2d(image[coarse], 2), size=image.shape[-2:], mode="bilinear", align_corners=False)
        image.index_copy_(0, coarse, less)
    # Noise is dear: one drawing serves eight pictures.
    noise = torch.randn((-(-n // 8), *image.shape[1:]), generator=_generator(random, device), device=device)
    strength = 0.02 * random.random()
    for begin in range(0, n, len(noise)):
        part = image[begin:begin + len(noise)]
        part.add_(noise[:len(part)], alpha=strength)
    return image.clamp_(0, 1)


def _generator(random, device):
    generator = torch.Generator(device)
    generator.manual_seed(int(random.integers(2**62)))
    return generator


def _hide(image, random, chance):
    """Covers a rectangle by a flat colour or by a piece of another person's picture."""
    n, _, height, width = image.shape
    for i in np.flatnonzero(random.random(n) < chance):
        h, w = int(height * random.uniform(0.12, 0.38)), int(width * random.uniform(0.15, 0.5))
        y, x = random.integers(0, height - h), random.integers(0, width - w)
        if random.random() < 0.6:
            other = int(random.integers(n))
            v, u = random.integers(0, height - h), random.integers(0, width - w)
            image[i, :, y:y + h, x:x + w] = image[other, :, v:v + h, u:u + w].clone()
        else:
            image[i, :, y:y + h, x:x + w] = torch.from_numpy(random.random((3, 1, 1))).float().to(image.device)
    return image
