"""What leaves the program: files, whole or not at all, and text that is fit for a terminal."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from proto2net.errors import Proto2NetError

Content = bytes | Callable[[BinaryIO], None]
"""What a file gets: bytes, or a function that writes them to an unbuffered stream."""


def check(path: Path, *, overwrite: bool = False) -> None:
    """Refuse what cannot be written or may not be replaced. Raises Proto2NetError."""
    if path.is_dir():
        raise Proto2NetError(f"{path} is a folder", "name the file to write in it")
    if path.is_file() and not overwrite:
        raise Proto2NetError(f"{path} exists already", "give --force to replace it")


def write(path: Path, content: Content, *, overwrite: bool = False) -> None:
    """Write a file, which has all of the content or stays as it was. Raises Proto2NetError."""
    check(path, overwrite=overwrite)
    try:
        if path.exists() and not path.is_file():  # a device or a pipe, which nothing can replace
            with path.open("wb", buffering=0) as stream:
                _put(stream, content)
        else:
            _replace(Path(os.path.realpath(path)), content)  # a link stays a link
    except OSError as error:
        raise Proto2NetError(f"cannot write {path}: {error.strerror}") from None


def printable(text: str) -> str:
    """A line of text for a terminal: what could steer it is shown as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def write_all(stream: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of it to an unbuffered stream, which takes 2 GiB at once at most."""
    rest = memoryview(content)
    while len(rest):
        rest = rest[stream.write(rest) :]


def copy_file(stream: BinaryIO, descriptor: int, start: int, size: int) -> int:
    """Let the kernel copy bytes of an open file to an unbuffered stream, as many as it can."""
    copied = 0
    with suppress(OSError, AttributeError):  # between such files, or on this system, it cannot
        while copied < size:
            more = os.copy_file_range(descriptor, stream.fileno(), size - copied, start + copied)
            if not more:
                break
            copied += more
    return copied


def _put(stream: BinaryIO, content: Content) -> None:
    if callable(content):
        content(stream)
    else:
        write_all(stream, content)


def _replace(path: Path, content: Content) -> None:
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        with beside.open("xb", buffering=0) as file:
            _put(file, content)
            if path.exists():  # what it replaces must not be lost to a power cut; else that is slow
                os.fsync(file.fileno())
        if path.exists():
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
