"""Samples of proto2net/layers/flow.py; the values come from loops as plain as the forks'."""

from __future__ import annotations

import itertools
import math

import numpy as np
from samples.sample import Ndarray, layer, sample, values

A, B = values(2, 3, 5, 7), values(2, 3, 5, 7, start=50)


def padded(x: Ndarray, pad: int, *, rows: bool) -> Ndarray:
    """The image with zeros on its left and right, and also above and below if `rows` says so."""
    around = (pad * rows, pad * rows)
    return np.pad(x, ((0, 0), (0, 0), around, (pad, pad)))


def likeness(a: Ndarray, b: Ndarray, *, subtract: bool) -> float:
    """How alike two patches are."""
    return float(np.abs(a - b).mean() if subtract else (a * b).mean())


def correlated(
    steps: list[tuple[int, int]],
    reach: tuple[int, int],
    pad: int,
    k: int = 1,
    stride: int = 1,
    *,
    subtract: bool = False,
) -> Ndarray:
    """Correlation of A and B with these displacements (down, right); places begin at `reach`."""
    a, b = (padded(x, pad, rows=reach[0] > 0) for x in (A, B))
    size = [
        math.ceil((n - 2 * r - (k - 1)) / stride) for n, r in zip(a.shape[2:], reach, strict=True)
    ]
    top = np.zeros((2, len(steps), *size))
    for n, t, i, j in itertools.product(*map(range, top.shape)):
        y, x = i * stride + reach[0], j * stride + reach[1]
        dy, dx = steps[t]
        patch = a[n, :, y : y + k, x : x + k]
        other = b[n, :, y + dy : y + dy + k, x + dx : x + dx + k]
        top[n, t, i, j] = likeness(patch, other, subtract=subtract)
    return top


def around(distances: range) -> list[tuple[int, int]]:
    """All displacements by these distances, those to the right first."""
    return [(dy, dx) for dy in distances for dx in distances]


def beside(distances: range) -> list[tuple[int, int]]:
    """The displacements by these distances to the right."""
    return [(0, dx) for dx in distances]


def correlation(text: str, kind: str = "Correlation") -> str:
    return layer(kind, "a b", "y", f"correlation_param {{ {text} }}")


def triangle(t: float) -> float:
    return max(0.0, 1 - abs(t))


def resampled(x: Ndarray, size: tuple[int, int], *, antialias: bool) -> Ndarray:
    """Images of another size as resample_layer.cu has them, with LINEAR."""
    (h, w), (rows, columns) = x.shape[2:], size
    fy, fx = h / rows, w / columns
    blurred = antialias and max(fy, fx) > 1
    y_wide, x_wide = (fy, fx) if blurred else (1.0, 1.0)
    top = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        y, across = i * fy + fx / 2 - 0.5, j * fx + fy / 2 - 0.5
        weights = np.zeros((h, w))
        for row, column in np.ndindex(h, w):
            far = (y - row) / y_wide, (across - column) / x_wide
            weights[row, column] = triangle(far[0]) * triangle(far[1])
        total = weights.sum()
        top[:, :, i, j] = (x * weights).sum((2, 3)) / total if total else 0
    return top


def nearest(x: Ndarray, size: tuple[int, int]) -> Ndarray:
    """Images of another size as resample_layer.cu has them, with NEAREST."""
    (h, w), (rows, columns) = x.shape[2:], size
    fy, fx = h / rows, w / columns
    top = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        y, across = i * fy + fx / 2 - 0.5, j * fx + fy / 2 - 0.5
        top[:, :, i, j] = x[:, :, math.floor(y + 0.5), math.floor(across + 0.5)]
    return top


def downsampled(x: Ndarray, size: tuple[int, int]) -> Ndarray:
    """Images of another size as downsample_layer.cu has them."""
    (h, w), (rows, columns) = x.shape[2:], size
    sy, sx = (h - 1) / (rows - 1), (w - 1) / (columns - 1)
    top = np.zeros((*x.shape[:2], *size))
    for n, c, i, j in itertools.product(*map(range, top.shape)):
        total = weight = lost = 0.0
        for row, column in np.ndindex(h, w):
            share = triangle((row - i * sy) / sy) * triangle((column - j * sx) / sx)
            if math.isnan(x[n, c, row, column]):
                lost += share
            else:
                total += share * x[n, c, row, column]
                weight += share
        top[n, c, i, j] = math.nan if not weight or lost / weight > 0.5 else total / weight
    return top


def holed(x: Ndarray) -> Ndarray:
    """The image with pixels that are not known."""
    y = x.copy()
    y[0, 1, 1, 2] = y[1, 0, 3:, 4:] = y[1, 2, 0, 0] = math.nan
    return y


def grid(n: int, h: int, w: int) -> Ndarray:
    """The column and the row of each pixel."""
    top = np.zeros((n, 2, h, w))
    for i, j in np.ndindex(h, w):
        top[:, :, i, j] = j, i
    return top


def accumulated(x: Ndarray, size: tuple[int, int]) -> Ndarray:
    """Images of another size as accum_layer.cpp has them."""
    (h, w), (rows, columns) = x.shape[2:], size
    top = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        y, across = i / (rows - 1) * (h - 1), j / (columns - 1) * (w - 1)
        for row, column in np.ndindex(h, w):
            share = triangle(y - row) * triangle(across - column)
            top[:, :, i, j] += share * x[:, :, row, column]
    return top


def cropped(x: Ndarray, size: tuple[int, int]) -> Ndarray:
    """The middle of images as data_augmentation_layer.cu has it."""
    (h, w), (rows, columns) = x.shape[2:], size
    top = np.zeros((*x.shape[:2], *size))
    for i, j in np.ndindex(*size):
        y = min(max(i + (h - rows) / 2, 0), h - 1.05)
        across = min(max(j + (w - columns) / 2, 0), w - 1.05)
        row, column = math.floor(y), math.floor(across)
        down, right = y - row, across - column
        above = x[:, :, row, column] * (1 - right) + x[:, :, row, column + 1] * right
        below = x[:, :, row + 1, column] * (1 - right) + x[:, :, row + 1, column + 1] * right
        top[:, :, i, j] = above * (1 - down) + below * down
    return top


def augmented(text: str) -> str:
    return layer("DataAugmentation", "a", "y", f"augmentation_param {{ {text} }}")


TOP = A.max(1, keepdims=True)
PICTURE = values(1, 3, 5, 7, start=9)
CHANNELS = np.array([0.25, -0.5, 0.75])[:, None, None]

SAMPLES = {
    "correlation_subtract": sample(
        correlation("kernel_size: 1 max_displacement: 2 pad: 2 correlation_type: SUBTRACT"),
        inputs={"a": A, "b": B},
        blobs={"y": correlated(around(range(-2, 3)), (2, 2), 2, subtract=True)},
    ),
    # A displacement of 3 in steps of 2 leaves 2; the places still begin 3 from the border.
    "correlation_step_that_does_not_divide": sample(
        correlation("kernel_size: 3 max_displacement: 3 pad: 4 stride_1: 3 stride_2: 2"),
        inputs={"a": A, "b": B},
        blobs={"y": correlated(around(range(-2, 3, 2)), (3, 3), 4, 3, 3)},
    ),
    "correlation_1d": sample(
        correlation("kernel_size: 3 max_displacement: 2 pad: 3 stride_1: 2", "Correlation1D"),
        inputs={"a": A, "b": B},
        blobs={"y": correlated(beside(range(-2, 3)), (0, 2), 3, 3, 2)},
    ),
    "correlation_1d_right": sample(
        correlation(
            "kernel_size: 1 max_displacement: 3 pad: 3 stride_2: 2 single_direction: 1",
            "Correlation1D",
        ),
        inputs={"a": A, "b": B},
        blobs={"y": correlated(beside(range(0, 3, 2)), (0, 3), 3)},
    ),
    # The first displacement is one step further than max_displacement, where zeros are.
    "correlation_1d_left": sample(
        correlation(
            "kernel_size: 1 max_displacement: 2 pad: 2 single_direction: -1", "Correlation1D"
        ),
        inputs={"a": A, "b": B},
        blobs={
            "y": np.concatenate(
                [
                    (A * np.pad(B, ((0, 0), (0, 0), (0, 0), (dx, 0)))[..., :7]).mean(
                        1, keepdims=True
                    )
                    for dx in (3, 2, 1)
                ],
                axis=1,
            )
        },
    ),
    "resample_nearest": sample(
        layer("Resample", "a", "y", "resample_param { width: 28 height: 20 type: NEAREST }"),
        inputs={"a": A},
        blobs={"y": nearest(A, (20, 28))},
    ),
    "resample_like_another": sample(
        layer("Resample", "a like", "y"),
        inputs={"a": A, "like": values(1, 1, 4, 9)},
        blobs={"y": resampled(A, (4, 9), antialias=True)},
    ),
    "resample_without_antialias": sample(
        layer("Resample", "a", "y", "resample_param { width: 3 height: 2 antialias: false }"),
        inputs={"a": A},
        blobs={"y": resampled(A, (2, 3), antialias=False)},
    ),
    "downsample_like_another": sample(
        layer("Downsample", "a like", "y"),
        inputs={"a": A, "like": values(1, 1, 3, 4)},
        blobs={"y": downsampled(A, (3, 4))},
    ),
    "downsample_of_what_is_not_known": sample(
        layer("Downsample", "a", "y", "downsample_param { top_height: 3 top_width: 5 }"),
        inputs={"a": holed(A)},
        blobs={"y": downsampled(holed(A), (3, 5))},
    ),
    "accum_of_a_reference": sample(
        layer("Accum", "a b like", "y", "accum_param { have_reference: true }"),
        inputs={"a": A, "b": B[:, :, :3], "like": values(1, 1, 4, 9)},
        blobs={
            "y": np.concatenate([accumulated(A, (4, 9)), accumulated(B[:, :, :3], (4, 9))], axis=1)
        },
    ),
    "accum": sample(
        layer("Accum", "a b", "y"),
        inputs={"a": A[:, :2, :3], "b": B[..., :4]},
        blobs={
            "y": np.concatenate(
                [accumulated(A[:, :2, :3], (5, 7)), accumulated(B[..., :4], (5, 7))], axis=1
            )
        },
    ),
    "accum_divisible": sample(
        layer("Accum", "a", "y", "accum_param { size_divisible_by: 4 }"),
        inputs={"a": A},
        blobs={"y": accumulated(A, (8, 8))},
    ),
    "grid": sample(
        layer("Grid", "a", "y"), inputs={"a": A}, blobs={"y": grid(2, 5, 7)}, fork="liteflownet"
    ),
    "neg_square": sample(layer("NegSquare", "a", "y"), inputs={"a": A}, blobs={"y": -(A**2)}),
    "neg_relu": sample(
        layer("NegReLU", "a", "y", "relu_param { negative_slope: 0.1 }"),
        inputs={"a": A},
        blobs={"y": np.minimum(A, 0) + 0.1 * np.maximum(A, 0)},
    ),
    "exp_max": sample(layer("ExpMax", "a", "y"), inputs={"a": A}, blobs={"y": np.exp(A - TOP)}),
    "exp_max_of_another_base": sample(
        layer("ExpMax", "a", "y", "expmax_param { base: 2 scale: 1.5 shift: 0.5 }"),
        inputs={"a": A},
        blobs={"y": 2 ** (1.5 * (A - TOP) + 0.5)},
    ),
    "mean_of_channels": sample(
        layer(
            "Mean",
            "a b",
            "y z",
            "mean_param { operation: SUBTRACT input_scale: 0.5 mean_scale: 2 output_scale: 3 "
            "value: 0.25 value: -0.5 value: 0.75 }",
        ),
        inputs={"a": A, "b": B},
        blobs={"y": 3 * (0.5 * A - 2 * CHANNELS), "z": 3 * (0.5 * B - 2 * CHANNELS)},
    ),
    "mean_of_all": sample(
        layer("Mean", "a", "y", "mean_param { operation: ADD value: 0.25 }"),
        inputs={"a": A},
        blobs={"y": A + 0.25},
    ),
    "data_augmentation_picture": sample(
        augmented("recompute_mean: 1000"),
        inputs={"a": A},
        weights={"layer": [[[[[1000]]]], PICTURE, PICTURE.mean((2, 3), keepdims=True)]},
        blobs={"y": A - PICTURE},
    ),
    "data_augmentation_crop": sample(
        augmented(
            "augment_during_test: true recompute_mean: 9 mean_per_pixel: false "
            "crop_width: 4 crop_height: 3"
        ),
        inputs={"a": A},
        weights={"layer": [[[[[9]]]], CHANNELS[None], CHANNELS[None]]},
        blobs={"y": cropped(A, (3, 4)) - CHANNELS},
    ),
    # Nothing is cut off, but the last pixels are mixed with those before.
    "data_augmentation_crop_of_all": sample(
        augmented(
            "crop_width: 7 crop_height: 5 mean_per_pixel: false mean: 0.25 mean: -0.5 mean: 0.75"
        ),
        inputs={"a": A},
        weights={"layer": [[[[[0]]]]]},
        blobs={"y": cropped(A, (5, 7)) - CHANNELS},
    ),
    "data_augmentation_of_nothing": sample(
        augmented("mean_per_pixel: false"),
        inputs={"a": A},
        weights={"layer": [[[[[0]]]]]},
        blobs={"y": A},
    ),
}
