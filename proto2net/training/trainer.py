"""A training that a solver describes, iteration by iteration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from proto2net import api, backends
from proto2net.backends.base import Backend, Emitted
from proto2net.backends.learner import Setting
from proto2net.backends.runner import imported
from proto2net.backends.training import Trained
from proto2net.caffe import snapshots, training
from proto2net.caffe.solverstate import history_of, read_state, weights_of
from proto2net.caffe.training import Used
from proto2net.data import Batches, batches
from proto2net.errors import Location, Proto2NetError, UnsupportedError
from proto2net.feeds import feeds_of
from proto2net.graph import Graph
from proto2net.layers.data import NOT_STATED
from proto2net.model import Format, Slot, Stored, StoredLayer, Weights, learnable
from proto2net.shape import Sizes
from proto2net.training.events import Events
from proto2net.training.testing import Tested
from proto2net.weights.matching import match
from proto2net.weights.reading import read
from proto2net.weights.restoring import in_caffe_layout
from proto2net.weights.safetensors import caffe_names

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Arrays

_LOG = logging.getLogger("proto2net")


class Trainer:
    """A network that learns as a solver says, in PyTorch (`to="torch"`) or Keras (`to="tf"`).

    `weights` are what it begins with: arrays by layer in Caffe's layout, or files, as `caffe train`
    takes them: several have a comma in between. What they lack starts from its fillers. `root` is
    where the paths of data begin, and `workers` threads read these. `device` is "cpu" or "cuda".
    Each process that torchrun has started, and each of the `devices` in TensorFlow, has its own
    batches, and the gradients of all are averaged. With `bfloat16` it multiplies in that type.
    Losses, rates and outputs of tests are written as events into a folder for `tensorboard`.
    `own` is a module that `convert` has written for the solver, and what makes the network. Raises
    Proto2NetError.
    """

    def __init__(
        self,
        solver: str | Path,
        weights: str | Path | Arrays | None = None,
        *,
        to: str = "torch",
        root: str | Path | None = None,
        workers: int = 0,
        device: str = "cpu",
        devices: int = 1,
        bfloat16: bool = False,
        tensorboard: str | Path | None = None,
        own: tuple[ModuleType, Callable[[], Any]] | None = None,
    ) -> None:
        events = Events(tensorboard) if tensorboard else None
        self.training, notes = training.read(solver)
        for note in notes:
            _LOG.info(note)
        self.solver = self.training.solver
        self.backend = _backend(to)
        self.graph = graph_of(self.training.train, root)
        if not self.graph.losses:
            raise UnsupportedError(
                f"{self.training.train.net}: no layer of the train phase is a loss",
                "a loss is what a training makes smaller",
            )
        self.emitted: Emitted = self.backend.emit(self.graph)
        setting = Setting(device, devices, bfloat16, self.solver.random_seed)
        with self.backend.learning(setting):
            if own:
                file, make = own
                self.network = make()
            else:
                self.network = api.built(self.backend, self.emitted, "TRAIN")
                trained = Trained("", self.emitted.entry, self.graph, self.emitted)
                source = self.backend.training(self.solver, trained, self.training.file)
                file = imported(source, "training")
            self.learner = self.backend.learner(file, self.network, self.solver, setting)
        self.iteration = 0
        self._events = None if self.learner.rank else events
        self._root, self._workers = root, workers
        for each in _listed(self.solver.weights if weights is None else weights):
            self._begin_with(each)

    @cached_property
    def data(self) -> Batches:
        """The batches of the network's own data layers; of several processes each has its own."""
        return self._data(self.training.train, (self.learner.rank, self.learner.processes))

    @cached_property
    def tests(self) -> tuple[Tested, ...]:
        """The networks that the solver tests with."""
        return tuple(
            Tested(self.backend, graph_of(used, self._root), self._data(used), passes)
            for used, passes in zip(self.training.tests, self.solver.test_iter, strict=True)
        )

    def step(self, feeds: Mapping[str, Any] | None = None) -> float:
        """One iteration; the loss before the update, of iter_size passes the mean.

        `feeds` are inputs by name, in Caffe's layout, for each of the passes and devices; without
        them they are read from the data layers.
        """
        passes = range(self.solver.iter_size * self.learner.devices)
        given = feeds and feeds_of(self.graph, feeds)
        found = (given or feeds_of(self.graph, next(self.data)) for _ in passes)
        inputs = [[each[blob.name] for blob in self.graph.inputs] for each in found]
        loss = self.learner.learn(self.iteration, inputs)
        if self._events:
            self._events.trained(self.iteration, loss, self.rate)
        self.iteration += 1
        return loss

    def test(self) -> list[dict[str, Ndarray]]:
        """The outputs of each network that the solver tests with: means over its test_iter passes.

        As in Caffe, the data of a test begin where those of the test before have ended.
        """
        learned = self.arrays()
        found = [tested.outputs(learned) for tested in self.tests]
        if self._events:
            self._events.tested(self.iteration, found)
        return found

    @property
    def rate(self) -> float:
        """The learning rate of the next iteration."""
        return self.learner.rate(self.iteration)

    def arrays(self) -> dict[str, list[Ndarray]]:
        """What each layer has learned by now, in Caffe's layout and order."""
        found = self._in_caffe_layout(self.backend.runner.arrays(self.network))
        return {layer.name: [each.array for each in layer.arrays if each] for layer in found.layers}

    def snapshot(self, prefix: str | Path = "", *, overwrite: bool = False) -> list[Path]:
        """Write PREFIX_iter_N with the weights, what the solver remembers, and where the data are.

        They are .caffemodel and .solverstate as Caffe reads and writes them, in the solver's
        snapshot_format, and a .proto2net.json. All are written, or none. Returns their paths.
        """
        if self.learner.rank:
            return []  # the first of several processes writes it
        state = self.backend.runner.arrays(self.network)
        return snapshots.write_snapshot(
            str(prefix or self.solver.snapshot_prefix),
            self.iteration,
            self.graph,
            self._values(state),
            self._history(),
            self._own(),
            step=self.solver.passed(self.iteration - 1),
            as_hdf5=self._as_hdf5,
            layers=self.training.train.layers,
            overwrite=overwrite,
        )

    def check_snapshots(self, prefix: str) -> list[str]:
        """The messages about snapshots; raises Proto2NetError where none could be written."""
        return snapshots.check(
            prefix,
            self.graph,
            as_hdf5=self._as_hdf5,
            layers=self.training.train.layers,
            blocks=self.learner.blocks,
        )

    def snapshot_files(self, prefix: str, iteration: int) -> list[Path]:
        """The files of a snapshot."""
        return snapshots.files(prefix, iteration, as_hdf5=self._as_hdf5)

    @property
    def _as_hdf5(self) -> bool:
        return self.solver.snapshot_format == "HDF5"

    def restore(self, path: str | Path) -> None:
        """Go on from a snapshot, of which `path` is the .solverstate or .solverstate.h5.

        One that Caffe has written does not tell where its data were: they begin anew, as in Caffe.
        """
        state = read_state(path)
        blocks, notes = history_of(state, self.graph, self.learner.blocks, self.solver.type)
        own = snapshots.own_of(state)
        weights, more = weights_of(state)
        for note in [*notes, *more]:
            _LOG.info(note)
        self._begin_with(weights)
        remembered = [self.emitted.converted(block) for block in blocks]
        names = remembered[0] if remembered else {}
        history = {name: [block[name] for block in remembered] for name in names}
        self.learner.remember(state.iteration, history)
        self.iteration = state.iteration
        if own is None:
            _LOG.info(
                f"{path}: its data begin at the first record, since the file does not say "
                "where they stopped"
            )
            return
        try:
            self._go_on(own)
        except Proto2NetError as error:
            beside = Location(str(snapshots.own_file(state)), 0)
            raise Proto2NetError(error.at(beside)) from None

    def _go_on(self, own: Mapping[str, Any]) -> None:
        """Put data and random numbers where they were. Raises Proto2NetError."""
        data = _part(own, "data", dict)
        tests = _part(own, "tests", list)
        random = _part(own, "random", dict)
        if data:
            self.data.restore(data)
        if tests and len(tests) != len(self.tests):
            has = f"it has {len(tests)} networks to test with, and the solver has {len(self.tests)}"
            raise Proto2NetError(has, "it belongs to another solver")
        for tested, kept in zip(self.tests, tests, strict=True) if tests else ():
            tested.data.restore(kept)
        if self.backend.name not in random:
            none = f"since it has none of {self.backend.name}"
            _LOG.info(f"random numbers begin anew, {none}")
            return
        try:
            self.learner.draw_on(random[self.backend.name])
        except (TypeError, ValueError, RuntimeError) as error:
            raise Proto2NetError(f"its random numbers cannot be taken: {error}") from None

    def _own(self) -> dict[str, Any]:
        """What an exact resume needs beside what Caffe keeps."""
        own: dict[str, Any] = {"random": {self.backend.name: self.learner.draws()}}
        if "data" in vars(self):
            own["data"] = self.data.state()
        if "tests" in vars(self):
            own["tests"] = [tested.data.state() for tested in self.tests]
        return own

    def _history(self) -> list[dict[Slot, Ndarray]]:
        """What the solver remembers of each learned blob: zeros of one that is not trained."""
        import numpy as np

        found = self.learner.history()
        blocks = []
        for block in range(self.learner.blocks):
            known = self._values({name: kept[block] for name, kept in found.items()})
            zeros = {
                (node, blob): np.zeros(node.blobs[blob].shape, np.float32)
                for node, blob in learnable(self.graph)
            }
            blocks.append({**zeros, **known})
        return blocks

    def _values(self, state: Mapping[str, Ndarray]) -> Mapping[Slot, Ndarray]:
        """Arrays of the target as those of learned blobs."""
        weights = self._in_caffe_layout(state)
        return match(self.graph, weights, allow_missing=True).model.values

    def _in_caffe_layout(self, state: Mapping[str, Ndarray]) -> Weights:
        """Arrays of the target in Caffe's layout."""
        layers = tuple(
            StoredLayer(name, (Stored(state[name].copy()),), sources=tuple(caffe_names(array)))
            for name, array in self.emitted.arrays.items()
            if name in state
        )
        weights = Weights(layers, "the network", Format.SAFETENSORS, self.backend.name)
        return in_caffe_layout(weights, self.emitted.arrays.values())

    def _begin_with(self, weights: str | Path | Arrays) -> None:
        stored = read(weights) if isinstance(weights, str | Path) else weights
        found, notes = match(self.graph, stored, allow_missing=True)
        for note in notes:
            _LOG.info(note)
        arrays = self.emitted.converted(found.values)
        self.backend.runner.install(self.network, arrays)

    def _data(self, used: Used, share: tuple[int, int] = (0, 1)) -> Batches:
        phase, level, stages = used.state
        seed = self.solver.random_seed
        if seed < 0 and self.learner.processes > 1:
            seed = 0  # all have to read the same data in the same order
        return batches(
            used.net,
            phase=phase.lower(),
            level=level,
            stages=stages,
            seed=seed if seed >= 0 else None,
            root=self._root,
            workers=self._workers,
            share=share,
        )


def graph_of(
    used: Used,
    root: str | Path | None = None,
    inputs: Mapping[str, Sizes] | None = None,
) -> Graph:
    """The graph of a network as a solver uses it, with its labels and losses.

    Where neither it nor `inputs` state the shapes of data, these have them. Raises DataError where
    they are not there.
    """
    phase, level, stages = used.state
    phase = phase.lower()

    def parsed(inputs: Mapping[str, Sizes] | None) -> Graph:
        return api.parse(
            used.net,
            phase=phase,
            level=level,
            stages=stages,
            inputs=inputs,
            labelled=True,
            root=root,
        )

    try:
        return parsed(inputs)
    except Proto2NetError as error:
        if inputs or all(issue.message != NOT_STATED for issue in error.issues):
            raise
    data = batches(used.net, phase=phase, level=level, stages=stages, root=root)
    return parsed({top: array.shape for top, array in data.peek().items()})


def _part(own: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """What stands under a name; nothing if nothing does."""
    found = own.get(name, kind())
    if not isinstance(found, kind):
        raise Proto2NetError(
            f'this is not what proto2net has written: "{name}" is no {kind.__name__}'
        )
    return found


def _backend(to: str) -> Backend:
    backend = backends.get(to)
    if not isinstance(backend, Backend) or not backend.trains:
        raise Proto2NetError(f'"{to}" trains no networks', "torch and tf do")
    return backend


def _listed(weights: Any) -> Sequence[Any]:
    """Files or arrays to begin with, one after the other."""
    if isinstance(weights, str):
        return weights.split(",")
    return weights if isinstance(weights, tuple) else [weights]
