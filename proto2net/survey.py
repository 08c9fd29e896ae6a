"""How many networks of a tree of files convert, and why the others do not.

Files are read and converted in processes of their own, so that none can hold up or end the run.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread, Timer
from typing import Any, NamedTuple

from proto2net import backends, limits, plain
from proto2net.api import load, parse
from proto2net.backends.base import Backend
from proto2net.child import Child, Stopped, serve
from proto2net.errors import Issue, Location, Proto2NetError
from proto2net.graph import Graph
from proto2net.layers import plugins
from proto2net.output import printable
from proto2net.rewrites.deploy import UNSTATED
from proto2net.shape import Shape
from proto2net.text import aligned

LIMIT = 20.0
"""Seconds that one file may take."""

RUN_LIMIT = 120.0
"""The same where the network is built too."""

_START = 60.0
"""Seconds that a process may take to begin."""

_RUN_START = 300.0
"""The same where it imports frameworks."""

_END = 5.0
"""Seconds that one may take to end, once it is told."""

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
    run: bool = False
    """Whether the emitted source was run, and each network built in its framework."""

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
            **({"run": True} if self.run else {}),
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
        done = "convert, and are built" if self.run else "convert"
        lines += [f"{target}: {n:,} of {of} {done}" for target, n in self.converted.items()]
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


_MUCH = 1000
"""Characters of a sentence by which it is known."""


def grouped(sentence: str) -> str:
    """A sentence without the names and numbers in which the like of it differ."""
    sentence = sentence[:_MUCH]
    for pattern, instead in _GROUPED:
        sentence = pattern.sub(instead, sentence)
    return sentence


# ---- files ----------------------------------------------------------------------------------

_NAMES = (".prototxt",)
_OTHER_NAMES = (".pt", ".prototxt.txt", ".pbtxt")
"""Names that other files have too: they count where there is a layer in the text."""
_LAYER = re.compile(rb"^[^\S\n]*layers?\s*(?::\s*)?\{", re.MULTILINE)
_TRAINS = re.compile(
    rb"\b(?:include|exclude)\s*(?::\s*)?\{|\btype\s*:\s*[\"']?\w*(?:data|loss|accuracy)\b",
    re.IGNORECASE,
)


def files(tree: str | Path) -> Iterator[str]:
    """The files of a tree whose names networks have, in order; a file stands for itself."""
    if not os.path.isdir(tree):
        yield str(tree)
        return
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            if name.endswith(_NAMES + _OTHER_NAMES):
                yield os.path.join(folder, name)


def kind(content: bytes) -> str:
    """Which of KINDS a file is, as its text has it."""
    return "train_val" if _TRAINS.search(content) else "deploy"


def _content(file: str) -> bytes:
    """What a file holds, as far as a definition goes; nothing where it cannot be read."""
    if plain.is_special(file):
        return b""
    try:
        with open(file, "rb") as stream:
            return stream.read(limits.TEXT_BYTES + 1)
    except (OSError, ValueError):
        return b""


# ---- one file -------------------------------------------------------------------------------


Result = tuple[Failure, ...] | Other | None
"""What goes wrong with a file in each target, or what it is instead; None: it does not count."""


@dataclass(frozen=True)
class Task:
    """What is to be done with each file."""

    targets: Sequence[str]
    options: Mapping[str, Any]
    given: Sequence[str] = ()
    """Files that were asked for by name: a solver among them is followed to its network."""
    inputs: Sequence[Mapping[str, Shape]] = ({},)
    """Shapes of inputs: the first that a file converts with counts."""
    kinds: Sequence[str] = KINDS
    run: bool = False
    """Whether networks are to be built in their frameworks."""

    def begin(self) -> None:
        """Import the frameworks, so that no file has to wait for them."""
        tiny = parse(_TINY)
        for target in self.targets if self.run else ():
            with suppress(Proto2NetError):  # then each file tells what is missing
                _build(tiny, target)

    def examine(self, file: str) -> Result:
        """What is to be told of a file.

        Of one that converts with none of the inputs, it is what the first of them tell.
        """
        content = _content(file)
        if not self._counts(file, content):
            return None
        if plain.is_special(file):
            return Other(file, Issue(plain.SPECIAL))
        first = self._fed(file, content, self.inputs[0])
        if not first or isinstance(first, Other):
            return first
        return first if all(self._fed(file, content, each) for each in self.inputs[1:]) else ()

    def _counts(self, file: str, content: bytes) -> bool:
        """Whether it is of a kind that is asked for, and a definition as far as its name tells."""
        other = file not in self.given and file.endswith(_OTHER_NAMES)
        if other and (
            len(content) > limits.TEXT_BYTES or b"\0" in content or not _LAYER.search(content)
        ):
            return False
        return kind(content) in self.kinds

    def _fed(self, file: str, content: bytes, inputs: Mapping[str, Shape]) -> Result:
        from proto2net.caffe.prototxt import NoNetwork

        try:
            if file not in self.given:
                _check_is_network(file, content)
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
                if self.run:
                    _build(graph, target)
            except Exception as error:
                found.append(Failure(file, target, _issues(error, file)))
        return tuple(found)

    def failed(self, file: str, issues: tuple[Issue, ...]) -> tuple[Failure, ...]:
        """The same failure for all targets."""
        return tuple(Failure(file, target, issues) for target in self.targets)


_TINY = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""


def _build(graph: Graph, target: str) -> None:
    """Run the emitted source, as far as it makes the network; a target that prints text has none.

    What a framework has to say of it is a fault of ours: the source is what we have made.
    """
    if isinstance(backends.get(target), Backend):
        load(graph, to=target)


def _check_is_network(file: str, content: bytes) -> None:
    """Raise NoNetwork for what is none: a solver in a tree, whose network stands there itself."""
    from proto2net.caffe import definition, prototxt

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
    limit: float | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    inputs: Mapping[str, Shape] | None = None,
    shapes: Sequence[Shape] = (),
    run: bool = False,
    **options: Any,
) -> Survey:
    """Convert every network under these folders, `jobs` at a time (None: one a core).

    `shapes` are tried in turn for inputs whose shape a file does not state, beside `inputs`. A file
    that takes more than `limit` seconds (None: as many as are usual) is given up. With `run` each
    network is built in its framework too, which takes long. `progress` is told how many files are
    done, and of how many. The other options are those of `parse`.
    """
    if options.get("layers") is not None:
        plugins.load_file(options["layers"])  # if it cannot be, that is told once and at once
    to = backends.own_names(to)
    if options.get("fork"):
        from proto2net.caffe import importer

        plugins.load()  # their types may know forks
        importer.check_fork(options["fork"])
    every = list(dict.fromkeys(file for tree in trees for file in files(tree)))
    inputs = inputs or {}
    tried = tuple({**inputs, UNSTATED: shape} for shape in shapes) or (inputs,)
    task = Task(tuple(to), options, tuple(str(tree) for tree in trees), tried, tuple(kinds), run)
    limit = limit or (RUN_LIMIT if run else LIMIT)
    found: dict[str, Result] = {}
    progress(0, len(every))
    for file, result in _examined(every, task, jobs or _cores(), limit):
        found[file] = result
        progress(len(found), len(every))
    counted = {file: found[file] for file in every if found[file] is not None}
    others = tuple(result for result in counted.values() if isinstance(result, Other))
    failed = [each for each in counted.values() if each and not isinstance(each, Other)]
    failures = tuple(failure for each in failed for failure in each)
    return Survey(tuple(counted), tuple(to), failures, others, run)


def _cores() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _examined(
    every: Sequence[str], task: Task, jobs: int, limit: float
) -> Iterator[tuple[str, Result]]:
    """The result of each file, in the order in which they are ready."""
    waiting: SimpleQueue[str | None] = SimpleQueue()
    ready: SimpleQueue[tuple[str, Result] | BaseException] = SimpleQueue()
    workers = [_Worker(task, limit, waiting, ready) for _ in range(min(jobs, len(every)))]
    for file in [*every, *[None] * len(workers)]:
        waiting.put(file)
    try:
        for worker in workers:
            worker.start()
        for _ in every:
            result = ready.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            if worker.is_alive():
                worker.join(_END)


class _Worker(Thread):
    """Has files examined by a process, one after the other; by a new one where it does not end."""

    def __init__(
        self,
        task: Task,
        limit: float,
        waiting: SimpleQueue[str | None],
        ready: SimpleQueue[tuple[str, Result] | BaseException],
    ) -> None:
        super().__init__(daemon=True)
        self._task, self._limit, self._waiting, self._ready = task, limit, waiting, ready
        self._child: Child | None = None
        self._stopped = False

    def run(self) -> None:
        """What the thread does."""
        try:
            while (file := self._waiting.get()) is not None and not self._stopped:
                self._ready.put((file, self._examined(file)))
        except BaseException as error:
            self._ready.put(error)
        finally:
            self._close()

    def stop(self) -> None:
        """End the process, whatever it does, and so the thread."""
        self._stopped = True
        if self._child:
            self._child.kill()

    def _examined(self, file: str) -> Result:
        try:
            if self._child is None:
                self._child = Child(__name__)
                start = _RUN_START if self._task.run else _START
                self._ask(start, "begin", task=_plain(self._task))
            return _result(file, self._ask(self._limit, "examine", file=file))
        except Stopped as reason:
            self._close()
            return self._task.failed(file, (_bug(str(reason), file),))

    def _ask(self, limit: float, what: str, **arguments: Any) -> Any:
        """Ask the process, which is ended if it takes longer than `limit` seconds."""
        child, late = self._child, Event()
        assert child is not None  # noqa: S101  # it was made before

        def end() -> None:
            late.set()
            child.kill()

        timer = Timer(limit, end)
        timer.daemon = True
        timer.start()
        try:
            return child.ask(what, **arguments)
        except Stopped:
            if late.is_set():
                raise Stopped(f"no end after {limit:g} s") from None
            raise
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():  # the answer may have come just before
                self._close()

    def _close(self) -> None:
        if self._child:
            self._child.close()
            self._child = None


# ---- the process ----------------------------------------------------------------------------


class _Examiner:
    """What a process does with the files that it is given."""

    def begin(self, task: dict[str, Any]) -> None:
        self._task = Task(**task)
        self._task.begin()

    def examine(self, file: str) -> Any:
        return _plain(self._task.examine(file))


def _plain(value: Any) -> Any:
    """What stands for a task or a result in JSON."""
    if isinstance(value, Task):
        options = {k: str(v) if isinstance(v, Path) else v for k, v in value.options.items()}
        return {**vars(value), "options": options}
    if isinstance(value, Other):
        return {"other": asdict(value.issue)}
    if value is None:
        return None
    return {"failed": [(each.target, [asdict(i) for i in each.issues]) for each in value]}


def _result(file: str, answer: Any) -> Result:
    """The result that `_plain` has made plain."""
    if answer is None:
        return None
    if "other" in answer:
        return Other(file, _issue(answer["other"]))
    return tuple(Failure(file, name, tuple(map(_issue, found))) for name, found in answer["failed"])


def _issue(plain: dict[str, Any]) -> Issue:
    where = plain["where"]
    return Issue(**{**plain, "where": where and Location(**where)})


def main() -> None:
    """Examine files for the process that has started this one."""
    serve(_Examiner())
