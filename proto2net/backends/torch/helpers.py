"""What PyTorch lacks, to be pasted into an emitted file that uses it.

A helper depends on nothing but PyTorch, math and other helpers. They stand in one file, however
long it is, because that is the file that they are cut out of.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

# ---- vision ---------------------------------------------------------------------------------


def pad_windows(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil_mode: bool,
    value: float,
) -> torch.Tensor:
    """Pads to Caffe's pooling windows; PyTorch drops the empty ones at the end."""
    sides: list[int] = []
    for n, k, s, p in zip(x.shape[2:], kernel, stride, padding):
        room = n + 2 * p - k
        windows = (-(-room // s) if ceil_mode else room // s) + 1
        if any(padding) and (windows - 1) * s >= n + p:
            windows -= 1
        sides = [p, (windows - 1) * s + k - n - p, *sides]  # the last axis comes first
    return F.pad(x, sides, value=value)


def max_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    ceil_mode: bool = True,
) -> torch.Tensor:
    """F.max_pool2d, but padding can be wide, and an empty window is the lowest float."""
    lowest = torch.finfo(x.dtype).min
    x = pad_windows(x, kernel, stride, padding, ceil_mode, lowest)
    return F.max_pool2d(x, kernel, stride)


def max_pool_with_mask(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    ceil_mode: bool = True,
) -> tuple[torch.Tensor, torch.Tensor]:
    """max_pool, and where in its plane each maximum stood, as a float; -1 for nowhere."""
    lowest = torch.finfo(x.dtype).min
    padded = pad_windows(x, kernel, stride, padding, ceil_mode, lowest)
    y, index = F.max_pool2d(padded, kernel, stride, return_indices=True)
    row = index // padded.shape[3] - padding[0]
    column = index % padded.shape[3] - padding[1]
    mask = torch.where(y > lowest, row * x.shape[3] + column, -1)
    return y, mask.to(x.dtype)


def avg_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    ceil_mode: bool = True,
) -> torch.Tensor:
    """F.avg_pool2d, but padding can be wide, and an empty window is 0 / 0."""
    padded = pad_windows(x, kernel, stride, padding, ceil_mode, 0.0)
    sums = F.avg_pool2d(padded, kernel, stride, divisor_override=1)
    sides: list[torch.Tensor] = []
    for axis, (k, s, p) in enumerate(zip(kernel, stride, padding), start=2):
        start = torch.arange(sums.shape[axis], device=x.device) * s - p
        sides.append((start + k).clamp(max=x.shape[axis] + p) - start)
    return sums / (sides[0][:, None] * sides[1])


def spatial_pyramid_pool(
    x: torch.Tensor, height: int, pool: Callable[..., torch.Tensor]
) -> torch.Tensor:
    """Pools into 1, 4, 16, ... bins by Caffe's windows, and joins them for each image."""
    levels: list[torch.Tensor] = []
    for bins in (2**level for level in range(height)):
        kernel = [-(-n // bins) for n in x.shape[2:]]
        padding = [(k * bins - n + 1) // 2 for k, n in zip(kernel, x.shape[2:])]
        levels.append(pool(x, kernel, kernel, padding).flatten(1))
    return torch.cat(levels, dim=1)


def im2col(
    x: torch.Tensor,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> torch.Tensor:
    """F.unfold over any number of spatial axes, which stay apart."""
    axes = len(kernel)
    for k, s, p, d in zip(kernel, stride, padding, dilation):
        extent = d * (k - 1) + 1
        missing = max(extent - x.shape[-axes] - 2 * p, 0)  # hangs off the end
