"""Plain text for people: what a file calls things, made harmless, and tables of it."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 60
_HARMLESS = {'"': "'", "\\": "/"}
"""What stands for a character that could end a docstring, or escape another."""


def plain(text: str, longest: int = _LONGEST) -> str:
    """Text for a comment or a docstring: printable, on one line, short, closing no quotes."""
    kept = "".join(_HARMLESS.get(c, c) if c.isprintable() else "_" for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def ascii_only(name: str) -> str:
    """A name that takes one column a character on every terminal."""
    return plain(name).replace("…", "...").encode("ascii", "replace").decode()


def counted(number: int, what: str) -> str:
    """The number of things: 1 problem, 2 problems."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def bytes_text(size: int) -> str:
    """Bytes as people read them: 1.7 MB, 7.6 kB."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> list[str]:
    """Lines with every column as wide as its widest cell; the last `numbers` columns end flush."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    first_number = len(head) - numbers
    return [
        "  ".join(
            cell.rjust(width) if index >= first_number else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, rule, *rows)
    ]
