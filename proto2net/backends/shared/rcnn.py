"""Renderers of proto2net/layers/rcnn.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial
from typing import Any

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.regions import proposal_arguments
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import call, indexed
from proto2net.graph import Node
from proto2net.layers import (
    Proposal,
    ProposalLayer,
    SmoothL1Loss,
    SSHProposalLayer,
    TextProposalLayer,
)

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


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
