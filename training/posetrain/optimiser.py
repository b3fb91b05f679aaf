"""Muon (Jordan, 2024, "Muon: an optimizer for hidden layers in neural networks") for convolutions, AdamW for the rest.

A step in the direction of the momentum with all its singular values made equal, so that rare directions of a layer learn as fast as
common ones: on few samples it goes about as far as AdamW does on half as many more (docs/embedded-training.md).
"""

import torch


@torch.no_grad()
def orthogonalised(matrix, steps=5):
    """The nearest matrix of equal singular values, roughly (0.7 to 1.2): five quintic Newton-Schulz iterations with Jordan's factors.

    Each step multiplies the matrix x by a polynomial of the square x x', and so does their product: all steps are taken on the square
    alone and the wide matrix is multiplied twice instead of ten times, a third of the time for a layer of 160 channels.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).float()
    x = x / (x.norm() + 1e-7)
    square = x @ x.T
    unit = torch.eye(len(square), device=x.device)
    product = unit
    for step in range(steps):
        factor = torch.addmm(3.4445 * unit - 4.7750 * square, square, square, alpha=2.0315)
        product = factor @ product
        if step + 1 < steps:
            square = square @ (factor @ factor)
    return (x.T @ product.T).contiguous() if tall else product @ x


def optimiser_of(network, config):
    """What `config["optimiser"]` names ("muon" or "adamw") for all the network's parameters; vectors do not decay."""
    parameters = list(network.named_parameters())
    # Muon is for layers between others: not for the one that reads colours nor for those that give the answer.
    hidden = {n for n, p in parameters if p.dim() == 4 and p.shape[1] > 3 and not n.startswith(("head.", "out."))}
    groups = [
        {"params": [p for n, p in parameters if n in hidden], "weight_decay": config["weight_decay"], "orthogonal": True},
        {"params": [p for n, p in parameters if p.dim() > 1 and n not in hidden], "weight_decay": config["weight_decay"]},
        {"params": [p for _, p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if config["optimiser"] == "adamw":
        for group in groups:
            group.pop("orthogonal", None)
        return torch.optim.AdamW([{**groups[0], "params": groups[0]["params"] + groups[1]["params"]}, groups[2]], lr=config["rate"])
    if config["optimiser"] != "muon":
        raise SystemExit(f'optimiser = "{config["optimiser"]}": muon and adamw are known')
    return Muon(groups, config["rate"])


class Muon(torch.optim.Optimizer):
    """Groups with `orthogonal` get Muon's step, scaled to the length of one of AdamW (Liu et al., "Muon is scalable for LLM training",
    2025, section 2.2), so that one learning rate serves both; the others get AdamW's."""

    def __init__(self, groups, lr, momentum=0.95, betas=(0.9, 0.99), eps=1e-8):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "orthogonal": False, "momentum": momentum, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            step = self._orthogonal_step if group["orthogonal"] else self._adam_step
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    step(parameter, parameter.grad, self.state[parameter], group)

    def _orthogonal_step(self, parameter, gradient, state, group):
        if not state:
            state["mean"] = torch.zeros_like(parameter)
        state["mean"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(state["mean"], group["momentum"])  # Nesterov
        direction = orthogonalised(ahead.reshape(len(ahead), -1))
        parameter.add_(direction.view(parameter.shape), alpha=-0.2 * group["lr"] * max(direction.shape) ** 0.5)

    @staticmethod
    def _adam_step(parameter, gradient, state, group):
        if not state:
            state["step"], state["mean"], state["square"] = 0, torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        first, second = group["betas"]
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].lerp_(gradient.square(), 1 - second)
        size = (state["square"] / (1 - second ** state["step"])).sqrt_().add_(group["eps"])
        parameter.addcdiv_(state["mean"] / (1 - first ** state["step"]), size, value=-group["lr"])
