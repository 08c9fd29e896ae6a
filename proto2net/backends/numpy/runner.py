"""How emitted NumPy networks are built, filled, run and timed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Emitted
from proto2net.backends.numpy.bench import NumpyBench
from proto2net.backends.runner import Runner
from proto2net.graph import Graph

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class NumpyRunner(Runner):
    """Runs emitted NumPy networks."""

    def make(self, module: Any, emitted: Emitted, phase: str) -> Any:
        return getattr(module, emitted.entry)()

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        if arrays:
            network.load(arrays)

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        return dict(_arrays(network))

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        import numpy as np

        outputs = network(*(feeds[blob.name] for blob in graph.inputs))
        if not isinstance(outputs, tuple):
            outputs = (outputs,)
        return [np.asarray(output) for output in outputs[: len(graph.outputs)]]

    def bench(self, device: str, compiled: bool) -> Bench:
        return NumpyBench(device, compiled)


def _arrays(held: Any, path: str = "") -> Iterator[tuple[str, Ndarray]]:
    """The learned arrays of a network, a block, blocks in a row or a layer, by their paths."""
    import numpy as np

    learned = isinstance(held, dict)
    row = enumerate(held) if isinstance(held, list) else ()
    parts = held if learned else getattr(held, "__dict__", dict(row))
    for name, each in parts.items():
        if isinstance(each, np.ndarray):
            yield f"{path}{name}", each
        elif not learned:  # what else a layer keeps, such as states, is not learned
            yield from _arrays(each, f"{path}{name}.")
