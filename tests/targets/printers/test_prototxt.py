"""A graph printed as prototxt is read back as the same graph, and is what Caffe reads today."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from digests import GOLDEN, MODELS
from google.protobuf import text_format
from reference import NETS, corpus, needs_nets

import proto2net
from proto2net import Graph, Proto2NetError, UnsupportedError
from proto2net.caffe.exporter import network
from proto2net.caffe.schema import message_class
from proto2net.layers import LAYERS, Layer

FILES = sorted([*MODELS.glob("*.prototxt"), *GOLDEN.glob("*/*/*.prototxt")])
FILES = [file for file in FILES if not {"reject", "reject-forks"} & {*file.parts}]

DATA = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
"""
LABEL = """
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
"""


def printed(graph: Graph) -> str:
    """The prototxt of the graph, once it is sure that nothing was lost in it.

    An input has no words for the size that an ImageData layer brought images to.
    """
    text = proto2net.convert(graph, to="prototxt")
    said = replace(graph, usage=replace(graph.usage, new_size=()))
    assert proto2net.parse(text, phase=graph.phase.lower(), file=f"{graph.name}.prototxt") == said
    return text


def layer(definition: str) -> str:
    """The last layer of a net as it is printed, on one line."""
    text = printed(proto2net.parse(DATA + definition, file="net.prototxt"))
    return " ".join(text[text.rindex("layer {") :].split())


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(file.parts[-2:]))
def test_a_printed_network_is_read_back_as_the_same_graph(file: Path) -> None:
    graphs = []
    for phase in ("test", "train"):
        try:
            graphs.append(proto2net.parse(file, phase=phase))
        except Proto2NetError:
            continue  # valid in the other phase only, or in none
    for graph in graphs:
        printed(graph)


def test_nearly_all_of_those_files_are_valid() -> None:
    def valid(file: Path) -> bool:
        try:
            return bool(proto2net.parse(file))
        except Proto2NetError:
            return False

    refused = [file for file in FILES if not valid(file)]
    assert len(refused) < len(FILES) / 20


@needs_nets
def test_every_public_net_is_read_back_as_the_same_graph() -> None:
    recorded = {path.stem for path in NETS.glob("*.json")}
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha in recorded:
            printed(proto2net.parse(text, file=path))


@pytest.mark.parametrize("case", sorted(path.name for path in (GOLDEN / "legacy").iterdir()))
def test_an_old_definition_comes_out_in_the_current_format(
    case: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = proto2net.parse(GOLDEN / "legacy" / case / "net.prototxt")
    text = printed(old)
    assert "layers" not in text
    with caplog.at_level(logging.INFO):
        assert proto2net.parse(text) == old
    assert [note for note in caplog.messages if "no other layer shares" not in note] == []
    upgraded = proto2net.parse(GOLDEN / "legacy" / case / "upgraded.prototxt")
    assert old.nodes == upgraded.nodes


def test_only_what_differs_from_the_defaults_is_printed() -> None:
    assert (
        layer("""layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
                     inner_product_param { num_output: 5 bias_term: true axis: 1
                     weight_filler { type: "gaussian" mean: 0 }
                         bias_filler { value: 0.1 } } }""")
        == 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
        'inner_product_param { num_output: 5 weight_filler { type: "gaussian" } '
        "bias_filler { value: 0.1 } } }"
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("Pooling", "kernel_size: 3", "kernel_size: 3"),
        ("Pooling", "kernel_h: 3 kernel_w: 2", "kernel_h: 3 kernel_w: 2"),
        ("Pooling", "kernel_h: 3 kernel_w: 3", "kernel_h: 3 kernel_w: 3"),
        (
            "Pooling",
            "kernel_size: 3 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 2",
            "kernel_size: 3 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 2",
        ),
        ("Convolution", "kernel_h: 3 kernel_w: 2", "kernel_size: 3 kernel_size: 2"),
        ("Convolution", "kernel_size: 3 pad_h: 1", "pad: 1 pad: 0 kernel_size: 3"),
        (
            "Convolution",
            "kernel_size: [3, 2] dilation: 2",
            "kernel_size: 3 kernel_size: 2 dilation: 2",
        ),
    ],
)
def test_a_window_is_printed_as_its_layer_can_be_read(kind: str, given: str, said: str) -> None:
    param = {"Pooling": "pooling_param {", "Convolution": "convolution_param { num_output: 4"}[kind]
    text = layer(f'layer {{ name: "w" type: "{kind}" bottom: "data" top: "w" {param} {given} }} }}')
    assert text.endswith(f"{param} {said} }} }}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", ""),
        ("loss_weight: 1", ""),
        ("loss_weight: 0.3", " loss_weight: 0.3"),
        ("propagate_down: [true, false]", " propagate_down: true propagate_down: false"),
        ("phase: TEST", ""),
        ("phase: TRAIN", " phase: TRAIN"),
        ("loss_param { normalize: false }", " loss_param { normalize: false }"),
        ("softmax_param { axis: -1 }", " softmax_param { axis: -1 }"),
    ],
)
def test_what_a_loss_says_beside_its_parameters(given: str, said: str) -> None:
    scores = """layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
                        inner_product_param { num_output: 5 } }"""
    text = layer(f"""{scores} {LABEL}
        layer {{ name: "l" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" {given} }}""")
    assert text == (
        f'layer {{ name: "l" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label"{said} }}'
    )


def test_parameters_keep_their_names_and_multipliers_and_their_place() -> None:
    assert (
        layer("""layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
                     param { } param { name: "b" lr_mult: 0 decay_mult: 1 share_mode: PERMISSIVE }
                     inner_product_param { num_output: 5 } }""")
        == 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
        'param { } param { name: "b" share_mode: PERMISSIVE lr_mult: 0.0 decay_mult: 1.0 } '
        "inner_product_param { num_output: 5 } }"
    )


def test_a_message_that_is_given_without_content_stays_given() -> None:
    definition = (
        'layer { name: "s" type: "Scale" bottom: "data" top: "s" scale_param { filler { } } }'
    )
    assert layer(definition) == definition  # an empty filler is 0, none at all is 1


def test_names_of_any_characters_survive_and_are_printed_without_control_characters() -> None:
    name = "naïve \"卷积\" 'x' \\ \t \x1b[31m \x7f\x9b\u202e\u2028 end"
    quoted = "".join(f"\\{byte:03o}" for byte in name.encode())
    graph = proto2net.parse(DATA.replace('"data"', f'"{quoted}"'))
    assert graph.inputs[0].name == name
    text = printed(graph)
    assert "naïve" in text
    assert "卷积" in text
    assert all(line.isprintable() for line in text.split("\n"))
    assert text_format.Parse(text, message_class("NetParameter")()) == network(graph)


def test_a_graph_for_training_is_printed_for_training() -> None:
    file = MODELS / "googlenet_train_val.prototxt"
    text = printed(proto2net.parse(file, phase="train"))
    assert "phase:" not in text
    assert 'type: "SoftmaxWithLoss"' in text


def test_another_name_can_be_given() -> None:
    text = proto2net.convert(DATA, to="prototxt", name="other")
    assert text.startswith('name: "other"\n')


def test_a_nameless_graph_is_printed_without_a_name() -> None:
    graph = Graph("", proto2net.parse(DATA).nodes, ())
    assert 'name: ""' not in proto2net.convert(graph, to="prototxt")


@dataclass(frozen=True)
class Wave(Layer):
    """A layer type of somebody's own, with more fields than the schema has for it."""

    type = "Wave"
    param = "relu_param"
    negative_slope: float = 0.0
    height: int = 1
    length: int = 1

    def infer(self, bottoms: Any, tops: int) -> Any:
        return bottoms


def test_what_no_prototxt_can_say_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = proto2net.parse(
        DATA + 'layer { name: "w" type: "ReLU" bottom: "data" top: "w" }', file="net.prototxt"
    )
    monkeypatch.setitem(LAYERS.others, "Wave", Wave)  # the schema, once made, is without it

    def with_layer(layer: Layer) -> Graph:
        return replace(graph, nodes=(graph.nodes[0], replace(graph.nodes[1], layer=layer)))

    sayable = proto2net.convert(with_layer(Wave(negative_slope=0.5)), to="prototxt")
    assert "negative_slope: 0.5" in sayable
    with pytest.raises(UnsupportedError) as error:
        proto2net.convert(with_layer(Wave(height=2, length=3)), to="prototxt")
    (issue,) = error.value.issues
    assert "height: 2, length: 3" in issue.message
    assert str(issue).startswith('net.prototxt:4: layer "w" (Wave): ')


def test_a_printer_cannot_be_loaded() -> None:
    with pytest.raises(Proto2NetError, match='"prototxt" prints text'):
        proto2net.load(DATA, to="prototxt")
