"""Caffe's solvers as far as PyTorch's optimizers differ: pasted where they are used."""

from collections.abc import Callable, Iterable
from typing import Any

import torch


class SGD(torch.optim.Optimizer):
    """Caffe's SGD: the momentum buffer holds updates, PyTorch's gradients.

    They differ only when the learning rate changes.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.0,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self.momentum, self.nesterov = momentum, nesterov

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for x in group["params"]:
                if x.grad is None:
                    continue
                gradient = x.grad.add(x, alpha=group["weight_decay"])
                state = self.state[x]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(x)
                update = state["momentum_buffer"]
                if self.nesterov:
                    x.add_(update, alpha=self.momentum)
                update.mul_(self.momentum).add_(gradient, alpha=group["lr"])
                if self.nesterov:
                    x.sub_(update, alpha=1 + self.momentum)
                else:
                    x.sub_(update)
        return loss


class Adam(torch.optim.Optimizer):
    """Caffe's Adam: eps is added before the bias correction of the second moment."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self.betas, self.eps = betas, eps

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        first, second = self.betas
        for group in self.param_groups:
            group["step"] = step = group.get("step", 0) + 1
            rate = group["lr"] * (1 - second**step) ** 0.5 / (1 - first**step)
            for x in group["params"]:
                if x.grad is None:
                    continue
                gradient = x.grad.add(x, alpha=group["weight_decay"])
                state = self.state[x]
                if not state:
                    state["exp_avg"] = torch.zeros_like(x)
                    state["exp_avg_sq"] = torch.zeros_like(x)
                mean, square = state["exp_avg"], state["exp_avg_sq"]
                mean.lerp_(gradient, 1 - first)
                square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
                x.addcdiv_(mean, square.sqrt().add_(self.eps), value=-rate)
        return loss
