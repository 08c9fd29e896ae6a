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

SAMPLES = {
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
