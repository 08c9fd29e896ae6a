"""Python layers whose meaning is known: Caffe finds them by a module and the name of a class.

Such a layer is a subclass of `Python`, which holds what the file says, declared with
`python_layer`. Targets render it by its class, as they do any other layer type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from proto2net import limits
from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Count
from proto2net.layers.data import GIVE_IT, NOT_STATED, DataLayer, Python
from proto2net.layers.registry import Registry, families
from proto2net.shape import Shapes, require

PYTHON_LAYERS: Registry[tuple[str, str], Python] = Registry(lambda: families().python_layers)
"""Every known Python layer by its module and its class there."""

P = TypeVar("P", bound=Python)


def python_layer(
    module: str, name: str, *, bottoms: int | Count = (0, ANY), tops: int | Count = (0, ANY)
) -> Callable[[type[P]], type[P]]:
    """Register a dataclass as the layer that Caffe finds in this module by this name.

    It has no fields of its own: what it needs to know, it reads from `param_str`, where
    `parameters` may help.
    """

    def register(cls: type[P]) -> type[P]:
        PYTHON_LAYERS.declare((module, name), cls, f"the Python layer {module}.{name}")
        cls.bottoms = (bottoms, bottoms) if isinstance(bottoms, int) else bottoms
        cls.tops = (tops, tops) if isinstance(tops, int) else tops
        cls.explained = True
        return cls

    return register


@dataclass(frozen=True)
class PythonData(Python, DataLayer):
    """A source of data that is the user's own: a Python layer without bottoms."""

    label_per_image: ClassVar[bool] = False
    explained: ClassVar[bool] = True

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        raise ShapeError(NOT_STATED, GIVE_IT)


@dataclass(frozen=True)
class PythonLoss(Python):
    """A loss that is the user's own: a Python layer with a loss_weight, by which Caffe tells it."""

    loss: ClassVar[bool] = True
    unrendered: ClassVar[str] = "a loss in the user's own code is not supported"


def known(layer: Python, *, fed: bool, weighed: bool) -> Python:
    """The layer as what its module and class are known to be, or what its place tells.

    `fed`: it has bottoms; `weighed`: it has a loss_weight. Itself where nothing is known.
    """
    unknown = PythonLoss if weighed else Python
    cls = PYTHON_LAYERS.get((layer.module, layer.layer), unknown if fed else PythonData)
    return cls(layer.module, layer.layer, layer.param_str, layer.share_in_parallel)


# ---- param_str ------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""\s*(?: (?P<mark>[][{}(),:])
             | (?P<tag>!![\w/]+)
             | '(?P<single>(?:[^']|'')*)'
             | "(?P<double>[^"\\]*)"
             | (?P<plain>[^][{}(),:'"\s!][^][{}(),:'"\s]*) )""",
    re.VERBOSE,
)
CONSTANTS = {"true": True, "false": False, "null": None, "~": None}
CLOSING = {"[": "]", "(": ")"}

HINT = "it is read as YAML of names and values, such as {'feat_stride': 16, 'scales': [8, 16]}"


def parameters(param_str: str) -> dict[str, Any]:
    """The names and values of a param_str: the part of YAML in which such strings are written.

    That is one mapping, in braces or a line an entry, of numbers, strings and sequences of them;
    a sequence becomes a tuple.
    """
    require(
        len(param_str) <= limits.STRING,
        f"param_str has {len(param_str):,} characters; {limits.STRING:,} are the most",
    )
    tokens = _Tokens(param_str)
    if tokens.next == "":
        return {}
    braces = tokens.take("{")
    found: dict[str, Any] = {}
    while tokens.next and tokens.next != "}":
        name = tokens.value()
        tokens.need(":")
        found[str(name)] = tokens.value()
        if braces and tokens.next != "}":
            tokens.need(",")
    if braces:
        tokens.need("}")
    require(not tokens.next, f'param_str ends before "{tokens.next}"', HINT)
    return found


class _Tokens:
    """The words of a param_str, read from the first to the last."""

    def __init__(self, text: str) -> None:
        self._found = list(self._words(text))
        self._at = 0

    @staticmethod
    def _words(text: str) -> Iterator[tuple[str, Any]]:
        """Each word as it stands, and its value, or None of a mark or a tag."""
        at, end = 0, len(text.rstrip())
        while at < end:
            match = TOKEN.match(text, at)
            if match is None:
                rest = text[at:].strip()
                require(False, f'param_str cannot be read from "{rest[:20]}" on', HINT)
                return
            word, kind = match.group().strip(), match.lastgroup
            if kind != "tag":  # !!python/tuple says what a sequence is anyway
                yield word, match[kind] if kind in ("single", "double") else _plain(word)
            at = match.end()

    @property
    def next(self) -> str:
        """The next word; empty at the end."""
        return self._found[self._at][0] if self._at < len(self._found) else ""

    def take(self, mark: str) -> bool:
        """Pass over the next word if it is this mark."""
        self._at += (found := self.next == mark)
        return found

    def need(self, mark: str) -> None:
        """Pass over this mark, which must be next."""
        said = f'"{self.next}"' if self.next else "its end"
        require(self.take(mark), f'param_str has {said} where "{mark}" should be', HINT)

    def value(self, depth: int = 0) -> Any:
        """The next value, which may be a sequence of values."""
        word = self.next
        if word in CLOSING:
            require(
                depth < limits.PARAM_STR_DEPTH,
                f"param_str has more than {limits.PARAM_STR_DEPTH} nested sequences",
            )
            return self._sequence(CLOSING[word], depth + 1)
        require(word not in ("", "{", *"]}),:"), "param_str lacks a name or a value", HINT)
        value = self._found[self._at][1]
        self._at += 1
        return value

    def _sequence(self, closing: str, depth: int) -> tuple[Any, ...]:
        self._at += 1
        values = []
        while self.next != closing:
            values.append(self.value(depth))
            if self.next != closing:
                self.need(",")
        self.need(closing)
        return tuple(values)


def _plain(word: str) -> Any:
    """An unquoted word as YAML has it: a number, true, false, null, or the text itself."""
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return CONSTANTS.get(word.lower(), word)
