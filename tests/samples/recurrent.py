"""Samples of proto2net/layers/recurrent.py."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, layer, sample, values


def sigmoid(x: Ndarray) -> Ndarray:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


C = values(1, 2, 3)
GATES = values(1, 2, 12, start=10)
CONT = np.array([[1.0, 0.0]])
D_C = values(1, 2, 3, start=50)
D_H = values(1, 2, 3, start=60)

_on = CONT[..., None]
_i, _f, _o = (sigmoid(gate) for gate in np.split(GATES, 4, axis=2)[:3])
_g = np.tanh(np.split(GATES, 4, axis=2)[3])
_c = _on * _f * C + _i * _g
_d_c = D_C + D_H * _o * (1 - np.tanh(_c) ** 2)
_d_gates = [
    _d_c * _g * _i * (1 - _i),
    _d_c * _on * C * _f * (1 - _f),
    D_H * np.tanh(_c) * _o * (1 - _o),
    _d_c * _i * (1 - _g**2),
]


def attended(x: Ndarray, heads: int) -> Ndarray:
    """The mean of the values up to each step, for queries, keys and values side by side."""
    size = x.shape[2] // 3 // heads
    top = np.zeros((*x.shape[:2], x.shape[2] // 3))
    for n, step, head in np.ndindex(*x.shape[:2], heads):
        of_query, of_key, of_value = (
            slice(first + head * size, first + (head + 1) * size)
            for first in range(0, x.shape[2], heads * size)
        )
        before = x[n, : step + 1]
        weights = np.exp(before[:, of_key] @ x[n, step, of_query] / np.sqrt(size))
        top[n, step, of_query] = weights @ before[:, of_value] / weights.sum()
    return top


def unit(x: Ndarray) -> Ndarray:
    """Mean 0 and variance 1 over the last axis."""
    return (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)


MATRICES = [
    values(*shape, start=100 * number)
    for number, shape in enumerate([(18, 6), (18,), (6, 6), (6,), (24, 6), (24,), (6, 24), (6,)])
]
STEPS = values(2, 5, 6)
_W_attn, _b_attn, _W_proj, _b_proj, _W_wide, _b_wide, _W_narrow, _b_narrow = MATRICES
_sum = STEPS + attended(unit(STEPS) @ _W_attn.T + _b_attn, 2) @ _W_proj.T + _b_proj
_block = _sum + np.maximum(unit(_sum) @ _W_wide.T + _b_wide, 0) @ _W_narrow.T + _b_narrow

SAMPLES = {
    "causal_attention": sample(
        layer("CausalAttention", "x", "y", "causal_attention_param { heads: 2 }"),
        inputs={"x": values(2, 5, 18)},
        blobs={"y": attended(values(2, 5, 18), 2)},
    ),
    "transformer_block": sample(
        layer(
            "TransformerBlock",
            "x",
            "y",
            "transformer_block_param { heads: 2 embed: 6 block_size: 5 layers: 3 }",
        ),
        inputs={"x": STEPS},
        weights={"layer": MATRICES},
        blobs={"y": _block},
    ),
    "lstm_unit": sample(
        layer("LSTMUnit", "c0 gates cont", "c h"),
        inputs={"c0": C, "gates": GATES, "cont": CONT},
        blobs={"c": _c, "h": _o * np.tanh(_c)},
        top_diff={"c": D_C, "h": D_H},
        gradients={
            "c0": _d_c * _on * _f,
            "gates": np.concatenate(_d_gates, axis=2),
            "cont": np.zeros((1, 2)),
        },
    ),
    "lstm_of_one_number": sample(
        layer("LSTMUnit", "c0 gates cont", "c h"),
        inputs={
            "c0": [[[0.5], [0.5]]],
            "gates": [[[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]]],
            "cont": [[1, 0]],
        },
        blobs={"c": [[[0.47438230], [0.19946530]]], "h": [[[0.25375040], [0.11308555]]]},
    ),
}
