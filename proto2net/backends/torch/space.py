"""PyTorch renderers of proto2net/layers/space.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.shared.space import RENDERERS
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import MirrorPad, Pad

backend.renderers |= RENDERERS


@renders(Pad)
def _pad(node: Node[Pad]) -> Code:
    return _padded(node)


def _padded(node: Node[Any]) -> Code:
    """PyTorch begins at the last axis, and has none that is not padded before the first."""
    sides = [side for pair in reversed(node.layer.sides(node.bottoms[0].shape)) for side in pair]
    while sides[-2:] == [0, 0]:
        del sides[-2:]
    if not sides:
        return Code(BOTTOM)
    return Code(call("F.pad", BOTTOM, tuple(sides), value=(node.layer.constant_values, 0.0)))


@renders(MirrorPad)
def _mirror_pad(node: Node[MirrorPad]) -> Code:
    layer = node.layer
    if not layer.mirrors:
        return _padded(node)
    return Code(call("mirror_pad", BOTTOM, layer.sides(node.bottoms[0].shape), layer.mode.lower()))
