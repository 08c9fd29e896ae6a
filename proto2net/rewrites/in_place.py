"""Layers in place that only change a shape: Caffe refuses them now, but old forks did not.

It works on entries, before any shape is known.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from proto2net.graph import Entry
from proto2net.layers import Flatten, Reshape


def named_apart(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Give what a Reshape or Flatten in place reads a name of its own, if no other layer reads it.

    Returns the new entries, and a sentence for each.
    """
    taken = {name for entry in entries for name in (*entry.tops, *entry.bottoms)}
    notes: list[str] = []
    entries = [*entries]
    for index, entry in enumerate(entries):
        if not isinstance(entry.layer, Reshape | Flatten) or entry.tops != entry.bottoms:
            continue
        (name, *_) = entry.tops
        made = _made(entries[:index], name)
        if made is None:
            continue
        own = f"{name}_in"
        while own in taken:
            own += "_"
        taken.add(own)
        for place in range(made, index):
            entries[place] = _renamed(entries[place], name, own)
        entries[index] = dataclasses.replace(entry, bottoms=(own,))
        notes.append(f'{entry} is in place, which Caffe refuses: its bottom is called "{own}" here')
    return entries, notes


def _made(entries: Sequence[Entry], name: str) -> int | None:
    """Where a blob is made that only layers in place read; None for others, and for inputs."""
    for place in range(len(entries) - 1, -1, -1):
        entry = entries[place]
        if name in entry.tops and name not in entry.bottoms:
            return place if entry.bottoms else None
        if name in entry.bottoms and entry.tops[:1] != (name,):
            return None
    return None


def _renamed(entry: Entry, name: str, own: str) -> Entry:
    bottoms, tops = (
        tuple(own if each == name else each for each in names)
        for names in (entry.bottoms, entry.tops)
    )
    return dataclasses.replace(entry, bottoms=bottoms, tops=tops)
