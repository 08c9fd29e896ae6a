"""What ONNX says otherwise than the other targets, with fields that no recorded case has.

What is right is what numpy computes, which the recorded cases hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from layer_cases import assert_close
from samples.sample import Ndarray, layer

import proto2net

Shape = tuple[int, ...]
Row = tuple[str, dict[str, Shape], str, str]
"""A layer type, the shapes of its bottoms by name, its tops, and its fields."""

IMAGE = {"x": (2, 3, 6, 7)}
PAIR = {"a": (2, 3, 9, 11), "b": (2, 3, 9, 11)}
UNITS = "num_output: 5 "


def recurrent() -> Iterator[Row]:
    for steps in (1, 4):
        x, cont = {"x": (steps, 3, 2, 4)}, {"cont": (steps, 3)}
        static, h, c = {"static": (3, 2, 2)}, {"h": (1, 3, 5)}, {"c": (1, 3, 5)}
        exposed = f"recurrent_param {{ {UNITS} expose_hidden: true }}"
        yield "LSTM", x | cont | static, "y", f"recurrent_param {{ {UNITS} }}"
        yield "LSTM", x | cont | static | h | c, "y last_h last_c", exposed
        yield "RNN", x | cont | static, "y", f"recurrent_param {{ {UNITS} }}"
        yield "RNN", x | cont | h, "y last_h", exposed
        merged = {"x": (3 * steps, 4, 2)}
        yield "Lstm", x | cont, "y", f"lstm_param {{ {UNITS} }}"
        yield "Lstm", merged, "y", f"lstm_param {{ {UNITS} batch_size: 3 }}"
        yield (
            "Lstm",
            merged | {"cont": (3 * steps, 1)},
            "y",
            f"lstm_param {{ {UNITS} batch_size: 3 }}",
        )


def resized() -> Iterator[Row]:
    for fields in (
        "height: 1 width: 9",
        "zoom_factor: 3 pad_end: -2",
        "shrink_factor: 3 pad_beg: -1 pad_end: -1",
    ):
        yield "Interp", IMAGE, "y", f"interp_param {{ {fields} }}"
    for method in ("MAX", "AVE", "TILE"):
        for fields in (
            "kernel_size: 3 stride: 2",
            "kernel_size: 2 stride: 3",
            "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 3",
            "kernel_size: 2 stride: 2 unpool_h: 19 unpool_w: 17",
        ):
            yield "Unpooling", IMAGE, "y", f"unpooling_param {{ unpool: {method} {fields} }}"
    for order in ("NHWC", "NCHW"):
        for places in ("", "align_corners: true", "half_pixel_centers: true"):
            for size in ("output_height: 9 output_width: 1", "scale_height: 0.5 scale_width: 3"):
                fields = f'data_format: "{order}" {places} {size}'
                nearest = f"resize_nearest_neighbor_param {{ {fields} }}"
                yield "ResizeNearestNeighbor", IMAGE, "y", nearest
                yield "ResizeBilinear", IMAGE, "y", f"resize_bilinear_param {{ {fields} }}"


def moved() -> Iterator[Row]:
    for mode in ("REFLECT", "SYMMETRIC", "EDGE", "CONSTANT"):
        fields = f'mode: "{mode}" paddings: [0, 1, 2, 1, 3, 0, 1, 2]'
        yield "MirrorPad", IMAGE, "y", f"mirror_pad_param {{ {fields} }}"
    yield "Pad", {"x": (2, 3)}, "y", "pad_param { paddings: [1, 2, 0, 1] constant_values: -2 }"
    blocks = "block_shape: [2, 3, 2] paddings: [1, 0, 0, 0, 0, 1]"
    yield "SpaceToBatchND", IMAGE, "y", f"space_to_batch_nd_param {{ {blocks} }}"
    blocks = "block_shape: [3, 2] crops: [0, 1, 2, 0]"
    yield "BatchToSpaceND", {"x": (12, 3, 6)}, "y", f"batch_to_space_nd_param {{ {blocks} }}"


def compared() -> Iterator[Row]:
    for axis, classes, labels in ((1, 5, (4, 3, 6)), (2, 3, (4, 5, 6)), (-1, 6, (4, 5, 3))):
        bottoms = {"x": (4, 5, 3, 6), "label": labels}
        for fields in ("", "ignore_label: 1"):
            for norm in ("FULL", "VALID", "BATCH_SIZE", "NONE"):
                loss = f"loss_param {{ normalization: {norm} {fields} }}"
                softmax = f"softmax_param {{ axis: {axis} }} {loss}"
                yield "SoftmaxWithLoss", bottoms, "y", softmax
                infogain = f"infogain_loss_param {{ axis: {axis} }} {loss} loss_weight: [1, 0]"
                matrix = {"h": (1, 1, classes, classes)}
                yield "InfogainLoss", bottoms | matrix, "y p", infogain
            accuracy = f"accuracy_param {{ axis: {axis} top_k: 2 {fields} }}"
            yield "Accuracy", bottoms, "y z", accuracy


def correlated() -> Iterator[Row]:
    for fields in (
        "kernel_size: 3 max_displacement: 3 pad: 4 stride_1: 2 stride_2: 2",
        "kernel_size: 1 max_displacement: 5 pad: 8 stride_2: 3 correlation_type: SUBTRACT",
        "kernel_size: 1 max_displacement: 0 pad: 3",
    ):
        yield "Correlation", PAIR, "y", f"correlation_param {{ {fields} }}"
        for way in (-1, 0, 1):
            one_way = f"correlation_param {{ {fields} single_direction: {way} }}"
            yield "Correlation1D", PAIR, "y", one_way
    for fields in ("type: NEAREST width: 14 height: 12", "type: CUBIC width: 3 height: 4"):
        yield "Resample", IMAGE, "y", f"resample_param {{ {fields} }}"


def distances() -> Iterator[Row]:
    for fields in ('axis: 2 distance_type: "L1"', "axis: -1 normalize: true"):
        told = f"inner_distance_param {{ {fields} num_output: 4 bias_term: false }}"
        yield "InnerDistance", IMAGE, "y", told


ROWS = [
    *recurrent(),
    *resized(),
    *moved(),
    *compared(),
    *correlated(),
    *distances(),
]


def network(row: Row) -> str:
    kind, bottoms, tops, fields = row
    fed = "".join(
        layer("Input", "", name, f"input_param {{ shape {{ dim: {[*shape]} }} }}", name)
        for name, shape in bottoms.items()
    )
    return fed + layer(kind, " ".join(bottoms), tops, fields)


def values(bottoms: Mapping[str, Shape]) -> dict[str, Ndarray]:
    random = np.random.default_rng(0)
    wholes = {"label": 3, "cont": 2}
    return {
        name: (
            random.integers(0, wholes[name], shape) if name in wholes else random.normal(size=shape)
        ).astype(np.float32)
        for name, shape in bottoms.items()
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[3]}")
def test_a_layer_computes_what_numpy_does(row: Row) -> None:
    graph = proto2net.parse(network(row), phase="train" if "Loss" in row[0] else "test")
    random = np.random.default_rng(1)
    weights = {
        node.name: [random.normal(size=blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    inputs = values(row[1])
    found, right = (
        proto2net.blobs(proto2net.load(graph, weights, to=to), inputs) for to in ("onnx", "numpy")
    )
    for name in row[2].split():
        assert_close(found[name], right[name], 1e-5, name)
