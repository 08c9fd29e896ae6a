"""A whole training: which iteration is shown, tested and kept, and when it ends (solver.cpp)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proto2net.solver import Solver
from proto2net.training.trainer import Trainer

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


class Shown(NamedTuple):
    """An iteration that is shown."""

    iteration: int
    loss: float
    mean: float
    """That of the last losses, of as many as average_loss says."""
    rate: float
    speed: float
    """Images a second since the one that was shown before."""


class Done(NamedTuple):
    """An iteration, of which there is no more to tell."""

    iteration: int
    loss: float


class Tested(NamedTuple):
    """What a network gives that the training is tested with."""

    iteration: int
    network: int
    outputs: dict[str, Ndarray]
    weights: dict[str, float]
    """Those of the outputs that are losses."""


class Kept(NamedTuple):
    """A snapshot, and its files."""

    iteration: int
    files: list[Path]


Event = Shown | Done | Tested | Kept


class Smoothed:
    """The mean of the last losses, as Caffe updates it."""

    def __init__(self, most: int) -> None:
        self._last: deque[float] = deque(maxlen=most)
        self._mean = 0.0

    def add(self, loss: float) -> float:
        """The mean with one more loss."""
        last, most = self._last, self._last.maxlen or 1
        if len(last) < most:
            self._mean = (self._mean * len(last) + loss) / (len(last) + 1)
        else:
            self._mean += (loss - last[0]) / most
        last.append(loss)
        return self._mean


def run(
    trainer: Trainer, until: int, prefix: str, *, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Event]:
    """Train until this iteration, or until it is `stopped`; what there is to tell of each.

    Snapshots are called by their `prefix`, and replace what has their names.
    """
    solver = trainer.solver
    smoothed = Smoothed(solver.average_loss)
    learner = trainer.learner
    images = trainer.graph.batch * solver.iter_size * learner.processes * learner.devices
    began, since, kept = time.perf_counter(), trainer.iteration, -1
    while trainer.iteration < until and not stopped():
        iteration = trainer.iteration
        if _tests(trainer, iteration, first=solver.test_initialization):
            yield from tested(trainer)
        loss = trainer.step()
        mean = smoothed.add(loss)
        if solver.display and iteration % solver.display == 0:
            now = time.perf_counter()
            speed = images * (trainer.iteration - since) / max(now - began, 1e-9)
            yield Shown(iteration, loss, mean, learner.rate(iteration), speed)
            began, since = now, trainer.iteration
        else:
            yield Done(iteration, loss)
        if solver.snapshot and trainer.iteration % solver.snapshot == 0:
            kept = trainer.iteration
            yield Kept(kept, trainer.snapshot(prefix, overwrite=True))
    if solver.snapshot_after_train and kept != trainer.iteration:
        yield Kept(trainer.iteration, trainer.snapshot(prefix, overwrite=True))
    if not stopped() and _tests(trainer, trainer.iteration, first=True):
        yield from tested(trainer)


def kept_at(solver: Solver, begin: int, until: int) -> list[int]:
    """The iterations of which a training has snapshots."""
    every = solver.snapshot
    found = [n for n in range(begin + 1, until) if every and n % every == 0]
    last = solver.snapshot_after_train or (every and until % every == 0)
    return [*found, *([until] if last else [])]


def tested(trainer: Trainer) -> Iterator[Tested]:
    """Test with each network of the solver; of several processes the first does that."""
    if trainer.learner.rank:
        return
    for number, outputs in enumerate(trainer.test()):
        yield Tested(trainer.iteration, number, outputs, trainer.tests[number].losses)


def _tests(trainer: Trainer, iteration: int, *, first: bool) -> bool:
    """Whether it is time for a test."""
    interval = trainer.solver.test_interval
    return bool(interval) and iteration % interval == 0 and (iteration > 0 or first)
