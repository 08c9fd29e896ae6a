"""Samples of what forks write in their own way, with values worked out from their sources."""

from __future__ import annotations

import numpy as np
from samples.forks import LSTM, OUTPUT_ANEW, SEQUENCES, STARTS_ANEW, UNITS
from samples.sample import Ndarray, layer, sample, values

X = values(2, 3, 5, 7)
SMALL = values(2, 3, 4, 6, start=7)
VECTORS, MATRIX, SHIFT = values(3, 5), values(4, 5, start=3), values(4, start=9)
KERNEL, BIAS = values(4, 3, start=5), values(4, start=2)
MEAN, VARIANCE = values(3, start=1), np.array([0.5, 1, 2])
FACTORS, SHIFTS = values(3, start=4), values(3, start=8)


def each_pixel(x: Ndarray) -> Ndarray:
    """The convolution with a kernel of one pixel."""
    return np.einsum("oc,nchw->nohw", KERNEL, x) + BIAS[:, None, None]


def normalized(x: Ndarray) -> Ndarray:
    """Each value by its neighbours: those of three channels around it."""
    y = np.empty_like(x)
    for n, c, h, w in np.ndindex(x.shape):
        squares = x[n, max(c - 1, 0) : c + 2, h, w] ** 2
        y[n, c, h, w] = x[n, c, h, w] / (2 + 0.6 / 3 * squares.sum()) ** 0.75
    return y


def pooled(x: Ndarray) -> Ndarray:
    """The greatest of each 3 x 2, in steps of 2: a last one sticks out to the right."""
    y = np.empty((*x.shape[:2], 2, 4))
    for h, w in np.ndindex(2, 4):
        y[..., h, w] = x[..., 2 * h : 2 * h + 3, 2 * w : 2 * w + 2].max((2, 3))
    return y


def convolution(bottom: str, top: str, text: str, name: str) -> str:
    window = "num_output: 4 kernel_size: 1"
    return layer("Convolution", bottom, top, f"convolution_param {{ {window} }} {text}", name)


EIGHT_BITS = "quantization_param { bw_layer_out: 8 }"
FLAT = [
    each_pixel(x).transpose(0, 2, 3, 1).reshape(len(x), -1, 1, 1)  # in the order H, W, C
    for x in (X, SMALL)
]

SAMPLES = {
    "lstm_of_mycaffe": sample(
        layer("Lstm", "x cont", "y", f"recurrent_param {{ num_output: {UNITS} }}"),
        inputs={"x": SEQUENCES, "cont": STARTS_ANEW},
        weights={"layer": [LSTM["layer"][0], LSTM["layer"][2], LSTM["layer"][1]]},
        blobs={"y": OUTPUT_ANEW},
    ),
    "normalization2_of_mycaffe": sample(
        layer(
            "Normalization2", "x", "y", "normalization2_param { across_spatial: False esp: 1E-10 }"
        ),
        inputs={"x": X},
        weights={"layer": [np.array(1.75)]},
        blobs={"y": 1.75 * X / np.sqrt((X**2).sum(1, keepdims=True))},
    ),
    "slice_and_concat_with_both_axes": sample(
        layer("Slice", "x", "a b", "slice_param { axis: -3 slice_dim: 1 slice_point: 1 }", "cut"),
        layer("Concat", "b a", "y", "concat_param { axis: 1 concat_dim: 1 }"),
        inputs={"x": X},
        blobs={"a": X[:, :1], "b": X[:, 1:], "y": X[:, [1, 2, 0]]},
    ),
    "inner_product_with_a_surplus_param": sample(
        layer(
            "InnerProduct",
            "x",
            "y",
            "param { lr_mult: 1 } param { lr_mult: 2 }"
            " inner_product_param { num_output: 4 bias_term: False }",
        ),
        inputs={"x": VECTORS},
        weights={"layer": [MATRIX]},
        blobs={"y": VECTORS @ MATRIX.T},
    ),
    "batch_norm_of_nvidia_with_lr_mult": sample(
        layer(
            "BatchNorm",
            "x",
            "y",
            "param { lr_mult: 1 } batch_norm_param { scale_filler { value: 1 } bias_filler { } }",
        ),
        inputs={"x": X},
        weights={"layer": [MEAN, VARIANCE, np.array([1.0])], "layer_scale": [FACTORS, SHIFTS]},
        blobs={
            "y": ((X.swapaxes(1, 3) - MEAN) / np.sqrt(VARIANCE + 1e-5) * FACTORS + SHIFTS).swapaxes(
                1, 3
            )
        },
    ),
    "convolution_with_relu": sample(
        layer(
            "Convolution",
            "x",
            "y",
            "convolution_param { fuse_type: FUSED_CONV_RELU num_output: 4 kernel_size: 1"
            " relu_param { negative_slope: 0.25 } }",
        ),
        inputs={"x": X},
        weights={"layer": [KERNEL[..., None, None], BIAS]},
        blobs={"y": np.maximum(each_pixel(X), 0.25 * each_pixel(X))},
    ),
    "lrn_with_pooling": sample(
        layer(
            "LRN",
            "x",
            "y",
            "lrn_param { fuse_type: FUSED_POOL_MAX local_size: 3 alpha: 0.6 k: 2"
            " pooling_param { pool: MAX kernel_h: 3 kernel_w: 2 stride: 2 } }",
        ),
        inputs={"x": X},
        blobs={"layer_unpooled": normalized(X), "y": pooled(normalized(X))},
    ),
    "concat_of_8_bits": sample(
        convolution("x", "a", EIGHT_BITS, "first"),
        convolution("small", "b", EIGHT_BITS, "second"),
        layer("Concat", "a b", "y", "concat_param { per_fla_fuse: true }"),
        inputs={"x": X, "small": SMALL},
        weights={name: [KERNEL[..., None, None], BIAS] for name in ("first", "second")},
        blobs={
            "a": each_pixel(X),
            "b": each_pixel(SMALL),
            "a_permute": each_pixel(X).transpose(0, 2, 3, 1),
            "b_permute": each_pixel(SMALL).transpose(0, 2, 3, 1),
            "a_reshape": FLAT[0],
            "b_reshape": FLAT[1],
            "y": np.concatenate(FLAT, axis=1),
        },
    ),
    "v1_with_current_layers_and_types": sample(
        layer("AbsVal", "x", "a", name="abs"),
        'layers { name: "fc" type: "InnerProduct" bottom: "a" top: "b" blobs_lr: 0'
        " inner_product_param { num_output: 4 } }",
        layer("Power", "b", "y", "power_param { scale: 2 }", "twice"),
        inputs={"x": VECTORS},
        weights={"fc": [MATRIX, SHIFT]},
        blobs={
            "a": abs(VECTORS),
            "b": abs(VECTORS) @ MATRIX.T + SHIFT,
            "y": 2 * (abs(VECTORS) @ MATRIX.T + SHIFT),
        },
    ),
}
