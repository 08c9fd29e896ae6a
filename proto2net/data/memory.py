"""Memory that batches are made in, again and again.

The first use of new memory costs about as much as filling it does. So what an array stood in is
used again as soon as nobody has that array, nor a part of it, any longer; never before.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.shape import Shape, count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_MOST = 4
"""How much that is not in use is kept, in batches."""


class Memory:
    """Gives arrays, of any thread, and gets their memory back when they are gone."""

    def __init__(self) -> None:
        self._free: deque[Ndarray] = deque(maxlen=_MOST)

    def array(self, shape: Shape) -> Ndarray:
        """An array of this shape, which holds anything."""
        size = count(shape)
        try:
            kept = self._free.pop()
        except IndexError:
            kept = np.empty(0, np.float32)
        if kept.size != size:
            kept = np.empty(size, np.float32)
        lent = _Lent({**kept.__array_interface__, "shape": tuple(shape)})
        weakref.finalize(lent, self._free.append, kept).atexit = False
        return np.asarray(lent)


class _Lent:
    """What the arrays and tensors of some memory have in common: they all hold it."""

    def __init__(self, interface: dict[str, Any]) -> None:
        self.__array_interface__ = interface
