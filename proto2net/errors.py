"""What can be wrong with a user's input, told in sentences: where, what was found, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from proto2net import limits


@dataclass(frozen=True)
class Location:
    """A line of a file, 0 where none is known; `file` is a path, "<stdin>" or "<text>"."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Issue:
    """One problem: a sentence, the place it is about, and a hint how to mend it."""

    message: str
    hint: str = ""
    where: Location | None = None
    layer: str = ""  # as in: layer "pool1" (Pooling)

    def __str__(self) -> str:
        place = "".join(f"{part}: " for part in (self.where, self.layer) if part)
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


class Proto2NetError(Exception):
    """The input is at fault. `issues` holds every problem that one run has found.

    Made from a sentence (and a hint), or from issues collected along the way.
    """

    def __init__(self, problems: str | Iterable[Issue], hint: str = "") -> None:
        self.issues = (Issue(problems, hint),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(map(str, self.issues)))

    def at(self, where: Location | None, layer: str = "") -> list[Issue]:
        """The issues, those without a place of their own moved to this one."""
        return [
            replace(issue, where=issue.where or where, layer=issue.layer or layer)
            for issue in self.issues
        ]


class ParseError(Proto2NetError):
    """The text or the file is not what Caffe could read."""


class ShapeError(Proto2NetError):
    """The layers do not fit together, or a parameter has a value that Caffe refuses."""


class UnsupportedError(Proto2NetError):
    """Valid for Caffe, but this target cannot say it."""


class WeightError(Proto2NetError):
    """The weights do not fit the network."""


def closest(name: str, known: Iterable[str]) -> str:
    """A hint `did you mean "Convolution"?` for a misspelt name, or an empty string."""
    from difflib import get_close_matches  # slow to import, and only errors need it

    if len(name) > limits.HINTED_NAME:
        return ""
    short = (each for each in known if len(each) <= limits.HINTED_NAME)
    matches = get_close_matches(name, list(islice(short, limits.HINTED_NAMES)), n=1)
    return f'did you mean "{matches[0]}"?' if matches else ""
