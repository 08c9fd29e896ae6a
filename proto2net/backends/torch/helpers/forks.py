"""What PyTorch lacks for layers of forks, to be pasted into an emitted file that uses it."""

import torch
import torch.nn.functional as F
from torch import nn

from proto2net.backends.torch.helpers.recurrent import Recurrent, lstm_unit


def interp(
    x: torch.Tensor,
    shrink_factor: int = 1,
    zoom_factor: int = 1,
    full_zoom_factor: int = 1,
) -> torch.Tensor:
    """F.interpolate with corners that stay; factors count the gaps between pixels."""
    size = [
        ((n - 1) // shrink_factor * zoom_factor + 1) * full_zoom_factor
        for n in x.shape[2:]
    ]
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


def max_unpool(
    x: torch.Tensor, mask: torch.Tensor, size: tuple[int, int]
) -> torch.Tensor:
    """F.max_unpool2d to any size: each value goes to where the mask says."""
    planes = x.new_zeros(*x.shape[:2], size[0] * size[1])
    placed = planes.scatter(2, mask.flatten(2).long(), x.flatten(2))
    return placed.reshape(*x.shape[:2], *size)


def shuffle_channel(x: torch.Tensor, groups: int) -> torch.Tensor:
    """The first channel of each group, then the second of each, and so on."""
    apart = x.reshape(len(x), groups, -1, *x.shape[2:])
    return apart.transpose(1, 2).reshape(x.shape)


class BN(nn.Module):
    """nn.BatchNorm2d with a running variance of the batches' own, not the unbiased one.

    `momentum` is the share of the old statistics that stays, and `frozen` uses these in
    training too.
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
        """Take a batch into the running statistics."""
        var, mean = torch.var_mean(x, [0, *range(2, x.dim())], correction=0)
        self.running_mean.lerp_(mean, 1 - self.momentum)
        self.running_var.lerp_(var, 1 - self.momentum)


class Lstm(Recurrent):
    """LSTM as caffe-lstm has it: without `cont`, every forward pass starts from zeros.

    `sequences` is how many are in the first axis together with the steps, if they are.
    """

    def __init__(self, inputs: int, size: int, sequences: int = 0) -> None:
        super().__init__(2, size)
        self.sequences = sequences
        self.W_xc = nn.Parameter(torch.zeros(4 * size, inputs))
        self.W_hc = nn.Parameter(torch.zeros(4 * size, size))
        self.b_c = nn.Parameter(torch.zeros(4 * size))

    def forward(
        self, x: torch.Tensor, cont: torch.Tensor | None = None
    ) -> torch.Tensor:
        if self.sequences:
            x = x.reshape(-1, self.sequences, *x.shape[1:])
        inputs = F.linear(x.flatten(2), self.W_xc, self.b_c)
        h, c = self.start(x.shape[1], ())
        go_on = x.new_ones(x.shape[:2])
        if cont is None:
            h, c = torch.zeros_like(h), torch.zeros_like(c)
        else:
            go_on = (cont.reshape(x.shape[:2]) != 0).to(x.dtype)
        outputs: list[torch.Tensor] = []
        for step, goes_on in zip(inputs, go_on, strict=True):
            gates = step + F.linear(goes_on[:, None] * h, self.W_hc)
            c, h = lstm_unit(c, gates, goes_on)
            outputs.append(h)
        if cont is not None:
            self.last = torch.stack((h, c)).detach()
        y = torch.stack(outputs)
        return y.flatten(0, 1) if self.sequences else y


class ContinuationIndicator(nn.Module):
    """0 at the first step of each sequence, and 1 at the others."""

    cont: torch.Tensor

    def __init__(self, steps: int) -> None:
        super().__init__()
        cont = torch.ones(steps, 1)
        cont[0] = 0
        self.register_buffer("cont", cont, persistent=False)

    def forward(self, sequences: int) -> torch.Tensor:
        return self.cont.expand(-1, sequences)
