"""Caffe's random numbers, so that a seed means the same: those of boost's mt19937."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.errors import DataError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class Draws:
    """Numbers below 2^32 from a seed."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.RandomState(seed)  # whose numbers are frozen

    def next(self, count: int) -> Ndarray:
        """So many numbers."""
        return self._generator.randint(0, 2**32, count, np.uint32)

    def one(self) -> int:
        """One number, such as the seed of others (caffe_rng_rand)."""
        return int(self.next(1)[0])

    def shuffled(self, order: Ndarray) -> Ndarray:
        """The order as Caffe shuffles it (util/rng.hpp): from its end, by boost::uniform_int."""
        values = order.tolist()
        known = self.next(max(0, len(values) - 1)).tolist()
        draws = chain(known, (self.one() for _ in repeat(None)))
        for last in range(len(values) - 1, 0, -1):
            bucket = 2**32 // (last + 1)
            other = next(draw // bucket for draw in draws if draw // bucket <= last)
            values[last], values[other] = values[other], values[last]
        return np.array(values, order.dtype)

    def state(self) -> dict[str, Any]:
        """What the next numbers follow from."""
        known = self._generator.get_state(legacy=False)["state"]
        return {"key": known["key"], "pos": known["pos"]}

    def restore(self, state: Any) -> None:
        """Go on where another was. Raises DataError."""
        try:
            key, pos = np.asarray(state["key"], np.uint32), int(state["pos"])
            if not 0 <= pos <= key.size:
                raise ValueError
            self._generator.set_state(("MT19937", key, pos, 0, 0.0))
        except (TypeError, ValueError, KeyError):
            raise DataError("the state has no generator of random numbers") from None
