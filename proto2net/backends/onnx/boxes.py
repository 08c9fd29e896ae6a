"""Boxes and their non-maximum suppression, for several families of layers.

Boxes that may stay come in groups, such as those of a class in an image, best first. Which stay is
a mask of numbers 1 and 0. So sizes depend on what is found in one place only, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from proto2net.backends.onnx.shapes import shaped, sizes
from proto2net.backends.onnx.values import FLOAT, INT64, Operand, Value, op, ops

LOWEST = -3.4028234663852886e38
"""The lowest number of 32 bits, which no score is; not an infinity, which some readers refuse."""

SMALLEST = 1.2e-38
"""A number of 32 bits with all its digits: what is smaller is 0 to some readers."""

FAR = 1e6
"""Where no box of an image lies, in pixels or as a share."""

BOTH_INSIDE = [0.0, 0.0, 1.0, 1.0]
"""What is added to a box of which both corners are inside of it."""

NO_LIMIT = 2**31 - 1


def columns(x: Value, start: int, end: int) -> Value:
    """Some of the numbers along the last axis."""
    return op("Slice", x, [start], [end], [-1])


def beside(*parts: Value) -> Value:
    """Numbers one beside the other along the last axis."""
    return op("Concat", *parts, axis=-1)


def size(x: Value, axis: int) -> Value:
    """How long an axis is, when the graph is run."""
    return op("Gather", op("Shape", x), axis)


def numbered(x: Value, axis: int) -> Value:
    """0, 1, 2 … as floats, as many as an axis is long."""
    return op("Cast", op("Range", 0, size(x, axis), 1), to=FLOAT)


def apply_deltas(boxes: Value, shift: Value) -> Value:
    """Apply deltas (dx, dy, dw, dh) to boxes (x1, y1, x2, y2), as in Fast R-CNN."""
    start = columns(boxes, 0, 2)
    size = columns(boxes, 2, 4) - start + 1.0
    center = columns(shift, 0, 2) * size + (start + 0.5 * size)
    half = 0.5 * (op("Exp", columns(shift, 2, 4)) * size)
    return beside(center - half, center + half)


def within(boxes: Value, im_info: Value) -> Value:
    """Boxes that end where an image of this height and width does."""
    limit = op("Gather", shaped(im_info, -1), [1, 0, 1, 0]) - 1.0
    return op("Max", op("Min", boxes, limit), 0.0)


def all_of(condition: Value) -> Value:
    """1 where the condition holds for all along the last axis, which goes; else 0."""
    return op("ReduceMin", op("Cast", condition, to=FLOAT), axes=[-1], keepdims=0)


def chosen(mask: Value) -> Value:
    """The numbers of what a mask has."""
    return shaped(op("NonZero", shaped(mask, -1)), -1)


def best_first(scores: Value, number: Operand, most: int) -> tuple[Value, Value]:
    """The best so many scores along the last axis, and their places.

    Of equal ones the first comes first, as ONNX has it. OpenVINO has not: so the places of equals
    are sorted once more. `most` is the number times that of places.
    """
    found, places = ops(2, "TopK", scores, number)
    if most >= 2**31:  # beyond what OpenVINO counts to
        return found, places
    before = op("Max", op("Range", -1, size(found, -1) - 1, 1), 0)
    falls = op("Less", found, op("Gather", found, before, axis=-1))
    runs = op("CumSum", op("Cast", falls, to=INT64), -1)
    offsets = runs * size(scores, -1)
    keys, _ = ops(2, "TopK", offsets + places, number, largest=0)
    return found, keys - offsets


def kept(
    boxes: Value,
    scores: Value,
    limit: float,
    least: float = LOWEST,
    most: int = NO_LIMIT,
) -> Value:
    """Non-maximum suppression: the mask (G, K) of kept boxes (G, K, 4) scoring over `least`.

    A box is better that stands before, whatever the scores (G, K). Suppression is given ranks as
    scores, since some readers take none below 0. What overlaps by the `limit` itself goes in
    OpenVINO and stays in other readers: it is to be above or below a threshold.
    """
    likely = op("Greater", scores, least)
    if limit > 1:
        first = op("Less", numbered(scores, 1), float(most))
        return op("Cast", op("And", likely, first), to=FLOAT)
    ranks = op("Cast", op("Range", size(scores, -1), 0, -1), to=FLOAT)
    ranks = op("Unsqueeze", op("Where", likely, ranks, 0.0), [1])
    stay = op("NonMaxSuppression", with_area(boxes), ranks, [most], [limit], [0.0])
    none = op("Expand", [0.0], op("Shape", ranks))
    mask = op("ScatterND", none, stay, op("Expand", [1.0], sizes(stay, 0, 1)))
    return op("Squeeze", mask, [1])


def kept_by_turns(boxes: Value, scores: Value, thresholds: Sequence[float], least: float) -> Value:
    """The same where each box that stays lowers the threshold for the next, until the last one."""
    alive = op("Cast", op("Greater", scores, least), to=FLOAT)
    mask, most = alive * 0.0, alive * 0.0
    for threshold in thresholds:
        place = op("ArgMax", alive, axis=1, keepdims=1)
        first = alive * op("Cast", op("Equal", op("Range", 0, size(alive, 1), 1), place), to=FLOAT)
        mask, alive = mask + first, alive - first
        box = op("Unsqueeze", op("GatherND", boxes, place, batch_dims=1), [1])
        most = op("Max", most, iou(box, boxes))
        alive = alive * op("Cast", op("LessOrEqual", most, threshold), to=FLOAT)
    left = op("Where", op("Greater", alive, 0.0), scores, LOWEST)
    return mask + kept(boxes, left, above(thresholds[-1]), least)


def iou(box: Value, boxes: Value) -> Value:
    """The intersection over union (G, K) of a box (G, 1, 4) with others (G, K, 4)."""
    start = op("Max", columns(box, 0, 2), columns(boxes, 0, 2))
    shared = _area(start, op("Min", columns(box, 2, 4), columns(boxes, 2, 4)))
    areas = [_area(columns(each, 0, 2), columns(each, 2, 4)) for each in (box, boxes)]
    whole = areas[0] + areas[1] - shared
    return shared / op("Where", op("Greater", shared, 0.0), whole, 1.0)


def _area(start: Value, end: Value) -> Value:
    sides = op("Max", end - start, 0.0)
    return op("ReduceProd", sides, axes=[2], keepdims=0)


def above(threshold: float) -> float:
    """The next greater number of 32 bits, of those that no reader takes for 0."""
    return _next(threshold, 1)


def below(threshold: float) -> float:
    """The next smaller number of 32 bits, of those that no reader takes for 0."""
    return _next(threshold, -1)


def _next(threshold: float, sign: int) -> float:
    import numpy as np

    found = np.nextafter(np.float32(threshold), np.float32(sign * inf))
    return sign * SMALLEST if abs(found) < SMALLEST else float(found)


def with_area(boxes: Value) -> Value:
    """Boxes (G, K, 4), of which those without an area lie far away, each where no other is.

    In Caffe they overlap nothing. Readers turn what is inside out, or divide 0 by 0.
    """
    sides = columns(boxes, 2, 4) - columns(boxes, 0, 2)
    smallest = op("ReduceMin", sides, axes=[2], keepdims=1)
    away = shaped(numbered(boxes, 1), -1, 1) * 2.0 + FAR
    away = beside(away, away, away + 1.0, away + 1.0)
    return op("Where", op("Greater", smallest, 0.0), boxes, away)


def best(mask: Value, scores: Value, most: Operand) -> Value:
    """The mask (N, K) without all but the best so many of each row."""
    found = op("Where", op("Greater", mask, 0.0), scores, LOWEST)
    _, places = ops(2, "TopK", found, most, axis=1)
    none = op("Expand", [0.0], op("Shape", mask))
    stay = op("GatherElements", mask, places, axis=1)
    return op("ScatterElements", none, places, stay, axis=1)


def rows(found: Value, mask: Value, none: Value, width: int) -> Value:
    """The rows (K, width) that the mask has, one after the other; `none` if it has none."""
    mask = shaped(mask, -1)
    nothing = 1.0 - op("ReduceMax", mask, axes=[0], keepdims=1)
    mask = op("Concat", mask, op("Expand", nothing, sizes(none, 0, 1)), axis=0)
    found = op("Concat", shaped(found, -1, width), none, axis=0)
    return op("Gather", found, chosen(mask))


def nothing_found(x: Value, width: int) -> Value:
    """A row for each image of the value: its number, and -1."""
    images = shaped(numbered(x, 0), -1, 1)
    return beside(images, images * 0.0 + [-1.0] * (width - 1))


def detections(found: Value, mask: Value, x: Value, width: int = 7) -> Value:
    """Rows of what is found in the images of the value, as 1 x 1 x N x width."""
    return shaped(rows(found, mask, nothing_found(x, width), width), 1, 1, -1, width)
