"""What targets with Caffe's order of axes print alike of proto2net/layers/resize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.tree import Expression, code, tree
from proto2net.graph import Node
from proto2net.layers import Unpooling, Upsample


def reads_mask(node: Node[Upsample]) -> bool:
    """Whether the second bottom is a mask, and not of the size that the top gets."""
    layer: Upsample = node.layer
    return layer.reads_mask(tuple(blob.shape for blob in node.bottoms))


def unpooled_size(layer: Upsample | Unpooling) -> tuple[Expression, ...]:
    """The height and width of the top, from those of the bottom."""
    axes = zip((2, 3), layer.scales, layer.less, strict=True)
    return tuple(_unpooled(axis, scale, less) for axis, scale, less in axes)


def _unpooled(axis: int, scale: int, less: int) -> Expression:
    """A size times a scale, and less what rounding up had added."""
    size = code("{0}.shape[{axis}] * {scale}", axis=axis, scale=scale)
    if less < 0:
        return code("{size} + {more}", size=size, more=-less)
    return code("{size} - {less}", size=size, less=less) if less else size


def new_sizes(node: Node[Any]) -> Expression:
    """The sizes that a Resize makes of an image: numbers, or the image's own times the scale."""
    bottom, top = node.bottoms[0].shape, node.tops[0].shape
    return tree(
        tuple(
            _scaled(axis, bottom[axis], scale, top[axis]) if size is None else size
            for axis, (size, scale) in zip(node.layer.axes, node.layer.sizes, strict=True)
        )
    )


def _scaled(axis: int, size: int, scale: float, scaled: int) -> object:
    """A size times its scale, which is computed with other numbers than Caffe's float32."""
    if int(size * scale) != scaled:
        return scaled
    if scale == int(scale):
        return code("{0}.shape[{axis}] * {scale}", axis=axis, scale=int(scale))
    return code("int({0}.shape[{axis}] * {scale})", axis=axis, scale=scale)
