"""Layers that share a line of the report: blocks, and renamings of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from proto2net.differ.comparing import ADDED, REMOVED, Pairing
from proto2net.differ.values import cut, listed
from proto2net.frozen import dataclass
from proto2net.outline import Region

if TYPE_CHECKING:
    from proto2net.differ.report import Difference


_MANY = 5
"""From so many lines on, blocks are looked for, which takes a while."""


@dataclass(frozen=True)
class Group:
    """Layers in a row that one network alone has, as blocks of one kind; or any other alone."""

    members: tuple[Pairing, ...]
    names: tuple[str, ...] = ()
    """What the blocks are called; none: it is a layer alone."""


def blocks(found: Difference) -> Iterator[Group]:
    """All layers in order; blocks that were added or removed whole are together."""
    inside = _whole_regions(found)
    for (state, kind), members in groupby(
        found.layers, lambda each: (each.state, (region := inside.get(each)) and region.kind)
    ):
        row = tuple(members)
        if kind and state in (ADDED, REMOVED):
            yield Group(row, tuple(dict.fromkeys(inside[each].name for each in row)))
        else:
            yield from (Group((each,)) for each in row)


def _whole_regions(found: Difference) -> dict[Pairing, Region]:
    """The block of each layer, if the whole block was added or removed."""
    inside: dict[Pairing, Region] = {}
    if not found.graphs:
        return inside
    for side, state in enumerate((REMOVED, ADDED)):
        alone = {each.items[-1].node: each for each in found.of_state(state)}
        for region in found.regions[side] if len(alone) >= _MANY else ():
            nodes = [node for node in region.nodes if node]
            if all(node in alone for node in nodes):
                inside |= {alone[node]: region for node in nodes}
    return inside


Told = tuple[str, str]
"""From what to what names were changed, and of how many layers, or of which."""


def renames(found: Difference, renamed: Sequence[Pairing]) -> list[Told]:
    """Layers that were renamed in the same way, or with their block, share a line."""
    told = _alike(renamed)
    if len(told) < _MANY or not found.graphs:
        return told
    blocks, rest = _with_blocks(found, renamed)
    return blocks + _alike(rest)


def _with_blocks(found: Difference, renamed: Sequence[Pairing]) -> tuple[list[Told], list[Pairing]]:
    """Blocks that were renamed, and the layers that stand in none."""
    of_a, of_b = map(_by_node, found.regions)
    whole: dict[tuple[Region, Region], list[Pairing]] = {}
    rest = []
    for each in renamed:
        left, right = (side.get(x.node) for side, x in zip((of_a, of_b), each.items, strict=True))
        if left and right and left.name != right.name:
            whole.setdefault((left, right), []).append(each)
        else:
            rest.append(each)
    told = []
    for _, pairs in groupby(whole, lambda pair: (pair[0].kind, pair[1].kind)):
        row = list(pairs)
        number = sum(len(whole[pair]) for pair in row)
        what = "block" if len(row) == 1 else f"{len(row)} blocks"
        names = [listed((pair[side].name for pair in row), row=True) for side in (0, 1)]
        told.append((f"{names[0]} → {names[1]}", f"{what}, {number:,} layers"))
    return told, rest


def _alike(renamed: Sequence[Pairing]) -> list[Told]:
    """Layers that were renamed in the same way, together."""
    alike: dict[tuple[str, ...], list[Pairing]] = {}
    for each in renamed:
        alike.setdefault(_likeness(*(item.name for item in each.items)), []).append(each)
    told = []
    for (counted, *stems), members in alike.items():
        names = [[each.items[side].name for each in members] for side in (0, 1)]
        if counted or len(members) == 1:
            stems = [listed(each, row=True) for each in names]
        one = members[0].items[-1].type
        number = one if len(members) == 1 else f"{len(members):,} layers"
        told.append((" → ".join(map(cut, stems)), number))
    return told


def _by_node(regions: Sequence[Region]) -> dict[Any, Region]:
    """The block of each node that stands in one."""
    return {node: region for region in regions for node in region.nodes if node}


_PARTS = re.compile(r"[A-Za-z]+|\d+|.", re.DOTALL)
_LONGEST = 500
"""How much of a name is looked at."""


def _likeness(a: str, b: str) -> tuple[str, ...]:
    """How two names differ: what they do not share at an end, or a number that has counted on."""
    left, right = (_PARTS.findall(name[:_LONGEST]) for name in (a, b))
    other = [place for place, pair in enumerate(zip(left, right, strict=False)) if len({*pair}) > 1]
    if len(left) == len(right) and len(other) == 1:
        first, second = left[other[0]], right[other[0]]
        if first.isdecimal() and second.isdecimal() and len(first) < 9 and len(second) < 9:
            left[other[0]] = "#"
            return "".join(left), str(int(second) - int(first))
    same = _same(left[::-1], right[::-1])
    if same:
        return "", "".join(left[:-same]) + "*", "".join(right[:-same]) + "*"
    same = _same(left, right)
    return ("", "*" + "".join(left[same:]), "*" + "".join(right[same:])) if same else ("", a, b)


def _same(a: Sequence[str], b: Sequence[str]) -> int:
    """How many parts are the same in a row."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((place for place, (x, y) in pairs if x != y), min(len(a), len(b)))
