"""What an outline is: kinds of blocks, the regions of a graph that are of them, and stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proto2net.frozen import dataclass
from proto2net.graph import Blob, Node
from proto2net.layers.base import Layer
from proto2net.outline.names import counted_on


@dataclass(frozen=True)
class Kind:
    """Blocks of one structure."""

    title: str
    """A name for a class, such as Inception."""
    roles: tuple[str, ...]
    """What each layer is within the block, in Caffe's words: "1x1", "bn_branch2a"."""
    templates: tuple[str, ...]
    """Caffe's names of the layers, with {} for the key: "inception_{}/1x1". Empty: they count on
    differently from block to block, and only the nodes know them."""
    steps: tuple[int, ...]
    """How far each name has counted on from the key: 1 for the second of conv7, conv8, of key 7.
    Mostly empty: every name has the key itself."""
    optional: range = range(0)
    """The roles of a projection, which not every block has; without it, its join reads the entry.
    Empty: every block has all roles."""

    def names(self, key: str) -> tuple[str, ...]:
        """Caffe's names of the layers of the block of this key; none where that does not tell."""
        steps = self.steps or (0,) * len(self.templates)
        return tuple(
            template.format(counted_on(key, step))
            for template, step in zip(self.templates, steps, strict=True)
        )


@dataclass(frozen=True)
class Region:
    """A block of a graph: one value enters, and one leaves."""

    kind: Kind
    key: str
    """What distinguishes it from others of its kind: "3a"."""
    name: str
    """What it is called: "inception_3a"."""
    nodes: tuple[Node[Layer] | None, ...]
    """A layer a role; None where the projection is missing."""
    entry: Blob
    exit: Blob

    def __hash__(self) -> int:
        return hash(self.exit)  # tells regions apart, and is quick


@dataclass(frozen=True)
class Stage:
    """Regions in a row, each read by the next alone; mostly of one kind."""

    name: str
    """What their names share, "res2"; or from which to which they go, "dense1_to_6"."""
    regions: tuple[Region, ...]
    keys: tuple[str, ...]
    """What each is called within: "a", "b", "c"."""


Part = Node[Any] | Region | Stage


@dataclass(frozen=True)
class Outline:
    """A graph's blocks, and what is in none."""

    kinds: tuple[Kind, ...]
    parts: tuple[Part, ...]
    """The whole graph, in order."""

    @property
    def regions(self) -> Iterator[Region]:
        """All blocks, in order."""
        for part in self.parts:
            if isinstance(part, Region):
                yield part
            elif isinstance(part, Stage):
                yield from part.regions
