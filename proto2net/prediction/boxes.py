"""Boxes in pixels of a photo, from those in fractions of the image, or in pixels of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.frozen import dataclass
from proto2net.layers.columns import FRACTIONS, PIXELS, Rows
from proto2net.prediction.found import Box
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

NEEDED = ("score", "label")
"""The columns that rows of detections have beside a box."""


@dataclass(frozen=True)
class Placed:
    """Where the input of a network lies in the photo that it was made of."""

    photo: Shape
    """The height and width of the photo."""
    size: Shape
    """Those of the input."""
    resize: Shape
    """Those that the photo was brought to before its middle was taken; none: it kept its own."""

    @property
    def resized(self) -> Shape:
        """The height and width that the photo had then."""
        return self.resize or self.photo

    def box(self, corners: Sequence[float], unit: str) -> tuple[float, float, float, float]:
        """The x, y, width and height of a box inside of the photo, from its corners in a unit.

        Of those in pixels, the last pixel belongs to the box.
        """
        sides = []
        for axis in (1, 0):  # x, y
            start, end = corners[1 - axis], corners[3 - axis]
            if unit == FRACTIONS:
                start, end = start * self.size[axis], end * self.size[axis]
            else:
                end += 1
            left = (self.resized[axis] - self.size[axis]) // 2
            factor = self.photo[axis] / self.resized[axis]
            start, end = (
                min(max((side + left) * factor, 0.0), float(self.photo[axis]))
                for side in (start, end)
            )
            sides.append((start, end - start))
        (x, width), (y, height) = sides
        return x, y, width, height


def is_detection(rows: Rows) -> bool:
    """Whether rows say what was found, and how surely."""
    return all(column in rows.columns for column in NEEDED)


def detected(
    array: Ndarray, rows: Rows, labels: Sequence[str], placed: Placed, above: float
) -> list[Box]:
    """The boxes of rows with a score above a limit, best first."""
    at = rows.columns.index
    found = []
    for row in array.reshape(-1, len(rows.columns)).tolist():
        index, score = int(row[at("label")]), row[at("score")]
        if index < 0 or not score > above:  # -1 is what Caffe has for nothing
            continue
        sides = placed.box(_corners(row, rows), rows.unit)
        place = index - rows.first_label
        label = labels[place] if 0 <= place < len(labels) else ""
        found.append(Box(index, label, score, *sides))
    return best_first(found)


def _corners(row: Sequence[float], rows: Rows) -> tuple[float, ...]:
    """The corners of a row, x before y."""
    at = rows.columns.index
    if "x_center" in rows.columns:
        x, y = row[at("x_center")], row[at("y_center")]
        width, height = row[at("width")], row[at("height")]
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    names = ("xmin", "ymin", "xmax", "ymax") if "xmin" in rows.columns else ("x1", "y1", "x2", "y2")
    return tuple(row[at(name)] for name in names)


def of_regions(
    regions: Ndarray,
    scores: Ndarray,
    shifts: Ndarray,
    labels: Sequence[str],
    placed: Placed,
    *,
    above: float,
    overlap: float,
) -> list[Box]:
    """The boxes of Fast R-CNN and its followers: regions moved for each class, best first.

    The first class is the background. A box goes that overlaps a better one of its class.
    """
    import numpy as np

    from proto2net.backends.numpy.helpers.rcnn import apply_deltas, nms

    corners = regions.reshape(len(regions), -1)[:, 1:5]
    scores, shifts = scores.reshape(len(corners), -1), shifts.reshape(len(corners), -1, 4)
    height, width = placed.size
    limit = np.array([width, height, width, height], np.float32) - 1
    found = []
    for index in range(1, scores.shape[1]):
        score = scores[:, index]
        likely = np.flatnonzero(score > above)
        order: Any = likely[np.argsort(-score[likely], kind="stable")]
        shift = shifts[order, min(index, shifts.shape[1] - 1)]  # that of all classes is the last
        boxes = apply_deltas(corners[order], shift)
        boxes = np.minimum(boxes, limit).clip(0)
        label = labels[index] if index < len(labels) else ""
        for place in nms(boxes, overlap, len(boxes)):
            sides = placed.box(boxes[place].tolist(), PIXELS)
            found.append(Box(index, label, float(score[order[place]]), *sides))
    return best_first(found)


def best_first(boxes: Sequence[Box]) -> list[Box]:
    """The same by score; of equals, the first comes first."""
    return sorted(boxes, key=lambda box: -box.score)
