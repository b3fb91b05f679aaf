"""Prepared people for the pose network: reading, drawing lots, and augmentation of whole batches on any device."""

import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from .geometry import MEAN, MIRROR, STD
from .prepare import CANVAS_HEIGHT, CANVAS_WIDTH, HEAT_HEIGHT, HEAT_WIDTH, MARGIN


def shard_folders(roots, task):
    folders = [f for root in roots for f in sorted((Path(root) / task).iterdir()) if f.is_dir() and not f.name.startswith(".")]
    if not folders:
        raise SystemExit(f"no prepared {task} data in {', '.join(map(str, roots))}: run `posetrain prepare {task}` first")
    return folders


cv2.setNumThreads(1)
MIDDLE = 0.45  # of 0..1, about which contrast turns: the mean of photographs
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
        self.points = self.keypoints.numpy().copy()  # joints by label, else by the teacher: what a view may be chosen by
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
        for which, points in enumerate(self.points):
            taught = _peaks(self._heat(which) if self.held is None else self.held[which].numpy())
            points[:] = np.where(points[:, 2:] > 0, points, taught)
        self.seldom = np.array([_seldom(points) for points in self.points])

    def _heat(self, which):
        shard, row = self.place[which]
        begin = 0 if row == 0 else self.ends[shard][row - 1]
        raw = zlib.decompress(self.heat[shard][begin:self.ends[shard][row]].tobytes())
        return np.frombuffer(raw, np.uint8).reshape(17, HEAT_HEIGHT, HEAT_WIDTH)

    def _heats(self, chosen):
        if self.held is not None:
            return self.held[chosen]
        return torch.from_numpy(np.stack([self._heat(which) for which in chosen]))

    def views(self, chosen, transforms, colours, left, size, device):
        """What the transforms [n, 2, 3] (output to canvas pixels) show of the canvases, colours mixed by the matrices [n, 3, 4].

        Only the region `left` [n, 4] (x0, y0, x1, y1, canvas pixels) of a canvas is left, the rest is black as beyond a picture's border.
        [n, 3, H, W] of 0..1 on `device`, channels last in memory: the order of the canvases and of the convolutions. Turning
        the order round costs a CPU as much as cutting the view.
        """
        height, width = size
        if self.resident is not None:
            source = self.resident[0][torch.from_numpy(chosen).to(device)].permute(0, 3, 1, 2).float()
            x0, y0, x1, y1 = torch.from_numpy(left).to(device).T[:, :, None]
            u, v = torch.arange(CANVAS_WIDTH, device=device), torch.arange(CANVAS_HEIGHT, device=device)
            source *= (((v >= y0) & (v < y1))[:, :, None] & ((u >= x0) & (u < x1))[:, None])[:, None]
            grid = _grid(torch.from_numpy(transforms).float().to(device), height, width, CANVAS_HEIGHT, CANVAS_WIDTH)
            image = F.grid_sample(source, grid, align_corners=False).flatten(2) / 255
            matrix = torch.from_numpy(colours).float().to(device)
            image = torch.baddbmm(matrix[:, :, 3:], matrix[:, :, :3], image).clamp_(0, 1)
            return image.view(len(chosen), 3, height, width).to(memory_format=torch.channels_last)
        pixels = np.empty((len(chosen), height, width, 3), np.uint8)
        colours = colours * [1, 1, 1, 255]
        for view, transform, matrix, (x0, y0, x1, y1), (shard, row) in zip(pixels, transforms, colours, left, self.place[chosen]):
            part, shift = self.canvases[shard][row][y0:y1, x0:x1], np.array([[0, 0, x0], [0, 0, y0]])
            seen = cv2.warpAffine(part, transform - shift, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            cv2.transform(seen, matrix, view)
        return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().div_(255)

    def heatmaps(self, chosen, device):
        """The teacher's heatmaps, uint8 [n, 17, 64, 48] on `device`."""
        if self.resident is not None:
            return self.resident[1][torch.from_numpy(chosen).to(device)]
        return self._heats(chosen).to(device)

    def lots(self, epoch, seed, whole_share, seldom=1):
        """Indices of one epoch: as many as there are training people, `whole_share` of them with faces (labelled by COCO or the teacher).
        Of these, people of seldom shapes are drawn `seldom` times as often as the others."""
        random = np.random.default_rng((seed, epoch))
        train = np.flatnonzero(~self.validation)
        drawn = np.repeat(train, np.where(self.seldom[train] & self.whole[train], seldom, 1))
        groups = [drawn[self.whole[drawn]], drawn[~self.whole[drawn]]]
        if min(map(len, groups)) == 0:
            return random.permutation(drawn)[:len(train)]
        counts = [round(len(train) * whole_share), len(train) - round(len(train) * whole_share)]
        drawn = [np.concatenate([random.permutation(g) for _ in range(-(-n // len(g)))])[:n] for g, n in zip(groups, counts)]
        return random.permutation(np.concatenate(drawn))


def _seldom(points):
    """Somebody with few joints in sight or wider than tall people are: seldom among the training people, and hard (docs/embedded-training.md)."""
    known = points[points[:, 2] > 0, :2]
    if len(known) < 8:
        return len(known) > 0
    width, height = known.max(0) - known.min(0) + 10
    return width > 0.75 * height


WHOLE = np.array([0, 0, CANVAS_WIDTH, CANVAS_HEIGHT])


def _peaks(heat):
    """Joints [17, 3] on the canvas by a teacher's heatmaps (uint8): x, y, and 1 where it is fairly sure."""
    best = heat.reshape(17, -1).argmax(1)
    cell = CANVAS_WIDTH / MARGIN / HEAT_WIDTH
    corner = np.array([CANVAS_WIDTH, CANVAS_HEIGHT]) * (1 - 1 / MARGIN) / 2
    sure = heat.reshape(17, -1).max(1) > 0.3 * 255
    return np.column_stack([corner[0] + cell * (best % HEAT_WIDTH), corner[1] + cell * (best // HEAT_WIDTH), sure]) * sure[:, None]


def _part(points, random):
    """A part of a person as a picture's border or something in front would leave it: the upper one mostly, or the lower, left or right.

    Centre, height of its standard view, and what is left of the canvas (all of it in four cases of ten). None where that would be
    too little."""
    known = points[points[:, 2] > 0, :2]
    if len(known) < 5:
        return None
    low, high = known.min(0), known.max(0)
    border = 0.08 * (high - low).max() + 4
    low, high = low - border, high + border
    side, share = random.choice(4, p=(0.6, 0.15, 0.125, 0.125)), random.uniform(0.25, 0.85)
    axis, begins = 1 if side < 2 else 0, side in (0, 2)
    if begins:
        high[axis] = low[axis] + share * (high - low)[axis]
    else:
        low[axis] = high[axis] - share * (high - low)[axis]
    inside = ((known >= low) & (known < high)).all(1).sum()
    height = max((high - low)[1], (high - low)[0] / 0.75) * 1.25
    if inside < 3 or height < 50:
        return None
    left = WHOLE.copy()
    if random.random() < 0.6:
        edge = int(high[axis] if begins else low[axis])
        left[axis + 2 if begins else axis] = np.clip(edge, 1, WHOLE[axis + 2] - 1)
    return (low + high) / 2, height, left


def _views(keypoints, random, config):
    """Centre, height (canvas pixels), rotation and mirroring of each person's random view, and what is left of the canvas."""
    n = len(keypoints)
    height = np.full(n, CANVAS_HEIGHT / MARGIN)
    centre = np.tile([CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2], (n, 1))
    left = np.tile(WHOLE, (n, 1))
    for i, points in enumerate(keypoints):
        part = _part(points, random) if random.random() < config["half_body"] else None
        if part:
            centre[i], height[i], left[i] = part
    height *= np.exp(np.clip(random.normal(0, config["scale"], n), -0.45, 0.45))
    centre += random.normal(0, config["shift"], (n, 2)) * height[:, None]
    angle = np.radians(np.clip(random.normal(0, config["rotation"], n), -2 * config["rotation"], 2 * config["rotation"]))
    angle *= random.random(n) < 0.65
    return centre, height, angle, random.random(n) < 0.5, left


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


def augment(people, chosen, size, random, config, device, teacher=None):
    """A random view of every chosen person.

    Returns the input [n, 3, H, W], target heatmaps [n, 17, H/4, W/4] and weights [n, 17]. The target is the mean of the
    label's Gaussian and the teacher's heatmap where both exist and agree, else the one that exists. The teacher's are those of
    the person's standard view, turned with the view, or what `teacher` says of the very view. That one speaks alone of joints
    under a patch and of views in which two people are mixed.
    """
    n, (height, width) = len(chosen), size
    keypoints, trust = people.keypoints[chosen], torch.from_numpy(people.trust[chosen]).to(device)
    points = people.points[chosen]
    centre, view, angle, flip, left = _views(points, random, config)
    gone = ((points[..., :2] < left[:, None, :2]) | (points[..., :2] >= left[:, None, 2:])).any(2) & (points[..., 2] > 0)
    gone = torch.from_numpy(gone).to(device)
    transform = _transforms(centre, view, angle, flip, height, width)
    to_canvas, keypoints = torch.from_numpy(transform).float().to(device), keypoints.to(device)
    flipped = torch.from_numpy(flip).to(device)

    image = _worn(people.views(chosen, transform, _colours(n, random, config["colour"]), left, size, device), random, config)
    image, patches = _hide(image, random, config["occlusion"])
    image, mixed = _mixed(image, random, config.get("mixing", 0))
    image = into_range(image)

    rows, columns = height // 4, width // 4
    taught = teacher(image) if teacher else _turned(people.heatmaps(chosen, device).float() / 255, to_canvas, rows, columns)

    linear = to_canvas[:, :, :2]
    places = torch.einsum("nij,nkj->nki", torch.linalg.inv(linear), keypoints[..., :2] - to_canvas[:, None, :, 2]) / 4
    mirror = torch.from_numpy(MIRROR).to(device)
    swap = lambda values: torch.where(flipped.view(-1, *[1] * (values.dim() - 1)), values[:, mirror], values)
    if teacher is None:
        # Joints beyond the border of what is left have no place in the picture: nobody would label them.
        taught = swap(taught.masked_fill_(gone[..., None, None], 0))
    places, seen = swap(places), swap((keypoints[..., 2] > 0) & ~gone)
    if teacher:
        patch = torch.from_numpy(patches).to(device)[:, None] / 4
        seen &= ~((places >= patch[..., :2]) & (places < patch[..., 2:])).all(-1) & ~torch.from_numpy(mixed).to(device)[:, None]
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
    target = torch.lerp(gaussian.mul_(labelled[..., None, None]), taught, share)
    contested = trust[:, None].float() * config.get("contested", 1.0)
    weight = torch.where(labelled, torch.where(agree, 1.0, contested), torch.where(peak > 0.3, 0.8, 0.25))
    weight = torch.where(seen & ~inside, torch.full_like(weight, 0.5), weight)
    return image, target, weight


def _turned(heat, to_canvas, rows, columns):
    """Heatmaps [n, 17, 64, 48] of the standard view as they are in views whose pixels the transforms [n, 2, 3] take to the canvas.

    Heatmap pixel (x, y) stands for input pixel (4x, 4y); the teacher's map covers the inner part of the canvas in the same way."""
    cell = to_canvas.clone()
    cell[:, :, :2] *= 4
    cell[:, :, 2] -= torch.tensor([CANVAS_WIDTH, CANVAS_HEIGHT], device=heat.device) * (1 - 1 / MARGIN) / 2
    cell /= CANVAS_WIDTH / MARGIN / HEAT_WIDTH
    return F.grid_sample(heat, _grid(cell, rows, columns, HEAT_HEIGHT, HEAT_WIDTH), align_corners=False)


def plain(people, chosen, size, device):
    """The standard crop of every person, for validation: input [n, 3, H, W]."""
    n = len(chosen)
    centre, none = np.tile([CANVAS_WIDTH / 2, CANVAS_HEIGHT / 2], (n, 1)), np.zeros(n)
    transform = _transforms(centre, np.full(n, CANVAS_HEIGHT / MARGIN), none, none > 0, *size)
    return into_range(people.views(chosen, transform, np.tile(np.eye(3, 4), (n, 1, 1)), np.tile(WHOLE, (n, 1)), size, device))


def into_range(image):
    """0..1 to the networks' input range, in place; channels last in memory. Whole rows at once: three values a time are slow on a CPU."""
    rows = image.permute(0, 2, 3, 1).flatten(2)  # [n, H, W * 3], the same memory
    scale, offset = (torch.from_numpy(v).to(image.device).repeat(image.shape[3]) for v in (1 / STD, -MEAN / STD))
    torch.addcmul(offset, rows, scale, out=rows)
    return image


def _colours(n, random, strength):
    """Brightness, contrast, saturation and colour cast of n views as matrices [n, 3, 4] on values of 0..1; some are grey."""
    draw = lambda *shape: random.uniform(-1, 1, shape)
    saturation = 1 + strength * draw(n, 1, 1)
    saturation[random.random(n) < 0.08] = 0
    gain = np.exp(0.7 * strength * draw(n, 1, 1) + 0.25 * strength * draw(n, 3, 1))
    contrast = 1 + 0.6 * strength * draw(n, 1, 1)
    # All of these are linear: gain * (middle + (grey + (x - grey) * saturation - middle) * contrast).
    matrix = gain * contrast * (saturation * np.eye(3) + (1 - saturation) / 3)
    return np.concatenate([matrix, gain * (1 - contrast) * MIDDLE], 2)


def _worn(image, random, config):
    """Loss of resolution and noise."""
    n, device = len(image), image.device
    coarse = torch.from_numpy(np.flatnonzero(random.random(n) < config["blur"])).to(device)
    if len(coarse):
        less = F.interpolate(F.avg_pool2d(image[coarse], 2), size=image.shape[-2:], mode="bilinear", align_corners=False)
        image.index_copy_(0, coarse, less)
    # Noise is dear: one drawing serves eight pictures.
    noise = torch.randn((-(-n // 8), *image.shape[1:]), generator=_generator(random, device), device=device)
    noise = noise.to(memory_format=torch.channels_last)
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
    """Covers a rectangle by a flat colour or by a piece of another person's picture. Also returns the rectangles [n, 4]
    (x0, y0, x1, y1, pixels; empty where nothing is covered)."""
    n, _, height, width = image.shape
    patches = np.zeros((n, 4))
    for i in np.flatnonzero(random.random(n) < chance):
        h, w = int(height * random.uniform(0.12, 0.38)), int(width * random.uniform(0.15, 0.5))
        y, x = random.integers(0, height - h), random.integers(0, width - w)
        patches[i] = x, y, x + w, y + h
        if random.random() < 0.6:
            other = int(random.integers(n))
            v, u = random.integers(0, height - h), random.integers(0, width - w)
            image[i, :, y:y + h, x:x + w] = image[other, :, v:v + h, u:u + w].clone()
        else:
            image[i, :, y:y + h, x:x + w] = torch.from_numpy(random.random((3, 1, 1))).float().to(image.device)
    return image, patches


def _mixed(image, random, chance):
    """Puts somebody else's view into some views: shining through (Zhang et al., mixup, 2018), or a strip along a side or the lower border
    as people stand before each other (after Yun et al., CutMix, 2019). Also returns which views [n]. No label says what such a view shows."""
    n, _, height, width = image.shape
    mixed = random.random(n) < chance
    others = image[torch.from_numpy(random.permutation(n)[mixed])]  # a copy, from before anything is mixed
    for i, other in zip(np.flatnonzero(mixed), others, strict=True):
        share = random.uniform(0.15, 0.5)
        match random.choice(4, p=(0.4, 0.25, 0.25, 0.1)):
            case 0:
                image[i].lerp_(other, share)
            case 1:
                image[i, ..., :int(share * width)] = other[..., :int(share * width)]
            case 2:
                image[i, ..., -int(share * width):] = other[..., -int(share * width):]
            case 3:
                image[i, :, -int(share * height):] = other[:, -int(share * height):]
    return image, mixed
