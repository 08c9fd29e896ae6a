"""Keras computes what NumPy does where it once did not: kinds of networks."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from layer_cases import assert_close
from places import TESTS
from samples.sample import layer, sample

import proto2net
from proto2net import backends

TF = backends.get("tf")
WILD = TESTS / "wild"


SCALED = {
    "power": layer("Power", "x", "y", "power_param { scale: -0.5 }"),
    "square": layer("Power", "x", "y", "power_param { scale: 3 power: 2 }"),
    "exp": layer("Exp", "x", "y", "exp_param { scale: 0.3 }"),
    "log": layer("AbsVal", "x", "a", name="a") + layer("Log", "a", "y", "log_param { scale: 3 }"),
    "swish": layer("Swish", "x", "y", "swish_param { beta: 0.5 }"),
    "eltwise": layer("Eltwise", "x x", "y", "eltwise_param { coeff: 0.5 coeff: -2 }"),
    "reduction": layer("Reduction", "x", "r", "reduction_param { axis: 2 coeff: 0.25 }", "r")
    + layer("Reshape", "r", "y", "reshape_param { shape { dim: 0 dim: 1 dim: 1 dim: 3 } }"),
    "not propagated": layer("Power", "x", "p", "power_param { scale: 2 }", "p")
    + 'layer { name: "y" type: "ReLU" bottom: "p" top: "y" propagate_down: false }',
}


@pytest.mark.parametrize("name", SCALED)
def test_any_layer_can_stand_behind_a_number_times_a_blob(name: str) -> None:
    text = SCALED[name] + layer("Pooling", "y", "z", "pooling_param { kernel_size: 1 stride: 2 }")
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 8)).astype("f")
    graph = proto2net.parse(sample(text, inputs={"x": x}).net)
    found, right = (
        backends.get(to).runner.run(proto2net.load(graph, {}, to=to), graph, {"x": x})[0]
        for to in ("tf", "numpy")
    )
    assert_close(found, right, 1e-5, "z")


def test_a_recurrent_layer_takes_a_batch_of_sequences_and_keeps_its_state(tmp_path: Path) -> None:
    graph = proto2net.parse(WILD / "tf_lstm_batch_sequences.prototxt")
    rng = np.random.default_rng(3)
    shapes = [blob.shape for blob in graph.nodes[-1].blobs.values()]
    weights = {"lstm": [rng.standard_normal(shape).astype("f") for shape in shapes]}
    network, numpy = (proto2net.load(graph, weights, to=to) for to in ("tf", "numpy"))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for cont in (0, 1, 1):
        data = rng.standard_normal((2, 5, 4)).astype("f")
        feeds = {"data": data, "cont": np.full((5, 2), cont, "f")}
        (right,) = backends.get("numpy").runner.run(numpy, graph, feeds)
        for model in (network, loaded):
            assert_close(TF.runner.run(model, graph, feeds)[0], right, 1e-5, "lstm")
    feeds = {"data": data[:1], "cont": np.ones((5, 1), "f")}  # of which no state is kept
    begun = feeds | {"cont": np.zeros((5, 1), "f")}
    found, right = (TF.runner.run(network, graph, fed)[0][0] for fed in (feeds, begun))
    assert_close(found, right, 1e-5, "lstm")
