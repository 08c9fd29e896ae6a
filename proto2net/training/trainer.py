"""A training that a solver describes, iteration by iteration."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import api, backends
from proto2net.backends.base import Backend, Emitted
from proto2net.backends.runner import imported
from proto2net.backends.training import Trained
from proto2net.caffe import training
from proto2net.caffe.training import Used
from proto2net.errors import Proto2NetError, UnsupportedError
from proto2net.feeds import feeds_of
from proto2net.graph import Graph
from proto2net.model import Format, Stored, StoredLayer, Weights
from proto2net.weights.matching import match
from proto2net.weights.reading import read
from proto2net.weights.restoring import in_caffe_layout
from proto2net.weights.safetensors import caffe_names

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_LOG = logging.getLogger("proto2net")


class Trainer:
    """A network that learns as a solver says, in PyTorch (`to="torch"`) or Keras (`to="tf"`).

    `weights` are files to begin with, as `caffe train` takes them: several have a comma in between.
    What they lack starts from its fillers. Raises Proto2NetError.
    """

    def __init__(
        self, solver: str | Path, weights: str | Path | Weights | None = None, *, to: str = "torch"
    ) -> None:
        self.training, notes = training.read(solver)
        for note in notes:
            _LOG.info(note)
        self.solver = self.training.solver
        self.backend = _backend(to)
        self.graph = graph_of(self.training.train)
        if not self.graph.losses:
            raise UnsupportedError(
                f"{self.training.train.net}: no layer of the train phase is a loss",
                "a loss is what a training makes smaller",
            )
        self.emitted: Emitted = self.backend.emit(self.graph)
        self.network = api.built(self.backend, self.emitted, "TRAIN")
        trained = Trained("", self.emitted.entry, self.graph, self.emitted)
        source = self.backend.training(self.solver, trained, self.training.file)
        self.learner = self.backend.learner(imported(source, "training"), self.network, self.solver)
        self.iteration = 0
        for each in _listed(weights):
            self._begin_with(each)

    def step(self, feeds: Mapping[str, Any]) -> float:
        """One iteration with inputs by name, in Caffe's layout; the loss before the update.

        Where the solver has an iter_size, each of its passes has the same inputs.
        """
        found = feeds_of(self.graph, feeds)
        batch = [found[blob.name] for blob in self.graph.inputs]
        loss = self.learner.learn(self.iteration, [batch] * self.solver.iter_size)
        self.iteration += 1
        return loss

    @property
    def rate(self) -> float:
        """The learning rate of the next iteration."""
        return self.learner.rate(self.iteration)

    def arrays(self) -> dict[str, list[Ndarray]]:
        """What each layer has learned by now, in Caffe's layout and order."""
        state = self.backend.runner.arrays(self.network)
        return restored(self.graph, self.emitted, self.backend, state)

    def _begin_with(self, weights: str | Path | Weights) -> None:
        stored = read(weights) if isinstance(weights, str | Path) else weights
        found, notes = match(self.graph, stored, allow_missing=True)
        for note in notes:
            _LOG.info(note)
        arrays = self.emitted.converted(found.values)
        self.backend.runner.install(self.network, arrays)


def graph_of(used: Used) -> Graph:
    """The graph of a network as a solver uses it, with its labels and losses."""
    phase, level, stages = used.state
    return api.parse(used.net, phase=phase.lower(), level=level, stages=stages, labelled=True)


def restored(
    graph: Graph, emitted: Emitted, backend: Backend, state: Mapping[str, Ndarray]
) -> dict[str, list[Ndarray]]:
    """The arrays of a target in Caffe's layout, by layer."""
    layers = tuple(
        StoredLayer(name, (Stored(state[name].copy()),), sources=tuple(caffe_names(array)))
        for name, array in emitted.arrays.items()
    )
    weights = Weights(layers, "the network", Format.SAFETENSORS, backend.name)
    found = in_caffe_layout(graph, weights)
    return {layer.name: [each.array for each in layer.arrays if each] for layer in found.layers}


def _backend(to: str) -> Backend:
    backend = backends.get(to)
    if not isinstance(backend, Backend) or not backend.trains:
        raise Proto2NetError(f'"{to}" trains no networks', "torch and tf do")
    return backend


def _listed(weights: str | Path | Weights | None) -> list[str | Path | Weights]:
    if weights is None:
        return []
    if isinstance(weights, str):
        return list(weights.split(","))
    return [weights]
