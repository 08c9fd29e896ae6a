"""PyTorch renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.shared.flow import RENDERERS
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import call, code, scaled
from proto2net.graph import Node
from proto2net.layers import Accum, ChannelNorm, ExpMax, NegSquare

backend.renderers |= RENDERERS

backend.says(
    {
        ChannelNorm: "torch.linalg.vector_norm({0}, dim=1, keepdim=True)",
        NegSquare: "-torch.square({0})",
    }
)


@renders(Accum)
def _accum(node: Node[Accum]) -> Code:
    *_, last = placeholders = bottoms(node)
    reference = node.layer.have_reference
    size = code("{x}.shape[2:]", x=last) if reference else node.tops[0].shape[2:]
    options = {"mode": "bilinear", "align_corners": True}
    images = [call("F.interpolate", x, size, **options) for x in node.layer.joined(placeholders)]
    return Code(images[0] if len(images) == 1 else call("torch.cat", tuple(images), dim=1))


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Code:
    below = scaled(code("{0} - torch.amax({0}, dim=1, keepdim=True)"), node.layer.slope)
    return Code(scaled(call("torch.exp", below), node.layer.factor))
