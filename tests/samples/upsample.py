"""Samples of proto2net/layers/upsample.py and what brings images to a size; from plain loops."""

from __future__ import annotations

import numpy as np
from samples.forks import interpolated
from samples.sample import Ndarray, Sample, layer, sample, values

X = values(2, 3, 4, 5)
SIZES = np.zeros((2, 1, 7, 6), np.float32)


def nearest(x: Ndarray, rows: int, columns: int) -> Ndarray:
    """Each pixel by itself: that at its place times the ratio of the sizes, rounded down."""
    y = np.empty((*x.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        y[..., i, j] = x[..., i * x.shape[2] // rows, j * x.shape[3] // columns]
    return y


def upsampled(fields: str, top: Ndarray, **others: Ndarray) -> Sample:
    """X enlarged by an Upsample with these fields."""
    definition = layer("Upsample", " ".join(["x", *others]), "y", f"upsample_param {{ {fields} }}")
    return sample(definition, inputs={"x": X, **others}, blobs={"y": top})


SAMPLES = {
    "upsample_by_height_scale": upsampled(
        "height_scale: 2 width_scale: 3 mode: NEAREST", nearest(X, 8, 15)
    ),
    "upsample_by_stride": upsampled("scale: 1 stride: 2", nearest(X, 8, 10)),
    "upsample_of_nnie": upsampled("scale: 2 upsample_h: 9 upsample_w: 8", nearest(X, 9, 8)),
    "upsample_of_brocolli": upsampled("scale: 2 dims_num: 4", nearest(X, 8, 10)),
    "upsample_to_height_and_width": upsampled("height: 3 width: 11 mode: 0", nearest(X, 3, 11)),
    "upsample_to_the_size_of_a_blob": upsampled("mode: NEAREST", nearest(X, 7, 6), z=SIZES),
    "upsample_bilinear": upsampled(
        "height_scale: 2 width_scale: 2 mode: BILINEAR", interpolated(X, 8, 10)
    ),
    "upsample_bilinear_by_two_scales": upsampled(
        "height_scale: 3 width_scale: 2 mode: 1", interpolated(X, 12, 10)
    ),
    "upsample_bilinear_to_a_size": upsampled(
        "height: 7 width: 3 mode: BILINEAR", interpolated(X, 7, 3)
    ),
    "upsample_bilinear_to_the_size_of_a_blob": upsampled(
        "mode: BILINEAR", interpolated(X, 7, 6), z=SIZES
    ),
}
