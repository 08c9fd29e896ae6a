"""A text for an issue: why a file does not convert, and the layers that show it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from proto2net import api, backends, limits, notes, plain
from proto2net.auditing.targets import exported_to, needed_forks
from proto2net.errors import Issue, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.inspection import carried
from proto2net.reporting.misfits import Misfit, misfits
from proto2net.reporting.quoting import Text

__all__ = ["Report", "report"]

T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """What was found as a file was converted. Its string is the text for an issue."""

    file: str
    """What messages call the file."""
    text: Text
    """The definition, as far as it is a text."""
    options: Mapping[str, Any]
    """The options of `parse` that were given."""
    graph: Graph | None
    refused: tuple[Issue, ...]
    """Why there is no graph."""
    targets: Mapping[str, tuple[Issue, ...]]
    """What is wrong for each target; nothing where the network converts."""
    notes: tuple[str, ...]
    forks: Mapping[str, Sequence[str]]
    """The layer types that Caffe itself lacks, by the fork that has them."""
    misfits: tuple[Misfit, ...] | None
    """The layers whose weights do not fit; None: no weights were given, or they were not read."""
    unread: tuple[Issue, ...] = ()
    """Why the weights could not be read."""
    paths: tuple[str, ...] = ()
    """The files that were named, which the text has without their folders."""
    anonymous: bool = False

    @property
    def issues(self) -> list[Issue]:
        """All that is wrong with the definition, each problem once."""
        every = [*self.refused, *(each for issues in self.targets.values() for each in issues)]
        return list(dict.fromkeys(every))

    def __str__(self) -> str:
        from proto2net.reporting.markdown import markdown

        return markdown(self)


def report(
    net: str | Path,
    weights: str | Path | None = None,
    *,
    anonymous: bool = False,
    **options: Any,
) -> Report:
    """What to attach to an issue if a file does not convert: `str(report(net))` is a text.

    The text has versions, problems, notes, and the layers that fail, with those that feed them. It
    has no weights, no comments, no paths, and no strings of the file but names and types.
    `anonymous` replaces the names of layers and blobs too. The other options are those of `parse`.
    """
    file = options.get("file") or ("<text>" if _is_text(net) else str(net))
    with notes.kept(alone=True) as told:
        graph, refused = _tried(lambda: _graph(net, options))
        targets = {name: _failing(name, graph) for name in backends.names()} if graph else {}
        fit, unread = _tried(lambda: misfits(graph, str(weights)) if graph and weights else None)
    files = [net, weights, *(options.get(each) for each in _FILES)]
    text = Text(_definition(net, graph, refused))
    return Report(
        file,
        text,
        {name: value for name, value in options.items() if value and name != "file"},
        graph,
        refused,
        targets,
        tuple(dict.fromkeys(told)),
        needed_forks(graph) if graph else _forks_of(text),
        fit,
        unread,
        tuple(str(each) for each in files if each and not _is_text(each)),
        anonymous,
    )


_FILES = ("layers", "mean", "labels", "transform_from", "root")
"""The options of `parse` that name files."""


def _graph(net: str | Path, options: Mapping[str, Any]) -> Graph:
    from proto2net.weights import reading

    if not _is_text(net) and reading.is_caffemodel(net):
        return carried(str(net), dict(options))
    return api.parse(net, **options)


def _failing(target: str, graph: Graph) -> tuple[Issue, ...]:
    found, faults = _tried(lambda: exported_to(target, graph))
    return found.issues if found else faults


def _tried(act: Callable[[], T]) -> tuple[T | None, tuple[Issue, ...]]:
    """What this gives, or what is wrong: with the input, or with proto2net itself."""
    try:
        return act(), ()
    except Proto2NetError as error:
        return None, error.issues
    except Exception as error:  # a bug of ours is what the report is for, too
        return None, (_bug(error),)


def _bug(error: Exception) -> Issue:
    """A fault of our own: which error, and where. Its text may have words of the file."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(each.filename).name}:{each.lineno}" for each in frames]
    what = f"{type(error).__name__} in {', '.join(places[-_MOST_FRAMES:])}"
    return Issue(f"this is a bug in proto2net, and the file may be right: {what}")


_MOST_FRAMES = 6


def _is_text(net: object) -> bool:
    from proto2net.caffe.definition import is_text

    return isinstance(net, str) and is_text(net)


def _definition(net: str | Path, graph: Graph | None, refused: Sequence[Issue]) -> str:
    """The text whose lines the problems name; of a solver it is that of its network."""
    from proto2net.weights import reading

    if _is_text(net):
        return str(net)
    for path in (*_places(graph, refused), str(net)):
        try:
            content = plain.content(path, limits.TEXT_BYTES, "definition")
        except Proto2NetError:
            continue
        if not reading.format_at(path) and not path.endswith(".py"):
            return content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return ""


def _places(graph: Graph | None, refused: Sequence[Issue]) -> Iterator[str]:
    """The files that problems or layers stand in."""
    places = [issue.where for issue in refused]
    places += [node.where for node in graph.nodes[:1]] if graph else []
    yield from dict.fromkeys(place.file for place in places if place and place.line)


def _forks_of(text: Text) -> dict[str, list[str]]:
    """The same as `needed_forks`, of a text that gives no network."""
    from proto2net.layers.origins import FORKS

    found: dict[str, list[str]] = {}
    for kind in dict.fromkeys(entry.type for entry in text.entries if entry.is_layer):
        if kind in FORKS:
            found.setdefault(FORKS[kind], []).append(kind)
    return found
