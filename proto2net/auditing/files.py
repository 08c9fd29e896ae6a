"""The files that a network is made from, and what they and those beside say of licences."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from proto2net import limits, plain
from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass

_PIECE = 2**20
_MOST_FILES = 10
_MOST_BYTES = 2**16
MOST_LINES = 60
"""So many lines of a text are quoted."""

_BESIDE = re.compile(
    r"(.*[-_. ])?(licen[cs]e|copying|copyright|notice|unlicense)s?([-_. ][^.]*)?"
    r"(\.[0-9][^.]*)*(\.(txt|md|rst|html?))?",
    re.IGNORECASE,
)
"""Such as LICENSE, LICENSE.MIT, MIT-LICENSE.txt, LICENSE-2.0.txt; not license_plates.prototxt."""
_SAYS = re.compile(
    r"licen[cs]|copyright|\(c\)|©|all rights reserved|permission|non-?commercial|spdx|"
    r"creative commons|public domain|\bpatent",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class File:
    """A file that a network is made from."""

    what: str
    """What it is to the network: its definition, its weights."""
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Licence:
    """What a file says of licences or rights, in its own words."""

    file: str
    line: int
    """Where it begins; 0: it is the whole file."""
    text: str
    """Its lines, MOST_LINES at most."""
    more: int = 0
    """How many more lines it has."""


def file_of(what: str, path: str) -> File:
    """A file with its size and its hash."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise Proto2NetError(f"{path}: {error.strerror}") from None
    return File(what, path, size, digest.hexdigest())


def licences(paths: Sequence[str]) -> Iterator[Licence]:
    """What is said of licences in the comments of definitions, and in the files beside."""
    for path in paths:
        yield from _of_comments(path)
    for folder in dict.fromkeys(os.path.dirname(os.path.abspath(path)) for path in paths):
        yield from _beside(folder)


def _of_comments(path: str) -> Iterator[Licence]:
    """The comments of a text that speak of rights: lines that follow each other are one."""
    with open(path, "rb") as stream:
        content = stream.read(limits.TEXT_BYTES + 1)
    if b"\0" in content or len(content) > limits.TEXT_BYTES:
        return
    block: list[str] = []
    for number, line in enumerate([*_lines(content), ""], start=1):
        if line.lstrip().startswith("#"):
            block.append(line.strip())
            continue
        if _SAYS.search("\n".join(block)):
            yield _quoted(path, number - len(block), block)
        block = []


def _beside(folder: str) -> Iterator[Licence]:
    """The files of a folder whose names are those of licences."""
    try:
        names = sorted(name for name in os.listdir(folder) if _BESIDE.fullmatch(name))
    except OSError:
        return
    for name in names[:_MOST_FILES]:
        path = os.path.join(folder, name)
        if plain.is_special(path) or not os.path.isfile(path):
            continue
        try:
            with open(path, "rb") as stream:
                content = stream.read(_MOST_BYTES)
        except OSError:
            continue
        if b"\0" not in content:
            yield _quoted(path, 0, _lines(content))


def _lines(content: bytes) -> list[str]:
    """The lines as a definition's are counted; splitlines() knows more ends of a line."""
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n")


def _quoted(path: str, line: int, lines: Sequence[str]) -> Licence:
    return Licence(path, line, "\n".join(lines[:MOST_LINES]), max(len(lines) - MOST_LINES, 0))


def name_of(path: str) -> str:
    """A file's name without its folder, which is nobody's business."""
    return Path(path).name
