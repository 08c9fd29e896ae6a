"""Keras renderers of proto2net/layers/pooling.py."""

from __future__ import annotations

from dataclasses import replace

from proto2net.backends.base import (
    Code,
    choose,
)
from proto2net.backends.source import same
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import CALLED, own
from proto2net.backends.tensorflow.vision import around
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Call,
    call,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    SPP,
    NdPooling,
    Pooling,
    Pooling3D,
)
from proto2net.shape import Shape, Window


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    kind = choose(
        node, "pool", MAX="Max", AVE="Average", AVE_EXC_PAD="Average", STOCHASTIC="Stochastic"
    )
    mask = len(node.tops) > 1
    if layer.global_pooling and kind != "Stochastic" and not mask:
        return _global_pooling(kind)
    zeros_count = layer.pool == "AVE" and (window.padded or window.varies)
    if layer.pad_type and not zeros_count:
        return Code(CALLED, _keras_pooling(kind, window, "same"))
    if window.varies:
        padded = call(call("PadSame", window.extent, window.stride), BOTTOM)
        return Code(call(SELF, padded), _keras_pooling(kind, window))
    overhang = window.overhang(ceil=layer.ceil)
    plain = kind != "Stochastic" and not mask and all(node.tops[0].shape[2:])
    if plain and _covers(window, ceil=layer.ceil) and not zeros_count:
        return Code(CALLED, _keras_pooling(kind, window, "same"))
    if plain and kind == "Max" and _fits(window, overhang):
        return _max_pooling(window, overhang)
    inside = layer.pool == "AVE_EXC_PAD" and window.padded
    if plain and not any(overhang) and not inside:  # zeros count for an average
        read = call(around("ZeroPadding", window.sides), BOTTOM) if window.padded else BOTTOM
        return Code(call(SELF, read), _keras_pooling(kind, window))
    init = own(
        f"{kind}Pooling{'Inside' * inside}{'WithMask' * mask}",
        same(window.kernel),
        same(window.stride),
        padding=(window.sides if window.uneven else same(window.pad), 0),
        overhang=(same(overhang), 0),
    )
    return Code(CALLED, init)


@renders(NdPooling)
def _nd_pooling(node: Node[NdPooling]) -> Code:
    window = node.layer.window(node.bottoms[0].shape)
    axes = len(window.kernel)
    if axes not in (2, 3):
        raise UnsupportedError(f"a pooling over {axes} axes is not possible", "use --to numpy")
    kind = choose(node, "pool", MAX="Max", AVE="Average")
    if node.layer.global_pooling:
        return Code(CALLED, own(f"layers.Global{kind}Pooling{axes}D", keepdims=True))
    if kind == "Average":  # zeros count
        ends = zip(window.sides, window.overhang(), strict=True)
        sides = tuple((before, after + over) for (before, after), over in ends)
        read = call(around("ZeroPadding", sides), BOTTOM) if any(map(any, sides)) else BOTTOM
        return Code(call(SELF, read), _keras_pooling(kind, window))
    if _covers(window, ceil=True):
        return Code(CALLED, _keras_pooling("Max", window, "same"))
    return _max_pooling(window, window.overhang())


@renders(Pooling3D)
def _pooling_3d(node: Node[Pooling3D]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    kind = choose(node, "pool", MAX="Max", AVE="Average")
    mask = len(node.tops) > 1
    if layer.global_pooling and not mask:
        return Code(CALLED, own(f"layers.Global{kind}Pooling3D", keepdims=True))
    overhang = tuple(s - 1 for s in window.stride) if layer.of_c3d else window.overhang()
    if not mask and all(node.tops[0].shape[2:]):
        if _covers(window, ceil=True) and not (kind == "Average" and window.padded):
            return Code(CALLED, _keras_pooling(kind, window, "same"))
        if kind == "Max" and _fits(window, overhang):
            return _max_pooling(window, overhang)
        if not any(overhang):  # zeros count for an average
            read = call(around("ZeroPadding", window.sides), BOTTOM) if window.padded else BOTTOM
            return Code(call(SELF, read), _keras_pooling(kind, window))
    volume = "Volume" * (mask or kind == "Average")
    init = own(
        f"{volume}{kind}Pooling{'WithMask' * mask}",
        window.kernel,
        window.stride,
        padding=(window.pad, None),
        overhang=(overhang, None),
    )
    return Code(CALLED, init)


def _max_pooling(window: Window, overhang: Shape) -> Code:
    """A max pooling without empty windows; zeros change nothing where no value is negative."""
    init = _keras_pooling("Max", window)
    ends = zip(window.sides, overhang, strict=True)
    sides = tuple((before, after + over) for (before, after), over in ends)
    if not any(map(any, sides)):
        return Code(CALLED, init)
    lowest = call(call("PadLowest", sides), BOTTOM)
    zeros = call(around("ZeroPadding", sides), BOTTOM)
    made = Code(call(SELF, lowest), init)
    return replace(made, nonnegative=Code(call(SELF, zeros), init, general=made))


def _covers(window: Window, *, ceil: bool) -> bool:
    """Whether Keras' "same" has the same windows, whatever the image's size.

    It has as many as the size divided by the stride, rounded up. How much it pads before the image
    depends on the size, but at stride 1, and at 2 for an even kernel.
    """
    sizes = zip(window.kernel, window.stride, window.sides, strict=True)
    return all(
        (s == 1 or (s == 2 and k % 2 == 0 and ceil)) and sides == ((k - s) // 2, (k - s + 1) // 2)
        for k, s, sides in sizes
    )


def _fits(window: Window, overhang: Shape) -> bool:
    """Whether each window has a part of the image, whatever its size."""
    return all(over < k for over, k in zip(overhang, window.kernel, strict=True))


def _keras_pooling(kind: str, window: Window, padding: str = "valid") -> Call:
    return own(
        f"layers.{kind}Pooling{len(window.kernel)}D",
        same(window.kernel),
        same(window.stride),
        padding=(padding, "valid"),
    )


def _global_pooling(kind: str) -> Code:
    if kind == "Max":
        return Code(CALLED, own("GlobalMaxPooling"))
    return Code(CALLED, own("layers.GlobalAveragePooling2D", keepdims=True))


@renders(SPP)
def _spp(node: Node[SPP]) -> Code:
    kind = choose(node, "pool", MAX="Max", AVE="Average")
    height = node.layer.pyramid_height
    if height == 1:
        return _global_pooling(kind)
    average = (kind == "Average", False)
    return Code(CALLED, own("SpatialPyramidPooling", height, average=average))
