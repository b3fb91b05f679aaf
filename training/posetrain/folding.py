"""Batch norm into the weights of the convolution before it, and out of them again."""

import torch
from torch import nn

FAINT = 1e-4  # of a layer's largest filter: nearly dead ones stay as they are


def _normed(network):
    return [(name, layer) for name, layer in network.named_modules() if isinstance(getattr(layer, "norm", None), nn.BatchNorm2d)]


def _filters(conv, values):
    """`values` [outputs] in the shape in which they multiply the convolution's weights."""
    return values.view((1, -1, 1, 1) if isinstance(conv, nn.ConvTranspose2d) else (-1, 1, 1, 1))


def fold(network):
    """The names of convolutions stay, norms disappear."""
    for _, layer in _normed(network):
        conv, norm = layer.conv, layer.norm
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        conv.weight = nn.Parameter(conv.weight * _filters(conv, factor))
        conv.bias = nn.Parameter(norm.bias - norm.running_mean * factor)
        layer.norm = nn.Identity()
    return network


@torch.no_grad()
def unfold(network, tensors, images):
    """Takes the tensors of a folded network, by name and shape; returns how many.

    Its norms get the statistics that `images` [n, 3, H, W] cause and those factors with which the answer is the folded network's. Weights
    before a norm may have any length: they get the one that new layers have, for which the learning rates are made. Layers that the
    folded network lacks stay as they are.
    """
    tensors = {key: value.float() for key, value in tensors.items()}
    mine = network.state_dict()
    taken = {key: value for key, value in tensors.items() if key in mine and mine[key].shape == value.shape}
    hooks = []
    for name, layer in _normed(network):
        if f"{name}.conv.weight" not in taken:
            continue
        conv, weight, bias = layer.conv, taken[f"{name}.conv.weight"], tensors[f"{name}.conv.bias"]
        outputs = 1 if isinstance(conv, nn.ConvTranspose2d) else 0
        lengths = weight.transpose(0, outputs).flatten(1).square().mean(1).sqrt()
        usual = mine[f"{name}.conv.weight"].square().mean().sqrt()
        taken[f"{name}.conv.weight"] = weight * _filters(conv, torch.where(lengths > FAINT * lengths.max(), usual / lengths, 1.0))
        factor = torch.where(lengths > FAINT * lengths.max(), lengths / usual, 1.0)
        hooks.append(conv.register_forward_hook(_settle(layer.norm, factor, bias)))
    network.load_state_dict(mine | taken)
    if hooks:
        network.eval()(images)
    for hook in hooks:
        hook.remove()
    return len(taken)


def _settle(norm, factor, bias):
    """Norm(x) becomes factor * x + bias, with the mean and the variance of what passes now."""

    def hook(conv, inputs, output):
        norm.running_mean.copy_(output.mean((0, 2, 3)))
        norm.running_var.copy_(output.var((0, 2, 3)))
        norm.weight.copy_(factor * torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(bias + factor * norm.running_mean)

    return hook


@torch.no_grad()
def blend(network, tensors, share):
    """A folded network's weights become those between its own and a folded one's that it began from: `share` of the latter.

    Two networks of one descent lie in one valley, and between them it is often deeper than at either (Wortsman et al., "Robust fine-tuning
    of zero-shot models", CVPR 2022). What `tensors` lack are layers that were added since and began as nothing: sums and blocks.
    """
    tensors, missing = {key: value.float() for key, value in tensors.items()}, []
    for key, value in network.state_dict().items():
        if key in tensors and tensors[key].shape == value.shape:
            value.lerp_(tensors[key], share)
        elif ".second." in key or ".lateral." in key:
            value.mul_(1 - share)
        elif ".first." not in key:
            missing.append(key)
    if missing:
        raise SystemExit(f"cannot be blended: {missing[0]} and {len(missing) - 1} more have no equal in the other network")
