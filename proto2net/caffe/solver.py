"""From a solver to the network that it trains or tests, as Caffe finds it (solver.cpp)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proto2net.caffe import prototxt
from proto2net.caffe.phase import State
from proto2net.caffe.schema import Message
from proto2net.errors import Issue, Location, ParseError
from proto2net.frozen import dataclass

FIELDS = {
    "TRAIN": ("train_net_param", "train_net", "net_param", "net"),
    "TEST": ("test_net_param", "test_net", "net_param", "net"),
}
"""Where the network of a phase stands, in Caffe's order."""


NETWORKS = re.compile(r"(train_|test_)?(net|net_param|state)")
"""What a solver says of its networks; all else is how they are trained, tested and kept."""


@dataclass(frozen=True)
class Followed:
    """The network of a solver: a file, or a message that the solver holds."""

    net: Path | Message
    state: State
    notes: list[str]


def follow(text: str, file: str, state: State) -> Followed:
    """The network that a solver has for the state's phase, and what it adds to that state."""
    solver, ignored = prototxt.read(text, file, "SolverParameter", ignore_unknown_fields=True)
    given = {field.name: value for field, value in solver.ListFields()}
    field = next((field for field in FIELDS[state.phase] if field in given), None)
    if field is None:
        what = f"this is a solver that names no network of the {state.phase.lower()} phase"
        other = "train" if state.phase == "TEST" else "test"
        raise ParseError([Issue(what, f"try --phase {other}", Location(file, 1))])
    where = Location(file, line_of(text, field))
    net, *others = listed(given[field])
    held = field.endswith("param")
    if not held:
        net = found(net, where)
    first = f", the first of {len(others) + 1}" if others else ""
    notes = [f"{where}: this is a solver; took its network, {field if held else net}{first}"]
    own = ", ".join(name for name in given if not NETWORKS.fullmatch(name))
    if own:
        notes.append(f"{file}: these fields of the solver are not used: {own}")
    return Followed(net, _added(solver, state), [*notes, *(ignored if held else [])])


def _added(solver: Message, state: State) -> State:
    """The state with the level and the stages that the solver gives to its network."""
    if state.phase == "TRAIN":
        own = solver.train_state
    elif solver.test_state:
        own = solver.test_state[0]
    else:
        return state
    return State(state.phase, state.level or own.level, (*state.stages, *own.stage))


def listed(value: Any) -> list[Any]:
    """The networks of a field, of which test_net and test_net_param may have several."""
    return [value] if isinstance(value, str) or hasattr(value, "DESCRIPTOR") else list(value)


def line_of(text: str, field: str) -> int:
    """The line on which a field is named first; 0 where it is not."""
    found = re.search(rf"^[^\n#]*?\b{field}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 0


def found(name: str, where: Location) -> Path:
    """The file of this name, seen from the solver's folder, from here, or from a folder above.

    Caffe is run from the root of its tree, so that is where most names begin.
    """
    for folder in _folders(where.file):
        if os.path.isfile(folder / name):  # which is false for what cannot be a path
            return folder / name
    what = f'the network "{name}" of this solver does not exist'
    raise ParseError([Issue(what, "give the network itself", where)])


def _folders(file: str) -> Iterator[Path]:
    beside = Path(file).absolute().parent if Path(file).is_file() else Path.cwd()
    yield Path(file).parent if Path(file).is_file() else Path()
    yield Path()
    yield from beside.parents
