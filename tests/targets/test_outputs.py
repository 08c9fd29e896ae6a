"""`outputs` runs a network: arrays by Caffe's names and in its layout, whatever computes them."""

from __future__ import annotations

import numpy as np
import pytest

import proto2net

NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 6 dim: 5 } } }
layer { name: "scale" type: "Input" top: "scale" input_param { shape { dim: 2 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "features"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "features" top: "features" }
layer { name: "times" type: "Scale" bottom: "features" bottom: "scale" top: "scaled"
        scale_param { axis: 0 } }
layer { name: "ip" type: "InnerProduct" bottom: "scaled" top: "ip"
        inner_product_param { num_output: 7 } }
layer { name: "tanh" type: "TanH" bottom: "features" top: "out/tanh" }
"""
RNG = np.random.default_rng(3)
ARRAYS = {
    "conv": [RNG.normal(size=(4, 3, 3, 3)), RNG.normal(size=4)],
    "ip": [RNG.normal(size=(7, 48)), RNG.normal(size=7)],
}
FEEDS = {
    "data": RNG.normal(size=(2, 3, 6, 5)).astype(np.float32),
    "scale": RNG.normal(size=(2, 4)).astype(np.float32),
}


def test_the_outputs_are_arrays_by_name_in_caffes_layout(target: str) -> None:
    found = proto2net.outputs(proto2net.load(NET, ARRAYS, to=target), FEEDS)
    right = proto2net.blobs(proto2net.load(NET, ARRAYS, to="numpy"), FEEDS)
    assert {name: array.shape for name, array in found.items()} == {
        "ip": (2, 7),
        "out/tanh": (2, 4, 4, 3),
    }
    for name, array in found.items():
        assert type(array) is np.ndarray
        np.testing.assert_allclose(array, right[name], rtol=1e-5, atol=1e-5)


def test_what_no_wanted_output_needs_is_neither_computed_nor_fed(target: str) -> None:
    network = proto2net.load(NET, ARRAYS, to=target, outputs=["features"])
    found = proto2net.outputs(network, {"data": FEEDS["data"]})
    assert {name: array.shape for name, array in found.items()} == {"features": (2, 4, 4, 3)}


def test_another_batch_than_the_declared_one_may_be_given(target: str) -> None:
    network = proto2net.load(NET, ARRAYS, to=target, outputs=["out/tanh"])
    (found,) = proto2net.outputs(network, {"data": FEEDS["data"][:1]}).values()
    assert found.shape == (1, 4, 4, 3)


def test_an_input_that_is_not_given_is_told_by_its_name(target: str) -> None:
    network = proto2net.load(NET, ARRAYS, to=target)
    with pytest.raises(proto2net.ShapeError, match='nothing is given for the input "scale"'):
        proto2net.outputs(network, {"data": FEEDS["data"]})


def test_a_network_of_another_maker_is_refused(target: str) -> None:
    with pytest.raises(proto2net.Proto2NetError, match=r"not made by proto2net\.load"):
        proto2net.outputs(print, FEEDS)
