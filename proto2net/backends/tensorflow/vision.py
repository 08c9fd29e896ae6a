"""Keras renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import (
    Array,
    Code,
    Convert,
    Transposed,
    as_tops,
    bottoms,
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
    Convolution,
    Deconvolution,
    Im2col,
    Local,
    ReLU,
)
from proto2net.shape import Shape, Window, count


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
    return call(around("Cropping", window.sides), CALLED)


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
    return "valid", call(around("ZeroPadding", window.sides), x)


def around(layer: str, sides: tuple[tuple[int, int], ...]) -> Call:
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
