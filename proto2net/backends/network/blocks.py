"""Blocks that the outline found, as methods of the printed class: they feed and chain.

A method gets what its layers are named from, such as "inception_3a", and what differs from block
to block. It reads what the call before it has made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from proto2net.backends.blocks import ENTRY, PROJECT, SHORTCUT, call_of, said
from proto2net.backends.forming import MOST
from proto2net.backends.naming import GIVEN, Naming, texts
from proto2net.backends.network.calls import Call, Nodes, Part, Signature, Word
from proto2net.backends.network.chains import Link, in_turn, linked, returned
from proto2net.backends.network.units import UnitCalls, positions, worded
from proto2net.backends.parameters import Argument, parameters
from proto2net.backends.source import Namespace, snake_case
from proto2net.backends.statements import (
    Assignment,
    Compound,
    Function,
    Parameter,
    Statement,
)
from proto2net.backends.tree import Call as Called
from proto2net.backends.tree import (
    Expression,
    Literal,
    Name,
    Placeholder,
    Variable,
    filled,
    parts_of,
)
from proto2net.backends.unify import DifferentError, Slot, Unifier
from proto2net.builder import Network
from proto2net.frozen import dataclass
from proto2net.graph import Blob
from proto2net.outline import Kind, Region
from proto2net.outline.names import keys, template

X = Variable(ENTRY)
"""The name of what a block reads."""

METHOD = Signature((), (), strides=False)
"""What is known of what a block's method takes."""


@dataclass(frozen=True)
class Method:
    """The definition of a block, and the call in the place of each region."""

    definition: Function
    calls: dict[Region, Called]


def methods(regions: Iterable[Region], calls: UnitCalls, result: str) -> Iterator[Method]:
    """A method for each kind of regions that has one; it returns a `result`."""
    names = Namespace([*dir(Network), *calls.signatures])
    kinds: dict[Kind, list[Region]] = {}
    for region in regions:
        kinds.setdefault(region.kind, []).append(region)
    for kind, alike in kinds.items():
        if len(alike) < 2 or not kind.templates or kind.steps:
            continue
        try:
            yield _method(alike, calls, names.name(snake_case(kind.title), "block"), result)
        except DifferentError:
            continue


def _method(regions: Sequence[Region], calls: UnitCalls, title: str, result: str) -> Method:
    """The method of regions of one kind. Raises DifferentError if there is none."""
    form = _Form(regions, calls)
    found = parameters(
        form.slots,
        tuple(_channels(region.entry) for region in regions),
        tuple(_channels(region.exit) for region in regions),
        (ENTRY, SHORTCUT, PROJECT, GIVEN, "self"),
    )
    if found is None or len(found.arguments) > MOST:
        raise DifferentError
    naming = Naming(form.templates)
    arguments = list(found.arguments)
    if form.optional:
        has = tuple(Literal(None not in region.nodes) for region in regions)
        arguments.append(Argument(PROJECT, Name("bool"), has, Literal(False)))
    declared = [
        Parameter("self"),
        Parameter(GIVEN, Name("str")),
        *(Parameter(each.name, each.type, each.default) for each in arguments),
    ]
    body = [*form.body({**found.slots, **{each: naming.of(each) for each in form.templates}})]
    doc = [said(regions, 2)]
    definition = Function(title, declared, Literal(result), body, doc)
    used = {
        region: call_of(title, arguments, index, Literal(naming.given(region.key)))
        for index, region in enumerate(regions)
    }
    return Method(definition, used)


def _channels(blob: Blob) -> Expression | None:
    return Literal(blob.shape[1]) if len(blob.shape) > 1 else None


# ---- one form for all regions ---------------------------------------------------------------


class _Form:
    """The calls of all regions of a kind in one form. Raises DifferentError if there is none."""

    def __init__(self, regions: Sequence[Region], calls: UnitCalls) -> None:
        whole = next(region for region in regions if None not in region.nodes)
        self._place = regions.index(whole)
        self._roles = dict(zip(whole.nodes, whole.kind.roles, strict=True))
        self._unifier = Unifier(positions(calls.signatures))
        parts = []
        for place, nodes in enumerate(zip(*map(_cut, regions), strict=True)):
            first = place == (0 if whole.kind.optional else 2)
            rows = zip(regions, _alike(nodes, calls), strict=True)
            parts.append([*self._links([_linked(region, row, first) for region, row in rows])])
        self.before, self.optional, self.after = parts
        self._shortcut = _word(whole)(_shortcut(whole)) if self.optional else X

    def _links(self, rows: Sequence[Sequence[Link] | None]) -> Iterator[Link]:
        """The links that stand for those of the rows that there are."""
        for index, link in enumerate(rows[self._place] or ()):
            found = [row[index] if row is not None else None for row in rows]
            there = [each for each in found if each]
            role = self._roles[link.node]
            call = self._unifier.form(role, [each.call if each else None for each in found])
            assert isinstance(call, Called)  # noqa: S101  # the form of calls is one
            read = zip(*(each.bottoms or () for each in there), strict=True)
            begins = any(each.begins for each in there)
            yield Link(call, tuple(map(_read, read)), begins, link.node, link.signature)

    @property
    def slots(self) -> list[Slot]:
        """What differs from region to region."""
        return worded(self._unifier.slots)

    @property
    def templates(self) -> list[str]:
        """What the names in the form are made from."""
        every = [*self.before, *self.optional, *self.after]
        expressions = [part for link in every for part in (link.call, *(link.bottoms or ()))]
        parts = (part for each in (*expressions, self._shortcut) for part in parts_of(each))
        keys = dict.fromkeys(str(part.key) for part in parts if isinstance(part, Placeholder))
        slots = {slot.key for slot in self._unifier.slots}
        return [key for key in keys if key not in slots]

    def body(self, words: dict[int | str, Expression]) -> Iterator[Statement]:
        """The statements of the form, with words for names and for what differs."""
        before, optional, after = (
            [link.filled(words) for link in part]
            for part in (self.before, self.optional, self.after)
        )
        read = [part for link in (*before, *after) if link.begins for part in link.bottoms or ()]
        if optional or X in read:
            yield Assignment((f"({ENTRY},)",), Variable("self.terminals"))
        yield from in_turn(before, 2)
        if optional:
            name = Assignment((SHORTCUT,), filled(self._shortcut, words))
            project = [name, *in_turn(optional, 3)]
            yield Assignment((SHORTCUT,), X)
            yield Compound("if", Variable(PROJECT), project)
        yield from returned(after, 2)


def _read(found: Sequence[Expression]) -> Expression:
    """The blob that all regions read; of a projection and what stands in its place, the former."""
    different = set(found)
    if different == {X, Variable(SHORTCUT)}:
        return Variable(SHORTCUT)
    if len(different) > 1:
        raise DifferentError
    return found[0]


def _cut(region: Region) -> tuple[Nodes, Nodes | None, Nodes]:
    """The layers before the projection, those in it, if it is there, and those behind it."""
    optional = region.kind.optional
    nodes = tuple(node for node in region.nodes if node)
    if len(nodes) < len(region.nodes):
        return nodes[: optional.start], None, nodes[optional.start :]
    return nodes[: optional.start], nodes[optional.start : optional.stop], nodes[optional.stop :]


def _alike(rows: Iterable[Nodes | None], calls: UnitCalls) -> list[list[Call] | None]:
    """The calls that make these layers, with paddings as numbers where the words for them differ.

    Raises DifferentError if some have more calls than others.
    """
    made = [None if nodes is None else calls(nodes) for nodes in rows]
    there = [row for row in made if row is not None]
    if len({len(row) for row in there}) > 1:
        raise DifferentError
    words = [{str(call.options.get("padding")) for call in row} for row in zip(*there, strict=True)]
    return [
        row
        and [call.padded(calls.plain) if len(words[i]) > 1 else call for i, call in enumerate(row)]
        for row in made
    ]


def _linked(region: Region, calls: list[Call] | None, first: bool) -> list[Link] | None:
    """The links of a part of a region, with what its names are made from."""
    word, projection = _word(region), _shortcut(region)

    def read(name: str | Part) -> Expression:
        return Variable(SHORTCUT) if name == projection else word(name)

    terminals = (region.entry.name,) if first else None
    return None if calls is None else [*linked(calls, terminals, word, read)]


def _shortcut(region: Region) -> str:
    """The blob that a projection makes; empty if the region has none."""
    node = region.nodes[region.kind.optional.stop - 1] if region.kind.optional else None
    return node.tops[0].name if node else ""


# ---- names ----------------------------------------------------------------------------------


def _word(region: Region) -> Word:
    """How names of a region are said in its block: by what they are made from."""
    templates = {
        node.name: made
        for node, made in zip(region.nodes, region.kind.templates, strict=True)
        if node
    }

    def word(said: str | Part) -> Expression:
        if said == region.entry.name:
            return X
        name, place = said if isinstance(said, Part) else (said, slice(len(said)))
        return _part(templates.get(name) or _template(name, region.key), region.key, place)

    return word


def _template(name: str, key: str) -> str:
    """What a name that no layer has is made from."""
    start = next(iter(keys(name).get(key, ())), None)
    return template((name,) if start is None else (name[:start], name[start + len(key) :]))


def _part(made: str, key: str, place: slice) -> Expression:
    """A part of a name. Raises DifferentError if the part has something of a key, but not all."""
    first, *others = texts(made)
    pieces = [(first, False)]
    for text in others:
        pieces += [(key, True), (text, False)]
    found, start = [""], 0
    for text, whole in pieces:
        inside = text[max((place.start or 0) - start, 0) : max(place.stop - start, 0)]
        if whole and inside == key:
            found.append("")
        elif whole and inside:
            raise DifferentError
        else:
            found[-1] += inside
        start += len(text)
    return Placeholder(template(tuple(found))) if len(found) > 1 else Literal(found[0])
