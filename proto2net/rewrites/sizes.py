"""Inputs that may have any size: an example at which the network is the one of other sizes too."""

from __future__ import annotations

from dataclasses import replace

from proto2net import sizes
from proto2net.errors import Issue, ShapeError
from proto2net.graph import Graph
from proto2net.shape import dims


def any_size(graph: Graph) -> tuple[Graph, list[str]]:
    """The graph at such an example, and a sentence about sizes that it does not take.

    Raises ShapeError for layers that need one size: what they have learned is for that.
    """
    found = _example(graph)
    refused: ShapeError | None = None
    for other in sizes.others(found):
        if isinstance(other, ShapeError):
            refused = refused or other
        else:
            _check_learned(found, other)
    if refused is None:
        return found, []
    issue = refused.issues[0]
    return found, [f"not every size fits: {issue.where}: {issue.layer}: {issue.message}"]


def _example(graph: Graph) -> Graph:
    """The smallest example at which no layer meets an edge, or the largest that there is."""
    largest: Graph | ShapeError | None = None
    for scale in sizes.SCALES:
        try:
            found = sizes.first(graph, scale)
            if sizes.is_inside(found):
                return found
            largest = found
        except ShapeError as error:
            largest = largest or error
    assert largest  # noqa: S101  # there are scales
    if isinstance(largest, Graph):
        return largest
    raise ShapeError(
        replace(issue, message=f"fits no other size: {issue.message}", hint=sizes.HINT)
        for issue in largest.issues
    )


def _check_learned(graph: Graph, other: Graph) -> None:
    """Refuse layers whose learned blobs have another shape in another example."""
    issues = [
        Issue(
            f"needs one size: its {name} is {dims(blob.shape)} for {graph.example}, "
            f"but {dims(resized.blobs[name].shape)} for {other.example}",
            sizes.HINT,
            node.where,
            str(node),
        )
        for node, resized in zip(graph.nodes, other.nodes, strict=True)
        for name, blob in node.blobs.items()
        if blob.shape != resized.blobs[name].shape
    ]
    if issues:
        raise ShapeError(issues)
