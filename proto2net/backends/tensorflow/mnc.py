"""Keras renderers of proto2net/layers/mnc.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.regions import as_in_tests
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.combine import bottoms
from proto2net.backends.tensorflow.layout import in_caffe_order
from proto2net.backends.tensorflow.rcnn import called_on, proposed
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
    init = call("ROIWarping", size, spatial_scale=scale, name="{name}")
    return Code(called_on(bottoms(node)), init)


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Code:
    return Code("{self}({0})", call("MaskResize", node.layer.size, name="{name}"))


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
    value = in_caffe_order("{0}", len(node.bottoms[0].shape))
    return Code(f"{{self}}({value})", call("layers.Reshape", (*MASK, 1), name="{name}"))


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Code:
    as_in_tests(node)
    return Code(called_on(bottoms(node)), call("RegionRefinement", name="{name}"))
