"""Samples of proto2net/layers/axes.py, combine.py, dense.py and data.py."""

from __future__ import annotations

import numpy as np
from samples.sample import layer, sample, values

PLAIN = layer("TanH", "x", "y", name="plain")
WIDE = values(2, 3)
WEIGHT = values(4, 3, start=10)

_hidden = WIDE @ WEIGHT.T
_top_diff = values(2, 3, start=30)

SAMPLES = {
    # Of equal elements the second's counts, but a third must be greater to count.
    "eltwise_max_ties": sample(
        layer("Eltwise", "a b c", "y", "eltwise_param { operation: MAX }"),
        inputs={"a": [[1, 5, 2, 3]], "b": [[1, 4, 2, 3]], "c": [[0, 5, 7, 3]]},
        blobs={"y": [[1, 5, 7, 3]]},
        top_diff={"y": [[1, 2, 3, 4]]},
        gradients={"a": [[0, 2, 0, 0]], "b": [[1, 0, 0, 4]], "c": [[0, 0, 3, 0]]},
    ),
    # Of equal elements the last comes first.
    "argmax_ties": sample(
        layer("ArgMax", "x", "y", "argmax_param { top_k: 3 out_max_val: true }"),
        inputs={"x": [[1, 3, 3, 2], [5, 5, 5, 5]]},
        blobs={"y": [[[2, 1, 3], [3, 3, 2]], [[3, 2, 1], [5, 5, 5]]]},
    ),
    "argmax_axis_ties": sample(
        layer("ArgMax", "x", "y", "argmax_param { axis: -2 }"),
        inputs={"x": [[[1, 4], [1, 3], [0, 4]]]},
        blobs={"y": [[[1, 2]]]},
    ),
    "batch_reindex_gradient": sample(
        layer("BatchReindex", "x index", "y"),
        inputs={"x": [[1, 2], [3, 4], [5, 6]], "index": [2, 0, 2, 0, 2]},
        blobs={"y": [[5, 6], [1, 2], [5, 6], [1, 2], [5, 6]]},
        top_diff={"y": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]},
        gradients={"x": [[10, 12], [0, 0], [15, 18]]},
    ),
    "filter_by_column": sample(
        layer("Filter", "x s", "y"),
        inputs={"x": [[1, 2], [3, 4], [5, 6]], "s": [[1], [0], [-2]]},
        blobs={"y": [[1, 2], [5, 6]]},
        top_diff={"y": [[7, 8], [9, 10]]},
        gradients={"x": [[7, 8], [0, 0], [9, 10]]},
    ),
    "slice_into_one": sample(layer("Slice", "x", "y"), inputs={"x": WIDE}, blobs={"y": WIDE}),
    "flatten_no_axes": sample(
        layer("Flatten", "x", "y", "flatten_param { axis: 1 end_axis: 0 }"),
        inputs={"x": WIDE},
        blobs={"y": WIDE[:, None]},
    ),
    "reshape_copies_an_axis_behind": sample(
        layer(
            "Reshape",
            "x",
            "y",
            "reshape_param { shape { dim: -1 dim: 0 } axis: 1 num_axes: 1 }",
        ),
        inputs={"x": values(2, 12, 3)},
        blobs={"y": values(2, 4, 3, 3)},
    ),
    "reshape_to_a_scalar": sample(
        layer("Reshape", "x", "y", "reshape_param { }"),
        inputs={"x": [[3]]},
        blobs={"y": 3},
    ),
    "reshape_to_the_same": sample(
        layer("Reshape", "x", "y", "reshape_param { shape { dim: 0 dim: 0 } }"),
        inputs={"x": WIDE},
        blobs={"y": WIDE},
    ),
    "crop_of_the_batch": sample(
        layer("Crop", "x r", "y", "crop_param { axis: 0 offset: 1 offset: 0 }"),
        inputs={"x": values(4, 3), "r": values(2, 2)},
        blobs={"y": values(4, 3)[1:3, :2]},
        top_diff={"y": [[1, 2], [3, 4]]},
        gradients={"x": [[0, 0, 0], [1, 2, 0], [3, 4, 0], [0, 0, 0]]},
    ),
    "tile_once": sample(
        layer("Tile", "x", "y", "tile_param { tiles: 1 }"),
        inputs={"x": WIDE},
        blobs={"y": WIDE},
    ),
    "reduction_gradient_at_zero": sample(
        layer("Reduction", "x", "y", "reduction_param { operation: ASUM axis: 1 }"),
        inputs={"x": [[-2, 0, 5]]},
        blobs={"y": [7]},
        top_diff={"y": [3]},
        gradients={"x": [[-3, 0, 3]]},
    ),
    "silence": sample(
        PLAIN,
        layer("AbsVal", "x", "unread"),
        layer("Silence", "unread", "", name="silence"),
        inputs={"x": WIDE},
        blobs={"y": np.tanh(WIDE), "unread": np.abs(WIDE)},
    ),
    "silence_of_a_learned_layer": sample(
        PLAIN,
        layer("InnerProduct", "x", "unread", "inner_product_param { num_output: 4 }", "fc"),
        layer("Silence", "unread", "", name="silence"),
        inputs={"x": WIDE},
        weights={"fc": [WEIGHT, values(4)]},
        blobs={"y": np.tanh(WIDE), "unread": _hidden + values(4)},
    ),
    "dummy_data": sample(
        layer(
            "DummyData",
            "",
            "a b",
            "dummy_data_param { data_filler { value: 3 } data_filler { value: -0.5 }"
            " shape { dim: 2 dim: 3 } shape { dim: 4 } }",
        ),
        PLAIN,
        inputs={"x": WIDE},
        blobs={"a": np.full((2, 3), 3), "b": np.full(4, -0.5), "y": np.tanh(WIDE)},
    ),
    "gradient_stopped": sample(
        layer("AbsVal", "x", "a"),
        layer("Power", "a", "y", "power_param { scale: 2 } propagate_down: false", "b"),
        layer("Power", "a", "z", "power_param { scale: 3 }", "c"),
        inputs={"x": [[-1, 2]]},
        blobs={"a": [[1, 2]], "y": [[2, 4]], "z": [[3, 6]]},
        top_diff={"y": [[10, 10]], "z": [[1, 1]]},
        gradients={"x": [[-3, 3]]},
    ),
    # An index is cut to its integral part, and a row that occurs twice gets both gradients.
    "embed_gradient": sample(
        layer("Embed", "x", "y", "embed_param { input_dim: 3 num_output: 2 }"),
        inputs={"x": [[1, 0], [1.9, 1]]},
        weights={"layer": [[[1, 2], [3, 4], [5, 6]], [10, 20]]},
        blobs={"y": [[[13, 24], [11, 22]], [[13, 24], [13, 24]]]},
        top_diff={"y": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
        gradients={"x": [[0, 0], [0, 0]]},
        weight_gradients={"layer": [[[3, 4], [13, 16], [0, 0]], [16, 20]]},
    ),
    # An autoencoder: the decoder multiplies by the encoder's own weights.
    "ip_transpose_shared": sample(
        layer(
            "InnerProduct",
            "x",
            "h",
            'param { name: "w" } inner_product_param { num_output: 4 bias_term: false }',
            "encode",
        ),
        layer(
            "InnerProduct",
            "h",
            "y",
            'param { name: "w" }'
            " inner_product_param { num_output: 3 bias_term: false transpose: true }",
            "decode",
        ),
        inputs={"x": WIDE},
        weights={"encode": [WEIGHT], "decode": [WEIGHT]},
        blobs={"h": _hidden, "y": _hidden @ WEIGHT},
        top_diff={"y": _top_diff},
        gradients={"x": _top_diff @ WEIGHT.T @ WEIGHT},
        weight_gradients={
            layer: [_hidden.T @ _top_diff + (_top_diff @ WEIGHT.T).T @ WIDE]
            for layer in ("encode", "decode")
        },
    ),
}
