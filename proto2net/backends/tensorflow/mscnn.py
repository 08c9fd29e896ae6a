"""Keras renderers of proto2net/layers/mscnn.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.regions import (
    best_region_options,
    field_box_options,
    frcnn_options,
    route_options,
    shift_options,
)
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import widened
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import indexed
from proto2net.graph import Node
from proto2net.layers import BoxGroupOutput, BoxOutput, DecodeBBox, FrcnnOutput, ScaleRoute


@renders(BoxOutput)
def _box_output(node: Node[BoxOutput]) -> Code:
    return _regions("BoxOutput", node)


@renders(BoxGroupOutput)
def _box_group_output(node: Node[BoxGroupOutput]) -> Code:
    return _regions("BoxGroupOutput", node)


def _regions(kind: str, node: Node[Any]) -> Code:
    """The best boxes, and their scores if asked for."""
    options = field_box_options(node.layer) | best_region_options(node.layer)
    both = called_on(bottoms(node))
    return Code(both if len(node.tops) > 1 else indexed(both, 0), own(kind, **options))


@renders(DecodeBBox)
def _decode_bbox(node: Node[DecodeBBox]) -> Code:
    init = own("DecodeBBox", **shift_options(node.layer.bbox_reg_param))
    return Code(called_on(bottoms(node)[:2]), init)


@renders(FrcnnOutput)
def _frcnn_output(node: Node[FrcnnOutput]) -> Code:
    return Code(called_on(bottoms(node)), own("FrcnnOutput", **frcnn_options(node.layer)))


@renders(ScaleRoute)
def _scale_route(node: Node[ScaleRoute]) -> Code:
    read = zip(bottoms(node), node.bottoms, strict=True)
    rows = called_on(widened(bottom, len(blob.shape), 4) for bottom, blob in read)
    init = own("ScaleRoute", **route_options(node.layer))
    return Code(rows if len(node.tops) > 1 else indexed(rows, 0), init)
