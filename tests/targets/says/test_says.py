"""What every target prints of every layer type: the tables beside this file, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest
from says import TARGETS, Row

from proto2net import backends
from proto2net.backends.base import Chain
from proto2net.layers import LAYERS, PYTHON_LAYERS
from proto2net.lowering.rules import LOWERINGS

FILES = sorted({*Path(__file__).parent.glob("*.py")} - {Path(__file__)})
TABLES: dict[str, list[Row]] = {path.stem: run_path(str(path))["ROWS"] for path in FILES}
ROWS = [pytest.param(row, id=f"{family}: {row}") for family in TABLES for row in TABLES[family]]


@pytest.mark.parametrize("row", ROWS)
def test_every_target_prints_a_layer_so(row: Row) -> None:
    assert row.printed() == row.said


def shown(family: str) -> Iterator[Chain]:
    """The layer types of a table, and those that follow each other."""
    for row in TABLES[family]:
        types = tuple(type(node.layer) for node in row.graph.nodes)
        for start in range(len(types)):
            yield from (types[start:end] for end in range(start + 1, len(types) + 1))


def named(chains: set[Chain]) -> list[str]:
    return sorted(" > ".join(layer.__name__ for layer in chain) for chain in chains)


@pytest.mark.parametrize("target", TARGETS)
def test_every_type_and_chain_that_a_target_renders_has_a_row(target: str) -> None:
    backend = backends.get(target)
    for layer in [*LAYERS.values(), *PYTHON_LAYERS.values()]:
        backend.meet(layer)
    own = {chain for chain, r in backend.renderers.items() if r.__module__.startswith("proto2net.")}
    assert named(own - {chain for family in TABLES for chain in shown(family)}) == []


def test_every_type_that_is_lowered_has_a_row() -> None:
    rows = {chain for family in TABLES for chain in shown(family)}
    assert named({(layer,) for layer in LOWERINGS} - rows) == []


@pytest.mark.parametrize("family", TABLES)
def test_a_row_stands_in_the_table_of_its_first_layers_family(family: str) -> None:
    home = f"proto2net.layers.{family}"
    firsts = {str(row): row.graph.nodes[len(row.graph.inputs)].layer for row in TABLES[family]}
    assert [row for row, layer in firsts.items() if type(layer).__module__ != home] == []
