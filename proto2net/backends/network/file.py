"""The file that is printed: imports, one class with attributes and a setup, and what runs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby, islice, takewhile
from typing import Any, NamedTuple

from proto2net import layers, layout
from proto2net.backends.network.blocks import METHOD, Method, methods
from proto2net.backends.network.calls import Calls, expression, style_of
from proto2net.backends.network.chains import Link, chained, linked
from proto2net.backends.network.forms import Style
from proto2net.backends.network.units import UnitCalls, UnitMethod, unit_methods
from proto2net.backends.source import INDENT, WIDTH, class_name, entry_name
from proto2net.backends.statements import (
    Assignment,
    Class,
    Compound,
    Evaluation,
    Function,
    Parameter,
    Statement,
    lines_of,
    names_of,
)
from proto2net.backends.tree import Call as Called
from proto2net.backends.tree import (
    Display,
    Expression,
    Literal,
    Name,
    Pair,
    Variable,
    call,
    code,
    method,
    tree,
)
from proto2net.builder import Network
from proto2net.graph import Blob, Entry, Graph, Node
from proto2net.layers import Input
from proto2net.outline import Region, outline
from proto2net.text import plain
from proto2net.wiring import wire


def text(graph: Graph, weights: str = "", *, flat: bool = False) -> str:
    """The graph as a file with one class, which loads a file of weights beside it.

    A `flat` one calls each layer where it stands; else blocks are methods.
    """
    title = f'"""{plain(graph.name) or "A network"}, converted from Caffe by proto2net."""'
    name, style = entry(graph), style_of(graph)
    attributes = _attributes(graph, name, style)
    body = _methods(graph, style, name, flat)
    statements: list[Statement] = [
        Class(name, [Name("Network")], [title], body, attributes=attributes),
        Compound("if", code('__name__ == "__main__"'), _main(name, weights)),
    ]
    imports = _imports(graph, set(names_of(statements)))
    parts = [[title, "", *imports], *(statement.lines(0) for statement in statements)]
    return "\n\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _main(name: str, weights: str) -> list[Statement]:
    """What the file does when it is run."""
    if not weights:
        return [Evaluation(call("print", call(name)))]
    path = code("Path(__file__).with_name({weights})", weights=weights)
    return [
        Assignment(("net",), method(call(name), "load", path)),
        Evaluation(call("print", Variable("net"))),
    ]


def entry(graph: Graph) -> str:
    """The name of the class."""
    used = (type(node.layer).__name__ for node in graph.nodes)
    taken = {"Network", "ClassVar", "Path", *layers.__all__, *used}
    return entry_name(class_name(graph.name), taken, "Net")


def _imports(graph: Graph, used: Collection[str]) -> list[str]:
    """What these names need, in ruff's order."""
    standard = {
        "Path": "from pathlib import Path",
        "Any": "from typing import Any",
        "ClassVar": "from typing import ClassVar",
    }
    lines = [line for name, line in standard.items() if name in used]
    if {"Any", "ClassVar"} <= set(used):
        lines[-2:] = ["from typing import Any, ClassVar"]
    lines += [""] * bool(lines)
    modules = {type(node.layer).__name__: type(node.layer).__module__ for node in graph.nodes}
    modules |= dict.fromkeys(layers.__all__, "proto2net.layers")
    wanted: dict[str, list[str]] = {"proto2net": ["Network"]}
    for name in modules.keys() & used - standard.keys():
        wanted.setdefault(modules[name], []).append(name)
    for module in sorted(wanted):
        lines += _import(module, wanted[module])
    return lines


def _import(module: str, names: list[str]) -> list[str]:
    """An import of names, which ruff sorts as constants, classes, functions."""
    names = sorted(names, key=lambda name: (not name.isupper(), name))
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"{INDENT}{name}," for name in names), ")"]


def _attributes(graph: Graph, name: str, style: Style) -> list[Statement]:
    """What the class says beside its layers, where it is not what it would be anyway."""
    said: list[Statement] = []

    def say(attribute: str, value: Expression, kind: Expression | None = None) -> None:
        said.append(Assignment((attribute,), value, type=kind))

    if graph.name != name:
        say("name", tree(graph.name))
    if graph.phase != "TEST":
        say("phase", tree(graph.phase.lower()))
    inputs = _inputs(graph)
    if inputs.tops:
        sizes = [Pair(tree(top.name), tree(layout.laid_out(top.shape))) for top in inputs.tops]
        say("inputs", Display("{}", tuple(sizes)), Name("ClassVar"))
    if inputs.layer:
        say("input_layer", tree(inputs.layer))
    whole = wire(graph.name, (node.entry for node in graph.nodes), graph.phase)
    if graph.outputs != whole.outputs:
        say("outputs", tree(tuple(blob.name for blob in graph.outputs)))
    for attribute, value in style._asdict().items():
        if value != getattr(Network, attribute):
            say(attribute, expression(value))
    return said


class _Inputs(NamedTuple):
    """What the class attribute `inputs` makes: the first nodes of a graph."""

    nodes: int
    tops: Sequence[Blob]
    layer: str = ""
    """The layer that makes all; empty: each has its own."""


def _inputs(graph: Graph) -> _Inputs:
    def plain_input(node: Node[Any], top: str) -> bool:
        shapes = tuple(blob.shape for blob in node.tops)
        names = node.entry.tops
        right = Entry(node.name, Input(shape=shapes), tops=names, phase=graph.phase)
        return node.entry == right and names[0] == top

    own = list(takewhile(lambda node: plain_input(node, node.name), graph.nodes))
    own = list(takewhile(lambda node: len(node.tops) == 1, own))
    if own or not graph.nodes:
        return _Inputs(len(own), [node.tops[0] for node in own])
    first = graph.nodes[0]
    if isinstance(first.layer, Input) and plain_input(first, first.tops[0].name):
        return _Inputs(1, first.tops, first.name)
    return _Inputs(0, ())


def _methods(graph: Graph, style: Style, name: str, flat: bool) -> list[Statement]:
    """The class's methods: setup, those of blocks, and those of units that make all shorter."""
    plain = Calls(graph, style)
    if flat:
        return [_setup(graph, (), UnitCalls(plain))]
    regions = _regions(graph, UnitCalls(plain), name)

    def body(*units: UnitMethod) -> list[Statement]:
        calls = UnitCalls(plain, units)
        blocks = [*methods(regions, calls, name)]
        definitions = [*(each.definition for each in blocks), *(each.definition for each in units)]
        return [_setup(graph, blocks, calls), *definitions]

    shortest = body()
    chosen: tuple[UnitMethod, ...] = ()
    most = min(_MOST_TRIED, max(1, _MOST_LAYERS // max(1, len(graph.nodes))))
    units = islice(unit_methods(graph, plain, name), most)
    alone = [(body(unit), unit) for unit in units]
    for tried, unit in sorted(alone, key=lambda each: _size(each[0])):
        if unit.definition.name in {each.definition.name for each in chosen}:
            continue
        found = body(*chosen, unit) if chosen else tried
        if _size(found) < _size(shortest):
            shortest, chosen = found, (*chosen, unit)
    return shortest


_MOST_TRIED = 8
"""How many units are tried, those first that are most of the network: each takes time."""

_MOST_LAYERS = 16_000
"""Layers that are laid out in all tries: a very large network has fewer of these."""


def _regions(graph: Graph, calls: UnitCalls, name: str) -> list[Region]:
    """The regions of blocks that make the class shorter."""
    found: list[Method] = []
    setup = _setup(graph, found, calls)
    for block in methods(outline(graph).regions, calls, name):
        shorter = _setup(graph, [*found, block], calls)
        if _size([shorter, block.definition]) < _size([setup]):
            setup = shorter
            found.append(block)
    return [region for block in found for region in block.calls]


def _size(statements: Sequence[Statement]) -> int:
    """How many lines methods have."""
    return len(lines_of(statements, 1))


def _setup(graph: Graph, blocks: Sequence[Method], calls: UnitCalls) -> Statement:
    """The method that makes the network, with calls of these blocks."""
    links = _links(graph, {region: call for m in blocks for region, call in m.calls.items()}, calls)
    return Function("setup", [Parameter("self")], Literal(None), chained(links))


def _links(graph: Graph, blocks: Mapping[Region, Called], calls: UnitCalls) -> Iterator[Link]:
    """The calls of setup in order: those of blocks, and those of what is in none."""
    home = {node: region for region in blocks for node in region.nodes if node}
    terminals: tuple[str, ...] | None = None
    for region, together in groupby(graph.nodes[_inputs(graph).nodes :], home.get):
        nodes = tuple(together)
        made = calls(nodes)
        if region:
            entry = region.entry.name
            begins = terminals != (entry,)
            yield Link(blocks[region], (Literal(entry),), begins, nodes[0], METHOD)
        else:
            yield from linked(made, terminals)
        terminals = made[-1].nodes[-1].entry.tops
