"""The file that is printed: imports, one class with attributes and a setup, and what runs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any, NamedTuple

from proto2net import layers, layout
from proto2net.backends.network.blocks import Method, methods
from proto2net.backends.network.calls import Calls, Style, expression, style_of
from proto2net.backends.network.chains import Link, chained, linked, shortened
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
        "ClassVar": "from typing import ClassVar",
    }
    lines = [line for name, line in standard.items() if name in used]
    lines += [""] * bool(lines)
    modules = {type(node.layer).__name__: type(node.layer).__module__ for node in graph.nodes}
    modules |= dict.fromkeys(layers.__all__, "proto2net.layers")
    wanted: dict[str, list[str]] = {"proto2net": ["Network"]}
    for name in modules.keys() & used:
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
            say(attribute, expression(value), Name("ClassVar"))
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
    """The class's methods: setup, and those of blocks."""
    calls = Calls(graph, style)
    found: list[Method] = []
    setup = _setup(graph, found, calls)
    for block in [] if flat else methods(outline(graph).regions, calls, name):
        shorter = _setup(graph, [*found, block], calls)
        if len(lines_of([shorter, block.definition], 1)) < len(setup.lines(1)):
            setup = shorter
            found.append(block)
    return [setup, *(block.definition for block in found)]


def _setup(graph: Graph, blocks: Sequence[Method], calls: Calls) -> Statement:
    """The method that makes the network, with calls of these blocks."""
    links = _links(graph, {region: call for m in blocks for region, call in m.calls.items()}, calls)
    chains = chained(map(shortened, links) if blocks else links)
    body = [Evaluation(chain) for chain in chains]
    return Function("setup", [Parameter("self")], Literal(None), body)


def _links(graph: Graph, blocks: Mapping[Region, Called], calls: Calls) -> Iterator[Link]:
    """The calls of setup in order: those of blocks, and those of what is in none."""
    home = {node: region for region in blocks for node in region.nodes if node}
    terminals: tuple[str, ...] | None = None
    for region, together in groupby(graph.nodes[_inputs(graph).nodes :], home.get):
        nodes = tuple(together)
        made = calls(nodes)
        if region:
            entry = region.entry.name
            yield Link(blocks[region], (Literal(entry),), terminals != (entry,), nodes[0])
        else:
            yield from linked(made, terminals)
        terminals = made[-1].nodes[-1].entry.tops
