"""Helpers for windows over images, which PyTorch lacks: pasted where they are used."""

import torch
import torch.nn.functional as F
from torch import nn


class Local(nn.Module):
    """A locally connected layer: a convolution with other filters at each position.

    `size` is the output's size, which is fixed.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        size: tuple[int, int],
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.size, self.kernel_size = size, kernel_size
        self.stride, self.padding = stride, padding
        window, places = in_channels * kernel_size**2, size[0] * size[1]
        self.weight = nn.Parameter(torch.zeros(out_channels, 1, window, places))
        self.bias = (
            nn.Parameter(torch.zeros(1, 1, out_channels, places)) if bias else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        windows = F.unfold(
            x, self.kernel_size, padding=self.padding, stride=self.stride
        )
        y = torch.einsum("nqp,moqp->nmp", windows, self.weight)
        y = y if self.bias is None else y + self.bias[0]
        return y.reshape(*y.shape[:2], *self.size)


def pad_to(x: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Zero-pad an image smaller than the kernel, where Caffe still has a window."""
    sides: list[int] = []
    for n, least in zip(x.shape[-len(size) :], size, strict=True):
        sides = [0, max(least - n, 0), *sides]  # the last axis comes first
    return F.pad(x, sides)


def cut_windows(
    y: torch.Tensor, x: torch.Tensor, size: tuple[int, ...], stride: tuple[int, ...]
) -> torch.Tensor:
    """The output y of x; empty where x is too small for Caffe's windows.

    That is the case if `size`, a window's extent, exceeds it by a stride or more.
    """
    for axis, (least, step) in enumerate(zip(size, stride, strict=True), -len(size)):
        if x.shape[axis] <= least - step:
            y = y.narrow(axis, 0, 0)
    return y


def pad_same(
    x: torch.Tensor,
    extent: tuple[int, ...],
    stride: tuple[int, ...],
    value: float = 0.0,
) -> torch.Tensor:
    """TensorFlow's SAME padding: ceil(n / stride) windows, the odd pixel at the end."""
    sides: list[int] = []
    for n, e, s in zip(x.shape[-len(extent) :], extent, stride, strict=True):
        total = max((-(-n // s) - 1) * s + e - n, 0)
        sides = [total // 2, total - total // 2, *sides]  # the last axis comes first
    return F.pad(x, sides, value=value)


def im2col(
    x: torch.Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> torch.Tensor:
    """F.unfold over any number of spatial axes, which stay separate in the result."""
    axes = len(kernel)
    first = x.dim() - axes
    for axis in reversed(range(axes)):
        k, s, d, n = kernel[axis], stride[axis], dilation[axis], x.shape[first + axis]
        room = n + 2 * padding[axis] - d * (k - 1) - 1
        count = int(room / s) + 1  # towards zero: a window may hang off the end
        starts = torch.arange(count, device=x.device)[:, None] * s - padding[axis]
        places = starts + torch.arange(k, device=x.device) * d
        inside = (places >= 0) & (places < n)
        behind = [0, 0] * (x.dim() - first - axis - 1) + [0, 1]
        read = torch.where(inside, places, n).flatten()
        x = F.pad(x, behind).index_select(first + axis, read)
        x = x.reshape(*x.shape[: first + axis], count, k, *x.shape[first + axis + 1 :])
    kernels = [first + 2 * axis + 1 for axis in range(axes)]
    x = x.movedim(kernels, list(range(first, first + axes)))
    return x.flatten(first - 1, first + axes - 1)
