"""Blocks that the outline found, as a target says them: one definition each, and its uses.

The steps of a kind's regions are brought to one form (unify.py). What differs becomes the
parameters of a class or a function; where a region stood, stands one step that makes and calls it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from proto2net.backends.base import Code, Step
from proto2net.backends.parameters import Argument, parameters
from proto2net.backends.source import Namespace
from proto2net.backends.statements import Parameter
from proto2net.backends.tree import (
    Attribute,
    Call,
    Comprehension,
    Expression,
    Literal,
    Name,
    Operation,
    Star,
    Variable,
    call,
    filled,
    indexed,
    parts_of,
)
from proto2net.backends.unify import DifferentError, Meaning, Unifier, Values
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Node
from proto2net.outline import Kind, Region
from proto2net.text import plain

MOST = 12
"""Parameters that a block can have: with more it would hardly be read."""

ENTRY = "x"
"""What a block calls the value that it gets."""

SHORTCUT = "shortcut"
"""What a block calls the values of its projection, or its entry in their place."""

PROJECT = "project"
"""The parameter that says whether a block has its projection."""


@dataclass(frozen=True)
class Use:
    """A region of a block, and its own steps; None for those of a projection that it lacks."""

    region: Region
    row: tuple[Step | None, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that it has."""
        return tuple(step for step in self.row if step)

    def composite(self, code: Code, objects: Sequence[str]) -> Composite:
        """The step in its place; `objects` names the object of each step of the block."""
        region = self.region
        inner = [(name, s) for name, s in zip(objects, self.row, strict=True) if name and s]
        return composite(region.name, code, self.steps, inner, region.entry, region.exit)


@dataclass(frozen=True)
class Block:
    """A class or function for all regions of one kind."""

    kind: Kind
    steps: tuple[Step, ...]
    """The form: steps with the names that things have within, and placeholders for slots."""
    projection: frozenset[Node[Any]]
    """The nodes that give a name to steps that not every region has."""
    entry: Blob
    exit: Blob
    """The values that it gets and gives, as its steps have them."""
    arguments: tuple[Argument, ...]
    slots: Mapping[int | str, Expression]
    """What stands in each slot, in terms of the arguments."""
    uses: tuple[Use, ...]

    def call(self, title: str, use: int, *first: Expression) -> Call:
        """The call of it for the region of this index, with what has a default by name."""
        placed = [*first]
        named: dict[str, Expression] = {}
        for argument in self.arguments:
            value = argument.values[use]
            if argument.default is None:
                placed.append(value or Literal(None))
            elif value and value != argument.default:
                named[argument.name] = value
        return Call(Name(title), tuple(placed), tuple(named.items()))

    def in_words(self, own: str) -> Block:
        """The block with its arguments in the slots; `own` is how they are read in the forward."""
        steps = []
        on_own = {key: _on(own, each) for key, each in self.slots.items()}
        for step in self.steps:
            init, forward = step.code.init, step.code.forward
            code = dataclasses.replace(
                step.code,
                init=init and filled(init, self.slots),
                forward=forward and filled(forward, on_own),
            )
            steps.append(dataclasses.replace(step, code=code))
        return dataclasses.replace(self, steps=tuple(steps))

    @property
    def parameters(self) -> list[Parameter]:
        """The arguments as a signature has them."""
        return [Parameter(each.name, each.type, each.default) for each in self.arguments]

    def kept(self, own: str) -> list[str]:
        """The arguments that the forward reads, which are in words, from its object."""
        forwards = (step.code.forward for step in self.steps if step.code.forward)
        parts = (part for forward in forwards for part in parts_of(forward))
        read = {part.name for part in parts if isinstance(part, Variable)}
        read |= {f"{own}{PROJECT}"} if self.projection else set()
        return [each.name for each in self.arguments if f"{own}{each.name}" in read]

    def alone(self, use: Use) -> Block:
        """One use of it as it would be without a definition."""
        entry, exit = use.region.entry, use.region.exit
        return dataclasses.replace(
            self, steps=use.steps, projection=frozenset(), entry=entry, exit=exit, slots={}
        )

    @property
    def said(self) -> str:
        """What its docstring says of its uses."""
        first, *_, last = [plain(use.region.name) for use in self.uses]
        return f'"""{first} to {last}, {len(self.uses)} blocks of the definition."""'


@dataclass(frozen=True)
class Composite(Step):
    """Steps as one, such as all of a region: they are in the block that it makes and calls."""

    title: str
    entry: Blob
    exit: Blob
    steps: tuple[Step, ...]
    inner: tuple[tuple[str, Step], ...]
    """Those of the steps that have objects, each with its name within."""

    @property
    def name(self) -> str:
        return self.title

    @property
    def bottoms(self) -> tuple[Blob, ...]:
        return (self.entry,)

    @property
    def tops(self) -> tuple[Blob, ...]:
        return (self.exit,)


def composite(
    title: str,
    code: Code,
    steps: Sequence[Step],
    inner: Sequence[tuple[str, Step]],
    entry: Blob | None = None,
    exit: Blob | None = None,
) -> Composite:
    """Steps as one; by default they are in a row, so that it reads what the first does.

    `inner` are those of them that have objects, by the names of these.
    """
    arrays = {
        f"{name}.{parameter}".rstrip("."): array
        for name, step in inner
        for parameter, array in step.code.arrays.items()
    }
    return Composite(
        tuple(node for step in steps for node in step.nodes),
        dataclasses.replace(code, arrays=arrays),
        title,
        entry or steps[0].bottoms[0],
        exit or steps[-1].tops[0],
        tuple(steps),
        tuple(inner),
    )


def run(calls: Sequence[Expression]) -> Expression | None:
    """Calls that are equal, or in which one number counts on, as a list that a loop makes."""
    unifier = Unifier({})
    try:
        form = unifier.form("", calls)
    except DifferentError:
        return None
    index = "_"
    counted: Expression | None = None
    for slot in unifier.slots[:1]:
        index, counted = "i", _progression(slot.values, "i")
    if form is None or len(unifier.slots) > 1 or bool(unifier.slots) != bool(counted):
        return None
    made = filled(form, {slot.key: counted for slot in unifier.slots if counted})
    return Comprehension(made, index, call("range", len(calls)))


LEAST = 4
"""From so many calls in a row on, a loop makes them."""


def in_a_row(calls: Sequence[Expression]) -> list[Expression] | None:
    """Three calls or more as arguments; None if others than the first differ without a rule."""
    if len(calls) < LEAST - 1:
        return None
    whole, rest = run(calls), run(calls[1:])
    loop = whole or rest
    if loop is None:
        return None
    written = [] if whole else [calls[0]]
    if len(calls) - len(written) < LEAST:
        return list(calls)
    return [*written, Star("*", loop)]


def runs(codes: Sequence[Code]) -> Iterator[tuple[int, int]]:
    """Where blocks in a row begin and end whose calls a loop makes, none of which can be longer."""
    start = 0
    while start < len(codes):
        end = start + 1
        while end < len(codes) and _alike(codes[start : end + 1]):
            end += 1
        if end - start >= LEAST:
            yield start, end
        start = end


def _alike(codes: Sequence[Code]) -> bool:
    """Whether one loop makes and calls these."""
    calls = [code.init or code.forward for code in codes]
    return run([each for each in calls if each]) is not None


def numbered(steps: Sequence[Step]) -> list[tuple[str, Step]]:
    """Steps with the names that they have in a list."""
    return [(str(place), step) for place, step in enumerate(steps)]


def _progression(values: Values, index: str) -> Expression | None:
    """`64 + 32 * i` for numbers that go up, or down, by the same."""
    numbers = [v.value for v in values if isinstance(v, Literal) and type(v.value) is int]
    steps = {b - a for a, b in pairwise(numbers)}
    if len(numbers) < len(values) or len(steps) != 1:
        return None
    (step,) = steps
    counted = Operation(Literal(abs(step)), "*", Variable(index))
    return Operation(Literal(numbers[0]), "-" if step < 0 else "+", counted)


@dataclass(frozen=True)
class Leaf:
    """A step of layers, and where its object is: its path, and how that is read."""

    path: str
    reached: Expression
    step: Step


def leaves(path: str, reached: Expression, step: Step) -> Iterator[Leaf]:
    """The steps of layers that a step is made of."""
    if not isinstance(step, Composite):
        yield Leaf(path, reached, step)
        return
    for name, each in step.inner:
        place = indexed(reached, int(name)) if name.isdigit() else Attribute(reached, name)
        yield from leaves(f"{path}.{name}", place, each)


def blocks(
    regions: Iterable[Region],
    steps: Sequence[Step],
    functions: Mapping[Expression, Sequence[Meaning]],
) -> Iterator[Block]:
    """The kinds of the regions that can be said by one definition.

    `functions` names the positional arguments of the target's functions.
    """
    step_of = {node: step for step in steps for node in step.nodes}
    kinds: dict[Kind, list[Region]] = {}
    for region in regions:
        kinds.setdefault(region.kind, []).append(region)
    for kind, alike in kinds.items():
        found = _block(kind, alike, step_of, functions)
        if found:
            yield found


def folded(steps: Sequence[Step], composites: Iterable[Composite]) -> list[Step]:
    """The steps with each composite in the place of the one that makes what it gives."""
    inner = {step.nodes: composite for composite in composites for step in composite.steps}
    found = []
    for step in steps:
        composite = inner.get(step.nodes)
        if composite is None:
            found.append(step)
        elif composite.exit in step.tops:
            found.append(composite)
    return found


def _block(
    kind: Kind,
    regions: Sequence[Region],
    step_of: Mapping[Node[Any], Step],
    functions: Mapping[Expression, Sequence[Meaning]],
) -> Block | None:
    """One definition for regions; None if at least two of them have none."""
    whole = next((region for region in regions if None not in region.nodes), None)
    places = _places(whole, step_of) if whole else None
    if whole is None or not places:
        return None
    uses = [use for region in regions if (use := _use(region, places, step_of))]
    within = _Within(kind, whole)
    unifier = Unifier(functions)
    try:
        steps = [
            _form(unifier, within, [use.row[index] for use in uses]) for index in range(len(places))
        ]
    except DifferentError:
        return None
    entries, exits = (
        tuple(Literal(blob.shape[1]) if len(blob.shape) > 1 else None for blob in blobs)
        for blobs in ([u.region.entry for u in uses], [u.region.exit for u in uses])
    )
    found = parameters(unifier.slots, entries, exits, within.taken)
    if len(uses) < 2 or found is None or len(found.arguments) > MOST:
        return None
    projection = frozenset(
        step.node
        for step, roles in zip(steps, places, strict=True)
        if set(roles) & set(kind.optional)
    )
    given = list(found.arguments)
    if projection:
        has = tuple(Literal(None not in use.row) for use in uses)
        given.append(Argument(PROJECT, Name("bool"), has, Literal(False)))
    return Block(
        kind,
        tuple(steps),
        projection,
        within.blob(whole.entry),
        within.blob(whole.exit),
        tuple(given),
        found.slots,
        tuple(uses),
    )


def _places(region: Region, step_of: Mapping[Node[Any], Step]) -> list[tuple[int, ...]]:
    """Which of the region's nodes each of its steps has; none if one has others too."""
    place = {node: index for index, node in enumerate(region.nodes)}
    steps = {step_of[node].nodes: 0 for node in region.nodes if node and node in step_of}
    if any(node not in place for nodes in steps for node in nodes):
        return []
    return [tuple(place[node] for node in nodes) for nodes in steps]


def _use(
    region: Region, places: Sequence[tuple[int, ...]], step_of: Mapping[Node[Any], Step]
) -> Use | None:
    """A region with its steps at these places; None if it has others."""
    row: list[Step | None] = []
    for indices in places:
        nodes = tuple(node for index in indices if (node := region.nodes[index]))
        step = step_of.get(nodes[0]) if nodes else None
        if nodes and (step is None or step.nodes != nodes):
            return None
        row.append(step)
    steps = {step_of[node].nodes for node in region.nodes if node and node in step_of}
    return Use(region, tuple(row)) if len(steps) == len(row) - row.count(None) else None


def _form(unifier: Unifier, within: _Within, found: Sequence[Step | None]) -> Step:
    """The step that stands for all of these. Raises DifferentError if there is none."""
    codes = [step.code if step else None for step in found]
    there = [code for code in codes if code]
    names = {tuple(code.arrays) for code in there}
    if len(names) > 1 or any(code.definition or code.state or code.updates for code in there):
        raise DifferentError
    whole = next(step for step in found if step and step.node in within)
    part = within.role(whole.node)
    init = unifier.form(part, [code.init if code else None for code in codes])
    forward = unifier.form(part, [code.forward if code else None for code in codes])
    return Step(tuple(map(within.node, whole.nodes)), Code(forward, init, there[0].arrays))


def _on(own: str, expression: Expression) -> Expression:
    """What a slot says, with variables that belong to an object: self.stride."""
    match expression:
        case Variable(name):
            return Variable(f"{own}{name}")
        case Operation(left, operator, right):
            return Operation(_on(own, left), operator, _on(own, right))
    return expression


class _Within:
    """The nodes and blobs of a region with the names that they have within their block."""

    def __init__(self, kind: Kind, region: Region) -> None:
        names = Namespace([ENTRY, SHORTCUT, PROJECT])
        self._nodes: dict[Node[Any], Node[Any]] = {}
        self._roles: dict[Node[Any], str] = {}
        self._blobs = {region.entry: Blob(ENTRY, region.entry.shape)}
        members = _members(kind.roles, region.nodes)
        for index, (role, node) in enumerate(zip(kind.roles, region.nodes, strict=True)):
            if node is None:
                continue
            self._roles[node] = role
            name = names.name(members[index], "layer")
            for top in node.tops:
                self._blobs[top] = self._top(node, top, name, index in kind.optional)
            self._nodes[node] = dataclasses.replace(
                node,
                name=name,
                bottoms=tuple(self._blobs[blob] for blob in node.bottoms),
                tops=tuple(self._blobs[blob] for blob in node.tops),
            )

    def _top(self, node: Node[Any], top: Blob, name: str, optional: bool) -> Blob:
        """A blob as it is called within: as its maker, or as what that overwrites."""
        place = node.tops.index(top)
        name = SHORTCUT if optional else f"{name}_{place}" if place else name
        if node.in_place and not place:
            name = self._blobs[node.bottoms[0]].name
        versions = [blob.version for blob in self._blobs.values() if blob.name == name]
        return Blob(name, top.shape, max(versions, default=-1) + 1)

    def __contains__(self, node: Node[Any]) -> bool:
        return node in self._nodes

    def name(self, node: Node[Any]) -> str:
        """What a node is called within."""
        return self._nodes[node].name

    def role(self, node: Node[Any]) -> str:
        """What the names of parameters of a node are made from."""
        return self._roles[node]

    def node(self, node: Node[Any]) -> Node[Any]:
        """A node as it is within."""
        return self._nodes[node]

    def blob(self, blob: Blob) -> Blob:
        """A blob as it is within."""
        return self._blobs[blob]

    @property
    def taken(self) -> list[str]:
        """Names that no parameter can have."""
        return [ENTRY, SHORTCUT, PROJECT, *(node.name for node in self._nodes.values())]


_SHORT = {"Convolution": "conv", "Pooling": "pool", "InnerProduct": "fc", "BatchNorm": "bn"}
"""What names of layers that begin with a digit get in front."""


def _members(roles: Sequence[str], nodes: Sequence[Node[Any] | None]) -> list[str]:
    """What layers of these roles are called: "1x1" is conv1x1, and "1x1/bn" is conv1x1_bn."""
    found: dict[str, str] = {}
    for role, node in zip(roles, nodes, strict=True):
        kind = node.layer.type if node else ""
        own = _SHORT.get(kind, kind.lower()) if role[:1].isdigit() else ""
        stems = (known for known in found if role.startswith(known))
        stem = max(stems, key=len, default="") if own else ""
        found[role] = found[stem] + role.removeprefix(stem) if stem else own + role
    return list(found.values())
