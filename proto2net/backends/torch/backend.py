"""The PyTorch backend; the tables of its renderers stand beside it, a file a family of layers.

PyTorch's layout is Caffe's own (N, C, H, W), and so is that of its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from proto2net.backends.base import Backend, Emitted
from proto2net.backends.source import class_name
from proto2net.backends.torch.bench import TorchBench
from proto2net.backends.torch.file import TorchFile
from proto2net.graph import Graph
from proto2net.layers import HDF5Output

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class Torch(Backend):
    """The table of PyTorch renderers, and the file around them."""

    name = "torch"
    title = "PyTorch"
    package = __package__
    by_family = __package__
    unsupported: ClassVar = {HDF5Output: "writing a file has no rendering"}

    def emit(self, graph: Graph, name: str = "", weights: str = "") -> Emitted:
        """An importable file with one nn.Module."""
        entry = name or class_name(graph.name)
        return TorchFile(self, graph, entry, weights).emitted()

    def build(self, module: Any, emitted: Emitted, phase: str) -> Any:
        network = getattr(module, emitted.entry)()
        return network.train(phase == "TRAIN")

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        import numpy as np
        import torch

        state = network.state_dict()
        with torch.no_grad():
            for name, array in arrays.items():
                state[name].copy_(torch.tensor(np.asarray(array, order="C")))

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        return {
            name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()
        }

    def run(
        self, network: Any, graph: Graph, feeds: dict[str, Ndarray]
    ) -> list[Ndarray]:
        import torch

        tensors = [torch.as_tensor(feeds[blob.name]) for blob in graph.inputs]
        with torch.no_grad():
            outputs = self.call(network, tensors, graph.phase)
        wanted = outputs[: len(graph.outputs)]
        return [tensor.detach().cpu().numpy() for tensor in wanted]

    def call(self, network: Any, tensors: Sequence[Any], phase: str) -> list[Any]:
        outputs = network.to(tensors[0].device)(*tensors) if tensors else network()
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    def bench(self, device: str, compiled: bool) -> Bench:
        return TorchBench(device, compiled)


backend = Torch()
renders = backend.renders
