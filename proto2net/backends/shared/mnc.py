"""Renderers of proto2net/layers/mnc.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.shared import renders as shared
from proto2net.backends.shared.rcnn import proposed
from proto2net.backends.tree import BOTTOM, call, code, method
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

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(ROIWarping)
def _roi_warping(node: Node[ROIWarping]) -> Code:
    size, scale = node.layer.pooled_size, (node.layer.spatial_scale, 1.0)
    return Code(call("roi_warp", *bottoms(node), size, spatial_scale=scale))


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Code:
    factors = (node.layer.factors, None)
    return Code(call("resize_mask", BOTTOM, node.layer.size, factors=factors))


@renders(MaskPooling)
def _mask_pooling(node: Node[MaskPooling]) -> Code:
    return Code(code("{0} * {1}"))


@renders(MNCProposalLayer)
def _mnc_proposal_layer(node: Node[MNCProposalLayer]) -> Code:
    return proposed(node)


@renders(MaskLayer)
def _mask_layer(node: Node[MaskLayer]) -> Code:
    return Code(method(BOTTOM, "reshape", -1, 1, *MASK))


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Code:
    return Code(call("refine_rois", *bottoms(node)))
