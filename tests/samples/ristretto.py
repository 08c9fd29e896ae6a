"""Samples of what Ristretto rounds to, worked out value by value after its sources."""

from __future__ import annotations

import math

import numpy as np
from samples.sample import Ndarray, layer, sample, values

X = values(2, 3, 4, 5) * 7


def fixed(x: Ndarray, bits: int, fraction: int) -> Ndarray:
    """To fixed point: halves go away from 0."""
    step = 2.0**-fraction
    cut = np.clip(x.astype(np.float32), -(2 ** (bits - 1)) * step, (2 ** (bits - 1) - 1) * step)
    y = np.empty(x.shape)
    for place, value in np.ndenumerate(cut):
        y[place] = math.copysign(math.floor(abs(value) / step + 0.5), value) * step
    return y


def minifloats(x: Ndarray, mantissa: int, exponent: int) -> Ndarray:
    """To small floats, one after the other, up to the first that is too small."""
    y = x.astype(np.float32)
    flat = y.reshape(-1)
    bias = 2 ** (exponent - 1) - 1
    for index, value in enumerate(flat):
        share, power = math.frexp(abs(value))
        power += bias - 1
        if value == 0 or power < 0:
            flat[index] = 0
            break
        part = math.floor((2 * share - 1) * 2**mantissa + 0.5)
        if power > 2**exponent - 1:
            power, part = 2**exponent - 1, 2**mantissa - 1
        flat[index] = math.copysign((1 + part / 2**mantissa) * 2.0 ** (power - bias), value)
    return y


HALVES = np.array([[0.25, 0.75, -0.25, -0.75, 0.1249999, -9, 9, 0, 1e9, -1e9, 3.9, -4]])
SMALL = np.array([[3.3, -0.07, 100, -1e9, 0.13, 1.96875, 1e-9, 3.3, 0, 1e-9]])


def quantize(text: str) -> str:
    return layer("Quantize", "x", "y", f"quantization_param {{ {text} }}")


FC = "inner_product_param {{ num_output: 1 bias_term: false }} quantization_param {{ {} }}"
ROW, ROUNDED = np.arange(12.0).reshape(1, 12), fixed(HALVES, 4, 1)

SAMPLES = {
    "quantize_to_fixed_point": sample(
        quantize("bw_layer_out: 4 fl_layer_out: 1"),
        inputs={"x": HALVES},
        blobs={"y": fixed(HALVES, 4, 1)},
    ),
    "quantize_to_whole_numbers": sample(
        quantize("bw_layer_out: 9 fl_layer_out: -1"), inputs={"x": X}, blobs={"y": fixed(X, 9, -1)}
    ),
    "quantize_as_it_is_by_default": sample(
        quantize(""), inputs={"x": X / 1000}, blobs={"y": fixed(X / 1000, 32, 16)}
    ),
    "quantize_to_minifloats": sample(
        quantize("precision: MINIFLOAT mant_bits: 3 exp_bits: 3"),
        inputs={"x": X},
        blobs={"y": minifloats(X, 3, 3)},
    ),
    "quantize_up_to_the_first_small_one": sample(
        quantize("precision: MINIFLOAT mant_bits: 2 exp_bits: 4"),
        inputs={"x": SMALL},
        blobs={"y": minifloats(SMALL, 2, 4)},
    ),
    "quantize_to_whole_floats": sample(
        quantize("precision: MINIFLOAT"), inputs={"x": X}, blobs={"y": X.astype(np.float32)}
    ),
    # Who reads it before has it as it was, and who reads it later has it rounded.
    "ristretto_overwrites_what_others_read": sample(
        layer("ReLU", "x", "before", name="before"),
        layer("FcRistretto", "x", "y", FC.format("bw_layer_in: 4 fl_layer_in: 1"), "fc"),
        layer("FcRistretto", "x", "z", FC.format("bw_layer_in: 4 fl_layer_in: 1"), "fc2"),
        layer("AbsVal", "x", "after", name="after"),
        inputs={"x": HALVES},
        weights={"fc": [ROW], "fc2": [-ROW]},
        blobs={
            "fc_in": ROUNDED,
            "before": np.maximum(HALVES, 0),
            "y": ROUNDED @ ROW.T,
            "z": ROUNDED @ -ROW.T,
            "after": abs(ROUNDED),
        },
    ),
}
