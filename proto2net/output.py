"""What leaves the program: files, whole or not at all, and text that is fit for a terminal."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from proto2net.errors import Proto2NetError


def write(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write a file, which has all of the content or stays as it was. Raises Proto2NetError."""
    try:
        if path.is_dir():
            raise Proto2NetError(f"{path} is a folder", "name the file to write in it")
        if path.exists() and not path.is_file():  # a device or a pipe, which nothing can replace
            path.write_bytes(content)
        elif path.exists() and not overwrite:
            raise Proto2NetError(f"{path} exists already", "give --force to replace it")
        else:
            _replace(Path(os.path.realpath(path)), content)  # a link stays a link
    except OSError as error:
        raise Proto2NetError(f"cannot write {path}: {error.strerror}") from None


def printable(text: str) -> str:
    """A line of text for a terminal: what could steer it is shown as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
