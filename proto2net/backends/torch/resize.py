"""PyTorch renderers of proto2net/layers/resize.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, Expression, call, code, span
from proto2net.graph import Node
from proto2net.layers import Interp, Upsample


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x = BOTTOM
    if layer.pad_beg or layer.pad_end:
        cut = span(-layer.pad_beg or None, layer.pad_end or None)
        x = code("{0}[:, :, {cut}, {cut}]", cut=cut)
    if layer.use_blob_size or layer.sized:
        given = code("{1}.shape[2:]")
        size = given if layer.use_blob_size else node.tops[0].shape[2:]
        options = {"mode": "bilinear", "align_corners": True}
        return Code(call("F.interpolate", x, size, **options))
    shrink, zoom, times = layer.factors
    return Code(
        call(
            "interp",
            x,
            shrink_factor=(shrink, 1),
            zoom_factor=(zoom, 1),
            full_zoom_factor=(times, 1),
        )
    )


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("F.interpolate", BOTTOM, scale_factor=layer.scales[0]))
    if layer.size:
        return Code(call("max_unpool", *bottoms(node), layer.size))
    if not any(layer.less):
        places = code("{1}.long()")
        return Code(call("F.max_unpool2d", BOTTOM, places, same(layer.scales)))
    sizes = [
        _unpooled(code("{0}.shape[{axis}]", axis=axis), scale, less)
        for axis, scale, less in zip((2, 3), layer.scales, layer.less, strict=True)
    ]
    return Code(call("max_unpool", *bottoms(node), tuple(sizes)))


def _unpooled(size: Expression, scale: int, less: int) -> Expression:
    """A size times a scale, and less what rounding up had added."""
    size = code("{size} * {scale}", size=size, scale=scale)
    return code("{size} - {less}", size=size, less=less) if less else size
