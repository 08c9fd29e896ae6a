"""Which pixels the positions along one axis see, and how layers change that.

What position i sees begins at first(i) and ends at last(i). Both never fall, and repeat: `period`
positions later everything lies `step` pixels later. So all is exact, also where an image is
enlarged again, and each position of a few sees something else. Images are taken to go on beyond
their edges, as in the theory of windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd, lcm
from typing import TYPE_CHECKING

from proto2net.frozen import dataclass
from proto2net.shape import Window

if TYPE_CHECKING:
    from fractions import Fraction

LONGEST = 10_000
"""No period is longer; what has one is not followed."""


@dataclass(frozen=True)
class Reach:
    """What the positions along an axis see of the input: one period of them."""

    first: tuple[int, ...] = (0,)
    last: tuple[int, ...] = (0,)
    step: int = 1
    """How many pixels a period further everything lies."""

    @property
    def size(self) -> int:
        """How many pixels a position sees, holes between them included; the most of any."""
        return max(b - a + 1 for a, b in zip(self.first, self.last, strict=True))

    @property
    def stride(self) -> int | Fraction:
        """How many pixels further the next position looks, on average."""
        whole, rest = divmod(self.step, len(self.first))
        if not rest:
            return whole
        from fractions import Fraction  # which most networks need not import

        return Fraction(self.step, len(self.first))

    @property
    def offset(self) -> int:
        """The first pixel that the first position sees; below 0 lies padding."""
        return self.first[0]

    def of(self, position: int) -> tuple[int, int]:
        """The first and the last pixel that a position sees."""
        periods, index = divmod(position, len(self.first))
        return self.first[index] + periods * self.step, self.last[index] + periods * self.step


@dataclass(frozen=True)
class Taps:
    """Which positions of its bottom a layer reads for each of its top, along one axis."""

    first: Callable[[int], int]
    last: Callable[[int], int]
    every: int = 1
    """How many positions later the same is read, ..."""
    advance: int = 1
    """... so many positions later."""


def shifted(by: int) -> Taps:
    """Those of a layer that cuts off what is before a position; below 0, of one that pads."""
    return Taps(lambda i: i + by, lambda i: i + by)


def window(stride: int, extent: int, pad: int) -> Taps:
    """Those of a window that slides."""
    return Taps(lambda i: i * stride - pad, lambda i: i * stride - pad + extent - 1, advance=stride)


def spread(stride: int, extent: int, pad: int) -> Taps:
    """Those of a window that is spread out from each position of the bottom, as by deconvolution.

    Position i is reached from all that begin in the window before it.
    """
    return Taps(
        lambda i: -((extent - 1 - pad - i) // stride), lambda i: (i + pad) // stride, every=stride
    )


def between(size: int, top: int, cut: int = 0) -> Taps:
    """Those of an image that is interpolated from `size` to `top` pixels, so that corners stay."""
    if top == 1 or size == 1:
        return Taps(lambda i: cut, lambda i: cut, advance=0)
    whole, part = size - 1, top - 1
    common = gcd(whole, part)
    return Taps(
        lambda i: i * whole // part + cut,
        lambda i: -(-i * whole // part) + cut,
        part // common,
        whole // common,
    )


def nearest(size: int, top: int) -> Taps:
    """Those of an image whose pixel i becomes that at i times the ratio of the sizes."""
    common = gcd(size, top)
    return Taps(lambda i: i * size // top, lambda i: i * size // top, top // common, size // common)


def along(layer: Window, *, deconvolves: bool = False) -> list[Taps]:
    """Those of a window, an axis."""
    make = spread if deconvolves else window
    sizes = zip(layer.stride, layer.extent, layer.pad, strict=True)
    return [make(stride, extent, pad) for stride, extent, pad in sizes]


def through(reach: Reach, taps: Taps) -> Reach | None:
    """What the top of a layer sees; None if it repeats only after too many positions."""
    period = len(reach.first)
    times = period // gcd(period, taps.advance)
    if times * taps.every > LONGEST:
        return None
    positions = range(times * taps.every)
    return Reach(
        tuple(reach.of(taps.first(i))[0] for i in positions),
        tuple(reach.of(taps.last(i))[1] for i in positions),
        reach.step * (taps.advance * times // period),
    )


def joined(reaches: Sequence[Reach]) -> Reach | None:
    """What is seen by positions that see what each of these does.

    None if their strides differ: then they drift apart, and share no pixels.
    """
    first, *others = reaches
    if all(reach == first for reach in others):
        return first
    period = lcm(*(len(reach.first) for reach in reaches))
    steps = {reach.step * (period // len(reach.first)) for reach in reaches}
    if len(steps) > 1 or period > LONGEST:
        return None
    ends = [[reach.of(i) for reach in reaches] for i in range(period)]
    return Reach(
        tuple(min(first for first, _ in pairs) for pairs in ends),
        tuple(max(last for _, last in pairs) for pairs in ends),
        steps.pop(),
    )
