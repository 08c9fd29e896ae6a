"""Which of many definitions a file of weights belongs to."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from proto2net import api
from proto2net.caffe import trees
from proto2net.errors import Issue, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.model import Format, Weights
from proto2net.notes import quiet
from proto2net.output import printable
from proto2net.text import aligned, counted
from proto2net.weights import sizes

_TOLD = re.compile(rb"""\bname\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)')|\bnum_output\s*:\s*(\d{1,9})\b""")
"""The name of a layer, or how many outputs the layer has whose name stood before."""

_SHARE = 0.5
"""A definition is read if it has so many of the names of the layers that have learned, ..."""

_OWN_SHARE = 0.2
"""... or if so many of its names are among them, as of one that was cut off."""


_FEW = 3
"""So many of the layers that a definition lacks are named in a table."""


@dataclass(frozen=True)
class Candidate:
    """A definition, and how far the weights fit it."""

    file: str
    arrays: int = 0
    """How many arrays it needs."""
    fitting: int = 0
    """How many of them the weights have, in the right shape."""
    unused: tuple[str, ...] = ()
    """The layers of the weights that it lacks."""
    why: tuple[Issue, ...] = ()
    """What does not fit, or why it was not compared."""

    @property
    def fits(self) -> bool:
        """Whether all that it needs is there."""
        return 0 < self.arrays == self.fitting

    @property
    def wholly(self) -> bool:
        """Whether it also has a place for all of the weights."""
        return self.fits and not self.unused

    @property
    def is_near(self) -> bool:
        """Whether at least half of what it needs is there."""
        return 0 < self.arrays <= 2 * self.fitting

    @property
    def reason(self) -> str:
        """The first of what does not fit."""
        if not self.why:
            names = [f'"{name}"' for name in self.unused[:_FEW]]
            more = ["…"] * (len(self.unused) > _FEW)
            return f"the weights also have {', '.join([*names, *more])}" if names else ""
        return ": ".join(filter(None, (self.why[0].layer, self.why[0].message)))

    @property
    def verdict(self) -> str:
        """How far it fits, in words."""
        if self.wholly:
            return "fits"
        if self.fits:
            return f"fits, and leaves {counted(len(self.unused), 'layer')} of the weights"
        if self.is_near:
            return f"fits but for {counted(self.arrays - self.fitting, 'array')}"
        return "no"


@dataclass(frozen=True)
class Match:
    """What `match` found, the best first."""

    weights: str
    candidates: tuple[Candidate, ...]

    @property
    def fitting(self) -> tuple[Candidate, ...]:
        """Those that have all that they need."""
        return tuple(each for each in self.candidates if each.fits)

    def text(self, *, every: bool = False) -> str:
        """A line a definition that fits, or nearly does; `every` has the others too."""
        shown = [each for each in self.candidates if every or each.is_near]
        rows = [
            (
                each.file,
                each.verdict,
                f"{each.fitting} of {each.arrays}" * bool(each.arrays),
                each.reason,
            )
            for each in shown
        ]
        if not self.candidates:
            return "no definition was found to compare with"
        lines = aligned(("definition", "verdict", "arrays", "why not"), rows) if rows else []
        others = len(self.candidates) - len(shown)
        of = counted(len(self.candidates), "file")
        if others:
            lines += [*[""] * bool(rows), f"not fitting: {others:,} of {of}"]
        return "\n".join(map(printable, lines)).rstrip("\n")

    def __str__(self) -> str:
        return self.text()

    def json(self) -> str:
        """All that was found, for programs."""
        found = [
            {
                "file": each.file,
                "fits": each.fits,
                "wholly": each.wholly,
                "arrays": each.arrays,
                "fitting": each.fitting,
                "unused": list(each.unused),
                "why": [str(issue) for issue in each.why],
            }
            for each in self.candidates
        ]
        return json.dumps({"weights": self.weights, "definitions": found}, indent=2)


def match(weights: str | Path, folders: str | Path | Sequence[str | Path], **options: Any) -> Match:
    """Which of the definitions under these folders weights belong to, the best first.

    Names are compared first, and only what shares enough of them is read. A definition that cannot
    be read does not fit, and says why. The options are those of `parse`.
    """
    from proto2net.weights import reading

    folders = [folders] if isinstance(folders, str | Path) else folders
    stored = replace(reading.read(weights), source="the weights")
    learned = _learned(stored)
    every = dict.fromkeys(file for tree in folders for file in trees.files(tree))
    with quiet():
        found = [_judged(file, stored, learned, options) for file in every]
    return Match(str(weights), tuple(sorted((each for each in found if each), key=_rank)))


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    lacking = candidate.arrays - candidate.fitting
    share = lacking / candidate.arrays if candidate.arrays else 1.0
    return (not candidate.fits, share, len(candidate.unused), candidate.file)


def _learned(weights: Weights) -> dict[str, set[int]]:
    """The names of the layers that have learned something, and the sizes of their arrays' axes."""
    found: dict[str, set[int]] = {}
    for layer in weights.layers:
        axes = {size for stored in layer.arrays if stored for size in stored.array.shape}
        for name in sizes.names_of(layer) if layer.arrays else ():
            found.setdefault(name, set()).update(axes)
    return found


def _told(content: bytes, format: Format) -> dict[str, int | None]:
    """The names in a text, and how many outputs the layers have that are called so."""
    found: dict[str, int | None] = {}
    name = ""
    for double, single, outputs in _TOLD.findall(content):
        if outputs:
            found[name] = found.get(name) or int(outputs)
            continue
        name = (double or single).decode(errors="replace")
        if format is Format.NPY:  # where slashes had become underscores
            name = name.replace("/", "_")
        found.setdefault(name, None)
    return found


def _judged(
    file: str, weights: Weights, learned: dict[str, set[int]], options: dict[str, Any]
) -> Candidate | None:
    """How far the weights fit a file; None for one that is no definition."""
    content = trees.content_of(file)
    if not trees.holds_layers(content):
        return None
    if issue := _unlike(_told(content, weights.format), learned):
        return Candidate(file, why=(issue,))
    try:
        return _compared(file, weights, options)
    except Proto2NetError as error:
        return Candidate(file, why=error.issues)
    except Exception as error:  # a bug on one file must not end the search
        return Candidate(file, why=(Issue(f"a bug in proto2net: {error!r}"),))


def _unlike(own: dict[str, int | None], learned: dict[str, set[int]]) -> Issue | None:
    """Why a definition need not be read to be told that it is another network's."""
    common = own.keys() & learned.keys()
    if not common or (len(common) < _SHARE * len(learned) and len(common) < _OWN_SHARE * len(own)):
        return Issue(f"has {len(common):,} of the names of {counted(len(learned), 'layer')}")
    known = {name: outputs for name in learned if (outputs := own.get(name))}
    other = [name for name, outputs in known.items() if outputs not in learned[name]]
    if 2 * len(other) > len(known):
        name = other[0]
        what = f'num_output of "{name}" is {known[name]:,}, and no axis of its arrays is'
        more = f"; so of {len(other) - 1:,} more" if other[1:] else ""
        return Issue(what + more)
    return None


def _compared(file: str, weights: Weights, options: dict[str, Any]) -> Candidate:
    from proto2net.weights.matching import fit

    found = fit(_read(file, weights, options), weights)
    return Candidate(file, found.arrays, found.fitting, found.unused, found.issues)


def _read(file: str, weights: Weights, options: dict[str, Any]) -> Graph:
    """The graph of a file: for tests, or else for training; of images of a size that fits."""
    try:
        return fed(Path(file), weights, options)[0]
    except Proto2NetError:
        if "phase" in options:
            raise
        try:
            return fed(Path(file), weights, {**options, "phase": "train"})[0]
        except Proto2NetError:
            pass
        raise


def fed(net: Path, weights: Weights, options: dict[str, Any]) -> tuple[Graph, str]:
    """The graph of a definition, and the messages about its images if it states no size."""
    given = options.get("inputs")
    if given:
        return api.parse(net, **options), ""
    return sizes.graph_of(lambda x: api.parse(net, **{**options, "inputs": x}), weights)
