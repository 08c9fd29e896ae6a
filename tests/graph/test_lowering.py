"""What a target does not render itself becomes other layers of Caffe, with Caffe's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from layer_cases import NAMES, case, check_blobs
from places import ROOT
from reference import NETS, corpus, needs_nets

import proto2net
from proto2net import Graph, UnsupportedError, backends
from proto2net.backends.base import Backend, Code
from proto2net.graph import Node
from proto2net.layers import (
    ELU,
    LAYERS,
    LRN,
    BatchNorm,
    Bias,
    Concat,
    Convolution,
    Crop,
    Deconvolution,
    Eltwise,
    Flatten,
    InnerProduct,
    Input,
    Layer,
    Permute,
    Pooling,
    Power,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Silence,
    Slice,
    Softmax,
    Split,
    TanH,
)
from proto2net.lowering import lowered
from proto2net.lowering.rules import LOWERINGS

NUMPY: Backend = backends.get("numpy")

FEW = (
    *(BatchNorm, Bias, Concat, Convolution, Crop, Deconvolution, ELU, Eltwise, Flatten),
    *(InnerProduct, Input, LRN, Permute, Pooling, Power, PReLU, ReLU, Reshape, Scale),
    *(Sigmoid, Silence, Slice, Softmax, Split, TanH),
)
"""What a small target renders: 25 types."""


def renders(layer: type[Layer]) -> bool:
    return layer in FEW


class Toy(Backend):
    """A target with a renderer for each of a few types."""

    name = "toy"


@pytest.fixture(scope="module")
def toy() -> Toy:
    found = Toy()
    for layer in set(FEW) - {Input, Silence, Split}:  # which every target has
        found.renders(layer)(lambda node: Code(None))
    return found


def converts(toy: Toy, graph: Graph) -> bool:
    try:
        toy.steps(lowered(graph, toy.renders_itself))
    except UnsupportedError:
        return False
    return True


def public() -> Iterator[Graph]:
    """The networks of which Caffe's shapes were recorded."""
    wanted = {path.stem for path in NETS.glob("*.json")}
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha in wanted:
            yield proto2net.parse(text, file=path)


def own() -> list[Path]:
    return sorted((ROOT / "models" / "prototxt").glob("*.prototxt"))


@pytest.mark.parametrize("path", own(), ids=lambda path: path.stem)
def test_25_renderers_are_a_target_for_the_classics(path: Path, toy: Toy) -> None:
    inputs = {"*": (1, 3, 224, 224)} if "train_val" in path.name else None
    assert converts(toy, proto2net.parse(path, inputs=inputs))


@needs_nets
def test_25_renderers_are_a_target_for_most_public_networks(toy: Toy) -> None:
    converted = [converts(toy, graph) for graph in public()]
    assert len(converted) > 100
    assert sum(converted) >= 0.8 * len(converted)


def lowered_cases() -> list[str]:
    """The cases that have a layer for which there is a rule."""
    return [
        name
        for name in NAMES
        if any(
            type(node.layer) in LOWERINGS and not _draws(node) for node in case(name).graph.nodes
        )
    ]


def _draws(node: Node[Layer]) -> bool:
    return bool(getattr(node.layer, "samples", lambda phase: False)(node.phase))


@pytest.mark.parametrize("name", lowered_cases())
def test_what_is_lowered_agrees_with_caffe(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer in LAYERS.values():
        NUMPY.meet(layer)
    gone = {layer for layer in LOWERINGS if not layer.may_be_other}
    kept = {types: r for types, r in NUMPY.renderers.items() if types[0] not in gone}
    monkeypatch.setattr(NUMPY, "renderers", kept)
    check_blobs(case(name), "numpy")


def test_every_rule_has_a_case() -> None:
    found = {type(node.layer) for name in lowered_cases() for node in case(name).graph.nodes}
    assert set(LOWERINGS) <= found


def test_what_draws_at_random_is_refused_by_a_target_without_it(toy: Toy) -> None:
    net = """
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "drop" type: "Dropout" bottom: "x" top: "y" }
    """
    with pytest.raises(UnsupportedError, match=r'layer "drop" \(Dropout\): draws at random'):
        lowered(proto2net.parse(net, phase="train"), toy.renders_itself)
    assert converts(toy, proto2net.parse(net))
