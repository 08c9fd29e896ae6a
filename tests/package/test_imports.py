"""Who imports whom: the order of the rooms, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from places import ROOT

ORDER = [
    "frozen limits version",
    "errors",
    "arrays mistaken notes output page plain shape sheets text",
    "layers layout memory solver unread usage",
    "graph",
    "batch feeds images lowering model outline results sizes wiring",
    "facts",
    "caffe rewrites builder backends",
    "data parsing preparing weights",
    "api",
    "child stopwatch",
    "cv differ handwritten inspection picture prediction recognition survey timing training verify",
    "auditing",
    "reporting",
    "proto2net",
    "cli",
    "__main__",
]
"""The rooms of the package, lowest first. A room imports from lines above its own.

"proto2net" is proto2net/__init__.py, the public names.
"""

BESIDE = {
    ("proto2net.backends.network", "proto2net.builder"): "prints what the builder makes again",
    ("proto2net.backends.prototxt", "proto2net.caffe.exporter"): "prints what Caffe reads",
    ("proto2net.stopwatch", "proto2net.child"): "is the child process of one target",
}
"""What imports from a room in its own line: the module or folder, what it takes, and why."""

UPWARDS = {
    ("proto2net.builder.chain", "proto2net.api"): "Network.to makes a live network",
    ("proto2net.builder.chain", "proto2net.weights"): "Network.load reads weights",
    ("proto2net.builder.live", "proto2net.backends"): "a network of tensors runs at once",
    ("proto2net.builder.values", "proto2net.caffe.fields"): "the schema bounds each parameter",
}
"""What functions import from their own line or above, when they are called: for users' sake."""

PROTOBUF = ("proto2net.caffe.", "proto2net.backends.onnx.")
"""Where google.protobuf is known: Caffe's files are made of it, and those of ONNX."""


class Import(NamedTuple):
    """One module imports another: as it is imported itself, or as a function of it is called."""

    importer: str
    imported: str
    at_once: bool


@cache
def modules() -> dict[str, Path]:
    """The files of the package by module name."""
    found = {}
    for path in sorted((ROOT / "proto2net").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> list[Import]:
    """Every import of the package, but for those that only types need."""
    return [
        found
        for name, path in modules().items()
        for found in _imports(name, ast.parse(path.read_text(encoding="utf-8")), at_once=True)
    ]


def _imports(name: str, tree: ast.AST, *, at_once: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import):
            yield from (Import(name, alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, f"{name}: imports are written in full"
            for alias in child.names:
                module = f"{child.module}.{alias.name}"
                found = module if module in modules() else str(child.module)
                yield Import(name, found, at_once)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(name, child, at_once=False)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        else:
            yield from _imports(name, child, at_once=at_once)


def room(module: str) -> str:
    """The part of the package that a module belongs to."""
    return module.split(".")[1] if "." in module else module


def line(module: str) -> int:
    """How high the room of a module stands."""
    return next(i for i, names in enumerate(ORDER) if room(module) in names.split())


def is_in(module: str, folder: str) -> bool:
    return module == folder or module.startswith(f"{folder}.")


def excuses(found: Import, known: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """The exceptions that allow an import."""
    return [
        (importer, imported)
        for importer, imported in known
        if is_in(found.importer, importer) and is_in(found.imported, imported)
    ]


def against_the_order(*, at_once: bool) -> list[Import]:
    """Imports of a room that stands in the same line or above."""
    return [
        found
        for found in imports()
        if found.imported in modules()
        and found.at_once == at_once
        and room(found.importer) != room(found.imported)
        and line(found.importer) <= line(found.imported)
    ]


def test_every_room_has_its_place_in_the_order() -> None:
    places = [name for names in ORDER for name in names.split()]
    assert sorted(places) == sorted({room(name) for name in modules()})


def test_the_architecture_draws_this_order() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = text.split("```\n")[1].splitlines()
    assert [row.split("  ")[0] for row in drawn] == ORDER[::-1]


def test_no_modules_import_each_other_in_a_circle() -> None:
    ahead: dict[str, set[str]] = {name: set() for name in modules()}
    for found in imports():
        if found.at_once and found.imported in ahead:
            ahead[found.importer].add(found.imported)
    while free := [name for name, others in ahead.items() if not others & ahead.keys()]:
        for name in free:
            del ahead[name]
    assert ahead == {}  # what is left stands in a circle, or needs one


def test_rooms_import_from_those_below() -> None:
    wrong = against_the_order(at_once=True)
    assert [found for found in wrong if not excuses(found, BESIDE)] == []
    assert {excuse for found in wrong for excuse in excuses(found, BESIDE)} == set(BESIDE)


def test_functions_import_from_above_only_where_it_is_said_why() -> None:
    wrong = [found for found in against_the_order(at_once=False) if not excuses(found, BESIDE)]
    assert [found for found in wrong if not excuses(found, UPWARDS)] == []
    assert {excuse for found in wrong for excuse in excuses(found, UPWARDS)} == set(UPWARDS)


def test_only_the_folders_of_caffe_and_of_onnx_know_protobuf() -> None:
    knows = {found.importer for found in imports() if is_in(found.imported, "google")}
    assert knows
    assert [name for name in knows if not name.startswith(PROTOBUF)] == []
