"""Renderers of proto2net/layers/mscnn.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial
from typing import Any

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.regions import (
    best_region_options,
    field_box_options,
    frcnn_options,
    route_options,
    shift_options,
)
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import call, indexed
from proto2net.graph import Node
from proto2net.layers import BoxGroupOutput, BoxOutput, DecodeBBox, FrcnnOutput, ScaleRoute

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(BoxOutput)
def _box_output(node: Node[BoxOutput]) -> Code:
    return _regions("box_candidates", node)


@renders(BoxGroupOutput)
def _box_group_output(node: Node[BoxGroupOutput]) -> Code:
    return _regions("box_group_candidates", node, border=1)


def _regions(function: str, node: Node[Any], **options: object) -> Code:
    """The best of the boxes that a function gives, and their scores if asked for."""
    boxes = call(function, list(bottoms(node)), **field_box_options(node.layer))
    both = call("best_regions", boxes, **best_region_options(node.layer), **options)
    return Code(both if len(node.tops) > 1 else indexed(both, 0))


@renders(DecodeBBox)
def _decode_bbox(node: Node[DecodeBBox]) -> Code:
    options = shift_options(node.layer.bbox_reg_param)
    return Code(call("decode_bbox", *bottoms(node)[:2], **options))


@renders(FrcnnOutput)
def _frcnn_output(node: Node[FrcnnOutput]) -> Code:
    return Code(call("frcnn_output", *bottoms(node), **frcnn_options(node.layer)))


@renders(ScaleRoute)
def _scale_route(node: Node[ScaleRoute]) -> Code:
    rows = call("scale_route", *bottoms(node), **route_options(node.layer))
    return Code(rows if len(node.tops) > 1 else indexed(rows, 0))
