"""The commands of trainings: train, and plot, which draws what they log."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from proto2net import Proto2NetError, output
from proto2net.cli.options import debug
from proto2net.cli.terminal import put, say

if TYPE_CHECKING:
    from proto2net.training import Trainer
    from proto2net.training.loop import Event


@click.command()
@click.argument("solver", metavar="SOLVER")
@click.option(
    "--to",
    "target",
    type=click.Choice(["torch", "tf"]),
    required=True,
    help="The framework that trains.",
)
@click.option(
    "--weights",
    metavar="FILES",
    help="Learned weights to start from; several files have commas between them.",
)
@click.option(
    "--snapshot",
    metavar="FILE",
    help="Continue from this .solverstate or .solverstate.h5, which may be Caffe's.",
)
@click.option(
    "--snapshot-prefix",
    "prefix",
    metavar="PREFIX",
    help="The prefix of snapshot files. Default: as in the solver.",
)
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many iterations. Default: up to the solver's max_iter.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where PyTorch trains; TensorFlow finds a GPU itself.",
)
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="How many devices TensorFlow trains with. PyTorch has a process for each: torchrun.",
)
@click.option("--bfloat16", is_flag=True, help="Multiply in bfloat16; the parameters stay float32.")
@click.option("--root", metavar="FOLDER", help="The folder that paths of data are relative to.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    default=1,
    show_default=True,
    help="How many threads read data ahead.",
)
@click.option("--log", metavar="FILE", help="Write a line of JSON for each iteration and test.")
@click.option(
    "--plot",
    metavar="FILE",
    help="Draw curves at tests and at the end: an .svg, .png or .pdf.",
)
@click.option(
    "--tensorboard",
    metavar="FOLDER",
    help="Write losses, rates and tests as events that TensorBoard shows.",
)
@click.option(
    "--force", is_flag=True, help="Replace the log, the curves and the snapshots that exist."
)
@debug
def train(solver: str, target: str, **options: Any) -> None:
    """Train a network as a solver of Caffe says.

    \b
    proto2net train solver.prototxt --to torch
    """
    _train(solver, target, None, **options)


@click.command()
@click.argument("files", metavar="LOG...", nargs=-1, required=True)
@click.option("-o", "out", metavar="OUT", required=True, help="The .svg, .png or .pdf to write.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
def plot(files: tuple[str, ...], out: str, force: bool) -> None:
    """Draw the curves of trainings over each other: losses, tests and learning rates.

    A LOG is what `train --log` has written, or a log of Caffe.

    \b
    proto2net plot caffe.log ours.jsonl -o curves.svg
    """
    from proto2net.training import curves, logs

    curves.check(out)
    output.check(Path(out), overwrite=force, inputs=files)
    found = [logs.read(file) for file in files]
    for note in (note for log in found for note in log.notes):
        say(f"note: {note}")
    curves.write(found, out, overwrite=force)
    say(f"wrote {out}")


def main(file: ModuleType, network: Callable[[], Any], solver: str, target: str) -> NoReturn:
    """Run the command by a file that `convert` has written for a solver, and end the program.

    `network` makes what is trained. The path of the solver is seen from the file.
    """
    from proto2net.cli import main

    path = os.path.relpath(Path(str(file.__file__)).parent / solver)
    main(
        command=click.Command(
            "train",
            params=[each for each in train.params if each.name not in ("solver", "target")],
            callback=lambda **options: _train(path, target, (file, network), **options),
            help=file.__doc__,
        )
    )


def _train(
    solver: str,
    target: str,
    own: tuple[ModuleType, Callable[[], Any]] | None,
    *,
    weights: str | None,
    snapshot: str | None,
    prefix: str | None,
    iterations: int | None,
    device: str,
    devices: int,
    bfloat16: bool,
    root: str | None,
    workers: int,
    log: str | None,
    plot: str | None,
    tensorboard: str | None,
    force: bool,
) -> None:
    from proto2net.training import Trainer, curves, events
    from proto2net.training.loop import run
    from proto2net.training.telling import record_of

    if weights and snapshot:
        raise click.UsageError("--snapshot has weights of its own: leave out --weights")
    if plot:
        curves.check(plot)
    if tensorboard:
        events.check(tensorboard, overwrite=force or bool(snapshot))
    trainer = Trainer(
        solver,
        weights,
        to=target,
        root=root,
        workers=workers,
        device=device,
        devices=devices,
        bfloat16=bfloat16,
        tensorboard=tensorboard,
        own=own,
    )
    if snapshot:
        trainer.restore(snapshot)
    begin = trainer.iteration
    until = begin + iterations if iterations else trainer.solver.max_iter
    if until <= begin:
        raise Proto2NetError(
            f"{solver}: max_iter is {until}, and {begin} iterations are done",
            "--iterations N trains for N more",
        )
    prefix = prefix or trainer.solver.snapshot_prefix
    if trainer.learner.rank:  # the first of several processes tells and writes
        with _stoppable(trainer) as stopped:
            deque(run(trainer, until, prefix, stopped=stopped), 0)
            stopped()
        return
    for path in filter(None, (log, plot)):
        output.check(Path(path), overwrite=force or bool(snapshot), inputs=[solver])
    drawn = _drawn(plot, log if snapshot else None)
    _check_snapshots(trainer, prefix, until, force=force)
    _ = trainer.data, trainer.tests  # what is wrong with them is told before there is a log
    with (
        _stoppable(trainer) as stopped,
        _log(log, bool(snapshot)) as kept,
        _told(begin, until) as tell,
    ):
        for event in run(trainer, until, prefix, stopped=stopped):
            record = record_of(event)
            if kept:
                kept.write(json.dumps(record) + "\n")
                kept.flush()
            tell(event)
            drawn(record)
        ended = stopped()
    drawn({})
    if ended:
        raise click.Abort


def _check_snapshots(trainer: Trainer, prefix: str, until: int, *, force: bool) -> None:
    """Refuse before a training what could not be written in it, or would replace something."""
    from proto2net.training.loop import kept_at

    wanted = kept_at(trainer.solver, trainer.iteration, until)
    if not wanted:
        return
    for note in trainer.check_snapshots(prefix):
        say(f"note: {note}")
    for iteration in wanted if not force else ():
        for path in trainer.snapshot_files(prefix, iteration):
            output.check(path)


@contextmanager
def _stoppable(trainer: Trainer) -> Iterator[Callable[[], bool]]:
    """While this lasts, a first Ctrl-C asks for the end, and a second one ends at once."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        say(
            "stopping after this iteration, with a snapshot; press Ctrl-C once more to stop at once"
        )

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: trainer.learner.agreed(bool(asked))
    finally:
        signal.signal(signal.SIGINT, before)


def _drawn(path: str | None, before: str | None) -> Callable[[dict[str, Any]], None]:
    """What takes the records of a training, and draws their curves at tests and at the end.

    The log of a training which goes on tells what was `before`. A record of nothing is the end.
    """
    from proto2net.training import curves, logs

    if not path:
        return lambda record: None
    log = logs.read(before) if before and Path(before).is_file() else logs.Log()
    log.name = Path(path).stem
    free = 0.0  # the time from which on drawing takes a tenth of a training at most

    def draw(record: dict[str, Any]) -> None:
        nonlocal free
        if record:
            log.add(record)
        began = time.monotonic()
        if (record and (record["phase"] != "test" or began < free)) or log.is_empty:
            return
        try:
            curves.write([log], path, overwrite=True)
        except Proto2NetError as error:  # which is no reason to lose a training
            say(f"note: no curves are drawn: {error.issues[0].message}")
        ended = time.monotonic()
        free = ended + 9 * (ended - began)

    return draw


def _log(path: str | None, goes_on: bool) -> Any:
    """The file of the log, written line by line, since a training may be cut off.

    That of a training which goes on gets more lines.
    """
    if path is None:
        return nullcontext()
    try:
        return open(path, "a" if goes_on else "w", encoding="utf-8")
    except OSError as error:
        raise Proto2NetError(f"cannot write {path}: {error.strerror}") from None


@contextmanager
def _told(begin: int, until: int) -> Iterator[Callable[[Event], None]]:
    """What tells of events: lines as Caffe logs them, with a bar where somebody looks on."""
    from proto2net.training.telling import lines_of

    if not sys.stderr.isatty():
        yield lambda event: put("".join(f"{line}\n" for line in lines_of(event)))
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from proto2net.training.loop import Shown

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=until, completed=begin, told="")

        def tell(event: Event) -> None:
            progress.update(task, completed=event.iteration)
            if isinstance(event, Shown):
                told = f"loss {event.mean:.4g}, lr {event.rate:g}, {event.speed:.0f} images/s"
                progress.update(task, told=told)
                return
            for line in lines_of(event):
                progress.console.print(line, markup=False, highlight=False)

        yield tell
