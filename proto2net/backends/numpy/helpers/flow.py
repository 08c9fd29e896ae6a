"""Optical flow as functions of arrays, to be pasted into an emitted file that uses
them.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.roi import round_half_away


def pixel_grid(x: np.ndarray) -> np.ndarray:
    """The column and the row of each pixel, as two channels."""
    grid = np.indices(x.shape[2:], np.float32)[::-1]
    return np.repeat(grid[None], len(x), axis=0)


def flow_warp(
    image: np.ndarray, flow: np.ndarray, fill: float = 0.0, strict: bool = False
) -> np.ndarray:
    """What stands where the flow points to; 0 outside of the image.

    Source: FlowNet2's flow_warp_layer.cpp.

    `fill` is what stands there.
    `strict` has it begin at the middle of the last pixels, which are repeated else.
    """
    height, width = image.shape[2:]
    x, y = (pixel_grid(flow) + flow).swapaxes(0, 1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if strict:
        inside = inside & (x <= width - 1) & (y <= height - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    return np.where(inside[:, None], sample_bilinear(image, x, y), np.float32(fill))


def warp(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What stands at these places, x and y, in an image with pixels of 0 around it.

    Source: LiteFlowNet's warp_layer.cpp.
    """
    height, width = image.shape[2:]
    x, y = np.where(np.isnan(places), -1, places).swapaxes(0, 1)
    x, y = x.clip(-1, width) + 1, y.clip(-1, height) + 1
    around = ((0, 0), (0, 0), (1, 1), (1, 1))
    return sample_bilinear(np.pad(image, around), x, y)


def sample_bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What stands at places in an image, between its pixels."""
    height, width = image.shape[2:]
    left, top = np.floor(x), np.floor(y)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[:, None], (y - top)[:, None]
    above = (
        pixels_at(image, top, left) * (1 - across)
        + pixels_at(image, top, right) * across
    )
    below = pixels_at(image, bottom, left) * (1 - across)
    below = below + pixels_at(image, bottom, right) * across
    return above * (1 - down) + below * down


def pixels_at(image: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The pixels in these rows and columns of each image."""
    index = row.astype(int) * image.shape[3] + column.astype(int)
    planes = image.reshape(*image.shape[:2], -1)
    found = np.take_along_axis(planes, index.reshape(len(index), 1, -1), axis=2)
    return found.reshape(*image.shape[:2], *row.shape[1:])


def correlation(
    a: np.ndarray,
    b: np.ndarray,
    max_displacement: int,
    pad: int = 0,
    kernel_size: int = 1,
    stride_1: int = 1,
    stride_2: int = 1,
    subtract: bool = False,
) -> np.ndarray:
    """The mean product of each pixel of a with those of b around it, a channel each.

    Source: FlowNet2's correlation_layer.cu.

    `kernel_size` is the side of the patches that are compared in the place of pixels.
    `stride_1` is the step from patch to patch.
    `stride_2` is the step from displacement to displacement.
    `subtract` has the mean difference, without its sign, in the place of the product.
    """
    around = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    a, b = np.pad(a, around), np.pad(b, around)
    height, width = (n - 2 * max_displacement for n in a.shape[2:])
    start = max_displacement
    a = a[:, :, start : start + height, start : start + width]
    last = 2 * max_displacement
    places = range(last + 1)
    if stride_2 > 1:
        places = range(max_displacement % stride_2, last + 1, stride_2)
    maps = []
    for y in places:
        for x in places:
            other = b[:, :, y : y + height, x : x + width]
            likeness = np.abs(a - other) if subtract else a * other
            maps.append(likeness.mean(1))
    likenesses = np.stack(maps, 1)
    if kernel_size > 1 or stride_1 > 1:
        likenesses = patch_means(likenesses, kernel_size, stride_1)
    return likenesses


def correlation_1d(
    a: np.ndarray,
    b: np.ndarray,
    max_displacement: int,
    pad: int = 0,
    kernel_size: int = 1,
    stride_1: int = 1,
    stride_2: int = 1,
    subtract: bool = False,
    single_direction: int = 0,
) -> np.ndarray:
    """The mean product of each pixel of a with those of b beside it, a channel each.

    Source: FlowNet2's correlation_layer1d.cu.

    `kernel_size` is the side of the patches that are compared in the place of pixels.
    `stride_1` is the step from patch to patch.
    `stride_2` is the step from displacement to displacement.
    `subtract` has the mean difference, without its sign, in the place of the product.
    `single_direction` is -1 for the left alone, and 1 for the right.
    """
    last, before = 2 * max_displacement, pad
    places = range(last + 1)
    if stride_2 > 1:
        places = range(max_displacement % stride_2, last + 1, stride_2)
    if single_direction > 0:
        places = places[len(places) // 2 :]
    if single_direction < 0:  # the first is one step further, beyond what is padded
        places = places[: len(places) // 2 + 1]
        before = pad + stride_2
    a = np.pad(a, ((0, 0), (0, 0), (0, 0), (pad, pad)))
    b = np.pad(b, ((0, 0), (0, 0), (0, 0), (before, pad)))
    width = a.shape[3] - 2 * max_displacement
    a = a[..., max_displacement : max_displacement + width]
    maps = []
    for x in places:
        other = b[..., x : x + width]
        likeness = np.abs(a - other) if subtract else a * other
        maps.append(likeness.mean(1))
    likenesses = np.stack(maps, 1)
    if kernel_size > 1 or stride_1 > 1:
        likenesses = patch_means(likenesses, kernel_size, stride_1)
    return likenesses


def patch_means(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """The mean of each patch of this size."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))
    return view[:, :, ::stride, ::stride].mean((4, 5))


def resample(
    x: np.ndarray, size: tuple[int, ...], cubic: bool = False, antialias: bool = True
) -> np.ndarray:
    """Images of another size by FlowNet2's rule, which swaps scales in an offset.

    Source: FlowNet2's resample_layer.cu.

    `cubic` weighs the pixels by a curve, which is a triangle else.
    `antialias` has a smaller image made of all pixels that are in it.
    """
    rows, columns = (
        pixel_shares(place, count, float(width), cubic)
        for place, count, width in resampled(x, size, antialias)
    )
    return rows @ x @ columns.T


def resample_nearest(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Images of another size by FlowNet2's rule, each pixel the nearest one."""
    rows, columns = (
        round_half_away(place).astype(int).clip(0, count - 1)
        for place, count, _ in resampled(x, size)
    )
    return x[:, :, rows[:, None], columns]


def resampled(
    x: np.ndarray, size: tuple[int, ...], antialias: bool = True
) -> list[tuple[np.ndarray, int, np.float32]]:
    """Where the rows and the columns of another size lie in an image, how many this
    has, and how wide one is.
    """
    scale = np.array(x.shape[2:], np.float32) / np.array(size, np.float32)
    width = np.ones_like(scale)
    if antialias and (scale > 1).any():
        width = scale
    index = (np.arange(n, dtype=np.float32) for n in size)
    return [
        (i * own + other / 2 - np.float32(0.5), n, w)
        for i, own, other, n, w in zip(
            index, scale, scale[::-1], x.shape[2:], width, strict=True
        )
    ]


def downsample(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Images of another size, corners on corners; NaN where over a third is NaN.

    Source: FlowNet2's downsample_layer.cu.
    """
    if x.shape[2:] == tuple(size):
        return x
    rows, columns = (
        pixel_shares(
            np.arange(m, dtype=np.float32) / (m - 1) * (n - 1), n, (n - 1) / (m - 1)
        )
        for n, m in zip(x.shape[2:], size, strict=True)
    )
    known = ~np.isnan(x)
    share = rows @ known.astype(np.float32) @ columns.T
    mean = rows @ np.where(known, x, 0) @ columns.T / np.maximum(share, np.float32(0.5))
    return np.where(share > 2 / 3 - 1e-6, mean, np.float32(np.nan))


def crop_middle(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of images; FlowNet2 reads just before the last pixels at most.

    Source: FlowNet2's data_augmentation_layer.cu.
    """
    rows, columns = (
        pixel_shares(
            (np.arange(m) + (n - m) / 2).clip(0, n - 1.05).astype(np.float32), n, 1.0
        )
        for n, m in zip(x.shape[2:], size, strict=True)
    )
    return rows @ x @ columns.T


def pixel_shares(
    place: np.ndarray, count: int, width: float, cubic: bool = False
) -> np.ndarray:
    """How much of each of so many pixels is in what lies at places, a row each.

    `cubic` weighs the pixels by a curve, which is a triangle else.
    """
    pixel = np.arange(count, dtype=np.float32)
    distance = np.abs(place[:, None] - pixel) / np.float32(width)
    weight = keys_cubic(distance) if cubic else np.maximum(1 - distance, 0)
    total = weight.sum(1, keepdims=True)
    return weight / np.where(total == 0, 1, total)


def keys_cubic(distance: np.ndarray) -> np.ndarray:
    """The curve of cubic interpolation."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
