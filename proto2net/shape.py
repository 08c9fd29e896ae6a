"""Shapes and sliding windows: all of Caffe's size arithmetic, once.

Sizes are in elements; axes are counted from the outermost, N, C, H, W = 0, 1, 2, 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from proto2net.errors import ShapeError

Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]

MAX_AXES = 32
MAX_COUNT = 2**31 - 1  # Caffe counts elements in an int


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raise ShapeError with this sentence unless the condition holds."""
    if not condition:
        raise ShapeError(message, hint)


def count(shape: Sequence[int]) -> int:
    """The number of elements; 1 for a shape without axes."""
    return prod(shape)


def dims(shape: Sequence[int]) -> str:
    """A shape as people write it: `2 x 3 x 8 x 8`, or `scalar` for no axes."""
    return " x ".join(map(str, shape)) or "scalar"


def canonical_axis(axis: int, shape: Shape, name: str = "axis") -> int:
    """The axis counted from the front; negative ones count from the back (blob.hpp)."""
    n = len(shape)
    require(
        -n <= axis < n,
        f"{name} is {axis}, but the bottom ({dims(shape)}) has {n} axes",
        f"use {-n} to {n - 1}" if n else "",
    )
    return axis % n


def check_size(shape: Shape) -> None:
    """Refuse a blob that Caffe cannot hold (blob.cpp, Blob::Reshape)."""
    require(len(shape) <= MAX_AXES, f"a blob of {len(shape)} axes; Caffe's limit is {MAX_AXES}")
    require(
        min(shape, default=0) >= 0,
        f"the output would be {dims(shape)}: a negative size",
        "the kernel must fit into the padded input",
    )
    require(
        count(shape) <= MAX_COUNT,
        f"the output would be {dims(shape)}: more than {MAX_COUNT} elements",
    )


@dataclass(frozen=True)
class Window:
    """A window sliding over the spatial axes; every field has one value an axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def extent(self) -> tuple[int, ...]:
        """How far the kernel reaches over the input, holes included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def convolved(self, size: Sequence[int]) -> Shape:
        """Output size of a convolution (conv_layer.cpp, compute_output_shape).

        C++ division truncates towards zero, so a kernel that is larger than the padded input by
        less than a stride still gives one output.
        """
        sizes = zip(size, self.pad, self.extent, self.stride, strict=True)
        out = tuple(_truncated_division(n + 2 * p - e, s) + 1 for n, p, e, s in sizes)
        require(
            min(out, default=0) >= 0,
            f"a kernel that reaches over {dims(self.extent)} does not fit into an input of "
            f"{dims(size)} with pad {dims(self.pad)}",
        )
        return out

    def deconvolved(self, size: Sequence[int]) -> Shape:
        """Output size of a deconvolution (deconv_layer.cpp, compute_output_shape)."""
        sizes = zip(size, self.pad, self.extent, self.stride, strict=True)
        return tuple(s * (n - 1) + e - 2 * p for n, p, e, s in sizes)

    def pooled(self, size: Sequence[int], *, ceil: bool = True) -> Shape:
        """Output size of a pooling (pooling_layer.cpp, PoolingLayer::Reshape).

        With padding anywhere, a last window that would start in the padding behind the image is
        dropped. Without, it stays: where stride > kernel, a window may be empty.
        """
        clip = any(self.pad)
        return tuple(
            self._pooled_axis(axis, n, ceil=ceil, clip=clip) for axis, n in enumerate(size)
        )

    def _pooled_axis(self, axis: int, n: int, *, ceil: bool, clip: bool) -> int:
        pad, stride = self.pad[axis], self.stride[axis]
        room = n + 2 * pad - self.kernel[axis]
        out = (-(-room // stride) if ceil else room // stride) + 1
        if clip and (out - 1) * stride >= n + pad:
            out -= 1
            require(
                (out - 1) * stride < n + pad,
                f"pooling windows of {self.kernel[axis]} with pad {pad} and stride {stride} "
                f"leave an input of {n}",
            )
        return out


def _truncated_division(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)
