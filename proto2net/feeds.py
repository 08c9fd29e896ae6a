"""The arrays that a network is fed with, one for each input; and which inputs are labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proto2net.errors import Issue, Proto2NetError, ShapeError
from proto2net.graph import Blob, Graph, Node
from proto2net.shape import dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def feeds_of(graph: Graph, feeds: Mapping[str, Any]) -> dict[str, Ndarray]:
    """The value of each input; others are passed over. Raises ShapeError for all that is wrong."""
    if not isinstance(feeds, Mapping):
        what = f"the inputs are given as {type(feeds).__name__}"
        raise ShapeError(what, 'give each by its name, as in {"data": images}')
    values = {}
    issues: list[Issue] = []
    for blob in graph.inputs:
        try:
            values[blob.name] = _value(blob, feeds)
        except Proto2NetError as error:
            issues += error.issues
    if issues:
        raise ShapeError(issues)
    return values


def _value(blob: Blob, feeds: Mapping[str, Any]) -> Ndarray:
    import numpy as np

    if blob.name not in feeds:
        what = f'nothing is given for the input "{blob.name}" ({dims(blob.shape)})'
        raise ShapeError(what, f"given are {', '.join(map(str, feeds))}" if feeds else "")
    try:
        value = np.asarray(feeds[blob.name])
    except (TypeError, ValueError, RuntimeError) as error:  # such as of a tensor on a GPU
        raise ShapeError(f'the input "{blob.name}" is no array: {error}') from None
    if value.dtype.kind not in "fiub":
        raise ShapeError(f'the input "{blob.name}" is of {value.dtype}', "it must be of numbers")
    if value.ndim != len(blob.shape):
        raise ShapeError(*_unlike(blob, value))
    return value.astype(np.float32, copy=False)


def unlike_declared(graph: Graph, values: Mapping[str, Ndarray]) -> list[Issue]:
    """The messages about inputs of other shapes than the declared, where a network fails."""
    return [
        Issue(*_unlike(blob, values[blob.name]))
        for blob in graph.inputs
        if values[blob.name].shape[1:] != blob.shape[1:]
    ]


def _unlike(blob: Blob, value: Ndarray) -> tuple[str, str]:
    """A sentence on a shape that is not the declared one, and a hint."""
    found, declared = value.shape, blob.shape
    what = f'the input "{blob.name}" is {dims(found)}; the network is for {dims(declared)}'
    if len(declared) != 4:
        return what, ""
    if (*found[-1:], *found[1:-1]) == declared[1:]:
        return what, "this is (N, H, W, C): .transpose(0, 3, 1, 2) puts it in Caffe's order"
    return what, "images are (N, C, H, W), where N is 1 for one alone"


def label_blobs(graph: Graph) -> set[Blob]:
    """The blobs that feed nothing but labels, directly or through layers that pass them on."""
    labels: set[Blob] = set()
    for node in reversed(graph.nodes):  # so that what reads a blob is known before the blob
        for top in node.tops:
            readers = graph.consumers.get(top, ())
            if readers and all(_reads_label(reader, top, labels) for reader in readers):
                labels.add(top)
    return labels


def _reads_label(node: Node[Any], blob: Blob, labels: set[Blob]) -> bool:
    uses = [index for index, bottom in enumerate(node.bottoms) if bottom == blob]
    return all(use in node.layer.labels for use in uses) or labels.issuperset(node.tops)
