"""Small definitions as people have them, whose first line says what is right, and what we do.

A file that converts has the shapes of its outputs here, and is the same in all targets; another is
refused with the words that stand here, and with none of those that would mislead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from places import TESTS

import proto2net
from proto2net import Proto2NetError

FOLDER = TESTS / "wild"


@dataclass(frozen=True)
class Converts:
    """The shapes of the outputs, and with which options of `parse`."""

    shapes: Mapping[str, tuple[int, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """What is told (a regular expression), and what must not be told."""

    told: str
    misleading: str = "did you mean"


WILD: dict[str, Converts | Refused] = {
    # cut first, judge then
    "class_weighting": Converts({"l": (1, 3, 4, 4)}),
    "data_input_param": Converts({"c": (1, 4, 62, 62)}),
    "data_layer_unknown_field": Converts({"conv": (4, 3, 38, 46)}),
    "loss_field_of_fork_in_test_phase": Converts(
        {"loss": (2, 3, 12, 14)}, {"inputs": {"data": (2, 3, 12, 14)}}
    ),
    "mem_param": Converts({"conv": (1, 3, 18, 22)}),
    "netscope_data_shape": Converts({"conv": (1, 3, 18, 22)}),
    "output_still_blocked_by_unknown_type": Converts(
        {"conv": (1, 6, 18, 22)}, {"outputs": ["conv"]}
    ),
    "training_only_fields": Converts({"c": (1, 4, 14, 14)}),
    # numbers
    "conv_zero": Converts({"y": (2, 2, 0, 0)}),
    "poolbomb": Converts({"p": (2, 4, 2, 2)}),
    "sort_in_onnx_ssd": Converts({"det": (1, 1, 1, 7)}),  # its ONNX waits for exports
    "tf_lstm_batch_sequences": Converts({"lstm": (5, 2, 3)}),
    "tflite_grouped_deconvolution": Converts({"up": (1, 4, 10, 14)}),
    "upsample_darknet": Converts({"u": (1, 2, 26, 26)}),
    # layers of forks
    "box_output": Converts({"o": (1, 5, 1, 1)}),
    "dw_num_output": Converts({"dw": (1, 24, 8, 8)}),
    "interp_intel_zoom": Converts({"sum": (1, 3, 16, 24)}),
    "local": Converts({"l": (1, 4, 7, 9)}),
    "pixel_local": Converts({"l": (1, 4, 6, 6)}),
    "priorbox_clustered": Converts({"pb": (1, 2, 48)}),
    "c3d_v1": Converts({"fc": (1, 5)}),
    "p3d_pooling3d": Converts({"pool": (1, 4, 4, 10, 12)}),
    "avg_exc_pad": Converts({"p": (1, 2, 4, 5)}),
    "bn_add_eps": Converts({"b": (1, 3, 4, 4)}),
    "mish": Converts({"m": (1, 3, 4, 5)}),
    "mul": Converts({"m": (2, 8, 5, 4)}),
    "pool_ave_exc_pad": Converts({"p": (1, 2, 5, 7)}),
    "pool_same": Converts({"p": (1, 2, 13, 13)}),
    "python_reorg": Converts({"r": (1, 256, 13, 13)}),
    "reshape_pixelshuffler": Converts({"r": (1, 2, 8, 6)}),
    "resize_bilinear": Converts({"r": (1, 8, 6, 3)}),
    "resize_nearest": Converts({"r": (1, 8, 6, 3)}),
    "squeeze": Converts({"s": (1, 8)}),
    "unpooling": Converts({"u": (1, 3, 8, 8)}),
    # what is told
    "hint_for_lowercase_type": Refused('did you mean "Convolution"', "Deconvolution"),
    "labelmap": Refused("this is a label map", "layer"),
    "tf_none_output": Converts({"c": (1, 4, 6, 6)}),
}


def check(name: str, target: str) -> None:
    """Hold what a target makes of a file against what is said of it here, and against numpy."""
    said = WILD[name]
    path = FOLDER / f"{name}.prototxt"
    if isinstance(said, Refused):
        with pytest.raises(Proto2NetError) as error:
            proto2net.convert(path, to=target)
        told = str(error.value).replace(str(path), "")
        assert re.search(said.told, told)
        assert said.misleading not in told
        return
    graph = proto2net.parse(path, **said.options)
    assert {blob.name: blob.shape for blob in graph.outputs} == said.shapes
    random = np.random.default_rng(0)
    feeds = {b.name: random.standard_normal(b.shape, np.float32) for b in graph.inputs}
    arrays = {
        node.name: [
            np.abs(random.standard_normal(b.shape, np.float32)) for b in node.blobs.values()
        ]
        for node in graph.nodes
        if node.blobs
    }
    found, expected = (
        proto2net.blobs(proto2net.load(graph, arrays, to=each), feeds) for each in (target, "numpy")
    )
    sizes_by_value = any(node.layer.sizes_by_value for node in graph.nodes)
    for blob in graph.outputs:
        assert sizes_by_value or found[blob.name].shape == blob.shape
        np.testing.assert_allclose(found[blob.name], expected[blob.name], 1e-4, 1e-4)
