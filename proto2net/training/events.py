"""Writes what a training gives as events that TensorBoard shows.

Records are packed by the package tensorboard alone: PyTorch's and TensorFlow's own writers would
load TensorFlow, which hinders PyTorch.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net.errors import Proto2NetError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def check(folder: str | Path, *, overwrite: bool = True) -> None:
    """Refuse what could not be written, or would be mixed with another training."""
    if find_spec("tensorboard") is None:
        raise Proto2NetError(
            "tensorboard, which packs events, is not installed",
            "`pip install tensorboard` installs it",
        )
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise Proto2NetError(f"{path} is no folder", "events are written into a folder")
    if not overwrite and any(path.glob("*tfevents*")):
        raise Proto2NetError(
            f"{path} has the events of a training",
            "give another folder, or --force, which hides them in TensorBoard and deletes none",
        )


class Events:
    """A folder with the events of a training. Its file begins with the first of them."""

    def __init__(self, folder: str | Path) -> None:
        check(folder)
        self._folder = Path(folder)
        self._writer: Any = None

    def trained(self, iteration: int, loss: float, rate: float) -> None:
        """An iteration, its loss and its learning rate."""
        self._add(iteration, {"train/loss": loss, "train/lr": rate})

    def tested(self, iteration: int, tests: Sequence[Mapping[str, Ndarray]]) -> None:
        """The outputs of each network of a test; those after the first have their number."""
        self._add(
            iteration,
            {
                f"test{number or ''}/{name}{f'[{place}]' if array.size > 1 else ''}": value
                for number, outputs in enumerate(tests)
                for name, array in outputs.items()
                for place, value in enumerate(array.ravel().tolist())
            },
        )

    def _add(self, iteration: int, scalars: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]  # it has no stubs

        if self._writer is None:
            self._begin(iteration)
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        self._write(step=iteration, summary=Summary(value=values))

    def _begin(self, iteration: int) -> None:
        """Open a new file. Of older ones TensorBoard shows what was before this iteration."""
        from tensorboard.compat.proto.event_pb2 import SessionLog  # type: ignore[import-untyped]  # it has no stubs
        from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]  # it has no stubs

        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = open(self._folder / name, "xb")  # noqa: SIM115  # it is open for a training
        except OSError as error:
            raise Proto2NetError(f"cannot write {self._folder}: {error.strerror}") from None
        self._writer = RecordWriter(file)
        self._write(file_version="brain.Event:2")
        self._write(step=iteration, session_log=SessionLog(status=SessionLog.START))

    def _write(self, **fields: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        try:
            self._writer.write(Event(wall_time=time.time(), **fields).SerializeToString())
            self._writer.flush()  # since a training may be cut off
        except OSError as error:
            raise Proto2NetError(f"cannot write {self._folder}: {error.strerror}") from None
