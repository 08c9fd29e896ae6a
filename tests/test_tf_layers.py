"""Keras computes for each layer what Caffe does, forward and backward."""

from __future__ import annotations

import pytest
import tensorflow as tf
from layer_cases import (
    NAMES,
    Arrays,
    Ndarray,
    Weights,
    case,
    check_after,
    check_blobs,
    check_gradients,
    computes,
    covered,
)

import proto2net
from proto2net import Graph, backends
from proto2net.backends.tensorflow.layout import inverse_order, order
from proto2net.errors import UnsupportedError
from proto2net.layers import LAYERS, Layer

TF = backends.get("tf")

UNSUPPORTED = {
    "detection_output_eta": "with eta",
    "ip_transpose_shared": "shares some of its learned blobs with another layer",
}
"""Cases that Keras cannot say, and what is told of them."""


def differentiate(
    graph: Graph, weights: Weights, inputs: Arrays, coefficients: list[Ndarray]
) -> tuple[Arrays, Arrays]:
    network = proto2net.load(graph, weights, to="tf")
    tensors = {blob.name: tf.constant(laid_out(inputs[blob.name])) for blob in graph.inputs}
    variables = TF.runner.variables(network)
    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        fed = list(tensors.values())
        outputs = network(fed if len(fed) > 1 else fed[0], training=graph.phase == "TRAIN")
        outputs = outputs if isinstance(outputs, list) else [outputs]
        objective = sum(
            tf.reduce_sum(laid_out(c) * output)
            for c, output in zip(coefficients, outputs, strict=True)
        )
    trained = {name: v.value for name, v in variables.items() if v.trainable}
    of_inputs, of_arrays = tape.gradient(objective, (tensors, trained))
    return (
        {name: to_caffe(g) for name, g in arrays(of_inputs).items()},
        arrays(of_arrays),
    )


def arrays(gradients: dict[str, tf.Tensor | tf.IndexedSlices | None]) -> Arrays:
    return {k: tf.convert_to_tensor(v).numpy() for k, v in gradients.items() if v is not None}


def laid_out(array: Ndarray) -> Ndarray:
    return array.transpose(order(array.ndim))


def to_caffe(array: Ndarray) -> Ndarray:
    return array.transpose(inverse_order(array.ndim))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNSUPPORTED])
def test_layer_agrees_with_caffe(name: str) -> None:
    found = case(name)
    check_blobs(found, "tf")
    if found.after:
        check_after(found, "tf")
    if found.gradients is not None:
        check_gradients(found, "tf", differentiate)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_keras_cannot_say_is_told(name: str) -> None:
    with pytest.raises(UnsupportedError, match=UNSUPPORTED[name]):
        proto2net.convert(case(name).graph, to="tf")


@pytest.mark.parametrize("kind", [*filter(computes, LAYERS.values())], ids=lambda kind: kind.type)
def test_layer_type_is_rendered_and_has_a_case(kind: type[Layer]) -> None:
    assert TF.supports(kind) or kind in TF.unsupported
    assert kind in covered()
