"""Units: a few layers in a row that occur again and again, such as a convolution with its ReLU.

They are smaller than blocks, and stand within these and between them. What would be one function
that a person writes once begins with a layer that has weights, and has one product at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from proto2net.graph import Graph, Node
from proto2net.layers.dense import InnerProduct
from proto2net.layers.normalize import BatchNorm, Scale
from proto2net.layers.vision import ConvolutionParameter
from proto2net.outline.signatures import apart

Unit = tuple[Node[Any], ...]
"""Layers in a row, each of which reads what the one before it makes, and nobody else does."""

LEAST = 3
"""How often a unit must occur."""

LONGEST = 5
"""How many layers a unit has at most."""


def units(graph: Graph) -> list[list[Unit]]:
    """The units of a graph, those of the same layer types together; of what most would save first.

    Those come first that begin with a product. They overlap: the types of one may begin another.
    """
    found: dict[tuple[str, ...], list[Unit]] = {}
    for row in _rows(graph):
        for start, first in enumerate(row):
            if not first.blobs or (start and _torn(row[start - 1], first)):
                continue
            for length in range(2, min(LONGEST, len(row) - start) + 1):
                unit = tuple(row[start : start + length])
                if sum(map(is_product, unit)) > 1:
                    break
                if not _torn(*row[start + length - 1 : start + length + 1]):
                    found.setdefault(tuple(node.layer.type for node in unit), []).append(unit)
    alike = [each for each in map(_apart, found.values()) if len(each) >= LEAST]
    return sorted(alike, key=lambda u: (not is_product(u[0][0]), -len(u) * (len(u[0]) - 1)))


_SAID = {"Convolution": "Conv", "Deconvolution": "Deconv", "InnerProduct": "FC", "BatchNorm": "BN"}
"""What types of a long name are called in the title of a unit."""


def words(unit: Unit) -> list[str]:
    """What a unit is called, in words: Conv, BN, ReLU. The Scale of a BatchNorm goes without."""
    types = [node.layer.type for node in unit]
    return [
        _SAID.get(each, each)
        for before, each in zip(["", *types], types, strict=False)
        if (before, each) != ("BatchNorm", "Scale")
    ]


def _rows(graph: Graph) -> Iterator[Sequence[Node[Any]]]:
    """The layers of a graph in order, cut where one reads not just what that before it makes."""
    row: list[Node[Any]] = []
    for node in graph.nodes:
        if row and not _follows(graph, node, row[-1]):
            yield row
            row = []
        if apart(graph, node) or len(node.bottoms) != 1:
            if row:
                yield row
            row = []
        else:
            row.append(node)
    yield row


def _follows(graph: Graph, node: Node[Any], before: Node[Any]) -> bool:
    alone = len(before.tops) == 1 and before.tops[0] not in graph.output_set
    readers = graph.consumers.get(before.tops[0], ()) if alone else ()
    return alone and node.bottoms == before.tops and list(readers) == [node]


def is_product(node: Node[Any]) -> bool:
    """Whether a layer is a convolution or another product, of which a unit has one at most."""
    return isinstance(node.layer, ConvolutionParameter | InnerProduct)


def _torn(before: Node[Any], *after: Node[Any]) -> bool:
    """Whether a cut between two layers is one between a BatchNorm and its Scale."""
    kinds = [type(node.layer) for node in after]
    return isinstance(before.layer, BatchNorm) and kinds == [Scale]


def _apart(found: Sequence[Unit]) -> list[Unit]:
    """The units, from the first on, that overlap none before."""
    kept: list[Unit] = []
    for unit in found:
        if not kept or not set(unit) & set(kept[-1]):
            kept.append(unit)
    return kept
