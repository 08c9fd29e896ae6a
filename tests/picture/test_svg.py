"""The file of SVG: well-formed, without a script, and the same each time."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from attacks import assert_plain
from pictures import all_of_them, hostile, shipped

import proto2net
from proto2net import Graph
from proto2net.facts.families import FAMILIES

NETWORKS = dict(all_of_them())
SVG = "{http://www.w3.org/2000/svg}"


def parsed(graph: Graph, *, opened: bool) -> ElementTree.Element:
    text = proto2net.view(graph, form="svg", opened=opened)
    return ElementTree.fromstring(text)  # noqa: S314  # our own


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_well_formed_and_has_nothing_that_runs_or_is_fetched(name: str, opened: bool) -> None:
    root = parsed(NETWORKS[name], opened=opened)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "path", "circle", "text", "g"}
    names = {key for each in root.iter() for key in each.attrib}
    assert not [key for key in names if key.startswith("on") or "href" in key]
    assert_plain(ElementTree.tostring(root, encoding="unicode"))
    style = root.findtext(f"{SVG}style") or ""
    assert "url" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", NETWORKS)
def test_all_layers_stand_in_an_open_one_and_blocks_in_a_closed_one(name: str) -> None:
    graph = NETWORKS[name]
    shown = [g for g in parsed(graph, opened=True).iter(f"{SVG}g") if g.get("class") in FAMILIES]
    assert len(shown) == len(graph.nodes)
    closed = parsed(graph, opened=False)
    assert len([*closed.iter(f"{SVG}g")]) <= len([*parsed(graph, opened=True).iter(f"{SVG}g")])


def test_a_long_name_is_cut_in_the_picture_and_whole_in_its_title() -> None:
    root = parsed(hostile(), opened=True)
    texts = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert max(map(len, texts)) < 60
    assert any("…" in text for text in texts)
    assert any("n" * 10_000 in (each.text or "") for each in root.iter(f"{SVG}title"))


def test_the_same_network_gives_the_same_file() -> None:
    graph = shipped("googlenet_train_val")
    first = proto2net.view(graph, form="svg")
    again = proto2net.view(proto2net.parse(proto2net.convert(graph, to="prototxt")), form="svg")
    assert first == again
