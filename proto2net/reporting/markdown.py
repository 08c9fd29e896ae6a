"""A report as Markdown, in which no text of a file is more than text."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from typing import Any

from proto2net.auditing.files import name_of
from proto2net.errors import Issue
from proto2net.graph import Node
from proto2net.output import printable
from proto2net.reporting import Report
from proto2net.reporting.names import Names, cut, without_folders
from proto2net.reporting.quoting import Entry, feeding
from proto2net.shape import ANY_SIZE, dims
from proto2net.text import counted
from proto2net.version import VERSION

_LIBRARIES = (
    "protobuf",
    "numpy",
    "torch",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "onnx",
    "onnxruntime",
)
_MOST_LAYERS = 20
"""So many layers that fail are quoted; the maintainers ask for more if they need them."""
_MOST_LINES = 60
"""A longer layer is none: a bracket is missing. Then only lines around the problem are quoted."""
_MOST_SAID = 40
"""So many problems of a target, notes or arrays are listed."""
_AROUND = 2
_MOST_PLACES = 5
"""Around so many problems lines are quoted: where a bracket is missing, all that follows is one."""
_LONGEST_LINE = 400
_OF_BLOBS = ("inputs", "outputs", "holes")
"""The options that name blobs; that of holes names layers too."""
_NET = "NET"
"""What the file is called in an anonymous report."""

_HOLDS = """This text says why a file does not convert. `proto2net report` made it. It holds:

- versions, options, and how many layers of each type the file has;
- the problems and notes of proto2net;
- the layers with problems as they stand in the file, and the layers that feed them;
- {names}

It holds no weights, no comments, no folders, and no other text of the file: {hidden} stands there.
**Read it before you send it.**
"""
_SOME_NAMES = "the names of these layers and of their blobs. Other layers and blobs have numbers."
_NO_NAMES = "numbers in the place of the names of all layers and blobs."


def markdown(report: Report) -> str:
    """The text of a report."""
    return "\n".join(_Writer(report).parts()).rstrip() + "\n"


class _Writer:
    """Writes a report: all that comes from the file passes through `_said` or `_quote`."""

    def __init__(self, report: Report) -> None:
        self.report = report
        failing = [entry for entry in map(self._entry, report.issues) if entry]
        self.failing = list(dict.fromkeys(failing))
        wrong = [each.name for each in report.misfits or ()]
        shown = [] if report.anonymous else self._quoted()
        given = [name for each in _OF_BLOBS for name in report.options.get(each, ())]
        self.names = Names(report.text, shown, wrong, given)
        if not report.anonymous:
            self.names.tell("layer", wrong)
            self.names.tell("blob", given)

    def parts(self) -> Iterator[str]:
        """The paragraphs of the text."""
        names = _NO_NAMES if self.report.anonymous else _SOME_NAMES
        yield (
            "# A file that proto2net does not convert\n"
            if self.report.issues
            else ("# A file that proto2net converts\n")
        )
        yield _HOLDS.format(names=names, hidden="`(left out)`")
        yield from _section("Versions", _versions())
        yield from _section("File", self._file())
        yield from _section("Problems", self._problems())
        if self.report.misfits is not None or self.report.unread:
            yield from _section("Weights", self._weights())
        told = [self._said(each) for each in self.report.notes[:_MOST_SAID]]
        yield from _section("Notes", told or ["none"])
        if self.report.issues:
            yield from self._layers()

    # ---- sections ---------------------------------------------------------------------------

    def _file(self) -> Iterator[str]:
        report = self.report
        yield f"file     {self._called(report.file)}"
        layers = [entry for entry in report.text.entries if entry.is_layer]
        kinds = Counter(entry.type for entry in layers)
        if not layers and report.graph:
            kinds = Counter(node.layer.type for node in report.graph.nodes)
        yield f"layers   {sum(kinds.values()):,}"
        for kind, number in sorted(kinds.items(), key=lambda each: (-each[1], each[0])):
            yield f"         {number:,} {cut(kind) or '(no type)'}"
        for fork, needed in report.forks.items():
            yield f"fork     {fork}: {', '.join(needed)}"
        if not report.forks:
            yield (
                "fork     none is known for its layer types" if report.refused else "fork     none"
            )
        for name, value in report.options.items():
            yield f"option   {name} = {self._option(name, value)}"

    def _problems(self) -> Iterator[str]:
        if self.report.refused:
            yield "It converts to no target:"
            yield from self._listed(self.report.refused)
        for target, issues in self.report.targets.items():
            yield (
                f"{target}: {counted(len(issues), 'problem')}" if issues else f"{target}: converts"
            )
            yield from self._listed(issues)

    def _weights(self) -> Iterator[str]:
        if self.report.unread:
            yield "The weights cannot be read:"
            yield from self._listed(self.report.unread)
        elif not self.report.misfits:
            yield "All arrays fit."
        for misfit in (self.report.misfits or ())[:_MOST_SAID]:
            name = f'layer "{self.names.layer(misfit.name)}"'
            arrays = ", ".join(misfit.arrays) or "nothing"
            yield f"{name}: the file has {arrays}"
            if misfit.issue:
                yield f"  {self._said(misfit.issue.message)}"
            else:
                yield "  the network has no layer of this name"

    def _layers(self) -> Iterator[str]:
        quoted = self._quoted()
        yield "## Layers\n"
        for entry in quoted:
            yield f"{self._lines_of(entry)}, {self._part_of(entry)}:\n"
            yield _fenced(self._quote(entry.start, entry.end), "prototxt")
        for line in self._lines_alone():
            begin, end = self.report.text.lines(line - _AROUND, line + _AROUND)
            yield f"Around line {line:,}:\n"
            yield _fenced(self._quote(begin, end), "prototxt")
        if len(self.failing) > _MOST_LAYERS:
            yield f"{len(self.failing) - _MOST_LAYERS:,} more layers have problems.\n"

    # ---- what is quoted ---------------------------------------------------------------------

    def _entry(self, issue: Issue) -> Entry | None:
        """The layer of the text that an issue is about."""
        if not issue.where or not issue.where.line or name_of(issue.where.file) in self._others():
            return None
        text, line = self.report.text, issue.where.line
        found = [
            entry
            for entry in text.entries
            if entry.is_layer and text.line(entry.start) <= line <= text.line(entry.end - 1)
        ]
        named = [each for each in found if issue.layer.startswith(f'layer "{each.name}"')]
        entry = next(iter(named or found), None)
        if entry and text.line(entry.end - 1) - text.line(entry.start) < _MOST_LINES:
            return entry
        return None

    def _others(self) -> set[str]:
        """The files that were named beside the definition."""
        return {name_of(path) for path in self.report.paths if path != self.report.file}

    def _quoted(self) -> list[Entry]:
        """The layers that fail, and those that feed them, in the order of the text."""
        entries = self.report.text.entries
        shown = dict.fromkeys(self.failing[:_MOST_LAYERS])
        for entry in self.failing[:_MOST_LAYERS]:
            shown |= dict.fromkeys(feeding(entries, entry))
        if any(not entry.is_layer for entry in shown):
            shown |= dict.fromkeys(each for each in entries if each.field in _FED)
        return sorted(shown, key=lambda entry: entry.start)

    def _lines_alone(self) -> list[int]:
        """The lines with problems that are in no layer that is quoted."""
        lines = [
            issue.where.line
            for issue in self.report.issues
            if issue.where and issue.where.line and not self._entry(issue)
            if name_of(issue.where.file) not in self._others()
        ]
        return list(dict.fromkeys(lines))[:_MOST_PLACES] if self.report.text.text else []

    def _lines_of(self, entry: Entry) -> str:
        first = self.report.text.line(entry.start)
        last = self.report.text.line(entry.end - 1)
        return f"Line {first:,}" if first == last else f"Lines {first:,} to {last:,}"

    def _part_of(self, entry: Entry) -> str:
        """What a quoted layer has to do with the problems."""
        if not entry.is_layer:
            return "an input"
        if entry not in self.failing:
            return "which feed a layer with a problem"
        node = self._node(entry)
        shapes = [dims(blob.shape) for blob in node.bottoms] if node else []
        return "with a problem" + f", on {', '.join(shapes)}" * bool(shapes)

    def _node(self, entry: Entry) -> Node[Any] | None:
        """The layer in the graph, if there is one."""
        nodes = self.report.graph.nodes if self.report.graph else ()
        same = (node for node in nodes if node.name == entry.name and node.where)
        line = self.report.text.line(entry.start)
        return next((node for node in same if node.where and node.where.line >= line), None)

    def _quote(self, start: int, end: int) -> list[str]:
        text = self.report.text.quoted(start, end, self.names.shown)
        return [cut(line.rstrip(), _LONGEST_LINE) for line in text.expandtabs(2).split("\n")]

    # ---- what is said -----------------------------------------------------------------------

    def _listed(self, issues: Sequence[Issue]) -> Iterator[str]:
        same: dict[tuple[str, str], list[Issue]] = {}
        for issue in issues:
            same.setdefault((issue.message, issue.layer), []).append(issue)
        for first, *others in [*same.values()][:_MOST_SAID]:
            where = first.where and replace(first.where, file=self._called(first.where.file))
            message, hint, layer = map(self._said, (first.message, first.hint, first.layer))
            message += f" (and {len(others):,} more)" * bool(others)
            yield from f"  {Issue(message, hint, where, layer)}".replace("\n", "\n  ").split("\n")
        if len(same) > _MOST_SAID:
            yield f"  and {len(same) - _MOST_SAID:,} more"

    def _called(self, file: str) -> str:
        return _NET if self.report.anonymous else cut(name_of(file))

    def _said(self, sentence: str) -> str:
        said = without_folders(self.names.said(sentence), self.report.paths)
        if self.report.anonymous:
            said = re.sub(r"^[^\"\n]*?:(?=\d+: )", f"{_NET}:", said)
            for path in self.report.paths:
                said = said.replace(name_of(path), "(a file)")
        return cut(said.replace("\n", " "), _LONGEST_LINE)

    def _option(self, name: str, value: Any) -> str:
        if name in ("inputs", "holes"):
            shapes = ((self.names.blob(key), each) for key, each in value.items())
            return ", ".join(f"{key}: {_shape(each)}" for key, each in shapes)
        if name == "outputs":
            return ", ".join(map(self.names.blob, value))
        if name in ("layers", "mean", "labels", "transform_from", "root", "define", "stages"):
            return "(given)"
        return str(value)


_FED = ("input", "input_dim", "input_shape")
"""The outermost fields that say what is fed in old files."""


def _shape(sizes: Sequence[Any]) -> str:
    if any(isinstance(each, Sequence) for each in sizes):  # one for each top
        return ", ".join(map(dims, sizes))
    return " x ".join(ANY_SIZE if each is None else f"{each}" for each in sizes)


def _versions() -> Iterator[str]:
    yield f"proto2net       {VERSION}"
    yield f"Python          {platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in _LIBRARIES:
        try:
            yield f"{name:<15} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield _fenced(lines, "text")


def _fenced(lines: Iterable[str], language: str) -> str:
    """Lines that nothing in them can end, of characters that steer nothing."""
    text = "\n".join(map(printable, lines))
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}\n"
