"""The outline: which blocks are found, and that they are blocks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT
from reference import NETS, corpus, needs_nets

import proto2net
from proto2net import Graph
from proto2net.graph import Node
from proto2net.layers import Layer
from proto2net.outline import Outline, Part, Region, Stage, outline


def regions(found: Outline) -> list[Region]:
    """The regions in order, those of stages too."""
    return [
        region
        for part in found.parts
        if not isinstance(part, Node)
        for region in (part.regions if isinstance(part, Stage) else (part,))
    ]


def nodes(part: Part) -> list[Node[Layer]]:
    if isinstance(part, Node):
        return [part]
    whole = part.regions if isinstance(part, Stage) else (part,)
    return [node for region in whole for node in region.nodes if node is not None]


def check(graph: Graph) -> Outline:
    """The outline, of which everything that is promised holds."""
    found = outline(graph)
    whole = [node for part in found.parts for node in nodes(part)]
    assert list(map(id, whole)) == list(map(id, graph.nodes))
    assert list(found.kinds) == list(dict.fromkeys(region.kind for region in regions(found)))
    titles = [kind.title for kind in found.kinds]
    assert len(set(titles)) == len(titles)
    for kind in found.kinds:
        mine = [region for region in regions(found) if region.kind is kind]
        assert len(mine) >= 2
        assert len({region.key for region in mine}) == len(mine)
        assert len(set(kind.roles)) == len(kind.roles)
        assert len(kind.templates) in (0, len(kind.roles))
        assert len(kind.steps) in (0, len(kind.templates))
        assert all(kind.roles)
        assert any(None not in region.nodes for region in mine)
        assert bool(kind.optional) == any(None in region.nodes for region in mine)
    for region in regions(found):
        check_region(graph, region)
    for stage in found.parts:
        if isinstance(stage, Stage):
            check_stage(graph, stage)
    return found


def check_region(graph: Graph, region: Region) -> None:
    kind = region.kind
    names = kind.names(region.key) or [node.name if node else "" for node in region.nodes]
    for index, (name, node) in enumerate(zip(names, region.nodes, strict=True)):
        assert index in kind.optional if node is None else name == node.name
    inside = nodes(region)
    made = {top for node in inside for top in node.tops}
    assert {blob for node in inside for blob in node.bottoms} - made == {region.entry}
    assert region.exit in made
    readers = {reader for blob in made for reader in graph.consumers.get(blob, ())}
    read = {blob for node in readers - set(inside) for blob in node.bottoms}
    assert (read | graph.output_set) & made == {region.exit}
    assert not any(graph.sharers(node) or any(node.loss_weight) for node in inside)
    assert not any(isinstance(node.layer, proto2net.layers.Input) for node in inside)


def check_stage(graph: Graph, stage: Stage) -> None:
    assert len(stage.regions) == len(stage.keys) == len(set(stage.keys)) > 1
    for before, after in zip(stage.regions, stage.regions[1:], strict=False):
        assert before.kind == after.kind
        assert after.entry == before.exit
        assert set(graph.consumers[before.exit]) <= set(nodes(after))
        assert before.exit not in graph.output_set


def own() -> list[Path]:
    return sorted((ROOT / "models" / "prototxt").glob("*.prototxt"))


def model(name: str) -> Graph:
    path = ROOT / "models" / "prototxt" / f"{name}.prototxt"
    inputs = {"*": (1, 3, 224, 224)} if "train_val" in name else None
    return proto2net.parse(path, inputs=inputs)


@pytest.mark.parametrize("path", own(), ids=lambda path: path.stem)
def test_blocks_of_the_classics_are_blocks(path: Path) -> None:
    check(model(path.stem))


def public() -> Iterator[Graph]:
    """The networks of which Caffe's shapes were recorded."""
    wanted = {path.stem for path in NETS.glob("*.json")}
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha in wanted:
            yield proto2net.parse(text, file=path)


@needs_nets
def test_blocks_of_public_networks_are_blocks() -> None:
    found = [check(graph) for graph in public()]
    assert len(found) > 100
    assert sum(bool(each.kinds) for each in found) >= 50


def told(found: Outline) -> list[str]:
    """The kinds, as "16 Bottleneck"."""
    return [
        f"{sum(region.kind is kind for region in regions(found))} {kind.title}"
        for kind in found.kinds
    ]


FOUND = {
    "alexnet": [],
    "googlenet": ["9 Inception"],
    "mobilenet": ["13 DepthwiseSeparable"],
    "resnet50": ["16 Bottleneck"],
    "resnet101": ["33 Bottleneck"],
    "resnet152": ["50 Bottleneck"],
    "squeezenet_v1.1": ["8 Fire"],
}


@pytest.mark.parametrize("name", FOUND)
def test_these_blocks_are_found(name: str) -> None:
    assert told(check(model(name))) == FOUND[name]


def test_layers_of_a_block_are_called_as_in_caffe_without_what_tells_the_block() -> None:
    first = regions(outline(model("googlenet")))[0]
    assert (first.name, first.key) == ("inception_3a", "3a")
    assert first.kind.templates[:2] == ("inception_{}/1x1", "inception_{}/relu_1x1")
    assert first.kind.roles[:4] == ("1x1", "relu_1x1", "3x3_reduce", "relu_3x3_reduce")
    assert (first.entry.name, first.exit.name) == ("pool2/3x3_s2", "inception_3a/output")


def test_projections_are_a_part_that_not_every_block_has() -> None:
    found = outline(model("resnet50"))
    (kind,) = found.kinds
    assert [kind.roles[i] for i in kind.optional] == ["branch1", "bn_branch1", "scale_branch1"]
    projecting = [region.name for region in regions(found) if None not in region.nodes]
    assert projecting == ["res2a", "res3a", "res4a", "res5a"]


def test_blocks_in_a_row_are_stages() -> None:
    stages = {s.name: s.keys for s in outline(model("resnet50")).parts if isinstance(s, Stage)}
    assert stages == {
        "res2": tuple("abc"),
        "res3": tuple("abcd"),
        "res4": tuple("abcdef"),
        "res5": tuple("abc"),
    }
    stages = {s.name: s.keys for s in outline(model("resnet152")).parts if isinstance(s, Stage)}
    assert stages["res3"] == ("a", *(f"b{i}" for i in range(1, 8)))


def test_with_every_value_as_an_output_there_are_no_blocks() -> None:
    graph = model("googlenet")
    assert outline(graph.until(list(graph.blobs))).kinds == ()


SAME = """
import sys, proto2net
from proto2net.outline import outline
print(outline(proto2net.parse(sys.argv[1])))
"""


def test_the_outline_is_the_same_in_every_process() -> None:
    path = ROOT / "models" / "prototxt" / "resnet50.prototxt"
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME, path],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(told) == 1
