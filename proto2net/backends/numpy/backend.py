"""The NumPy backend; the tables of its renderers stand beside it, a file a family of layers.

Layout and learned arrays are Caffe's own, and every layer does at run time what Caffe does there.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from proto2net.backends.base import Backend
from proto2net.backends.numpy.file import NumpyFile
from proto2net.backends.source import class_name
from proto2net.graph import Graph
from proto2net.layers import HDF5Output, Layer

if TYPE_CHECKING:
    from proto2net.backends.runner import Runner


class Numpy(Backend):
    """The table of NumPy renderers, and the file around them."""

    name = "numpy"
    title = "NumPy"
    package = __package__
    by_family = __package__
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
    ) -> NumpyFile:
        """An importable file with one class that needs NumPy only."""
        entry = name or class_name(graph.name)
        return NumpyFile(self, graph, entry, weights, partial=partial, flat=flat)

    @cached_property
    def runner(self) -> Runner:
        from proto2net.backends.numpy.runner import NumpyRunner

        return NumpyRunner(self.name)


backend = Numpy()
renders = backend.renders
says = backend.says
