"""PyTorch renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.shared.flow import RENDERERS
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import call, code, scaled
from proto2net.graph import Node
from proto2net.layers import ChannelNorm, ExpMax, NegSquare

backend.renderers |= RENDERERS

backend.says(
    {
        ChannelNorm: "torch.linalg.vector_norm({0}, dim=1, keepdim=True)",
        NegSquare: "-torch.square({0})",
    }
)


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Code:
    below = scaled(code("{0} - torch.amax({0}, dim=1, keepdim=True)"), node.layer.slope)
    return Code(scaled(call("torch.exp", below), node.layer.factor))
