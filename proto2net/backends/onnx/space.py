"""ONNX renderers of proto2net/layers/space.py."""

from __future__ import annotations

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import check_constant, shaped, sliced
from proto2net.backends.onnx.values import Value, X, op
from proto2net.graph import Node
from proto2net.layers import BatchToSpaceND, MirrorPad, Pad, SpaceToBatchND
from proto2net.layers.space import Sides


@renders(Pad)
def _pad(node: Node[Pad]) -> Value:
    return _padded(X, node.layer.sides(node.bottoms[0].shape), node.layer.constant_values)


def _padded(x: Value, sides: Sides, fill: float | None = None, mode: str = "constant") -> Value:
    """A value with more before and behind each axis."""
    if not any(map(any, sides)):
        return x
    before, behind = zip(*sides, strict=True)
    return op("Pad", x, [*before, *behind], fill, mode=mode)


@renders(MirrorPad)
def _mirror_pad(node: Node[MirrorPad]) -> Value:
    import numpy as np

    layer, bottom = node.layer, node.bottoms[0].shape
    sides, mode = layer.sides(bottom), layer.mode.lower()
    if not layer.mirrors:
        return _padded(X, sides, layer.constant_values)
    if mode != "symmetric":
        return _padded(X, sides, mode=mode)
    x = X  # ONNX does not have it
    for axis, (n, side) in enumerate(zip(bottom, sides, strict=True)):
        if any(side):
            check_constant(n + sum(side))
            x = op("Gather", x, np.pad(np.arange(n), side, "symmetric"), axis=axis)
    return x


@renders(SpaceToBatchND)
def _space_to_batch(node: Node[SpaceToBatchND]) -> Value:
    """Each axis as blocks and the places in them, and these before the images."""
    layer, (_, *size) = node.layer, node.bottoms[0].shape
    (_, *made), block = node.tops[0].shape, layer.block_shape
    blocks = len(block)
    rest = size[blocks:]
    x = _padded(X, ((0, 0), *layer.sides, *[(0, 0)] * len(rest)))
    x = shaped(x, -1, *(n for pair in zip(made, block, strict=False) for n in pair), *rest)
    places, kept = range(2, 2 * blocks + 1, 2), range(1, 2 * blocks, 2)
    behind = range(2 * blocks + 1, 2 * blocks + 1 + len(rest))
    return shaped(op("Transpose", x, perm=[*places, 0, *kept, *behind]), -1, *made)


@renders(BatchToSpaceND)
def _batch_to_space(node: Node[BatchToSpaceND]) -> Value:
    """The places of blocks, which come before the images, behind each axis, which is then cut."""
    layer, (_, *size), block = node.layer, node.bottoms[0].shape, node.layer.block_shape
    blocks = len(block)
    pairs = [axis for i in range(blocks) for axis in (blocks + 1 + i, i)]
    behind = range(2 * blocks + 1, len(size) + blocks + 1)
    x = op("Transpose", shaped(X, *block, -1, *size), perm=[blocks, *pairs, *behind])
    full = [n * b for n, b in zip(size, block, strict=False)]
    x = shaped(x, -1, *full, *size[blocks:])
    for axis, ((before, after), n) in enumerate(zip(layer.sides, full, strict=True), 1):
        if before or after:
            x = sliced(x, [axis], [before], [n - after])
    return x
