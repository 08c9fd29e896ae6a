"""Values of other shapes, and what is known of a shape only when the graph is run."""

from __future__ import annotations

from collections.abc import Sequence

from proto2net import limits
from proto2net.backends.onnx.values import INT64, Value, op
from proto2net.errors import UnsupportedError
from proto2net.shape import Shape, count

FIRST = -(2**31)
"""Where a slice ends that goes backwards to the first element, and takes it too."""


def check_steps(steps: int) -> None:
    """Refuse more operators behind each other than a file should have."""
    if steps > limits.STEPS:
        told = f"{steps:,} steps stand one behind the other in the file"
        raise UnsupportedError(f"{told}; {limits.STEPS:,} are the most")


def check_constant(*shape: int) -> None:
    """Refuse to make a larger array than a file should have."""
    if count(shape) > limits.CONSTANT:
        told = f"needs an array of {count(shape):,} numbers in the file"
        raise UnsupportedError(f"{told}; {limits.CONSTANT:,} are the most")


def shaped(x: Value, *dims: int) -> Value:
    """Another shape, in which 0 copies the size at that place and -1 is what is left."""
    return op("Reshape", x, list(dims))


def reshaped(x: Value, found: Shape, wanted: Shape) -> Value:
    """The shape `wanted`; the sizes in front that stay are copied, the next is what is left."""
    if found == wanted:
        return x
    kept = 0
    while kept < min(len(found), len(wanted)) and found[kept] == wanted[kept]:
        kept += 1
    others = list(wanted[kept:])
    if others and count(wanted):
        others[0] = -1
    return shaped(x, *[0] * kept, *others)


def spread(x: Value, axes: int, behind: int) -> Value:
    """A value of so many axes with so many of size 1 behind them."""
    return shaped(x, *[0] * axes, *[1] * behind) if behind else x


def as_batch(x: Value, shape: Shape, axis: int) -> Value:
    """All axes before `axis` as one, which is the batch."""
    return x if axis == 1 else shaped(x, -1 if axis else 1, *shape[axis:])


def flattened(x: Value, axis: int = 1) -> Value:
    """All axes from `axis` on as one."""
    return shaped(x, *[0] * axis, -1)


def sizes(x: Value, start: int, end: int) -> Value:
    """The sizes of some axes, as INT64, when the graph is run."""
    return op("Slice", op("Shape", x), [start], [end])


def joined(*parts: Value | Sequence[int]) -> Value:
    """Sizes one after the other."""
    return op("Concat", *parts, axis=0)


def sliced(x: Value, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> Value:
    """What lies from starts to ends along these axes."""
    return op("Slice", x, list(starts), list(ends), list(axes))


def turned_around(x: Value, axes: Sequence[int]) -> Value:
    """The order along axes turned around."""
    return op("Slice", x, [-1] * len(axes), [FIRST] * len(axes), list(axes), [-1] * len(axes))


def as_index(x: Value) -> Value:
    """Numbers as indices."""
    return op("Cast", x, to=INT64)


def padded(
    x: Value, before: Sequence[int], after: Sequence[int], fill: float | None = None
) -> Value:
    """The last axes with so many elements more at both ends, zeros if no other are told."""
    if not any((*before, *after)):
        return x
    return op("Pad", x, [0, 0, *before, 0, 0, *after], fill, mode="constant")
