"""Shapes and sliding windows: all of Caffe's size arithmetic, once.

Sizes are in elements; axes are counted from the outermost, N, C, H, W = 0, 1, 2, 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass

Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]
Sizes = tuple[int | None, ...]
"""A shape of which some sizes may be any: None."""

ANY_SIZE = "any"
"""What a size is called that may be any."""

MAX_AXES = 32
MAX_COUNT = 2**31 - 1  # Caffe counts elements in an int


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raise ShapeError with this sentence unless the condition holds."""
    if not condition:
        raise ShapeError(message, hint)


def count(shape: Sequence[int]) -> int:
    """The number of elements; 1 for a shape without axes."""
    _check_axes(shape)
    return prod(shape)


def dims(shape: Sequence[int | None]) -> str:
    """A shape as people write it: `2 x 3 x 8 x any`, or `scalar` for no axes."""
    if len(shape) > MAX_AXES:
        return f"{dims(shape[:MAX_AXES])} x …"
    return _dims(tuple(shape))


@lru_cache  # it stands in the sentences of many conditions, which are made though these hold
def _dims(shape: Sizes) -> str:
    return " x ".join(map(size_text, shape)) or "scalar"


def size_text(size: int | None) -> str:
    """A size as people write it, which may be any, or one that nothing can have."""
    if size is None:
        return ANY_SIZE
    return str(size) if abs(size) < 2**64 else f"{'-' * (size < 0)}2^{size.bit_length() - 1}"


def canonical_axis(axis: int, shape: Shape, name: str = "axis") -> int:
    """The axis counted from the front; negative ones count from the back (blob.hpp)."""
    n = len(shape)
    if not -n <= axis < n:  # no require, here and below: most of its time is the sentence
        raise ShapeError(
            f"{name} is {axis}, but the bottom ({dims(shape)}) has {n} axes",
            f"use {-n} to {n - 1}" if n else "",
        )
    return axis % n


def check_size(shape: Sequence[int], what: str = "the output") -> None:
    """Refuse a blob that Caffe cannot hold (blob.cpp, Blob::Reshape)."""
    _check_axes(shape)
    if min(shape, default=0) < 0:
        raise ShapeError(
            f"{what} would be {dims(shape)}: a negative size",
            "the kernel must fit into the padded input",
        )
    if max(shape, default=0) > MAX_COUNT or prod(shape) > MAX_COUNT:
        raise ShapeError(f"{what} would be {dims(shape)}: more than {MAX_COUNT} elements")


def _check_axes(shape: Sequence[int]) -> None:
    if len(shape) > MAX_AXES:
        raise ShapeError(f"a blob of {len(shape):,} axes; Caffe's limit is {MAX_AXES}")


@dataclass(frozen=True)
class Window:
    """A window sliding over the spatial axes, with one value for each of them."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    """What is added before the axis."""
    pad_end: tuple[int, ...]
    """What is added after it."""
    dilation: tuple[int, ...]
    varies: bool = False
    """Whether an image of another size is padded otherwise."""

    @property
    def extent(self) -> tuple[int, ...]:
        """How far the kernel reaches over the input, holes included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def padded(self) -> bool:
        """Whether there is padding anywhere."""
        return any(self.pad) or any(self.pad_end)

    @property
    def uneven(self) -> bool:
        """Whether an axis has another padding after it than before it."""
        return self.pad != self.pad_end

    @property
    def sides(self) -> tuple[tuple[int, int], ...]:
        """The padding before and after each axis."""
        return tuple(zip(self.pad, self.pad_end, strict=True))

    def same(self, size: Sequence[int]) -> Window:
        """The window with what TensorFlow's SAME adds to an image of this size.

        It is the least padding that gives n / stride outputs, rounded up; of an odd number the
        greater half stands at the end. A dilated kernel begins where it would without its holes,
        and what it reaches over is added at the end (conv_layer.cpp of Synopsys' fork).
        """
        sizes = list(zip(size, self.kernel, self.stride, strict=True))
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sizes]
        holes = [e - k for e, k in zip(self.extent, self.kernel, strict=True)]
        before = tuple(t // 2 for t in total)
        after = tuple(t - t // 2 + more for t, more in zip(total, holes, strict=True))
        varies = any(k > 1 < s for _, k, s in sizes)
        return replace(self, pad=before, pad_end=after, varies=varies)

    def convolved(self, size: Sequence[int]) -> Shape:
        """Output size of a convolution (conv_layer.cpp, compute_output_shape).

        C++ division truncates towards zero, so a kernel that is larger than the padded input by
        less than a stride still gives one output.
        """
        sizes = zip(size, self.pad, self.pad_end, self.extent, self.stride, strict=True)
        out = tuple(_truncated_division(n + p + q - e, s) + 1 for n, p, q, e, s in sizes)
        if min(out, default=0) < 0:
            raise ShapeError(
                f"a kernel that reaches over {dims(self.extent)} does not fit into an input of "
                f"{dims(size)} with {_pads(self.pad, self.pad_end)}"
            )
        return out

    def deconvolved(self, size: Sequence[int]) -> Shape:
        """Output size of a deconvolution (deconv_layer.cpp, compute_output_shape)."""
        sizes = zip(size, self.sides, self.extent, self.stride, strict=True)
        return tuple(s * (n - 1) + e - sum(p) for n, p, e, s in sizes)

    def pooled(self, size: Sequence[int], *, ceil: bool = True) -> Shape:
        """Output size of a pooling (pooling_layer.cpp, PoolingLayer::Reshape).

        With padding anywhere, a last window that would start in the padding behind the image is
        dropped. Without, it stays: where stride > kernel, a window may be empty.
        """
        return tuple(self._pooled_axis(axis, n, ceil=ceil) for axis, n in enumerate(size))

    def _pooled_axis(self, axis: int, n: int, *, ceil: bool) -> int:
        (before, after), stride = self.sides[axis], self.stride[axis]
        room = n + before + after - self.kernel[axis]
        out = (-(-room // stride) if ceil else room // stride) + 1
        if self.padded and (out - 1) * stride >= n + before:
            out -= 1
            require(
                (out - 1) * stride < n + before,
                f"pooling windows of {self.kernel[axis]} with {_pads((before,), (after,))} "
                f"and stride {stride} leave an input of {n}",
            )
        return out

    def overhang(self, *, ceil: bool = True) -> tuple[int, ...]:
        """How far pooling windows can reach beyond the padding, whatever the image's size.

        To round up is to round down with stride - 1 more at the end; to drop windows that start
        behind the image is to have no more than kernel - 1 there in all.
        """
        if not ceil:
            return (0,) * len(self.kernel)
        sizes = zip(self.kernel, self.stride, self.pad_end, strict=True)
        return tuple(min(p + s - 1, k - 1) - p if self.padded else s - 1 for k, s, p in sizes)


def _pads(before: Shape, after: Shape) -> str:
    if before == after:
        return f"pad {dims(before)}"
    return f"pad {dims(before)} before and {dims(after)} behind it"


def _truncated_division(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


def legacy_shape(shape: Shape, what: str = "a bottom") -> Shape:
    """A shape as (num, channels, height, width): missing axes are 1 (Blob::LegacyShape)."""
    require(len(shape) <= 4, f"{what} is {dims(shape)}, but this layer knows 4 axes at most")
    return (*shape, 1, 1, 1, 1)[:4]
