"""What is in a network: its layers and sums, and what its learned arrays hold."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from proto2net import api
from proto2net.errors import Issue, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.inspection import forms
from proto2net.inspection.arrays import ArrayFacts, of_model, of_weights

_LOG = logging.getLogger("proto2net")

__all__ = ["ArrayFacts", "Inspection", "inspect"]


@dataclass(frozen=True)
class Inspection:
    """What `inspect` found."""

    graph: Graph | None
    """None: the file is one of weights, and has no definition that can be read."""
    arrays: tuple[ArrayFacts, ...] | None = None
    """What is learned, array by array; None: it was not asked for."""
    why: tuple[Issue, ...] = ()
    """Why there is no graph."""

    def json(self) -> str:
        """All that is known, for programs; docs/inspect.md has the keys."""
        return forms.json_of(self.graph, self.arrays)

    def csv(self) -> str:
        """A line a layer, or a line an array where arrays were asked for."""
        return forms.csv_of(self.graph, self.arrays)

    def text(self, *, flat: bool = False, wide: bool = False) -> str:
        """The table, for people; `flat` without blocks, `wide` with receptive fields and memory."""
        parts = []
        if self.graph:
            parts.append(forms.table_of(self.graph, flat=flat, wide=wide))
        if self.arrays is not None:
            parts.append(forms.arrays_table(self.arrays))
        return "\n\n".join(parts)

    def __str__(self) -> str:
        return self.text()


def inspect(
    net: api.Net,
    weights: str | Path | None = None,
    **options: Any,
) -> Inspection:
    """What is in a network, and with `weights` what is in each of its arrays.

    `net` may be a file of weights alone. If it carries a definition, that is told, as `parse` reads
    it; else its layers and arrays, in the layout of the file. The options are those of `parse`.
    """
    from proto2net.weights import reading

    stored = _only_weights(net)
    if weights is None and stored:
        if not reading.is_caffemodel(stored):
            return Inspection(None, of_weights(reading.read(stored)))
        try:
            return Inspection(carried(stored, options))
        except Proto2NetError as error:
            return Inspection(None, of_weights(reading.read(stored)), error.issues)
    if stored and reading.is_caffemodel(stored):
        graph = carried(stored, options)
    else:
        graph = api.parse(net, **options)
    if weights is None:
        return Inspection(graph)
    return Inspection(graph, of_model(api.model(graph, weights, allow_missing=True)))


def carried(path: str, options: dict[str, Any]) -> Graph:
    """The graph of the definition that a .caffemodel carries, of images that its arrays fit."""
    from proto2net.weights import reading, sizes

    if options.get("inputs"):
        return api.parse(Path(path), **options)
    weights = reading.read(path)
    graph, told = sizes.graph_of(
        lambda x: api.parse(Path(path), **{**options, "inputs": x}), weights
    )
    if told:
        _LOG.info(told)
    return graph


def _only_weights(net: api.Net) -> str | None:
    """The path, if it is that of a file of weights."""
    from proto2net.weights.reading import format_at

    return None if isinstance(net, Graph) or not format_at(net) else str(net)
