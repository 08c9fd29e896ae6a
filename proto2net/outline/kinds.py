"""Kinds: of the groups of blocks, those that save most, so that no two blocks overlap."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from proto2net.outline.groups import Block, Group, counting_on, named_alike, with_projections
from proto2net.outline.layout import Layout
from proto2net.outline.names import Pattern, counted, key_of, keys, shared, with_start
from proto2net.outline.signatures import Rows

LEAST_LEARNED = 3
"""How many layers with learned blobs the blocks of a kind must have together."""


def find(layout: Layout) -> list[Group]:
    """The kinds of blocks in the order of the graph.

    Blocks that branch come before the chains in them and in between.
    """
    plain = [*named_alike(layout), *counting_on(layout)]
    groups = [g for g in (*plain, *with_projections(plain)) if len(g.blocks) > 1]
    taken = [False] * len(layout.nodes)
    branching = [group for group in groups if group.joins]
    chains = [group for group in groups if not group.joins]
    found = [*_chosen(layout, branching, taken), *_chosen(layout, chains, taken)]
    return sorted(found, key=lambda group: group.blocks[0])


def _chosen(layout: Layout, groups: Sequence[Group], taken: list[bool]) -> Iterator[Group]:
    """The groups one by one that save most; their layers are taken."""
    order = count()
    waiting = [(group.rank, next(order), group) for group in groups]
    heapq.heapify(waiting)
    while waiting:
        rank, _, group = heapq.heappop(waiting)
        blocks = _free(group.blocks, taken)
        free = replace(group, blocks=blocks) if len(blocks) > 1 else None
        if free is None or free.gain <= 0 or not free.is_mixed:
            continue
        if free.rank > rank:
            heapq.heappush(waiting, (free.rank, next(order), free))
            continue
        whole = _counted(layout, free) if free.counts else _adopted(layout, free, taken)
        learned = sum(layout.learned(block.start, block.end) for block in whole.blocks)
        if learned >= LEAST_LEARNED and (whole.joins or whole.steps is not None):
            _take(whole.blocks, taken)
            yield whole


def _free(blocks: Sequence[Block], taken: Sequence[bool]) -> tuple[Block, ...]:
    """The blocks, from the first on, that overlap no other, each with a key of its own."""
    found: list[Block] = []
    known: set[str] = set()
    for block in sorted(blocks):
        behind = not found or found[-1].end <= block.start
        if behind and block.key not in known and not any(taken[block.start : block.end]):
            found.append(block)
            known.add(block.key)
    return tuple(found)


def _take(blocks: Sequence[Block], taken: list[bool]) -> None:
    for block in blocks:
        taken[block.start : block.end] = [True] * (block.end - block.start)


def _adopted(layout: Layout, group: Group, taken: Sequence[bool]) -> Group:
    """The group with all else in the graph that fits in, and with short keys."""
    blocks, taken = list(group.blocks), list(taken)
    _take(blocks, taken)
    known = {block.key for block in blocks}
    begins = [
        (start, form)
        for form, (rows, _) in enumerate(group.forms)
        for start in layout.looking[rows[0].look]
    ]
    for start, form in sorted(begins):
        rows, names = group.forms[form]
        key = key_of(layout.nodes[start].name, names[0])
        block = Block(start, start + len(rows), key)
        if key in known or any(taken[start : block.end]):
            continue
        if _fits(layout, block, rows, names):
            blocks.append(block)
            known.add(key)
            _take([block], taken)
    return _shortened(replace(group, blocks=tuple(sorted(blocks))))


def _fits(layout: Layout, block: Block, rows: Rows, names: Sequence[Pattern]) -> bool:
    """Whether a range has this structure, and these names with its key."""
    found = [node.name for node in layout.nodes[block.start : block.end]]
    return (
        found == [block.key.join(name) for name in names]
        and block.key in keys(found[0])
        and layout.rows(block.start, block.end) == rows
        and layout.is_block(block.start, block.end)
    )


def _shortened(group: Group) -> Group:
    """The group with keys that have no beginning in common: 2 and 3 for fire2 and fire3."""
    start = shared([block.key for block in group.blocks])
    return replace(
        group,
        patterns=tuple(with_start(pattern, start) for pattern in group.patterns),
        blocks=tuple(block._replace(key=block.key[len(start) :]) for block in group.blocks),
    )


def _counted(layout: Layout, group: Group) -> Group:
    """The group with keys that are the numbers in which the names of its blocks differ."""
    table: list[list[str | None]] = []
    for block in group.blocks:
        names: list[str | None] = [node.name for node in layout.nodes[block.start : block.end]]
        if group.lacks(block):
            names[group.optional.start : group.optional.start] = [None] * len(group.optional)
        table.append(names)
    found = counted(table)
    blocks = (b._replace(key=key) for b, key in zip(group.blocks, found.keys, strict=True))
    return replace(group, patterns=found.patterns, blocks=tuple(blocks), steps=found.steps)
