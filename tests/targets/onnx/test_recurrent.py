"""What an ONNX file of a recurrent network says of its steps, and of what it does not keep."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from samples.sample import layer

import proto2net
from proto2net import backends

FILLED = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.3 }'
UNITS = f"{{ num_output: 5 {FILLED} }}"


def fed(name: str, *shape: int) -> str:
    dims = " ".join(f"dim: {size}" for size in shape)
    return layer("Input", "", name, f"input_param {{ shape {{ {dims} }} }}", name)


LSTM = (
    fed("x", 4, 2, 3) + fed("cont", 4, 2) + layer("LSTM", "x cont", "y", f"recurrent_param {UNITS}")
)
WITHOUT_CONT = fed("x", 4, 2, 3) + layer("Lstm", "x", "y", f"lstm_param {UNITS}")


def sizes(net: str) -> dict[str, list[int | str]]:
    """What the file says of the sizes of each input."""
    model: Any = backends.get("onnx").emit(proto2net.parse(net)).model
    return {
        each.name: [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in model.graph.input
    }


def test_steps_that_stand_one_behind_the_other_are_a_number_in_the_file() -> None:
    assert sizes(LSTM) == {"x": [4, 2, 3], "cont": [4, 2]}


def test_an_lstm_without_cont_takes_any_number_of_steps() -> None:
    assert sizes(WITHOUT_CONT) == {"x": ["N", 2, 3]}
    graph = proto2net.parse(WITHOUT_CONT)
    random = np.random.default_rng(0)
    (lstm,) = (node for node in graph.nodes if node.blobs)
    weights = {"layer": [random.normal(size=blob.shape) for blob in lstm.blobs.values()]}
    x = random.normal(size=(7, 2, 3)).astype(np.float32)
    found = proto2net.load(graph, weights, to="onnx")(x)[0]
    right = proto2net.load(graph, weights, to="numpy")(x)
    np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


def test_a_state_that_no_file_keeps_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "proto2net"):
        backends.get("onnx").emit(proto2net.parse(LSTM))
        backends.get("onnx").emit(proto2net.parse(WITHOUT_CONT))
    told = [record.message for record in caplog.records if "starts each run" in record.message]
    assert told == [
        'layer "layer" (LSTM) starts each run from zeros; in Caffe it goes on from the run before '
        "where cont is not 0 at the first step"
    ]
