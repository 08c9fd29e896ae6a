"""Renderers that NumPy and PyTorch share: a call of the helper that has the same name in both.

They are of the layers of detectors, whose helpers are functions of arrays in Caffe's layout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.regions import (
    as_in_tests,
    proposal_arguments,
    region_options,
    yolo_arguments,
    yolo_options,
)
from proto2net.backends.tree import BOTTOM, call, code, indexed, method
from proto2net.graph import Node
from proto2net.layers import (
    Layer,
    MaskLayer,
    MaskPooling,
    MaskResize,
    MNCProposalLayer,
    Proposal,
    ProposalLayer,
    PSROIPooling,
    Reorg,
    ROIAlign,
    ROIPooling,
    ROIWarping,
    SmoothL1Loss,
    SSHProposalLayer,
    StageBridgeLayer,
    TextProposalLayer,
    YoloDetectionOutput,
    Yolov3DetectionOutput,
)
from proto2net.layers.mnc import MASK

RENDERERS: dict[Chain, Renderer] = {}


def renders(layer: type[Layer]) -> Callable[[Renderer], Renderer]:
    """Register a renderer of a layer type for all targets that take these."""

    def register(renderer: Renderer) -> Renderer:
        RENDERERS[layer,] = renderer
        return renderer

    return register


# ---- R-CNN ----------------------------------------------------------------------------------


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


@renders(Proposal)
def _proposal(node: Node[Proposal]) -> Code:
    return _proposed(node)


@renders(ProposalLayer)
def _proposal_layer(node: Node[ProposalLayer]) -> Code:
    return _proposed(node)


@renders(SSHProposalLayer)
def _ssh_proposal_layer(node: Node[SSHProposalLayer]) -> Code:
    return _proposed(node)


def _proposed(node: Node[Any]) -> Code:
    """The regions of a layer that proposes them, and their scores if asked for."""
    anchors, options = proposal_arguments(node)
    forward = call("propose", *bottoms(node), anchors, **options)
    return Code(forward if len(node.tops) > 1 else indexed(forward, 0))


@renders(TextProposalLayer)
def _text_proposal_layer(node: Node[TextProposalLayer]) -> Code:
    layer = node.layer
    return Code(call("propose_text", *bottoms(node), layer.anchors, layer.feat_stride))


@renders(SmoothL1Loss)
def _smooth_l1_loss(node: Node[SmoothL1Loss]) -> Code:
    sigma = (node.layer.sigma, 1.0)
    return Code(call("smooth_l1_loss", *bottoms(node), sigma=sigma))


# ---- MNC ------------------------------------------------------------------------------------


@renders(ROIWarping)
def _roi_warping(node: Node[ROIWarping]) -> Code:
    size, scale = node.layer.pooled_size, (node.layer.spatial_scale, 1.0)
    return Code(call("roi_warp", *bottoms(node), size, spatial_scale=scale))


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Code:
    return Code(call("resize_mask", BOTTOM, node.layer.size))


@renders(MaskPooling)
def _mask_pooling(node: Node[MaskPooling]) -> Code:
    return Code(code("{0} * {1}"))


@renders(MNCProposalLayer)
def _mnc_proposal_layer(node: Node[MNCProposalLayer]) -> Code:
    as_in_tests(node)
    return _proposed(node)


@renders(MaskLayer)
def _mask_layer(node: Node[MaskLayer]) -> Code:
    as_in_tests(node)
    return Code(method(BOTTOM, "reshape", -1, 1, *MASK))


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Code:
    as_in_tests(node)
    return Code(call("refine_rois", *bottoms(node)))


# ---- YOLO -----------------------------------------------------------------------------------


@renders(Reorg)
def _reorg(node: Node[Reorg]) -> Code:
    layer = node.layer
    swapped = layer.swapped(node.bottoms[0].shape)
    function = "swapped_reorg" if swapped else "reorg"
    return Code(call(function, BOTTOM, layer.block, reverse=(layer.reverse, False)))


@renders(YoloDetectionOutput)
def _yolo_detection_output(node: Node[YoloDetectionOutput]) -> Code:
    return _detected("yolo_detection_output", node)


@renders(Yolov3DetectionOutput)
def _yolov3_detection_output(node: Node[Yolov3DetectionOutput]) -> Code:
    return _detected("yolov3_detection_output", node)


def _detected(function: str, node: Node[Any]) -> Code:
    outputs, options = list(bottoms(node)), yolo_options(node.layer)
    return Code(call(function, outputs, *yolo_arguments(node), **options))
