"""Keras and NumPy agree on forks' layers, whatever the image's size is."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from resized_cases import LAYERS, SIZES, graph, image, outputs, weights

import proto2net
from proto2net import backends
from proto2net.backends.tensorflow.layout import inverse_order, order

TF = backends.get("tf")
NUMPY = backends.get("numpy")


@pytest.mark.parametrize("name", LAYERS)
def test_images_may_have_any_size(name: str) -> None:
    net = graph(name)
    found = proto2net.load(net, weights(net), to="tf")
    source: dict[str, object] = {}
    exec(TF.emit(net, "build").source, source)  # noqa: S102  # our own rendering
    network = source["build"](input_shape=(None, None, 6))  # type: ignore[operator]
    network.set_weights(found.get_weights())
    for size in SIZES:
        made = network(image(size).transpose(order(4)))
        made = made if isinstance(made, list) else [made]
        right = outputs(NUMPY, net, image(size))
        for a, b in zip(made, right, strict=True):
            y = np.transpose(a, inverse_order(len(a.shape)))
            np.testing.assert_allclose(y, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("name", LAYERS)
def test_a_saved_model_computes_the_same(name: str, tmp_path: Path) -> None:
    net = graph(name)
    network = proto2net.load(net, weights(net), to="tf")
    network.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    x = image(SIZES[0]).transpose(order(4))[:, :5, :8]
    x = np.resize(x, (2, 7, 9, 6))
    np.testing.assert_array_equal(as_list(again(x))[0], as_list(network(x))[0])


def as_list(outputs: object) -> list[object]:
    return outputs if isinstance(outputs, list) else [outputs]


@pytest.mark.parametrize("bottoms", ["", 'bottom: "c"'])
def test_a_saved_lstm_computes_the_same(bottoms: str, tmp_path: Path) -> None:
    text = (
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 6 dim: 5 } } }'
        'layer { name: "c" type: "Input" top: "c" input_param { shape { dim: 6 } } }'
        f'layer {{ name: "lstm" type: "Lstm" bottom: "x" {bottoms} top: "y" lstm_param {{ '
        'num_output: 2 batch_size: 2 weight_filler { type: "xavier" } } }'
        + ("" if bottoms else 'layer { name: "s" type: "Silence" bottom: "c" }')
    )
    network = proto2net.load(text, to="tf")
    network.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    fed = [image((6, 5)), np.array([0, 0, 1, 1, 1, 0], "f")]
    np.testing.assert_array_equal(as_list(again(fed))[0], as_list(network(fed))[0])


def test_what_segnet_samples_in_testing_is_dropped_at_random() -> None:
    net = proto2net.parse(
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 1 dim: 999 } } }'
        'layer { type: "Dropout" bottom: "x" top: "y" '
        "dropout_param { dropout_ratio: 0.25 sample_weights_test: true } }"
    )
    network = proto2net.load(net, to="tf")
    y = network.predict(np.ones((1, 999), "f"), verbose=0)
    assert 0.1 < (y == 0).mean() < 0.4
