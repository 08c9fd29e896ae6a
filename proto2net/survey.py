"""How many networks of a tree of files convert, and why the others do not.

Files are converted in processes of their own, so that none can hold up or end the run.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from proto2net import backends
from proto2net.api import parse
from proto2net.backends.summary import aligned
from proto2net.errors import Issue, Location, Proto2NetError
from proto2net.layers import plugins
from proto2net.output import printable
from proto2net.rewrites.deploy import UNSTATED
from proto2net.shape import Shape

LIMIT = 20.0
"""Seconds that one file may take."""

_START = 60.0
"""Seconds that a process may take to begin."""

KINDS = ("deploy", "train_val")
"""A network that its caller feeds, and one that reads data or needs labels somewhere."""

BUG = "bug in proto2net"


class Failure(NamedTuple):
    """Why a target does not get a file."""

    file: str
    target: str
    issues: tuple[Issue, ...]

    @property
    def error(self) -> str:
        """All that is wrong."""
        return "\n".join(map(str, self.issues))


class Other(NamedTuple):
    """A file that is no network, and what it is."""

    file: str
    issue: Issue


@dataclass(frozen=True)
class Survey:
    """What `survey` found."""

    files: tuple[str, ...]
    targets: tuple[str, ...]
    failed: tuple[Failure, ...]
    others: tuple[Other, ...]

    @property
    def networks(self) -> int:
        """How many of the files are networks, or are meant to be."""
        return len(self.files) - len(self.others)

    @property
    def converted(self) -> dict[str, int]:
        """How many networks convert to each target."""
        failed = [failure.target for failure in self.failed]
        return {target: self.networks - failed.count(target) for target in self.targets}

    def json(self) -> str:
        """What was found, for programs."""
        found = {
            "files": len(self.files),
            "networks": self.networks,
            "converted": self.converted,
            "failed": [
                {"file": failure.file, "target": failure.target, "error": failure.error}
                for failure in self.failed
            ],
            "others": [{"file": file, "reason": issue.message} for file, issue in self.others],
        }
        return json.dumps(found, indent=2)

    def __str__(self) -> str:
        of = f"{self.networks:,} networks"
        lines = [f"{len(self.files):,} files: {of}, and {len(self.others):,} that are none"]
        lines += [f"{target}: {n:,} of {of} convert" for target, n in self.converted.items()]
        failed = [(failure.issues[0], failure.file, failure.target) for failure in self.failed]
        others = [(issue, file, "") for file, issue in self.others]
        for title, reasons in (("why the rest does not", failed), ("no networks", others)):
            if reasons:
                lines += ["", *_ranked(title, reasons)]
        return "\n".join(map(printable, lines))


def _ranked(title: str, reasons: Sequence[tuple[Issue, str, str]]) -> list[str]:
    """A row a reason, the most frequent first: in how many files, for which targets, where."""
    groups: dict[str, list[tuple[Issue, str, str]]] = {}
    for issue, file, target in reasons:
        groups.setdefault(grouped(issue.message), []).append((issue, file, target))
    rows = []
    for reason, found in groups.items():
        files = {file for _, file, _ in found}
        targets = ", ".join(dict.fromkeys(target for _, _, target in found))
        rows.append((len(files), reason, targets, str(found[0][0].where or found[0][1])))
    rows.sort(key=lambda row: (-row[0], row[1]))
    head = ("files", title, "target", "such as")
    kept = [0, 1, 2, 3] if any(row[2] for row in rows) else [0, 1, 3]
    cells = [(f"{n:,}".rjust(len(head[0])), *rest) for n, *rest in rows]
    return aligned([head[i] for i in kept], [[row[i] for i in kept] for row in cells])


_GROUPED = (
    (re.compile(r'\b(bottom|top|layer|param|network|has) "[^"]*"'), r'\1 "…"'),
    (re.compile(r"(?<![\w.\"-])-?\d+(\.\d+)?( x \d+)*(?![\w\"])"), "#"),
)


def grouped(sentence: str) -> str:
    """A sentence without the names and numbers in which the like of it differ."""
    for pattern, instead in _GROUPED:
        sentence = pattern.sub(instead, sentence)
    return sentence


# ---- files ----------------------------------------------------------------------------------

_NAMES = (".prototxt",)
_OTHER_NAMES = (".pt", ".prototxt.txt", ".pbtxt")
"""Names that other files have too: they count where there is a layer in the text."""
_MUCH = 2**24
"""Bytes from which on a file of such a name is none of ours."""
_LAYER = re.compile(rb"^\s*layers?\s*:?\s*\{", re.MULTILINE)
_TRAINS = re.compile(
    rb"\b(?:include|exclude)\s*:?\s*\{|\btype\s*:\s*[\"']?\w*(?:data|loss|accuracy)\b",
    re.IGNORECASE,
)


def files(tree: str | Path) -> Iterator[str]:
    """The files of a tree that may be networks, in order; a file stands for itself."""
    if not os.path.isdir(tree):
        yield str(tree)
        return
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(_NAMES) or (name.endswith(_OTHER_NAMES) and _holds_layers(path)):
                yield path


def _holds_layers(path: str) -> bool:
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _MUCH:
            return False
        content = Path(path).read_bytes()
    except OSError:
        return False
    return b"\0" not in content and bool(_LAYER.search(content))


def kind(path: str) -> str:
    """Which of KINDS a file is, as its text has it."""
    try:
        return "train_val" if _TRAINS.search(Path(path).read_bytes()) else "deploy"
    except OSError:
        return "deploy"


# ---- one file -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """What is to be done with each file."""

    targets: tuple[str, ...]
    options: Mapping[str, Any]
    given: tuple[str, ...] = ()
    """Files that were asked for by name: a solver among them is followed to its network."""
    inputs: tuple[Mapping[str, Shape], ...] = ({},)
    """Shapes of inputs: the first that a file converts with counts."""

    def examine(self, file: str) -> tuple[Failure, ...] | Other:
        """What goes wrong with a file in each target, or what it is instead of a network.

        Of a file that converts with none of the inputs, it is what the first of them tell.
        """
        first = self._fed(file, self.inputs[0])
        if not first or isinstance(first, Other):
            return first
        return first if all(self._fed(file, inputs) for inputs in self.inputs[1:]) else ()

    def _fed(self, file: str, inputs: Mapping[str, Shape]) -> tuple[Failure, ...] | Other:
        from proto2net.caffe.prototxt import NoNetwork

        try:
            if file not in self.given:
                _check_is_network(file)
            graph = parse(Path(file), inputs=inputs, **self.options)
        except NoNetwork as error:
            return Other(file, error.issues[0])
        except Exception as error:
            return self.failed(file, _issues(error, file))
        found = []
        for target in self.targets:
            try:
                backend = backends.get(target)
                source = backend.emit(graph).source
                if backend.suffix == ".py":
                    compile(source, f"<{target} of {file}>", "exec")
            except Exception as error:
                found.append(Failure(file, target, _issues(error, file)))
        return tuple(found)

    def failed(self, file: str, issues: tuple[Issue, ...]) -> tuple[Failure, ...]:
        """The same failure for all targets."""
        return tuple(Failure(file, target, issues) for target in self.targets)


def _check_is_network(file: str) -> None:
    """Raise NoNetwork for what is none: a solver in a tree, whose network stands there itself."""
    from proto2net.caffe import definition, prototxt

    content = Path(file).read_bytes() if os.path.isfile(file) else b""
    definition.check_is_none_else(content, file)
    if content and not _LAYER.search(content):
        prototxt.read(content.decode(errors="replace"), file, ignore_unknown_fields=True)


def _issues(error: Exception, file: str) -> tuple[Issue, ...]:
    if isinstance(error, Proto2NetError):
        return error.issues
    if isinstance(error, OSError) and error.filename == file:
        return (Issue(error.strerror or str(error), where=Location(file, 0)),)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return (_bug(f"{type(error).__name__} in {place}: {error}", file),)


def _bug(what: str, file: str) -> Issue:
    return Issue(f"{BUG}: {what}", "please report it with the file", Location(file, 0))


# ---- all files ------------------------------------------------------------------------------


def survey(
    trees: Sequence[str | Path],
    *,
    to: Sequence[str] = ("torch", "tf"),
    kinds: Sequence[str] = KINDS,
    jobs: int | None = None,
    limit: float = LIMIT,
    progress: Callable[[int, int], None] = lambda done, of: None,
    inputs: Mapping[str, Shape] | None = None,
    shapes: Sequence[Shape] = (),
    **options: Any,
) -> Survey:
    """Convert every network under these folders, `jobs` at a time (None: one a core).

    `shapes` are tried in turn for inputs whose shape a file does not state, beside `inputs`. A file
    that takes more than `limit` seconds is given up. `progress` is told how many files are done,
    and of how many. The other options are those of `parse`.
    """
    if options.get("layers") is not None:
        plugins.load_file(options["layers"])  # if it cannot be, that is told once and at once
    to = backends.own_names(to)
    if options.get("fork"):
        from proto2net.caffe import importer

        plugins.load()  # their types may know forks
        importer.check_fork(options["fork"])
    every = [file for tree in trees for file in files(tree)]
    every = [file for file in dict.fromkeys(every) if kind(file) in kinds]
    inputs = inputs or {}
    tried = tuple({**inputs, UNSTATED: shape} for shape in shapes) or (inputs,)
    task = Task(tuple(to), options, tuple(str(tree) for tree in trees), tried)
    found: dict[str, tuple[Failure, ...] | Other] = {}
    progress(0, len(every))
    for file, result in _examined(every, task, jobs or _cores(), limit):
        found[file] = result
        progress(len(found), len(every))
    results = [found[file] for file in every]
    others = tuple(result for result in results if isinstance(result, Other))
    failed = (result for result in results if not isinstance(result, Other))
    return Survey(tuple(every), task.targets, tuple(f for each in failed for f in each), others)


def _cores() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


Results = Iterator[tuple[str, "tuple[Failure, ...] | Other"]]


def _examined(every: Sequence[str], task: Task, jobs: int, limit: float) -> Results:
    """The result of each file, in the order in which they are ready."""
    waiting = iter(every)
    workers = [_Worker(task, limit) for _ in range(min(jobs, len(every)))]
    try:
        for worker in workers:
            worker.give(next(waiting, None))
        while busy := [worker for worker in workers if worker.file]:
            soonest = min(worker.deadline for worker in busy)
            wait([worker.connection for worker in busy], max(0.0, soonest - time.monotonic()))
            for worker in busy:
                result = worker.result()
                if result is not None and worker.file:
                    yield worker.file, result
                    worker.give(next(waiting, None))
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that examines files, one after the other; a new one where it does not end."""

    def __init__(self, task: Task, limit: float) -> None:
        self._task = task
        self._limit = limit
        self.file: str | None = None
        self.deadline = 0.0
        self._start()

    def _start(self) -> None:
        # Fresh processes: a copy of this one would inherit the locks of whatever threads it has.
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, self._task), daemon=True)
        self._process.start()
        self._begun = False
        other.close()

    def give(self, file: str | None) -> None:
        """Have a file examined; None: there are no more."""
        self.file = file
        self.deadline = time.monotonic() + self._limit + (0 if self._begun else _START)
        if file is not None:
            with suppress(OSError):  # the process has ended: `result` tells it
                self.connection.send(file)

    def result(self) -> tuple[Failure, ...] | Other | None:
        """What was found; None: not yet."""
        file = self.file or ""
        if self.connection.poll():
            try:
                found: tuple[Failure, ...] | Other | None = self.connection.recv()
                if found is None:
                    self._begun = True
                    self.deadline = time.monotonic() + self._limit
                return found
            except EOFError:
                self._process.join()
                issue = _bug(f"the process ended with code {self._process.exitcode}", file)
        elif time.monotonic() > self.deadline:
            issue = _bug(f"no end after {self._limit:g} s", file)
        else:
            return None
        self.stop()
        self._start()
        return self._task.failed(file, (issue,))

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _work(connection: Connection, task: Task) -> None:
    """What a process does until it is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked ends this one
    with suppress(EOFError, OSError):  # it is no longer there
        connection.send(None)  # this one has begun
        while True:
            connection.send(task.examine(connection.recv()))
