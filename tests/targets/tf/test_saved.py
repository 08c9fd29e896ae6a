"""A Keras model that was saved and is loaded again computes the same, and has the same layers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import crf_cases
import keras
import numpy as np
import padding_cases
import pytest
import resized_cases
import ssd_cases
import tensorflow as tf
import window_cases
from layer_cases import NAMES, UNSUPPORTED, assert_close, case, check_outputs
from targets import of_any_size

import proto2net
from proto2net import backends
from proto2net.layers import Layer, Pooling

TF = backends.get("tf")


@pytest.fixture(autouse=True)
def _forget_networks() -> Iterator[None]:
    yield
    keras.backend.clear_session(free_memory=False)  # which takes a second each time


def saved(network: keras.Model, folder: Path) -> keras.Model:
    """What becomes of a model in a file."""
    network.save(folder / "network.keras")
    return keras.saving.load_model(folder / "network.keras")


# ---- helpers --------------------------------------------------------------------------------


@cache
def cases_of_all_helpers() -> dict[str, set[str]]:
    """Cases that have each class of the helpers at least once, and which of them they bring."""
    missing = {name for name, text in TF.helpers.items() if "register_keras" in text}
    names = {}
    for name in sorted(set(NAMES) - UNSUPPORTED["tf"].keys()):
        source = TF.emit(case(name).graph).source
        new = {helper for helper in missing if f"class {helper}(" in source}
        names |= {name: new} if new else {}
        missing -= new
    return names


def test_every_helper_is_in_some_case() -> None:
    classes = {name for name, text in TF.helpers.items() if "register_keras" in text}
    found = set().union(*cases_of_all_helpers().values())
    elsewhere = {"PositiveUnitball", "SparseNormal"}  # see test_fillers.py
    elsewhere |= {"ChannelDiagonal"}  # a start of FlowNet2's, which no case needs
    elsewhere |= {"CutWindows"}  # see below
    elsewhere |= {"After"}  # it has no arguments: see test_corners.py
    elsewhere |= {"SamplingDropout"}  # it draws at random: see frameworks/test_forks.py
    assert classes - found == elsewhere


@pytest.mark.parametrize("name", sorted(cases_of_all_helpers()))
def test_a_helper_goes_round(name: str, tmp_path: Path) -> None:
    found = case(name)
    network = proto2net.load(found.graph, found.weights, to="tf")
    other = saved(network, tmp_path)
    assert [layer.name for layer in other.layers] == [layer.name for layer in network.layers]
    check_outputs(found, TF.runner.run(other, found.graph, found.inputs))


def test_a_cut_window_goes_round(tmp_path: Path) -> None:
    graph = window_cases.graph(window_cases.LARGE["im2col"])
    network = proto2net.load(graph, {}, to="tf")
    other = saved(network, tmp_path)
    (cut,) = (layer for layer in other.layers if type(layer).__name__ == "CutWindows")
    assert (tuple(cut.size), tuple(cut.strides)) == ((5, 5), (1, 1))
    assert [layer.name for layer in other.layers] == [layer.name for layer in network.layers]


@pytest.mark.parametrize(
    "layer",
    [
        Pooling("AVE", (3,), (2,), pad_type=1),
        Pooling("AVE", (3,), (3,), pad_r=1),
        Pooling("AVE_EXC_PAD", (3,), (3,), pad_r=1),
    ],
    ids=["same", "mean", "mean inside"],
)
def test_padding_goes_round(layer: Layer, tmp_path: Path) -> None:
    shape = (2, 3, 8, 10)
    net, (image, *_) = padding_cases.graph(layer, shape), padding_cases.images(shape)
    network = of_any_size(net, padding_cases.weights(net), "tf")
    models = (saved(network, tmp_path), network)
    found, right = (TF.runner.run(model, net, {"x": image})[0] for model in models)
    np.testing.assert_array_equal(found, right)


# ---- layers of forks ------------------------------------------------------------------------


@pytest.mark.parametrize("name", resized_cases.LAYERS)
def test_a_layer_of_a_fork_goes_round(name: str, tmp_path: Path) -> None:
    net = resized_cases.graph(name)
    network = proto2net.load(net, resized_cases.weights(net), to="tf")
    x = resized_cases.image(resized_cases.DECLARED)
    models = (saved(network, tmp_path), network)
    found, right = (TF.runner.run(model, net, {"x": x})[0] for model in models)
    np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize(
    "name",
    [
        "roi_pool_padded",
        "psroi_pool",
        "roi_align",
        "roi_warping",
        "mask_resize",
        "stage_bridge",
        "proposal",
        "reorg_reverse",
        "reorg_of_synopsys",
        "reorg_reverse_of_synopsys",
        "yolo_detection_output",
        "yolov3_detection_output",
    ],
)
def test_a_layer_of_a_detector_goes_round(name: str, tmp_path: Path) -> None:
    found = case(name)
    model = proto2net.load(found.graph, to="tf")
    first = TF.runner.run(model, found.graph, found.inputs)
    second = TF.runner.run(saved(model, tmp_path), found.graph, found.inputs)
    for before, after in zip(first, second, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("bottoms", ["", 'bottom: "c"'])
def test_an_lstm_of_a_fork_goes_round(bottoms: str, tmp_path: Path) -> None:
    text = (
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 6 dim: 5 } } }'
        'layer { name: "c" type: "Input" top: "c" input_param { shape { dim: 6 } } }'
        f'layer {{ name: "lstm" type: "Lstm" bottom: "x" {bottoms} top: "y" lstm_param {{ '
        'num_output: 2 batch_size: 2 weight_filler { type: "xavier" } } }'
        + ("" if bottoms else 'layer { name: "s" type: "Silence" bottom: "c" }')
    )
    graph = proto2net.parse(text)
    network = proto2net.load(graph, to="tf")
    fed = {"x": resized_cases.image((6, 5)), "c": np.array([0, 0, 1, 1, 1, 0], "f")}
    models = (saved(network, tmp_path), network)
    found, right = (TF.runner.run(model, graph, fed)[0] for model in models)
    np.testing.assert_array_equal(found, right)


def test_ssd_detects_the_same_saved_and_as_a_graph(tmp_path: Path) -> None:
    graph = proto2net.parse(ssd_cases.small_ssd(2, 64, 80))
    network = proto2net.load(graph, ssd_cases.weights(graph), to="tf")
    x = ssd_cases.images(2, 64, 80).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(saved(network, tmp_path)(x), network(x))
    np.testing.assert_allclose(tf.function(network)(x), network(x), atol=1e-6)


def test_a_crf_is_the_same_saved_and_compiled(tmp_path: Path) -> None:
    text = crf_cases.net("num_iterations: 3 theta_alpha: 30 theta_beta: 4 theta_gamma: 2")
    model = proto2net.load(text, to="tf")
    rng = np.random.default_rng(7)
    feeds = [rng.uniform(-9, 9, (3, 5, 7, c)).astype(np.float32) for c in (4, 4, 3)]
    right = model(feeds).numpy()
    for network in (model, saved(model, tmp_path)):
        assert_close(network.predict(feeds, verbose=0), right, 1e-5, "y")
