"""The layer types by name. A family of them is a file here, imported when a type of it is met."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass

_LOG = logging.getLogger("proto2net")

# Each begins with fixed text, by which such a pattern is found far sooner.
_CLASS = re.compile(r"\nclass (\w+)")
_LAYER = re.compile(r'\n@layer\(\s*"(\w+)"')
_PYTHON_LAYER = re.compile(r'\n@python_layer\(\s*"([\w.]+)", "(\w+)"')


@dataclass(frozen=True)
class Families:
    """In which family each thing is declared, as its file says it, which need not be run for it."""

    classes: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    python_layers: dict[tuple[str, str], str] = field(default_factory=dict)


@cache
def families() -> Families:
    """What the files beside this one declare."""
    found = Families()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source, name = file.read_text(encoding="utf-8"), file.stem
        layers, python_layers = _LAYER.findall(source), _PYTHON_LAYER.findall(source)
        if layers or python_layers:
            found.layers.update(dict.fromkeys(layers, name))
            found.python_layers.update(dict.fromkeys(python_layers, name))
            found.classes.update(dict.fromkeys(_CLASS.findall(source), name))
    return found


def family(name: str) -> Any:
    """The module of a family."""
    return import_module(f"{__package__}.{name}")


K = TypeVar("K", bound=Hashable)
C = TypeVar("C")


class Registry(Mapping[K, "type[C]"], Generic[K, C]):
    """The classes that are known by a key: proto2net's own, and before these those of others."""

    def __init__(self, family_of: Callable[[], Mapping[K, str]]) -> None:
        self._family_of = family_of
        self._own: dict[K, type[C]] = {}
        self.others: dict[K, type[C]] = {}
        """Those that users and other packages have declared."""

    def __getitem__(self, key: K) -> type[C]:
        found = self.others.get(key) or self._own.get(key)
        if found is None:
            family(self._family_of()[key])
            found = self._own[key]
        return found

    def __contains__(self, key: object) -> bool:
        return key in self.others or key in self._family_of()

    def __iter__(self) -> Iterator[K]:
        return iter({**self._family_of(), **self.others})

    def __len__(self) -> int:
        return len({**self._family_of(), **self.others})

    def declare(self, key: K, cls: type[C], what: str) -> None:
        """Have a class known by a key; `what` is how messages call it.

        A user's takes the place of proto2net's own, with a note: otherwise what is to work today
        would not, once proto2net has the type too. Raises Proto2NetError for any other second one.
        """
        if built_in(cls):
            if key in self._own:
                raise _twice(what, self._own[key], cls)
            self._own[key] = cls
            return
        if key in self.others:
            raise _twice(what, self.others[key], cls)
        self.others[key] = cls
        if key in self._family_of():
            file = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
            _LOG.info(f"{what} is that of {file}; proto2net's own is not used")


def built_in(cls: type[Any]) -> bool:
    """Whether proto2net itself declares this layer type."""
    return cls.__module__.partition(".")[0] == "proto2net"


def _twice(what: str, before: type[Any], cls: type[Any]) -> Proto2NetError:
    return Proto2NetError(
        f"{what} is declared twice: in {before.__module__} and in {cls.__module__}"
    )
