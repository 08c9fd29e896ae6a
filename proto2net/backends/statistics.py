"""BatchNorm's stored sums as the mean and variance that frameworks keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Array
from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Node

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.layers.normalize import BatchNorm


def running_statistics(node: Node[Any]) -> dict[str, Array]:
    """BatchNorm's stored sums as the mean and variance that frameworks keep."""
    variance = PerScaleFactor(0.0 if node.layer.add_eps_before_sqrt else node.layer.eps)
    return {
        "running_mean": Array(((node, "mean"), (node, "scale_factor")), PerScaleFactor()),
        "running_var": Array(((node, "variance"), (node, "scale_factor")), variance),
    }


def eps_of(node: Node[BatchNorm]) -> float:
    """What a framework adds to the variance that it keeps: 0 where that has it in it."""
    layer = node.layer
    if layer.add_eps_before_sqrt:
        return layer.eps
    if layer.batch_statistics(node.phase):
        raise UnsupportedError(
            "add_eps_before_sqrt: false with the statistics of a batch is not supported",
            "use_global_stats: true takes the stored ones",
        )
    return 0.0


@dataclass(frozen=True)
class PerScaleFactor:
    """Divides a stored sum by the scale factor; 0 where that is 0 (batch_norm_layer.cpp)."""

    eps: float = 0.0
    """What is added to the root of the quotient, before it is squared again."""

    def __call__(self, total: Ndarray, scale_factor: Ndarray) -> Ndarray:
        factor = scale_factor.reshape(-1)[0]
        found = total * (0 if factor == 0 else 1 / factor)
        return (found**0.5 + self.eps) ** 2 if self.eps else found

    def undone(self, found: Ndarray, scale_factor: Ndarray) -> Ndarray:
        """The stored sum."""
        root = (found**0.5 - self.eps) ** 2 if self.eps else found
        return root * scale_factor
