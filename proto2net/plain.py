"""Which files can be read to their end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OPEN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""Where pipes are that a shell has opened for this program, as for `<(…)`."""

SPECIAL = "this is a device or a pipe, and no plain file"
"""What is told of such a file."""


def is_special(path: str | Path) -> bool:
    """Whether this is a device, a socket or a named pipe, reading which may never end."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # who opens it tells why it cannot be read
        return False
    plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    return not plain and not str(path).startswith(_OPEN)
