"""What PyTorch lacks for layers that tell faces, to be pasted into an emitted file that
uses it.
"""

import torch
import torch.nn.functional as F
from torch import nn

from proto2net.backends.torch.helpers.normalize import Scale


def unit_rows(weight: torch.Tensor, eps: float = 1e-6) -> torch.Tensor:
    """Each row of a matrix, L2-normalized."""
    return weight / (weight.square().sum(1, keepdim=True) + eps).sqrt()


class UnitLinear(nn.Linear):
    """nn.Linear with L2-normalized rows of the weight."""

    def __init__(
        self, inputs: int, outputs: int, bias: bool = True, eps: float = 1e-6
    ) -> None:
        super().__init__(inputs, outputs, bias)
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, unit_rows(self.weight, self.eps), self.bias)


class BoundedScale(Scale):
    """Scale whose weight is clamped to [low, high] before use."""

    def __init__(
        self,
        *shape: int,
        axis: int = 1,
        bias: bool = True,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        super().__init__(*shape, axis=axis, bias=bias)
        self.low, self.high = low, high

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight.clamp(self.low, self.high)
        behind = x.dim() - self.axis - weight.dim()
        x = x * weight.reshape([*weight.shape, *[1] * behind])
        if self.bias is None:
            return x
        return x + self.bias.reshape([*weight.shape, *[1] * behind])


def distances(x: torch.Tensor, rows: torch.Tensor, p: int = 2) -> torch.Tensor:
    """The distance of each vector to each row.

    `p` is 2 for the squared Euclidean distance, and 1 for the L1 distance.
    """
    mode = "donot_use_mm_for_euclid_dist"  # which keeps the digits of small distances
    distance = torch.cdist(x, rows, p=p, compute_mode=mode)
    return distance.square() if p == 2 else distance


class InnerDistance(nn.Module):
    """The distance of each vector to each learned row: (N, outputs)."""

    def __init__(
        self, inputs: int, outputs: int, p: int = 2, normalize: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.p, self.normalize = p, normalize

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = unit_rows(self.weight) if self.normalize else self.weight
        return distances(x, rows, self.p)
