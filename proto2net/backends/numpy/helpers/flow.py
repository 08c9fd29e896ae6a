"""Optical flow as functions of arrays, to be pasted into an emitted file that uses
them.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.roi import round_half_away


def pixel_grid(x: np.ndarray) -> np.ndarray:
    """The coordinates of each pixel as two channels: column, row."""
    grid = np.indices(x.shape[2:], np.float32)[::-1]
    return np.repeat(grid[None], len(x), axis=0)


def flow_warp(
    image: np.ndarray, flow: np.ndarray, fill: float = 0.0, strict: bool = False
) -> np.ndarray:
    """Backward warping: sample the image bilinearly at each pixel plus its flow.

    Source: FlowNet2's flow_warp_layer.cpp.

    `fill` is the value outside of the image.
    `strict` counts all beyond the last pixel's center as outside; else it is repeated.
    """
    height, width = image.shape[2:]
    x, y = (pixel_grid(flow) + flow).swapaxes(0, 1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if strict:
        inside = inside & (x <= width - 1) & (y <= height - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    return np.where(inside[:, None], sample_bilinear(image, x, y), np.float32(fill))


def warp(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Sample an image bilinearly at absolute coordinates (x, y); it is 0 outside.

    Source: LiteFlowNet's warp_layer.cpp.
    """
    height, width = image.shape[2:]
    x, y = np.where(np.isnan(places), -1, places).swapaxes(0, 1)
    x, y = x.clip(-1, width) + 1, y.clip(-1, height) + 1
    around = ((0, 0), (0, 0), (1, 1), (1, 1))
    return sample_bilinear(np.pad(image, around), x, y)


def sample_bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sample images bilinearly at coordinates x, y inside of them."""
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
    """Gather the pixels of each image at these integer rows and columns."""
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
    """Correlation of two feature maps: an output channel per displacement (FlowNet).

    Source: FlowNet2's correlation_layer.cu.

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
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
    """Correlation along rows: an output channel per displacement (DispNet).

    Source: FlowNet2's correlation_layer1d.cu.

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
    `single_direction` is -1 for displacements to the left only, 1 for the right only.
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
    """Resize by FlowNet2's rule, whose offset swaps the scales of the two axes.

    Source: FlowNet2's resample_layer.cu.

    `cubic` selects cubic interpolation instead of linear.
    `antialias` widens the kernel when it scales down.
    """
    rows, columns = (
        pixel_shares(place, count, float(width), cubic)
        for place, count, width in resampled(x, size, antialias)
    )
    return rows @ x @ columns.T


def resample_nearest(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Nearest-neighbour resizing by FlowNet2's rule."""
    rows, columns = (
        round_half_away(place).astype(int).clip(0, count - 1)
        for place, count, _ in resampled(x, size)
    )
    return x[:, :, rows[:, None], columns]


def resampled(
    x: np.ndarray, size: tuple[int, ...], antialias: bool = True
) -> list[tuple[np.ndarray, int, np.float32]]:
    """For each axis: output coordinates in the input, input size, kernel width."""
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
    """Linear downsampling with aligned corners; NaN where over 1/3 of it is NaN.

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
    """Center crop with bilinear sampling; FlowNet2 stops just before the last pixel.

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
    """Interpolation weights: one row per coordinate, one column per pixel.

    `cubic` selects cubic interpolation instead of linear.
    """
    pixel = np.arange(count, dtype=np.float32)
    distance = np.abs(place[:, None] - pixel) / np.float32(width)
    weight = keys_cubic(distance) if cubic else np.maximum(1 - distance, 0)
    total = weight.sum(1, keepdims=True)
    return weight / np.where(total == 0, 1, total)


def keys_cubic(distance: np.ndarray) -> np.ndarray:
    """The kernel of cubic interpolation, with a = -0.5 (Keys 1981)."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
