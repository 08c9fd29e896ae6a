"""The batches of all data layers of a network, read together."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from proto2net.caffe import definition, importer
from proto2net.caffe.phase import State
from proto2net.data import states
from proto2net.data.arrays import DummyReader, FedReader
from proto2net.data.databases import DataReader
from proto2net.data.draws import Draws
from proto2net.data.hdf5 import Hdf5Reader
from proto2net.data.lists import ImageDataReader
from proto2net.data.places import Places
from proto2net.data.reader import Batch, Job, Reader, Setting
from proto2net.data.windows import WindowReader
from proto2net.errors import DataError, Issue, Proto2NetError
from proto2net.graph import Entry
from proto2net.layers import DataLayer, plugins

READERS: Mapping[str, type[Reader]] = {
    "Data": DataReader,
    "DummyData": DummyReader,
    "HDF5Data": Hdf5Reader,
    "ImageData": ImageDataReader,
    "Input": FedReader,
    "MemoryData": FedReader,
    "WindowData": WindowReader,
}
"""What reads the data of each layer type."""

_AHEAD = 2
"""How many batches a worker may be ahead."""


def batches(
    net: str | Path,
    *,
    phase: str = "train",
    level: int = 0,
    stages: Sequence[str] = (),
    feeds: Mapping[str, Any] | None = None,
    seed: int | None = None,
    root: str | Path | None = None,
    workers: int = 0,
    share: tuple[int, int] = (0, 1),
    layers: str | Path | None = None,
    define: Mapping[str, object] | None = None,
    ignore_unknown_fields: bool = False,
    file: str = "",
) -> Batches:
    """The batches that the data layers of a definition give, as Caffe's do, without an end.

    `feeds` has rows for each top of MemoryData and Input, by name. Of `seed` shuffles, crops and
    mirrors follow, as of a solver's random_seed; without, each run has others. Paths of the
    definition begin in the current folder, in that of the definition or above; or in `root`. Of
    `workers` each makes batches in a thread, in the same order. Of several processes, a `share` of
    (1, 3) has the second of each three batches. The others are those of `parse`.
    """
    if phase.upper() not in ("TEST", "TRAIN"):
        raise Proto2NetError(f'no phase "{phase.lower()}"', "it is test or train")
    if layers is not None:
        plugins.load_file(layers)
    shown = file or ("<text>" if definition.is_text(net) else str(net))
    state = State(phase.upper(), level, tuple(stages))
    found = definition.read(
        net, shown, state, define=define, ignore_unknown_fields=ignore_unknown_fields
    )
    entries = _sources(found)
    return Batches(entries, Places(found.file, root), feeds or {}, seed, workers, share)


def _sources(found: definition.Definition) -> list[Entry]:
    """The layers of a definition that give data."""
    layers = [layer for layer in found.layers if not layer.bottom and layer.top]
    for layer in layers:
        if layer.type != "Input":
            layer.ClearField("input_param")  # shapes for tools, which the data themselves have
    entries, _ = importer.entries(layers, found.state.phase, found.file, held=found.held)
    entries = [entry for entry in entries if entry.layer.type != "Parameter"]
    importer.check(entries, layers, {})
    issues = []
    made: set[str] = set()
    for entry in entries:
        if entry.layer.kind not in READERS:
            issues.append(_unknown(entry))
        if twice := made.intersection(entry.tops):
            issues.append(
                _told(entry, f"another data layer also has the tops {', '.join(sorted(twice))}")
            )
        made.update(entry.tops)
    if issues:
        raise DataError(issues)
    if not entries:
        raise DataError(
            f"{found.file}: no layer gives data in the {found.state.phase.lower()} phase"
        )
    return entries


def _unknown(entry: Entry) -> Issue:
    hint = "an Input layer in its place takes arrays of yours: feeds={TOP: rows}"
    what = "the data of this layer cannot be read"
    if not isinstance(entry.layer, DataLayer):
        what = "this layer has no bottoms, but no reader of data is known for it"
    return _told(entry, what, hint)


def _told(entry: Entry, what: str, hint: str = "") -> Issue:
    return Issue(what, hint, entry.where, str(entry))


class _Planned(NamedTuple):
    """A batch that is made, or will be, and where the reading stands behind it."""

    made: Callable[[], Batch]
    states: list[dict[str, Any]]


class Batches(Iterator[Batch]):
    """An array for each top by its name, batch after batch. Where it is can be kept."""

    def __init__(
        self,
        entries: Sequence[Entry],
        places: Places,
        feeds: Mapping[str, Any],
        seed: int | None,
        workers: int,
        share: tuple[int, int],
    ) -> None:
        if workers < 0:
            raise DataError(f"workers is {workers}", "it is a number of threads, 0 for none")
        if seed is not None and seed < 0:
            raise DataError(f"seed is {seed}", "it is 0 or more; without, each run has another")
        self._entries, self._places, self._feeds = entries, places, feeds
        self._workers, self._share = workers, share
        self._pool = ThreadPoolExecutor(workers, "proto2net.data") if workers else None
        if seed is None:
            seed = secrets.randbits(32)
        self._begin(seed % 2**32, self._readers_of(seed % 2**32))

    def _begin(self, seed: int, readers: list[Reader]) -> None:
        self.seed, self._readers = seed, readers
        self._ahead: deque[_Planned] = deque()
        self._failed = False
        self._states = [reader.state() for reader in readers]

    def _readers_of(self, seed: int) -> list[Reader]:
        """A reader for each layer, at its beginning, with seeds that follow from this one."""
        seeds, own = Draws(seed), Draws(seed ^ 1)
        readers: list[Reader] = []
        issues: list[Issue] = []
        for entry in self._entries:
            setting = Setting(entry, self._places, seeds, own, self._feeds)
            try:
                with _at(entry):
                    readers.append(READERS[entry.layer.kind](setting))
            except DataError as error:
                issues += error.issues
        if issues:
            raise DataError(issues)
        return readers

    def __next__(self) -> Batch:
        batch = self.peek()
        self._states = self._ahead.popleft().states
        return batch

    def peek(self) -> Batch:
        """The next batch, which stays the next."""
        while len(self._ahead) < 1 + _AHEAD * self._workers and not self._failed:
            self._ahead.append(self._planned())
        return self._ahead[0].made()

    def _planned(self) -> _Planned:
        own, of = self._share
        try:
            jobs = [self._jobs() for _ in range(of)][own]
        except DataError as error:  # which is told when its batch comes
            self._failed = True
            return _Planned(partial(_fail, error), [])
        if self._pool:
            made: Callable[[], Batch] = self._pool.submit(_made, jobs).result
        else:
            made = _Once(jobs)
        return _Planned(made, [reader.state() for reader in self._readers])

    def _jobs(self) -> list[tuple[Entry, Job]]:
        """What makes the next batch."""
        jobs = []
        for reader in self._readers:
            with _at(reader.entry):
                jobs.append((reader.entry, reader.plan()))
        return jobs

    def state(self) -> dict[str, Any]:
        """Where it is, of numbers and texts, which JSON can hold."""
        rows = zip(self._entries, self._states, strict=True)
        return {
            "seed": self.seed,
            "layers": [{"layer": entry.name, **states.plain(state)} for entry, state in rows],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where another reader of the same definition and data was."""
        other = "it belongs to another definition"
        found = state if isinstance(state, Mapping) else {}
        seed, layers = found.get("seed"), found.get("layers")
        if not isinstance(seed, int) or not 0 <= seed < 2**32 or not isinstance(layers, list):
            raise DataError("this is no state of a reader of data", other)
        names = [each.get("layer") for each in layers if isinstance(each, dict)]
        if names != [entry.name for entry in self._entries]:
            raise DataError(f"the state is of the layers {str(names)[:200]}", other)
        readers = self._readers_of(seed)
        for reader, known in zip(readers, layers, strict=True):
            with _at(reader.entry):
                reader.restore(states.arrays(known))
        self._begin(seed, readers)

    def close(self) -> None:
        """End the workers; what is asked for later is made at once."""
        if self._pool:
            self._pool.shutdown()
            self._pool = None


def _fail(error: DataError) -> NoReturn:
    raise error


class _Once:
    """A batch that is made when it is asked for first."""

    def __init__(self, jobs: Sequence[tuple[Entry, Job]]) -> None:
        self._jobs = jobs
        self._batch: Batch | None = None

    def __call__(self) -> Batch:
        if self._batch is None:
            self._batch = _made(self._jobs)
        return self._batch


def _made(jobs: Sequence[tuple[Entry, Job]]) -> Batch:
    batch: Batch = {}
    for entry, job in jobs:
        with _at(entry):
            batch.update(job())
    return batch


@contextmanager
def _at(entry: Entry) -> Iterator[None]:
    """Tell with each problem which layer it is of."""
    try:
        yield
    except Proto2NetError as error:
        raise DataError(error.at(entry.where, str(entry))) from None
