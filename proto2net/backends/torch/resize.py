"""PyTorch renderers of proto2net/layers/resize.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.shared.resize import unpooled_size
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, Placeholder, call, code, span
from proto2net.graph import Node
from proto2net.layers import Interp, UnPooling, Unpooling, Upsample


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
    return Code(call("max_unpool", *bottoms(node), unpooled_size(layer)))


@renders(Unpooling)
@renders(UnPooling)
def _unpooling(node: Node[Unpooling]) -> Code:
    layer = node.layer
    kernel, stride = layer.window
    size = layer.size or unpooled_size(layer)
    if layer.method != "MAX":
        average = (layer.method == "AVE", False)
        return Code(call("unpool", BOTTOM, kernel, stride, size, average=average))
    mask = Placeholder(1) if len(node.bottoms) > 1 else call("corner_mask", BOTTOM, stride, size)
    return Code(call("max_unpool", BOTTOM, mask, size))
