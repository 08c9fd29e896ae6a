"""Large arrays, put in another order at the speed of memory."""

from __future__ import annotations

import os
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Ndarray = np.ndarray[Any, np.dtype[Any]]

_LARGE = 2**20
"""From this many elements on, it is worth the trouble."""
_SIDE = 256
"""Tiles have about this many elements along each of two axes, to stay in the cache."""


def contiguous(view: Ndarray) -> Ndarray:
    """The elements of a view one after the other, copied in tiles on all cores.

    A plain copy of a transposed array reads memory in leaps that miss the cache at each element.
    """
    import numpy as np

    if not any(view.strides):  # the outline of an array, of which only the shape is asked
        return view
    if view.size < _LARGE or view.ndim < 2 or view.flags.c_contiguous:
        return np.ascontiguousarray(view)
    from concurrent.futures import ThreadPoolExecutor  # which few arrays need

    out = np.empty(view.shape, view.dtype)
    *outer, last = view.shape
    axis = outer.index(max(outer))
    step = max(1, 2 * _SIDE * outer[axis] // prod(outer))

    def copy(corner: tuple[int, int]) -> None:
        start, column = corner
        tile = [slice(None)] * view.ndim
        tile[axis], tile[-1] = slice(start, start + step), slice(column, column + _SIDE)
        out[tuple(tile)] = view[tuple(tile)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(copy, product(range(0, outer[axis], step), range(0, last, _SIDE))))
    return out
