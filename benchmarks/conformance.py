"""Runs the models that people look for in every target, and writes docs/conformance.md.

    python benchmarks/conformance.py --models DIR --models DIR

needs the packages of the tests. benchmarks/conformance.tsv lists the models. Those that are not
ours to ship are found in the folders by their SHA-256, and so are trained weights; what was
recorded of Caffe is found by its name. Each target has a process of its own, which is ended where
a model takes too long in it.
"""

import argparse
import dataclasses
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from threading import Timer
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]

import conformance_layers
import conformance_page
import conforming
import wanted
from conforming import Run
from wanted import Wanted

from proto2net.api import REFERENCE
from proto2net.child import Child, Stopped

SECONDS = 300
"""That a model may take in a target."""
TARGETS = tuple(conformance_page.TARGETS)
PACKAGES = ("proto2net", "numpy", "torch", "tensorflow_cpu", "keras", "onnxruntime")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


class Process:
    """The process of a target, and another one after it where that has ended."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._child: Child | None = None

    def ask(self, what: str, run: Run) -> dict[str, Any]:
        """What it answers, or the problem that there is no answer."""
        begun = time.monotonic()
        try:
            return self._answer(what, run)
        except Stopped as reason:
            self.close()
            if time.monotonic() - begun >= SECONDS:
                return {"problem": f"too large to run here: no end after {SECONDS} s"}
            if str(reason).startswith(MemoryError.__name__):
                gigabytes = conforming.BYTES // 10**9
                return {"problem": f"too large to run here: it needs more than {gigabytes} GB"}
            return {"problem": str(reason)}

    def _answer(self, what: str, run: Run) -> dict[str, Any]:
        self._child = child = self._child or Child("conforming", self._target, env=QUIET)
        timer = Timer(SECONDS, child.kill)
        timer.start()
        try:
            answer: dict[str, Any] = child.ask(what, run=dataclasses.asdict(run))
        finally:
            timer.cancel()
        return answer

    def close(self) -> None:
        """End it."""
        if self._child:
            self._child.close()
            self._child = None


def measured(model: Wanted, run: Run | None, processes: dict[str, Process]) -> dict[str, Any]:
    """All that the page tells of a model."""
    row = dataclasses.asdict(model)
    if run is None:
        return row | {"reads": {"problem": "not run: its definition was not there"}}
    row["held_to"] = "Caffe" if run.recording else REFERENCE
    row["trained"] = bool(run.weights)
    reference = processes[REFERENCE]
    row["reads"] = reference.ask("facts", run)
    if "problem" in row["reads"]:
        return row
    scales = reference.ask("scales", run)
    run = dataclasses.replace(run, scales={} if "problem" in scales else scales)
    cells = {REFERENCE: reference.ask("measure", run)}
    with ThreadPoolExecutor(2) as two:
        asked = {to: two.submit(processes[to].ask, "measure", run) for to in TARGETS}
        cells |= {to: answer.result() for to, answer in asked.items()}
    moves = (
        reference.ask("rounding", run) if any(each.get("past") for each in cells.values()) else {}
    )
    return row | {to: conforming.judged(cell, moves) for to, cell in cells.items()}


def line(row: dict[str, Any]) -> str:
    """What was found of a model, in a line."""
    cells = ((key, row[key]) for key in ("reads", REFERENCE, *TARGETS) if key in row)
    return ", ".join(f"{key} {conformance_page.said(cell)}" for key, cell in cells)


def made() -> dict[str, Any]:
    """With what all is measured, and how."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    processor = info.partition("model name")[2].partition(":")[2].partition("\n")[0].strip()
    versions = {name.partition("_")[0]: version(name) for name in PACKAGES}
    return {
        "versions": {**versions, "Python": platform.python_version()},
        "machine": f"{len(os.sched_getaffinity(0))} cores of {processor or platform.machine()}",
        "tolerance": conforming.TOLERANCE,
        "rounding": conforming.ROUNDING,
    }


def rows(models: Sequence[Wanted], folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """What is found of each model, with a line for each on standard error."""
    files = wanted.found(models, folders)
    processes = {target: Process(target) for target in (REFERENCE, *TARGETS)}
    try:
        for number, model in enumerate(models, start=1):
            begun = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                row = measured(model, model.run(files, Path(folder, "blobs.npz")), processes)
            took = f"{time.monotonic() - begun:.0f} s"
            told = f"{number} of {len(models)}, {took}: {model.name}: {line(row)}"
            print(told, file=sys.stderr, flush=True)
            yield row
    finally:
        for process in processes.values():
            process.close()


def main() -> None:
    """Measure, and write what was found as JSON and as a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="the others stay as they were")
    parser.add_argument("--layers", action="store_true", help="renew the table of layers alone")
    options = parser.parse_args()
    logging.disable()

    models = wanted.wanted()
    names = [model.name for model in models]
    if unknown := [name for name in options.only or () if name not in names]:
        parser.error(f"benchmarks/conformance.tsv has no {', '.join(unknown)}")
    chosen = [model for model in models if model.name in (options.only or names)]
    new: dict[str, Any] = {"made": made(), "models": []}
    found = conformance_page.found() if options.only or options.layers else new
    if options.only and found["made"] != new["made"]:
        parser.error(f"the others were run with {found['made']}: run all again")
    found["layers"] = conformance_layers.table()
    if options.layers:
        conformance_page.write(found)
        return
    kept = {row["name"]: row for row in found["models"]}
    for row in rows(chosen, options.models):
        kept[row["name"]] = row
        found["models"] = [kept[name] for name in names if name in kept]
        conformance_page.write(found)  # after each: a run takes long


if __name__ == "__main__":
    main()
