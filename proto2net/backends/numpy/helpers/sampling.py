"""Sampling at computed places as functions of arrays, to be pasted into an emitted
file.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.flow import sample_bilinear, warp


def spatial_transformer(
    image: np.ndarray,
    theta: np.ndarray,
    size: tuple[int, int],
    preset: tuple[float | None, ...] = (),
) -> np.ndarray:
    """Sample an image bilinearly at an affine map of a grid; it is 0 outside.

    Row i of n is at 2 * i / n - 1, and so are columns; rows come first in theta.
    Source: st_layer.cu of daerduoCarey's fork.

    `preset` has the fixed elements of theta, and None for each that is computed.
    """
    theta = theta.reshape(len(theta), -1)
    if preset:
        theta = with_preset(theta, preset)
    grid = np.indices(size, np.float32) * 2 / np.reshape(size, (2, 1, 1)) - 1
    points = np.concatenate([grid, np.ones_like(grid[:1])]).reshape(3, -1)
    row, column = (theta.reshape(-1, 2, 3) @ points.astype(np.float32)).swapaxes(0, 1)
    height, width = image.shape[2:]
    x, y = (column + 1) / 2 * np.float32(width), (row + 1) / 2 * np.float32(height)
    return warp(image, np.stack([x, y], 1).reshape(-1, 2, *size))


def with_preset(theta: np.ndarray, preset: tuple[float | None, ...]) -> np.ndarray:
    """Insert the fixed elements of an affine map; None stands for a computed one."""
    computed = iter(theta.T)
    columns = [
        next(computed) if value is None else np.full(len(theta), value, np.float32)
        for value in preset
    ]
    return np.stack(columns, 1)


def deformable_convolution(
    x: np.ndarray,
    offset: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    group: int = 1,
    deformable_group: int = 1,
) -> np.ndarray:
    """A deformable convolution: each tap samples the image at an offset (Dai 2017).

    Source: deformable_conv_layer.cpp.
    """
    columns = deformable_im2col(
        x, offset, weight.shape[2:], stride, pad, dilation, deformable_group
    )
    columns = columns.reshape(len(x), group, -1, *offset.shape[2:])
    filters = weight.reshape(group, len(weight) // group, -1)
    y = np.einsum("ngqhw,goq->ngohw", columns, filters, optimize=True)
    y = y.reshape(len(x), len(weight), *offset.shape[2:])
    return y if bias is None else y + bias[:, None, None]


def deformable_im2col(
    x: np.ndarray,
    offset: np.ndarray,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> np.ndarray:
    """Gather what each tap samples: (batch, channels * taps, height, width).

    The last pixels are repeated up to the edge of the image; it is 0 outside.

    `groups` counts the groups of channels that have offsets of their own.
    """
    step, padding, gap = (np.reshape(v, (-1, 1, 1, 1)) for v in (stride, pad, dilation))
    taps = np.indices(kernel).reshape(2, -1, 1, 1) * gap
    size, (height, width) = offset.shape[2:], x.shape[2:]
    place = np.indices(size)[:, None] * step - padding + taps
    image = x.reshape(len(x) * groups, -1, height, width)
    moved = offset.reshape(len(image), -1, 2, *size).swapaxes(1, 2)
    row, column = (moved + place.astype(np.float32)).swapaxes(0, 1)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    row, column = np.where(inside, row, 0), np.where(inside, column, 0)
    found = sample_bilinear(image, column, row)
    found = np.where(inside[:, None], found, np.float32(0))
    return found.reshape(len(x), -1, *size)
