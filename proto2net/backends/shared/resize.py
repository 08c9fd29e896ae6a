"""What targets with Caffe's order of axes print alike of proto2net/layers/resize.py."""

from __future__ import annotations

from proto2net.backends.tree import Expression, code
from proto2net.layers import Unpooling, Upsample


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
