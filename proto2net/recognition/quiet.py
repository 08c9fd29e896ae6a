"""What is read only to be compared, of which nothing is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """While this lasts, no notes are told."""
    log = logging.getLogger("proto2net")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
