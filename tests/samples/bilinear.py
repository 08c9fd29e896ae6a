"""Samples of compact bilinear pooling and its neighbours, worked out pair by pair."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, layer, sample, values

X, Y = values(2, 2, 3, 4), values(2, 3, 3, 4, start=5)
DRAWN = [
    1804289383,
    846930886,
    1681692777,
    1714636915,
    1957747793,
    424238335,
    719885386,
    1649760492,
    596516649,
    1189641421,
]
"""What glibc's rand() gives first."""


def compact(x: Ndarray, y: Ndarray, outputs: int) -> Ndarray:
    """Each pair of channels by itself; C's kiss_fft leaves out to divide by their number."""
    place1, sign1, place2, sign2 = DRAWN[:2], DRAWN[2:4], DRAWN[4:7], DRAWN[7:10]
    z = np.zeros((len(x), outputs, *x.shape[2:]))
    for i, j in np.ndindex(2, 3):
        sign = (sign1[i] % 2 * 2 - 1) * (sign2[j] % 2 * 2 - 1)
        at = (place1[i] % outputs + place2[j] % outputs) % outputs
        z[:, at] += sign * x[:, i] * y[:, j] * outputs
    return z


def normalized(x: Ndarray) -> Ndarray:
    return x / np.sqrt((x**2).sum((1, 2, 3), keepdims=True) + 1e-7)


def layer_normalized(x: Ndarray, eps: float = 1e-5) -> Ndarray:
    axes = tuple(range(1, x.ndim))
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


WEIGHT, BIAS = values(2, 3, 4, start=1), values(2, 3, 4, start=2)

SAMPLES = {
    "compact_bilinear": sample(
        layer("CompactBilinear", "x z", "y", "compact_bilinear_param { num_output: 6 }"),
        inputs={"x": X, "z": Y},
        blobs={"y": compact(X, Y, 6).sum((2, 3), keepdims=True)},
    ),
    "compact_bilinear_of_each_pixel": sample(
        layer(
            "CompactBilinear",
            "x z",
            "y",
            "compact_bilinear_param { num_output: 5 sum_pool: false }",
        ),
        inputs={"x": X, "z": Y},
        blobs={"y": compact(X, Y, 5)},
    ),
    "signed_sqrt": sample(
        layer("SignedSqrt", "x", "y"),
        inputs={"x": [[4, -9, 0, 0.25]]},
        blobs={"y": [[2, -3, 0, 0.5]]},
    ),
    "l2_normalize": sample(
        layer("L2Normalize", "x", "y"), inputs={"x": X}, blobs={"y": normalized(X)}
    ),
    "normalization": sample(
        layer("Normalization", "x", "y"),
        inputs={"x": X / 4096},
        blobs={"y": X / np.sqrt((X**2).sum((1, 2, 3), keepdims=True))},
    ),
    "l2_normalize_of_vectors": sample(
        layer("L2Normalize", "x", "y"),
        inputs={"x": X[:, :, :, 0]},
        blobs={"y": normalized(X[:, :, :, :1])},
    ),
    "layer_norm": sample(
        layer("LayerNorm", "x", "y"),
        inputs={"x": X},
        weights={"layer": [WEIGHT, BIAS]},
        blobs={"y": layer_normalized(X) * WEIGHT + BIAS},
    ),
    "layer_norm_without_weights": sample(
        layer("LayerNorm", "x", "y", "layer_norm_param { eps: 0.1 elementwise_affine: false }"),
        inputs={"x": X[:, 0, 0]},
        blobs={"y": layer_normalized(X[:, 0, 0], 0.1)},
    ),
    "layer_norm_of_rows": sample(
        layer("LayerNorm", "x", "y"),
        inputs={"x": X[:, :, 0]},
        weights={"layer": [WEIGHT[:, 0], BIAS[:, 0]]},
        blobs={"y": layer_normalized(X[:, :, 0]) * WEIGHT[:, 0] + BIAS[:, 0]},
    ),
    "layer_norm_of_steps": sample(
        layer("LayerNorm", "x", "y", "layer_norm_param { epsilon: 0.1 }"),
        inputs={"x": X[:, :, 0]},
        blobs={
            "y": layer_normalized(X[:, :, 0].reshape(-1, X.shape[3]), 0.1).reshape(X[:, :, 0].shape)
        },
    ),
    "layer_norm_of_channels": sample(
        layer("LayerNorm", "x", "y", "layer_norm_param { enable_cuda_impl: true }"),
        inputs={"x": X},
        blobs={"y": layer_normalized(X.reshape(-1, *X.shape[2:]), 1e-10).reshape(X.shape)},
    ),
    "gather": sample(
        layer(
            "Gather",
            "x",
            "y",
            "gather_param { axis: -2 indices: [2, 0, 2, 1] shape: [4, 1] }",
        ),
        inputs={"x": X},
        blobs={"y": X[:, :, [[2], [0], [2], [1]]]},
    ),
    "gather_one": sample(
        layer("Gather", "x", "y", "gather_param { axis: 1 indices: 1 shape: 0 }"),
        inputs={"x": X},
        blobs={"y": X[:, 1]},
    ),
}
