"""Regions of interest in Keras, at other sizes than declared, and through a whole detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from forks_cases import RESIZED, detection, resized
from layer_cases import Weights, assert_close, case

import proto2net
from proto2net import Graph, backends

TF, NUMPY = backends.get("tf"), backends.get("numpy")


def of_any_size(graph: Graph, weights: Weights | None = None) -> Any:
    """The model, made for images of any height and width."""
    source: dict[str, Any] = {"__name__": "emitted"}
    exec(proto2net.convert(graph, to="tf", name="build"), source)  # noqa: S102  # our own rendering
    shapes = [
        (None, None, blob.shape[1]) if len(blob.shape) == 4 else blob.shape[1:]
        for blob in graph.inputs
    ]
    names = source["build"].__code__.co_varnames
    network = source["build"](**dict(zip(names, shapes, strict=False)))
    network.set_weights(proto2net.load(graph, weights, to="tf").get_weights())
    return network


@pytest.mark.parametrize("name", RESIZED)
def test_layer_takes_other_sizes_than_it_declares(name: str) -> None:
    graph = case(name).graph
    inputs, right = resized(name)
    feeds = {key: array.astype(np.float32) for key, array in inputs.items()}
    (found,) = TF.runner.run(of_any_size(graph), graph, feeds)
    assert_close(found, right.astype(np.float32), 1e-5, name)


def test_a_detector_finds_in_keras_what_it_finds_in_numpy() -> None:
    graph, weights, inputs = detection()
    found = TF.runner.run(of_any_size(graph, weights), graph, inputs)
    right = NUMPY.runner.run(proto2net.load(graph, weights, to="numpy"), graph, inputs)
    assert len(right[0]) > 20
    for blob, mine, theirs in zip(graph.outputs, found, right, strict=True):
        assert_close(mine, theirs, 1e-5, blob.name)


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
def test_a_saved_model_gives_the_same(name: str, tmp_path: Path) -> None:
    found = case(name)
    model = proto2net.load(found.graph, to="tf")
    model.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    first = TF.runner.run(model, found.graph, found.inputs)
    second = TF.runner.run(again, found.graph, found.inputs)
    for before, after in zip(first, second, strict=True):
        np.testing.assert_array_equal(before, after)
