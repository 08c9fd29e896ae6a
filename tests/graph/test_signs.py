"""A graph knows which blobs have no negative value, whatever it reads and has learned."""

from __future__ import annotations

import pytest
from layer_cases import GOLDEN_NAMES, case
from samples.sample import layer

import proto2net

READS = "\n".join(
    f'layer {{ name: "{x}" type: "Input" top: "{x}" '
    "input_param { shape { dim: 2 dim: 3 dim: 5 dim: 7 } } }"
    for x in "xy"
)
BEHIND = f"{READS} {layer('ReLU', 'x', 'r')} {layer('ReLU', 'y', 'q')}"
"""Two inputs, x and y, and what ReLUs make of them, r and q."""


def nonnegative(kind: str, bottoms: str, options: str = "") -> bool:
    """Whether a layer is known to make nothing negative."""
    graph = proto2net.parse(f"{BEHIND} {layer(kind, bottoms, 'z', options)}")
    return graph.blobs["z"] in graph.nonnegative


@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_caffe_computed_no_negative_value_where_none_can_be(name: str) -> None:
    found = case(name)
    for blob in found.graph.nonnegative:
        if blob == found.graph.blobs[blob.name] and blob.name in found.blobs:
            assert not (found.blobs[blob.name] < 0).any(), blob.name


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("AbsVal", ""),
        ("BNLL", ""),
        ("Clip", "clip_param { min: 0 max: 6 }"),
        ("Exp", "exp_param { scale: -2 }"),
        ("Power", "power_param { power: 2 scale: -1 shift: -3 }"),
        ("ReLU", ""),
        ("ReLU", "relu_param { negative_slope: -1 }"),
        ("Sigmoid", ""),
        ("Softmax", ""),
        ("Threshold", "threshold_param { threshold: -1 }"),
    ],
)
def test_what_is_never_negative(kind: str, options: str) -> None:
    assert nonnegative(kind, "x", options)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Dropout", ""),
        ("ELU", ""),
        ("Flatten", ""),
        ("LRN", ""),
        ("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }"),
        ("PReLU", ""),
        ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }"),
        ("Pooling", "pooling_param { global_pooling: true }"),
        ("Power", "power_param { power: 3 scale: 0.5 shift: 1 }"),
        ("ReLU", "relu_param { negative_slope: 0.1 }"),
        ("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"),
        ("Slice", ""),
        ("Split", ""),
        ("TanH", ""),
        ("Tile", "tile_param { tiles: 2 }"),
    ],
)
def test_what_is_not_negative_where_nothing_is_that_it_reads(kind: str, options: str) -> None:
    assert nonnegative(kind, "r", options)
    assert not nonnegative(kind, "x", options)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 }"),
        ("Clip", "clip_param { min: -2 max: -1 }"),
        ("LRN", "lrn_param { alpha: -1 }"),
        ("Log", ""),
        ("MVN", ""),
        ("Pooling", "pooling_param { kernel_size: 1 stride: 2 }"),
        ("Power", "power_param { shift: -1 }"),
        ("Scale", "scale_param { filler { value: 1 } }"),
    ],
)
def test_what_may_be_negative_behind_a_relu_too(kind: str, options: str) -> None:
    assert not nonnegative(kind, "r", options)


@pytest.mark.parametrize(
    ("kind", "options", "known", "unknown"),
    [
        ("Concat", "", "r q", "r y"),
        ("Eltwise", "", "r q", "r y"),
        ("Eltwise", "eltwise_param { operation: PROD }", "r q", "x y"),
        ("Eltwise", "eltwise_param { operation: MAX }", "x q", "x y"),
    ],
)
def test_what_blobs_make_together(kind: str, options: str, known: str, unknown: str) -> None:
    assert nonnegative(kind, known, options)
    assert not nonnegative(kind, unknown, options)


def test_a_difference_may_be_negative() -> None:
    assert not nonnegative("Eltwise", "r q", "eltwise_param { coeff: 1 coeff: -1 }")
