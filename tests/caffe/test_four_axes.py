"""Layers of old definitions read blobs with four axes, where they fit in no other way."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import proto2net
from proto2net import ShapeError

PRODUCT = """
layers { name: "data" type: MEMORY_DATA top: "x" top: "l"
  memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 } }
layers { name: "mask" type: MEMORY_DATA top: "mask" top: "m"
  memory_data_param { batch_size: 2 channels: 6 height: 1 width: 1 } }
layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "ip"
  inner_product_param { num_output: 6 } }
layers { name: "masked" type: ELTWISE bottom: "ip" bottom: "mask" top: "y"
  eltwise_param { operation: PROD } }
"""
POOLED = """
layers { name: "data" type: MEMORY_DATA top: "x" top: "l"
  memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 } }
layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "ip"
  inner_product_param { num_output: 6 } }
layers { name: "pool" type: POOLING bottom: "ip" top: "y" pooling_param { kernel_size: 1 } }
"""


def test_what_an_inner_product_makes_has_four_axes_for_an_eltwise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse(PRODUCT)
    assert 'layer "masked" (Eltwise) reads "ip" with four axes, as every blob had' in caplog.text
    assert [blob.shape for blob in graph.outputs if blob.name == "y"] == [(2, 6, 1, 1)]
    rng = np.random.default_rng(5)
    feeds = {blob.name: rng.normal(size=blob.shape).astype("f") for blob in graph.inputs}
    weight, bias = rng.normal(size=(6, 60)).astype("f"), rng.normal(size=6).astype("f")
    found = proto2net.blobs(proto2net.load(graph, {"ip": [weight, bias]}, to="numpy"), feeds)
    product = feeds["x"].reshape(2, -1) @ weight.T + bias
    assert np.allclose(found["y"][:, :, 0, 0], product * feeds["mask"][:, :, 0, 0], atol=1e-5)


def test_features_are_pooled_as_a_pixel() -> None:
    graph = proto2net.parse(POOLED)
    assert [blob.shape for blob in graph.outputs] == [(2, 6, 1, 1)]


def test_a_layer_of_today_is_refused_as_caffe_does() -> None:
    today = """
        input: "x" input_shape { dim: 2 dim: 6 }
        input: "m" input_shape { dim: 2 dim: 6 dim: 1 dim: 1 }
        layer { name: "y" type: "Eltwise" bottom: "x" bottom: "m" top: "y" }"""
    with pytest.raises(ShapeError, match="all bottoms must have one shape"):
        proto2net.parse(today)


def test_what_does_not_fit_with_four_axes_either_is_told_as_it_stands() -> None:
    with pytest.raises(ShapeError, match="but they are 2 x 6, 2 x 5 x 1 x 1"):
        proto2net.parse(PRODUCT.replace("channels: 6", "channels: 5"))
