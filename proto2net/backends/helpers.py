"""The helpers of a target: functions and classes whose source is pasted into files that use them.

They stand in the package of the target, in helpers.py or by family in helpers/.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from inspect import getsource
from pathlib import Path
from symtable import symtable
from textwrap import dedent
from typing import Any

from proto2net.backends.tree import Expression
from proto2net.errors import Proto2NetError

FAMILIES = (
    *("common", "vision", "pooling", "resize", "activation", "normalize", "axes", "combine"),
    *("dense", "recurrent", "loss", "data", "fillers", "crf", "mnc", "ssd", "detection", "roi"),
    *("rcnn", "mscnn", "yolo", "faces", "flow", "sampling", "space", "ristretto"),
    "solvers",
)
"""The files that helpers can stand in, in the order in which an emitted file has them."""


class Helpers(Mapping[str, str]):
    """The source of each helper by its name, in the order in which files have them."""

    def __init__(self, target: str, package: str) -> None:
        self._target = target
        self._sources: dict[str, str] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._added: set[str] = set()
        for file in _files(package):
            self._sources |= _definitions(file.read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> str:
        return self._sources[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def add(self, helper: Callable[..., Any]) -> None:
        """Have the source of a function or class, which must not have another's name."""
        name, source = helper.__name__, dedent(getsource(helper)).rstrip()
        if self.get(name, source) != source:
            raise Proto2NetError(
                f"{self._target} has a helper {name} already, which is another than that of "
                f"{helper.__module__}",
                "give yours another name",
            )
        self._sources[name] = source
        self._added.add(name)

    def used(self, names: Iterable[str]) -> list[str]:
        """The helpers among these names, and those that they use, in order."""
        used: set[str] = set()
        waiting = [name for name in names if name in self]
        while waiting:
            name = waiting.pop()
            if name not in used:
                used.add(name)
                waiting += self.names(name) & self.keys()
        return [name for name in self if name in used]

    def pruned(
        self,
        names: Iterable[str],
        expressions: Iterable[Expression],
        unpacked: Mapping[Expression, Collection[str]],
    ) -> dict[str, str]:
        """The sources of the helpers that are used, without what a file does not reach.

        `unpacked` are the names that `**` takes out of what stands behind it.
        """
        sources = {name: self[name] for name in self.used(names)}
        if not sources:
            return {}
        from proto2net.backends.pruning import pruned, uses_in  # which many files do not need

        return pruned(sources, uses_in(expressions, sources, unpacked), self._added)

    def names(self, name: str) -> frozenset[str]:
        """The names that a helper uses."""
        if name not in self._names:
            self._names[name] = names_used(self[name])
        return self._names[name]


@lru_cache(maxsize=2**12)
def names_used(source: str) -> frozenset[str]:
    """Every bare name that a source reads, but for what a function has as its own variable."""
    tables = [symtable(source, "<helper>", "exec")]  # far quicker than a walk over the ast
    for table in tables:
        tables += table.get_children()
    symbols = [symbol for table in tables for symbol in table.get_symbols()]
    return frozenset(
        symbol.get_name() for symbol in symbols if symbol.is_referenced() and symbol.is_global()
    )


def _files(package: str) -> Sequence[Path]:
    """The files of a target's helpers, in the order in which they are pasted."""
    home = Path(sys.modules[package].__path__[0])
    folder = home / "helpers"
    if not folder.is_dir():
        return [home / "helpers.py"]
    found = (folder / f"{name}.py" for name in FAMILIES)
    return [file for file in found if file.is_file()]


_DEFINITION = re.compile(r"^(?:@.*\n)*(?:def|class) (\w+).*\n(?:(?:[ )].*)?\n)*", re.MULTILINE)


def _definitions(source: str) -> dict[str, str]:
    """The source of each function and class of a file by its name; far quicker than the ast."""
    return {found[1]: found[0].rstrip() for found in _DEFINITION.finditer(source)}
