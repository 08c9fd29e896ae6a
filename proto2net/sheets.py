"""Tables as CSV (RFC 4180), which no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # so they are
"""What a cell begins with that spreadsheets compute."""

_TEXT = "'"
"""What spreadsheets take for the sign of a text."""

Cell = str | int | float | None


def sheet(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Rows below a heading, each line ended by CR LF; None is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return stream.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet computes: with ' before what could be a formula.

    It stands before what begins with ' too. So a program takes off one ' at the beginning, and has
    the text as it was.
    """
    text = text.encode(errors="backslashreplace").decode()  # half a character is no text
    return f"{_TEXT}{text}" if text.startswith((*_FORMULA, _TEXT)) else text
