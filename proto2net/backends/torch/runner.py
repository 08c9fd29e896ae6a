"""How emitted PyTorch networks are built, filled, run and timed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import Emitted
from proto2net.backends.runner import Runner
from proto2net.backends.torch.bench import TorchBench
from proto2net.graph import Graph

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.backends.bench import Bench


class TorchRunner(Runner):
    """Runs emitted PyTorch networks."""

    install_hint = (
        "`pip install torch` installs it; a much smaller one for the CPU alone comes with "
        "--index-url https://download.pytorch.org/whl/cpu"
    )

    def make(self, module: Any, emitted: Emitted, phase: str) -> Any:
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
        return {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        import torch

        own = chain(network.parameters(), network.buffers())
        device = next((tensor.device for tensor in own), None)  # where the network is, it stays
        tensors = [torch.as_tensor(feeds[blob.name], device=device) for blob in graph.inputs]
        with torch.no_grad():
            outputs = self.call(network, tensors, graph.phase)
        wanted = outputs[: len(graph.outputs)]
        return [tensor.detach().cpu().numpy() for tensor in wanted]

    def call(self, network: Any, tensors: Sequence[Any], phase: str) -> list[Any]:
        outputs = network.to(tensors[0].device)(*tensors) if tensors else network()
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    def bench(self, device: str, compiled: bool) -> Bench:
        return TorchBench(device, compiled)
