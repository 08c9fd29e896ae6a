"""Matches arrays in Caffe's layout with a graph's learned blobs, as Net::CopyTrainedLayersFrom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.errors import Issue, WeightError
from proto2net.graph import Graph, Node
from proto2net.shape import dims

if TYPE_CHECKING:
    import numpy as np

    Ndarray = np.ndarray[Any, np.dtype[Any]]

Weights = Mapping[str, Sequence[Any]]
"""Arrays in Caffe's layout and order by layer name."""


def match(graph: Graph, weights: Weights) -> dict[tuple[Node[Any], str], Ndarray]:
    """The array of each learned blob. Raises one WeightError with every layer that does not fit.

    Layers that the graph lacks are ignored, as Caffe does; of layers of one name the first is
    meant, as Caffe does too.
    """
    import numpy as np

    values: dict[tuple[Node[Any], str], Ndarray] = {}
    issues: list[Issue] = []
    seen: set[str] = set()
    for node in graph.nodes:
        if not node.blobs or node.name in seen:
            continue
        seen.add(node.name)
        arrays = weights.get(node.name)
        found = None if arrays is None else [np.asarray(array) for array in arrays]
        problem = _problem(node, found)
        if problem:
            issues.append(Issue(problem, where=node.where, layer=str(node)))
        elif found is not None:
            values.update(((node, blob), a) for blob, a in zip(node.blobs, found, strict=True))
    if issues:
        raise WeightError(issues)
    return values


def _problem(node: Node[Any], arrays: Sequence[Ndarray] | None) -> str:
    """Why these arrays are not the layer's, or an empty string."""
    shapes = [learned.shape for learned in node.blobs.values()]
    needed = ", ".join(map(dims, shapes))
    if arrays is None:
        return f"the weights lack it; it needs {needed}"
    if [array.shape for array in arrays] != shapes:
        found = ", ".join(dims(array.shape) for array in arrays)
        return f"needs {needed}, but the weights hold {found}"
    return ""
