"""The TensorFlow backend: Keras 3 functional models, channels last.

The tables of its renderers stand beside it, a file a family of layers.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from proto2net.backends.base import Backend
from proto2net.backends.source import function_name
from proto2net.backends.tensorflow.file import KerasFile
from proto2net.graph import Graph
from proto2net.layers import HDF5Output, Layer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from proto2net.backends.learner import Learner, Setting
    from proto2net.backends.runner import Runner
    from proto2net.backends.training import Trained
    from proto2net.solver import Solver


class TensorFlow(Backend):
    """The table of Keras renderers, and the file around them."""

    name = "tf"
    title = "TensorFlow (Keras)"
    package = __package__
    by_family = __package__
    trains = True
    unsupported: ClassVar[dict[type[Layer], str]] = {
        HDF5Output: "writing an HDF5 file is not possible"
    }

    def file(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> KerasFile:
        """An importable file with one function that builds the model."""
        entry = name or function_name(graph.name)
        return KerasFile(self, graph, entry, weights, partial=partial, flat=flat)

    def training(self, solver: Solver, trained: Trained, file: str) -> str:
        from proto2net.backends.tensorflow.training import KerasTraining

        return KerasTraining(self, solver, trained, file).source()

    def learning(self, setting: Setting) -> AbstractContextManager[Any]:
        from proto2net.backends.tensorflow.devices import learning

        return learning(setting)

    def learner(self, file: Any, network: Any, solver: Solver, setting: Setting) -> Learner:
        from proto2net.backends.tensorflow.learner import KerasLearner

        return KerasLearner(file, network, solver)

    @cached_property
    def runner(self) -> Runner:
        from proto2net.backends.tensorflow.runner import TensorFlowRunner

        return TensorFlowRunner(self.name)


backend = TensorFlow()
renders = backend.renders
