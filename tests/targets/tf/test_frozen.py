"""What lr_mult: 0 freezes is not among a Keras model's trainable variables."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from layer_cases import corner
from samples.sample import layer, sample

import proto2net
from proto2net import backends


def test_a_frozen_layer_does_not_train() -> None:
    found = corner("grad_frozen_lr_mult")
    model = proto2net.load(found.graph, found.weights, to="tf")
    before = [layer.get_weights() for layer in (model.get_layer("c0"), model.get_layer("fc"))]
    assert {variable.path.split("/")[0] for variable in model.trainable_variables} == {"c0", "c1"}
    model.compile(keras.optimizers.SGD(0.1))
    images = found.inputs["data"].transpose(0, 2, 3, 1)
    model.train_on_batch([images, found.inputs["label"]])
    after = [layer.get_weights() for layer in (model.get_layer("c0"), model.get_layer("fc"))]
    assert not np.array_equal(before[0][0], after[0][0])
    assert all(np.array_equal(a, b) for a, b in zip(before[1], after[1], strict=True))


@pytest.mark.parametrize("rates", [(0, 0), (0, 1), (1, 0)])
def test_a_frozen_factor_leaves_the_batch_its_statistics(rates: tuple[int, int]) -> None:
    x = np.random.default_rng(3).random((4, 3, 5, 2), np.float32)
    params = " ".join(f"param {{ lr_mult: {rate} }}" for rate in rates)
    text = layer("BN", "x", "y", f"{params} bn_param {{ slope_filler {{ value: 1 }} }}", "bn")
    net = sample(text, inputs={"x": x}).net
    graph = proto2net.parse(net, phase="train")
    model = proto2net.load(graph, to="tf")
    assert len(model.trainable_variables) == sum(rates)
    (found,) = backends.get("tf").runner.run(model, graph, {"x": x})
    (right,) = backends.get("numpy").runner.run(proto2net.load(graph, to="numpy"), graph, {"x": x})
    np.testing.assert_allclose(found, right, atol=1e-5)
