"""One frame: the empty place, shadows on the ground, bodies by depth, the lens; and the truth about every person."""

from dataclasses import dataclass

import numpy as np

from .render import BOUNCE_COLOUR, FAR, SKY_COLOUR, SUN, SUN_COLOUR, cast_shadow, draw_body, ground_openness

FINER = 2  # samples a pixel side


@dataclass(frozen=True)
class Truth:
    """A person of one frame. `box` (x, y, w, h) surrounds the whole body, hidden and cut parts too."""

    box: tuple
    visible: float  # share of the body's pixels that the picture shows
    keypoints: np.ndarray  # [17, 3]: x, y, v (2 seen, 1 hidden, 0 outside the picture)


def soften(image, sigma):
    """Gaussian blur of [h, w, ..] with mirrored edges."""
    if sigma <= 0:
        return image
    reach = max(1, int(3 * sigma + 0.5))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * image.ndim
        pad[axis] = (reach, reach)
        padded = np.pad(image, pad, mode="reflect")
        total = np.zeros_like(image)
        for i, tap in enumerate(taps):
            at = [slice(None)] * image.ndim
            at[axis] = slice(i, i + image.shape[axis])
            total += tap * padded[tuple(at)]
        image = total
    return image


def shrink(image, finer=FINER):
    """Mean of finer x finer blocks."""
    h, w = image.shape[0] // finer, image.shape[1] // finer
    return image[: h * finer, : w * finer].reshape(h, finer, w, finer, *image.shape[2:]).mean((1, 3))


class Body:
    """One figure seen by a camera: its rectangle, colours and depths, before anything hides it."""

    def __init__(self, figure, unit, camera):
        self.figure, self.camera = figure, camera
        # The silhouette may reach over the picture: the rectangle holds all of it.
        spheres, depth = camera.project(figure.parts[:, 22:25])
        reach = camera.focal * figure.parts[:, 25] / np.maximum(depth, 0.2)
        self.left, self.top = (int(np.floor(n)) for n in (spheres - reach[:, None]).min(0))
        self.right, self.bottom = (int(np.ceil(n)) for n in (spheres + reach[:, None]).max(0))
        rays = camera.rays(self.left, self.top, self.right, self.bottom, FINER)
        self.colour, self.depth = np.zeros(rays.shape), np.full(rays.shape[:2], FAR)
        draw_body(figure.parts, figure.colours, figure.patterns, figure.head, unit, float(figure.seed), figure.beard, camera.place,
                  rays, SUN, SUN_COLOUR, SKY_COLOUR, BOUNCE_COLOUR, self.colour, self.depth)

    def box(self):
        rows, columns = (np.flatnonzero((self.depth < FAR).any(axis)) for axis in (1, 0))
        if len(rows) == 0:
            return None
        x0, y0 = self.left + columns[0] / FINER, self.top + rows[0] / FINER
        return x0, y0, self.left + (columns[-1] + 1) / FINER - x0, self.top + (rows[-1] + 1) / FINER - y0


def _shade_ground(light, body, camera):
    """Darkens `light` [h, w] (one value a pixel, sun; and openness in [.., 1]) where the body keeps light from the ground."""
    feet = body.figure.parts[:, 22:25]
    heights = feet[:, 1] / SUN[1]
    fallen = np.vstack([feet - SUN * heights[:, None], feet * [1, 0, 1]])
    pixels, depth = camera.project(fallen)
    margin = 0.35 * camera.focal / max(2.0, depth.min())
    x0, x1 = (int(np.clip(n, 0, camera.width)) for n in (pixels[:, 0].min() - margin, pixels[:, 0].max() + margin))
    y0, y1 = (int(np.clip(n, 0, camera.height)) for n in (pixels[:, 1].min() - margin, pixels[:, 1].max() + margin))
    if x0 >= x1 or y0 >= y1:
        return
    points, hit = camera.ground(camera.rays(x0, y0, x1, y1))
    near = hit & (np.abs(points[..., 2]) < 40)
    places = points[near]
    for layer, work in ((0, lambda p, a: cast_shadow(body.figure.parts, p, SUN, a)), (1, lambda p, a: ground_openness(body.figure.parts, p, a))):
        window = light[y0:y1, x0:x1, layer]
        values = window[near]
        work(places, values)
        window[near] = values


def compose(place, away, bodies, camera):
    """Bodies before the place: linear picture [h, w, 3] at one sample a pixel, and the truth of each body."""
    light = np.ones((camera.height, camera.width, 2))
    for body in bodies:
        _shade_ground(light, body, camera)
    light = soften(light, 0.8).repeat(FINER, 0).repeat(FINER, 1)
    shadow = 0.30 + 0.70 * light[..., 0]
    fine = place * (shadow * (0.35 + 0.65 * light[..., 1]))[..., None]
    nearest = away.copy()
    owner = np.full(nearest.shape, -1)
    seen = []
    for index, body in enumerate(bodies):
        window, inside = _overlap(body, camera)
        depth = body.depth[inside]
        front = depth < nearest[window]
        fine[window][front] = body.colour[inside][front]
        nearest[window][front] = depth[front]
        owner[window][front] = index
    for index, body in enumerate(bodies):
        total = (body.depth < FAR).sum()
        seen.append((owner == index).sum() / max(1, total))
    truths = [_truth(body, index, share, owner, camera) for index, (body, share) in enumerate(zip(bodies, seen))]
    return shrink(fine), truths


def _overlap(body, camera):
    left, top = max(0, body.left), max(0, body.top)
    right, bottom = max(left, min(camera.width, body.right)), max(top, min(camera.height, body.bottom))
    window = (slice(top * FINER, bottom * FINER), slice(left * FINER, right * FINER))
    inside = (slice((top - body.top) * FINER, (bottom - body.top) * FINER), slice((left - body.left) * FINER, (right - body.left) * FINER))
    return window, inside


# How deep below the skin (metres) a keypoint lies at most, where it is seen.
_BURIED = np.array([0.03] + [0.035] * 4 + [0.16] * 2 + [0.12] * 2 + [0.10] * 2 + [0.22] * 2 + [0.16] * 2 + [0.12] * 2)


def _truth(body, index, share, owner, camera):
    pixels, _ = camera.project(body.figure.keypoints)
    far = np.linalg.norm(body.figure.keypoints - camera.place, axis=1)
    rows = np.zeros((17, 3))
    rows[:, :2] = pixels
    for j, ((x, y), distance) in enumerate(zip(pixels, far)):
        if not (0 <= x < camera.width and 0 <= y < camera.height):
            continue
        u, v = int((x - body.left) * FINER), int((y - body.top) * FINER)
        around = (slice(max(0, v - 1), v + 2), slice(max(0, u - 1), u + 2))
        own = distance - body.depth[around].min() < _BURIED[j] if body.depth[around].size else False
        mine = owner[max(0, int(y * FINER) - 1):int(y * FINER) + 2, max(0, int(x * FINER) - 1):int(x * FINER) + 2] == index
        rows[j, 2] = 2 if own and mine.mean() > 0.4 else 1
    return Truth(body.box(), float(share), rows)


def develop(linear_picture, random, grain=1.6, sharpness=0.55):
    """Lens and sensor: slight blur, falloff to the corners, a film-like curve, paler colours, grain. uint8 RGB."""
    image = soften(linear_picture, sharpness)
    h, w = image.shape[:2]
    y, x = np.mgrid[0:h, 0:w]
    radius = ((x - w / 2) / (w / 2)) ** 2 + ((y - h / 2) / (h / 2)) ** 2
    image = image * (1 - 0.09 * radius)[..., None] * 1.12
    image = image * (1 + 0.10 * image) / (1 + 0.45 * image) * 1.28
    image = 0.88 * image + 0.12 * (image @ [0.2126, 0.7152, 0.0722])[..., None]
    picture = 255 * np.clip(image, 0, 1) ** (1 / 2.2)
    picture += random.normal(0, grain, (h, w, 1)) + random.normal(0, 0.5 * grain, (h, w, 3))
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)
