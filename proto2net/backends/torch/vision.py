"""PyTorch renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, Reshaped, bottoms, same_array
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    call,
    code,
    filled,
    listed,
    method,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    Convolution,
    Deconvolution,
    Im2col,
    Local,
)
from proto2net.shape import Shape, Window, count


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    return _convolved(node, "nn.Conv", *_padding(node))


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> Code:
    _, window = _split(node)
    nothing = not count(node.tops[0].shape)  # which PyTorch refuses to make
    if window.uneven or nothing:
        cut = tuple(-pad for pad in last_axis_first(window.sides))
        return _convolved(node, "nn.ConvTranspose", cut=cut)
    return _convolved(node, "nn.ConvTranspose", same(window.pad))


def _split(node: Node[Any]) -> tuple[tuple[Shape, int, Shape], Window]:
    bottom = node.bottoms[0].shape
    return node.layer.split(bottom), node.layer.window(bottom)


def _padding(node: Node[Convolution]) -> tuple[object, Expression]:
    """PyTorch's padding option, and the expression of the bottom, padded where it must be."""
    (_, _, size), window = _split(node)
    if window.varies:
        return 0, call("pad_same", BOTTOM, window.extent, window.stride)
    x, least = BOTTOM, _least(window)
    if any(n < k for n, k in zip(size, least, strict=True)):
        x = call("pad_to", x, least)
    if window.uneven:
        return 0, call("F.pad", x, last_axis_first(window.sides))
    return same(window.pad), x


def _least(window: Window) -> Shape:
    """How large an image must be for one whole window."""
    sides = zip(window.extent, window.sides, strict=True)
    return tuple(extent - sum(pads) for extent, pads in sides)


def last_axis_first(sides: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """The padding as F.pad takes it."""
    return tuple(pad for pads in reversed(sides) for pad in pads)


def _convolved(
    node: Node[Any],
    module: str,
    padding: object = 0,
    x: Expression = BOTTOM,
    cut: tuple[int, ...] = (),
) -> Code:
    """The tops of either convolution, from x of each bottom, with what is cut off each top."""
    layer = node.layer
    (batch, channels, size), window = _split(node)
    if len(size) > 3:
        raise UnsupportedError(
            f"a convolution over {len(size)} spatial axes is not supported",
            "PyTorch has it for 1 to 3",
        )
    if not size:  # over an axis that is added
        padding, window = 0, Window((1,), (1,), (0,), (0,), (1,))
    init = call(
        f"{module}{len(window.kernel)}d",
        channels,
        layer.num_output,
        kernel_size=(same(window.kernel), None),
        stride=(same(window.stride), 1),
        padding=(padding, 0),
        dilation=(same(window.dilation), 1),
        groups=(layer.groups(node.bottoms[0].shape), 1),
        bias=(layer.bias_term, True),
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    if not size:
        weight = node.blobs["weight"].shape
        arrays["weight"] = same_array(node, "weight", Reshaped((*weight, 1)))
    y = _applied(x, len(batch), spatial=bool(size))
    if module == "nn.Conv" and not all(node.tops[0].shape[len(batch) + 1 :]):
        y = call("cut_windows", y, BOTTOM, _least(window), window.stride)
    top = call("F.pad", y, cut) if cut else y
    if len(node.bottoms) > 1:
        top = listed(filled(top, {0: each}) for each in bottoms(node))
    return Code(top, init, arrays)


def _applied(x: Expression, batch: int, *, spatial: bool) -> Expression:
    """The module applied to x, which has so many batch axes; PyTorch takes one or none."""
    if batch > 1:
        x = method(x, "flatten", 0, batch - 1)
    y = call(SELF, x) if spatial else code("{self}({x}.unsqueeze(-1)).squeeze(-1)", x=x)
    if batch > 1:
        y = method(y, "unflatten", 0, code("{0}.shape[:{batch}]", batch=batch))
    return y


@renders(Local)
def _local(node: Node[Local]) -> Code:
    layer = node.layer
    init = call(
        "Local",
        node.bottoms[0].shape[1],
        layer.num_output,
        layer.kernel_size,
        node.tops[0].shape[2:],
        stride=(layer.stride, 1),
        padding=(layer.pad, 0),
        bias=(layer.bias_term, True),
    )
    return Code(call(SELF, BOTTOM), init, {name: same_array(node, name) for name in node.blobs})


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Code:
    _, window = _split(node)
    x, pad = BOTTOM, window.pad
    if window.uneven:
        x, pad = call("F.pad", x, last_axis_first(window.sides)), (0, 0)
    return Code(call("im2col", x, window.kernel, window.stride, pad, window.dilation))
