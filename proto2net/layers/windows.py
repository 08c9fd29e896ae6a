"""The windows of convolutions and poolings, from what their layers give."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from proto2net.errors import ShapeError
from proto2net.shape import MAX_COUNT, Shape, Window, dims, require

if TYPE_CHECKING:
    from proto2net.layers.pooling import NdPooling, Pooling
    from proto2net.layers.vision import Convolution, ConvolutionParameter, NdConvolution

Sides = tuple[Shape, Shape]
"""The padding before and after each axis."""


def spread(
    name: str, values: tuple[int, ...], axes: int, *, default: int | None
) -> tuple[int, ...]:
    """One value an axis from none (the default), one, or one an axis."""
    if not values and default is not None:
        return (default,) * axes
    if len(values) == axes:
        return values
    if len(values) != 1:
        raise ShapeError(
            f"{name} is given {len(values)} times for {axes} spatial axes",
            f"give {name} once, or once for each axis",
        )
    return values * axes


def window_of(
    layer: ConvolutionParameter | Pooling, kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> Window:
    """The window of this kernel, with its layer's stride and padding."""
    sides = (layer.pad_t, layer.pad_l), (layer.pad_b, layer.pad_r)
    return _window_of(kernel, layer.stride, layer.pad, sides, dilation)


@lru_cache(maxsize=256)  # a network has many layers with the same window
def _window_of(kernel: Shape, stride: Shape, pad: Shape, sides: Sides, dilation: Shape) -> Window:
    axes = len(kernel)
    stride = spread("stride", stride, axes, default=1)
    require(min(kernel, default=1) > 0, f"a kernel of {dims(kernel)}; each side must be above 0")
    require(min(stride, default=1) > 0, f"a stride of {dims(stride)}; each must be above 0")
    require(min(dilation, default=1) > 0, f"a dilation of {dims(dilation)}; each must be above 0")
    pads = _pads(pad, sides, axes)
    largest = max((*kernel, *stride, *dilation, *pads[0], *pads[1]), default=0)
    require(
        largest <= MAX_COUNT,
        f"a kernel, stride, dilation or pad is {largest}; Caffe's limit is {MAX_COUNT}",
    )
    return Window(kernel, stride, *pads, dilation)


def _pads(pad: Shape, sides: Sides, axes: int) -> Sides:
    """The padding before and after each axis; some forks have one for each side of an image."""
    pad = spread("pad", pad, axes, default=0)
    before, after = sides
    if not any(before + after):
        return pad, pad
    names = "pad_l, pad_r, pad_t or pad_b"
    require(axes == 2, f"{names} needs 2 spatial axes, but there are {axes}", "give pad")
    require(not any(pad), f"pad is given, and {names} too", "give one or the other")
    require(min(before + after) >= 0, f"{names} is below 0; each must be 0 or more")
    return before, after


def padded_same(layer: Convolution | Pooling, window: Window, size: Shape) -> Window:
    """The window, padded for an image of this size if `pad_type` says so."""
    if not layer.pad_type:
        return window
    require(
        layer.pad_type == 1,
        f"pad_type is {layer.pad_type}; it can only be 0, or 1 for TensorFlow's SAME",
    )
    require(not window.padded, "pad_type is 1, and a pad is given too", "give one or the other")
    require(
        max(window.stride, default=1) == 1 or max(window.dilation, default=1) == 1,
        "pad_type 1 is not possible with a stride and a dilation",
        "give pad_l, pad_r, pad_t and pad_b",
    )
    return window.same(size)


def nd_window(layer: NdConvolution | NdPooling, bottom: Shape, axes: int) -> Window:
    """The window of a layer that gives it as shapes, one value for each of the spatial axes."""
    require(axes > 0, f"the bottom ({dims(bottom)}) has no spatial axes")
    shapes = {
        "kernel_shape": layer.kernel_shape,
        "stride_shape": layer.stride_shape or (1,) * axes,
        "pad_shape": layer.pad_shape or (0,) * axes,
    }
    for name, shape in shapes.items():
        require(
            len(shape) == axes,
            f"{name} has {len(shape)} values, but the bottom ({dims(bottom)}) has {axes} "
            "spatial axes",
            "give one dim for each of them",
        )
    kernel, stride, pad = shapes.values()
    require(min(kernel) > 0, f"a kernel of {dims(kernel)}; each side must be above 0")
    require(min(stride) > 0, f"a stride of {dims(stride)}; each must be above 0")
    require(min(pad) >= 0, f"a pad of {dims(pad)}; each must be 0 or more")
    return Window(kernel, stride, pad, pad, (1,) * axes)


def check_volume(bottom: Shape) -> None:
    """Refuse all but volumes, which have 5 axes."""
    require(len(bottom) == 5, f"needs 5 axes (N, C, L, H, W), but the bottom is {dims(bottom)}")
