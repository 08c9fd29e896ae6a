"""Renderers of proto2net/layers/roi.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial
from typing import Any

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.regions import region_options
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import call
from proto2net.graph import Node
from proto2net.layers import PSROIPooling, ROIAlign, ROIPooling

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(ROIPooling)
def _roi_pooling(node: Node[ROIPooling]) -> Code:
    return _pooled("roi_pool", node)


@renders(ROIAlign)
def _roi_align(node: Node[ROIAlign]) -> Code:
    return _pooled("roi_align", node)


def _pooled(function: str, node: Node[Any]) -> Code:
    size, options = node.layer.pooled_size, region_options(node.layer)
    return Code(call(function, *bottoms(node), size, **options))


@renders(PSROIPooling)
def _psroi_pooling(node: Node[PSROIPooling]) -> Code:
    size, scale = node.layer.group_size, node.layer.spatial_scale
    return Code(call("psroi_pool", *bottoms(node), size, scale))
