"""Boxes, crops and heatmap decoding, in numpy; the same for teachers, students and evaluation.

Pixel convention: integer coordinates are pixel centres, a crop maps its centre to (W/2, H/2) with one scale for both
axes and no "minus one" anywhere (the SimpleBaseline convention with a box padding of 1.25).
"""

import cv2
import numpy as np

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)
MIRROR = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
SIGMAS = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
ASPECT, PADDING = 0.75, 1.25


def widen(box, padding=PADDING, aspect=ASPECT):
    """Box x, y, w, h -> crop (cx, cy, w, h) of the aspect w/h, `padding` times as large."""
    x, y, w, h = (float(n) for n in box)
    cx, cy = x + w / 2, y + h / 2
    if w > aspect * h:
        h = w / aspect
    else:
        w = h * aspect
    return cx, cy, w * padding, h * padding


def cut(picture, crop, width, height):
    """Bilinear crop [height, width, 3] float32 of a uint8 picture; zero outside."""
    cx, cy, w, h = crop
    x = cx - w / 2 + np.arange(width) * (w / width)
    y = cy - h / 2 + np.arange(height) * (h / height)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    rows, columns = picture.shape[:2]
    # Only the part that is read, with a border of zeros, so that four plain gathers do.
    top, bottom = np.clip([y0[0], y0[-1] + 2], 0, rows)
    left, right = np.clip([x0[0], x0[-1] + 2], 0, columns)
    part = np.zeros((bottom - top + 2, right - left + 2, 3), np.float32)
    part[1:-1, 1:-1] = picture[top:bottom, left:right]
    at_y = [np.clip(y0 + k - top + 1, 0, part.shape[0] - 1) for k in (0, 1)]
    at_x = [np.clip(x0 + k - left + 1, 0, part.shape[1] - 1) for k in (0, 1)]
    wide = part[:, at_x[0]] * (1 - fx)[None, :, None] + part[:, at_x[1]] * fx[None, :, None]
    return wide[at_y[0]] * (1 - fy)[:, None, None] + wide[at_y[1]] * fy[:, None, None]


def normalised(rgb):
    """[.., 3] 0..255 -> the networks' input range, float32."""
    return ((rgb / np.float32(255) - MEAN) / STD).astype(np.float32)


def decode(heatmaps):
    """Heatmaps [n, h, w] -> [n, 3]: x, y in heatmap pixels with the quarter offset, and the maximum."""
    n, h, w = heatmaps.shape
    out = np.zeros((n, 3))
    best = heatmaps.reshape(n, -1).argmax(1)
    for j, flat in enumerate(best):
        y, x = divmod(int(flat), w)
        heat = heatmaps[j]
        out[j] = x, y, heat[y, x]
        if 1 < x < w - 1 and 1 < y < h - 1:
            out[j, 0] += 0.25 * np.sign(heat[y, x + 1] - heat[y, x - 1])
            out[j, 1] += 0.25 * np.sign(heat[y + 1, x] - heat[y - 1, x])
    return out


def decode_dark(heatmaps):
    """Heatmaps [n, h, w] -> [n, 3] like `decode`, by DARK (Zhang et al., CVPR 2020): from the largest value one Newton step on the
    logarithm of the blurred map; zeros beyond the border."""
    n, h, w = heatmaps.shape
    out, kernel = np.zeros((n, 3)), 11 if h < 96 else 17
    for j, heat in enumerate(heatmaps.astype(np.float64)):
        y, x = divmod(int(heat.argmax()), w)
        out[j] = x, y, heat[y, x]
        if not (1 < x < w - 2 and 1 < y < h - 2):
            continue
        blurred = cv2.GaussianBlur(np.pad(heat, kernel // 2), (kernel, kernel), 0)[kernel // 2:-(kernel // 2), kernel // 2:-(kernel // 2)]
        near = np.log(np.maximum(blurred[y - 2:y + 3, x - 2:x + 3], 1e-10))
        gradient = 0.5 * np.array([near[2, 3] - near[2, 1], near[3, 2] - near[1, 2]])
        xx, yy = 0.25 * (near[2, 4] - 2 * near[2, 2] + near[2, 0]), 0.25 * (near[4, 2] - 2 * near[2, 2] + near[0, 2])
        xy = 0.25 * (near[3, 3] - near[1, 3] - near[3, 1] + near[1, 1])
        if xx * yy - xy * xy != 0:
            step = -np.linalg.inv([[xx, xy], [xy, yy]]) @ gradient
            if (np.abs(step) < kernel // 2 + 1).all():
                out[j, :2] += step
    return out


def unflip(mirrored):
    """Heatmaps [.., 17, h, w] of mirrored input back: mirrored, names swapped, one column to the right."""
    back = mirrored[..., MIRROR, :, ::-1].copy()
    back[..., 1:] = back[..., :-1].copy()
    return back


def iou(a, b):
    """IoU [n, m] of boxes x, y, w, h: a [n, 4], b [m, 4]."""
    a, b = np.asarray(a, float).reshape(-1, 4)[:, None], np.asarray(b, float).reshape(-1, 4)[None]
    w = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    h = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = np.maximum(w, 0) * np.maximum(h, 0)
    return shared / np.maximum(a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - shared, 1e-9)


def suppress(boxes, scores, threshold):
    """Greedy NMS; indices to keep, best first."""
    order = np.argsort(-scores, kind="stable")
    keep = []
    while len(order):
        keep.append(int(order[0]))
        order = order[1:][iou(boxes[order[:1]], boxes[order[1:]])[0] <= threshold]
    return keep


def voted(boxes, voters, scores, threshold=0.65):
    """Box voting (Gidaris and Komodakis, ICCV 2015): each of `boxes` becomes the mean, by score, of the voters that overlap it so much;
    one without a voter stays."""
    weights = np.where(iou(boxes, voters) >= threshold, scores, 0)
    votes = weights.sum(1, keepdims=True)
    corners = weights / np.maximum(votes, 1e-12) @ np.hstack([voters[:, :2], voters[:, :2] + voters[:, 2:]])
    return np.where(votes > 0, np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]), boxes)


def oks(found, truth, area):
    """Object keypoint similarity of [17, 2..] against labelled joints of [17, 3]; None without labels."""
    labelled = truth[:, 2] > 0
    if not labelled.any():
        return None
    squared = ((found[labelled, :2] - truth[labelled, :2]) ** 2).sum(1)
    return float(np.exp(-squared / (2 * area * (2 * SIGMAS[labelled]) ** 2 + 1e-9)).mean())
