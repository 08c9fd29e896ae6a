"""The terminal: what is printed, what is said on standard error, and how far things are."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

import click

from proto2net import Issue, Proto2NetError
from proto2net.output import printable

MUCH = 100_000_000
"""From this many bytes on, a bar shows how far writing is."""


def put(text: str) -> None:
    """Put a text on standard output, as the bytes that a file would have."""
    if sys.stdout is None:  # closed
        return
    try:
        click.echo(text.encode(), nl=False)
    except OSError as error:
        # What is still in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # nobody reads it
            click.get_current_context().exit(1)
        raise Proto2NetError(f"standard output: {error.strerror}") from None


def tell(text: str) -> None:
    """Put printable text on standard error. What its encoding lacks is shown as an escape."""
    if sys.stderr is None:  # closed
        return
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=True)


def say(line: str) -> None:
    """Tell the user something, on standard error."""
    tell(printable(line))


def say_lines(text: str) -> None:
    """Tell the user something of several lines."""
    for line in text.splitlines():
        say(line)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error where somebody looks on, and what tells it how far it is."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def watched(write: Callable[[BinaryIO], None], size: int) -> Callable[[BinaryIO], None]:
    """The same, with a bar where there is much to write."""
    if size < MUCH or not sys.stderr.isatty():
        return write

    def watched(stream: BinaryIO) -> None:
        with bar("writing") as progress:
            write(cast(BinaryIO, _Watched(stream, lambda done: progress(done, size))))

    return watched


class _Watched(io.RawIOBase):
    """Passes what is written to a stream, a piece at once, and tells how much it was so far."""

    PIECE = 2**24

    def __init__(self, stream: BinaryIO, tell: Callable[[int], None]) -> None:
        self._stream, self._tell, self._written = stream, tell, 0

    def write(self, content: Any) -> int:
        size = self._stream.write(memoryview(content)[: self.PIECE])
        self._written += size
        self._tell(self._written)
        return size


def quoted(issue: Issue) -> str:
    """An issue for the terminal. Line breaks that are not its own are shown as escapes too."""
    where = issue.where and replace(issue.where, file=printable(issue.where.file))
    message, hint, layer = map(printable, (issue.message, issue.hint, issue.layer))
    return str(Issue(message, hint, where, layer))


class _Teller(logging.Handler):
    """Tells what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"note: {record.getMessage()}")


@contextmanager
def notes() -> Iterator[None]:
    """While this lasts, the user is told what is upgraded, assumed or left out."""
    log, teller = logging.getLogger("proto2net"), _Teller()
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(teller)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(teller)


@dataclass
class Debugging:
    """Whether tracebacks are wanted, and how the program ends where what it is given is at fault.

    That is told by its exit code, which a command may have others for.
    """

    wanted: bool = False
    at_fault: int = 1

    def show(self) -> None:
        """Print the traceback of what has just been caught, if it is wanted."""
        if self.wanted:
            say_lines(traceback.format_exc())
