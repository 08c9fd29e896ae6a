"""The tokens of protobuf's text format, as C++ TextFormat has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proto2net import limits

STRING = re.compile(
    rf"""  "[^"\\]*(?:\\.[^"\\]*){{0,{limits.STRING}}}"
         | '[^'\\]*(?:\\.[^'\\]*){{0,{limits.STRING}}}'  """,
    re.VERBOSE | re.DOTALL,
)
_TOKEN = re.compile(
    rf"""\s*(?:\#[^\n]*\s*)*  # what stands before a token
      (?: (?P<path>[A-Za-z]:\\[^\s{{}}"']*)
        | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
        | (?P<mark>[{{}}<>:\[\],;-])
        | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?)
        | (?P<string>{STRING.pattern})
        | (?P<other>.)
        | (?P<end>\Z) )""",
    re.VERBOSE | re.DOTALL,
)

Token = tuple[str, str, int]
"""Its kind, its text, and where it begins."""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, made as they are asked for, and then its end again and again."""
    for match in _TOKEN.finditer(text):
        index = match.lastindex or 0
        yield match.lastgroup or "", match[index], match.start(index)
    while True:
        yield "end", "", len(text)
