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
from proto2net.backends.tree import Expression, indexed
from proto2net.graph import Blob, Node
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
    rows = called_on(map(_of_four_axes, bottoms(node), node.bottoms))
    init = own("ScaleRoute", **route_options(node.layer))
    return Code(rows if len(node.tops) > 1 else indexed(rows, 0), init)


def _of_four_axes(value: Expression, blob: Blob) -> Expression:
    """A bottom of which the rows are picked; the layer itself widens plain rows."""
    axes = len(blob.shape)
    return value if axes == 2 else widened(value, axes, 4)
