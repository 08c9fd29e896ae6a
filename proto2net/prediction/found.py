"""What a network sees in an image, and how that is printed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proto2net.frozen import dataclass
from proto2net.output import printable
from proto2net.results import Kind
from proto2net.shape import Shape, dims
from proto2net.text import aligned

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


@dataclass(frozen=True)
class Class:
    """A class that an image may be of."""

    output: str
    """The output that says it."""
    index: int
    label: str
    """What the class is called; empty where that is not told."""
    score: float
    kind: str
    """What the score is: "probability", "share" (from 0 to 1, by itself) or "score"."""


@dataclass(frozen=True)
class Box:
    """What was found in an image, and where: the sides are in pixels of it."""

    index: int
    label: str
    score: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Summary:
    """An output of which no class and no box is read."""

    output: str
    result: str
    """What its numbers are; empty where that is not known."""
    shape: Shape
    min: float
    max: float
    mean: float


@dataclass(frozen=True)
class Prediction:
    """What a network says of one image."""

    image: str
    """Its file, or which of the images it is."""
    target: str
    """What the network ran in."""
    classes: tuple[Class, ...]
    """The likeliest of each output that has some, best first."""
    boxes: tuple[Box, ...] | None
    """What was found, best first; None: the network finds no boxes."""
    summaries: tuple[Summary, ...]
    outputs: dict[str, Ndarray]
    """All outputs as they are, in Caffe's layout."""

    @property
    def data(self) -> dict[str, object]:
        """The same for programs, without the arrays."""
        return {
            "image": self.image,
            "target": self.target,
            "classes": [dataclasses.asdict(each) for each in self.classes],
            "boxes": None if self.boxes is None else [dataclasses.asdict(b) for b in self.boxes],
            "summaries": [dataclasses.asdict(each) for each in self.summaries],
        }

    def __str__(self) -> str:
        lines = [printable(self.image)]
        for output in dict.fromkeys(each.output for each in self.classes):
            lines += ["", *self._ranking(output)]
        if self.boxes is not None:
            lines += ["", *self._found(self.boxes)]
        if self.summaries:
            lines += ["", *self._summed_up()]
        return "\n".join(lines)

    def _ranking(self, output: str) -> list[str]:
        """The classes of an output as a table, which has its name where there are several."""
        ranked = [each for each in self.classes if each.output == output]
        alone = len({each.output for each in self.classes}) == 1
        certain = ranked[0].kind == Kind.PROBABILITY.value
        named = any(each.label for each in ranked)
        head = ["rank", "probability" if certain else "score", "class", *["label"] * named]
        rows = [
            [
                str(rank),
                f"{each.score:.4f}" if certain else f"{each.score:.4g}",
                str(each.index),
                *[printable(each.label)] * named,
            ]
            for rank, each in enumerate(ranked, start=1)
        ]
        table = aligned(head, rows)
        return table if alone else [f"{printable(output)}:", *table]

    def _found(self, boxes: Sequence[Box]) -> list[str]:
        """The boxes as a table."""
        if not boxes:
            return ["nothing was found"]
        rows = [
            [
                printable(each.label) or f"class {each.index}",
                f"{each.score:.4f}",
                *(f"{side:.0f}" for side in (each.x, each.y, each.width, each.height)),
            ]
            for each in boxes
        ]
        return aligned(["label", "score", "x", "y", "width", "height"], rows, numbers=5)

    def _summed_up(self) -> list[str]:
        """The other outputs as a table, and what is known of them."""
        rows = [
            [
                printable(each.output),
                dims(each.shape),
                *(f"{value:.4g}" for value in (each.min, each.max, each.mean)),
            ]
            for each in self.summaries
        ]
        told = [f"{each.output}: {each.result}" for each in self.summaries if each.result]
        return [
            *aligned(["output", "shape", "min", "max", "mean"], rows, numbers=3),
            *map(printable, told),
        ]


def as_json(found: Sequence[Prediction]) -> str:
    """All of it for programs."""
    return json.dumps([each.data for each in found], indent=2)
