"""ONNX renderers of proto2net/layers/yolo.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import (
    below,
    beside,
    best_first,
    columns,
    detections,
    kept,
    numbered,
)
from proto2net.backends.onnx.shapes import joined, shaped, sizes
from proto2net.backends.onnx.values import FLOAT, Either, Value, X, bottoms, op
from proto2net.graph import Node
from proto2net.layers import Reorg, YoloDetectionOutput, Yolov3DetectionOutput
from proto2net.layers.yolo import Pairs
from proto2net.shape import count

Size = Value | list[int]
"""Sizes of axes, as a value or as numbers."""

# ---- sides and channels ---------------------------------------------------------------------


@renders(Reorg)
def _reorg(node: Node[Reorg]) -> Value | Either:
    """A space-to-depth of the same memory, read as fewer channels of larger planes."""
    layer, (_, channels, height, width) = node.layer, node.bottoms[0].shape
    block = layer.block
    if layer.swapped(node.bottoms[0].shape):
        turned = shaped(X, 0, channels, width, height)
        size = [width * block, height * block], [width // block, height // block]
        return _first_of(_blocks(turned, layer, channels, *size), node)
    size = [height * block, width * block], [height // block, width // block]
    known = _blocks(X, layer, channels, *size)
    if layer.swapped((1, channels, 1, 2)):  # in planes that are not square
        return known
    given = sizes(X, 2, 4)
    return Either(known, _blocks(X, layer, channels, given * block, op("Div", given, block)))


def _blocks(x: Value, layer: Reorg, channels: int, larger: Size, smaller: Size) -> Value:
    """YOLOv2's reorg in darknet's order; both sizes are heights and widths."""
    if layer.reverse:
        return op("DepthToSpace", x, blocksize=layer.block)
    area = layer.block**2
    wide = op("Reshape", x, _dims([0, channels // area], larger))
    narrow = op("SpaceToDepth", wide, blocksize=layer.block)
    return op("Reshape", narrow, _dims([0, channels * area], smaller))


def _dims(first: list[int], rest: Size) -> Size:
    return joined(first, rest) if isinstance(rest, Value) else [*first, *rest]


def _first_of(y: Value, node: Node[Reorg]) -> Value:
    """The first elements of all images, for which the top has room."""
    _, *shape = node.tops[0].shape
    return op("Slice", shaped(y, -1, *shape), [0], sizes(X, 0, 1), [0])


# ---- boxes ----------------------------------------------------------------------------------


def yolo_boxes(
    x: Value, channels: int, anchors: Pairs, scale: int = 1
) -> tuple[Value, Value, Value]:
    """Decode boxes (P, 4), their objectness (P, 1), and the class scores (P, C).

    They are in the order of images, rows, columns and anchors.
    """
    numbers = channels // len(anchors)
    t = shaped(op("Transpose", x, perm=[0, 2, 3, 1]), 0, 0, 0, len(anchors), numbers)
    across = shaped(numbered(x, 3), 1, 1, -1, 1, 1) * [1.0, 0.0]
    down = shaped(numbered(x, 2), 1, -1, 1, 1, 1) * [0.0, 1.0]
    places = op("Cast", op("Gather", op("Shape", x), [3, 2]), to=FLOAT)
    center = (across + down + op("Sigmoid", columns(t, 0, 2))) / places
    sides = op("Exp", columns(t, 2, 4)) * [list(map(float, pair)) for pair in anchors]
    sides = sides / (places * float(scale))
    return (
        shaped(beside(center, sides), -1, 4),
        shaped(op("Sigmoid", columns(t, 4, 5)), -1, 1),
        shaped(columns(t, 5, numbers), -1, numbers - 5),
    )


def best_classes(x: Value, channels: int, anchors: Pairs) -> tuple[Value, Value, Value]:
    """YOLOv2's boxes (P, 4), the best class of each (P, 1), and its score (P, 1)."""
    boxes, likely, scores = yolo_boxes(x, channels, anchors)
    shares = op("Softmax", scores, axis=1)
    labels = op("Cast", op("ArgMax", shares, axis=1, keepdims=1), to=FLOAT)
    return boxes, labels, likely * op("ReduceMax", shares, axes=[1], keepdims=1)


def suppressed(boxes: Value, scores: Value, threshold: float, least: float) -> Value:
    """Non-maximum suppression: the mask of the kept boxes."""
    if threshold <= 0:
        return kept(boxes, scores, 0.0, least, most=1)
    return kept(boxes, scores, below(threshold), least)


def _candidates(node: Node[Any]) -> int:
    """How many boxes there are, each class of a box counted."""
    return sum(count(blob.shape) for blob in node.bottoms)


@renders(YoloDetectionOutput)
def _yolo_detection_output(node: Node[YoloDetectionOutput]) -> Value:
    maps = [
        best_classes(x, blob.shape[1], node.layer.anchors)
        for x, blob in zip(bottoms(node), node.bottoms, strict=True)
    ]
    return _detected(node, maps, below(node.layer.confidence_threshold))


@renders(Yolov3DetectionOutput)
def _yolov3_detection_output(node: Node[Yolov3DetectionOutput]) -> Value:
    maps = []
    for index, (x, blob) in enumerate(zip(bottoms(node), node.bottoms, strict=True)):
        anchors, scale = node.layer.anchors(index), node.layer.anchors_scale[index]
        boxes, likely, scores = yolo_boxes(x, blob.shape[1], anchors, scale)
        scores = op("Unsqueeze", op("Sigmoid", scores) * likely, [2])
        shape = op("Shape", op("Concat", *[scores] * 4, axis=2))
        boxes = op("Expand", op("Unsqueeze", boxes, [1]), shape)
        labels = op("Expand", shaped(numbered(scores, 1), -1, 1), op("Shape", scores))
        maps.append((shaped(boxes, -1, 4), shaped(labels, -1, 1), shaped(scores, -1, 1)))
    return _detected(node, maps, node.layer.confidence_threshold)


def _detected(node: Node[Any], maps: Sequence[tuple[Value, ...]], least: float) -> Value:
    """Non-maximum suppression over all images: rows of 0, label + 1, score and corners."""
    boxes, labels, scores = (
        each[0] if len(each) == 1 else op("Concat", *each, axis=0)
        for each in zip(*maps, strict=True)
    )
    half = columns(boxes, 2, 4) / 2.0
    center = columns(boxes, 0, 2)
    found = beside(labels * 0.0, labels + 1.0, scores, center - half, center + half)
    scores = shaped(scores, -1)
    scores, order = best_first(scores, op("Shape", scores), _candidates(node) ** 2)
    found = op("Gather", found, order)
    sides = op("Unsqueeze", columns(found, 3, 7), [0])
    mask = suppressed(sides, shaped(scores, 1, -1), node.layer.nms_threshold, least)
    return detections(found, mask, X)
