"""Keras renderers of proto2net/layers/rcnn.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.regions import proposal_arguments
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import indexed
from proto2net.graph import Node
from proto2net.layers import (
    Proposal,
    ProposalLayer,
    SmoothL1Loss,
    SSHProposalLayer,
    TextProposalLayer,
)


@renders(Proposal)
@renders(ProposalLayer)
@renders(SSHProposalLayer)
def _proposal(node: Node[Any]) -> Code:
    return proposed(node)


def proposed(node: Node[Any]) -> Code:
    """The regions of a layer that proposes them, and their scores if asked for."""
    anchors, options = proposal_arguments(node)
    both = called_on(bottoms(node))
    made = both if len(node.tops) > 1 else indexed(both, 0)
    return Code(made, own("Proposal", anchors, **options))


@renders(TextProposalLayer)
def _text_proposal_layer(node: Node[TextProposalLayer]) -> Code:
    layer = node.layer
    init = own("TextProposal", layer.anchors, layer.feat_stride)
    return Code(called_on(bottoms(node)), init)


@renders(SmoothL1Loss)
def _smooth_l1_loss(node: Node[SmoothL1Loss]) -> Code:
    init = own("SmoothL1Loss", sigma=(node.layer.sigma, 1.0))
    return Code(called_on(bottoms(node)), init)
