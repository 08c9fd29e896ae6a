"""A .caffemodel alone is enough: the definition that it carries becomes a network again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from digests import GOLDEN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import proto2net
from proto2net import Proto2NetError
from proto2net.caffe import prototxt
from proto2net.caffe.schema import LINE
from proto2net.weights.matching import match
from proto2net.weights.reading import read

FILES = sorted((GOLDEN / "layers").glob("*/net.caffemodel"))

Saved = Callable[..., Path]


def binary(text: str) -> bytes:
    """A definition as a .caffemodel."""
    net, _ = prototxt.read(text)
    for layer in [*net.layer, *net.layers]:
        layer.ClearField(LINE)
    content: bytes = net.SerializeToString()
    return content


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    def save(text: str, more: bytes = b"") -> Path:
        path = tmp_path / "net.caffemodel"
        path.write_bytes(binary(text) + more)
        return path

    return save


# ---- what Caffe has put in, out again -------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_what_caffe_wrote_is_the_network_that_it_came_from(path: Path) -> None:
    with np.load(path.with_name("blobs.npz")) as file:
        phase = json.loads(str(file["meta"]))["phase"]
    graph = proto2net.parse(path, phase=phase)
    assert graph == proto2net.parse(path.with_suffix(".prototxt"), phase=phase)
    assert match(graph, read(path)).notes == []


TRAINED = """
name: "small"
layer {
  name: "images" type: "Data" top: "data" top: "label" phase: TRAIN
  include { phase: TRAIN } transform_param { crop_size: 8 } data_param { batch_size: 4 }
}
layer {
  name: "data_images_0_split" type: "Split" bottom: "data" phase: TRAIN
  top: "data_images_0_split_0" top: "data_images_0_split_1"
}
layer {
  name: "left" type: "InnerProduct" bottom: "data_images_0_split_0" top: "left" phase: TRAIN
  inner_product_param { num_output: 5 }
}
layer {
  name: "right" type: "InnerProduct" bottom: "data_images_0_split_1" top: "right" phase: TRAIN
  inner_product_param { num_output: 5 }
}
layer { name: "drop" type: "Dropout" bottom: "left" top: "left" phase: TRAIN }
layer { name: "sum" type: "Eltwise" bottom: "left" bottom: "right" top: "sum" phase: TRAIN }
layer {
  name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" top: "loss"
  loss_weight: 1 phase: TRAIN
}
"""


def test_a_trained_network_becomes_one_to_use(saved: Saved) -> None:
    graph = proto2net.parse(saved(TRAINED), inputs={"data": (2, 3, 8, 9)})
    assert [(node.name, node.layer.type) for node in graph.nodes] == [
        ("images", "Input"),
        ("left", "InnerProduct"),
        ("right", "InnerProduct"),
        ("drop", "Dropout"),
        ("sum", "Eltwise"),
        ("loss", "Softmax"),
    ]
    assert {node.phase for node in graph.nodes} == {"TEST"}
    assert list(graph.blobs) == ["data", "left", "right", "sum", "loss"]


def test_it_prints_as_the_definition_that_it_was(saved: Saved) -> None:
    printed = proto2net.convert(saved(TRAINED), to="prototxt", inputs={"data": (2, 3, 8, 9)})
    assert "split" not in printed
    assert "phase" not in printed


def test_the_shape_of_its_data_is_asked_for(saved: Saved) -> None:
    with pytest.raises(
        Proto2NetError, match=r"net\.caffemodel: layer \"images\" .*\n.*--input data="
    ):
        proto2net.parse(saved(TRAINED.replace("transform_param { crop_size: 8 }", "")))


def test_a_split_of_the_user_stays(saved: Saved) -> None:
    graph = proto2net.parse(
        saved(
            'input: "data" input_shape { dim: 2 dim: 3 }'
            'layer { name: "my_split" type: "Split" bottom: "data" top: "a" top: "b" }'
        )
    )
    assert [node.name for node in graph.nodes] == ["input", "my_split"]


def test_the_loss_weight_that_a_split_took_over_is_given_back(saved: Saved) -> None:
    graph = proto2net.parse(
        saved(
            'input: "data" input_shape { dim: 2 dim: 6 dim: 3 }'
            'layer { name: "cut" type: "Slice" bottom: "data" top: "a" top: "b" }'
            'layer { name: "b_cut_1_split" type: "Split" bottom: "b" loss_weight: 3 loss_weight: 0'
            ' top: "b_cut_1_split_0" top: "b_cut_1_split_1" }'
            'layer { name: "relu" type: "ReLU" bottom: "b_cut_1_split_1" top: "relu" }'
        )
    )
    (_, cut, relu) = graph.nodes
    assert cut.loss_weight == (0, 3)
    assert relu.bottoms == cut.tops[1:]


# ---- older formats --------------------------------------------------------------------------


def test_inputs_without_shapes_are_asked_for(saved: Saved) -> None:
    old = 'input: "data" layers { name: "r" type: RELU bottom: "data" top: "r" }'
    with pytest.raises(Proto2NetError, match=r"--input data=\d+,3,224,224"):
        proto2net.parse(saved(old))
    graph = proto2net.parse(saved(old), inputs={"data": (2, 3, 4, 5)})
    assert graph.outputs[0].shape == (2, 3, 4, 5)


def test_splits_of_the_first_format_are_taken_out(saved: Saved) -> None:
    graph = proto2net.parse(
        saved(
            'input: "data" input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 '
            'layers { layer { name: "data_split" type: "split" } bottom: "data" top: "data" '
            'top: "data_split_1" }'
            'layers { layer { name: "a" type: "relu" } bottom: "data" top: "a" }'
            'layers { layer { name: "b" type: "tanh" } bottom: "data_split_1" top: "b" }'
        )
    )
    assert [node.name for node in graph.nodes] == ["input", "a", "b"]
    assert {blob.name for node in graph.nodes for blob in node.bottoms} == {"data"}


# ---- files of forks -------------------------------------------------------------------------

INPUT = 'layer { name: "input" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }'


def layer(name: str, type_: str, more: bytes) -> bytes:
    """A layer with fields that no text can give."""
    head = write.length(1, name) + write.length(2, type_)
    return write.length(100, head + write.length(3, "x") + write.length(4, "y") + more)


FORKS = {
    "scale_param by another number": (
        layer("s", "Scale", write.length(160, write.number(4, 1))),
        'layer "s": has no scale_param, but fields of other layers (160)',
    ),
    "embed_param by the number of spp_param": (
        layer("e", "Embed", write.length(132, write.number(1, 5))),
        'layer "e": has no embed_param, but fields of other layers (spp_param)',
    ),
    "a field in batch_norm_param": (
        layer("b", "BatchNorm", write.length(139, write.number(7, 1))),
        'layer "b": its batch_norm_param has fields that Caffe does not know (7)',
    ),
    "a V1 type": (
        write.length(2, write.length(4, "v") + write.number(5, 41)),
        'layer "v": has fields that Caffe does not know (5)',
    ),
}


@pytest.mark.parametrize("case", FORKS)
def test_what_only_a_fork_can_explain_is_not_guessed(case: str, saved: Saved) -> None:
    more, problem = FORKS[case]
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse(saved(INPUT, more))
    hint = "a fork of Caffe wrote the file: give the prototxt, and this file as weights"
    assert str(error.value).endswith(f"net.caffemodel: {problem}\n  hint: {hint}")


NOTED = {
    "another layer's field": (
        layer("s", "ReLU", write.length(123, b"") + write.length(160, b"")),
        'layer "s": ignored fields that Caffe does not know here: 160',
    ),
    "field 13 of pooling_param": (
        layer("p", "Pooling", write.length(121, write.number(13, 0) + write.number(12, 1))),
        'layer "p": took field 13 for round_mode; some forks have ceil_mode there, its opposite',
    ),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_a_fork_may_have_meant_is_told(
    case: str, saved: Saved, caplog: pytest.LogCaptureFixture
) -> None:
    more, note = NOTED[case]
    net = INPUT.replace("dim: 3 }", "dim: 3 dim: 4 dim: 5 }")
    with caplog.at_level(logging.INFO, "proto2net"):
        proto2net.parse(saved(net, more))
    assert any(message.endswith(note) for message in caplog.messages)


def test_a_path_in_another_encoding_does_no_harm(saved: Saved) -> None:
    source = write.length(112, write.length(1, b"\xca\xfd/train"))
    data = write.length(2, "HDF5Data") + write.length(4, "y") + source
    graph = proto2net.parse(saved("", write.length(100, data)), inputs={"y": (2, 3)})
    assert graph.outputs[0].shape == (2, 3)


# ---- what is no definition ------------------------------------------------------------------


def test_a_damaged_file_is_told(saved: Saved) -> None:
    path = saved(TRAINED)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Proto2NetError, match=r"net\.caffemodel: byte \d+: field 100 claims"):
        proto2net.parse(path)


def test_weights_without_a_definition_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "net.npy", {})
    with pytest.raises(Proto2NetError, match=r"net\.npy: it holds weights, and no definition"):
        proto2net.parse(tmp_path / "net.npy")


def test_a_live_network_takes_the_weights_that_come_with_it() -> None:
    path = next(path for path in FILES if path.parent.name.startswith("conv"))
    with np.load(path.with_name("blobs.npz")) as file:
        feeds = {k[3:]: v for k, v in file.items() if k.startswith("in/")}
        right = {k[4:]: v for k, v in file.items() if k.startswith("out/")}
    found = proto2net.blobs(proto2net.load(path, to="numpy"), feeds)
    for name, value in right.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)


SMALL = binary(TRAINED)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4))
def test_changed_bytes_give_a_network_or_sentences(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(SMALL)
    for index, byte in changes:
        content[index] = byte
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    with suppress(Proto2NetError):
        proto2net.parse(path, inputs={"data": (2, 3, 8, 9)})
