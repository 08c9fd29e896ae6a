"""Samples of proto2net/layers/vision.py; the values come from loops as plain as Caffe's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from samples.sample import Ndarray, layer, sample, values

LOWEST = np.finfo(np.float32).min


def pooled(
    x: Ndarray,
    size: tuple[int, int],
    k: int,
    s: int,
    p: int,
    reduce: Callable[[Ndarray, int], float],
) -> Ndarray:
    """Pooling of each plane into `size` windows; reduce gets a window and Caffe's divisor."""
    y = np.zeros((*x.shape[:2], *size))
    h, w = x.shape[2:]
    for n, c, i, j in _every(y):
        top, left = i * s - p, j * s - p
        bottom, right = min(top + k, h + p), min(left + k, w + p)
        area = (bottom - top) * (right - left)
        y[n, c, i, j] = reduce(
            x[n, c, max(top, 0) : min(bottom, h), max(left, 0) : min(right, w)], area
        )
    return y


def maximum(window: Ndarray, area: int) -> float:
    """What MAX pooling makes of a window."""
    return float(window.max(initial=LOWEST))


def average(window: Ndarray, area: int) -> float:
    """What AVE pooling makes of a window."""
    with np.errstate(invalid="ignore"):
        return float(np.float32(window.sum()) / np.float32(area))


def expected(window: Ndarray, area: int) -> float:
    """What STOCHASTIC pooling makes of a window when testing."""
    return float((window**2).sum() / window.sum()) if window.sum() > 0 else 0.0


def convolved(x: Ndarray, weight: Ndarray, bias: Ndarray, size: tuple[int, ...], s: int) -> Ndarray:
    """Convolution of (N, C, ...) to an output of this size; what is missing behind x is 0."""
    kernel = weight.shape[2:]
    x = np.pad(x, [(0, 0), (0, 0), *((0, k) for k in kernel)])
    y = np.zeros((x.shape[0], weight.shape[0], *size))
    for n, o, *at in _every(y):
        window = tuple(slice(i * s, i * s + k) for i, k in zip(at, kernel, strict=True))
        y[(n, o, *at)] = (x[(n, slice(None), *window)] * weight[o]).sum() + bias[o]
    return y


def _every(array: Ndarray) -> Iterator[tuple[int, ...]]:
    return itertools.product(*map(range, array.shape))


def _pooling(text: str) -> str:
    return layer("Pooling", "x", "y", f"pooling_param {{ {text} }}")


PLANE = values(2, 3, 4, 6)

SAMPLES = {
    # Without padding Caffe keeps windows that start behind the image.
    "pool_max_empty_window": sample(
        _pooling("kernel_size: 1 stride: 2"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (3, 4), 1, 2, 0, maximum)},
    ),
    "pool_ave_empty_window": sample(
        _pooling("pool: AVE kernel_size: 1 stride: 2"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (3, 4), 1, 2, 0, average)},
    ),
    "pool_ave_window_of_negative_size": sample(
        _pooling("pool: AVE kernel_size: 1 stride: 4"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (2, 3), 1, 4, 0, average)},
    ),
    "pool_max_mask_empty_window": sample(
        layer("Pooling", "x", "y mask", "pooling_param { kernel_size: 1 stride: 2 }"),
        inputs={"x": PLANE[:1, :1]},
        blobs={
            "y": pooled(PLANE[:1, :1], (3, 4), 1, 2, 0, maximum),
            "mask": [[[[0, 2, 4, -1], [12, 14, 16, -1], [-1, -1, -1, -1]]]],
        },
    ),
    "pool_max_mask_global": sample(
        layer("Pooling", "x", "y mask", "pooling_param { global_pooling: true }"),
        inputs={"x": PLANE},
        blobs={
            "y": PLANE.max((2, 3), keepdims=True),
            "mask": PLANE.reshape(2, 3, -1).argmax(2).reshape(2, 3, 1, 1),
        },
    ),
    "pool_max_wide_pad": sample(
        _pooling("kernel_size: 3 stride: 2 pad: 2"),
        inputs={"x": PLANE - 5},
        blobs={"y": pooled(PLANE - 5, (3, 4), 3, 2, 2, maximum)},
    ),
    "pool_ave_wide_pad": sample(
        _pooling("pool: AVE kernel_size: 3 stride: 2 pad: 2"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (3, 4), 3, 2, 2, average)},
    ),
    "pool_ave_wide_pad_floor": sample(
        _pooling("pool: AVE kernel_size: 4 stride: 3 pad: 3 round_mode: FLOOR"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (3, 3), 4, 3, 3, average)},
    ),
    "pool_stochastic": sample(
        _pooling("pool: STOCHASTIC kernel_size: 3 stride: 2"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (2, 3), 3, 2, 0, expected)},
    ),
    "pool_stochastic_gap": sample(
        _pooling("pool: STOCHASTIC kernel_size: 1 stride: 2"),
        inputs={"x": PLANE},
        blobs={"y": pooled(PLANE, (3, 4), 1, 2, 0, expected)},
    ),
    # The first of equal elements gets the gradient.
    "pool_max_ties": sample(
        _pooling("kernel_size: 2 stride: 2"),
        inputs={"x": [[[[1, 3, 0, 0], [3, 3, 0, 0]]]]},
        blobs={"y": [[[[3, 0]]]]},
        top_diff={"y": [[[[5, 7]]]]},
        gradients={"x": [[[[0, 5, 7, 0], [0, 0, 0, 0]]]]},
    ),
    # C++ division rounds towards zero: a kernel that is too large has one window.
    "conv_hangs_off": sample(
        layer(
            "Convolution",
            "x",
            "y",
            "convolution_param { num_output: 2 kernel_h: 5 kernel_w: 7 stride: 2 }",
        ),
        inputs={"x": PLANE},
        weights={"layer": [values(2, 3, 5, 7), values(2)]},
        blobs={"y": convolved(PLANE, values(2, 3, 5, 7), values(2), (1, 1), 2)},
    ),
    "conv_two_batch_axes": sample(
        layer(
            "Convolution", "x", "y", "convolution_param { num_output: 5 kernel_size: 2 axis: 2 }"
        ),
        inputs={"x": PLANE[:, :, None, :, :].repeat(2, 2)},
        weights={"layer": [values(5, 2, 2, 2), values(5)]},
        blobs={
            "y": convolved(
                PLANE.reshape(6, 1, 4, 6).repeat(2, 1), values(5, 2, 2, 2), values(5), (3, 5), 1
            ).reshape(2, 3, 5, 3, 5)
        },
    ),
    "conv_no_spatial_axes": sample(
        layer("Convolution", "x", "y", "convolution_param { num_output: 4 kernel_size: 3 }"),
        inputs={"x": values(2, 3)},
        weights={"layer": [values(4, 3), values(4)]},
        blobs={"y": values(2, 3) @ values(4, 3).T + values(4)},
    ),
    "im2col_one_spatial_axis": sample(
        layer(
            "Im2col", "x", "y", "convolution_param { kernel_size: 2 dilation: 2 stride: 2 pad: 1 }"
        ),
        inputs={"x": [[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]]},
        blobs={"y": [[[0, 2, 4], [2, 4, 0], [0, 7, 9], [7, 9, 0]]]},
    ),
}
