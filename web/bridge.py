"""What the page asks proto2net, in the worker that runs it: JSON in, JSON out.

The files of a network stand in the current folder, so messages call each by its name alone.
"""

from __future__ import annotations

import json
import logging
import platform
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import google.protobuf

from proto2net import (
    Issue,
    Location,
    Proto2NetError,
    __version__,
    api,
    backends,
    facts,
    output,
    parse,
)
from proto2net.backends.source import module_name
from proto2net.graph import Graph
from proto2net.images import prepared
from proto2net.rewrites.feeding import UNNAMED
from proto2net.shape import ANY_SIZE, Sizes

_PART = 2**20

Sink = Callable[[str, int], Any]
"""Opens a file for so many bytes: `write` takes a view on bytes, and says how many it took."""


def versions() -> str:
    """What runs here, for the page's foot."""
    return json.dumps(
        {
            "proto2net": __version__,
            "Python": platform.python_version(),
            "protobuf": google.protobuf.__version__,
        }
    )


def convert(question: str) -> str:
    """The text of a network for a target, with all that is to be told of it."""
    return _answered(question, _converted)


def picture(question: str) -> str:
    """What draws the network, for the page that `proto2net view` writes."""
    return _answered(question, _pictured)


def compare(question: str) -> str:
    """What differs between the network and another, as the page that `proto2net diff` writes."""
    return _answered(question, _compared)


def port(question: str, sink: Sink) -> str:
    """The same with its weights, which go into the sink as they are read."""
    return _answered(question, partial(_ported, sink=sink))


def try_out(net: str, to: str) -> None:
    """Convert a network for nothing: so what that imports is there when it is needed."""
    asked = dict.fromkeys(("weights", "phase", "inputs", "outputs", "fork", "batch", "name"), "")
    told = json.loads(convert(json.dumps({**asked, "main": net, "to": to, "flat": False})))
    if told["problems"]:
        raise RuntimeError(f"{net} to {to}: {told['problems']}")


# ---- answers --------------------------------------------------------------------------------

_LOG = logging.getLogger("proto2net")
_WITHOUT_NUMPY = (
    "this needs numpy, which is not in this page",
    "where proto2net is installed, this command does it: {command}",
)


class _Notes(logging.Handler):
    """Keeps what the package tells."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    notes = _Notes()
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
    _LOG.addHandler(notes)
    try:
        yield notes.told
    finally:
        _LOG.removeHandler(notes)


def _answered(question: str, work: Callable[[dict[str, Any], dict[str, Any]], None]) -> str:
    """The answer of `work`, which fills it in as far as it gets."""
    asked = json.loads(question)
    answer: dict[str, Any] = {"problems": []}
    with _heard() as notes:
        try:
            work(asked, answer)
        except Proto2NetError as error:
            answer["problems"] = [_problem(issue) for issue in error.issues]
        except ModuleNotFoundError as error:
            if error.name != "numpy":
                raise
            what, hint = _WITHOUT_NUMPY
            issue = Issue(what, hint.format(command=_command(asked)))
            answer["problems"] = [_problem(issue)]
        except MemoryError:
            answer["problems"] = [_problem(Issue("the browser gives the page no more memory"))]
        except Exception as error:  # the page says it, and lives on
            what = f"this is a bug in proto2net, not in your file: {error!r}"
            hint = f"please report it, with the definition: {_command(asked)}"
            answer["problems"] = [_problem(Issue(what, hint))]
    answer["notes"] = [_note(note) for note in dict.fromkeys(notes)]
    return json.dumps(answer)


def _problem(issue: Issue) -> dict[str, Any]:
    where = issue.where or Location("", 0)
    text = f"{issue.layer}: {issue.message}" if issue.layer else issue.message
    return {"text": text, "hint": issue.hint, "file": where.file, "line": where.line}


def _note(note: str) -> dict[str, Any]:
    """A note with its place, which stands in front."""
    placed = re.match(r"(?P<file>[^:\n]+):(?P<line>\d+): (?P<text>.+)", note, re.DOTALL)
    if not placed:
        return {"text": note, "file": "", "line": 0}
    return {**placed.groupdict(), "line": int(placed["line"])}


# ---- work -----------------------------------------------------------------------------------


def _converted(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    target, main = backends.get(asked["to"]), Path(asked["main"])
    if _is_solver(asked, target):
        _train(asked, target, answer)
        return
    graph = _parsed(asked)
    _describe(graph, answer)
    if asked.get("carried"):
        answer["carried"] = backends.get("prototxt").emit(graph).source
    path = _free(main.stem, target)
    if target.embeds:
        answer["needs_weights"] = path.name
        return
    emitted = target.emit(graph, asked["name"], flat=asked["flat"])
    answer["files"] = [{"name": path.name, "text": emitted.source}]
    answer["entry"] = emitted.entry


def _pictured(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    from proto2net.picture.diagram import diagram
    from proto2net.picture.plan import plan
    from proto2net.picture.told import told

    graph = _parsed(asked)
    answer["picture"] = told(graph, plan(graph, diagram(graph)))


def _compared(asked: dict[str, Any], answer: dict[str, Any]) -> None:
    from proto2net.differ import diff

    found = diff(Path(asked["main"]), Path(asked["other"]), **_options(asked))
    _, start, rest = found.html().partition("<main")
    main, end, _ = rest.rpartition("</main>")
    answer["difference"] = start + main + end  # no style or script: the page has them as files


def _ported(asked: dict[str, Any], answer: dict[str, Any], *, sink: Sink) -> None:
    from proto2net.weights.porting import port

    target, weights = backends.get(asked["to"]), asked["weights"]
    model = api.model(_parsed(asked), weights)
    path = _free(Path(asked["main"]).stem, target)
    told = api.options_of(target, None, asked["batch"])
    told |= {"name": asked["name"], "stem": path.stem, "flat": asked["flat"]}
    ported = port(model, target, weights=weights, filled=api.filled, **told)
    sizes: dict[str, int] = {}
    answer["files"], answer["stored"] = [], sizes

    for file, content in ported.files(path, lambda write, size: _Sized(write, size)).items():
        if isinstance(content, bytes):
            answer["files"].append({"name": file.name, "text": content.decode()})
            continue
        stream = _Stream(sink(file.name, getattr(content, "size", 0)))
        content(stream)
        sizes[file.name] = stream.written


class _Sized:
    """What writes a file, and about how many bytes that writes."""

    def __init__(self, write: Callable[[Any], None], size: int) -> None:
        self._write = write
        self.size = size

    def __call__(self, stream: Any) -> None:
        self._write(stream)


class _Stream:
    """An unbuffered stream into a sink."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.written = 0

    def write(self, content: bytes | memoryview) -> int:
        part = memoryview(content)[:_PART]
        self._sink.write(part)
        self.written += len(part)
        return len(part)


def _parsed(asked: dict[str, Any]) -> Graph:
    graph = parse(Path(asked["main"]), **_options(asked))
    images = prepared(graph)
    if images and images.doubt:
        _LOG.info(images.doubt)
    return graph


def _describe(graph: Graph, answer: dict[str, Any]) -> None:
    """What the page shows of a graph beside its text."""
    answer["name"] = graph.name
    answer["parameters"] = graph.parameters
    answer["layers"] = [
        {
            "name": layer.name,
            "type": layer.type,
            "family": layer.family,
            "shapes": ", ".join(_shape(top.shape) for top in layer.tops),
            "parameters": layer.parameters,
            "macs": layer.macs,
            "line": layer.where.line if layer.where else 0,
        }
        for layer in facts.layers(graph)
    ]


def _shape(sizes: Sizes) -> str:
    return " x ".join(ANY_SIZE if size is None else str(size) for size in sizes)


def _is_solver(asked: dict[str, Any], target: Any) -> bool:
    """Whether the training of a solver is wanted, and not its network of one phase."""
    from proto2net.caffe import training

    return not asked["phase"] and target.trains and training.is_solver(asked["main"])


def _train(asked: dict[str, Any], target: Any, answer: dict[str, Any]) -> None:
    from proto2net.caffe import training
    from proto2net.training import writing

    found, told = training.read(asked["main"])
    for note in told:
        _LOG.info(note)
    graph, files = writing.written(
        found,
        target,
        _free(writing.stem(found), target),
        name=asked["name"],
        inputs=_inputs(asked["inputs"]),
        flat=asked["flat"],
    )
    _describe(graph, answer)
    answer["files"] = [{"name": path.name, "text": text} for path, text in files.items()]


# ---- what was asked with --------------------------------------------------------------------


def _options(asked: dict[str, Any]) -> dict[str, Any]:
    """The options of `parse`."""
    return {
        "phase": asked["phase"] or "test",
        "inputs": _inputs(asked["inputs"]),
        "outputs": asked["outputs"].replace(",", " ").split(),
        "fork": asked["fork"],
        "batch": _batch(asked["batch"]),
    }


def _inputs(text: str) -> dict[str, Sizes]:
    """Shapes by name, from data=1,3,224,224 info=1,3."""
    found: dict[str, Sizes] = {}
    for each in text.split():
        name, equals, dims = each.rpartition("=")
        sizes = re.split("[,x]", dims)
        known = all(size == ANY_SIZE or re.fullmatch("[0-9]{1,10}", size) for size in sizes)
        if (equals and not name) or not known:
            raise Proto2NetError(f"{each!r} is no shape of an input", "write data=1,3,224,224")
        found[name or UNNAMED] = tuple(None if s == ANY_SIZE else int(s) for s in sizes)
    return found


def _batch(text: str) -> str | int:
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else text


def _free(stem: str, target: Any) -> Path:
    """What the command line calls the file."""
    path = Path(module_name(stem) + target.suffix)
    return output.beside_module(path) if output.takes_the_place_of(path) else path


def _command(asked: dict[str, Any]) -> str:
    """The command line that does the same."""
    import shlex

    options: Iterable[tuple[str, Iterable[str]]] = (
        ("--weights", [asked["weights"]] if asked["weights"] != asked["main"] else []),
        ("--to", [asked["to"]]),
        ("--phase", [asked["phase"]]),
        ("--input", asked["inputs"].split()),
        ("--output", asked["outputs"].replace(",", " ").split()),
        ("--fork", [asked["fork"]]),
        ("--batch", [asked["batch"]]),
        ("--name", [asked["name"]]),
    )
    given = [word for name, values in options for each in values if each for word in (name, each)]
    flat = ["--flat"] if asked["flat"] else []
    return shlex.join(["proto2net", "convert", asked["main"], *given, *flat])
