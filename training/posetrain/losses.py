"""What training minimises."""

import torch
import torch.nn.functional as F

from .networks import boxes_of, cell_centres


def heatmap_loss(output, target, weight):
    """Mean squared error, joints weighted; scaled so that a typical value is about 1."""
    # One contiguous order of both, and the square as a norm's: half the time of the plain formula on a CPU.
    squares = torch.linalg.vector_norm((output.float().contiguous() - target).flatten(2), dim=2).square()
    return 500 * (squares * weight).mean() / target[0, 0].numel()


def _corners(boxes):
    return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], 1)


def _pair_iou(a, b):
    """IoU and generalised IoU of corner boxes of equal shape [.., 4]."""
    size = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    shared = size.prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - shared
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    value = shared / union.clamp(min=1e-6)
    return value, value - (hull - union) / hull.clamp(min=1e-6)


@torch.no_grad()
def assign(logits, boxes, truth, centres, strides):
    """Which cell answers for which person (a simple form of SimOTA: Ge et al., YOLOX, 2021, section 2.1).

    Cells near the middle of a box compete by score and IoU; a person gets as many as its ten best IoUs sum to.
    Returns the person's index or -1 per cell.
    """
    inside = ((centres[:, None] > truth[None, :, :2]) & (centres[:, None] < truth[None, :, 2:])).all(-1)
    middle = (truth[:, :2] + truth[:, 2:]) / 2
    near = ((centres[:, None] - middle[None]).abs() < 2.0 * strides[:, None, None]).all(-1)
    usable = (inside & near).any(1) | near.any(1)
    rows = usable.nonzero()[:, 0]
    owner = torch.full((len(centres),), -1, dtype=torch.long, device=centres.device)
    if len(rows) == 0:
        return owner
    overlap, _ = _pair_iou(boxes[rows, None], truth[None])
    score = logits[rows].sigmoid()[:, None]
    cost = -(score * overlap).clamp(min=1e-6).sqrt().log() - 3 * overlap.clamp(min=1e-6).log()
    cost = cost + 1000.0 * ~(inside & near)[rows] + 1e5 * ~near[rows]
    many = overlap.topk(min(10, len(rows)), 0).values.sum(0).long().clamp(min=1)
    chosen = torch.zeros_like(cost, dtype=torch.bool)
    order = cost.argsort(0)
    for j in range(cost.shape[1]):
        best = order[: many[j], j]
        chosen[best[cost[best, j] < 1e5], j] = True
    cost = torch.where(chosen, cost, torch.full_like(cost, 1e9))
    best, person = cost.min(1)
    owner[rows] = torch.where(best < 1e5, person, torch.full_like(person, -1))
    return owner


SURE = 0.2  # of a dense teacher: whose boxes count beside the true ones


def detection_loss(output, truths, size, taught=None, share=0.0):
    """Quality focal loss of the score (Li et al., Generalized Focal Loss, 2020) and GIoU loss of the boxes.

    `truths`: boxes [n, 5] (x, y, w, h, ignore) a picture. Cells inside ignored boxes that answer for nobody do not count.
    `taught`: what a dense teacher says of the same cells, scores [n, cells] and boxes [n, cells, 4]. Its score is `share` of the goal, and
    all of it where the labels say nothing; its boxes count, as far as it is sure, at cells that answer for nobody.
    """
    centres, strides = cell_centres(*size, output.device)
    logits, boxes = output[:, 0].float(), boxes_of(output[:, 1:], centres, strides)
    goal, counted = torch.zeros_like(logits), torch.ones_like(logits)
    overlaps, fits, free = [], [], torch.ones_like(logits, dtype=torch.bool)
    for i, rows in enumerate(truths):
        rows = rows.to(output.device)
        people, ignored = _corners(rows[rows[:, 4] == 0]), _corners(rows[rows[:, 4] > 0])
        if len(ignored):
            hidden = ((centres[:, None] >= ignored[None, :, :2]) & (centres[:, None] <= ignored[None, :, 2:])).all(-1).any(1)
            counted[i, hidden] = 0
        if len(people):
            owner = assign(logits[i], boxes[i], people, centres, strides)
            mine = (owner >= 0).nonzero()[:, 0]
            if len(mine):
                overlap, fit = _pair_iou(boxes[i, mine], people[owner[mine]])
                goal[i, mine] = overlap.detach().clamp(0, 1)
                counted[i, mine] = 1
                free[i, mine] = False
                overlaps.append(overlap.detach())
                fits.append(fit)
    if taught is not None:
        score, places = taught
        goal = torch.where(counted > 0, torch.lerp(goal, score, share), score)
        counted = torch.ones_like(counted)
        sure = free & (score > SURE)
        if sure.any():
            overlaps.append(score[sure] * share)
            fits.append(_pair_iou(boxes[sure], places[sure])[1])
    p = logits.sigmoid()
    focal = F.binary_cross_entropy_with_logits(logits, goal, reduction="none") * (goal - p).abs().square() * counted
    total = goal.sum().clamp(min=1.0)
    loss = focal.sum() / total
    if fits:
        overlap, fit = torch.cat(overlaps).clamp(min=0.05), torch.cat(fits)
        loss = loss + 2.0 * ((1 - fit) * overlap).sum() / overlap.sum()
    return loss
