"""NumPy renderers of proto2net/layers/mnc.py."""

from __future__ import annotations

from proto2net.backends.base import Code, placeholders
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.rcnn import proposed
from proto2net.backends.regions import as_in_tests
from proto2net.backends.source import call
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


@renders(ROIWarping)
def _roi_warping(node: Node[ROIWarping]) -> Code:
    size, scale = node.layer.pooled_size, (node.layer.spatial_scale, 1.0)
    return Code(call("roi_warp", *placeholders(node), size, spatial_scale=scale))


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Code:
    return Code(call("resize_mask", "{0}", node.layer.size))


@renders(MaskPooling)
def _mask_pooling(node: Node[MaskPooling]) -> Code:
    return Code("{0} * {1}")


@renders(MNCProposalLayer)
def _proposal_layer(node: Node[MNCProposalLayer]) -> Code:
    as_in_tests(node)
    return proposed(node)


@renders(MaskLayer)
def _mask_layer(node: Node[MaskLayer]) -> Code:
    as_in_tests(node)
    return Code(call("{0}.reshape", -1, 1, *MASK))


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Code:
    as_in_tests(node)
    return Code(call("refine_rois", *placeholders(node)))
