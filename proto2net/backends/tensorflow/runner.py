"""How emitted Keras 3 on TensorFlow networks are built, filled, run and timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Emitted
from proto2net.backends.runner import Runner
from proto2net.backends.tensorflow.bench import TensorFlowBench
from proto2net.backends.tensorflow.layout import inverse_order, order
from proto2net.graph import Graph

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class TensorFlowRunner(Runner):
    """Runs emitted Keras 3 on TensorFlow networks."""

    install_hint = "`pip install tensorflow` installs it"

    def make(self, module: Any, emitted: Emitted, phase: str) -> Any:
        return getattr(module, emitted.entry)()

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        variables = self.variables(network)
        for name, array in arrays.items():
            variables[name].assign(array)

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        return {name: variable.numpy() for name, variable in self.variables(network).items()}

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        inputs = [
            feeds[blob.name].transpose(order(len(blob.shape))).astype("float32")
            for blob in graph.inputs
        ]
        outputs = self.call(network, inputs, graph.phase)
        arrays = [tensor.numpy() for tensor in outputs[: len(graph.outputs)]]
        return [array.transpose(inverse_order(array.ndim)) for array in arrays]

    def call(self, network: Any, tensors: Sequence[Any], phase: str) -> list[Any]:
        inputs = tensors[0] if len(tensors) == 1 else list(tensors)
        outputs = network(inputs, training=phase == "TRAIN")
        return list(outputs) if isinstance(outputs, list | tuple) else [outputs]

    def bench(self, device: str, compiled: bool) -> Bench:
        return TensorFlowBench(device, compiled)

    def variables(self, network: Any) -> dict[str, Any]:
        """The variables of a model by layer and name: "conv1/kernel"."""
        return {
            f"{layer.name}/{variable.name}": variable
            for layer in network.layers
            for variable in layer.variables
        }
