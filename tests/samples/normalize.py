"""Samples of proto2net/layers/activation.py and normalize.py."""

from __future__ import annotations

import numpy as np
from samples.sample import layer, sample, values

NAN = float("nan")
SIDE = 1 / np.sqrt(1 + 1e-5)

SAMPLES = {
    "relu_gradient_at_zero": sample(
        layer("ReLU", "x", "y", "relu_param { negative_slope: 0.25 }"),
        inputs={"x": [[-4, 0, 4]]},
        blobs={"y": [[-1, 0, 4]]},
        top_diff={"y": [[8, 8, 8]]},
        gradients={"x": [[2, 2, 8]]},
    ),
    "power_of_a_negative_constant": sample(
        layer("Power", "x", "y", "power_param { power: 0.5 scale: 0 shift: -1 }"),
        inputs={"x": [[1, 2]]},
        blobs={"y": [[NAN, NAN]]},
    ),
    # All that is equal has no deviation, and its gradient is divided by eps alone.
    "mvn_of_equal_values": sample(
        layer("MVN", "x", "y", "mvn_param { eps: 0.5 }"),
        inputs={"x": [[[[3, 3, 3, 3]]]]},
        blobs={"y": [[[[0, 0, 0, 0]]]]},
        top_diff={"y": [[[[1, 2, 3, 6]]]]},
        gradients={"x": [[[[-4, -2, 0, 6]]]]},
    ),
    "mvn_of_two_axes": sample(
        layer("MVN", "x", "y", "mvn_param { across_channels: true eps: 0 }"),
        inputs={"x": [[1, 3], [2, 10]]},
        blobs={"y": [[[[-1]], [[1]]], [[[-1]], [[1]]]]},
    ),
    # A single value a channel has no variance, and none that is unbiased either.
    "bn_train_single_value": sample(
        layer("BatchNorm", "x", "y", "batch_norm_param { eps: 1 }"),
        phase="TRAIN",
        inputs={"x": [[3.0, 5.0]]},
        weights={"layer": [[2, 4], [1, 2], [2]]},
        blobs={"y": [[0, 0]]},
        after={"layer": [[0.999 * 2 + 3, 0.999 * 4 + 5], [0.999, 1.998], [2.998]]},
    ),
    "bn_before_scale_of_another_name": sample(
        layer("BatchNorm", "x", "bn"),
        layer("Scale", "bn", "y", "scale_param { bias_term: true }", "scale"),
        inputs={"x": [[1, 2], [3, 4], [5, 6]]},
        weights={"layer": [[2, 4], [2, 2], [2]], "scale": [[2, 3], [10, 20]]},
        blobs={
            "bn": SIDE * np.array([[0, 0], [2, 2], [4, 4]]),
            "y": SIDE * np.array([[0, 0], [4, 6], [8, 12]]) + [10, 20],
        },
    ),
    "bn_train_before_scale": sample(
        layer("BatchNorm", "x", "bn"),
        layer("Scale", "bn", "y", "scale_param { bias_term: true }", "scale"),
        phase="TRAIN",
        inputs={"x": [[1, 2], [3, 4]]},
        weights={"layer": [[0, 0], [0, 0], [0]], "scale": [[2, 3], [10, 20]]},
        blobs={"bn": SIDE * np.array([[-1, -1], [1, 1]]), "y": [[8, 17], [12, 23]]},
        after={"layer": [[2, 3], [2, 2], [1]]},
    ),
    "bn_before_scale_without_bias": sample(
        layer("BatchNorm", "x", "y"),
        layer("Scale", "y", "y", name="scale"),
        inputs={"x": [[[1, 2]], [[3, 4]]]},
        weights={"layer": [[2], [1], [1]], "scale": [[10]]},
        blobs={"y": SIDE * np.array([[[-10, 0]], [[10, 20]]])},
    ),
    "scale_by_scalar_bottom_with_bias": sample(
        layer("Scale", "x s", "y", "scale_param { num_axes: 1 bias_term: true }"),
        inputs={"x": [[1, 2], [3, 4], [5, 6]], "s": 2},
        weights={"layer": [7]},
        blobs={"y": [[9, 11], [13, 15], [17, 19]]},
    ),
    "scale_by_bottom_with_bias": sample(
        layer("Scale", "x s", "y", "scale_param { axis: 0 bias_term: true }"),
        inputs={"x": [[1, 2], [3, 4], [5, 6]], "s": [2, 3, 4]},
        weights={"layer": [[10, 20, 30]]},
        blobs={"y": [[12, 14], [29, 32], [50, 54]]},
    ),
    "bias_by_bottom_over_one_of_equal_axes": sample(
        layer("Bias", "x b", "y", "bias_param { axis: 3 }"),
        inputs={"x": values(2, 3, 3, 3), "b": [10, 20, 30]},
        blobs={"y": values(2, 3, 3, 3) + np.array([10, 20, 30])},
    ),
}
