"""What a training has logged, read as plain data: our JSON lines, and logs of Caffe of any age."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from proto2net import limits, plain
from proto2net.errors import Proto2NetError

Points = dict[int, float]
"""A value for each iteration that has one."""


class Output(NamedTuple):
    """An output of a network that a training is tested with."""

    name: str
    network: int = 0
    place: int = 0
    """Which of its values this is, where it has several."""
    is_loss: bool = False


@dataclass
class Log:
    """What a training has logged, by iteration."""

    name: str = ""
    losses: Points = field(default_factory=dict)
    """The losses that are shown: each the mean of as many as average_loss says."""
    each: Points = field(default_factory=dict)
    """The loss of every iteration, which only a log of ours has."""
    rates: Points = field(default_factory=dict)
    tests: dict[Output, Points] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """The messages about the file."""
    _last: int = -1

    def add(self, record: Mapping[str, Any]) -> None:
        """What a line of our own log tells. Raises ValueError if it is none."""
        iteration = record.get("iteration")
        if type(iteration) is not int or iteration < 0:
            raise ValueError("no iteration")
        match record.get("phase"):
            case "train":
                loss, mean, rate = (record.get(key) for key in ("loss", "mean_loss", "lr"))
                self._reach(iteration)
                self.each[iteration] = float(_number(loss))
                if mean is not None:
                    self.losses[iteration] = float(_number(mean))
                if rate is not None:
                    self.rates[iteration] = float(_number(rate))
            case "test":
                network, losses = _number(record.get("network", 0)), record.get("losses", ())
                self._reach(iteration)
                for name, values in dict(record["outputs"]).items():
                    for place, value in enumerate(_flat(values)):
                        output = Output(str(name), int(network), place, name in losses)
                        self.tests.setdefault(output, {})[iteration] = value

    def shown(self, iteration: int, what: str, value: float) -> None:
        """A loss or a learning rate ("lr") that Caffe has logged."""
        self._reach(iteration)
        (self.losses if what == "loss" else self.rates)[iteration] = value

    def tested(self, iteration: int, output: Output, value: float) -> None:
        """A value of a test that Caffe has logged."""
        self._reach(iteration)
        self.tests.setdefault(output, {})[iteration] = value

    @property
    def curve(self) -> Points:
        """The losses that are shown, or all where none is."""
        return self.losses or self.each

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known that could be drawn."""
        return not (self.curve or self.rates or self.tests)

    def _reach(self, iteration: int) -> None:
        """Forget what a training has undone that went back and on from here."""
        if iteration < self._last:
            self.notes.append(
                f"{self.name}: goes back from iteration {self._last} to {iteration}, "
                "and what was logged from there on is left out"
            )
            for points in (self.losses, self.each, self.rates, *self.tests.values()):
                for later in [n for n in points if n >= iteration]:
                    del points[later]
        self._last = iteration


def read(path: str | Path) -> Log:
    """The log at a path: what `train --log` writes, or what Caffe has logged.

    Where a training went back, as one does that goes on from a snapshot, what came later counts.
    Raises Proto2NetError.
    """
    log = Log(str(path))
    try:
        if plain.is_special(path):
            raise Proto2NetError(f"{path}: {plain.SPECIAL}")
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            _read(file, log)
    except (OSError, ValueError) as error:
        raise Proto2NetError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if log.is_empty:
        raise Proto2NetError(
            f"{path}: no loss, learning rate or test is logged in it",
            "a log is what `proto2net train --log` or Caffe has written",
        )
    for what, points in (("the loss", log.curve), *((o.name, p) for o, p in log.tests.items())):
        lost = [iteration for iteration, value in points.items() if not math.isfinite(value)]
        if lost:
            log.notes.append(f"{path}: {what} is no finite number at iteration {min(lost)}")
    return log


# ---- lines -----------------------------------------------------------------------------------

_ITERATION = re.compile(r"\bIteration (\d{1,18})\b(.*)")
_SHOWN = re.compile(r", (loss|lr) = (\S+?)(?:,|\s|$)")
_TESTING = re.compile(r", Testing net \(#(\d{1,9})\)")
_OUTPUT = re.compile(r"\bTest (?:net output|score) #(\d{1,9}): (?:(.*?) = )?(\S+)(.* loss\))?")
_NO_NUMBER = re.compile(r"-?(?:1\.#\w+|nan\S*)", re.IGNORECASE)
"""How C libraries of Windows and others print what is not a number."""


def _read(file: TextIO, log: Log) -> None:
    tested, seen = (-1, 0), dict[str, int]()  # the iteration and the network of a test
    for number, line in enumerate(_lines(file), 1):
        if line.startswith("{"):
            try:
                log.add(json.loads(line))
            except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
                if len(log.notes) < limits.PROBLEMS:
                    log.notes.append(f"{log.name}:{number}: this line is no record, and left out")
        elif not line.endswith("\n"):  # it may be cut off within a number
            continue
        elif found := _ITERATION.search(line):
            iteration, rest = int(found[1]), found[2]
            if testing := _TESTING.search(rest):
                tested, seen = (iteration, int(testing[1])), {}
            for what, value in _SHOWN.findall(rest):
                if (known := _float(value)) is not None:
                    log.shown(iteration, what, known)
        elif (found := _OUTPUT.search(line)) and tested[0] >= 0:
            name, value, weighed = found[2] or f"score {found[1]}", _float(found[3]), found[4]
            place = seen[name] = seen.get(name, -1) + 1
            if value is not None:
                log.tested(tested[0], Output(name, tested[1], place, bool(weighed)), value)


def _lines(file: TextIO) -> Iterator[str]:
    """Lines, each as far as one of a log goes."""
    return iter(lambda: file.readline(limits.STRING), "")


def _float(text: str) -> float | None:
    """A number as C prints it; none if it is cut off."""
    try:
        return float(text)
    except ValueError:
        return math.nan if _NO_NUMBER.fullmatch(text) else None


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")
    return value


def _flat(values: Any) -> Iterator[float]:
    """The numbers in nested lists."""
    if isinstance(values, list):
        for each in values:
            yield from _flat(each)
    else:
        yield float(_number(values))
