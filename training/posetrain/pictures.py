"""Prepared pictures for the detector: reading, and augmentation of single pictures (in worker processes where there are any)."""

import cv2
import numpy as np
import torch

from .people import into_range, shard_folders

FILL = 114


class Pictures:
    """All prepared pictures; pixels stay in mapped files."""

    def __init__(self, roots):
        self.pixels, self.rows = [], []
        for shard, folder in enumerate(shard_folders(roots, "detector")):
            self.pixels.append(np.load(folder / "pixels.npy", mmap_mode="r"))
            sizes, flags = np.load(folder / "sizes.npy"), np.load(folder / "flags.npy")
            boxes, ends = np.load(folder / "boxes.npy"), np.load(folder / "box_ends.npy")
            begin = np.concatenate([[0], np.cumsum(sizes.prod(1).astype(np.int64) * 3)])
            for i, own in enumerate(np.split(boxes, ends[:-1])):
                self.rows.append((shard, begin[i], tuple(sizes[i]), own, flags[i]))
        flags = np.array([row[4] for row in self.rows])
        self.validation, self.complete = flags[:, 0] > 0, flags[:, 1] > 0

    def __getitem__(self, index):
        """uint8 RGB [h, w, 3] and boxes [n, 5] (x, y, w, h, ignore)."""
        shard, begin, (h, w), boxes, _ = self.rows[index]
        return np.asarray(self.pixels[shard][begin:begin + h * w * 3]).reshape(h, w, 3), boxes

    def lots(self, epoch, seed, complete_share):
        """Indices of one epoch, `complete_share` of them pictures in which everyone is labelled."""
        random = np.random.default_rng((seed, epoch))
        train = np.flatnonzero(~self.validation)
        full, rest = train[self.complete[train]], train[~self.complete[train]]
        if min(len(full), len(rest)) == 0:
            return random.permutation(train)
        many = round(len(train) * complete_share)
        drawn = np.concatenate([random.permutation(full) for _ in range(-(-many // len(full)))])[:many]
        return random.permutation(np.concatenate([drawn, random.permutation(rest)[: len(train) - many]]))


def _place(picture, boxes, size, random, region, config):
    """One picture at a random scale and place so that it fills `region` (x0, y0, x1, y1) of the output; boxes moved with it."""
    x0, y0, x1, y1 = region
    h, w = picture.shape[:2]
    fit = max((x1 - x0) / w, (y1 - y0) / h) if random.random() < 0.5 else min((x1 - x0) / w, (y1 - y0) / h)
    scale = fit * np.exp(random.uniform(*np.log(config["scale"])))
    stretch = np.exp(random.uniform(-0.12, 0.12))
    sx, sy = scale * stretch, scale / stretch
    left = random.uniform(min(0, x1 - x0 - w * sx), max(0, x1 - x0 - w * sx))
    top = random.uniform(min(0, y1 - y0 - h * sy), max(0, y1 - y0 - h * sy))
    flip = random.random() < 0.5
    # Output column u shows source column (u + 0.5 - left) / sx - 0.5, or its mirror image.
    a, c = (-1 / sx, w - 0.5 - (0.5 - left) / sx) if flip else (1 / sx, (0.5 - left) / sx - 0.5)
    e, f = 1 / sy, (0.5 - top) / sy - 0.5
    if scale < 0.5 and min(h, w) >= 4:  # far below: average first, bilinear alone would drop pixels
        picture = cv2.resize(picture[:h // 2 * 2, :w // 2 * 2], (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        a, c, e, f = a / 2, (c - 0.5) / 2, e / 2, (f - 0.5) / 2
    part = cv2.warpAffine(picture, np.array([[a, 0, c], [0, e, f]]), (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderValue=(FILL,) * 3)
    moved = boxes.copy()
    moved[:, 0] = (w - boxes[:, 0] - boxes[:, 2] if flip else boxes[:, 0]) * sx + left
    moved[:, 1] = boxes[:, 1] * sy + top
    moved[:, 2] *= sx
    moved[:, 3] *= sy
    whole = moved[:, 2] * moved[:, 3]
    low = np.clip(moved[:, :2], 0, [x1 - x0, y1 - y0])
    high = np.clip(moved[:, :2] + moved[:, 2:4], 0, [x1 - x0, y1 - y0])
    moved[:, :2], moved[:, 2:4] = low + [x0, y0], high - low
    left_over = moved[:, 2] * moved[:, 3] / np.maximum(whole, 1e-6)
    moved[:, 4] = np.maximum(moved[:, 4], (left_over < 0.25) | (moved[:, 3] < 6))
    return part, moved[(moved[:, 2] > 1) & (moved[:, 3] > 1)]


def view(pictures, index, partners, size, random, config):
    """A random view: one picture or a mosaic of four. uint8 [H, W, 3], boxes [n, 5] (x, y, w, h, ignore) in input pixels."""
    height, width = size
    canvas = np.full((height, width, 3), FILL, np.uint8)
    if random.random() < config["mosaic"]:
        mx, my = int(width * random.uniform(0.3, 0.7)), int(height * random.uniform(0.3, 0.7))
        regions = [(0, 0, mx, my), (mx, 0, width, my), (0, my, mx, height), (mx, my, width, height)]
        indices = [index, *partners]
    else:
        regions, indices = [(0, 0, width, height)], [index]
    boxes = []
    for i, region in zip(indices, regions):
        part, moved = _place(*pictures[i], size, random, region, config)
        canvas[region[1]:region[3], region[0]:region[2]] = part
        boxes.append(moved)
    return _tint(canvas, random, config["colour"]), np.concatenate(boxes)


def _tint(image, random, strength):
    if random.random() < 0.2:
        return image
    saturation = 0.0 if random.random() < 0.08 else 1 + strength * random.uniform(-1, 1)
    contrast = 1 + 0.6 * strength * random.uniform(-1, 1)
    gain = np.exp(0.6 * strength * random.uniform(-1, 1) + 0.25 * strength * random.uniform(-1, 1, 3))[:, None]
    # gain * (middle + (grey + (x - grey) * saturation - middle) * contrast), as one matrix.
    matrix = gain * contrast * (saturation * np.eye(3) + (1 - saturation) / 3)
    return cv2.transform(image, np.hstack([matrix, gain * (1 - contrast) * image.mean()]))


class Views(torch.utils.data.Dataset):
    """Item (position in the run, picture index, three partners) -> view; the position seeds the randomness."""

    def __init__(self, pictures, items, size, seed, config):
        self.pictures, self.items, self.size, self.seed, self.config = pictures, items, size, seed, config

    def __len__(self):
        return len(self.items)

    def __getitem__(self, n):
        position, index, *partners = (int(v) for v in self.items[n])
        return view(self.pictures, index, partners, self.size, np.random.default_rng((self.seed, 7, position)), self.config)


def collate(items):
    """Batch: uint8 [n, H, W, 3] and a list of boxes."""
    return torch.from_numpy(np.stack([i[0] for i in items])), [torch.from_numpy(i[1]).float() for i in items]


def proportional(picture, size):
    """Height and width of the input for a picture: its proportions and about the area of `size`, sides in whole strides of 32 up to 1024."""
    h, w = picture.shape[:2]
    scale = (size[0] * size[1] / (h * w)) ** 0.5
    return tuple(min(max(round(n * scale / 32), 1), 32) * 32 for n in (h, w))


def letterbox(picture, size):
    """The network's plain view: scaled to fit, top left, rest FILL. Float [H, W, 3] and the scale."""
    from .onnx_networks import resized

    h, w = picture.shape[:2]
    r = min(size[0] / h, size[1] / w)
    canvas = np.full((*size, 3), FILL, np.float32)
    inner = resized(picture, max(1, int(w * r)), max(1, int(h * r)))
    canvas[: inner.shape[0], : inner.shape[1]] = inner
    return canvas, r


def input_of(pixels, device):
    """uint8 or float [n, H, W, 3] -> normalised [n, 3, H, W], channels last in memory."""
    return into_range(pixels.to(device).permute(0, 3, 1, 2).float() / 255)
