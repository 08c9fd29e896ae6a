"""What is told while a network is read, kept as a list or not told at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOG = logging.getLogger("proto2net")


@contextmanager
def quiet() -> Iterator[None]:
    """While this lasts, nothing is told: for what is read only to be compared."""
    before, _LOG.disabled = _LOG.disabled, True
    try:
        yield
    finally:
        _LOG.disabled = before


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record.getMessage())


@contextmanager
def kept() -> Iterator[list[str]]:
    """A list that gets each note while this lasts; they are told as well."""
    keeper, level = _Keeper(), _LOG.level
    _LOG.setLevel(logging.INFO)
    _LOG.addHandler(keeper)
    try:
        yield keeper.kept
    finally:
        _LOG.removeHandler(keeper)
        _LOG.setLevel(level)
