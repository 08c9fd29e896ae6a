"""NumPy renderers of proto2net/layers/space.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import backend, renders
from proto2net.backends.shared.space import RENDERERS
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import MirrorPad, Pad

backend.renderers |= RENDERERS


@renders(Pad)
def _pad(node: Node[Pad]) -> Code:
    return _padded(node)


def _padded(node: Node[Any]) -> Code:
    """The bottom with a number around it."""
    sides, value = node.layer.sides(node.bottoms[0].shape), node.layer.constant_values
    return Code(call("np.pad", BOTTOM, sides, constant_values=(value, 0.0)))


@renders(MirrorPad)
def _mirror_pad(node: Node[MirrorPad]) -> Code:
    layer = node.layer
    if not layer.mirrors:
        return _padded(node)
    return Code(call("np.pad", BOTTOM, layer.sides(node.bottoms[0].shape), layer.mode.lower()))
