"""Timing of numpy, which has neither gradients nor another device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.bench import Bench, Run
from proto2net.errors import Proto2NetError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class NumpyBench(Bench):
    """NumPy on the CPU."""

    def __init__(self, device: str, compiled: bool) -> None:
        import numpy as np

        if device != "cpu":
            raise Proto2NetError(
                "numpy runs on the CPU only",
                "leave it out of --to, or use --device cpu",
            )
        if compiled:
            raise Proto2NetError("numpy has no compiler", "leave it out of --to, or --compile")
        self.version = np.__version__

    def forward(self, network: Any, feeds: Sequence[Ndarray], *, training: bool) -> Run:
        return lambda: network(*feeds)

    def forward_backward(
        self, network: Any, feeds: Sequence[Ndarray], *, training: bool
    ) -> Run | None:
        return None

    def product(self, a: Ndarray, b: Ndarray, repeats: int) -> Run:
        import numpy as np

        out = a @ b

        def run() -> None:
            for _ in range(repeats):
                np.matmul(a, b, out=out)

        return run
