"""Keras renderers of proto2net/layers/rcnn.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.regions import proposal_arguments, region_options
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.combine import bottoms
from proto2net.graph import Node
from proto2net.layers import (
    Proposal,
    ProposalLayer,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    SmoothL1Loss,
    SSHProposalLayer,
    TextProposalLayer,
)


def called_on(inputs: list[str]) -> str:
    """The node's own layer on these inputs."""
    return f"{{self}}([{', '.join(inputs)}])"


@renders(ROIPooling)
def _roi_pooling(node: Node[ROIPooling]) -> Code:
    return _pooled("ROIPooling", node)


@renders(ROIAlign)
def _roi_align(node: Node[ROIAlign]) -> Code:
    return _pooled("ROIAlign", node)


def _pooled(kind: str, node: Node[Any]) -> Code:
    size, options = node.layer.pooled_size, region_options(node.layer)
    init = call(kind, size, **options, name="{name}")
    return Code(called_on(bottoms(node)), init)


@renders(PSROIPooling)
def _psroi_pooling(node: Node[PSROIPooling]) -> Code:
    size, scale = node.layer.group_size, node.layer.spatial_scale
    init = call("PSROIPooling", size, scale, name="{name}")
    return Code(called_on(bottoms(node)), init)


@renders(Proposal)
def _proposal(node: Node[Proposal]) -> Code:
    return proposed(node)


@renders(ProposalLayer)
def _proposal_layer(node: Node[ProposalLayer]) -> Code:
    return proposed(node)


@renders(SSHProposalLayer)
def _ssh_proposal_layer(node: Node[SSHProposalLayer]) -> Code:
    return proposed(node)


def proposed(node: Node[Any]) -> Code:
    """The regions of a layer that proposes them, and their scores if asked for."""
    anchors, options = proposal_arguments(node)
    init = call("Proposal", anchors, **options, name="{name}")
    forward = called_on(bottoms(node))
    return Code(forward if len(node.tops) > 1 else f"{forward}[0]", init)


@renders(TextProposalLayer)
def _text_proposal_layer(node: Node[TextProposalLayer]) -> Code:
    layer = node.layer
    init = call("TextProposal", layer.anchors, layer.feat_stride, name="{name}")
    return Code(called_on(bottoms(node)), init)


@renders(SmoothL1Loss)
def _smooth_l1_loss(node: Node[SmoothL1Loss]) -> Code:
    init = call("SmoothL1Loss", sigma=(node.layer.sigma, 1.0), name="{name}")
    return Code(called_on(bottoms(node)), init)
