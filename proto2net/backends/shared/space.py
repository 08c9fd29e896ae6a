"""Renderers of proto2net/layers/space.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial

from proto2net.backends.base import Chain, Code, Renderer
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import BatchToSpaceND, SpaceToBatchND

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(SpaceToBatchND)
def _space_to_batch(node: Node[SpaceToBatchND]) -> Code:
    return Code(call("space_to_batch", BOTTOM, node.layer.block_shape, node.layer.sides))


@renders(BatchToSpaceND)
def _batch_to_space(node: Node[BatchToSpaceND]) -> Code:
    return Code(call("batch_to_space", BOTTOM, node.layer.block_shape, node.layer.sides))
