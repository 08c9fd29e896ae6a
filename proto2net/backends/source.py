"""Writing Python that a person would have written: names, literals, text for comments.

What is made of these is printed by printing.py. Text from an input reaches the source only
through `literal` (a quoted literal), `text.plain` (comments and docstrings), or as an identifier
through `Namespace`, `class_name`, `function_name` or `entry_name`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from proto2net.errors import Proto2NetError

WIDTH = 88
INDENT = "    "
_LONGEST_NAME = 60
_AMBIGUOUS = ("l", "O", "I")  # hard to tell from digits (ruff E741)
_TAKEN = frozenset({*keyword.kwlist, *dir(builtins), *_AMBIGUOUS})


class Namespace:
    """Gives out identifiers: each valid, unique, no keyword, and shadowing nothing in use."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = _TAKEN.union(reserved)
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def name(self, wanted: str, default: str = "blob") -> str:
        """An identifier as close to the wanted name as can be: "3x3/reduce" -> "_3x3_reduce"."""
        cleaned = re.sub(r"[^A-Za-z0-9_]", "_", wanted)[:_LONGEST_NAME].lstrip("_") or default
        if cleaned[0].isdigit():
            cleaned = f"_{cleaned}"
        if cleaned in self._reserved:
            cleaned = f"{cleaned}_"
        return self.unique(cleaned)

    def unique(self, cleaned: str) -> str:
        """The name itself, or with the first number that nothing has."""
        unique, number = cleaned, self._numbers.get(cleaned, 0)
        while unique in self._given or unique in self._reserved:
            number += 1
            unique = f"{cleaned}_{number}"
        self._numbers[cleaned] = number
        self._given.add(unique)
        return unique


def literal(value: object) -> str:
    """The value as a Python literal, strings in the quotes that ruff prefers."""
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if value is ...:
        return "..."
    if not isinstance(value, str):
        return repr(value)
    escaped = repr(value)
    if escaped[0] == '"' or value.count('"') > value.count("'"):
        return escaped
    return '"' + escaped[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(int(value)) + ".0" if value == int(value) and abs(value) < 1e15 else repr(value)


def same(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all axes agree, as kernel_size=3 is read more easily than (3, 3)."""
    return values[0] if values and len(set(values)) == 1 else values


def class_name(text: str) -> str:
    """A class's name from a network's: "nin_imagenet" -> NinImageNet, "MOBILENET" -> MobileNet."""
    name = "".join(map(_capitalised, _words(text)))[:_LONGEST_NAME]
    return name if name and name[0].isalpha() else f"Net{name}"


_OF_FILES = frozenset(("deploy", "train", "trainval", "val", "test"))
"""Words that tell what a file is for, not what its network is."""


def _words(text: str) -> list[str]:
    """The words of a network's name, without those that say what its file is for."""
    words: list[str] = re.findall(r"[A-Za-z0-9]+", text)
    return [word for word in words if word.lower() not in _OF_FILES] or words


def network_name(file: str) -> str:
    """What a network without a name is called: as its file, or its folder: resnet/deploy.prototxt.

    The folder is for a file whose name tells what the file is for, and nothing of the network.
    """
    path = Path(file)
    own, folder = path.stem.strip("<>"), path.absolute().parent.name
    words, others = (_words(name.lower()) for name in (own, folder))
    tells_nothing = words and _OF_FILES.issuperset(words)
    return folder if tells_nothing and not _OF_FILES.issuperset(others) else own


def _capitalised(word: str) -> str:
    """A word as a class's name has it: "squeezenet" -> SqueezeNet; mixed cases stay."""
    if word.lower() == "googlenet":
        return "GoogLeNet"
    name = re.fullmatch(r"([a-z]+)net(\d*)", word, re.IGNORECASE)
    if name and word[1:] in (word[1:].lower(), word[1:].upper()):
        return f"{name[1].capitalize()}Net{name[2]}"
    return word[0].upper() + word[1:]


def snake_case(name: str) -> str:
    """A function's name from a class's: "DenseLayer" -> dense_layer."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def entry_name(name: str, taken: Collection[str], suffix: str) -> str:
    """The name of a file's class or function: the one that is wanted, with a suffix if taken.

    Raises Proto2NetError for what Python takes for no name.
    """
    if not (name.isascii() and name.isidentifier()):
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        raise Proto2NetError(
            f'"{shown}" is not a name that a class or function can have',
            "use letters, digits and _, and begin with a letter",
        )
    if name in taken or name in keyword.kwlist or name in dir(builtins):
        return entry_name(name + suffix, taken, suffix)
    return name


def function_name(text: str) -> str:
    """A function's name from a network's: "ResNet-50" -> resnet_50."""
    return module_name("_".join(_words(text)))


def module_name(text: str) -> str:
    """A file's name, without a suffix, that can be imported: "nin.deploy" -> nin_deploy."""
    name = "_".join(re.findall(r"[a-z0-9]+", text.lower()))[:_LONGEST_NAME]
    return Namespace().name(name if name and name[0].isalpha() else f"net_{name}".rstrip("_"))
