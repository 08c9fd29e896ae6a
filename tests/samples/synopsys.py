"""Samples of Synopsys' fork that were not recorded, worked out from its layers' definitions."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, Sample, layer, sample, values
from samples.yolo import PLANES, reorganised

X, Y = values(2, 3, 4, 5), values(3, 1, 5, start=9)


def learned(kind: str, right: Ndarray, *shape: int) -> Sample:
    """An operation whose second operand, of this shape, is learned."""
    dims = " ".join(f"mul_shape: {size}" for size in shape)
    return sample(
        layer(kind, "x", "y", f"mul_param {{ {dims} }}"),
        inputs={"x": X},
        blobs={"y": right},
        weights={"layer": [values(*shape, start=5)]},
    )


SAMPLES = {
    "maximum_of_two": sample(
        layer("Maximum", "x y", "z"), inputs={"x": X, "y": Y}, blobs={"z": np.maximum(X, Y)}
    ),
    "minimum_of_two": sample(
        layer("Minimum", "x y", "z"), inputs={"x": X, "y": Y}, blobs={"z": np.minimum(X, Y)}
    ),
    "mul_by_what_is_learned": learned("Mul", X * values(3, 1, 1, start=5), 3, 1, 1),
    "add_what_is_learned": learned("Add", X + values(5, start=5), 5),
    "sub_what_is_learned": learned("Sub", X - values(2, 3, 4, 5, start=5), 2, 3, 4, 5),
    "div_by_what_is_learned": learned("Div", X / values(4, 5, start=5), 4, 5),
    "reorg_in_python": sample(
        layer("Python", "x", "y", "python_param { module: 'yolov2' layer: 'darknet_reorg' }"),
        inputs={"x": PLANES},
        blobs={"y": reorganised(PLANES, 2)},
    ),
    "relu_between": sample(
        layer("ReLU", "x", "y", "relu_param { negative_slope: 0.5 maximum: 0.7 minimum: -0.25 }"),
        inputs={"x": X},
        blobs={"y": np.clip(np.where(X > 0, X, 0.5 * X), -0.25, 0.7)},
    ),
    "relu_up_to_the_lower_end": sample(
        layer("ReLU", "x", "y", "relu_param { relu6: true maximum: 5 }"),
        inputs={"x": 8 * X},
        blobs={"y": np.clip(8 * X, 0, 5)},
    ),
}
