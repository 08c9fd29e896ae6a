"""What beside a definition that does not say how images are prepared may say it.

Texts are compared, and nothing is parsed, since every conversion asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from proto2net import limits, plain

_WIDTHS = re.compile(rb"\b(num_output|kernel_size)\s*:\s*([0-9]+)")
_COMPARED = 8
"""So many numbers at the start of two definitions have to be the same."""
_LOOKED_AT = 8
"""How many definitions of a folder are looked at."""


def offered(file: Path, beside: Sequence[Path], means: Sequence[Path]) -> str:
    """Notes that offer a definition or a mean image that is likely to say it."""
    own = _start(file) if beside else []
    for other in beside[:_LOOKED_AT] if own else ():
        if other != file and _start(other, b"transform_param") == own:
            return f"--transform-from {other} would prepare images as in the training"
    return f"--mean {means[0]} would subtract this mean from images" if means else ""


def _start(file: Path, word: bytes = b"") -> list[tuple[bytes, ...]]:
    """The first widths that a definition's text states, if it has this word."""
    try:
        if plain.is_special(file) or file.stat().st_size > limits.TEXT_BYTES:
            return []
        content = file.read_bytes()
    except OSError:
        return []
    if word not in content:
        return []
    return [match.groups() for match in islice(_WIDTHS.finditer(content), _COMPARED)]
