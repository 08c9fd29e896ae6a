"""Which files can be read to their end, and what they hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from proto2net.errors import Proto2NetError

_OPEN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Where pipes are that a shell has opened for this program, as for `<(…)`."""

SPECIAL = "this is a device or a pipe, and no plain file"
"""The message about such a file."""


def is_special(path: str | Path) -> bool:
    """Whether this is a device, a socket or a named pipe, reading which may never end."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # who opens it tells why it cannot be read
        return False
    plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    return not plain and not str(path).startswith(_OPEN)


def content(path: str | Path, most: int, what: str) -> bytes:
    """The bytes of a file, of which there are no more than `most`. Raises Proto2NetError.

    `what` is what a longer file is none of.
    """
    try:
        if is_special(path):
            raise Proto2NetError(f"{path}: {SPECIAL}")
        with open(path, "rb") as file:
            found = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Proto2NetError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(found) > most:
        raise Proto2NetError(f"{path}: more than {most:,} bytes are no {what}")
    return found
