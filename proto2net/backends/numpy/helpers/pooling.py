"""Helpers for poolings: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.axes import flatten
from proto2net.backends.numpy.helpers.common import (
    both_sides,
    per_axis,
    read_places,
    spread,
    windows,
)


def pooled(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: list[tuple[int, int]],
    ceil: bool = True,
) -> tuple[int, ...]:
    """The number of windows along an axis; with padding, none starts past the image.

    Source: pooling_layer.cpp.
    """
    counts = []
    for n, k, s, (before, after) in zip(size, kernel, stride, pads, strict=True):
        room = n + before + after - k
        count = (-(-room // s) if ceil else room // s) + 1
        starts_behind = (count - 1) * s >= n + before
        counts.append(count - 1 if any(map(any, pads)) and starts_behind else count)
    return tuple(counts)


def pooling_windows(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
    fill: float = 0.0,
) -> np.ndarray:
    """The windows of a pooling: (N, C, rows, columns, kernel_h, kernel_w)."""
    axes = x.ndim - 2
    sizes, steps = [*per_axis(kernel, axes)], [*per_axis(stride, axes)]
    pads = both_sides(pad, axes)
    count = pooled(x.shape[2:], tuple(sizes), tuple(steps), pads, ceil)
    for axis, (k, n) in enumerate(zip(sizes, x.shape[2:], strict=True)):
        if k > n:  # then n places of each window are enough
            start = steps[axis] * np.arange(count[axis])[:, None] - pads[axis][0]
            places = np.clip(0, start, start + k - n) + np.arange(n)
            x = read_places(x, axis + 2, places, fill)
            sizes[axis], steps[axis], pads[axis] = n, n, (0, 0)
    return windows(x, count, tuple(sizes), tuple(steps), pads, fill=fill)


def flat_windows(view: np.ndarray) -> np.ndarray:
    """The windows of a pooling, each flattened along the last axis."""
    return view.reshape(*view.shape[:4], math.prod(view.shape[4:]))


def max_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
) -> np.ndarray:
    """The maximum of each window, ignoring NaN; -FLT_MAX if there is none.

    Source: pooling_layer.cpp.
    """
    lowest = np.finfo(np.float32).min
    view = pooling_windows(x, kernel, stride, pad, ceil, float(lowest))
    return np.fmax.reduce(view, axis=(-2, -1), initial=lowest)


def max_pool_with_mask(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of each window, and its index h * W + w; -1 if there is none.

    Source: pooling_layer.cpp.
    """
    lowest = np.finfo(np.float32).min
    view = pooling_windows(x, kernel, stride, pad, ceil, float(lowest))
    places = np.arange(x[0, 0].size, dtype=np.float32).reshape(1, 1, *x.shape[2:])
    places = pooling_windows(places, kernel, stride, pad, ceil, -1)
    values = np.fmax(flat_windows(view), lowest)
    first = values.argmax(-1, keepdims=True)
    top = np.take_along_axis(values, first, -1)
    mask = np.take_along_axis(flat_windows(places), first, -1)
    return top[..., 0], np.where(top > lowest, mask, np.float32(-1))[..., 0]


def average_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    ceil: bool = True,
    count_pad: bool = True,
) -> np.ndarray:
    """The mean of each window; NaN for an empty one (pooling_layer.cpp).

    `count_pad` includes the padding in the divisor.
    """
    view = pooling_windows(x, kernel, stride, pad, ceil)
    if count_pad:
        steps = per_axis(kernel, 2), per_axis(stride, 2), both_sides(pad, 2)
        heights, widths = (
            np.minimum(k, n + sum(p) - s * np.arange(count))
            for n, count, k, s, p in zip(
                x.shape[2:], view.shape[2:4], *steps, strict=True
            )
        )
        divisor = np.outer(heights, widths).astype(np.float32)
    else:
        inside = pooling_windows(np.ones_like(x[:1, :1]), kernel, stride, pad, ceil)
        divisor = inside.sum((-2, -1))
    with np.errstate(invalid="ignore"):
        return view.sum((-2, -1)) / divisor


def stochastic_pool(
    x: np.ndarray,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    ceil: bool = True,
) -> np.ndarray:
    """The expected value of stochastic pooling, for testing (pooling_layer.cu)."""
    view = pooling_windows(x, kernel, stride, ceil=ceil)
    total = view.sum((-2, -1))
    squares = np.square(view).sum((-2, -1))
    return np.where(total > 0, squares / np.where(total > 0, total, 1), np.float32(0))


def stochastic_pool_draw(
    x: np.ndarray,
    rng: np.random.Generator,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    ceil: bool = True,
) -> np.ndarray:
    """Stochastic pooling in training: an element of each window at random.

    Its chance is in proportion to its value.

    Source: pooling_layer.cu.
    """
    view = pooling_windows(x, kernel, stride, ceil=ceil)
    values = flat_windows(view)
    sums = values.cumsum(-1)
    drawn = (1 - rng.random(sums.shape[:-1], np.float32))[..., None] * sums[..., -1:]
    first = (sums >= drawn).argmax(-1, keepdims=True)
    return np.take_along_axis(values, first, -1)[..., 0]


def max_pool_3d(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] = 0,
) -> np.ndarray:
    """The maximum of each window over volumes, ignoring NaN; -FLT_MAX if none.

    Source: pooling3d_layer.cpp of Caffe's forks.
    """
    lowest = np.finfo(np.float32).min
    view = pooling_windows(x, kernel, stride, pad, fill=float(lowest))
    return np.fmax.reduce(view, axis=(-3, -2, -1), initial=lowest)


def max_pool_3d_with_mask(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of each window, and its flat index in its volume; -1 if none.

    Source: pooling3d_layer.cpp of Caffe's forks.
    """
    lowest = np.finfo(np.float32).min
    places = np.arange(x[0, 0].size, dtype=np.float32).reshape(1, 1, *x.shape[2:])
    values, places = (
        view.reshape(*view.shape[:5], math.prod(view.shape[5:]))
        for view in (
            pooling_windows(x, kernel, stride, pad, fill=float(lowest)),
            pooling_windows(places, kernel, stride, pad, fill=-1),
        )
    )
    values = np.fmax(values, lowest)
    first = values.argmax(-1, keepdims=True)
    top = np.take_along_axis(values, first, -1)
    mask = np.take_along_axis(places, first, -1)
    return top[..., 0], np.where(top > lowest, mask, np.float32(-1))[..., 0]


def average_pool_3d(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] = 0,
) -> np.ndarray:
    """The mean of each window over volumes and their padding; NaN for an empty one.

    Source: pooling3d_layer.cpp of Caffe's forks.
    """
    view = pooling_windows(x, kernel, stride, pad)
    top = view.sum((-3, -2, -1))
    steps = kernel, per_axis(stride, 3), per_axis(pad, 3)
    for axis, (k, s, p) in enumerate(zip(*steps, strict=True), 2):
        starts = s * np.arange(top.shape[axis])
        reach = np.minimum(k, x.shape[axis] + 2 * p - starts).astype(np.float32)
        with np.errstate(invalid="ignore"):
            top = top / spread(reach, 4 - axis)
    return top


def spp(x: np.ndarray, pyramid_height: int, method: str = "MAX") -> np.ndarray:
    """Spatial pyramid pooling: 1, 4, 16, ... bins of any image (spp_layer.cpp)."""
    pool = {"MAX": max_pool, "AVE": average_pool}[method]
    levels = []
    for level in range(pyramid_height):
        bins = 2**level
        kernel = tuple(-(-n // bins) for n in x.shape[2:])
        pad = tuple(
            (k * bins - n + 1) // 2 for k, n in zip(kernel, x.shape[2:], strict=True)
        )
        levels.append(pool(x, kernel, kernel, pad))
    if pyramid_height == 1:
        return levels[0]
    return np.concatenate([flatten(level) for level in levels], axis=1)


def nd_max_pool(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: tuple[int, ...],
) -> np.ndarray:
    """The maximum of each window over any number of axes.

    The number of windows is rounded up. Source: cudnn_ndpooling_layer.cpp.
    """
    view = pooling_windows(x, kernel, stride, pad, ceil=True, fill=-np.inf)
    inside = tuple(range(x.ndim, view.ndim))
    top: np.ndarray = view.max(inside)
    return top


def nd_average_pool(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: tuple[int, ...],
) -> np.ndarray:
    """The mean of each window over any number of axes, with zero padding.

    The number of windows is rounded up. Source: cudnn_ndpooling_layer.cpp.
    """
    view = pooling_windows(x, kernel, stride, pad, ceil=True)
    inside = tuple(range(x.ndim, view.ndim))
    return view.sum(inside) / np.float32(math.prod(kernel))
