"""Keras renderers of proto2net/layers/roi.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.regions import region_options
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.graph import Node
from proto2net.layers import PSROIPooling, ROIAlign, ROIPooling


@renders(ROIPooling)
def _roi_pooling(node: Node[ROIPooling]) -> Code:
    return _pooled("ROIPooling", node)


@renders(ROIAlign)
def _roi_align(node: Node[ROIAlign]) -> Code:
    return _pooled("ROIAlign", node)


def _pooled(kind: str, node: Node[Any]) -> Code:
    size, options = node.layer.pooled_size, region_options(node.layer)
    return Code(called_on(bottoms(node)), own(kind, size, **options))


@renders(PSROIPooling)
def _psroi_pooling(node: Node[PSROIPooling]) -> Code:
    size, scale = node.layer.group_size, node.layer.spatial_scale
    return Code(called_on(bottoms(node)), own("PSROIPooling", size, scale))
