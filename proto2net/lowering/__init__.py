"""Layer types in terms of others of Caffe: a target renders so what it does not render itself.

A rule (rules.py) gives the parts that compute what a layer does, one after the other. A target
that renders a type itself, since that prints more nicely there, never asks for its rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import count as numbers
from typing import Any

from proto2net.errors import Issue, Proto2NetError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.base import Layer


@dataclass(frozen=True)
class Part:
    """A layer that computes a part of another, and what it reads: None is the part before."""

    layer: Layer
    bottoms: Sequence[Blob | None] = (None,)


Rule = Callable[[Node[Any]], "Sequence[Part] | Layer"]


@dataclass(frozen=True)
class Lowering:
    """The rule of a layer type, and the types that it gives."""

    rule: Rule
    types: tuple[type[Layer], ...]


@dataclass(frozen=True)
class Lowered:
    """A graph of what a target renders, and which node each new one is a part of."""

    graph: Graph
    origins: Mapping[Node[Any], Node[Any]] = field(default_factory=dict)

    def origin(self, node: Node[Any]) -> Node[Any]:
        """The node of the definition."""
        return self.origins.get(node, node)


def _lowering(layer: type[Layer]) -> Lowering | None:
    from proto2net.lowering.rules import LOWERINGS  # which most networks need not import

    return LOWERINGS.get(layer)


def can_be(layer: type[Layer], renders: Callable[[type[Layer]], bool]) -> bool:
    """Whether a target that renders these types renders the layer type, or what it is made of."""
    if renders(layer) or layer.may_be_other:
        return renders(layer)
    found = _lowering(layer)
    return found is not None and all(can_be(each, renders) for each in found.types)


def lowered(graph: Graph, renders: Callable[[type[Layer]], bool]) -> Lowered:
    """The graph with layers that the target does not render as others that it does."""
    kinds = {type(node.layer) for node in graph.nodes}
    if all(_stays(kind, renders) or not _lowering(kind) for kind in kinds):
        return Lowered(graph)
    fresh = numbers(1)
    pairs: list[tuple[Node[Any], Node[Any]]] = []
    issues: list[Issue] = []
    for node in graph.nodes:
        try:
            pairs += [(part, node) for part in _parts(node, renders, fresh)]
        except Proto2NetError as error:
            issues += error.at(node.where, str(node))
    if issues:
        raise UnsupportedError(issues)
    found = graph.rebuilt(part for part, _ in pairs)
    origins = (node for _, node in pairs)
    return Lowered(found, dict(zip(found.nodes, origins, strict=True)))


def _stays(layer: type[Layer], renders: Callable[[type[Layer]], bool]) -> bool:
    """Whether a target renders all layers of this type, so that no rule is asked for."""
    return renders(layer) and not layer.may_be_other


def _parts(
    node: Node[Any], renders: Callable[[type[Layer]], bool], fresh: Iterator[int]
) -> Iterator[Node[Any]]:
    """The nodes in the place of one; what lies between them is told apart by `fresh` numbers."""
    kind = type(node.layer)
    found = None if _stays(kind, renders) else _lowering(kind)
    parts = found.rule(node) if found else node.layer
    if parts is node.layer:
        yield node
        return
    if isinstance(parts, Layer):
        yield from _parts(dataclasses.replace(node, layer=parts), renders, fresh)
        return
    before: Blob | None = None
    name = _name_between(node)
    flows = dict(zip(node.bottoms, node.propagate_down, strict=False))
    for index, part in enumerate(parts, start=1):
        last = index == len(parts)
        bottoms = tuple(bottom or before or node.bottoms[0] for bottom in part.bottoms)
        (shape,) = part.layer.infer(tuple(blob.shape for blob in bottoms), 1)
        before = Blob(name, shape, -next(fresh))
        made = dataclasses.replace(
            node,
            layer=part.layer,
            bottoms=bottoms,
            tops=node.tops if last else (before,),
            params=(),
            loss_weight=node.loss_weight if last else (),
            propagate_down=tuple(flows.get(bottom, True) for bottom in bottoms) if flows else (),
        )
        yield from _parts(made, renders, fresh)


def _name_between(node: Node[Any]) -> str:
    """What values between parts are called: as the top, unless the bottom is, which stays."""
    top = node.tops[0].name
    return f"{top}/{node.layer.type}" if node.in_place else top
