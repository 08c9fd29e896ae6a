"""A network that a training is tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proto2net import api
from proto2net.backends.base import Backend
from proto2net.data import Batches
from proto2net.feeds import feeds_of
from proto2net.graph import Graph
from proto2net.weights.matching import match

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Arrays


class Tested:
    """A network of the test phase, its data, and how many passes a test has."""

    def __init__(self, backend: Backend, graph: Graph, data: Batches, passes: int) -> None:
        self.graph, self.data, self.passes = graph, data, passes
        self._runner = backend.runner
        self._emitted = backend.emit(graph)
        self._network = api.built(backend, self._emitted, graph.phase)

    def outputs(self, learned: Arrays) -> dict[str, Ndarray]:
        """The mean of each output over all passes, with what has been learned by now."""
        values = match(self.graph, learned).model.values
        self._runner.install(self._network, self._emitted.converted(values))
        sums: list[Ndarray] = []
        for _ in range(self.passes):
            found = self._runner.run(
                self._network, self.graph, feeds_of(self.graph, next(self.data))
            )
            sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
        names = (blob.name for blob in self.graph.outputs)
        return {name: each / self.passes for name, each in zip(names, sums, strict=True)}

    @property
    def losses(self) -> dict[str, float]:
        """The weights of the outputs that are losses."""
        return {blob.name: weight for weight, blob in self.graph.losses}
