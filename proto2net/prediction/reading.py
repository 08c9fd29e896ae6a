"""What comes out of a network for one image, read as classes, boxes, or else summed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from proto2net.frozen import dataclass
from proto2net.graph import Blob
from proto2net.layers.columns import DETECTIONS
from proto2net.prediction.boxes import Placed, best_first, detected, is_detection, of_regions
from proto2net.prediction.found import Box, Class, Summary
from proto2net.prediction.priors import Level, decoded
from proto2net.results import Boxes, Classes, Each, Kind, Result, Shifts, Undecoded

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

TOP = 5
"""How many classes are printed."""

Outputs = Mapping[str, "Ndarray"]


@dataclass(frozen=True)
class Reading:
    """How the outputs of a network are read."""

    results: dict[str, Result]
    """What the outputs are, as far as it is known, by name."""
    outputs: tuple[str, ...]
    labels: tuple[str, ...] = ()
    top: int | None = None
    above: float = 0.5
    overlap: float = 0.3
    levels: tuple[Level, ...] = ()
    """The prior boxes of a network that has none."""

    @property
    def regions(self) -> list[Blob]:
        """The blobs of regions that are needed beside the outputs."""
        parts = [each.part for each in self.results.values() if isinstance(each, Shifts)]
        return list(dict.fromkeys(part.regions for part in parts if part.regions))

    @property
    def undecoded(self) -> bool:
        """Whether boxes come out that need prior boxes."""
        return any(isinstance(each, Undecoded) for each in self.results.values())

    @property
    def finds_boxes(self) -> bool:
        """Whether boxes are read from what comes out."""
        return any(map(self._has_boxes, self.results.values()))

    def _has_boxes(self, result: Result) -> bool:
        if isinstance(result, Boxes):
            return is_detection(result.rows)
        return isinstance(result, Shifts) or (isinstance(result, Undecoded) and bool(self.levels))

    # ---- classes --------------------------------------------------------------------------

    def classes(self, found: Outputs) -> tuple[Class, ...]:
        """The likeliest classes of each output that has a number of each, best first."""
        ranked = self.ranked(found).items()
        return tuple(each for name, kind in ranked for each in self._best(name, kind, found[name]))

    def ranked(self, found: Outputs) -> dict[str, Kind]:
        """The outputs whose classes are printed, and what their numbers are.

        If it was said how many are told, numbers of which nothing is known are classes too.
        """
        ranked = {}
        for name in self.outputs:
            value, result = found[name], self.results.get(name)
            if isinstance(result, Classes) and result.part.each is Each.IMAGE:
                ranked[name] = result.kind
            elif result is None and self.top and value.size > 1 and value.size in value.shape[1:2]:
                ranked[name] = Kind.SCORE
        return ranked

    def _best(self, name: str, kind: Kind, value: Ndarray) -> Iterator[Class]:
        values = value.reshape(-1)
        named = len(self.labels) == len(values)
        for index in (-values).argsort(kind="stable")[: self.top or TOP].tolist():
            label = self.labels[index] if named else ""
            yield Class(name, index, label, float(values[index]), kind.value)

    # ---- boxes ----------------------------------------------------------------------------

    def boxes(self, found: Outputs, placed: Placed) -> tuple[Box, ...] | None:
        """What was found in the image, best first; None if no boxes come out."""
        if not self.finds_boxes:
            return None
        boxes: list[Box] = []
        for name, result in self.results.items():
            if isinstance(result, Boxes) and is_detection(result.rows):
                boxes += detected(found[name], result.rows, self.labels, placed, self.above)
            elif isinstance(result, Undecoded) and self.levels:
                boxes += self._decoded(name, result, found, placed)
            elif isinstance(result, Shifts):
                boxes += self._of_regions(name, result, found, placed)
        return tuple(best_first(boxes))

    def _decoded(self, name: str, result: Undecoded, found: Outputs, placed: Placed) -> list[Box]:
        """The boxes of numbers that prior boxes make sense of."""
        rows = decoded(
            found[name],
            found[result.scores.name],
            self.levels,
            placed.size,
            name,
            above=self.above,
            overlap=self.overlap,
        )
        return detected(rows, DETECTIONS, self.labels, placed, self.above)

    def _of_regions(self, name: str, result: Shifts, found: Outputs, placed: Placed) -> list[Box]:
        """The boxes of regions that are moved so, of each output that says what they are."""
        boxes: list[Box] = []
        for scores, other in self.results.items():
            if isinstance(other, Classes) and other.part == result.part and result.part.regions:
                boxes += of_regions(
                    found[result.part.regions.name],
                    found[scores],
                    found[name],
                    self.labels,
                    placed,
                    above=self.above,
                    overlap=self.overlap,
                )
        return boxes

    # ---- what remains ---------------------------------------------------------------------

    def summaries(self, found: Outputs) -> tuple[Summary, ...]:
        """Those of the outputs that are no classes, and of which no boxes are made."""
        read = {*self.ranked(found), *(n for n, r in self.results.items() if self._is_read(r))}
        kept = (name for name in self.outputs if name not in read)
        return tuple(_summary(name, found[name], self.results.get(name)) for name in kept)

    def _is_read(self, result: Result) -> bool:
        """Whether an output becomes boxes, or goes with what does."""
        if isinstance(result, Classes):
            needed = {Each.REGION: self.regions, Each.BOX: self.levels}
            return bool(needed.get(result.part.each))
        return self._has_boxes(result)


def _summary(name: str, value: Ndarray, result: Result | None) -> Summary:
    numbers = (value.min(), value.max(), value.mean(dtype="f8")) if value.size else (0, 0, 0)
    return Summary(name, str(result) if result else "", value.shape, *map(float, numbers))
