"""The PyTorch backend; the tables of its renderers stand beside it, a file a family of layers.

PyTorch's layout is Caffe's own (N, C, H, W), and so is that of its weights.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from proto2net.backends.base import Backend
from proto2net.backends.source import class_name
from proto2net.backends.torch.file import TorchFile
from proto2net.errors import UnsupportedError
from proto2net.graph import Graph
from proto2net.layers import HDF5Output

if TYPE_CHECKING:
    from proto2net.backends.learner import Learner, Setting
    from proto2net.backends.runner import Runner
    from proto2net.backends.training import Trained
    from proto2net.solver import Solver


class Torch(Backend):
    """The table of PyTorch renderers, and the file around them."""

    name = "torch"
    title = "PyTorch"
    package = __package__
    by_family = __package__
    trains = True
    unsupported: ClassVar = {HDF5Output: "writing a file is not supported"}

    def file(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> TorchFile:
        """An importable file with one nn.Module."""
        entry = name or class_name(graph.name)
        return TorchFile(self, graph, entry, weights, partial=partial, flat=flat)

    def training(self, solver: Solver, trained: Trained, file: str) -> str:
        from proto2net.backends.torch.training import TorchTraining

        return TorchTraining(self, solver, trained, file).source()

    def learning(self, setting: Setting) -> AbstractContextManager[Any]:
        if setting.devices == 1:
            from proto2net.backends.torch.devices import begin

            begin(setting.seed)
            return nullcontext()
        raise UnsupportedError(
            "one process trains with one device in PyTorch",
            f"torchrun --nproc-per-node {setting.devices} starts several",
        )

    def learner(self, file: Any, network: Any, solver: Solver, setting: Setting) -> Learner:
        from proto2net.backends.torch.learner import TorchLearner

        return TorchLearner(file, network, solver, setting)

    @cached_property
    def runner(self) -> Runner:
        from proto2net.backends.torch.runner import TorchRunner

        return TorchRunner(self.name)


backend = Torch()
renders = backend.renders
