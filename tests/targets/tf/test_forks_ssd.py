"""SSD in Keras: it finds what the NumPy target does, in any images, and after being saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ssd_cases import OPTIONS, definition, images, predictions, small_ssd, weights

import proto2net


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_boxes_are_found(name: str) -> None:
    fed = predictions(OPTIONS[name])
    text = definition(OPTIONS[name])
    right = proto2net.load(text, to="numpy")(*fed.values())
    found = proto2net.load(text, to="tf")(list(fed.values())).numpy().transpose(0, 3, 1, 2)
    assert found.shape == right.shape
    np.testing.assert_allclose(found, right, atol=1e-5)


@pytest.mark.parametrize("size", [(2, 64, 80), (3, 72, 100)])
def test_one_source_detects_in_images_of_any_size(size: tuple[int, int, int]) -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80))
    made = proto2net.load(graph, weights(graph), to="tf")
    source: dict[str, Any] = {"__name__": "emitted"}
    exec(proto2net.convert(graph, to="tf", name="detector"), source)  # noqa: S102
    network = source["detector"](input_shape=(None, None, 3))
    network.set_weights(made.get_weights())
    right = proto2net.load(small_ssd(*size), weights(graph), to="numpy")(images(*size))
    found = network(images(*size).transpose(0, 2, 3, 1)).numpy().transpose(0, 3, 1, 2)
    assert len(right[0, 0]) > size[0]
    np.testing.assert_allclose(found, right, atol=1e-5)


def test_a_saved_model_detects_the_same(tmp_path: Path) -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80))
    network = proto2net.load(graph, weights(graph), to="tf")
    x = images(2, 64, 80).transpose(0, 2, 3, 1)
    network.save(tmp_path / "ssd.keras")
    again = keras.saving.load_model(tmp_path / "ssd.keras")
    np.testing.assert_array_equal(again(x), network(x))
    np.testing.assert_allclose(tf.function(network)(x), network(x), atol=1e-6)
