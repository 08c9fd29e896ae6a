"""Helpers for what several families need: functions of float32 arrays in Caffe's
layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

from collections.abc import Callable, Sequence

import numpy as np


def sequential(
    x: np.ndarray, layers: Sequence[Callable[[np.ndarray], np.ndarray]]
) -> np.ndarray:
    """Apply the layers one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def per_axis(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One value per axis, from one value for all axes or one for each."""
    return value if isinstance(value, tuple) else (value,) * axes


def both_sides(
    pad: int | tuple[int | tuple[int, int], ...], axes: int
) -> list[tuple[int, int]]:
    """The padding (before, after) of each axis; a single number pads both sides."""
    each = pad if isinstance(pad, tuple) else (pad,) * axes
    return [p if isinstance(p, tuple) else (p, p) for p in each]


def same_pad(
    x: np.ndarray, extent: tuple[int, ...], stride: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """TensorFlow's SAME padding: ceil(n / stride) windows, the odd pixel at the end."""
    size = x.shape[x.ndim - len(extent) :]
    axes = zip(size, extent, stride, strict=True)
    total = [max((-(-n // s) - 1) * s + e - n, 0) for n, e, s in axes]
    return tuple((t // 2, t - t // 2) for t in total)


def spread(values: np.ndarray, axes: int) -> np.ndarray:
    """Reshape values to broadcast against an array with this many trailing axes."""
    return values.reshape((*values.shape, *(1,) * axes))


def windows(
    x: np.ndarray,
    count: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pad: list[tuple[int, int]],
    dilation: int | tuple[int, ...] = 1,
    fill: float = 0.0,
) -> np.ndarray:
    """The sliding windows over the last axes, as axes (*count, *kernel).

    `fill` is the value of the padding.
    """
    first = x.ndim - len(kernel)
    around, extents = [(0, 0)] * first, []
    starts, steps = [slice(None)] * first, []
    options = zip(
        count, kernel, stride, pad, per_axis(dilation, len(kernel)), strict=True
    )
    for axis, (c, k, step, (before, _), hole) in enumerate(options, first):
        gaps = step > hole * (k - 1) + 1 or hole > x.shape[axis]
        if gaps:  # keep what is read alone, one window behind the other
            places = step * np.arange(c)[:, None] - before + hole * np.arange(k)
            x = read_places(x, axis, places, fill)
        start, by, apart = (0, k, 1) if gaps else (before, step, hole)
        extent = apart * (k - 1) + 1
        behind = max(c - 1, 0) * by + extent - x.shape[axis] - start
        around.append((start, max(0, behind)))
        extents.append(extent)
        starts.append(slice(0, c * by, by))
        steps.append(slice(None, None, apart))
    x = np.pad(x, around, constant_values=fill)
    last = tuple(range(first, x.ndim))
    view = np.lib.stride_tricks.sliding_window_view(x, tuple(extents), last)
    return view[(*starts, *steps)]


def read_places(
    x: np.ndarray, axis: int, places: np.ndarray, fill: float = 0.0
) -> np.ndarray:
    """Gather the values at indices along an axis.

    `fill` stands where an index is outside.
    """
    n = x.shape[axis]
    beyond = [(0, int(other == axis)) for other in range(x.ndim)]
    inside = (places >= 0) & (places < n)
    x = np.pad(x, beyond, constant_values=fill)
    return x.take(np.where(inside, places, n).ravel(), axis)


def array_paths(part: object, path: str = "") -> set[str]:
    """The names of a network's learned arrays, such as "conv1.weight"."""
    if isinstance(part, np.ndarray):
        return {path}
    parts = dict(enumerate(part)) if isinstance(part, list) else part
    items = parts if isinstance(parts, dict) else getattr(parts, "__dict__", {})
    found = (
        array_paths(each, f"{path}.{key}".lstrip(".")) for key, each in items.items()
    )
    return set().union(*found)
