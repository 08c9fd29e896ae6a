"""The NumPy backend; the tables of its renderers stand beside it, a file a family of layers.

Layout and learned arrays are Caffe's own, and every layer does at run time what Caffe does there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from proto2net.backends.base import Backend, Emitted
from proto2net.backends.numpy.bench import NumpyBench
from proto2net.backends.numpy.file import NumpyFile
from proto2net.backends.source import class_name
from proto2net.graph import Graph
from proto2net.layers import HDF5Output, Layer

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class Numpy(Backend):
    """The table of NumPy renderers, and the file around them."""

    name = "numpy"
    title = "NumPy"
    package = __package__
    by_family = __package__
    unsupported: ClassVar[dict[type[Layer], str]] = {
        HDF5Output: "writing an HDF5 file is not possible"
    }

    def emit(self, graph: Graph, name: str = "", weights: str = "") -> Emitted:
        """An importable file with one class that needs NumPy only."""
        entry = name or class_name(graph.name)
        return NumpyFile(self, graph, entry, weights).emitted()

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

    def run(
        self, network: Any, graph: Graph, feeds: dict[str, Ndarray]
    ) -> list[Ndarray]:
        import numpy as np

        outputs = network(*(feeds[blob.name] for blob in graph.inputs))
        if not isinstance(outputs, tuple):
            outputs = (outputs,)
        return [np.asarray(output) for output in outputs[: len(graph.outputs)]]

    def bench(self, device: str, compiled: bool) -> Bench:
        return NumpyBench(device, compiled)


backend = Numpy()
renders = backend.renders
says = backend.says
