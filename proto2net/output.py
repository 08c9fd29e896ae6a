"""What leaves the program: files, whole or not at all, and text that is fit for a terminal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder
from pathlib import Path
from typing import BinaryIO

from proto2net.errors import Proto2NetError

Content = bytes | Callable[[BinaryIO], None]
"""What a file gets: bytes, or a function that writes them to an unbuffered stream."""

_LONGEST_LINE = 4000
_BUFFER = 2**20  # it stays in the processor's cache

_NEEDED = ("h5py", "keras", "numpy", "proto2net", "safetensors", "tensorflow", "torch")
_INSTALLED = ("site-packages", "dist-packages")
"""What the folders are called where installers put modules."""


def check(path: Path, *, overwrite: bool = False, inputs: Iterable[str] = ()) -> None:
    """Refuse what cannot be written or may not be replaced. Raises Proto2NetError.

    What the content is made from, the `inputs`, is never replaced.
    """
    with _told(path):
        if path.is_dir():
            raise Proto2NetError(f"{path} is a folder", "name the file to write in it")
        if any(_same(path, each) for each in inputs):
            raise Proto2NetError(f"{path} is an input, which is not replaced", "give another OUT")
        dangling = path.is_symlink() and not path.exists()  # it may lead anywhere
        if (path.is_file() or dangling) and not overwrite:
            raise Proto2NetError(f"{path} exists already", "give --force to replace it")


def write(path: Path, content: Content, *, overwrite: bool = False) -> None:
    """Write a file, which has all of the content or stays as it was. Raises Proto2NetError."""
    write_together({path: content}, overwrite=overwrite)


def write_together(
    contents: Mapping[Path, Content], *, overwrite: bool = False, inputs: Collection[str] = ()
) -> None:
    """Write files that belong together, all of them or none. Raises Proto2NetError.

    `inputs` are what they are made from, which is never replaced. Each is written to a file of its
    own beside it, .proto2net-*.tmp, and renamed only when all are complete. Who is killed (and
    cannot clean up) leaves at most such files behind.
    """
    for path in contents:
        check(path, overwrite=overwrite, inputs=inputs)
    complete: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            with _told(path):
                if path.exists() and not path.is_file():  # a device or a pipe: it is not replaced
                    with path.open("wb", buffering=0) as stream:
                        _put(stream, content)
                else:
                    complete[path] = _temporary(path)
                    _fill(complete[path], content, path)
        for path in complete:  # somebody else may have been quicker
            check(path, overwrite=overwrite)
        _rename(complete)
    except BaseException:
        for temporary in complete.values():
            with suppress(OSError):
                temporary.unlink()
        raise


def takes_the_place_of(path: Path) -> str:
    """The module in whose place Python would import a file of this name, or an empty string.

    Installed modules are looked for, those of Python, and those that emitted files need; nothing is
    imported.
    """
    name = path.stem
    if path.suffix != ".py" or not name.isidentifier():
        return ""
    if name in sys.stdlib_module_names or name in _NEEDED:
        return name
    installed = [entry for entry in sys.path if Path(entry).name in _INSTALLED]
    return name if PathFinder.find_spec(name, installed) else ""


def beside_module(path: Path) -> Path:
    """The same for what a module is called, under a name that no module has."""
    return path.with_stem(f"{path.stem}_net")


def check_name(path: Path) -> None:
    """Refuse a file that Python would import in the place of a module. Raises Proto2NetError."""
    if module := takes_the_place_of(path):
        raise Proto2NetError(
            f"Python would import {path} in the place of the module {module}",
            f"call it {beside_module(path)}",
        )


def printable(text: str) -> str:
    """A line of text for a terminal: what could steer it is shown as an escape.

    Whatever is said to the user goes through here, and a flood of text loses its middle.
    """
    if len(text) > _LONGEST_LINE:
        half = _LONGEST_LINE // 2
        text = f"{text[:half]} … {text[-half:]}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def write_all(stream: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of it to an unbuffered stream, which takes 2 GiB at once at most."""
    rest = memoryview(content)
    while len(rest):
        rest = rest[stream.write(rest) :]


def copy_file(stream: BinaryIO, descriptor: int, start: int, size: int) -> int:
    """Copy bytes of an open file to an unbuffered stream, as many as the system reads.

    What lies elsewhere within its page in the new file, as nearly all does, the kernel would copy
    at half this speed.
    """
    buffer = memoryview(bytearray(min(size, _BUFFER)))
    copied = 0
    while copied < size:
        try:
            more = os.preadv(descriptor, [buffer[: size - copied]], start + copied)
        except (OSError, AttributeError):  # this system cannot read so
            break
        if not more:
            break
        write_all(stream, buffer[:more])
        copied += more
    return copied


def _put(stream: BinaryIO, content: Content) -> None:
    if callable(content):
        content(stream)
    else:
        write_all(stream, content)


def _temporary(path: Path) -> Path:
    """A name beside a file, or beside what a link leads to, since a link stays a link."""
    return Path(os.path.realpath(path)).with_name(f".proto2net-{os.urandom(8).hex()}.tmp")


def _fill(temporary: Path, content: Content, path: Path) -> None:
    """Write what will replace the file at `path`."""
    with temporary.open("xb", buffering=0) as file:
        _put(file, content)
        if path.exists():  # what it replaces must not be lost to a power cut; else that is slow
            os.fsync(file.fileno())
    if path.exists():
        temporary.chmod(stat.S_IMODE(path.stat().st_mode))


def _rename(complete: Mapping[Path, Path]) -> None:
    """Give all files their names. Once begun, Ctrl-C must wait, so that they fit together."""
    try:
        for path, temporary in complete.items():
            with _told(path):
                temporary.replace(os.path.realpath(path))
    except KeyboardInterrupt:
        for path, temporary in complete.items():
            if temporary.exists():
                temporary.replace(os.path.realpath(path))
        raise


def _same(path: Path, other: str) -> bool:
    """Whether both are one file, which exists."""
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what the system refuses into a sentence about the file."""
    try:
        yield
    except OSError as error:
        raise Proto2NetError(f"cannot write {path}: {error.strerror}") from None
