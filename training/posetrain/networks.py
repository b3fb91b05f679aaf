"""The two networks. Plain 3x3 convolutions: our engine runs them by Winograd at twice the rate of direct ones, while
depthwise layers cost far more time than their arithmetic says."""

import torch
from torch import nn


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch norm, ReLU (or none)."""

    def __init__(self, inputs, outputs, kernel, stride=1, active=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.active = nn.ReLU(inplace=True) if active else nn.Identity()


class Block(nn.Module):
    """Two 3x3 convolutions around an identity (ResNet's basic block)."""

    def __init__(self, channels):
        super().__init__()
        self.first = ConvNorm(channels, channels, 3)
        self.second = ConvNorm(channels, channels, 3, active=False)

    def forward(self, x):
        return torch.relu(x + self.second(self.first(x)))


class Backbone(nn.Module):
    """3x3 stride 2 five times; blocks after each. Gives the maps at strides 2 to 32."""

    def __init__(self, widths, blocks):
        super().__init__()
        stages, inputs = [], 3
        for width, count in zip(widths, blocks, strict=True):
            stages.append(nn.Sequential(ConvNorm(inputs, width, 3, 2), *[Block(width) for _ in range(count)]))
            inputs = width
        self.stages = nn.ModuleList(stages)

    def forward(self, x):
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Upsample(nn.Module):
    """A transposed 4x4 convolution of stride 2, to which a 1x1 convolution of the backbone's map of that size is added; then blocks.

    Without the sum the backbone's smallest map alone has to say where in its cell of 32 pixels a joint lies, which a slim network
    learns slowly (docs/embedded-training.md). Sum and blocks begin as nothing: a network without them can be taken up.
    """

    def __init__(self, inputs, outputs, lateral, blocks):
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.lateral = ConvNorm(lateral, outputs, 1, active=False) if lateral else None
        self.blocks = nn.Sequential(*[Block(outputs) for _ in range(blocks)])

    def forward(self, x, beside):
        x = self.norm(self.conv(x))
        return self.blocks(torch.relu(x + self.lateral(beside) if self.lateral else x))


class PoseNet(nn.Module):
    """SimpleBaseline: backbone, three transposed 4x4 convolutions of stride 2, 1x1 to the heatmaps; with lateral sums and blocks
    (`refinements`: how many after each) where the configuration has them.

    [N, 3, H, W] -> [N, 17, H/4, W/4]; H and W multiples of 32.
    """

    def __init__(self, widths=(16, 32, 48, 96, 160), blocks=(0, 0, 2, 2, 2), deconvolutions=(64, 48, 32), laterals=False, refinements=(0, 0, 0), joints=17):
        super().__init__()
        self.backbone = Backbone(widths, blocks)
        layers, inputs = [], widths[-1]
        for (width, count), beside in zip(zip(deconvolutions, refinements, strict=True), widths[-2::-1]):
            layers.append(Upsample(inputs, width, beside if laterals else 0, count))
            inputs = width
        self.upsample = nn.ModuleList(layers)
        self.head = nn.Conv2d(inputs, joints, 1)
        initialise(self)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        *maps, x = self.backbone(x)
        for layer in self.upsample:
            x = layer(x, maps.pop())
        return self.head(x)


class Detector(nn.Module):
    """Anchor-free person detector: three maps, top-down sums, a head for each.

    One head for all three would need statistics for each map in its norms: their values differ, and with one running mean of all of them
    the network in use is another one than in training (docs/embedded-training.md: AP 0.012 less on validation pictures).

    [N, 3, H, W] -> [N, 5, cells]: logit of the score, then log distances left, top, right, bottom in strides from the
    cell's centre ((x + 0.5) s, (y + 0.5) s); cells of stride 8, 16, 32 one after the other, row-major.
    """

    STRIDES = (8, 16, 32)

    def __init__(self, widths=(16, 32, 48, 96, 160), blocks=(0, 0, 1, 2, 1), neck=64, head=1):
        super().__init__()
        self.backbone = Backbone(widths, blocks)
        self.lateral = nn.ModuleList([ConvNorm(w, neck, 1) for w in widths[2:]])
        self.merge = nn.ModuleList([ConvNorm(neck, neck, 3) for _ in self.STRIDES])
        self.heads = nn.ModuleList([nn.Sequential(*[ConvNorm(neck, neck, 3) for _ in range(head)]) for _ in self.STRIDES])
        self.out = nn.ModuleList([nn.Conv2d(neck, 5, 1) for _ in self.STRIDES])
        initialise(self)
        for layer in self.out:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, 0.5)  # a box of three strides
            nn.init.constant_(layer.bias[:1], -4.5)  # people are rare

    def forward(self, x):
        maps = [lateral(m) for lateral, m in zip(self.lateral, self.backbone(x)[2:])]
        for i in (1, 0):
            maps[i] = maps[i] + nn.functional.interpolate(maps[i + 1], scale_factor=2.0, mode="nearest")
        outputs = [out(head(merge(m))) for out, head, merge, m in zip(self.out, self.heads, self.merge, maps)]
        return torch.cat([o.flatten(2) for o in outputs], 2)


def initialise(network):
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
    for layer in network.modules():
        if isinstance(layer, Block):  # blocks begin as identities
            nn.init.zeros_(layer.second.norm.weight)
        elif isinstance(layer, Upsample) and layer.lateral:
            nn.init.zeros_(layer.lateral.norm.weight)


def build(task, config):
    """The network of a task from its configuration's [network] table."""
    return {"pose": PoseNet, "detector": Detector}[task](**config.get("network", {}))


def cell_centres(height, width, device=None):
    """Centres [cells, 2] (x, y) and strides [cells] of the detector's cells for an input of that size."""
    centres, strides = [], []
    for s in Detector.STRIDES:
        y, x = torch.meshgrid(torch.arange(height // s), torch.arange(width // s), indexing="ij")
        centres.append(torch.stack([x.flatten() + 0.5, y.flatten() + 0.5], 1) * s)
        strides.append(torch.full((x.numel(),), float(s)))
    return torch.cat(centres).to(device), torch.cat(strides).to(device)


def boxes_of(distances, centres, strides):
    """Log distances [.., 4, cells] -> corners [.., cells, 4] (x0, y0, x1, y1) in input pixels."""
    d = distances.float().clamp(max=6).exp().transpose(-1, -2) * strides[:, None]
    return torch.cat([centres - d[..., :2], centres + d[..., 2:]], -1)


def multiply_adds(network, height, width):
    """Multiplications of convolutions for one input."""
    total, hooks = 0, []

    def count(layer, inputs, output):
        nonlocal total
        area = (inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output).shape[-2:].numel()
        total += area * layer.weight.numel()

    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            hooks.append(layer.register_forward_hook(count))
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return total
