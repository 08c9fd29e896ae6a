"""The PyTorch backend; the tables of its renderers stand beside it, a file a family of layers.

PyTorch's layout is Caffe's own (N, C, H, W), and so is that of its weights.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from proto2net.backends.base import Backend, Emitted
from proto2net.backends.source import class_name
from proto2net.backends.torch.file import TorchFile
from proto2net.graph import Graph
from proto2net.layers import HDF5Output

if TYPE_CHECKING:
    from proto2net.backends.runner import Runner


class Torch(Backend):
    """The table of PyTorch renderers, and the file around them."""

    name = "torch"
    title = "PyTorch"
    package = __package__
    by_family = __package__
    unsupported: ClassVar = {HDF5Output: "writing a file has no rendering"}

    def emit(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> Emitted:
        """An importable file with one nn.Module."""
        entry = name or class_name(graph.name)
        return TorchFile(self, graph, entry, weights, partial=partial, flat=flat).emitted()

    @cached_property
    def runner(self) -> Runner:
        from proto2net.backends.torch.runner import TorchRunner

        return TorchRunner(self.name)


backend = Torch()
renders = backend.renders
