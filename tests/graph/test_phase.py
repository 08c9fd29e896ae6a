"""Which layers stay in a phase, a level and stages."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from google.protobuf import text_format
from places import TESTS

import proto2net
from proto2net.caffe.phase import layer_phase, select
from proto2net.caffe.schema import LINE, Message, message_class
from proto2net.errors import Location, ParseError, ShapeError

GOLDEN = TESTS / "golden" / "filter"


def parsed(text: str) -> Message:
    """The NetParameter of this text."""
    return text_format.Parse(text, message_class("NetParameter")())


def names(layers: list[Message]) -> list[str]:
    """The layers' names."""
    return [layer.name for layer in layers]


def cases() -> list[object]:
    """Every golden net with every state that Caffe was asked about."""
    return [
        pytest.param(net, state, id=f"{net.parent.name}-{index}")
        for net in sorted(GOLDEN.glob("*/net.prototxt"))
        for index, state in enumerate(json.loads((net.parent / "expected.json").read_text()))
    ]


def test_there_are_nine_golden_nets_in_six_states() -> None:
    assert len(cases()) == 54


@pytest.mark.parametrize(("net", "expected"), cases())
def test_the_layers_that_stay_are_those_of_caffe(net: Path, expected: dict[str, object]) -> None:
    state = {name: expected[name] for name in ("phase", "level", "stages")}
    assert names(select(parsed(net.read_text()), **state)) == expected["layers"]


def test_the_phase_is_test_unless_asked_otherwise() -> None:
    net = parsed(
        'layer { name: "a" include { phase: TRAIN } } layer { name: "b" include { phase: TEST } }'
    )
    assert names(select(net)) == ["b"]


def test_a_phase_that_caffe_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="test"):
        select(parsed('layer { name: "a" }'), "test")


def test_the_net_own_stages_count_and_its_level_does_not() -> None:
    net = parsed(
        'state { level: 3 stage: "x" }'
        'layer { name: "a" include { stage: "x" stage: "y" } }'
        'layer { name: "b" include { min_level: 1 } }'
    )
    assert names(select(net, stages=["y"])) == ["a"]
    assert names(select(net, level=1)) == ["b"]


def test_selecting_leaves_the_net_as_it_was() -> None:
    net = parsed('state { stage: "x" } layer { name: "a" exclude { } }')
    before = net.SerializeToString()
    select(net, "TRAIN", 2, ["y"])
    assert net.SerializeToString() == before


def test_include_and_exclude_in_one_layer_is_an_error_that_names_every_such_layer() -> None:
    net = parsed(
        'layer { name: "a" type: "ReLU" include { } exclude { } }'
        'layer { name: "b" type: "ReLU" include { } }'
        'layer { name: "c" type: "Dropout" include { } include { } exclude { } }'
    )
    for line, layer in enumerate(net.layer, start=3):
        setattr(layer, LINE, line)
    with pytest.raises(ParseError) as error:
        select(net, file="net.prototxt")
    first, second = error.value.issues
    assert first.where == Location("net.prototxt", 3)
    assert first.layer == 'layer "a" (ReLU)'
    assert second.where == Location("net.prototxt", 5)
    assert second.message == "has include rules (2) and exclude rules (1)"
    assert "rules of one kind" in second.hint


def test_a_layer_own_phase_wins_over_the_net() -> None:
    own, other = parsed('layer { name: "drop" phase: TRAIN } layer { name: "relu" }').layer
    assert layer_phase(own, "TEST") == "TRAIN"
    assert layer_phase(other, "TEST") == "TEST"
    assert layer_phase(other, "TRAIN") == "TRAIN"


def test_a_layer_own_phase_does_not_filter_it() -> None:
    assert names(select(parsed('layer { name: "drop" phase: TRAIN }'), "TEST")) == ["drop"]


def test_layers_of_another_phase_than_the_network_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    text = """
        layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 } } }
        layer { name: "drop" type: "Dropout" bottom: "d" top: "x" phase: TRAIN }
        layer { name: "relu" type: "ReLU" bottom: "x" top: "y" phase: TRAIN }"""
    proto2net.parse(text, file="net.prototxt")
    assert caplog.messages == [
        'net.prototxt: phase: TRAIN of 2 layers (the first is "drop") is kept, as in Caffe; '
        "without it all runs in the test phase"
    ]
    caplog.clear()
    proto2net.parse(text, file="net.prototxt", phase="train")
    assert caplog.messages == []


def test_a_stage_is_named_before_another_phase() -> None:
    text = """
        input: "d" input_shape { dim: 2 }
        layer { name: "a" type: "ReLU" bottom: "d" top: "x" include { phase: TRAIN } }
        layer { name: "b" type: "ReLU" bottom: "d" top: "x" include { phase: TEST stage: "seen" } }
        layer { name: "c" type: "ReLU" bottom: "x" top: "y" }"""
    with pytest.raises(ShapeError) as error:
        proto2net.parse(text)
    assert error.value.issues[0].hint == 'layer "b" makes it, with --stage seen'
