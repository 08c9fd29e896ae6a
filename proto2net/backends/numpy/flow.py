"""NumPy renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.numpy.backend import backend, renders
from proto2net.backends.shared.flow import RENDERERS
from proto2net.backends.tree import (
    call,
    code,
    scaled,
)
from proto2net.graph import Node
from proto2net.layers import Accum, ChannelNorm, ExpMax, NegSquare

backend.renderers |= RENDERERS

backend.says(
    {
        ChannelNorm: "np.linalg.norm({0}, axis=1, keepdims=True)",
        NegSquare: "-np.square({0})",
    }
)


@renders(Accum)
def _accum(node: Node[Accum]) -> Code:
    *_, last = placeholders = bottoms(node)
    reference = node.layer.have_reference
    size = code("{x}.shape[2:]", x=last) if reference else node.tops[0].shape[2:]
    images = [call("interp", x, size) for x in node.layer.joined(placeholders)]
    return Code(images[0] if len(images) == 1 else call("np.concatenate", tuple(images), axis=1))


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Code:
    below = scaled(code("{0} - {0}.max(1, keepdims=True)"), node.layer.slope)
    return Code(scaled(call("np.exp", below), node.layer.factor))
