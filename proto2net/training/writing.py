"""The files of a training: the network that learns, and what trains it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from proto2net.backends.base import Backend
from proto2net.backends.source import module_name
from proto2net.backends.training import Trained
from proto2net.caffe.training import Training
from proto2net.errors import DataError, Proto2NetError
from proto2net.graph import Graph
from proto2net.shape import Sizes
from proto2net.training.trainer import graph_of


def stem(training: Training) -> str:
    """What the network's file is called if nothing else is said."""
    net = training.train.net
    return module_name(Path(training.file if "\n" in net else net).stem)


def written(
    training: Training,
    backend: Backend,
    path: Path,
    *,
    name: str = "",
    inputs: Mapping[str, Sizes] | None = None,
    flat: bool = False,
) -> tuple[Graph, dict[Path, str]]:
    """The network that is trained, and what to write: it at `path`, and what trains it beside.

    The latter is called train_ and the same. `inputs` has shapes that the definition does not
    state. Raises Proto2NetError.
    """
    if not path.stem.isidentifier():
        raise Proto2NetError(
            f"the training could not import {path.name}", "call OUT as a module, such as net.py"
        )
    try:
        graph = graph_of(training.train, inputs=inputs)
    except DataError as error:
        hint = "without the data, --input NAME=N,C,H,W gives their shape"
        raise DataError([replace(issue, hint=hint) for issue in error.issues]) from None
    emitted = backend.emit(graph, name, flat=flat)
    trained = Trained(path.stem, emitted.entry, graph, emitted)
    script = path.with_name(f"train_{path.name}")
    solver = os.path.relpath(training.file, script.parent)
    source = backend.training(training.solver, trained, solver)
    return graph, {path: emitted.source, script: source}
