"""Files that are given in the place of a network or of weights, and are something else."""

from __future__ import annotations

import re
from typing import NamedTuple

from proto2net.errors import Issue, Location


class _Kind(NamedTuple):
    """What a file is that begins so, and what to do then."""

    pattern: bytes
    name: str
    hint: str = ""


_UNPACK = "unpack it first"
_KINDS = (
    _Kind(rb"version https://git-lfs", "Git LFS's pointer to the file", "run `git lfs pull`"),
    _Kind(
        rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml)",
        "a web page",
        "a browser shows a page around a file: download the file itself",
    ),
    _Kind(
        rb"\xff\xfe|\xfe\xff|[\n -~]\x00[\n -~]\x00|\x00[\n -~]\x00[\n -~]",
        "text in UTF-16",
        "save it as UTF-8, which Caffe reads",
    ),
    _Kind(rb"PK\x03\x04", "a zip archive, as PyTorch's .pth and Keras's .keras are too", _UNPACK),
    _Kind(rb"\x1f\x8b", "a gzip archive", _UNPACK),
    _Kind(rb"BZh[1-9]", "a bzip2 archive", _UNPACK),
    _Kind(rb"\xfd7zXZ|7z\xbc\xaf|Rar!", "an archive", _UNPACK),
    _Kind(rb".{257}ustar", "a tar archive", _UNPACK),
    # A .safetensors file has a brace behind 8 bytes of length, which can begin so too.
    _Kind(rb"\x80[\x02-\x05](?!.{6}\{).", "a pickle of Python, as PyTorch writes it"),
    _Kind(rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\x00{4}|RIFF.{4}WEBP", "an image"),
    _Kind(rb"%PDF", "a PDF"),
    _Kind(rb"\x08.{1,5}\x12.{1,200}\.caffemodel", "a .solverstate, the state of a solver"),
    _Kind(rb"\x08[\x01-\x20]\x12.[ -~]+", "an ONNX model"),
    _Kind(
        rb"\x08.{1,5}\x10.{1,5}\x18.{1,5}\x20.{1,5}\x2a|[\x2a\x3a].{1,5}\x0a.",
        "a .binaryproto, one array such as a mean image",
    ),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x80]")
"""Characters that text has not, as nearly all of these files have."""
_OF_TEXT = (b"<", b"version", b"%PDF", b"\xff", b"\xfe")


def mistaken(head: bytes, file: str, wanted: str, hint: str) -> Issue | None:
    """What is said of a file that begins so, if it is known to be something else than `wanted`."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(_OF_TEXT) and not _CONTROL.search(head):
        return None
    for kind in _KINDS:
        if re.match(kind.pattern, head, re.DOTALL | re.IGNORECASE):
            if wanted in kind.name:
                return None
            what = f"this is {kind.name}, and no {wanted}"
            return Issue(what, kind.hint or hint, Location(file, 0))
    return None


def conflict(text: str, file: str) -> Issue | None:
    """What is said of a text in which Git has left the marks of a conflict."""
    start = text.find("\n<<<<<<< ") + 1 if not text.startswith("<<<<<<< ") else 0
    if not text.startswith("<<<<<<< ", start):
        return None
    return Issue(
        "Git left the marks of a conflict here",
        "decide between the lines from <<<<<<< to ======= and those to >>>>>>>, and delete the "
        "marks",
        Location(file, text.count("\n", 0, start) + 1),
    )
