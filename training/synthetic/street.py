"""The place: a paved square with lawn, hedge, trees and houses behind it, drawn by rays; and the camera."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from .render import BOUNCE_COLOUR, FAR, SKY_COLOUR, SUN, SUN_COLOUR, lattice, layered, noise


@dataclass(frozen=True)
class Camera:
    """A pinhole at `eye` metres above the ground that looks along -z, pitched down by `pitch` degrees."""

    width: int = 640
    height: int = 360
    focal: float = 600.0
    eye: float = 1.62
    pitch: float = 4.5

    @property
    def place(self):
        return np.array([0.0, self.eye, 0.0])

    def _axes(self):
        c, s = math.cos(math.radians(self.pitch)), math.sin(math.radians(self.pitch))
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])  # right, up, backward as rows in the world

    def project(self, points):
        """Pixels [n, 2] (centres at .5) and depth along the axis [n] of world points [n, 3]."""
        local = (np.asarray(points) - self.place) @ self._axes().T
        depth = -local[:, 2]
        return np.stack([self.width / 2 + self.focal * local[:, 0] / depth, self.height / 2 - self.focal * local[:, 1] / depth], 1), depth

    def rays(self, left, top, right, bottom, finer=1):
        """Unit rays [h, w, 3] through the pixels of a rectangle, `finer` x `finer` to a pixel."""
        u = (np.arange((right - left) * finer) + 0.5) / finer + left
        v = (np.arange((bottom - top) * finer) + 0.5) / finer + top
        local = np.empty((len(v), len(u), 3))
        local[..., 0] = (u[None, :] - self.width / 2) / self.focal
        local[..., 1] = (self.height / 2 - v[:, None]) / self.focal
        local[..., 2] = -1.0
        world = local @ self._axes()
        return world / np.linalg.norm(world, axis=2, keepdims=True)

    def ground(self, rays):
        """Where rays [.., 3] meet the ground: points [.., 3] and a mask."""
        down = rays[..., 1] < -1e-4
        t = np.where(down, -self.eye / np.where(down, rays[..., 1], -1.0), 0.0)
        return self.place + rays * t[..., None], down


def _tree(random, x, depth, height, spread, blobs):
    """Trunk foot and leaf clusters [blobs, 4] (x, y, z, radius) of one tree."""
    out = []
    for _ in range(blobs):
        direction = random.normal(size=3)
        direction /= np.linalg.norm(direction)
        r = random.uniform(0.35, 1.0) ** 0.5
        out.append([x + spread * r * direction[0], height + 0.75 * spread * r * direction[1], -depth + spread * r * direction[2],
                    random.uniform(0.26, 0.5) * spread * 0.62])
    return out


def plant(seed):
    """Leaf clusters [n, 4] and trunks [n, 4] (x, z, radius, height) of the trees and shrubs."""
    random = np.random.default_rng(seed)
    leaves, trunks = [], []
    for x, depth, height, spread in ((-7.4, 15.5, 4.1, 2.1), (6.6, 17.0, 4.6, 2.4), (-1.6, 25.0, 5.2, 2.5), (11.5, 22.0, 4.4, 2.2)):
        leaves += _tree(random, x, depth, height, spread, 70)
        trunks.append([x, -depth, 0.17, height])
    for x in np.arange(-16, 17, 0.42):  # the hedge
        leaves.append([x + random.uniform(-0.1, 0.1), random.uniform(0.35, 0.75), -18.5 + random.uniform(-0.2, 0.2), random.uniform(0.42, 0.6)])
    return np.array(leaves), np.array(trunks)


@njit(cache=True)
def _leaf_hit(leaves, ox, oy, oz, dx, dy, dz):
    """The nearest leaf cluster on a ray, with a ragged rim: distance and index."""
    best, who = FAR, -1
    for i in range(leaves.shape[0]):
        cx, cy, cz, r = leaves[i, 0] - ox, leaves[i, 1] - oy, leaves[i, 2] - oz, leaves[i, 3]
        along = cx * dx + cy * dy + cz * dz
        if along < 0.2:
            continue
        miss = cx * cx + cy * cy + cz * cz - along * along
        if miss > 1.5 * r * r:
            continue
        mx, my, mz = ox + along * dx - leaves[i, 0], oy + along * dy - leaves[i, 1], oz + along * dz - leaves[i, 2]
        ragged = r * (0.62 + 0.62 * layered(9 * mx + 7 * i, 9 * my, 9 * mz, 3))
        if miss < ragged * ragged:
            t = along - math.sqrt(ragged * ragged - miss)
            if t < best:
                best, who = t, i
    return best, who


@njit(cache=True)
def _paving(x, z, out):
    """Concrete slabs in a running bond with joints, stains and single darker stones."""
    row = math.floor(z / 0.5)
    shift = 0.5 * (int(row) % 2)
    u, v = x / 0.75 + shift, z / 0.5
    slab = lattice(int(math.floor(u)), int(math.floor(v)), 3)
    joint = min(min(u % 1.0, 1 - u % 1.0) * 0.75, min(v % 1.0, 1 - v % 1.0) * 0.5)
    tone = 0.30 + 0.07 * (slab - 0.5) + 0.07 * (layered(1.1 * x, 1.1 * z, 0.5, 3) - 0.5) + 0.05 * (noise(60 * x, 60 * z, 1.5) - 0.5)
    if joint < 0.008:
        tone *= 0.55
    out[0], out[1], out[2] = tone * 1.02, tone * 0.98, tone * 0.90


@njit(cache=True)
def _lawn(x, z, out):
    blade = layered(26 * x, 7 * z, 2.0, 3)
    patch = layered(0.6 * x, 0.6 * z, 7.0, 3)
    out[0] = 0.075 + 0.07 * blade + 0.07 * patch
    out[1] = 0.15 + 0.11 * blade + 0.05 * patch
    out[2] = 0.035 + 0.03 * blade


@njit(cache=True)
def _houses(x, y, out):
    """A terrace: plaster and brick, windows with frames and sills, a cornice; returns False above the roofs."""
    house = int(math.floor((x + 60) / 7.6))
    within = (x + 60) / 7.6 - math.floor((x + 60) / 7.6)
    top = 6.4 + 2.2 * lattice(house, 5, 1)
    if y > top:
        return False
    hue = lattice(house, 9, 2)
    if hue < 0.4:
        out[0], out[1], out[2] = 0.36, 0.20, 0.14
        course = (y / 0.09) % 1.0 < 0.16
        head = ((x + 0.12 * (int(math.floor(y / 0.09)) % 2)) / 0.24) % 1.0 < 0.07
        if course or head:
            out[0], out[1], out[2] = 0.40, 0.33, 0.27
    elif hue < 0.7:
        out[0], out[1], out[2] = 0.52, 0.45, 0.32
    else:
        out[0], out[1], out[2] = 0.45, 0.46, 0.45
    stain = 0.85 + 0.3 * layered(0.8 * x, 0.5 * y, 4.0 + house, 4)
    for c in range(3):
        out[c] *= stain
    storey = (y - 0.6) / 2.75
    u = within * 4.0
    wx, wy = u % 1.0, storey % 1.0
    if 0.0 < storey < (top - 1.0 - 0.6) / 2.75 + 0.2:
        if 0.26 < wx < 0.74 and 0.26 < wy < 0.86:
            frame = wx < 0.30 or wx > 0.70 or wy < 0.30 or wy > 0.83 or abs(wx - 0.5) < 0.012 or abs(wy - 0.66) < 0.012
            if frame:
                out[0], out[1], out[2] = 0.62, 0.61, 0.58
            else:
                glass = lattice(house * 7 + int(math.floor(u)), int(math.floor(storey)), 8)
                mirror = 0.10 + 0.25 * wy * glass + 0.08 * layered(1.3 * x, 1.3 * y, 2.0, 3)
                out[0], out[1], out[2] = mirror * 0.75, mirror * 0.9, mirror * 1.05
        elif 0.22 < wx < 0.78 and 0.22 < wy <= 0.26:
            out[0], out[1], out[2] = 0.5, 0.49, 0.46
        elif 0.26 < wx < 0.74 and 0.20 < wy <= 0.22:
            for c in range(3):
                out[c] *= 0.5
    if y > top - 0.35:
        out[0], out[1], out[2] = 0.42, 0.40, 0.37
        if y < top - 0.28:
            for c in range(3):
                out[c] *= 0.5
    return True


@njit(cache=True)
def draw_place(rays, eye, leaves, trunks, sun, sun_colour, sky, bounce, colour, away):
    """Fills `colour` [h, w, 3] (linear) and `away` [h, w] (metres) for all rays."""
    paint = np.empty(3)
    for v in range(rays.shape[0]):
        for u in range(rays.shape[1]):
            dx, dy, dz = rays[v, u, 0], rays[v, u, 1], rays[v, u, 2]
            t, who = _leaf_hit(leaves, eye[0], eye[1], eye[2], dx, dy, dz)
            kind = 1 if who >= 0 else 0
            for i in range(trunks.shape[0]):
                ox, oz = eye[0] - trunks[i, 0], eye[2] - trunks[i, 1]
                a, b, c0 = dx * dx + dz * dz, ox * dx + oz * dz, ox * ox + oz * oz - trunks[i, 2] ** 2
                inside = b * b - a * c0
                if inside > 0:
                    hit = (-b - math.sqrt(inside)) / a
                    if 0 < hit < t and 0 < eye[1] + hit * dy < trunks[i, 3]:
                        t, who, kind = hit, i, 2
            if dy < -1e-5 and -eye[1] / dy < t:
                t, kind = -eye[1] / dy, 3
            if dz < 0 and (-34.0 - eye[2]) / dz < t:
                hit = (-34.0 - eye[2]) / dz
                if _houses(eye[0] + hit * dx, eye[1] + hit * dy, paint):
                    t, kind = hit, 4
            away[v, u] = min(t, 200.0)
            if kind == 0:
                height = max(0.0, dy)
                cloud = layered(3.2 * dx / (height + 0.25), 5.0 / (height + 0.25), 3.3, 4)
                cloud = max(0.0, min(1.0, (cloud - 0.47) * 4.5))
                colour[v, u, 0] = (0.36 - 0.5 * height) * (1 - cloud) + 0.92 * cloud
                colour[v, u, 1] = (0.56 - 0.5 * height) * (1 - cloud) + 0.92 * cloud
                colour[v, u, 2] = (0.88 - 0.3 * height) * (1 - cloud) + 0.93 * cloud
                continue
            x, y, z = eye[0] + t * dx, eye[1] + t * dy, eye[2] + t * dz
            nx, ny, nz, shade, openness = 0.0, 1.0, 0.0, 1.0, 1.0
            if kind == 1:
                r = leaves[who, 3]
                nx, ny, nz = (x - leaves[who, 0]) / r, (y - leaves[who, 1]) / r, (z - leaves[who, 2]) / r
                leaf = layered(16 * x, 16 * y, 16 * z, 3)
                nx, ny, nz = nx + 1.6 * (noise(22 * x, 22 * y, 22 * z) - 0.5), ny + 1.6 * (noise(22 * x + 9, 22 * y, 22 * z) - 0.5), nz + 1.2 * (leaf - 0.5)
                norm = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
                nx, ny, nz = nx / norm, ny / norm, nz / norm
                paint[0], paint[1], paint[2] = 0.07 + 0.12 * leaf, 0.13 + 0.15 * leaf, 0.03 + 0.04 * leaf
                openness = 0.35 + 0.65 * leaf
            elif kind == 2:
                nx, ny, nz = (x - trunks[who, 0]) / trunks[who, 2], 0.0, (z - trunks[who, 1]) / trunks[who, 2]
                bark = layered(30 * x, 5 * y, 30 * z, 3)
                paint[0], paint[1], paint[2] = 0.10 + 0.14 * bark, 0.08 + 0.11 * bark, 0.06 + 0.08 * bark
            elif kind == 3:
                edge = 10.6 + 0.03 * math.sin(3 * x)
                if -z < 10.3:
                    _paving(x, -z, paint)
                elif -z < edge:
                    tone = 0.42 if (x / 1.0) % 1.0 > 0.015 else 0.2
                    tone *= 0.9 + 0.2 * layered(5 * x, 20 * z, 1.0, 2)
                    paint[0], paint[1], paint[2] = tone, tone, tone * 0.96
                elif -z < 19.0:
                    _lawn(x, z, paint)
                else:
                    tone = 0.20 + 0.06 * layered(2 * x, 0.5 * z, 1.0, 3)
                    paint[0], paint[1], paint[2] = tone, tone, tone
                s, hitter = _leaf_hit(leaves, x, y, z, sun[0], sun[1], sun[2])
                if hitter >= 0:
                    shade = 0.12
            else:
                nx, ny, nz = 0.0, 0.0, 1.0
            facing = max(0.0, nx * sun[0] + ny * sun[1] + nz * sun[2]) * shade
            up = 0.5 + 0.5 * ny
            haze = 1 - math.exp(-t / 190.0)
            for c in range(3):
                value = paint[c] * (sun_colour[c] * facing + (sky[c] * up + bounce[c] * (1 - up)) * openness)
                colour[v, u, c] = value * (1 - haze) + (0.62, 0.70, 0.82)[c] * haze


def place(camera, finer, seed):
    """The empty scene: linear colour [h, w, 3] and distance [h, w] at `finer` samples a pixel side."""
    leaves, trunks = plant(seed)
    rays = camera.rays(0, 0, camera.width, camera.height, finer)
    colour, away = np.zeros(rays.shape), np.zeros(rays.shape[:2])
    draw_place(rays, camera.place, leaves, trunks, SUN, SUN_COLOUR, SKY_COLOUR, BOUNCE_COLOUR, colour, away)
    return colour, away
