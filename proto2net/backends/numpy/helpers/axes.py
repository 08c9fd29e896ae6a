"""Helpers that change the axes of a blob: functions of float32 arrays in Caffe's
layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np

from proto2net.backends.numpy.helpers.common import per_axis, spread


def flatten(x: np.ndarray, axis: int = 1, end_axis: int = -1) -> np.ndarray:
    """Merge axes into one; by default all but the first (flatten_layer.cpp).

    `axis` is the first axis of the range.
    `end_axis` is the last axis of the range.
    """
    end = None if end_axis == -1 else end_axis % x.ndim + 1
    behind = [] if end is None else x.shape[end:]
    return x.reshape(*x.shape[:axis], math.prod(x.shape[axis:end]), *behind)


def reshape(
    x: np.ndarray, shape: tuple[int, ...], axis: int = 0, num_axes: int = -1
) -> np.ndarray:
    """Reshape a range of axes: 0 copies the input's size, -1 infers the size.

    Source: reshape_layer.cpp.
    """
    end = x.ndim if num_axes == -1 else axis + num_axes
    new = [size or x.shape[i] for i, size in enumerate(shape, axis)]
    return x.reshape((*x.shape[:axis], *new, *x.shape[end:]))


def crop(
    x: np.ndarray,
    reference: np.ndarray,
    axis: int = 2,
    offset: int | tuple[int, ...] = 0,
) -> np.ndarray:
    """Crop the last axes of x to the size of the reference.

    Source: crop_layer.cpp.
    """
    starts = per_axis(offset, x.ndim - axis)
    sizes = reference.shape[axis : x.ndim]
    inside = [slice(o, o + n) for o, n in zip(starts, sizes, strict=True)]
    return x[tuple([slice(None)] * axis + inside)]


def greatest(x: np.ndarray, top_k: int = 1, axis: int = 1) -> np.ndarray:
    """The indices of the greatest values; among ties, the last index first.

    Source: argmax_layer.cpp.
    """
    order = np.flip(np.argsort(x, axis=axis, kind="stable"), axis)
    return np.take(order, range(top_k), axis)


def argmax(x: np.ndarray, top_k: int = 1, out_max_val: bool = False) -> np.ndarray:
    """The indices of the greatest values of each sample, flattened.

    Source: argmax_layer.cpp.
    `out_max_val` adds the values as a second channel.
    """
    values = flatten(x)
    places = greatest(values, top_k, 1)
    tops = [places.astype(np.float32)]
    if out_max_val:
        tops.append(np.take_along_axis(values, places, 1))
    return spread(np.stack(tops, axis=1), x.ndim - 3)


def argmax_along(
    x: np.ndarray, axis: int, top_k: int = 1, out_max_val: bool = False
) -> np.ndarray:
    """The indices of the greatest values along an axis.

    Source: argmax_layer.cpp.
    `out_max_val` returns the values instead.
    """
    places = greatest(x, top_k, axis)
    if out_max_val:
        return np.take_along_axis(x, places, axis)
    return places.astype(np.float32)


def shuffle_channel(x: np.ndarray, groups: int) -> np.ndarray:
    """Channel shuffle: the first channel of each group, then each second one, ..."""
    apart = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    return apart.swapaxes(1, 2).reshape(x.shape)


def pixel_shuffle(x: np.ndarray, factor: int) -> np.ndarray:
    """Rearrange (N, C * factor ** 2, H, W) to (N, C, H * factor, W * factor)."""
    batch, channels, height, width = x.shape
    channels //= factor**2
    parts = x.reshape(batch, channels, factor, factor, height, width)
    turned = parts.transpose(0, 1, 4, 2, 5, 3)
    return turned.reshape(batch, channels, height * factor, width * factor)
