"""What TensorFlow finds as gradients of an emitted model, in Caffe's layout."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from layer_cases import Arrays, Ndarray

from proto2net import Graph, backends
from proto2net.backends.tensorflow.layout import inverse_order, order

TF = backends.get("tf")


def differentiate(
    network: Any, graph: Graph, inputs: Arrays, coefficients: list[Ndarray]
) -> tuple[Arrays, Arrays]:
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
