"""`time` runs TensorFlow: what is timed, in a process of its own; never the times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from digests import MODELS

import proto2net
from proto2net import Proto2NetError, backends
from proto2net.backends.tensorflow.bench import TensorFlowBench
from proto2net.timing import alone, measure

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
ARGMAX = NET + 'layer { name: "best" type: "ArgMax" bottom: "conv" top: "best" }'
POOL = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }"""


def test_forward_backward_and_layers_are_timed() -> None:
    graph = proto2net.parse(MODELS / "lenet.prototxt")
    found = measure(graph, to=["tf"], batch=3, iterations=2, warmup=1, layers=True, threads=1)
    times = found.targets["tf"]
    assert times.version == tf.__version__
    assert times.forward.mean_ms > 0
    assert times.forward_backward is not None
    assert times.ratio is not None
    assert [layer.name for layer in times.layers] == [node.name for node in graph.nodes[1:]]


def bench(net: str, *, compiled: bool = False) -> tuple[TensorFlowBench, Any, list[np.ndarray]]:
    """What times a network, the network, and what it is fed."""
    graph = proto2net.parse(net)
    feeds = [np.ones(blob.shape, np.float32) for blob in graph.inputs]
    return TensorFlowBench("cpu", compiled), proto2net.load(graph, to="tf"), feeds


@pytest.mark.parametrize("compiled", [False, True])
def test_a_graph_is_made_once_and_called(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    timed, network, feeds = bench(NET, compiled=compiled)
    asked = []
    function = tf.function

    def watched(*work: Any, **options: Any) -> Any:
        if work:  # Keras's own are decorators
            asked.append(options)
        return function(*work, **options)

    monkeypatch.setattr(tf, "function", watched)
    for run in (
        timed.forward(network, feeds, training=False),
        timed.forward_backward(network, feeds, training=False),
        timed.product(feeds[0][0, 0], feeds[0][0, 0].T, 3),
    ):
        assert run is not None
        run()
        run()
    assert asked == [{"jit_compile": compiled}] * 3


def test_nothing_is_learned_while_it_is_timed() -> None:
    timed, network, feeds = bench(NET)
    before = [variable.numpy() for variable in network.variables]
    run = timed.forward_backward(network, feeds, training=True)
    assert run is not None
    run()
    for variable, value in zip(network.variables, before, strict=True):
        assert (variable.numpy() == value).all()


@pytest.mark.parametrize("net", [ARGMAX, POOL])
def test_without_gradients_there_is_no_backward_pass(net: str) -> None:
    timed, network, feeds = bench(net)
    assert timed.forward_backward(network, feeds, training=False) is None


def test_a_layer_in_place_on_an_input_is_a_part_of_the_model() -> None:
    relu = alone(proto2net.parse(NET))[1]
    values = proto2net.load(relu, to="tf")(np.full((2, 7, 6, 5), -1, np.float32))
    assert not values.numpy().any()


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a CUDA device")
def test_a_missing_device_is_a_sentence() -> None:
    with pytest.raises(Proto2NetError, match="TensorFlow finds no CUDA device here"):
        backends.get("tf").runner.bench("cuda", compiled=False)
