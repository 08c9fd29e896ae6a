"""The name of a fork chooses among layers of one name that no parameter tells apart."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from click.testing import CliRunner
from samples.sample import layer
from samples.yolo import PLANES, SQUARES, reorganised, swapped

import proto2net
from proto2net import Graph, Proto2NetError, ShapeError, UnsupportedError
from proto2net.cli import cli
from proto2net.graph import Entry
from proto2net.layers import BN, LAYERS, Input, Normalize, Reorg, Upsample, Warp
from proto2net.survey import survey
from proto2net.wiring import wire

REORG = layer("Reorg", "x", "y", "reorg_param { stride: 2 }")
REVERSE = layer("Reorg", "x", "y", "reorg_param { stride: 2 reverse: true }")


def fed(text: str, *dims: int) -> str:
    """A layer behind an input x of this shape."""
    sizes = " ".join(f"dim: {size}" for size in dims)
    return layer("Input", "", "x", f"input_param {{ shape {{ {sizes} }} }}", "data") + f"\n{text}"


def last(graph: Graph) -> object:
    return graph.nodes[-1].layer


@pytest.mark.parametrize(
    ("fork", "right"),
    [
        ("", swapped),
        ("synopsys", swapped),
        ("darknet", reorganised),
        ("yolo9000", reorganised),
        ("mobilenet-yolo", reorganised),
        ("intel", reorganised),
        ("segnet", swapped),  # which has no Reorg
    ],
)
@pytest.mark.parametrize("text", [REORG, REVERSE])
def test_the_fork_chooses_the_reorg(fork: str, right: object, text: str) -> None:
    network = proto2net.load(fed(text, *PLANES.shape), to="numpy", fork=fork)
    x = PLANES.astype(np.float32)
    found = proto2net.blobs(network, {"x": x})["y"]
    np.testing.assert_array_equal(found, right(x, 2, reverse=text == REVERSE).astype(np.float32))  # type: ignore[operator]


def test_reorgs_agree_on_square_planes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    text = fed(REORG, *SQUARES.shape)
    source = proto2net.convert(text, to="numpy")
    assert source == proto2net.convert(text, to="numpy", fork="darknet")
    assert "swapped" not in source
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (REORG, "about Reorg on planes that are not square: this is synopsys'; --fork darknet"),
        (REVERSE, "about Reorg with reverse: this is synopsys'; --fork darknet"),
        (layer("BN", "x", "y"), "about BN without parameters: this is PSPNet's; --fork segnet"),
    ],
)
def test_a_note_tells_where_forks_disagree(
    text: str, note: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    proto2net.parse(fed(text, *PLANES.shape), file="net.prototxt")
    assert f"net.prototxt:2: forks disagree {note}" in caplog.text


def test_no_note_is_told_once_the_fork_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    proto2net.parse(fed(REORG, *PLANES.shape), fork="synopsys")
    proto2net.parse(fed(layer("BN", "x", "y"), *PLANES.shape), fork="segnet")
    assert caplog.text == ""


def test_darknet_is_named_where_synopsys_cannot_go_on() -> None:
    text = fed(REVERSE, 1, 4, 5, 5)
    with pytest.raises(ShapeError, match=r"planes of 5 x 5 do not divide .*\n.*--fork darknet"):
        proto2net.parse(text)
    assert proto2net.parse(text, fork="darknet").blobs["y"].shape == (1, 1, 10, 10)


def test_parameters_go_before_the_name() -> None:
    assert BN(fork="segnet").variant == "SegNet"
    assert BN(fork="ctpn").variant == "CTPN"
    assert BN(fork="tsn").variant == BN(fork="pspnet").variant == "PSPNet"
    assert BN(frozen=True, fork="segnet").variant == "PSPNet"
    assert BN(bn_mode="LEARN", fork="pspnet").variant == "SegNet"
    assert Normalize(eps=1e-3, fork="happynear").epsilon == 1e-3


def test_the_fork_chooses_the_normalize() -> None:
    text = fed(layer("Normalize", "x", "y"), 2, 3, 4, 5)
    with pytest.raises(ShapeError, match="--fork ssd or --fork happynear"):
        proto2net.parse(text)
    ssd = proto2net.parse(text, fork="ssd").nodes[-1]
    assert [blob.shape for blob in ssd.blobs.values()] == [()]
    assert proto2net.parse(text, fork="happynear").nodes[-1].blobs == {}


def test_the_fork_gives_the_scale_that_an_upsample_lacks() -> None:
    text = fed(layer("Upsample", "x", "y"), 2, 3, 4, 5)
    with pytest.raises(ShapeError, match="--fork mobilenet-yolo"):
        proto2net.parse(text)
    graph = proto2net.parse(text, fork="mobilenet-yolo")
    assert last(graph) == Upsample(fork="mobilenet-yolo")
    assert graph.blobs["y"].shape == (2, 3, 4, 5)


def test_a_layer_has_the_fork_only_if_it_knows_it() -> None:
    graph = proto2net.parse(fed(layer("BN", "x", "y"), 2, 3, 4, 5), fork="darknet")
    assert last(graph) == BN()


def test_types_that_know_forks_have_a_field_for_one() -> None:
    assert [name for name, kind in LAYERS.items() if kind.forks] == [
        name for name, kind in LAYERS.items() if "fork" in getattr(kind, "__dataclass_fields__", ())
    ]


def test_an_unknown_fork_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Proto2NetError, match='"darknett" is not known') as error:
        proto2net.parse(fed(REORG, 1, 4, 4, 4), fork="darknett")
    (issue,) = error.value.issues
    assert issue.hint == (
        "these are: ctpn, darknet, faceboxes, future, happynear, intel, liteflownet, "
        "mobilenet-yolo, mycaffe, openvino, pspnet, pwc-net, segnet, ssd, sstd, synopsys, "
        "textboxes, tsn, yolo9000"
    )


def test_a_program_is_refused_a_fork_that_the_layer_does_not_know() -> None:
    entries = [
        Entry("data", Input(shape=((1, 4, 4, 4),)), (), ("x",)),
        Entry("reorg", Reorg(fork="segnet"), ("x",), ("y",)),
    ]
    with pytest.raises(ShapeError, match='"segnet" is not known'):
        wire("net", entries)


def test_a_survey_refuses_an_unknown_fork_before_it_starts() -> None:
    with pytest.raises(Proto2NetError, match='"darknett" is not known'):
        survey([], fork="darknett")


@pytest.mark.parametrize("command", ["convert", "inspect", "verify", "time", "survey"])
def test_every_command_that_reads_networks_takes_a_fork(command: str) -> None:
    assert "--fork NAME" in CliRunner().invoke(cli, [command, "--help"]).output


def test_prototxt_cannot_say_the_fork() -> None:
    text = fed(REORG, *PLANES.shape)
    with pytest.raises(UnsupportedError, match="a prototxt cannot hold fork: darknet"):
        proto2net.convert(text, to="prototxt", fork="darknet")
    assert "fork" not in proto2net.convert(text, to="prototxt")


def test_a_network_class_says_the_fork() -> None:
    source = proto2net.convert(fed(REORG, *PLANES.shape), to="network", fork="darknet")
    assert 'Reorg(stride=2, fork="darknet")' in source


def test_prototxt_is_without_a_fork_that_other_layers_prove() -> None:
    warped = layer("Grid", "x", "gxy", name="grid") + layer("Warp", "x gxy", "y", name="warp")
    graph = proto2net.parse(fed(warped, 1, 3, 4, 5))
    assert graph.nodes[-1].layer == Warp(fork="liteflownet")
    printed = proto2net.convert(graph, to="prototxt")
    assert "fork" not in printed
    assert proto2net.parse(printed) == graph
