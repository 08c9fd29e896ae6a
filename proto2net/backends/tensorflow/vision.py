"""Keras renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proto2net.backends.base import (
    Array,
    Code,
    Convert,
    Transposed,
    as_tops,
    bottoms,
    choose,
    same_array,
)
from proto2net.backends.source import same
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    DepthwiseKernel,
    in_caffe_order,
    in_keras_order,
    permuted,
)
from proto2net.backends.tensorflow.objects import CALLED, activation_of, own
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Call,
    Expression,
    call,
    code,
    filled,
    indexed,
    span,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    SPP,
    Convolution,
    Deconvolution,
    Im2col,
    Local,
    NdPooling,
    Pooling,
    Pooling3D,
    ReLU,
)
from proto2net.shape import Shape, Window, count

# ---- convolutions ---------------------------------------------------------------------------


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    return _convolved(node)


@renders(Convolution, ReLU)
def _convolution_and_relu(node: Node[Convolution], relu: Node[ReLU]) -> Code | None:
    activation = activation_of(relu)
    return _convolved(node, activation) if activation else None


def _convolved(
    node: Node[Convolution], activation: str | None = None, *, explicit: bool = False
) -> Code:
    """The code of a convolution; `explicit` if its padding is a layer at every stride."""
    layer = node.layer
    window, axes = _window(node)
    if not axes:
        return _without_window(node, Transposed((1, 0)), activation)
    channels = layer.split(node.bottoms[0].shape)[1]
    groups = layer.groups(node.bottoms[0].shape)
    # TensorFlow's own needs one stride for both axes.
    depthwise = axes == 2 and groups == channels > 1 and window.stride[0] == window.stride[1]
    # Keras refuses strides and dilation together: convolve densely, and take every second.
    thinned = max(window.stride) > 1 < max(window.dilation)
    padding, read = _padding(window, layer.split(node.bottoms[0].shape)[2], explicit=explicit)
    same_as_keras = layer.pad_type and max(window.dilation) == 1
    if same_as_keras:
        padding, read = "same", BOTTOM
    init = own(
        "layers.DepthwiseConv2D" if depthwise else f"layers.Conv{axes}D",
        *([] if depthwise else [layer.num_output]),
        same(window.kernel),
        strides=(1 if thinned else same(window.stride), 1),
        padding=(padding, "valid"),
        depth_multiplier=(layer.num_output // channels if depthwise else 1, 1),
        dilation_rate=(same(window.dilation), 1),
        groups=(1 if depthwise else groups, 1),
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
    )
    convert = DepthwiseKernel(channels) if depthwise else _kernel_first(axes)
    made: Expression = call(SELF, read)
    if thinned:
        steps = (span(None, None, stride) for stride in window.stride)
        made = indexed(made, span(None, None), *steps)
    even = not explicit and padding == "same" and not same_as_keras
    general = _convolved(node, activation, explicit=True) if even else None
    forward = _on_images(node, _without(node, made))
    return Code(forward, init, _filters(node, convert), general=general)


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> Code:
    window, axes = _window(node)
    if not axes:
        return _without_window(node, None)
    if node.layer.group > 1 or max(window.dilation) > 1:
        init, made = _own_transpose(node.layer, window)
    else:
        init, made = _keras_transpose(node.layer, window)
    if not count(node.tops[0].shape):  # which Cropping refuses to make
        cuts = (span(before, -after or None) for before, after in window.sides)
        made = indexed(CALLED, span(None, None), *cuts)
    return Code(_on_images(node, made), init, _filters(node, _kernel_first(axes)))


def _keras_transpose(layer: Deconvolution, window: Window) -> tuple[Call, Expression]:
    """What makes the layer, and how it is called."""
    sizes = list(zip(window.extent, window.stride, window.pad, strict=True))
    # An output of the input's size times the stride has as much cut off on all sides.
    even = not window.uneven and all(e - s == 2 * pad for e, s, pad in sizes)
    gaps = any(extent < stride for extent, stride, _ in sizes)
    init = own(
        f"layers.Conv{len(sizes)}DTranspose",
        layer.num_output,
        same(window.kernel),
        strides=(same(window.stride), 1),
        padding=("same" if even else "valid", "valid"),
        output_padding=0 if gaps else None,
        use_bias=(layer.bias_term, True),
    )
    return init, CALLED if even else _cut(window)


def _own_transpose(layer: Deconvolution, window: Window) -> tuple[Call, Expression]:
    """What makes the layer, and how it is called, where Keras has none that runs everywhere."""
    ones = (1,) * len(window.kernel)
    init = own(
        "ConvTranspose",
        layer.num_output,
        window.kernel,
        strides=(window.stride, ones),
        dilation_rate=(window.dilation, ones),
        groups=(layer.group, 1),
        use_bias=(layer.bias_term, True),
    )
    return init, _cut(window)


def _cut(window: Window) -> Expression:
    """What the layer makes, without its padding."""
    if not window.padded:
        return CALLED
    return call(_around("Cropping", window.sides), CALLED)


@renders(Local)
def _local(node: Node[Local]) -> Code:
    layer = node.layer
    _, read = _padding(layer.window, node.bottoms[0].shape[2:], explicit=True)
    init = own(
        "Local",
        layer.num_output,
        layer.window.kernel,
        strides=(layer.window.stride, (1, 1)),
        use_bias=(layer.bias_term, True),
    )
    return Code(call(SELF, read), init, {name: same_array(node, name) for name in node.blobs})


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Code:
    window, axes = _window(node)
    _, read = _padding(window, node.layer.split(node.bottoms[0].shape)[2], explicit=True)
    init = own(
        "Im2col",
        window.kernel,
        strides=(window.stride, (1,) * axes),
        dilation_rate=(window.dilation, (1,) * axes),
    )
    return Code(_on_images(node, _without(node, call(SELF, read))), init)


def _window(node: Node[Any]) -> tuple[Window, int]:
    """The window, and over how many spatial axes Keras slides it."""
    window = node.layer.window(node.bottoms[0].shape)
    axes = len(window.kernel)
    if axes > 3:
        raise UnsupportedError(f"a window over {axes} axes is not possible", "use --to numpy")
    return window, axes


def _least(window: Window) -> Shape:
    """How large an image must be for one whole window."""
    sides = zip(window.extent, window.sides, strict=True)
    return tuple(extent - sum(pads) for extent, pads in sides)


def _without(node: Node[Any], made: Expression) -> Expression:
    """The expression without the windows that Caffe has none of, in a small image."""
    batch, _, _ = node.layer.split(node.bottoms[0].shape)
    if all(node.tops[0].shape[len(batch) + 1 :]):
        return made
    window = node.layer.window(node.bottoms[0].shape)
    cut = call("CutWindows", _least(window), window.stride)
    return call(cut, [made, BOTTOM])


def _without_window(
    node: Node[Any], convert: Convert | None, activation: str | None = None
) -> Code:
    """A convolution that has only channels to look at, the last axis."""
    layer, axes = node.layer, len(node.bottoms[0].shape)
    if layer.groups(node.bottoms[0].shape) > 1:
        raise UnsupportedError("groups are not possible without spatial axes")
    init = own(
        "layers.Dense",
        layer.num_output,
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
    )
    made = in_keras_order(call(SELF, in_caffe_order(BOTTOM, axes)), axes)
    return Code(_for_each_bottom(node, made), init, _filters(node, convert))


def _for_each_bottom(node: Node[Any], made: Expression) -> Expression:
    """The expression of one top, repeated for all."""
    return as_tops([filled(made, {0: each}) for each in bottoms(node)])


def _kernel_first(axes: int) -> Transposed:
    """From Caffe's outputs, inputs and kernel to Keras' kernel, inputs and outputs."""
    return Transposed((*range(2, axes + 2), 1, 0))


def _filters(node: Node[Any], convert: Convert | None) -> dict[str, Array]:
    """Kernel and bias."""
    kernel = same_array(node, "weight", convert)
    return {"kernel": kernel} | ({"bias": same_array(node, "bias")} if len(node.blobs) > 1 else {})


def _on_images(node: Node[Any], made: Expression) -> Expression:
    """What is made of images, for bottoms that may lie otherwise than (N, sizes, C)."""
    bottom, top = node.bottoms[0].shape, node.tops[0].shape
    batch, channels, size = node.layer.split(bottom)
    if len(batch) == 1 and len(size) > 1:
        return _for_each_bottom(node, made)
    axes = len(size) + 2
    given = value = in_caffe_order(BOTTOM, len(bottom))
    if len(batch) != 1:  # all axes before the channels become one
        new = (-1 if batch else 1, channels)
        value = call(call("Reshape", new, num_axes=len(batch) + 1), value)
    value = permuted(value, (0, *range(2, axes), 1))
    value = permuted(filled(made, {0: value}), (0, axes - 1, *range(1, axes - 1)))
    if not batch:
        value = code("Reshape((), num_axes=1)({x})", x=value)
    elif len(batch) > 1:
        value = call(call("Unflatten", len(batch)), [value, given])
    return _for_each_bottom(node, in_keras_order(value, len(top)))


def _padding(window: Window, size: Shape, *, explicit: bool = False) -> tuple[str, Expression]:
    """Keras' padding option, and the expression of the bottom, padded where it must be.

    "same" pads evenly only at stride 1; at other strides it depends on the size of the image.
    """
    x, least = BOTTOM, _least(window)
    if any(n < k for n, k in zip(size, least, strict=True)):
        x = call(call("PadTo", least), x)
    if not window.padded:
        return "valid", x
    if _even(window) and not explicit:
        return "same", x
    return "valid", call(_around("ZeroPadding", window.sides), x)


def _around(layer: str, sides: tuple[tuple[int, int], ...]) -> Call:
    """Keras' layer that adds or cuts off so much before and after each axis."""
    pads: object = sides
    if all(before == after for before, after in sides):
        pads = same(tuple(before for before, _ in sides))
    return call(f"layers.{layer}{len(sides)}D", pads)


def _even(window: Window) -> bool:
    """Whether Keras' "same" pads just so: at stride 1, half of the kernel on each side."""
    sides = zip(window.extent, window.sides, strict=True)
    halves = all(pads == ((extent - 1) // 2, extent // 2) for extent, pads in sides)
    return set(window.stride) == {1} and halves


# ---- pooling --------------------------------------------------------------------------------


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
        read = call(_around("ZeroPadding", window.sides), BOTTOM) if window.padded else BOTTOM
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
        read = call(_around("ZeroPadding", sides), BOTTOM) if any(map(any, sides)) else BOTTOM
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
            read = call(_around("ZeroPadding", window.sides), BOTTOM) if window.padded else BOTTOM
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
    zeros = call(_around("ZeroPadding", sides), BOTTOM)
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
