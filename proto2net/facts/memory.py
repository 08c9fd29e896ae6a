"""How much memory a network takes: what its blobs hold, and what a training holds beside.

All is counted as float32 at the declared batch. What libraries take for their own work, such as
the columns of a convolution or cuDNN's workspace, is not known from a definition, and not counted.
"""

from __future__ import annotations

from proto2net.errors import Proto2NetError, closest
from proto2net.graph import Blob, Graph
from proto2net.shape import count

FLOAT = 4
"""The bytes of a number."""

HISTORY = {
    "SGD": 1,
    "Nesterov": 1,
    "AdaGrad": 1,
    "RMSProp": 1,
    "AdaDelta": 2,
    "Adam": 2,
}
"""How many numbers each of Caffe's solvers remembers for one that is learned (sgd_solvers.hpp)."""


def made(graph: Graph) -> list[int]:
    """The bytes that each layer adds: its tops, without those that are a bottom's memory."""
    holder, found = graph.memory.holder, []
    known: set[Blob] = set()
    for node in graph.nodes:
        new = set(map(holder, node.tops)) - known
        known |= new
        found.append(sum(map(_bytes, new)))
    return found


def activations(graph: Graph) -> int:
    """The bytes of all blobs at once, which Caffe holds from the start.

    What runs in place, or gives its bottom another shape, takes nothing of its own. (What Caffe's
    log calls "Memory required for data" counts these again, and the copies of its Split layers.)
    """
    return sum(made(graph))


def peak(graph: Graph) -> int:
    """The most bytes at once if each blob is made when its layer runs and freed after its readers.

    A layer has its bottoms and its tops at once. The inputs are there from the start, and the
    outputs stay to the end.
    """
    holder = graph.memory.holder
    begin: dict[Blob, int] = {}
    end: dict[Blob, int] = {}
    for index, node in enumerate(graph.nodes):
        for top in node.tops:
            begin.setdefault(holder(top), 0 if top in graph.input_set else index)
        for blob in (*node.bottoms, *node.tops):
            end[holder(blob)] = index
    end |= {holder(blob): len(graph.nodes) for blob in graph.outputs}
    changes = [0] * (len(graph.nodes) + 2)
    for blob, first in begin.items():
        changes[first] += _bytes(blob)
        changes[end[blob] + 1] -= _bytes(blob)
    now = most = 0
    for change in changes:
        now += change
        most = max(most, now)
    return most


def training(graph: Graph, solver: str = "SGD") -> int:
    """The bytes that a training holds, for one of Caffe's solvers.

    These are what is learned, its gradient, what the solver remembers of it (one number for each
    with SGD, two with Adam), and all blobs with their gradients. It is what this graph takes: that
    of the test phase lacks what only the train phase has, and often has another batch.
    """
    if solver not in HISTORY:
        raise Proto2NetError(f'no solver "{solver}"', closest(solver, HISTORY))
    return trained(graph.parameters, activations(graph), solver)


def trained(parameters: int, held: int, solver: str) -> int:
    """The same of so many parameters, and so many bytes of blobs."""
    return (2 + HISTORY[solver]) * FLOAT * parameters + 2 * held


def _bytes(blob: Blob) -> int:
    return FLOAT * count(blob.shape)
