"""How many networks of a tree of files convert, and why the others do not.

Files are read and converted in processes of their own, so that none can hold up or end the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proto2net import backends
from proto2net.caffe.trees import files
from proto2net.layers import plugins
from proto2net.rewrites.feeding import UNSTATED
from proto2net.shape import Shape
from proto2net.survey.found import Examined, Other, Survey
from proto2net.survey.processes import examined
from proto2net.survey.task import KINDS, Result, Task

__all__ = ["KINDS", "Survey", "survey"]

LIMIT = 20.0
"""Seconds that one file may take."""

RUN_LIMIT = 120.0
"""The same where the network is built too."""


def survey(
    trees: Sequence[str | Path],
    *,
    to: Sequence[str] = ("torch", "tf"),
    kinds: Sequence[str] = KINDS,
    jobs: int | None = None,
    limit: float | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    inputs: Mapping[str, Shape] | None = None,
    shapes: Sequence[Shape] = (),
    run: bool = False,
    **options: Any,
) -> Survey:
    """Convert every network under these folders, `jobs` at a time (None: one a core).

    `shapes` are tried in turn for inputs whose shape a file does not state, beside `inputs`. A file
    that takes more than `limit` seconds (None: as many as are usual) is given up. With `run` each
    network is built in its framework too, which takes long. `progress` is told how many files are
    done, and of how many. The other options are those of `parse`.
    """
    if options.get("layers") is not None:
        plugins.load_file(options["layers"])  # if it cannot be, that is told once and at once
    if options.get("define"):
        from proto2net.caffe import templates  # which most surveys do not need

        templates.checked(options["define"])
    to = backends.own_names(to)
    if options.get("fork"):
        from proto2net.caffe import importer

        plugins.load()  # their types may know forks
        importer.check_fork(options["fork"])
    every = list(dict.fromkeys(file for tree in trees for file in files(tree)))
    inputs = inputs or {}
    tried = tuple({**inputs, UNSTATED: shape} for shape in shapes) or (inputs,)
    task = Task(tuple(to), options, tuple(str(tree) for tree in trees), tried, tuple(kinds), run)
    limit = limit or (RUN_LIMIT if run else LIMIT)
    found: dict[str, Result] = {}
    progress(0, len(every))
    for file, result in examined(every, task, jobs or _cores(), limit):
        found[file] = result
        progress(len(found), len(every))
    counted = {file: found[file] for file in every if found[file] is not None}
    others = tuple(result for result in counted.values() if isinstance(result, Other))
    networks = {file: each for file, each in counted.items() if isinstance(each, Examined)}
    failures = tuple(failure for each in networks.values() for failure in each.failed)
    facts = {file: each.facts for file, each in networks.items()}
    return Survey(tuple(counted), tuple(to), failures, others, facts, run)


def _cores() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
