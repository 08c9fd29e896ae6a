"""ONNX renderers of proto2net/layers/rcnn.py. Feature maps may have any size."""

from __future__ import annotations

from typing import Any

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import (
    BOTH_INSIDE,
    LOWEST,
    above,
    all_of,
    apply_deltas,
    beside,
    best_first,
    chosen,
    columns,
    kept,
    numbered,
    within,
)
from proto2net.backends.onnx.shapes import shaped, sizes, sliced
from proto2net.backends.onnx.values import FLOAT, Value, X, bottoms, op
from proto2net.graph import Node
from proto2net.layers import (
    Proposal,
    ProposalLayer,
    SmoothL1Loss,
    SSHProposalLayer,
    TextProposalLayer,
)
from proto2net.layers.rcnn import Box
from proto2net.shape import count

# ---- proposals ------------------------------------------------------------------------------


@renders(Proposal)
def _proposal(node: Node[Proposal]) -> list[Value]:
    return proposed(node)


@renders(ProposalLayer)
def _proposal_layer(node: Node[ProposalLayer]) -> list[Value]:
    return proposed(node)


@renders(SSHProposalLayer)
def _ssh_proposal_layer(node: Node[SSHProposalLayer]) -> list[Value]:
    return proposed(node)


def proposed(node: Node[Any]) -> list[Value]:
    """Region proposals after NMS, best first, and their scores if asked for."""
    how = node.layer.proposing(node.phase)
    scores, shifts, im_info = bottoms(node)
    score = _of_objects(scores, len(how.anchors))
    boxes = _anchor_boxes(shifts, how.anchors, how.feat_stride)
    boxes = within(apply_deltas(boxes, _rows(shifts, 4)), im_info)
    sides = columns(boxes, 2, 4) - columns(boxes, 0, 2) + 1.0
    last = min(count(node.bottoms[2].shape), 4) - 1
    scale = op("Gather", shaped(im_info, -1), [last, 2])
    large = all_of(op("GreaterOrEqual", sides, scale * float(how.min_size)))
    number = op("Min", [how.pre_nms_topn], op("Shape", score))
    most = how.pre_nms_topn * len(how.anchors) * count(node.bottoms[0].shape[2:])
    score = op("Where", op("Greater", large, 0.0), score, 0.0 if how.keep_small else LOWEST)
    ranked = _in_order(score) if how.keep_small else score
    ranked, order = best_first(ranked, number, most)
    boxes, score = op("Gather", boxes, order), op("Gather", score, order)
    both_inside = op("Unsqueeze", boxes + BOTH_INSIDE, [0])
    limits = above(how.nms_thresh), LOWEST, how.post_nms_topn
    best = chosen(kept(both_inside, shaped(ranked, 1, -1), *limits))
    rois = op("Gather", beside(columns(boxes, 0, 1) * 0.0, boxes), best)
    score = op("Gather", score, best)
    return [rois, score if how.keep_small else shaped(score, -1, 1)][: len(node.tops)]


def _in_order(score: Value) -> Value:
    """Scores of which those that are 0 are a little more than that, the first of them the most.

    They are many, and OpenVINO's TopK takes any of its equals.
    """
    tiny = (2.0 - numbered(score, 0) * 2.0**-22) * 2.0**-100
    return op("Where", op("Equal", score, 0.0), tiny, score)


def _of_objects(scores: Value, boxes: int) -> Value:
    """The scores of an image's boxes of being objects, which stand behind those of not being."""
    return shaped(_rows(sliced(scores, [1], [boxes], [2 * boxes]), 1), -1)


def _rows(x: Value, each: int) -> Value:
    """The numbers of each box of an image, row by row of places."""
    return shaped(op("Transpose", x, perm=[0, 2, 3, 1]), -1, each)


def _anchor_boxes(x: Value, anchors: tuple[Box, ...], stride: int) -> Value:
    """The anchors (H * W * A, 4) at each position of a feature map, row by row."""
    step = float(stride)
    across = shaped(numbered(x, 3), 1, -1, 1, 1) * [step, 0.0, step, 0.0]
    down = shaped(numbered(x, 2), -1, 1, 1, 1) * [0.0, step, 0.0, step]
    return shaped(across + down + [list(map(float, anchor)) for anchor in anchors], -1, 4)


@renders(TextProposalLayer)
def _text_proposal_layer(node: Node[TextProposalLayer]) -> list[Value]:
    layer, (scores, shifts, im_info) = node.layer, bottoms(node)
    boxes = _anchor_boxes(shifts, layer.anchors, layer.feat_stride)
    left, top, right, bottom = (columns(boxes, side, side + 1) for side in range(4))
    shift = _rows(shifts, 2)
    size = bottom - top + 1.0
    height = op("Exp", columns(shift, 1, 2)) * size
    top = columns(shift, 0, 1) * size + (top + bottom) / 2.0 - height / 2.0
    boxes = within(beside(left, top, right, top + height), im_info)
    return [boxes, shaped(_of_objects(scores, len(layer.anchors)), -1, 1)]


# ---- loss -----------------------------------------------------------------------------------


@renders(SmoothL1Loss)
def _smooth_l1_loss(node: Node[SmoothL1Loss]) -> Value:
    _, target, *weights = (shaped(bottom, 0, -1) for bottom in bottoms(node))
    difference = shaped(X, 0, -1) - target
    inside, outside = (*weights, None, None)[:2]
    if inside is not None:
        difference = inside * difference
    size, square = op("Abs", difference), float(node.layer.sigma) ** 2
    small = op("Less", size, 1 / square)
    losses = op("Where", small, 0.5 * square * (size * size), size - 0.5 / square)
    if outside is not None:
        losses = outside * losses
    images = op("Cast", sizes(X, 0, 1), to=FLOAT)
    return op("Squeeze", op("ReduceSum", losses, axes=[0, 1], keepdims=1) / images, [0, 1])
