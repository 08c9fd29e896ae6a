"""What can be wrong with a user's input, told in sentences: where, what was found, what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from proto2net import limits
from proto2net.frozen import dataclass


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
    of: str = ""  # the message of caffe.proto that has the parameter in question

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

    def __str__(self) -> str:
        """The issues, and how what they name as an option is written in Python.

        The commands print the issues alone.
        """
        said = super().__str__()
        arguments = ", ".join(_joined(dict.fromkeys(_arguments(said))))
        return f"{said}\nin Python: {arguments}" if arguments else said

    def at(self, where: Location | None, layer: str = "") -> list[Issue]:
        """The issues, those without a place of their own moved to this one."""
        return [
            replace(issue, where=issue.where or where, layer=issue.layer or layer)
            for issue in self.issues
        ]


_IN_PYTHON = {
    "allow-missing": "allow_missing=True",
    "batch": 'batch="{0}"',
    "define": 'define={{"{0}": {1}}}',
    "force": "overwrite=True",
    "fork": 'fork="{0}"',
    "holes": 'holes={{"{0}": [({1})]}}',
    "ignore-unknown-fields": "ignore_unknown_fields=True",
    "input": 'inputs={{"{0}": ({1})}}',
    "layers": 'layers="{0}"',
    "level": "level={0}",
    "output": 'outputs=["{0}"]',
    "phase": 'phase="{0}"',
    "resize": "resize=({0})",
    "root": 'root="{0}"',
    "stage": 'stages=["{0}"]',
}
"""How options are written as arguments, by what stands behind them: NAME=VALUE, or a value."""

_OPTION = re.compile(
    r"(?<!no )--([a-z]+(?:-[a-z]+)*)(?: ([^\s=]+?)(?:=(\S+?))?(?=[.;,?)]?(?:\s|$)))?"
)


def _arguments(said: str) -> Iterator[str]:
    """The options that a text names, as arguments in Python."""
    for option, name, value in _OPTION.findall(said):
        form = _IN_PYTHON.get(option, "")
        if form and ("{0}" not in form or name) and ("{1}" not in form or value):
            yield form.format(name.replace(",", ", "), value.replace(",", ", "))


def _joined(arguments: Iterable[str]) -> Iterator[str]:
    """The arguments, those of one name that are a list or a dict as one."""
    found: dict[str, list[str]] = {}
    for argument in arguments:
        name, _, value = argument.partition("=")
        found.setdefault(name if value[0] in "[{" else argument, []).append(value)
    for name, values in found.items():
        inner = ", ".join(value[1:-1] for value in values)
        first = values[0]
        yield f"{name}={first[0]}{inner}{first[-1]}" if first[0] in "[{" else name


class ParseError(Proto2NetError):
    """The text or the file is not what Caffe could read."""


class ShapeError(Proto2NetError):
    """The layers do not fit together, or a parameter has a value that Caffe refuses."""


class UnsupportedError(Proto2NetError):
    """Valid for Caffe, but this target cannot say it."""


class WeightError(Proto2NetError):
    """The weights do not fit the network."""


class DataError(Proto2NetError):
    """The data of a training cannot be read, or are not what the definition says."""


def closest(name: str, known: Iterable[str]) -> str:
    """A hint `did you mean "Convolution"?` for a misspelt name, or an empty string.

    Another word is no hint, however near: Swish in the place of Mish is another function.
    """
    if len(name) > limits.HINTED_NAME:
        return ""
    short = islice((each for each in known if len(each) <= limits.HINTED_NAME), limits.HINTED_NAMES)
    words = _words(name)
    misspelt = ""
    for each in short:
        right = _words(each)
        if "".join(words) == "".join(right) != "":
            return f'did you mean "{each}"?'  # they differ in case and underscores alone
        if not misspelt and _one_misspelt(words, right):
            misspelt = each
    return f'did you mean "{misspelt}"?' if misspelt else ""


_TOLD = 8
"""How many of a network's outputs a message names."""


def check_outputs(
    outputs: Sequence[str],
    blobs: Collection[str],
    ends: Iterable[str],
    hints: Mapping[str, str] | None = None,
    file: str = "",
) -> None:
    """Refuse outputs that are no blobs.

    `ends` are the blobs that no layer reads; `hints` says how to get those that were left out.
    """
    where = Location(file, 0) if file else None
    instead = "it ends in " + ", ".join(f'"{name}"' for name in [*ends][-_TOLD:])
    unknown = [
        Issue(
            f'no blob "{name}" in the network',
            (hints or {}).get(name) or closest(name, blobs) or instead,
            where,
        )
        for name in outputs
        if name not in blobs
    ]
    if unknown:
        raise Proto2NetError(unknown)


_LONG = 6
"""Letters from which on a name with one wrong is hardly another name; of 10, with two."""


def _words(name: str) -> list[str]:
    """The words and numbers of a name such as kernel_size, InnerProduct or conv5_3."""
    return [word.lower() for word in _WORD.findall(name)]


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _one_misspelt(words: Sequence[str], right: Sequence[str]) -> bool:
    """Whether names differ in one word, by a slip of the keys."""
    if len(words) != len(right):
        return False
    wrong = [pair for pair in zip(words, right, strict=True) if pair[0] != pair[1]]
    long = max(sum(map(len, words)), sum(map(len, right))) >= _LONG
    return len(wrong) == 1 and _misspelt(*wrong[0], long=long)


def _misspelt(word: str, right: str, *, long: bool) -> bool:
    """Whether a word, of a name that is long or not, is another with a slip of the keys.

    The shorter a word is, the sooner one with another letter is another word.
    """
    if word[0] != right[0] or word.isdigit() or right.isdigit():
        return False
    least, most = sorted((len(word), len(right)))
    if set(word) == set(right) and least > 2 and _edited(word, right, 1):
        return True  # two letters swapped, or one doubled
    if not long or most < (_LONG if least == most else 4) or most - least > 1:
        return False
    return _edited(word, right, 2 if least >= 10 else 1)


def _edited(word: str, right: str, times: int) -> bool:
    """Whether so many letters at most were replaced, left out, added, or swapped with the next."""
    if word == right or not times:
        return word == right
    if word[:1] == right[:1]:
        return _edited(word[1:], right[1:], times)
    rests = [(word[1:], right[1:]), (word[1:], right), (word, right[1:])]
    if word[:2] == right[1::-1]:
        rests.append((word[2:], right[2:]))
    return any(_edited(*rest, times - 1) for rest in rests)
