"""The notes of reading a network: kept as a list, or dropped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOG = logging.getLogger("proto2net")


@contextmanager
def quiet() -> Iterator[None]:
    """While this lasts, notes are dropped: for a network that is read only to be compared."""
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
def kept(*, alone: bool = False) -> Iterator[list[str]]:
    """A list that gets each note while this lasts; others get it too, unless it is `alone`."""
    keeper, level, handlers, passed = _Keeper(), _LOG.level, _LOG.handlers, _LOG.propagate
    _LOG.setLevel(logging.INFO)
    _LOG.handlers = [keeper] if alone else [*handlers, keeper]
    _LOG.propagate = passed and not alone
    try:
        yield keeper.kept
    finally:
        _LOG.handlers, _LOG.propagate = handlers, passed
        _LOG.setLevel(level)
