"""Samples of proto2net/layers/upsample.py and what brings images to a size; from plain loops."""

from __future__ import annotations

import numpy as np
from samples.forks import MASK, POOLED, interpolated, unpooled
from samples.sample import Ndarray, Sample, layer, sample, values

X = values(2, 3, 4, 5)
SIZES = np.zeros((2, 1, 7, 6), np.float32)


def nearest(x: Ndarray, rows: int, columns: int) -> Ndarray:
    """Each pixel by itself: that at its place times the ratio of the sizes, rounded down."""
    y = np.empty((*x.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        y[..., i, j] = x[..., i * x.shape[2] // rows, j * x.shape[3] // columns]
    return y


def half_pixel(x: Ndarray, rows: int, columns: int) -> Ndarray:
    """Each pixel by itself: centres lie on centres, and the border goes on outside."""
    y = np.empty((*x.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        sizes = zip((i, j), x.shape[2:], (rows, columns), strict=True)
        at = [min(max((k + 0.5) * n / count - 0.5, 0), n - 1) for k, n, count in sizes]
        (h, w), (dh, dw) = [int(a) for a in at], [a - int(a) for a in at]
        h1, w1 = min(h + 1, x.shape[2] - 1), min(w + 1, x.shape[3] - 1)
        top = x[..., h, w] * (1 - dw) + x[..., h, w1] * dw
        bottom = x[..., h1, w] * (1 - dw) + x[..., h1, w1] * dw
        y[..., i, j] = top * (1 - dh) + bottom * dh
    return y


def resized(kind: str, fields: str, top: Ndarray) -> Sample:
    """X brought to another size by a layer with these fields."""
    return sample(layer(kind, "x", "y", fields), inputs={"x": X}, blobs={"y": top})


def unpooled_by(kind: str, fields: str) -> Sample:
    """Values where the mask says, in an image of 6 x 8."""
    return sample(
        layer(kind, "x m", "y", fields),
        inputs={"x": POOLED, "m": MASK},
        blobs={"y": unpooled(POOLED, MASK, 6, 8)},
    )


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
    "bilinear_interpolate": resized(
        "BilinearInterpolate",
        "bilinear_interpolate_param { align_corners: false scale_factor: 1.5 }",
        half_pixel(X, 6, 7),
    ),
    "bilinear_interpolate_aligned": resized(
        "BilinearInterpolate",
        "bilinear_interpolate_param { align_corners: true dst_h: 7 dst_w: 9 }",
        interpolated(X, 7, 9),
    ),
    "deephi_resize": resized(
        "DeephiResize", "deephi_resize_param { scale_h: 2 scale_w: 1.5 }", nearest(X, 8, 7)
    ),
    "deephi_resize_bilinear": resized(
        "DeephiResize",
        "deephi_resize_param { new_height: 3 new_width: 8 resize_type: BILINEAR }",
        half_pixel(X, 3, 8),
    ),
    "unpool_of_fusenet": unpooled_by("Unpooling", "unpooling_param { output_h: 6 output_w: 8 }"),
    "unpool_of_brocolli": unpooled_by("MaxUnPool", "max_unpool_param { dst_h: 6 dst_w: 8 }"),
}
