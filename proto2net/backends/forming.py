"""How the steps of regions of one kind are brought to one form, which a block has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from proto2net.backends.base import Code, Step
from proto2net.backends.blocks import ENTRY, PROJECT, SHORTCUT, Block, Composite, Use
from proto2net.backends.parameters import Argument, parameters
from proto2net.backends.source import Namespace
from proto2net.backends.tree import (
    Expression,
    Literal,
    Name,
)
from proto2net.backends.unify import DifferentError, Meaning, Unifier
from proto2net.graph import Blob, Node
from proto2net.outline import Kind, Region

MOST = 12
"""Parameters that a block can have: with more it would hardly be read."""


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
        tuple(roles[0] for roles in places),
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
    steps = {id(step_of[node]) for node in region.nodes if node and node in step_of}
    return Use(region, tuple(row)) if len(steps) == len(row) - row.count(None) else None


def _form(unifier: Unifier, within: _Within, found: Sequence[Step | None]) -> Step:
    """The step that stands for all of these. Raises DifferentError if there is none."""
    codes = [step.code if step else None for step in found]
    there = [code for code in codes if code]
    names = {tuple(code.arrays) for code in there}
    if len(names) > 1 or any(code.definition or code.state or code.updates for code in there):
        raise DifferentError
    whole = next(step for step in found if step and step.node in within)
    named = next((node for node in whole.nodes if node.name == whole.name), whole.node)
    part = within.role(named)
    try:
        forward, init = _expressions(unifier, part, codes)
    except DifferentError:
        if not any(code.general for code in there):
            raise
        general = [code and (code.general or code) for code in codes]
        forward, init = _expressions(unifier, part, general)
    nodes, code = tuple(map(within.node, whole.nodes)), Code(forward, init, there[0].arrays)
    if isinstance(whole, Composite):
        return dataclasses.replace(
            whole,
            nodes=nodes,
            code=code,
            title=within.name(named),
            entries=tuple(map(within.blob, whole.entries)),
            exit=within.blob(whole.exit),
        )
    return Step(nodes, code)


def _expressions(
    unifier: Unifier, part: str, codes: Sequence[Code | None]
) -> tuple[Expression | None, Expression | None]:
    """The forms of the forward passes and of the objects. Raises DifferentError without one."""
    before = len(unifier.slots)
    try:
        init = unifier.form(part, [code.init if code else None for code in codes])
        forward = unifier.form(part, [code.forward if code else None for code in codes])
    except DifferentError:
        del unifier.slots[before:]
        raise
    return forward, init


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
    return [found[role] for role in roles]
