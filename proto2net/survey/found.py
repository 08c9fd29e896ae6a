"""What a survey has found, and how it is printed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from proto2net.errors import Issue
from proto2net.frozen import dataclass
from proto2net.output import printable
from proto2net.sheets import harmless
from proto2net.text import aligned


class Failure(NamedTuple):
    """Why a target does not get a file."""

    file: str
    target: str
    issues: tuple[Issue, ...]

    @property
    def error(self) -> str:
        """All that is wrong."""
        return "\n".join(map(str, self.issues))


class Facts(NamedTuple):
    """What a network is."""

    layers: int
    parameters: int
    macs: int
    """Multiply-adds of one image."""
    inputs: tuple[str, ...]
    """The name and shape of each."""


class Examined(NamedTuple):
    """What was found of a network: what is wrong, and what it is, unless it cannot be read."""

    failed: tuple[Failure, ...]
    facts: Facts | None = None


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
    facts: Mapping[str, Facts | None]
    """What each network is; None of one that cannot be read."""
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
            "table": self.rows(),
        }
        return json.dumps(found, indent=2)

    def rows(self) -> list[dict[str, Any]]:
        """What is known of each network: the columns of the table by name."""
        failed = {(failure.file, failure.target): failure for failure in self.failed}
        rows = []
        for file, facts in self.facts.items():
            wrong = [failed[file, target] for target in self.targets if (file, target) in failed]
            missed = {failure.target for failure in wrong}
            rows.append(
                {
                    "file": file,
                    "layers": facts and facts.layers,
                    "parameters": facts and facts.parameters,
                    "macs": facts and facts.macs,
                    "inputs": list(facts.inputs) if facts else [],
                    "targets": [target for target in self.targets if target not in missed],
                    "reason": wrong[0].issues[0].message if wrong else "",
                }
            )
        return rows

    def csv(self) -> str:
        """A line a network, for spreadsheets."""
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in self.rows():
            lists = {name: "; ".join(row[name]) for name in ("inputs", "targets")}
            cells = {**row, **lists}
            writer.writerow({k: harmless(x) if isinstance(x, str) else x for k, x in cells.items()})
        return text.getvalue().rstrip("\n")

    def table(self) -> str:
        """A line a network, for people."""
        lines = []
        for row in self.rows():
            sizes = [row["layers"], row["parameters"], row["macs"] and row["macs"] // 10**6]
            cells = ["" if size is None else f"{size:,}" for size in sizes]
            wires = [", ".join(row[name]) for name in ("inputs", "targets")]
            lines.append([row["file"], *cells, *wires, row["reason"]])
        title = [
            "network",
            "layers",
            "parameters",
            "million macs",
            "inputs",
            "converts to",
            "why not",
        ]
        widths = [max(len(line[i]) for line in [title, *lines]) for i in range(1, 4)]
        for line in lines:
            line[1:4] = [cell.rjust(width) for cell, width in zip(line[1:4], widths, strict=True)]
        return "\n".join(map(printable, aligned(title, lines)))

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


_COLUMNS = ("file", "layers", "parameters", "macs", "inputs", "targets", "reason")


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
