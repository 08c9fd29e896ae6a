"""Where boxes and lines stand: nothing overlaps, and all goes down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from pictures import all_of_them, by_chance, shipped, ssd

from proto2net import Graph
from proto2net.graph import Node
from proto2net.picture.diagram import Diagram, Group, diagram
from proto2net.picture.layered import arranged
from proto2net.picture.plan import Plan, plan

NETWORKS = dict(all_of_them())


@pytest.fixture(params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return NETWORKS[request.param]


def plans(of: Plan) -> Iterator[Plan]:
    """A plan and those of its blocks."""
    yield of
    for box in of.boxes:
        if box.inside:
            yield from plans(box.inside)


def nodes_of(of: Diagram) -> Iterator[Node]:
    for item in of.items:
        yield from nodes_of(item.inside) if isinstance(item, Group) else item.nodes


def test_each_layer_stands_in_one_box(graph: Graph) -> None:
    assert sorted(map(str, nodes_of(diagram(graph)))) == sorted(map(str, graph.nodes))


@pytest.mark.parametrize("is_open", [False, True])
def test_no_boxes_overlap_and_lines_go_through_none(graph: Graph, is_open: bool) -> None:
    for each in plans(plan(graph, diagram(graph))):
        for row in range(each.rows):
            spans = [
                (
                    box.x[is_open] - box.size(is_open=is_open)[0] / 2,
                    box.x[is_open] + box.size(is_open=is_open)[0] / 2,
                )
                for box in each.boxes
                if box.row == row
            ]
            through = [
                (route.trunk[row - route.row - 1][is_open],) * 2
                for route in each.routes
                if 0 < row - route.row <= len(route.trunk)
            ]
            found = sorted([*spans, *through])
            assert all(right < left for (_, right), (left, _) in pairwise(found))
            assert all(0 <= left <= right <= each.width[is_open] for left, right in found)


def test_a_layer_stands_below_what_it_reads(graph: Graph) -> None:
    for each in plans(plan(graph, diagram(graph))):
        for route in each.routes:
            assert all(end.row > route.row for end in route.ends)
            assert all(end.row == each.boxes[end.box].row for end in route.ends if end.box >= 0)


def test_a_line_begins_and_ends_at_its_boxes(graph: Graph) -> None:
    for each in plans(plan(graph, diagram(graph))):
        for route in each.routes:
            ends = [(route.source, route.port), *((end.box, end.port) for end in route.ends)]
            for box, port in ends:
                assert box < 0 or abs(port) <= each.boxes[box].width / 2


def test_every_value_that_is_read_has_its_line(graph: Graph) -> None:
    found = {route.blob for each in plans(plan(graph, diagram(graph))) for route in each.routes}
    within = {
        box.strips[index].node.tops[0]
        for each in plans(plan(graph, diagram(graph)))
        for box in each.boxes
        for index in range(len(box.strips) - 1)
    }
    assert {*graph.consumers, *graph.outputs} == found | within
    assert not found & within


def test_what_a_paper_draws_straight_is_straight() -> None:
    each = plan(graph := ssd(), diagram(graph))
    trunk = {
        box.x[0]
        for box in each.boxes
        if box.strips and box.strips[0].name in ("conv1", "conv2", "conv3")
    }
    assert len(trunk) == 1
    assert all(len(set(route.trunk)) <= 1 for route in each.routes)


def test_few_lines_cross() -> None:
    def crossings(of: Graph) -> int:
        drawn = diagram(of)
        wires = tuple((line.source, line.readers) for line in drawn.lines)
        rows = arranged(drawn.size, wires)
        place = {v: i for row in rows.order for i, v in enumerate(row)}
        pairs = [
            [(place[other], place[v]) for v in row for other in rows.above[v]] for row in rows.order
        ]
        return sum((a - c) * (b - d) < 0 for row in pairs for a, b in row for c, d in row) // 2

    assert crossings(shipped("googlenet_train_val")) == 0
    assert crossings(ssd()) <= 12


def test_a_network_of_far_lines_without_end_is_drawn_all_the_same() -> None:
    each = plan(graph := by_chance(1, layers=1500), diagram(graph))
    assert sum(len(route.trunk) for route in each.routes) < 40_000
    assert len(each.boxes) > 500
