"""Helpers for normalisation, which PyTorch lacks: pasted where they are used."""

import torch
import torch.nn.functional as F
from torch import nn


class BatchNorm(nn.Module):
    """nn.BatchNorm2d with Caffe's moving averages, weighted by scale_factor.

    `scale_factor` is the decayed number of batches so far.
    `use_global_stats` uses the averages; None: only in evaluation mode.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor
    scale_factor: torch.Tensor

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        moving_average_fraction: float = 0.999,
        affine: bool = False,
        use_global_stats: bool | None = None,
    ) -> None:
        super().__init__()
        self.eps = eps
        self.moving_average_fraction = moving_average_fraction
        self.use_global_stats = use_global_stats
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.zeros(channels))
        self.register_buffer("scale_factor", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fixed = self.use_global_stats
        batch = self.training if fixed is None else not fixed
        if batch:
            self.update(x)
        return torch.batch_norm(
            x,
            self.weight,
            self.bias,
            None if batch else self.running_mean,
            None if batch else self.running_var,
            batch,
            0.0,
            self.eps,
            torch.backends.cudnn.enabled,
        )

    @torch.no_grad()
    def update(self, x: torch.Tensor) -> None:
        """Update the moving averages with a batch."""
        var, mean = torch.var_mean(x, [0, *range(2, x.dim())], correction=0)
        values = x.numel() // x.shape[1]
        self.scale_factor.mul_(self.moving_average_fraction).add_(1)
        self.running_mean.lerp_(mean, 1 / self.scale_factor)
        self.running_var.lerp_(
            var * (values / max(values - 1, 1)), 1 / self.scale_factor
        )


class Scale(nn.Module):
    """Multiplies by a learned weight over some of the axes.

    `axis` is the first of these axes.
    `bias` adds a learned bias of the same shape.
    """

    def __init__(self, *shape: int, axis: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.axis = axis
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        behind = x.dim() - self.axis - self.weight.dim()
        shape = [*self.weight.shape, *[1] * behind]
        x = x * self.weight.reshape(shape)
        return x if self.bias is None else x + self.bias.reshape(shape)


def lrn_within_channel(
    x: torch.Tensor, size: int = 5, alpha: float = 1.0, beta: float = 0.75
) -> torch.Tensor:
    """Local response normalization within each channel; padding counts, k is 1."""
    return x * (1 + alpha * F.avg_pool2d(x * x, size, 1, size // 2)) ** -beta


def mean_variance_norm(
    x: torch.Tensor, dim: tuple[int, ...], eps: float = 1e-9
) -> torch.Tensor:
    """Mean-variance normalization over some axes; eps is added to the deviation."""
    x = x - x.mean(dim, keepdim=True)
    return x / root_plus(x.square().mean(dim, keepdim=True), eps)


def root_plus(square: torch.Tensor, eps: float) -> torch.Tensor:
    """sqrt(square) + eps, whose gradient in Caffe is 1 / (2 * (sqrt(square) + eps))."""
    root = square.detach().sqrt() + eps
    return root + (square - square.detach()) / (2 * root)


class BN(nn.Module):
    """nn.BatchNorm2d with a biased running variance.

    `momentum` is the fraction of the old statistics that is kept.
    `frozen` uses the running statistics in training too.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.frozen = frozen
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch = self.training and not self.frozen
        if batch:
            self.update(x)
        return torch.batch_norm(
            x,
            self.weight,
            self.bias,
            None if batch else self.running_mean,
            None if batch else self.running_var,
            batch,
            0.0,
            self.eps,
            torch.backends.cudnn.enabled,
        )

    @torch.no_grad()
    def update(self, x: torch.Tensor) -> None:
        """Update the moving averages with a batch."""
        var, mean = torch.var_mean(x, [0, *range(2, x.dim())], correction=0)
        self.running_mean.lerp_(mean, 1 - self.momentum)
        self.running_var.lerp_(var, 1 - self.momentum)


def l2_normalize(x: torch.Tensor, eps: float = 1e-7) -> torch.Tensor:
    """Each sample divided by its L2 norm; eps is added to the sum of squares."""
    return x / (x.square().sum([1, 2, 3], keepdim=True) + eps).sqrt()
