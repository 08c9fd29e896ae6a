"""A process that times one target, and how to ask it: both ends of the pipe.

Each framework has a process of its own, since two of them in one would get in each other's way.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from proto2net import backends
from proto2net.child import Child, Stopped, serve
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.shape import Shape

if TYPE_CHECKING:
    from typing_extensions import Self

    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Run

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""The environment variables that tell frameworks how many threads to use, as they start."""


@dataclass(frozen=True)
class Setting:
    """How a target is timed."""

    device: str = "cpu"
    compiled: bool = False
    threads: int | None = None
    warmup: int = 3
    iterations: int = 20


@dataclass(frozen=True)
class Program:
    """An emitted network and what to feed it."""

    source: str
    entry: str
    phase: str
    inputs: Sequence[tuple[Shape, bool]]
    """Of each input the shape, and whether it holds labels."""


# ---- the near end ---------------------------------------------------------------------------


class Stopwatch:
    """The process of one target, while a `with` lasts."""

    def __init__(self, target: str, setting: Setting) -> None:
        self.target = target
        self.setting = setting
        threads = str(setting.threads) if setting.threads else None
        env = dict.fromkeys(THREADS, threads) if threads else {}
        self._child = Child(__name__, target, env=env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def start(self) -> str:
        """Import the framework, and return its version."""
        return str(self._ask("start", setting=dataclasses.asdict(self.setting)))

    def build(self, program: Program) -> None:
        """Make the network that is timed from now on."""
        self._ask("build", program=dataclasses.asdict(program))

    def forward(self) -> list[float]:
        """Milliseconds of each forward pass."""
        return list(self._ask("forward"))

    def forward_backward(self) -> list[float] | None:
        """Milliseconds of each forward and backward pass; None where there is no backward."""
        found = self._ask("forward_backward")
        return None if found is None else list(found)

    def matrix_product(self, rows: int, inner: int, columns: int, repeats: int) -> list[float]:
        """Milliseconds of so many products of such matrices."""
        sizes = {"rows": rows, "inner": inner, "columns": columns, "repeats": repeats}
        return list(self._ask("matrix_product", **sizes))

    def _ask(self, what: str, **arguments: Any) -> Any:
        try:
            return self._child.ask(what, **arguments)
        except Stopped as reason:
            raise Proto2NetError(f"timing {self.target} stopped: {reason}") from None


# ---- the far end ----------------------------------------------------------------------------


class Timer:
    """Holds one target's network, and times it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._backend = backends.get(target)

    def start(self, setting: dict[str, Any]) -> str:
        """Import the framework, and return its version."""
        self._setting = Setting(**setting)
        try:
            self._bench = self._backend.runner.bench(self._setting.device, self._setting.compiled)
        except ImportError as error:
            raise self._backend.runner.missing(error) from None
        return str(self._bench.version)

    def build(self, program: dict[str, Any]) -> None:
        """Make the network and its inputs, whose values are the same each time."""
        import numpy as np

        from proto2net.api import built

        source, entry, phase = program["source"], program["entry"], program["phase"]
        network = built(self._backend, self._backend.runner.restored(source, entry), phase)
        rng = np.random.default_rng(0)
        feeds = [_values(rng, tuple(shape), labels) for shape, labels in program["inputs"]]
        self._network = (network, feeds, phase == "TRAIN")

    def forward(self) -> list[float]:
        """Milliseconds of each forward pass."""
        network, feeds, training = self._network
        return self._timed(self._bench.forward(network, feeds, training=training))

    def forward_backward(self) -> list[float] | None:
        """Milliseconds of each forward and backward pass; None where there is no backward."""
        network, feeds, training = self._network
        run = self._bench.forward_backward(network, feeds, training=training)
        return self._timed(run) if run else None

    def matrix_product(self, rows: int, inner: int, columns: int, repeats: int) -> list[float]:
        """Milliseconds of so many products of such matrices."""
        import numpy as np

        rng = np.random.default_rng(0)
        a, b = _values(rng, (rows, inner)), _values(rng, (inner, columns))
        return self._timed(self._bench.product(a, b, repeats))

    def _timed(self, run: Run) -> list[float]:
        return milliseconds(run, self._setting.warmup, self._setting.iterations)


def milliseconds(run: Run, warmup: int, iterations: int) -> list[float]:
    """How long each run takes, after some that do not count."""
    for _ in range(warmup):
        run()
    found = []
    for _ in range(iterations):
        start = perf_counter()
        run()
        found.append(1000 * (perf_counter() - start))
    return found


def _values(rng: Any, shape: Shape, labels: bool = False) -> Ndarray:
    """Uniform in [-1, 1), which is 0 where a layer reads an index; labels are the first class."""
    import numpy as np

    values = 2 * rng.random(shape, dtype=np.float32) - 1
    return np.zeros_like(values) if labels else np.asarray(values, np.float32)


def main() -> None:
    """Time a target for the process that has started this one."""
    serve(Timer(sys.argv[1]))
