"""A solver as a whole: how it trains, what it trains, and what it tests that with (solver.cpp)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from proto2net import limits, plain
from proto2net.caffe import definition, fields, prototxt
from proto2net.caffe.phase import State
from proto2net.caffe.schema import PRIVATE, Message
from proto2net.caffe.solver import FIELDS, NETWORKS, found, line_of, listed
from proto2net.errors import Issue, Location, ParseError, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.solver import TYPES, Solver

_OF_MACHINE = frozenset({"solver_mode", "device_id", "layer_wise_reduce", "solver_type"})
"""What a solver says of the machine that it runs on; and the old word for its type."""

_LONGEST = 2**16
"""More bytes no solver has that names its network."""


@dataclass(frozen=True)
class Used:
    """A network as a solver uses it: the path or the text of its definition, and the state."""

    net: str
    state: State

    @cached_property
    def layers(self) -> list[Message]:
        """Its layers as the definition has them; this may change while a training runs."""
        return definition.read(self.net, self.net, self.state).layers


@dataclass(frozen=True)
class Training:
    """What a solver trains, and what it tests that with."""

    solver: Solver
    train: Used
    tests: tuple[Used, ...]
    file: str


_NETWORK = re.compile(r"^\s*(train_)?net(_param)?\s*[:{]", re.MULTILINE)
_HELD = re.compile(r"^\s*(?:train_|test_)?net_param\s*:?\s*\{", re.MULTILINE)
_LAYER = re.compile(r"^\s*layers?\s*[:{]", re.MULTILINE)


def is_solver(path: str | Path) -> bool:
    """Whether a file looks as a solver does: it names a network, or has its layers in one."""
    try:
        if os.path.getsize(path) > _LONGEST:
            return False
        text = _text(path)
    except (OSError, ValueError, Proto2NetError):  # who reads it tells what is wrong
        return False
    layer, held = _LAYER.search(text), _HELD.search(text)
    own = layer is not None and (held is None or layer.start() < held.start())
    return bool(_NETWORK.search(text)) and not own


def read(path: str | Path) -> tuple[Training, list[str]]:
    """The solver at a path, and the messages about it. Raises ParseError with all that is wrong."""
    file, text = str(path), _text(path)
    if _LAYER.search(text) and not _NETWORK.search(text):
        what, hint = "this is a network, and no solver", "give the solver that names it"
        raise ParseError([Issue(what, hint, Location(file, 1))])
    message, notes = prototxt.read(text, file, "SolverParameter", ignore_unknown_fields=True)
    given = {field.name: value for field, value in message.ListFields()}
    solver = fields.read(Solver, message)
    if "solver_type" in given:
        solver = replace(solver, type=TYPES[given["solver_type"]])
    if not solver.snapshot_prefix:
        solver = replace(solver, snapshot_prefix=str(Path(path).with_suffix("")))
    issues = [
        Issue(what, hint, Location(file, line_of(text, field)))
        for field, what, hint in solver.check()
    ]
    trains = [field for field in FIELDS["TRAIN"] if field in given]
    if len(trains) != 1:
        what = f"a solver names one network to train; this one names {len(trains)}"
        issues.append(Issue(what, f"it is one of {', '.join(FIELDS['TRAIN'])}", Location(file, 1)))
    networks = {"train": trains[0] if trains else "", "test": "test_iter"}
    lines = {name: Location(file, line_of(text, field)) for name, field in networks.items()}
    tests, wrong = _tests(message, given, lines["test"])
    issues += wrong
    if issues:
        raise ParseError(prototxt.by_line(issues))
    train = _used(listed(given[trains[0]])[0], lines["train"], "TRAIN", message.train_state)
    known = {*Solver.__dataclass_fields__, *_OF_MACHINE}
    unused = [name for name in given if name not in known and not NETWORKS.fullmatch(name)]
    if unused:
        notes = [*notes, f"{file}: these fields of the solver are not used: {', '.join(unused)}"]
    return Training(solver, train, tests, file), notes


def _text(path: str | Path) -> str:
    content = plain.content(path, limits.TEXT_BYTES, "solver")
    return content.decode("utf-8-sig", errors="replace")


def _tests(
    message: Message, given: Mapping[str, Any], where: Location
) -> tuple[tuple[Used, ...], list[Issue]]:
    """The networks to test with: those of their own first, then the one that is trained too."""
    nets: list[Any] = [*message.test_net_param, *message.test_net]
    wanted = len(message.test_iter)
    both = given.get("net_param", given.get("net"))
    if both is not None:
        nets += [both] * (wanted - len(nets))
    states: Sequence[Message] = message.test_state or [message.train_state.__class__()] * len(nets)
    issues = [
        Issue(what, where=where)
        for wrong, what in (
            (
                len(nets) != wanted,
                f"networks to test with: {len(nets)}; test_iter is given for {wanted}",
            ),
            (
                bool(nets) and message.test_interval <= 0,
                f"test_interval is {message.test_interval}; with a test_iter it must be above 0",
            ),
            (
                len(states) != len(nets),
                f"networks to test with: {len(nets)}; test_state is given for {len(states)}",
            ),
        )
        if wrong
    ]
    if issues:
        return (), issues
    pairs = zip(nets, states, strict=True)
    return tuple(_used(net, where, "TEST", state) for net, state in pairs), []


def _used(net: Any, where: Location, phase: str, state: Message) -> Used:
    text = str(found(net, where)) if isinstance(net, str) else _written(net)
    return Used(text, State(phase, state.level, tuple(state.stage)))


def _written(net: Message) -> str:
    """The text of a network that a solver holds."""
    for layer in (*net.layer, *net.layers):
        for private in PRIVATE:
            layer.ClearField(private)
    return text_format.MessageToString(net)
