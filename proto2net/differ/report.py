"""The difference of two networks, whole: what is asked of it, and its JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from proto2net.differ.arrays import ArrayDifference
from proto2net.differ.comparing import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    SAME,
    Pairing,
    learned,
)
from proto2net.differ.items import Item
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph
from proto2net.outline import Region, outline

FORMAT = 1
"""The version of the JSON, which grows when a key changes what it means."""

OUTLINED = 4000
"""Layers up to which blocks are looked for, which takes a second then."""


@dataclass(frozen=True, eq=False)
class Difference:
    """What two networks do not have in common.

    `equal` says whether that is anything; `str` tells it to people, `json` to programs, and `html`
    is a page that has both side by side.
    """

    names: tuple[str, str]
    """What the two are called: their files."""
    graphs: tuple[Graph, Graph] | None = None
    """None: only weights are known."""
    layers: tuple[Pairing, ...] = ()
    """All layers and inputs in order, those too that are the same."""
    arrays: tuple[ArrayDifference, ...] | None = None
    """The learned arrays in order; None: no weights were compared."""
    ignored: tuple[str, ...] = ()
    """What differences were not to be about."""

    @cached_property
    def equal(self) -> bool:
        """Whether there is no difference."""
        same = all(each.state == SAME and not each.reshaped for each in self.layers)
        return same and all(each.equal for each in self.arrays or ())

    @cached_property
    def items(self) -> tuple[list[Item], list[Item]]:
        """The layers and inputs of each network by their index."""
        left = sorted((each.a for each in self.layers if each.a), key=lambda item: item.index)
        right = sorted((each.b for each in self.layers if each.b), key=lambda item: item.index)
        return left, right

    @cached_property
    def regions(self) -> tuple[list[Region], list[Region]]:
        """The blocks of each network; of a very long one none are looked for."""
        first, second = (
            [*outline(graph).regions] if len(graph.nodes) <= OUTLINED else []
            for graph in self.graphs or ()
        )
        return first, second

    def of_state(self, state: str) -> list[Pairing]:
        """The layers that are "same", "added", "removed", "renamed" or "changed"."""
        return [each for each in self.layers if each.state == state]

    def __str__(self) -> str:
        return self.text()

    def text(self, *, whole: bool = False) -> str:
        """The difference as people write it; a whole one cuts no list short."""
        from proto2net.differ.wording import text

        return text(self, whole=whole)

    def html(self) -> str:
        """A page that shows both networks side by side."""
        from proto2net.differ.pages import html

        return html(self)

    def json(self) -> dict[str, Any]:
        """The difference as JSON has it; docs/diff.md tells what each key means."""
        found: dict[str, Any] = {"format": FORMAT, "equal": self.equal}
        found["ignored"] = list(self.ignored)
        if self.graphs:
            for key, name, graph in zip("ab", self.names, self.graphs, strict=True):
                found[key] = _network(name, graph)
            states = (SAME, CHANGED, RENAMED, ADDED, REMOVED)
            found["counts"] = {state: len(self.of_state(state)) for state in states}
            found["counts"]["reshaped"] = sum(bool(each.follows) for each in self.layers)
            told = [each for each in self.layers if each.state != SAME or each.reshaped]
            found["layers"] = [_layer(each, *self.graphs) for each in told]
        else:
            found |= {key: {"file": name} for key, name in zip("ab", self.names, strict=True)}
        if self.arrays is not None:
            found["weights"] = [_plain(dataclasses.asdict(each)) for each in self.arrays]
        return found


def _network(name: str, graph: Graph) -> dict[str, Any]:
    return {
        "file": name,
        "name": graph.name,
        "phase": graph.phase.lower(),
        "layers": len(graph.nodes),
        "parameters": graph.parameters,
        "multiply_adds": graph.per_image(graph.macs),
        "inputs": _blobs(graph, graph.inputs),
        "outputs": _blobs(graph, graph.outputs),
    }


def _layer(pairing: Pairing, a: Graph, b: Graph) -> dict[str, Any]:
    return {
        "state": pairing.state,
        "a": _item(pairing.a, a),
        "b": _item(pairing.b, b),
        "renamed": pairing.renamed,
        "changes": [
            {"field": x.field, "a": _plain(x.a), "b": _plain(x.b), "about": x.about}
            for x in pairing.changes
        ],
        "reshaped": pairing.reshaped,
        "because_of": pairing.follows or None,
    }


def _item(item: Item | None, graph: Graph) -> dict[str, Any] | None:
    if item is None:
        return None
    where = item.node.where
    return {
        "name": item.name,
        "type": item.type,
        "file": where.file if where else None,
        "line": where.line or None if where else None,
        "bottoms": [blob.name for blob in item.node.bottoms],
        "tops": _blobs(graph, item.tops),
        "learned": {name: list(shape) for name, shape in learned(item).items()},
    }


def _blobs(graph: Graph, blobs: Sequence[Blob]) -> list[dict[str, Any]]:
    """Blobs with their shapes, of which None is a size that may be any."""
    return [{"name": blob.name, "shape": list(graph.open_shape(blob))} for blob in blobs]


def _plain(value: Any) -> Any:
    """A value as JSON can have it: what is no finite number is a text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
