"""Rays against bodies: sphere tracing of the parts of `figure.py` with sun, sky and cloth, compiled by Numba.

All colours are linear; `street.py` turns them into a picture.
"""

import math

import numpy as np
from numba import njit

SUN = np.array([-0.50, 0.72, 0.48]) / np.linalg.norm([-0.50, 0.72, 0.48])
SUN_COLOUR = np.array([1.00, 0.93, 0.82]) * 1.75
SKY_COLOUR = np.array([0.62, 0.76, 1.00]) * 0.62
BOUNCE_COLOUR = np.array([0.50, 0.46, 0.40]) * 0.34
FAR = 1e9
WAIST = 1  # `figure.dress` puts the seat first and the waist second
_MOST = 96


@njit(cache=True)
def lattice(i, j, k):
    h = (i * 374761393 + j * 668265263 + k * 2147483647) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0


@njit(cache=True)
def noise(x, y, z):
    """Value noise, 0..1."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    fx, fy, fz = x - i, y - j, z - k
    i, j, k = int(i), int(j), int(k)
    fx, fy, fz = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy), fz * fz * (3 - 2 * fz)
    total = 0.0
    for dk in range(2):
        wz = fz if dk else 1 - fz
        for dj in range(2):
            wy = fy if dj else 1 - fy
            total += wz * wy * (lattice(i, j + dj, k + dk) * (1 - fx) + lattice(i + 1, j + dj, k + dk) * fx)
    return total


@njit(cache=True)
def layered(x, y, z, octaves):
    """Several octaves of noise, 0..1."""
    total, weight, amount = 0.0, 0.5, 0.0
    for _ in range(octaves):
        total += weight * noise(x, y, z)
        amount += weight
        x, y, z, weight = 2.03 * x + 17.1, 2.03 * y + 5.3, 2.03 * z + 9.7, 0.5 * weight
    return total / amount


@njit(cache=True)
def into(row, px, py, pz):
    """A world point in a part's own frame."""
    dx, dy, dz = px - row[0], py - row[1], pz - row[2]
    return (row[3] * dx + row[4] * dy + row[5] * dz, row[6] * dx + row[7] * dy + row[8] * dz,
            row[9] * dx + row[10] * dy + row[11] * dz)


@njit(cache=True)
def part_distance(row, px, py, pz):
    qx, qy, qz = into(row, px, py, pz)
    length, r1, r2 = row[12], row[13], row[14]
    sx, sz = qx / row[15], qz / row[16]
    squeeze = min(1.0, min(row[15], row[16]))
    across = math.sqrt(sx * sx + sz * sz)
    b = (r1 - r2) / length
    a = math.sqrt(1.0 - b * b)
    k = -b * across + a * qy
    if k < 0.0:
        d = math.sqrt(across * across + qy * qy) - r1
    elif k > a * length:
        d = math.sqrt(across * across + (qy - length) * (qy - length)) - r2
    else:
        d = across * a + qy * b - r1
    d *= squeeze
    cut = row[18] * qx + row[19] * qy + row[20] * qz - row[21]
    if cut > d:
        d = cut
    return d


@njit(cache=True)
def distance(parts, chosen, count, px, py, pz):
    """Signed distance of the softly united parts, and the part that is nearest."""
    d, nearest, who = FAR, FAR, -1
    for n in range(count):
        row = parts[chosen[n]]
        di = part_distance(row, px, py, pz)
        if di < nearest:
            nearest, who = di, chosen[n]
        k = row[17]
        h = k - abs(d - di)
        d = min(d, di)
        if h > 0.0:
            d -= h * h / (4.0 * k)
    return d, who


@njit(cache=True)
def candidates(parts, ox, oy, oz, dx, dy, dz, chosen):
    """The parts whose bounding sphere the ray meets, and the range of the ray inside those spheres."""
    count, near, far = 0, FAR, 0.0
    for i in range(parts.shape[0]):
        cx, cy, cz, r = parts[i, 22] - ox, parts[i, 23] - oy, parts[i, 24] - oz, parts[i, 25]
        along = cx * dx + cy * dy + cz * dz
        miss = cx * cx + cy * cy + cz * cz - along * along
        if miss < r * r and along + r > 0.0:
            half = math.sqrt(r * r - miss)
            near, far = min(near, along - half), max(far, along + half)
            chosen[count] = i
            count += 1
    return count, max(0.0, near), far


@njit(cache=True)
def strike(parts, ox, oy, oz, dx, dy, dz, chosen):
    """Distance along the ray to the surface (FAR where it is missed), the nearest part, and the number of candidates."""
    count, t, far = candidates(parts, ox, oy, oz, dx, dy, dz, chosen)
    if count == 0:
        return FAR, -1, 0
    for _ in range(56):
        d, who = distance(parts, chosen, count, ox + t * dx, oy + t * dy, oz + t * dz)
        if d < 0.0012:
            return t, who, count
        t += 0.85 * d
        if t > far:
            break
    return FAR, -1, count


@njit(cache=True)
def sunlight(parts, px, py, pz, sun, chosen):
    """1 in the sun, 0 in the shadow of the body, soft between."""
    count, t, far = candidates(parts, px, py, pz, sun[0], sun[1], sun[2], chosen)
    if count == 0:
        return 1.0
    light = 1.0
    for _ in range(28):
        d, _who = distance(parts, chosen, count, px + t * sun[0], py + t * sun[1], pz + t * sun[2])
        if d < 0.001:
            return 0.0
        light = min(light, d / (0.05 * (t + 0.05)))
        t += max(0.8 * d, 0.006)
        if t > far:
            break
    return min(1.0, light)


@njit(cache=True)
def cloth_relief(x, y, z, seed):
    """Height of folds at a point in a part's frame: slanted creases, longer around the limb than along it."""
    warp = 3.0 * noise(6 * x + seed, 5 * y, 6 * z)
    return 0.72 * noise(7 * x + warp + seed, 15 * y + 4 * x + warp, 7 * z) + 0.28 * noise(19 * x, 27 * y + seed, 19 * z)


@njit(cache=True)
def face_colour(x, y, z, unit, skin, hair, beard, out):
    """Paints eyes, brows, lips, cheeks and beard; x, y, z in the head's frame."""
    x, y, z = x / unit, y / unit, z / unit
    for c in range(3):
        out[c] = skin[c]
    if z < 0.02:
        return
    side = abs(x)
    socket = math.exp(-((side - 0.033) / 0.017) ** 2 - ((y - 0.023) / 0.013) ** 2)
    cheek = math.exp(-((side - 0.042) / 0.02) ** 2 - ((y + 0.025) / 0.02) ** 2)
    under_nose = math.exp(-(x / 0.014) ** 2 - ((y + 0.034) / 0.006) ** 2)
    under_lip = math.exp(-(x / 0.02) ** 2 - ((y + 0.078) / 0.006) ** 2)
    shade = 1 - 0.48 * socket - 0.38 * under_nose - 0.25 * under_lip
    out[0] *= shade + 0.10 * cheek
    out[1] *= shade - 0.10 * cheek
    out[2] *= shade - 0.10 * cheek
    if beard and y < -0.03 and noise(260 * x, 260 * y, 260 * z) < 0.92:
        cover = min(1.0, (-0.03 - y) / 0.02) * 0.75
        for c in range(3):
            out[c] = out[c] * (1 - cover) + hair[c] * cover
    mouth = (x / 0.025) ** 2 + ((y + 0.058) / 0.0075) ** 2
    if mouth < 1:
        out[0] = 0.62 * out[0] + 0.02
        out[1] *= 0.36
        out[2] *= 0.36
        if abs(y + 0.058) < 0.0014:
            for c in range(3):
                out[c] *= 0.4
    if ((side - 0.033) / 0.0215) ** 2 + ((y - 0.045 + 0.1 * (side - 0.033)) / 0.006) ** 2 < 1:
        for c in range(3):
            out[c] = 0.2 * out[c] + 0.8 * hair[c] * 0.8
    eye = ((side - 0.033) / 0.0165) ** 2 + ((y - 0.023) / 0.0078) ** 2
    if eye < 1:
        iris = math.sqrt((side - 0.033) ** 2 + (y - 0.023) ** 2)
        white = 0.0 if iris < 0.0085 else min(1.0, 1.6 * skin[1])
        out[0], out[1], out[2] = 0.02 + 0.36 * white, 0.015 + 0.34 * white, 0.012 + 0.32 * white
        if y > 0.0275:  # the upper lid
            for c in range(3):
                out[c] *= 0.25


@njit(cache=True)
def outermost(parts, who, chosen, count, px, py, pz):
    """The part whose cloth is seen at a surface point: tops hang over trousers and skirts."""
    if int(parts[who, 26]) == 5:
        for n in range(count):
            if int(parts[chosen[n], 26]) == 3 and part_distance(parts[chosen[n]], px, py, pz) < 0.04:
                return chosen[n]
    return who


@njit(cache=True)
def surface_colour(parts, who, colours, patterns, head, unit, seed, beard, px, py, pz, out):
    row = parts[who]
    material = int(row[26])
    qx, qy, qz = into(row, px, py, pz)
    first, second = colours[material, 0], colours[material, 1]
    if material == 1:
        dx, dy, dz = px - head[0, 0], py - head[0, 1], pz - head[0, 2]
        hx = head[1, 0] * dx + head[1, 1] * dy + head[1, 2] * dz
        hy = head[2, 0] * dx + head[2, 1] * dy + head[2, 2] * dz
        hz = head[3, 0] * dx + head[3, 1] * dy + head[3, 2] * dz
        face_colour(hx, hy, hz, unit, first, second, beard, out)
    elif material == 2:
        strand = noise(150 * qx + seed, 12 * qy, 150 * qz)
        for c in range(3):
            out[c] = first[c] + (second[c] - first[c]) * strand
    elif material == 6:
        low = py < 0.02 * unit + 0.001
        for c in range(3):
            out[c] = second[c] if low else first[c]
    else:
        mix = 0.0
        pattern = patterns[material]
        dx, dy, dz = px - head[0, 0], py - head[0, 1], pz - head[0, 2]
        if pattern == 1:
            along = dy if material == 3 else qy
            mix = 1.0 if (along / 0.052) % 1.0 < 0.42 else 0.0
        elif pattern == 2:
            u, v = (qx + 0.3 * qz) / 0.055, qy / 0.055
            mix = 0.5 * ((u % 1.0) < 0.4) + 0.5 * ((v % 1.0) < 0.4)
        elif pattern == 3:
            mix = 0.7 * noise(9 * qx + seed, 5 * qy, 9 * qz) + 0.3 * noise(180 * qx, 180 * qy, 180 * qz)
        elif pattern == 4:
            across, _, ahead = into(parts[WAIST], px, py, pz)
            if ahead > 0 and abs(across) < 0.045:
                mix = 1.0
        elif pattern == 5:
            across, along, ahead = into(parts[WAIST], px, py, pz)
            ring = (across / 0.085) ** 2 + ((along - 0.27) / 0.06) ** 2
            if ahead > 0 and ring < 1 and not 0.30 < ring < 0.45:
                mix = 1.0
        for c in range(3):
            out[c] = first[c] + (second[c] - first[c]) * mix
    mottle = 0.92 + 0.16 * layered(30 * px + seed, 30 * py, 30 * pz, 2) if material == 1 or material == 0 else 0.86 + 0.28 * layered(14 * qx + seed, 14 * qy, 14 * qz, 3)
    for c in range(3):
        out[c] *= mottle


@njit(cache=True)
def draw_body(parts, colours, patterns, head, unit, seed, beard, eye, rays, sun, sun_colour, sky, bounce, colour, depth):
    """Fills `colour` [h, w, 3] and `depth` [h, w] (distance along the ray, FAR outside) for `rays` [h, w, 3] from `eye`."""
    every = np.arange(parts.shape[0])
    near_ones, shadow_ones = np.empty(_MOST, np.int64), np.empty(_MOST, np.int64)
    paint = np.empty(3)
    for v in range(rays.shape[0]):
        for u in range(rays.shape[1]):
            dx, dy, dz = rays[v, u, 0], rays[v, u, 1], rays[v, u, 2]
            t, who, count = strike(parts, eye[0], eye[1], eye[2], dx, dy, dz, near_ones)
            depth[v, u] = t
            if who < 0:
                continue
            px, py, pz = eye[0] + t * dx, eye[1] + t * dy, eye[2] + t * dz
            e = 0.0018
            base, _ = distance(parts, near_ones, count, px, py, pz)
            gx, _ = distance(parts, near_ones, count, px + e, py, pz)
            gy, _ = distance(parts, near_ones, count, px, py + e, pz)
            gz, _ = distance(parts, near_ones, count, px, py, pz + e)
            nx, ny, nz = gx - base, gy - base, gz - base
            norm = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
            nx, ny, nz = nx / norm, ny / norm, nz / norm
            who = outermost(parts, who, near_ones, count, px, py, pz)
            material = int(parts[who, 26])
            if material >= 2:
                qx, qy, qz = into(parts[who], px, py, pz)
                strength = 0.026 if material == 3 or material == 4 else (0.022 if material == 5 else 0.006)
                s = 0.006
                h0 = cloth_relief(qx, qy, qz, seed)
                hx = (cloth_relief(qx + s, qy, qz, seed) - h0) / s * strength
                hy = (cloth_relief(qx, qy + s, qz, seed) - h0) / s * strength
                hz = (cloth_relief(qx, qy, qz + s, seed) - h0) / s * strength
                row = parts[who]
                nx -= row[3] * hx + row[6] * hy + row[9] * hz
                ny -= row[4] * hx + row[7] * hy + row[10] * hz
                nz -= row[5] * hx + row[8] * hy + row[11] * hz
                norm = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
                nx, ny, nz = nx / norm, ny / norm, nz / norm
            surface_colour(parts, who, colours, patterns, head, unit, seed, beard, px, py, pz, paint)
            facing = nx * sun[0] + ny * sun[1] + nz * sun[2]
            lit = 0.0
            if facing > 0:
                lit = facing * sunlight(parts, px + 0.012 * nx + 0.01 * sun[0], py + 0.012 * ny + 0.01 * sun[1], pz + 0.012 * nz + 0.01 * sun[2], sun, shadow_ones)
            openness = 1.0
            for reach in (0.03, 0.08, 0.16):
                d, _ = distance(parts, every, parts.shape[0], px + reach * nx, py + reach * ny, pz + reach * nz)
                openness -= 0.34 * max(0.0, reach - d) / reach
            openness = max(0.15, min(1.0, openness))
            up = 0.5 + 0.5 * ny
            grazing = 1 + dx * nx + dy * ny + dz * nz
            rim = 0.10 * max(0.0, grazing) ** 3 * up
            hx, hy, hz = sun[0] - dx, sun[1] - dy, sun[2] - dz
            norm = math.sqrt(hx * hx + hy * hy + hz * hz)
            gloss = max(0.0, (nx * hx + ny * hy + nz * hz) / norm)
            shine = (0.05 * gloss ** 18 if material <= 1 else (0.10 * gloss ** 24 if material == 2 or material == 6 else 0.0)) * (lit > 0)
            soft = 0.16 * max(0.0, facing + 0.35) if material <= 1 else 0.0  # light that wraps around skin
            for c in range(3):
                ambient = (sky[c] * up + bounce[c] * (1 - up)) * openness
                colour[v, u, c] = paint[c] * (sun_colour[c] * (lit + soft * openness * 0.4) + ambient) + shine * sun_colour[c] + rim * sky[c] * 0.4


@njit(cache=True)
def cast_shadow(parts, places, sun, light):
    """Multiplies `light` [n] by the sunlight that reaches ground `places` [n, 3]."""
    chosen = np.empty(_MOST, np.int64)
    for i in range(places.shape[0]):
        light[i] *= sunlight(parts, places[i, 0], places[i, 1] + 0.004, places[i, 2], sun, chosen)


@njit(cache=True)
def ground_openness(parts, places, openness):
    """Multiplies `openness` [n] by how much sky ground `places` [n, 3] see beside the body."""
    every = np.arange(parts.shape[0])
    for i in range(places.shape[0]):
        value = 1.0
        for reach in (0.05, 0.15, 0.3):
            d, _ = distance(parts, every, parts.shape[0], places[i, 0], places[i, 1] + reach, places[i, 2])
            value -= 0.28 * max(0.0, min(1.0, (reach - d) / reach))
        openness[i] *= max(0.2, value)
