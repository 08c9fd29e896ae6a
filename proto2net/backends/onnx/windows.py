"""Poolings as Caffe sizes them, in the forms that all readers compute alike.

No `ceil_mode`, no `count_include_pad`: readers differ in what they mean. What a last window
reaches over is stated as padding, from Caffe's own size of the top; where the image may have any
size, it is computed from that when the graph is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from operator import mul

from proto2net.backends.onnx.shapes import joined, padded, shaped, sizes, sliced
from proto2net.backends.onnx.values import FLOAT, Either, Value, op, ops, value
from proto2net.shape import Shape, Window

LOWEST = -float.fromhex("0x1.fffffep+127")
"""What Caffe's MAX pooling gives for a window without elements."""


class Pooled:
    """Windows over the last axes of a value whose size is an example, or the only one."""

    def __init__(self, x: Value, window: Window, size: Shape, *, ceil: bool = True) -> None:
        self.x = x
        self.window = window
        self.size = size
        self.ceil = ceil
        self.top = window.pooled(size, ceil=ceil)
        reach = zip(self.top, window.stride, window.kernel, size, window.pad, strict=True)
        self.over = [max((t - 1) * s + k - n - p, 0) for t, s, k, n, p in reach]
        """How far the windows reach beyond the image, padding counted."""

    def _pool(self, operator: str, x: Value, pads: Sequence[int] = (), **options: int) -> Value:
        return op(
            operator,
            x,
            kernel_shape=list(self.window.kernel),
            strides=list(self.window.stride),
            pads=list(pads) if any(pads) else None,
            **options,
        )

    def _fits(self, pads: Sequence[int]) -> bool:
        """Whether readers take this padding: less than the kernel on each side."""
        return all(p < k for p, k in zip(pads, self.window.kernel * 2, strict=True))

    # ---- of a known size ----------------------------------------------------------------------

    def max(self) -> Value:
        """The maximum of each window."""
        pads = [*self.window.pad, *self.over]
        if self._fits(pads):
            return self._pool("MaxPool", self.x, pads)
        return self._pool("MaxPool", padded(self.x, self.window.pad, self.over, LOWEST))

    def max_and_places(self) -> tuple[Value, Value]:
        """The maximum of each window, and its place in the plane, as INT64; -1 for none.

        ONNX counts places in the whole batch.
        """
        pads = [*self.window.pad, *self.over]
        if self._fits(pads):
            top, places = self._places(self.x, pads)
            return top, op("Mod", places, [prod(self.size)])
        top, places = self._places(padded(self.x, self.window.pad, self.over, LOWEST), ())
        size, over = ([value([n]) for n in each] for each in (self.size, self.over))
        return top, self._in_image(top, places, size, over)

    def max_and_places_of_any(self) -> tuple[Value, Value]:
        """The same, whatever the image's size."""
        size, reached = self._reach()
        ends = joined([0, 0, *self.window.pad, 0, 0], reached)
        top, places = self._places(op("Pad", self.x, ends, LOWEST, mode="constant"), ())
        axes = range(len(self.size))
        apart = ([sliced(x, [0], [a], [a + 1]) for a in axes] for x in (size, reached))
        return top, self._in_image(top, places, *apart)

    def _in_image(
        self, top: Value, places: Value, size: Sequence[Value], over: Sequence[Value]
    ) -> Value:
        """Places in a padded batch as places in the plane of the image."""
        found, step = value([0]), value([1])
        for n, before, after in reversed(list(zip(size, self.window.pad, over, strict=True))):
            whole = op("Add", n, [before]) + after
            found = found + op("Sub", op("Mod", places, whole), [before]) * step
            places, step = places / whole, step * n
        return op("Where", op("Greater", top, LOWEST), found, [-1])

    def _places(self, x: Value, pads: Sequence[int]) -> tuple[Value, ...]:
        return ops(
            2,
            "MaxPool",
            x,
            kernel_shape=list(self.window.kernel),
            strides=list(self.window.stride),
            pads=list(pads) if any(pads) else None,
        )

    def mean(self) -> Value:
        """The mean of each window, in which the padding counts as zeros, but no more."""
        inside = [min(p, o) for p, o in zip(self.window.pad_end, self.over, strict=True)]
        rest = [o - i for o, i in zip(self.over, inside, strict=True)]
        zeros = [0] * len(rest)
        if self._fits([*zeros, *rest]):
            x = padded(self.x, self.window.pad, inside)
            return self._pool("AveragePool", x, [*zeros, *rest], count_include_pad=0)
        ends = [n + sum(p) for n, p in zip(self.size, self.window.sides, strict=True)]
        return self._divided([0] * len(rest), ends)

    def mean_of_image(self) -> Value:
        """The mean of what of each window lies in the image."""
        pads = [*self.window.pad, *self.over]
        if self._fits(pads):
            return self._pool("AveragePool", self.x, pads, count_include_pad=0)
        ends = [p + n for p, n in zip(self.window.pad, self.size, strict=True)]
        return self._divided(self.window.pad, ends)

    def _divided(self, starts: Sequence[int], ends: Sequence[int]) -> Value:
        """The sum of each window by how much of it lies between starts and ends.

        As in Caffe this may be nothing, or less where a window begins behind the end.
        """
        import numpy as np

        counted = np.ones(())
        axes = zip(self.top, self.window.stride, self.window.kernel, starts, ends, strict=True)
        for top, stride, kernel, start, end in axes:
            first = stride * np.arange(top)
            reach = np.minimum(first + kernel, end) - np.maximum(first, start)
            counted = counted[..., None] * reach
        with np.errstate(divide="ignore"):
            share = prod(self.window.kernel) / counted
        x = padded(self.x, self.window.pad, self.over)
        return self._pool("AveragePool", x) * share[None, None]

    # ---- of any size --------------------------------------------------------------------------

    def max_of_any(self) -> Value:
        """The maximum of each window, whatever the image's size."""
        _, reached = self._reach()
        ends = joined([0, 0, *self.window.pad, 0, 0], reached)
        return self._pool("MaxPool", op("Pad", self.x, ends, LOWEST, mode="constant"))

    def mean_of_any(self, *, of_image: bool = False) -> Value:
        """The mean of each window, whatever the image's size."""
        size, reached = self._reach()
        before = [0, 0, *self.window.pad, 0, 0]
        x = op("Pad", self.x, joined(before, reached), None, mode="constant")
        counted = (self._counted(axis, size, reached, of_image) for axis in range(len(self.size)))
        share = float(prod(self.window.kernel)) / reduce(mul, counted)
        return self._pool("AveragePool", x) * share

    def _counted(self, axis: int, size: Value, reached: Value, of_image: bool) -> Value:
        """How much of each window along an axis counts, as numbers that lie along that axis."""
        stride, kernel = self.window.stride[axis], self.window.kernel[axis]
        before, after = self.window.sides[axis]
        counts_to = [before if of_image else before + after]
        size, reached = (sliced(each, [0], [axis], [axis + 1]) for each in (size, reached))
        places = shaped(size + reached + [before - kernel + 1])
        first = op("Range", _number(0), places, _number(stride))
        start = op("Max", first, [before]) if of_image else first
        end = op("Min", op("Add", first, [kernel]), op("Add", size, counts_to))
        behind = len(self.size) - 1 - axis
        return shaped(op("Cast", end - start, to=FLOAT), -1, *[1] * behind)

    def _reach(self) -> tuple[Value, Value]:
        """The image's size, and how far the windows reach beyond it at the end."""
        window = self.window
        size = sizes(self.x, 2, 2 + len(self.size))
        sides = zip(window.pad, window.pad_end, window.kernel, window.stride, strict=True)
        more = [b + a - k + (s - 1 if self.ceil else 0) for b, a, k, s in sides]
        last = (size + more) / list(window.stride)
        if window.padded:  # then no window starts behind the image
            last = op("Min", last, (size + [p - 1 for p in window.pad]) / list(window.stride))
        end = [k - p for k, p in zip(window.kernel, window.pad, strict=True)]
        return size, op("Max", last * list(window.stride) + end - size, [0] * len(self.size))


def _number(each: int) -> Value:
    """A whole number without axes."""
    return value(int(each))


def maximum(x: Value, window: Window, size: Shape, *, ceil: bool = True) -> Either:
    """The maximum of each window."""
    pooled = Pooled(x, window, size, ceil=ceil)
    return Either(pooled.max(), pooled.max_of_any())


def mean(
    x: Value, window: Window, size: Shape, *, ceil: bool = True, of_image: bool = False
) -> Either:
    """The mean of each window, with or without what is padded."""
    pooled = Pooled(x, window, size, ceil=ceil)
    known = pooled.mean_of_image() if of_image else pooled.mean()
    return Either(known, pooled.mean_of_any(of_image=of_image))
