"""The files of a folder that may be definitions, by their names and by what stands in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from proto2net import limits, plain

NAMES = (".prototxt",)
OTHER_NAMES = (".pt", ".prototxt.txt", ".pbtxt")
"""Names that other files have too: they count where there is a layer in the text."""
LAYER = re.compile(rb"^[^\S\n]*layers?\s*(?::\s*)?\{", re.MULTILINE)


def files(tree: str | Path) -> Iterator[str]:
    """The files of a tree whose names networks have, in order; a file stands for itself."""
    if not os.path.isdir(tree):
        yield str(tree)
        return
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            if name.endswith(NAMES + OTHER_NAMES):
                yield os.path.join(folder, name)


def content_of(file: str) -> bytes:
    """What a file holds, as far as a definition goes; nothing where it cannot be read."""
    if plain.is_special(file):
        return b""
    try:
        with open(file, "rb") as stream:
            return stream.read(limits.TEXT_BYTES + 1)
    except (OSError, ValueError):
        return b""


def holds_layers(content: bytes) -> bool:
    """Whether this is a text with layers in it."""
    is_text = len(content) <= limits.TEXT_BYTES and b"\0" not in content
    return is_text and bool(LAYER.search(content))
