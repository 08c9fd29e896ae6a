"""The state of a solver: how far a training is, and what the solver remembers of each array.

A .solverstate is a SolverState in binary, and a .solverstate.h5 the same in HDF5
(sgd_solver.cpp). The weights are in a file of their own, which the state names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from proto2net import limits, output
from proto2net.caffe import hdf5, wire
from proto2net.caffe.binaryproto import decoded, encoded_blob
from proto2net.caffe.wire import DAMAGED, LENGTH, VARINT, Data, Field, encoded, encoded_number
from proto2net.errors import Issue, Location, WeightError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.mistaken import mistaken
from proto2net.model import CONTROL, HEAD, Format, as_float32, format_of, learnable
from proto2net.output import write_all
from proto2net.shape import Shape, dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Slot

HDF5_SUFFIX = ".h5"

_ITER, _LEARNED_NET, _HISTORY, _CURRENT_STEP = 1, 2, 3, 4
_KINDS = {_ITER: VARINT, _LEARNED_NET: LENGTH, _HISTORY: LENGTH, _CURRENT_STEP: VARINT}
"""The fields of SolverState."""

_KIND = ".solverstate"
_GIVE_IT = "give the .solverstate that a training has written"
_WEIGHTS_ALONE = "give the .solverstate beside it; weights alone are for the start of a training"


@dataclass(frozen=True, eq=False)
class SolverState:
    """What a solver goes on from."""

    iteration: int
    """How many have been done."""
    model: str
    """The file of the weights, as the state names it; empty: it names none."""
    step: int = 0
    """How many steps of the policy "step" or "multistep" are passed."""
    history: Sequence[Ndarray] = ()
    """Arrays in Caffe's layout: of each learned array in turn, and for some solvers all again."""
    source: str = "the state"
    """What messages call it: the file's path."""


# ---- reading --------------------------------------------------------------------------------


def read_state(path: str | Path) -> SolverState:
    """The state in a file, whose bytes tell its format; binary arrays are views on it."""
    file = str(path)
    try:
        data = wire.mapped(path)
        found = format_of(data[:HEAD])
        if found is Format.HDF5:
            state = _of_hdf5(path)
        elif found is None and data[:1] == bytes([_ITER << 3 | VARINT]):
            state = _of_binary(data, file)
        else:
            raise WeightError([_no_state(data[:HEAD], file, found)])
        for name, number in (("iter", state.iteration), ("current_step", state.step)):
            if number < 0:
                raise WeightError(f"{name} is {number}; it cannot be negative", DAMAGED)
    except WeightError as error:
        raise WeightError(error.at(Location(file, 0))) from None
    return state


def _no_state(head: bytes, file: str, found: Format | None) -> Issue:
    if found is Format.CAFFEMODEL:
        what = "this is a .caffemodel, which has weights, and not the state of a solver"
        return Issue(what, _WEIGHTS_ALONE)
    if found:
        return Issue(f"this is a file of weights ({found.value}), and no {_KIND}", _GIVE_IT)
    if issue := mistaken(head, file, _KIND, _GIVE_IT):
        return issue
    if not CONTROL.search(head):
        return Issue(f"this is text, and no {_KIND}", _GIVE_IT)
    return Issue(f"this is no {_KIND}; it begins with {head[:16]!r}", _GIVE_IT)


def _of_binary(data: Data, file: str) -> SolverState:
    found: dict[int, Field] = {}
    history: list[Ndarray] = []
    try:
        for field in wire.fields(data, 0, len(data)):
            if field.kind != _KINDS.get(field.number, field.kind):
                what = f"byte {field.at:,}: field {field.number} has the kind {field.kind}"
                raise WeightError(what, DAMAGED)
            found[field.number] = field
            if field.number == _HISTORY:
                _check_most(len(history) + 1)
                history.append(_array(data, field, len(history)))
    except WeightError:
        _check_is_none_else(data[:HEAD], file)
        raise
    if not history and not found.keys() <= _KINDS.keys():  # which may be those of a fork
        _check_is_none_else(data[:HEAD], file)
    model = found.get(_LEARNED_NET)
    step = found.get(_CURRENT_STEP)
    return SolverState(
        wire.signed(found[_ITER].value, 32),
        wire.text(data, model, "surrogateescape") if model else "",
        wire.signed(step.value, 32) if step else 0,
        tuple(history),
        file,
    )


def _check_is_none_else(head: bytes, file: str) -> None:
    """Raise WeightError if a file that begins so is known to be something else."""
    if issue := mistaken(head, file, _KIND, _GIVE_IT):
        raise WeightError([issue])


def _array(data: Data, field: Field, index: int) -> Ndarray:
    try:
        return decoded(data, field.start, field.end).array
    except WeightError as error:
        raise WeightError(error.at(None, f"array {index} of the history")) from None


def _check_most(number: int) -> None:
    if number > limits.LAYERS:
        raise WeightError(f"more than {limits.LAYERS:,} arrays of history", DAMAGED)


def _of_hdf5(path: str | Path) -> SolverState:
    hint = f"is it a {_KIND}{HDF5_SUFFIX}?"
    with hdf5.opened(path) as reader:
        if reader.has("data") and not reader.has("history"):
            what = "this is a .caffemodel.h5, which has weights, and not the state of a solver"
            raise WeightError(what, _WEIGHTS_ALONE)
        iteration, step = (reader.single(n, hdf5.WHOLE, hint) for n in ("iter", "current_step"))
        model = reader.single("learned_net", hdf5.TEXT, hint) if reader.has("learned_net") else b""
        group = reader.group("history", hint)
        _check_most(len(group))
        names = [str(index) for index in range(len(group))]
        if lacking := sorted(set(names) - set(group), key=int):
            what = f"of {len(group)} arrays of history none is called {lacking[0]}"
            raise WeightError(what, DAMAGED)
        history = tuple(as_float32(reader.named(group, name)) for name in names)
    return SolverState(int(iteration), _decoded(model), int(step), history, str(path))


def _decoded(name: bytes) -> str:
    return name.decode(errors="surrogateescape")


def weights_of(state: SolverState) -> tuple[str, list[str]]:
    """The file of the weights, and the messages about it.

    It is as the state names it, seen from the current folder as in Caffe, else of that name beside
    the state.
    """
    where = Location(state.source, 0)
    if not state.model:
        what, hint = "this state names no file of weights", "give the .caffemodel beside the state"
        raise WeightError([Issue(what, hint, where)])
    name = os.path.basename(state.model.replace("\\", "/"))
    beside = str(Path(state.source).parent / name)
    found = [path for path in (state.model, beside) if os.path.isfile(path)]
    if not found:
        what = f'the weights of this state are not there: "{state.model}"'
        hint = f"they are looked for there, and at {beside}"
        raise WeightError([Issue(what, hint, where)])
    if len(found) == 2 and not os.path.samefile(*found):
        return found[0], [f"{where}: took the weights {found[0]}, as it says, and not {beside}"]
    return found[0], []


# ---- what it is a state of ------------------------------------------------------------------


def history_of(
    state: SolverState, graph: Graph, blocks: int, solver: str
) -> tuple[list[dict[Slot, Ndarray]], list[str]]:
    """The history as blocks of an array for each learned blob, and the messages about it.

    A solver of this type has so many blocks. Raises WeightError for a state of something else.
    """
    slots = learnable(graph)
    _check_number(state, len(slots), blocks, solver)
    issues: list[Issue] = []
    found: list[dict[Slot, Ndarray]] = []
    for block in range(blocks):
        own: dict[Slot, Ndarray] = {}
        for index, (node, blob) in enumerate(slots, block * len(slots)):
            array, shape = state.history[index], node.blobs[blob].shape
            if _is_alike(array.shape, shape):
                own[node, blob] = array.reshape(shape)
                continue
            what = f"the state has {dims(array.shape)} for its {blob}, which is {dims(shape)}"
            hint = "it is the state of another network"
            issues.append(Issue(what, hint, Location(state.source, 0), str(node)))
        found.append(own)
    if issues:
        raise WeightError(issues[: limits.PROBLEMS])
    return found, _not_finite(state, found)


def _check_number(state: SolverState, learned: int, blocks: int, solver: str) -> None:
    held, needed = len(state.history), blocks * learned
    if held == needed:
        return
    each = f"{blocks} for each of {learned:,} learned arrays"
    what = f"the state has {held:,} arrays, but {solver} with this network has {needed:,}: {each}"
    hint = "it is the state of another network"
    if held == 2 * learned:
        hint = "it is the state of a solver that keeps two for each: AdaDelta or Adam"
    elif held == learned:
        hint = "it is the state of a solver that keeps one for each, such as SGD"
    raise WeightError([Issue(what, hint, Location(state.source, 0))])


def _is_alike(held: Shape, shape: Shape) -> bool:
    """Whether a shape is this one, or so with ones in front, as Caffe once had four axes always."""
    return held == shape or (len(held) == 4 and held == (1,) * (4 - len(shape)) + shape)


def _not_finite(state: SolverState, blocks: Sequence[Mapping[Slot, Ndarray]]) -> list[str]:
    """A note on values with which training gives nothing but the like."""
    import numpy as np

    for block in blocks:
        for (node, blob), array in block.items():
            if not np.isfinite(array).all():
                what = f"its history of {node} has values in {blob} that are not finite"
                return [f"{state.source}: {what}: the training had diverged"]
    return []


# ---- writing --------------------------------------------------------------------------------


def write_state(path: str | Path, state: SolverState, *, overwrite: bool = False) -> None:
    """Write a state, in HDF5 where the path ends in .h5, as Caffe decides when it reads one."""
    write = write_hdf5 if str(path).endswith(HDF5_SUFFIX) else write_binary
    output.write(Path(path), partial(write, state=state), overwrite=overwrite)


def write_binary(stream: BinaryIO, state: SolverState) -> None:
    """Write a .solverstate, array by array, to an unbuffered stream."""
    write_all(stream, encoded_number(_ITER, state.iteration))
    write_all(stream, encoded(_LEARNED_NET, _encoded(state.model)))
    for array in state.history:
        for piece in encoded_blob(_HISTORY, array):
            write_all(stream, piece)
    write_all(stream, encoded_number(_CURRENT_STEP, state.step))


def write_hdf5(stream: BinaryIO, state: SolverState) -> None:
    """Write a .solverstate.h5, array by array, to an unbuffered stream."""
    with hdf5.created(stream) as file:
        hdf5.put(file, "iter", [state.iteration], "<i4")
        hdf5.put_text(file, "learned_net", _encoded(state.model))
        hdf5.put(file, "current_step", [state.step], "<i4")
        group = file.create_group("history")
        for index, array in enumerate(state.history):
            hdf5.put(group, str(index), array)


def _encoded(name: str) -> bytes:
    return name.encode(errors="surrogateescape")
