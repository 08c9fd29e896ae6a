"""Snapshots of a training: the weights, the state of the solver, and what Caffe has no room for.

They are named PREFIX_iter_N: .caffemodel and .solverstate, each with .h5 behind in HDF5, and
.proto2net.json (solver.cpp, sgd_solver.cpp).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import limits, output, plain
from proto2net.caffe import exporter, hdf5, solverstate
from proto2net.caffe.schema import Message
from proto2net.caffe.solverstate import HDF5_SUFFIX, SolverState
from proto2net.errors import Issue, Location, Proto2NetError, WeightError
from proto2net.graph import Graph
from proto2net.model import learnable
from proto2net.shape import count
from proto2net.version import VERSION

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Slot

WEIGHTS, STATE, OWN = ".caffemodel", ".solverstate", ".proto2net.json"
"""The suffixes of a snapshot's files."""

_MOST = 2**31 - 1
"""Bytes that Caffe reads of a message."""


def check(
    prefix: str,
    graph: Graph,
    *,
    as_hdf5: bool = False,
    layers: Iterable[Message] = (),
    blocks: int = 1,
) -> list[str]:
    """The messages about snapshots before a training begins.

    Raises Proto2NetError where they could not be written in the end.
    """
    folder = Path(prefix).parent
    if not folder.is_dir():
        what = f'the snapshots have no folder: "{folder}" does not exist'
        raise Proto2NetError(what, "make it first, or give another snapshot_prefix")
    if not os.access(folder, os.W_OK):
        what = f'nothing can be written to the folder of the snapshots, "{folder}"'
        raise Proto2NetError(what, "give another snapshot_prefix")
    if as_hdf5:
        hdf5.check_writable(graph)
        return []
    exporter.constructed(graph, layers)
    blobs = [learned for node in graph.nodes for learned in node.blobs.values()]
    owned = [node.blobs[blob] for node, blob in learnable(graph)]
    sizes = {WEIGHTS: blobs, STATE: owned * blocks}
    return [
        f"the {suffix} will have 2 GiB or more, which Caffe does not read; "
        "snapshot_format: HDF5 has no such limit"
        for suffix, held in sizes.items()
        if 4 * sum(count(learned.shape) for learned in held) > _MOST
    ]


def write_snapshot(
    prefix: str,
    iteration: int,
    graph: Graph,
    values: Mapping[Slot, Ndarray],
    history: Sequence[Mapping[Slot, Ndarray]],
    own: Mapping[str, Any],
    *,
    step: int = 0,
    as_hdf5: bool = False,
    layers: Iterable[Message] = (),
    overwrite: bool = False,
) -> list[Path]:
    """Write all files of a snapshot, or none; which these are.

    `values` and each block of the `history` have an array for each learnable blob. `own` is what
    an exact resume needs beside, in JSON's types. `layers` are those of the definition, which
    the .caffemodel then has as Caffe writes them.
    """
    model, state_file, own_file = files(prefix, iteration, as_hdf5=as_hdf5)
    slots = learnable(graph)
    arrays = [block[slot] for block in history for slot in slots]
    state = SolverState(iteration, str(model), step, arrays)
    if as_hdf5:
        hdf5.check_writable(graph)
        put_weights = partial(hdf5.write_model, graph=graph, values=values)
        put_state = partial(solverstate.write_hdf5, state=state)
    else:
        net = exporter.constructed(graph, layers)
        put_weights = partial(exporter.write_model, graph=graph, values=values, net=net)
        put_state = partial(solverstate.write_binary, state=state)
    said = {"proto2net": VERSION, "iteration": iteration, "state": dict(own)}
    contents: dict[Path, output.Content] = {
        model: put_weights,
        own_file: json.dumps(said).encode(),
        state_file: put_state,  # the last to get its name: where it is, the others are too
    }
    output.write_together(contents, overwrite=overwrite)
    return [model, state_file, own_file]


def files(prefix: str, iteration: int, *, as_hdf5: bool = False) -> list[Path]:
    """The files of a snapshot: the weights, the state, and what Caffe has no room for."""
    stem, suffix = f"{prefix}_iter_{iteration}", HDF5_SUFFIX if as_hdf5 else ""
    return [Path(f"{stem}{each}") for each in (WEIGHTS + suffix, STATE + suffix, OWN)]


def own_of(state: SolverState) -> dict[str, Any] | None:
    """What proto2net kept beside a state; None: nothing, as where Caffe has written it."""
    path = own_file(state)
    where = Location(str(path), 0)
    try:
        if plain.is_special(path):
            raise ValueError(plain.SPECIAL)
        with open(path, "rb") as file:
            text = file.read(limits.TEXT_BYTES + 1)
        if len(text) > limits.TEXT_BYTES:
            raise ValueError(f"it has more than {limits.TEXT_BYTES:,} bytes")
        said = json.loads(text)
        iteration, own = said["iteration"], said["state"]
        if not isinstance(own, dict):
            raise TypeError("its state is no object")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WeightError([Issue(str(error.strerror), "", where)]) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        what = f"this is not what proto2net has written: {error}"
        raise WeightError([Issue(what, _WITHOUT, where)]) from None
    if iteration != state.iteration:
        what = f"it is of iteration {iteration}, but the state is of {state.iteration}"
        raise WeightError([Issue(what, _WITHOUT, where)])
    return own


_WITHOUT = "without this file the data begins at the first record, as in Caffe"


def own_file(state: SolverState) -> Path:
    """The file of our own beside a state."""
    stem = state.source.removesuffix(HDF5_SUFFIX).removesuffix(STATE)
    return Path(f"{stem}{OWN}")
