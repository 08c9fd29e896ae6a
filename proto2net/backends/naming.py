"""The names of a block's layers, as the one name that the block gets makes them: f"{name}/1x1".

A block gets what tells its names from others, with what stands before that in all: "inception_3a";
or that alone where names begin differently: "2a" of res2a_branch2a and bn2a_branch2a.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from string import Formatter

from proto2net.backends.tree import Expression, Formatted, Variable

GIVEN = "name"
"""The parameter of a block from which its layers are named."""


class Naming:
    """How names that are made from these templates, with {} for a key, are said in a block."""

    def __init__(self, templates: Iterable[str], clean: Callable[[str], str] = str) -> None:
        """`clean` makes of a part of a name what the target admits."""
        self._clean = clean
        self._texts = {template: [*map(clean, _texts(template))] for template in templates}
        self._head = _head([text for texts in self._texts.values() for text in texts[:-1]])

    def given(self, key: str) -> str:
        """What a block of this key gets."""
        return self._head + self._clean(key)

    def of(self, template: str) -> Expression:
        """A name in terms of what the block gets."""
        *before, last = self._texts[template]
        variable = Variable(GIVEN)
        pieces = [piece for text in before for piece in (text.removesuffix(self._head), variable)]
        parts = tuple(piece for piece in (*pieces, last) if piece)
        return variable if parts == (variable,) else Formatted(parts)


def _texts(template: str) -> list[str]:
    """The text of a template before, between and behind the keys."""
    texts = [""]
    for text, field, *_ in Formatter().parse(template):
        texts[-1] += text
        if field is not None:
            texts.append("")
    return texts


def _head(texts: Sequence[str]) -> str:
    """What stands before the key in all names: a whole word, or nothing."""
    head = min(texts, key=len, default="")
    words = (text.endswith(head) and not text.removesuffix(head)[-1:].isalnum() for text in texts)
    return head if all(words) else ""
