"""Arrays that stay in their file until they are written: what there is in the place of numpy's.

In a browser there is no numpy, and no file is mapped. Most learned arrays are but copied, and for
those this is enough: a shape, and where the values lie. What asks for more asks for numpy itself,
and so gets ModuleNotFoundError.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any, NoReturn, Protocol

from proto2net.shape import Shape

_SIZE = 4
_PART = 2**20
"""How many bytes are read at once."""


class Source(Protocol):
    """What has the bytes of a file."""

    def __getitem__(self, part: slice, /) -> bytes:
        """The bytes of a part."""


class Zeros:
    """What has as many zeros as are asked for."""

    def __getitem__(self, part: slice, /) -> bytes:
        return bytes(part.stop - part.start)


@cache
def has_numpy() -> bool:
    """Whether there is numpy, which arrays are then arrays of."""
    try:
        import numpy  # noqa: F401  # that is the question
    except ModuleNotFoundError:
        return False
    return True


class Unread:
    """Numbers of 32 bits, from a place in a file on, times a factor."""

    def __init__(self, source: Source, start: int, shape: Shape, factor: float = 1.0) -> None:
        self._source = source
        self._start = start
        self._factor = factor
        self.shape = shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes it has."""
        return _SIZE * self.size

    def reshape(self, *sizes: Any) -> Unread:
        """The same numbers in another shape, of which one size may be -1."""
        shape = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        known = prod(size for size in shape if size != -1)
        found = tuple(self.size // known if size == -1 and known else size for size in shape)
        if prod(found) != self.size:
            raise ValueError(f"{self.size} numbers do not fill {found}")
        return Unread(self._source, self._start, found, self._factor)

    def __getitem__(self, index: int) -> float:
        if not isinstance(index, int) or self.ndim != 1 or index < 0:
            _needs_numpy()
        if index >= self.size:  # which ends a loop, too
            raise IndexError(f"number {index} of {self.size}")
        start = self._start + _SIZE * index
        return self._values(start, start + _SIZE)[0]

    def __mul__(self, factor: float) -> Unread:
        if self._factor != 1 or not isinstance(factor, int | float):
            _needs_numpy()
        return Unread(self._source, self._start, self.shape, _as_float32(factor))

    def parts(self) -> Iterator[bytes]:
        """All bytes, in order and in little-endian order, read as they are asked for."""
        end = self._start + self.nbytes
        for start in range(self._start, end, _PART):
            stop = min(start + _PART, end)
            if self._factor == 1:
                yield self._source[start:stop]
            else:
                yield little(self._values(start, stop)).tobytes()

    def _values(self, start: int, stop: int) -> array[float]:
        values = little(array("f", self._source[start:stop]))
        if self._factor == 1:
            return values
        return array("f", [value * self._factor for value in values])

    def _refused(self, *_: object) -> NoReturn:
        _needs_numpy()

    # Python asks the class for these, and not __getattr__.
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refused
    __add__ = __sub__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = __matmul__ = _refused
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _refused
    __rpow__ = __rmatmul__ = __neg__ = __pos__ = __abs__ = _refused
    __len__ = __bool__ = __int__ = __float__ = __setitem__ = _refused
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> NoReturn:
        _needs_numpy()


def outline(shape: Shape) -> Any:
    """An array of which only the shape is asked: it takes no memory."""
    if not has_numpy():
        return Unread(Zeros(), 0, shape)
    import numpy as np

    return np.broadcast_to(np.zeros((), np.float32), shape)


def _needs_numpy() -> NoReturn:
    """Say what is missing, as an import does."""
    raise ModuleNotFoundError("No module named 'numpy'", name="numpy")


def _as_float32(value: float) -> float:
    return array("f", [value])[0]


def little(values: array[Any]) -> array[Any]:
    """Numbers of this machine as a file has them, and the other way round."""
    if sys.byteorder == "big":
        values.byteswap()
    return values
