"""How emitted NumPy networks are built, filled, run and timed."""

from __future__ import annotations

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

    def build(self, module: Any, emitted: Emitted, phase: str) -> Any:
        return getattr(module, emitted.entry)()

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        if arrays:
            network.load(arrays)

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        import numpy as np

        return {
            f"{layer}.{name}": array
            for layer, learned in vars(network).items()
            if isinstance(learned, dict)
            for name, array in learned.items()
            if isinstance(array, np.ndarray)
        }

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        import numpy as np

        outputs = network(*(feeds[blob.name] for blob in graph.inputs))
        if not isinstance(outputs, tuple):
            outputs = (outputs,)
        return [np.asarray(output) for output in outputs[: len(graph.outputs)]]

    def bench(self, device: str, compiled: bool) -> Bench:
        return NumpyBench(device, compiled)
