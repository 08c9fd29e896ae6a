"""Helpers for poolings, which PyTorch lacks: pasted where they are used."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from proto2net.backends.torch.helpers.vision import im2col, pad_same


def avg_pool_same(
    x: torch.Tensor, kernel: tuple[int, int], stride: tuple[int, int]
) -> torch.Tensor:
    """Average pooling with TensorFlow's SAME padding, which does not count."""
    inside = torch.ones_like(x[:1, :1])
    mean, share = (
        F.avg_pool2d(pad_same(plane, kernel, stride), kernel, stride)
        for plane in (x, inside)
    )
    return mean / share


def both_sides(padding: tuple[int | tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The padding (before, after) of each axis; a single number pads both sides."""
    return [p if isinstance(p, tuple) else (p, p) for p in padding]


def window_counts(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...],
    ceil_mode: bool = True,
) -> list[int]:
    """The number of Caffe's pooling windows along each axis."""
    counts: list[int] = []
    pads = both_sides(padding)
    for n, k, s, (before, after) in zip(x.shape[2:], kernel, stride, pads, strict=True):
        room = n + before + after - k
        windows = (-(-room // s) if ceil_mode else room // s) + 1
        behind = any(map(any, pads)) and (windows - 1) * s >= n + before
        counts.append(windows - behind)
    return counts


def pad_windows(
    x: torch.Tensor,
    counts: list[int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...],
    value: float,
) -> torch.Tensor:
    """Pad so that all windows that start before the image's end fit; one at least."""
    sides: list[int] = []
    axes = zip(x.shape[2:], counts, kernel, stride, both_sides(padding), strict=True)
    for n, count, k, s, (before, _) in axes:
        last = min(max(count, 1) - 1, (n + before - 1) // s)
        sides = [before, last * s + k - n - before, *sides]
    return F.pad(x, sides, value=value)


def fit_windows(y: torch.Tensor, counts: list[int], value: float) -> torch.Tensor:
    """Pad to Caffe's number of windows; those past the image are empty."""
    rows, columns = counts
    return F.pad(y, (0, columns - y.shape[3], 0, rows - y.shape[2]), value=value)


def max_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
) -> torch.Tensor:
    """F.max_pool2d with Caffe's windows; an empty window gives the lowest float."""
    lowest = torch.finfo(x.dtype).min
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    x = pad_windows(x, counts, kernel, stride, padding, lowest)
    return fit_windows(F.max_pool2d(x, kernel, stride), counts, lowest)


def max_pool_with_mask(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
) -> tuple[torch.Tensor, torch.Tensor]:
    """max_pool, and each maximum's flat index in its plane as a float; -1 if none."""
    lowest = torch.finfo(x.dtype).min
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    padded = pad_windows(x, counts, kernel, stride, padding, lowest)
    y, index = F.max_pool2d(padded, kernel, stride, return_indices=True)
    (top, _), (left, _) = both_sides(padding)
    row, column = index // padded.shape[3] - top, index % padded.shape[3] - left
    mask = torch.where(y > lowest, row * x.shape[3] + column, -1)
    y, mask = fit_windows(y, counts, lowest), fit_windows(mask, counts, -1)
    return y, mask.to(x.dtype)


def avg_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int | tuple[int, int], ...] = (0, 0),
    ceil_mode: bool = True,
    count_include_pad: bool = True,
) -> torch.Tensor:
    """F.avg_pool2d with Caffe's windows; an empty window gives NaN.

    `count_include_pad` includes the padding in the divisor.
    """
    counts = window_counts(x, kernel, stride, padding, ceil_mode)
    padded = pad_windows(x, counts, kernel, stride, padding, 0.0)
    sums = F.avg_pool2d(padded, kernel, stride, divisor_override=1)
    sums = fit_windows(sums, counts, 0.0)
    sides: list[torch.Tensor] = []
    for axis, (before, after) in enumerate(both_sides(padding)):
        k, s, n = kernel[axis], stride[axis], x.shape[axis + 2]
        start = torch.arange(sums.shape[axis + 2], device=x.device) * s - before
        if count_include_pad:
            sides.append((start + k).clamp(max=n + after) - start)
        else:
            inside = (start + k).clamp(max=n) - start.clamp(min=0)
            sides.append(inside.clamp(min=0))
    return sums / (sides[0][:, None] * sides[1])


def stochastic_pool(
    x: torch.Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    ceil_mode: bool = True,
    training: bool = False,
) -> torch.Tensor:
    """The expected value of stochastic pooling (Zeiler and Fergus 2013).

    `training` draws an element of each window, in proportion to its value.
    """
    counts = window_counts(x, kernel, stride, (0, 0), ceil_mode)
    x = pad_windows(x, counts, kernel, stride, (0, 0), 0.0)
    columns = im2col(x, kernel, stride, (0, 0), (1, 1))
    columns = fit_windows(columns, counts, 0.0)
    windows = columns.reshape(*x.shape[:2], math.prod(kernel), *counts)
    total = windows.sum(2)
    if not training:
        mean = windows.square().sum(2) / torch.where(total > 0, total, 1)
        return torch.where(total > 0, mean, 0)
    mark = (1 - torch.rand_like(total)) * total
    drawn = (windows.cumsum(2) >= mark[:, :, None]).int().argmax(2, keepdim=True)
    return windows.gather(2, drawn).squeeze(2)


def pool_volume(
    x: torch.Tensor,
    pool: Callable[..., torch.Tensor],
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int],
    padding: tuple[int, int, int] = (0, 0, 0),
) -> torch.Tensor:
    """Pool volumes (N, C, L, H, W): first over H and W, then over L."""
    planes = pool(x.flatten(1, 2), kernel[1:], stride[1:], padding[1:])
    size = planes.shape[2:]
    stacks = planes.reshape(*x.shape[:3], size.numel())
    y = pool(stacks, (kernel[0], 1), (stride[0], 1), (padding[0], 0))
    return y.reshape(*y.shape[:3], *size)


def pool_volume_with_mask(
    x: torch.Tensor,
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int],
    padding: tuple[int, int, int] = (0, 0, 0),
) -> tuple[torch.Tensor, torch.Tensor]:
    """Max pooling of volumes, and each maximum's flat index; -1 if there is none."""
    planes, places = max_pool_with_mask(
        x.flatten(1, 2), kernel[1:], stride[1:], padding[1:]
    )
    size = planes.shape[2:]
    stacks = planes.reshape(*x.shape[:3], size.numel())
    y, stack = max_pool_with_mask(
        stacks, (kernel[0], 1), (stride[0], 1), (padding[0], 0)
    )
    index = stack.flatten(2).clamp(min=0).long()
    place = places.reshape(*x.shape[:2], -1).gather(2, index).view_as(stack)
    depth = index.view_as(stack) // size.numel()
    mask = torch.where(stack < 0, stack, depth * x[0, 0, 0].numel() + place)
    return y.reshape(*y.shape[:3], *size), mask.reshape(*y.shape[:3], *size)


def spatial_pyramid_pool(
    x: torch.Tensor, height: int, pool: Callable[..., torch.Tensor]
) -> torch.Tensor:
    """Spatial pyramid pooling: 1, 4, 16, ... bins of any image, concatenated."""
    levels: list[torch.Tensor] = []
    for bins in (2**level for level in range(height)):
        kernel = [-(-n // bins) for n in x.shape[2:]]
        padding = [
            (k * bins - n + 1) // 2 for k, n in zip(kernel, x.shape[2:], strict=True)
        ]
        levels.append(pool(x, kernel, kernel, padding).flatten(1))
    return torch.cat(levels, dim=1)
