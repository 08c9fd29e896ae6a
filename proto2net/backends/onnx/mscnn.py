"""ONNX renderers of proto2net/layers/mscnn.py. Feature maps may have any size."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import (
    BOTH_INSIDE,
    LOWEST,
    NO_LIMIT,
    above,
    all_of,
    apply_deltas,
    below,
    beside,
    best,
    best_first,
    chosen,
    columns,
    kept,
    numbered,
    rows,
)
from proto2net.backends.onnx.shapes import joined, shaped, sizes, sliced, turned_around
from proto2net.backends.onnx.values import FLOAT, Value, X, bottoms, op, value
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    BBoxRegParameter,
    BoxGroupOutput,
    BoxOutput,
    DecodeBBox,
    FrcnnOutput,
    ScaleRoute,
)
from proto2net.layers.mscnn import Field, FieldBoxes
from proto2net.shape import count

MADE_UP = [0.0, 1.0, 1.0, 10.0, 10.0]
"""The region that Caffe makes up where it finds none."""

Candidates = tuple[Value, Value]
"""Boxes (N, P, 4) and their scores (N, P)."""

# ---- regions --------------------------------------------------------------------------------


@renders(BoxOutput)
def _box_output(node: Node[BoxOutput]) -> list[Value]:
    layer, found = node.layer, []
    maps = zip(bottoms(node), node.bottoms, layer.fields, layer.downsample_rate, strict=True)
    for x, blob, field, stride in maps:
        classes = blob.shape[1] - 4
        shifts = sliced(x, [1], [classes], [classes + 4])
        center, size = _field_boxes(layer, shifts, [field], stride)
        start = op("Max", center - size / 2.0, 0.0)
        size = op("Min", size, _plane(x) * float(stride) - start)
        scores = op("ReduceMax", sliced(x, [1], [1], [classes]), axes=[1], keepdims=1)
        scores = shaped(scores - sliced(x, [1], [0], [1]), 0, -1)
        found.append((beside(start, start + size), _of_large(layer, size, scores)))
    return _best_regions(node, found, border=False)


@renders(BoxGroupOutput)
def _box_group_output(node: Node[BoxGroupOutput]) -> list[Value]:
    layer, found, maps = node.layer, [], bottoms(node)
    for prob, shifts, group in zip(maps[::2], maps[1::2], layer.box_group_param, strict=True):
        center, size = _field_boxes(layer, shifts, group.fields, group.stride)
        start = center - size / 2.0
        end = op("Min", start + size - 1.0, _plane(prob) * float(group.stride))
        start = op("Max", start, 0.0)
        scores = 1.0 - sliced(prob, [1], [0], [1])
        scores = op("Reshape", scores, op("Slice", op("Shape", start), [0], [2]))
        found.append((beside(start, end), _of_large(layer, end - start + 1.0, scores)))
    return _best_regions(node, found, border=True)


def _plane(x: Value) -> Value:
    """The width and height of an image, as floats."""
    return op("Cast", op("Gather", op("Shape", x), [3, 2]), to=FLOAT)


def _of_large(layer: FieldBoxes, size: Value, scores: Value) -> Value:
    """The scores of boxes that are large enough; for others the lowest."""
    large = all_of(op("GreaterOrEqual", size, float(layer.min_size)))
    return op("Where", op("Greater", large, 0.0), scores, LOWEST)


def _field_boxes(
    layer: FieldBoxes, shifts: Value, fields: Sequence[Field], stride: int
) -> Candidates:
    """Decode the centers and sizes (N, P, 2) of the anchors at each position."""
    t = op("Transpose", shifts, perm=[0, 2, 3, 1])
    t = op("Reshape", t, joined([-1, len(fields)], sizes(shifts, 2, 4), [4]))
    t = _unnormalized(t, layer.bbox_reg_param)
    least, most = -log(layer.field_whr), log(layer.field_whr)
    move = op("Clip", columns(t, 0, 2), -1 / layer.field_xyr, 1 / layer.field_xyr)
    growth = op("Clip", columns(t, 2, 4), least, most)
    across = shaped(numbered(shifts, 3), 1, -1, 1) * [1.0, 0.0]
    down = shaped(numbered(shifts, 2), -1, 1, 1) * [0.0, 1.0]
    field = _of_fields(fields)
    center = move * field + (across + down + 0.5) * float(stride)
    return shaped(center, 0, -1, 2), shaped(op("Exp", growth) * field, 0, -1, 2)


def _of_fields(fields: Sequence[Field]) -> list[list[list[list[float]]]]:
    """The width and height of each field, for boxes (N, F, H, W, 2)."""
    return [[[[float(width), float(height)]]] for width, height in fields]


def _unnormalized(shift: Value, how: BBoxRegParameter) -> Value:
    """Shifts as they were before training had them normalized."""
    if not how.normalized:
        return shift
    return shift * list(map(float, how.bbox_std)) + list(map(float, how.bbox_mean))


def _best_regions(
    node: Node[BoxOutput | BoxGroupOutput], found: Sequence[Candidates], *, border: bool
) -> list[Value]:
    """Proposals after NMS: rows of image, x1, y1, x2, y2; and with scores."""
    layer = node.layer
    boxes, scores = (
        each[0] if len(found) == 1 else op("Concat", *each, axis=1)
        for each in zip(*found, strict=True)
    )
    number = layer.max_nms_num or NO_LIMIT
    places = sum(count(blob.shape) // blob.shape[1] for blob in node.bottoms)
    boxes, scores = _best_first(boxes, scores, number, min(number, places) * places)
    mask = _distinct(layer, boxes, scores, below(layer.fg_thr), border=border)
    images = shaped(numbered(boxes, 0), -1, 1, 1)
    scores = op("Unsqueeze", scores, [2])
    images = op("Expand", images, op("Shape", scores))
    regions = beside(images, boxes)
    tops = [(regions, [MADE_UP]), (beside(regions, scores), [[0.0] * 6])]
    return [
        shaped(rows(row, mask, value(none), len(none[0])), -1, len(none[0]), 1, 1)
        for row, none in tops[: len(node.tops)]
    ]


def _best_first(boxes: Value, scores: Value, number: int, most: int) -> Candidates:
    """Groups of boxes (G, P, 4) and their scores (G, P), the best first; of equals, the last."""
    boxes, scores = turned_around(boxes, [1]), turned_around(scores, [1])
    limit = op("Min", [number], sizes(scores, 1, 2))
    scores, places = best_first(scores, limit, most)
    return op("GatherND", boxes, op("Unsqueeze", places, [2]), batch_dims=1), scores


def _distinct(
    layer: FieldBoxes | FrcnnOutput, boxes: Value, scores: Value, least: float, *, border: bool
) -> Value:
    """Non-maximum suppression: the mask (G, K) of the kept boxes.

    With a border sides are a pixel longer than their ends are apart. Caffe takes boxes of which
    ends are less than a pixel apart for separate, and here they share less than a pixel.
    """
    if layer.nms_type != "IOU":
        raise UnsupportedError(f"ONNX cannot suppress boxes with nms_type {layer.nms_type}")
    most = layer.max_post_nms_num if isinstance(layer, FieldBoxes) else 0
    sides = _with_border(boxes) if border else boxes
    return kept(sides, scores, above(layer.iou_thr), least, most or NO_LIMIT)


def _with_border(boxes: Value) -> Value:
    """Boxes (G, K, 4) that are a pixel larger; without an area if their ends are not apart."""
    start, end = columns(boxes, 0, 2), columns(boxes, 2, 4)
    apart = op("Greater", end - start, [below(0.0), 0.0])
    apart = op("Greater", op("Unsqueeze", all_of(apart), [2]), 0.0)
    return beside(start, op("Where", apart, end + 1.0, start))


# ---- boxes of regions -----------------------------------------------------------------------


@renders(DecodeBBox)
def _decode_bbox(node: Node[DecodeBBox]) -> Value:
    shifts, rois = (shaped(bottom, 0, -1) for bottom in bottoms(node)[:2])
    boxes = _shifted(node.layer.bbox_reg_param, columns(shifts, 4, 8), rois)
    return shaped(beside(columns(rois, 0, 1), boxes), 0, -1, 1, 1)


def _shifted(how: BBoxRegParameter, shift: Value, rois: Value) -> Value:
    """Apply deltas to regions; x2 and y2 are inside of the result."""
    return apply_deltas(columns(rois, 1, 5), _unnormalized(shift, how)) - BOTH_INSIDE


@renders(FrcnnOutput)
def _frcnn_output(node: Node[FrcnnOutput]) -> Value:
    """Detections after NMS: rows of 0, x1, y1, x2, y2, class, score.

    The first row is 0 and then -1, as in Caffe.
    """
    layer, (prob, shifts, rois, size) = node.layer, bottoms(node)
    scores = sliced(op("Transpose", shaped(prob, 0, -1), perm=[1, 0]), [0], [1], [NO_LIMIT])
    shift = op("Transpose", shaped(shifts, 0, -1, 4), perm=[1, 0, 2])
    shift = sliced(shift, [0], [1], [NO_LIMIT])
    boxes = _shifted(layer.bbox_reg_param, shift, shaped(rois, 0, -1))
    limit = op("Gather", shaped(size, -1), [1, 0, 1, 0])
    boxes = op("Max", op("Min", boxes, limit), 0.0)
    boxes = op("Expand", boxes, joined(op("Shape", scores), [4]))
    boxes, scores = _best_first(boxes, scores, NO_LIMIT, 0)
    mask = shaped(_distinct(layer, boxes, scores, below(layer.conf_thr), border=True), 1, -1)
    if layer.max_det_num:
        number = op("Min", [layer.max_det_num], sizes(mask, 1, 2))
        mask = best(mask, shaped(scores, 1, -1), number)
    scores = op("Unsqueeze", scores, [2])
    labels = op("Expand", shaped(numbered(scores, 0), -1, 1, 1) + 1.0, op("Shape", scores))
    found = shaped(beside(labels * 0.0, boxes, labels, scores), -1, 7)
    found = op("Concat", [[0.0] + [-1.0] * 6], found, axis=0)
    mask = op("Concat", [1.0], shaped(mask, -1), axis=0)
    return shaped(op("Gather", found, chosen(mask)), -1, 7, 1, 1)


@renders(ScaleRoute)
def _scale_route(node: Node[ScaleRoute]) -> list[Value]:
    """The rows whose region has a size in [low_scale, high_scale).

    Without any, it is the row whose size is nearest to `middle`, in octaves.
    """
    layer, rois = node.layer, shaped(X, 0, -1)
    sides = columns(rois, 3, 5) - columns(rois, 1, 3) + 1.0
    area = op("ReduceProd", sides, axes=[1], keepdims=0)
    scale = op("Sqrt", area)
    large = op("GreaterOrEqual", scale, float(layer.low_scale or 0))
    if layer.high_scale is not None:
        large = op("And", large, op("Less", scale, float(layer.high_scale)))
    mask = op("Cast", large, to=FLOAT)
    apart = op("Abs", op("Log", scale / float(layer.middle)))
    apart = op("Where", op("Less", area, 0.0), -LOWEST, apart)  # a region without a size
    nearest = op("Equal", numbered(scale, 0), op("Cast", op("ArgMin", apart, axis=0), to=FLOAT))
    nothing = 1.0 - op("ReduceMax", mask, axes=[0], keepdims=1)
    places = chosen(mask + nothing * op("Cast", nearest, to=FLOAT))
    return [
        shaped(op("Gather", bottom, places), -1, *(*blob.shape[1:], 1, 1, 1)[:3])
        for bottom, blob in zip(bottoms(node), node.bottoms, strict=True)
    ]
