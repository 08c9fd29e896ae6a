"""Samples of proto2net/layers/sampling.py; the values come from loops as plain as the forks'."""

from __future__ import annotations

import itertools
import math

import numpy as np
from samples.sample import Ndarray, layer, sample, values

IMAGE = values(2, 3, 5, 7)


def corners(y: float, x: float) -> list[tuple[int, int, float]]:
    """The four pixels around a place, with the share of each."""
    top, left = math.floor(y), math.floor(x)
    return [
        (i, j, (1 - abs(y - i)) * (1 - abs(x - j)))
        for i, j in itertools.product((top, top + 1), (left, left + 1))
    ]


# ---- SpatialTransformer ---------------------------------------------------------------------


def transformed(image: Ndarray, theta: Ndarray, size: tuple[int, int]) -> Ndarray:
    """What st_layer.cpp reads: rows come first, and the grid ends one step before 1."""
    height, width = image.shape[2:]
    top = np.zeros((*image.shape[:2], *size))
    for n, s, t in itertools.product(range(len(image)), *map(range, size)):
        grid = np.array([2 * s / size[0] - 1, 2 * t / size[1] - 1, 1])
        px, py = theta[n].reshape(2, 3) @ grid
        for i, j, share in corners((px + 1) / 2 * height, (py + 1) / 2 * width):
            if 0 <= i < height and 0 <= j < width:
                top[n, :, s, t] += share * image[n, :, i, j]
    return top


def transformer(text: str) -> str:
    return layer("SpatialTransformer", "x theta", "y", f"st_param {{ {text} }}")


THETA = np.array([[0.9, 0.3, -0.1, -0.4, 1.1, 0.2], [-1.3, 0.2, 0.3, 0.1, 0.7, -0.5]])
"""A turn, and a picture turned upside down; both reach out of the image."""
SAME = np.array([[1.0, 0, 0, 0, 1, 0]] * 2)
KEPT = THETA.copy()
KEPT[:, [1, 5]] = 0.25, -0.75
"""With theta_1_2 and theta_2_3 of the file."""

# ---- DeformableConvolution ------------------------------------------------------------------


def deformed(
    image: Ndarray,
    offset: Ndarray,
    weight: Ndarray,
    bias: Ndarray | None = None,
    stride: tuple[int, int] = (1, 1),
    pad: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    group: int = 1,
    deformable_group: int = 1,
) -> Ndarray:
    """What deformable_im2col reads, each value by itself, times the filters."""
    batch, channels, height, width = image.shape
    outputs, inputs, rows, columns = weight.shape
    top = np.zeros((batch, outputs, *offset.shape[2:]))
    for n, o, s, t in itertools.product(*map(range, top.shape)):
        for c, i, j in itertools.product(range(inputs), range(rows), range(columns)):
            channel = o // (outputs // group) * inputs + c
            shift = channel // (channels // deformable_group) * rows * columns + i * columns + j
            y = s * stride[0] - pad[0] + i * dilation[0] + offset[n, 2 * shift, s, t]
            x = t * stride[1] - pad[1] + j * dilation[1] + offset[n, 2 * shift + 1, s, t]
            if 0 <= y < height and 0 <= x < width:
                for row, column, share in corners(y, x):
                    pixel = image[n, channel, min(row, height - 1), min(column, width - 1)]
                    top[n, o, s, t] += weight[o, c, i, j] * share * pixel
    return top if bias is None else top + bias[:, None, None]


def deformable(text: str) -> str:
    return layer(
        "DeformableConvolution", "x offset", "y", f"deformable_convolution_param {{ {text} }}"
    )


DEEP = values(2, 4, 5, 7)
OFFSET, BOTH = 2 * values(2, 12, 3, 5, start=3), 3 * values(2, 24, 3, 5, start=3)
WEIGHT, BIAS = values(6, 4, 2, 3, start=7), values(6, start=11)
GROUPED = values(6, 2, 2, 3, start=7)

SAMPLES = {
    "spatial_transformer": sample(
        transformer("output_H: 4 output_W: 6 to_compute_dU: false"),
        inputs={"x": IMAGE, "theta": THETA},
        blobs={"y": transformed(IMAGE, THETA, (4, 6))},
    ),
    "spatial_transformer_of_nothing": sample(
        transformer("output_H: 5"),
        inputs={"x": IMAGE, "theta": SAME},
        blobs={"y": IMAGE},
    ),
    "spatial_transformer_preset": sample(
        transformer("output_W: 9 theta_2_3: -0.75 theta_1_2: 0.25"),
        inputs={"x": IMAGE, "theta": THETA[:, [0, 2, 3, 4]]},
        blobs={"y": transformed(IMAGE, KEPT, (5, 9))},
    ),
    "deformable_convolution": sample(
        deformable(
            "num_output: 6 kernel_h: 2 kernel_w: 3 pad_h: 1 pad_w: 2 stride: 2 deformable_group: 1"
        ),
        inputs={"x": DEEP, "offset": OFFSET},
        weights={"layer": [WEIGHT, BIAS]},
        blobs={"y": deformed(DEEP, OFFSET, WEIGHT, BIAS, (2, 2), (1, 2))},
    ),
    "deformable_convolution_groups": sample(
        deformable(
            "num_output: 6 kernel_h: 2 kernel_w: 3 pad: 1 stride_h: 2 stride_w: 1 dilation: 1"
            " dilation: 2 group: 2 bias_term: false"
        ),
        inputs={"x": DEEP, "offset": BOTH},
        weights={"layer": [GROUPED]},
        blobs={
            "y": deformed(
                DEEP,
                BOTH,
                GROUPED,
                None,
                (2, 1),
                (1, 1),
                (1, 2),
                group=2,
                deformable_group=2,
            )
        },
    ),
}
