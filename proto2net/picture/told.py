"""What the page is told of a network: its plan, and what the cards of layers and blocks say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from proto2net import facts
from proto2net.backends.said import said
from proto2net.errors import Proto2NetError
from proto2net.facts import LayerFacts, memory
from proto2net.facts.families import FAMILIES
from proto2net.facts.fields import Field
from proto2net.graph import Blob, Graph, Node
from proto2net.page import visible
from proto2net.picture.labels import blob_name, name_of, shape_text
from proto2net.picture.own_text import texts
from proto2net.picture.plan import ENTRY, EXIT, GAP, HEAD, STRIP, Box, Plan, Route
from proto2net.picture.svg import families_in, style
from proto2net.text import bytes_text

TARGETS = {"torch": "PyTorch", "tf": "Keras"}
"""Whose lines a card has, and what they are called there."""

MOST_SAID = 3000
"""Of networks with more layers the cards lack the targets' lines, which would take long."""

SIZES = {"head": HEAD, "strip": STRIP, "gap": GAP, "entry": ENTRY, "exit": EXIT}
"""What the script has to know of the plan's sizes."""

Rows = list[tuple[str, str]]
"""Lines of a card: what is told, and a text."""


def told(graph: Graph, plan: Plan) -> dict[str, object]:
    """The data of the page."""
    known = dict(zip(graph.nodes, facts.layers(graph), strict=True))
    numbers = {node: index for index, node in enumerate(graph.nodes)}
    blobs: dict[Blob, int] = {}
    for node in graph.nodes:
        for blob in (*node.bottoms, *node.tops):
            blobs.setdefault(blob, len(blobs))
    own = texts(graph)
    says, refused = _said(graph)
    layers = [
        {
            "name": name_of(node),
            "type": node.layer.type,
            "family": each.family,
            "bottoms": [blobs[blob] for blob in node.bottoms],
            "tops": [blobs[blob] for blob in node.tops],
            "rows": _rows(each),
            "where": visible(str(each.where)) if each.where else "",
            "text": visible(own.get(node, "")),
            "says": [visible("\n".join(lines.get(node, []))) for lines in says],
        }
        for node, each in known.items()
    ]
    return {
        "name": visible(graph.name),
        "rows": _totals(graph, list(known.values())),
        "families": [name for name in FAMILIES if any(x.family == name for x in known.values())],
        "targets": list(TARGETS.values()),
        "refused": refused,
        "blobs": [[blob_name(blob), shape_text(graph.open_shape(blob))] for blob in blobs],
        "layers": layers,
        "plan": _plan(plan, known, numbers, blobs),
        "style": style(),
        "sizes": SIZES,
    }


def _said(graph: Graph) -> tuple[list[dict[Node[Any], list[str]]], list[str]]:
    """What each target says of each layer, and why it refuses the network, if it does."""
    says: list[dict[Node[Any], list[str]]] = []
    refused: list[str] = []
    for target in TARGETS:
        if len(graph.nodes) > MOST_SAID:
            says.append({})
            refused.append(f"left out, since there are many layers: convert --to {target} --flat")
            continue
        try:
            says.append(said(graph, target))
            refused.append("")
        except Proto2NetError as error:
            says.append({})
            refused.append(visible("\n".join(map(str, error.issues[:3]))))
    return says, refused


# ---- cards -----------------------------------------------------------------------------------


def _rows(layer: LayerFacts) -> Rows:
    rows: Rows = []
    if layer.parameters or layer.learned:
        shapes = ", ".join(f"{name} {shape_text(x)}" for name, x in layer.learned.items())
        rows.append(("parameters", f"{layer.parameters:,} ({shapes})"))
    if layer.macs:
        rows.append(("multiply-adds", f"{layer.macs:,} an image"))
    if layer.receptive:
        rows.append(("sees", _seen(layer.receptive)))
    if layer.activation_bytes:
        rows.append(("activations", bytes_text(layer.activation_bytes)))
    return rows


@lru_cache  # many layers see as much as the one before
def _seen(field: Field) -> str:
    """The receptive field in words."""
    if field.whole:
        return "the whole image"
    sizes = " × ".join("all" if size is None else str(size) for size in field.sizes)
    steps = dict.fromkeys("all" if step is None else str(step) for step in field.strides)
    return f"{sizes} pixels of the image, at steps of {' × '.join(steps)}"


def _totals(graph: Graph, layers: Sequence[LayerFacts]) -> Rows:
    parameters = sum(layer.parameters for layer in layers)
    size = bytes_text(parameters * memory.FLOAT)
    held = sum(layer.activation_bytes for layer in layers)
    return [
        ("layers", f"{len(graph.nodes):,}"),
        ("parameters", f"{parameters:,} ({size})"),
        ("multiply-adds", f"{graph.per_image(graph.macs):,} an {graph.image}"),
        ("batch", str(graph.batch)),
        ("activations", f"{bytes_text(held)}, all at once"),
        ("", f"{bytes_text(memory.peak(graph))}, each freed after its last reader"),
    ]


def _of_block(nodes: Sequence[Node[Any]], known: dict[Node[Any], LayerFacts]) -> Rows:
    layers = [known[node] for node in nodes]
    return [
        ("layers", f"{len(layers):,}"),
        ("parameters", f"{sum(layer.parameters for layer in layers):,}"),
        ("multiply-adds", f"{sum(layer.macs for layer in layers):,} an image"),
        ("activations", bytes_text(sum(layer.activation_bytes for layer in layers))),
    ]


# ---- the plan --------------------------------------------------------------------------------


def _plan(
    plan: Plan,
    known: dict[Node[Any], LayerFacts],
    numbers: dict[Node[Any], int],
    blobs: dict[Blob, int],
) -> dict[str, object]:
    def of_box(box: Box) -> dict[str, object]:
        made: dict[str, object] = {
            "row": box.row,
            "x": _rounded(box.x),
            "width": box.width,
            "height": box.height,
        }
        if box.group is None or box.inside is None:
            made["strips"] = [[numbers[s.node], s.name, s.detail] for s in box.strips]
            return made
        return made | {
            "name": box.name,
            "detail": box.detail,
            "title": visible(box.group.name),
            "kind": box.group.kind,
            "blocks": box.group.blocks,
            "families": families_in(box),
            "rows": _of_block(box.group.nodes, known),
            "inside": _plan(box.inside, known, numbers, blobs),
        }

    def of_route(route: Route) -> dict[str, object]:
        return {
            "blob": blobs[route.blob],
            "source": route.source,
            "row": route.row,
            "port": route.port,
            "trunk": [_rounded(each) for each in route.trunk],
            "ends": [[end.box, end.row, end.port] for end in route.ends],
            "width": route.width,
            "label": route.label,
            "beside": route.beside,
        }

    return {
        "width": _rounded(plan.width),
        "rows": plan.rows,
        "boxes": [of_box(box) for box in plan.boxes],
        "routes": [of_route(route) for route in plan.routes],
    }


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(number, 1) for number in numbers]
