"""Keras renderers of proto2net/layers/mnc.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.tensorflow.backend import backend, renders
from proto2net.backends.tensorflow.layout import in_caffe_order
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tensorflow.rcnn import proposed
from proto2net.backends.tree import BOTTOM, SELF, call
from proto2net.graph import Node
from proto2net.layers import (
    MaskLayer,
    MaskPooling,
    MaskResize,
    MNCProposalLayer,
    ROIWarping,
    StageBridgeLayer,
)
from proto2net.layers.mnc import MASK

backend.says({MaskPooling: "{0} * {1}"})


@renders(ROIWarping)
def _roi_warping(node: Node[ROIWarping]) -> Code:
    size, scale = node.layer.pooled_size, (node.layer.spatial_scale, 1.0)
    init = own("ROIWarping", size, spatial_scale=scale)
    return Code(called_on(bottoms(node)), init)


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Code:
    if factors := node.layer.factors:
        return Code(CALLED, own("MaskScaling", node.layer.size, factors))
    return Code(CALLED, own("MaskResize", node.layer.size))


@renders(MNCProposalLayer)
def _proposal_layer(node: Node[MNCProposalLayer]) -> Code:
    return proposed(node)


@renders(MaskLayer)
def _mask_layer(node: Node[MaskLayer]) -> Code:
    value = in_caffe_order(BOTTOM, len(node.bottoms[0].shape))
    return Code(call(SELF, value), own("layers.Reshape", (*MASK, 1)))


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Code:
    return Code(called_on(bottoms(node)), own("RegionRefinement"))
