"""SSD's layers as functions of arrays; an emitted file has those that it uses.

The ONNX target makes its arrays of prior boxes with them.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np


def normalize(
    x: np.ndarray, weight: np.ndarray, across_spatial: bool = True, eps: float = 1e-10
) -> np.ndarray:
    """Divide by the L2 norm, and scale (SSD's normalize_layer.cpp).

    `across_spatial` takes the norm over the whole image instead of each pixel.
    """
    axis = tuple(range(1, x.ndim)) if across_spatial else 1
    norm = np.sqrt(np.square(x).sum(axis, keepdims=True) + np.float32(eps))
    return x / norm * weight.reshape(-1, *[1] * (x.ndim - 2))


def normalize_pixels(
    x: np.ndarray, norm: str = "L2", eps: float = 1e-6, across_spatial: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel divided by its norm, and the norms.

    Source: happynear's normalize_layer.cpp.
    `across_spatial` takes the norm over the whole image instead of each pixel.
    """
    x = x.reshape((*x.shape, 1, 1)[:4])
    axis = (1, 2, 3) if across_spatial else 1
    total = (np.abs(x) if norm == "L1" else np.square(x)).sum(axis, keepdims=True)
    size = total + np.float32(eps)
    size = size if norm == "L1" else np.sqrt(size)
    return x / size, size


def box_sizes(
    min_size: list[int],
    max_size: list[int],
    aspect_ratio: list[float],
    flip: bool = True,
) -> list[tuple[float, float]]:
    """The width and height of SSD's prior boxes at a position (prior_box_layer.cpp)."""
    sizes: list[tuple[float, float]] = []
    ratios = [r for a in aspect_ratio for r in ((a, 1 / a) if flip else (a,))]
    for index, size in enumerate(min_size):
        squares = [size, *(math.sqrt(size * m) for m in max_size[index : index + 1])]
        sizes += [(side, side) for side in squares]
        sizes += [(size * math.sqrt(r), size / math.sqrt(r)) for r in ratios]
    return sizes


def squares_in_rows(
    min_size: list[int], rows: list[int]
) -> tuple[list[float], list[tuple[float, float]]]:
    """FaceBoxes' squares at a position: their sides, and their centers' offsets."""
    squares = [
        (size - 1.0, (x * size / 4, y * size / 4))
        for size, row in zip(min_size, rows, strict=True)
        for y in range(-(row // 2), (row + 1) // 2)
        for x in range(-(row // 2), (row + 1) // 2)
    ]
    return [side for side, _ in squares], [shift for _, shift in squares]


def prior_box(
    feature: np.ndarray,
    image: np.ndarray,
    min_size: list[int],
    max_size: list[int] | None = None,
    aspect_ratio: list[float] | None = None,
    flip: bool = True,
    clip: bool = False,
    variance: tuple[float, ...] = (0.1,),
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    denser: bool = False,
    rows_of_each: list[int] | None = None,
) -> np.ndarray:
    """SSD's prior boxes at each position, and their variances (prior_box_layer.cpp).

    `denser` repeats each box half a step lower (TextBoxes).
    `rows_of_each` is how many rows of each square a position has (FaceBoxes).
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y, x = (np.arange(rows) + offset) * down, (np.arange(columns) + offset) * across
    half = np.array(box_sizes(min_size, max_size or [], aspect_ratio or [], flip)) / 2
    center = np.stack(np.meshgrid(x, y), axis=-1)[:, :, None]
    if rows_of_each:
        sides, shifts = squares_in_rows(min_size, rows_of_each)
        half, center = np.array(sides)[:, None] / 2, center + np.array(shifts)
    if denser:
        lower = np.stack(np.meshgrid(x, (np.arange(rows) + 1) * down), axis=-1)
        center = np.stack((center, lower[:, :, None]), axis=3)
        half = half[:, None]
    boxes = np.concatenate((center - half, center + half), axis=-1)
    boxes = boxes / [width, height, width, height]
    if clip:
        boxes = boxes.clip(0, 1)
    variances = np.broadcast_to(variance, boxes.shape)
    return np.stack((boxes.ravel(), variances.ravel()))[None].astype(np.float32)


def prior_box_clustered(
    feature: np.ndarray,
    image: np.ndarray,
    sizes: list[tuple[float, float]],
    clip: bool = False,
    variance: tuple[float, ...] = (0.1,),
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    insets: list[float] | None = None,
    yx_order: bool = False,
) -> np.ndarray:
    """Prior boxes of these widths and heights at each position, and their variances.

    Source: prior_box_clustered_layer.cpp.
    `insets` shrinks each box on all sides, relative to the image.
    `yx_order` puts y before x.
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y, x = (np.arange(rows) + offset) * down, (np.arange(columns) + offset) * across
    center = np.stack(np.meshgrid(x, y), axis=-1)[:, :, None]
    half, limit = np.array(sizes) / 2, np.array([width, height])
    start, end = (center - half) / limit, (center + half) / limit
    if insets:
        inset = np.array(insets)[:, None]
        start, end = start + inset, end - inset
    if yx_order:
        start, end = start[..., ::-1], end[..., ::-1]
    boxes = np.concatenate((start, end), axis=-1)
    if clip:
        boxes = boxes.clip(0, 1)
    variances = np.broadcast_to(variance, boxes.shape)
    return np.stack((boxes.ravel(), variances.ravel()))[None].astype(np.float32)
