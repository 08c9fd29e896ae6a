"""Helpers for windows over images: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.common import (
    both_sides,
    per_axis,
    spread,
    windows,
)


def dilated(
    kernel: tuple[int, ...], dilation: int | tuple[int, ...]
) -> tuple[int, ...]:
    """The extent of a dilated kernel."""
    apart = per_axis(dilation, len(kernel))
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, apart, strict=True))


def convolved(
    size: tuple[int, ...],
    extent: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
) -> tuple[int, ...]:
    """A convolution's output size, rounded towards zero as in C++ (conv_layer.cpp)."""
    steps, pads = per_axis(stride, len(size)), both_sides(pad, len(size))
    axes = zip(size, pads, extent, steps, strict=True)
    return tuple(int((n + sum(p) - e) / s) + 1 for n, p, e, s in axes)


def im2col(
    x: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
) -> np.ndarray:
    """Each window as a column of channels times kernel values (im2col.cpp)."""
    axes = len(kernel)
    *batch, channels = x.shape[: x.ndim - axes]
    extent = kernel if dilation == 1 else dilated(kernel, dilation)
    count = convolved(x.shape[x.ndim - axes :], extent, stride, pad)
    steps, pads = per_axis(stride, axes), both_sides(pad, axes)
    view = windows(x, count, kernel, steps, pads, dilation)
    columns = np.moveaxis(view, range(-axes, 0), range(-2 * axes, -axes))
    return columns.reshape(*batch, channels * math.prod(kernel), *count)


def convolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    group: int = 1,
) -> np.ndarray:
    """Convolution (cross-correlation) with zero padding (base_conv_layer.cpp)."""
    kernel = weight.shape[2:]
    axis = x.ndim - len(kernel) - 1
    channels = group * weight.shape[1]
    if x.shape[axis] != channels:
        raise ValueError(f"{x.shape} should have {channels} channels in axis {axis}")
    batch, size = x.shape[:axis], x.shape[axis + 1 :]
    extent = kernel if dilation == 1 else dilated(kernel, dilation)
    count = convolved(size, extent, stride, pad)
    top = np.empty((*batch, len(weight), *count), np.float32)
    filters = weight.reshape(len(weight), -1)
    for image in np.ndindex(batch):
        columns = im2col(x[image], kernel, stride, pad, dilation).reshape(
            group * filters.shape[1], -1
        )
        found = filters @ columns if group == 1 else grouped(filters, columns, group)
        top[image] = found.reshape(top[image].shape)
    return top if bias is None else top + spread(bias, len(kernel))


def grouped(filters: np.ndarray, columns: np.ndarray, group: int) -> np.ndarray:
    """The product of each group of filters with its columns."""
    filters = filters.reshape(group, len(filters) // group, -1)
    return filters @ columns.reshape(group, filters.shape[2], -1)


def deconvolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int | tuple[int, int], ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    group: int = 1,
) -> np.ndarray:
    """Transposed convolution: the adjoint of convolution (deconv_layer.cpp)."""
    kernel = weight.shape[2:]
    axis = x.ndim - len(kernel) - 1
    batch, size = x.shape[:axis], x.shape[axis + 1 :]
    channels = group * weight.shape[1]
    options = [per_axis(value, len(kernel)) for value in (stride, dilation)]
    steps = list(zip(size, kernel, *options, strict=True))
    pads = both_sides(pad, len(kernel))
    out = [
        s * (n - 1) + d * (k - 1) + 1 - sum(p)
        for (n, k, s, d), p in zip(steps, pads, strict=True)
    ]
    top = np.zeros((*batch, channels, *out), np.float32)
    filters = weight.reshape(group, len(weight) // group, -1).transpose(0, 2, 1)
    for image in np.ndindex(batch):
        values = x[image].reshape(group, filters.shape[2], -1)
        columns = (filters @ values).reshape(channels, *kernel, *size)
        for offset in np.ndindex(kernel):
            read, place = [], []
            for o, (n, _, s, d), (p, _), end in zip(
                offset, steps, pads, out, strict=True
            ):
                first = max(0, -((o * d - p) // s))  # those before lie in the padding
                last = min(n, -((o * d - p - end) // s))
                start = first * s + o * d - p
                read.append(slice(first, max(first, last)))
                place.append(slice(start, start + s * max(0, last - first), s))
            part = columns[(slice(None), *offset, *read)]
            top[(*image, slice(None), *place)] += part
    return top if bias is None else top + spread(bias, len(kernel))


def local(
    x: np.ndarray,
    weight: np.ndarray,
    kernel: int,
    bias: np.ndarray | None = None,
    stride: int = 1,
    pad: int = 0,
) -> np.ndarray:
    """A locally connected layer: other filters at each position (local_layer.cpp)."""
    columns = im2col(x, (kernel, kernel), stride, pad)
    flat = columns.reshape(*columns.shape[:2], -1)
    top = np.einsum("nqp,mqp->nmp", flat, weight[:, 0])
    top = top if bias is None else top + bias[0]
    return top.reshape(len(x), len(weight), *columns.shape[2:])
