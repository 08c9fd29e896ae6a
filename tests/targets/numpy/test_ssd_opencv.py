"""Whole detectors of the corpus find what OpenCV's own reader of Caffe's files finds with them.

Where OpenCV has conventions of its own:

- Its output has keep_top_k rows an image, of which those behind what is found are 0.
- Its rows are in the order of their scores. Caffe's are in that of labels, and then of scores.
- It makes prior boxes of a `min_size` with a fraction. Caffe drops the fraction, so no network
  here has one.
- It requires `share_location` and others to be given, so it reads the file itself, and not what
  proto2net prints.
"""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from golden import weights_rule
from reference import corpus, needs_corpus

import proto2net
from proto2net import Graph
from proto2net.caffe.exporter import write_model

cv2 = pytest.importorskip("cv2")

Ndarray = np.ndarray[Any, np.dtype[Any]]

# Of each, the path's end and an input as small as the file allows.
DETECTORS = {
    "yufacenet__deploy.prototxt": ("data", (1, 3, 96, 128)),
    "Caffe__FaceDetction__deploy.prototxt": ("data", (2, 3, 240, 320)),
    "MobileNet-SSD/voc__MobileNetSSD_deploy.prototxt": ("data", (2, 3, 160, 144)),
}


@cache
def texts() -> dict[str, str]:
    """The definitions by their names in DETECTORS; weights by chance are never sure of a class."""
    return {
        name: re.sub("confidence_threshold: [0-9.]+", "confidence_threshold: 0.1", text)
        for path, _, text in corpus({"deploy"})
        for name in DETECTORS
        if path.endswith(name)
    }


def learned(graph: Graph) -> dict[Any, Ndarray]:
    """The learned blobs by the weights rule."""
    return {
        (node, blob): weights_rule.fill(
            graph.name, node.name, node.layer.type, index, learned.shape
        )
        for node in graph.nodes
        for index, (blob, learned) in enumerate(node.blobs.items())
    }


def by_opencv(text: str, graph: Graph, values: dict[Any, Ndarray], x: Ndarray) -> list[Ndarray]:
    """The prior boxes, and what is found."""
    model = io.BytesIO()
    write_model(model, graph, values)
    net = cv2.dnn.readNetFromCaffe(
        np.frombuffer(text.encode(), np.uint8), np.frombuffer(model.getvalue(), np.uint8)
    )
    net.setInput(x, graph.inputs[0].name)
    *priors, found = net.forward(layers_of(graph, "PriorBox", "DetectionOutput"))
    rows = found.reshape(-1, 7)
    rows = rows[rows[:, 2] > 0]
    return [*priors, rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]]


def layers_of(graph: Graph, *kinds: str) -> list[str]:
    return [node.name for node in graph.nodes if node.layer.type in kinds]


@needs_corpus
@pytest.mark.parametrize("name", DETECTORS)
def test_the_boxes_are_those_of_opencv(name: str) -> None:
    text, (data, shape) = texts()[name], DETECTORS[name]
    graph = proto2net.parse(text, inputs={data: shape})
    values, x = learned(graph), weights_rule.input_values(graph.name, data, shape)
    weights = {
        node.name: [values[node, blob] for blob in node.blobs] for node in graph.nodes if node.blobs
    }
    network = proto2net.load(graph, weights, to="numpy")
    blobs = proto2net.blobs(network, {data: x})
    tops = {node.name: node.tops[0].name for node in graph.nodes if node.tops}
    *priors, found = (blobs[tops[name]] for name in layers_of(graph, "PriorBox", "DetectionOutput"))
    *right_priors, right = by_opencv(text, graph, values, x)
    for prior, right_prior in zip(priors, right_priors, strict=True):
        np.testing.assert_allclose(prior, right_prior, atol=1e-4)
    assert len(right) > shape[0]
    np.testing.assert_allclose(found[0, 0], right, atol=1e-4)
