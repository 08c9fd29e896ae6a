"""How a target is timed: what runs a network or a matrix product, and waits until it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Run = Callable[[], object]
"""Does the work once, and returns when the device has finished it."""


class Bench:
    """One framework on one device. Raises Proto2NetError where that is not possible here.

    `compiled` asks for the framework's own compiler. The framework is imported here, and no sooner.
    """

    version: str
    """That of the framework."""

    def __init__(self, device: str, compiled: bool) -> None:
        raise NotImplementedError

    def forward(self, network: Any, feeds: Sequence[Ndarray], *, training: bool) -> Run:
        """A forward pass of a live network, for inputs in Caffe's layout."""
        raise NotImplementedError

    def forward_backward(
        self, network: Any, feeds: Sequence[Ndarray], *, training: bool
    ) -> Run | None:
        """A forward pass, and the gradients of the sum of all outputs by all parameters.

        None where there are no such gradients.
        """
        raise NotImplementedError

    def product(self, a: Ndarray, b: Ndarray, repeats: int) -> Run:
        """The product of two matrices, so many times."""
        raise NotImplementedError
