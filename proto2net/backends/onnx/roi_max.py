"""The maximum of any window of planes, from tables of those of windows whose sides are powers of 2.

A window's maximum is that of the four such windows in its corners. It is as exact and as fast as
MaxRoiPool, which OpenCV does not have, but takes more memory.
"""

from __future__ import annotations

from functools import reduce
from math import prod

from proto2net.backends.onnx.shapes import as_index, sizes
from proto2net.backends.onnx.values import FLOAT, Value, X, op
from proto2net.shape import Shape, count

MOST = 10**8
"""The most numbers that tables may have."""


def fits(shape: Shape) -> bool:
    """Whether the tables of planes of this shape are not too large."""
    return count(shape[1:]) * prod(size.bit_length() for size in shape[2:]) <= MOST


class Tables:
    """Maxima of all windows of 2^a rows and 2^b columns, as pixels of C channels."""

    def __init__(self, shape: Shape) -> None:
        _, self.channels, *self.plane = shape
        self.levels = [size.bit_length() for size in self.plane]
        tables, starts, start = [], [], 0
        row = op("Transpose", X, perm=[0, 2, 3, 1])
        for a in range(self.levels[0]):
            row = row if a == 0 else _wider(row, 1, 2 ** (a - 1))
            table = row
            for b in range(self.levels[1]):
                table = table if b == 0 else _wider(table, 2, 2 ** (b - 1))
                tables.append(op("Reshape", table, [-1, self.channels]))
                starts.append(start)
                start += self._length(0, a) * self._length(1, b)
        self.pixels = op("Concat", *tables, axis=0)
        self.starts = starts

    def _length(self, axis: int, level: int) -> int:
        return self.plane[axis] + 1 - (1 << level)

    def maximum(
        self, image: Value, rows: tuple[Value, Value], across: tuple[Value, Value]
    ) -> Value:
        """Of windows between rows (R, H) and columns (R, W) of images (R, 1): (R, C, H, W)."""
        a, *ys, down = self._ends(0, *rows)
        b, *xs, along = self._ends(1, *across)
        a, down, *ys = (op("Unsqueeze", each, [2]) for each in (a, down, *ys))
        b, along, *xs = (op("Unsqueeze", each, [1]) for each in (b, along, *xs))
        start = op("Gather", self.starts, a * self.levels[1] + b) * sizes(X, 0, 1)
        first = op("Unsqueeze", as_index(image), [2]) * down
        found = [op("Gather", self.pixels, start + (first + y) * along + x) for y in ys for x in xs]
        most = reduce(lambda one, other: op("Max", one, other), found)  # few are held at a time
        return op("Transpose", most, perm=[0, 3, 1, 2])

    def _ends(self, axis: int, first: Value, last: Value) -> tuple[Value, Value, Value, Value]:
        """The level of windows, where their two ends start, and how long their table is."""
        levels = range(self.levels[axis])
        length = op("Max", last - first, 1.0)
        powers = [float(2**level) for level in levels]
        reached = op("GreaterOrEqual", op("Unsqueeze", length, [2]), powers)
        level = op("ReduceSum", op("Cast", reached, to=FLOAT), axes=[2], keepdims=0) - 1.0
        level = as_index(level)
        lengths = op("Gather", [self._length(axis, each) for each in levels], level)
        first = op("Min", first, float(self.plane[axis] - 1))
        second = first + length - op("Gather", powers, level)
        return level, as_index(first), as_index(second), lengths


def _wider(x: Value, axis: int, by: int) -> Value:
    """The greater of each element and that so far behind it."""
    return op("Max", op("Slice", x, [0], [-by], [axis]), op("Slice", x, [by], [2**31 - 1], [axis]))
