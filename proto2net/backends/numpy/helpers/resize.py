"""Images of other sizes, to be pasted into an emitted file that uses it."""

import numpy as np

from proto2net.backends.numpy.helpers.common import spread


def interp_size(
    size: tuple[int, ...],
    shrink_factor: int = 1,
    zoom_factor: int = 1,
    full_zoom_factor: int = 1,
) -> tuple[int, ...]:
    """The output's size of Interp; factors scale the gaps between pixels."""
    return tuple(
        ((n - 1) // shrink_factor * zoom_factor + 1) * full_zoom_factor for n in size
    )


def interp(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Bilinear resizing with aligned corners (interp.cpp)."""
    for axis, count in zip((2, 3), size, strict=True):
        n = x.shape[axis]
        step = np.float32((n - 1) / (count - 1)) if count > 1 else np.float32(0)
        place = np.arange(count, dtype=np.float32) * step
        before = place.astype(int)
        after = np.minimum(before + 1, n - 1)
        share = spread(place % 1, 3 - axis)
        x = x.take(before, axis) * (1 - share) + x.take(after, axis) * share
    return x


def upsample(x: np.ndarray, scale: int) -> np.ndarray:
    """Nearest-neighbour upsampling: each pixel becomes scale x scale pixels."""
    return x.repeat(scale, axis=2).repeat(scale, axis=3)


def max_unpool(x: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Max unpooling: scatter each value to its index in the mask; the rest is 0.

    Source: SegNet's upsample_layer.cpp.
    """
    planes = x.shape[0] * x.shape[1]
    top = np.zeros((planes, size[0] * size[1]), np.float32)
    places = mask.astype(int).reshape(planes, -1)
    np.put_along_axis(top, places, x.reshape(planes, -1), axis=1)
    return top.reshape(*x.shape[:2], *size)


def corner_mask(
    x: np.ndarray, stride: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """A mask for max_unpool: the top left corner of each window.

    Source: unpooling_layer.cpp of Caffe's forks.
    """
    rows, columns = (
        np.minimum(np.arange(n) * s, count - 1)
        for n, s, count in zip(x.shape[2:], stride, size, strict=True)
    )
    return np.broadcast_to(rows[:, None] * size[1] + columns, x.shape)


def unpool(
    x: np.ndarray,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    size: tuple[int, int],
    average: bool = False,
) -> np.ndarray:
    """Unpooling: copy each value to all of its window.

    `average` divides each value by the size of its window, within the output.
    """
    axes = list(zip(x.shape[2:], kernel, stride, size, strict=True))
    if average:
        height, width = (
            np.clip(count - s * np.arange(n), 1, k) for n, k, s, count in axes
        )
        x = x / np.outer(height, width).astype(np.float32)
    top = np.zeros((*x.shape[:2], *size), np.float32)
    for offset in np.ndindex(*map(min, kernel, size)):
        rows, columns = (
            slice(o, min(count, o + n * s), s)
            for o, (n, _, s, count) in zip(offset, axes, strict=True)
        )
        places = top[:, :, rows, columns]
        places += x[:, :, : places.shape[2], : places.shape[3]]
    return top


def pixel_places(n: int, count: int, coordinates: str = "asymmetric") -> np.ndarray:
    """The coordinates of `count` output pixels in an axis of n input pixels.

    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    places = np.arange(count, dtype=np.float32)
    if coordinates == "align_corners" and count > 1:
        return places * np.float32((n - 1) / (count - 1))
    if coordinates == "half_pixel":
        return (places + np.float32(0.5)) * np.float32(n / count) - np.float32(0.5)
    if coordinates == "pytorch_half_pixel" and count > 1:
        return (places + np.float32(0.5)) * np.float32(n / count) - np.float32(0.5)
    return places * np.float32(n / count)


def resize_nearest(
    x: np.ndarray, size: tuple[int, ...], axis: int = 2, coordinates: str = "asymmetric"
) -> np.ndarray:
    """Nearest-neighbour resizing of an image.

    `axis` is the first axis to resize.
    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    for i, count in enumerate(size, axis):
        n = x.shape[i]
        if coordinates == "align_corners":
            places = pixel_places(n, count, coordinates) + np.float32(0.5)
        elif coordinates == "onnx":
            places = pixel_places(n, count, "half_pixel")
        elif coordinates == "half_pixel":
            places = pixel_places(n, count, "half_pixel") + np.float32(0.5)
        else:
            places = pixel_places(n, count)
        x = x.take(np.floor(places).astype(int).clip(0, n - 1), i)
    return x


def resize_linear(
    x: np.ndarray, size: tuple[int, ...], axis: int = 2, coordinates: str = "asymmetric"
) -> np.ndarray:
    """Linear resizing of an image.

    `axis` is the first axis to resize.
    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    for i, count in enumerate(size, axis):
        n = x.shape[i]
        places = pixel_places(n, count, coordinates)
        before = np.floor(places).astype(int).clip(0)
        after = np.ceil(places).astype(int).clip(max=n - 1)
        share = spread(places - np.floor(places), x.ndim - i - 1)
        x = x.take(before, i) * (1 - share) + x.take(after, i) * share
    return x
