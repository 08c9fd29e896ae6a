"""Blocks that the outline found, as a target says them: one definition each, and its uses.

The steps of a kind's regions are brought to one form (unify.py). What differs becomes the
parameters of a class or a function; where a region stood, stands one step that makes and calls it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Code, Step
from proto2net.backends.source import INDENT, WIDTH
from proto2net.backends.statements import Parameter
from proto2net.backends.tree import (
    Attribute,
    Call,
    Expression,
    Literal,
    Name,
    Operation,
    Variable,
    filled,
    indexed,
    parts_of,
)
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Node
from proto2net.outline import Kind, Region
from proto2net.text import plain

if TYPE_CHECKING:
    from proto2net.backends.parameters import Argument

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
    roles: tuple[int, ...]
    """Which of the kind's roles gives each step its name."""
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
        """The call of it for the region of this index."""
        return call_of(title, self.arguments, use, *first)

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
    def templates(self) -> dict[Node[Any], str]:
        """What the name of each step's layer is made from."""
        roles = zip(self.steps, self.roles, strict=True)
        return {step.node: self.kind.templates[role] for step, role in roles}

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
        uses = (Use(use.region, use.steps),)
        return dataclasses.replace(
            self,
            steps=use.steps,
            projection=frozenset(),
            entry=entry,
            exit=exit,
            slots={},
            uses=uses,
        )

    def alike(self, step: Step) -> list[Step]:
        """The steps of the regions that one of the form stands for."""
        index = next(i for i, each in enumerate(self.steps) if each.nodes == step.nodes)
        return [found for use in self.uses if (found := use.row[index])]

    @property
    def said(self) -> str:
        """What its docstring says of its uses."""
        return said([use.region for use in self.uses])


def call_of(title: str, arguments: Iterable[Argument], use: int, *first: Expression) -> Call:
    """A call that passes the values of this index, those that have a default by name."""
    placed = [*first]
    named: dict[str, Expression] = {}
    for argument in arguments:
        value = argument.values[use]
        if argument.default is None:
            placed.append(value or Literal(None))
        elif value and value != argument.default:
            named[argument.name] = value
    return Call(Name(title), tuple(placed), tuple(named.items()))


def said(regions: Sequence[Region], indent: int = 1) -> str:
    """What a docstring says of the regions that a block stands for, on a line."""
    first, *_, last = [plain(region.name) for region in regions]
    blocks = f"{len(regions)} blocks"
    forms = (f"{first} to {last}, {blocks} of the definition.", f"{first} to {last}, {blocks}.")
    room = WIDTH - len(INDENT * indent) - len('""""""')
    return f'"""{next((form for form in forms if len(form) <= room), f"{blocks}.")}"""'


@dataclass(frozen=True)
class Composite(Step):
    """Steps as one, such as all of a region: they are in the block that it makes and calls."""

    title: str
    entries: tuple[Blob, ...]
    exit: Blob
    steps: tuple[Step, ...]
    inner: tuple[tuple[str, Step], ...]
    """Those of the steps that have objects, each with its name within."""

    @property
    def name(self) -> str:
        return self.title

    @property
    def bottoms(self) -> tuple[Blob, ...]:
        return self.entries

    @property
    def tops(self) -> tuple[Blob, ...]:
        return (self.exit,)


@dataclass(frozen=True)
class Several(Step):
    """A step that is no layer's: it makes a tuple."""


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
        (entry or steps[0].bottoms[0],),
        exit or steps[-1].tops[0],
        tuple(steps),
        tuple(inner),
    )


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


def single(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps of layers that these steps are made of."""
    for step in steps:
        if isinstance(step, Composite):
            yield from single(step.steps)
        else:
            yield step


def folded(steps: Sequence[Step], composites: Iterable[Composite]) -> list[Step]:
    """The steps with each composite in the place of the one that makes what it gives."""
    inner = {step.node: composite for composite in composites for step in composite.steps}
    found = []
    for step in steps:
        composite = inner.get(step.node)
        if composite is None:
            found.append(step)
        elif composite.exit in step.tops:
            found.append(composite)
    return found


def _on(own: str, expression: Expression) -> Expression:
    """What a slot says, with variables that belong to an object: self.stride."""
    match expression:
        case Variable(name):
            return Variable(f"{own}{name}")
        case Operation(left, operator, right):
            return Operation(_on(own, left), operator, _on(own, right))
    return expression
