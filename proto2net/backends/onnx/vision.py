"""ONNX renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proto2net.backends.base import Reshaped
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import as_batch, padded, reshaped, shaped
from proto2net.backends.onnx.values import Value, X, bottoms, known, learned, op
from proto2net.graph import Node
from proto2net.layers import Convolution, Deconvolution, Im2col, Local
from proto2net.shape import Shape, Window, count


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> list[Value]:
    return _filtered("Conv", node)


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> list[Value]:
    return _filtered("ConvTranspose", node)


def _filtered(operator: str, node: Node[Any]) -> list[Value]:
    """The filters of the layer over each of its bottoms."""
    layer, bottom = node.layer, node.bottoms[0].shape
    shape = node.blobs["weight"].shape
    kernel = layer.window(bottom).kernel
    weight = learned(node, "weight") if kernel else learned(node, "weight", Reshaped((*shape, 1)))
    arrays = [weight, *([learned(node, "bias")] if layer.bias_term else [])]
    group = layer.groups(bottom)
    return [
        _over_images(operator, node, x, arrays, group=None if group == 1 else group)
        for x in bottoms(node)
    ]


def _over_images(
    operator: str, node: Node[Any], x: Value, arrays: Sequence[Value], **options: Any
) -> Value:
    """An operator that takes a batch of images, where Caffe's may have more axes before, or none.

    Of images without an axis each is one pixel.
    """
    layer, bottom, wanted = node.layer, node.bottoms[0].shape, node.tops[0].shape
    batch, _, size = layer.split(bottom)
    if 0 in wanted:  # which readers refuse
        import numpy as np

        return known(np.zeros(wanted, np.float32))
    if size:
        window = layer.window(bottom)
        options |= _moved(window, size if operator == "Conv" else None)
    x = as_batch(x, bottom, len(batch))
    x = x if size else shaped(x, 0, 0, 1)
    if size and operator == "Conv" and options["pads"] and set(window.extent) == {1}:
        pads = options.pop("pads")  # of which OpenCV 5 reads what was in memory before
        x = padded(x, pads[: len(size)], pads[len(size) :])
    top = op(operator, x, *arrays, **options)
    if len(batch) == 1 and size:
        return top
    found = (count(batch), *wanted[len(batch) :], *([] if size else [1]))
    return reshaped(top, found, wanted)


def _moved(window: Window, size: Shape | None) -> dict[str, list[int] | None]:
    """How a window moves, where it is not by one; what it reaches over is added at the end.

    A kernel that is larger than the image by less than a stride has a place in Caffe.
    """
    after = list(window.pad_end)
    if size is not None:
        places = zip(window.convolved(size), window.stride, window.extent, strict=True)
        reach = [(n - 1) * s + e for n, s, e in places]
        fits = zip(reach, size, window.pad, after, strict=True)
        after = [max(a, r - n - p) if r > n + p + a else a for r, n, p, a in fits]
    pads = [*window.pad, *after]
    return {
        "strides": list(window.stride) if set(window.stride) != {1} else None,
        "dilations": list(window.dilation) if set(window.dilation) != {1} else None,
        "pads": pads if any(pads) else None,
    }


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Value:
    """A convolution in which each place of the kernel is a filter of its own."""
    kernel = node.layer.window(node.bottoms[0].shape).kernel
    channels = node.layer.split(node.bottoms[0].shape)[1]
    return _over_images("Conv", node, X, [_places(channels, kernel)], group=channels)


def _places(channels: int, kernel: Shape) -> Value:
    """For each channel as many filters as the kernel has places, each of which takes one."""
    import numpy as np

    places = count(kernel)
    one = np.eye(places, dtype=np.float32).reshape(places, 1, *kernel)
    return known(np.tile(one, (channels, 1, *(1,) * len(kernel))))


@renders(Local)
def _local(node: Node[Local]) -> Value:
    """The windows as columns, each times the filters of its place."""
    layer, (_, channels, *_), top = node.layer, node.bottoms[0].shape, node.tops[0].shape
    window = layer.window
    x = padded(X, window.pad, window.pad_end)
    columns = op(
        "Conv",
        x,
        _places(channels, window.kernel),
        group=channels,
        strides=list(window.stride),
    )
    inputs = channels * count(window.kernel)
    columns = shaped(columns, 0, 1, inputs, -1)
    weight = learned(node, "weight", Reshaped((1, layer.num_output, inputs, -1)))
    found = op("ReduceSum", columns * weight, axes=[2], keepdims=0)
    if layer.bias_term:
        found = found + learned(node, "bias", Reshaped((layer.num_output, -1)))
    return shaped(found, 0, 0, *top[2:])
