"""The arrays of a file of weights that a network has no place for, without their values."""

from __future__ import annotations

from proto2net.errors import Issue
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.model import StoredLayer
from proto2net.shape import dims


@dataclass(frozen=True)
class Misfit:
    """A layer whose arrays do not fit, or whose name one side alone has."""

    name: str
    arrays: tuple[str, ...]
    """The shape and the type of each array that the file has for it."""
    issue: Issue | None
    """What is wrong; None: the network has no layer of this name."""


def misfits(graph: Graph, path: str) -> tuple[Misfit, ...]:
    """The layers of a file of weights that do not fit the network, and those that it lacks."""
    from proto2net.weights.matching import fit
    from proto2net.weights.reading import read

    weights = read(path)
    found = fit(graph, weights)
    stored = {layer.name: layer for layer in weights.layers}
    wrong = {_name(issue): issue for issue in found.issues}
    return tuple(
        Misfit(name, _arrays(stored.get(name)), wrong.get(name))
        for name in dict.fromkeys((*wrong, *found.unused))
    )


def _name(issue: Issue) -> str:
    """The layer that an issue is about, as in: layer "conv1" (Convolution)."""
    return issue.layer.partition('"')[2].rpartition('"')[0]


def _arrays(layer: StoredLayer | None) -> tuple[str, ...]:
    return tuple(
        f"{dims(each.array.shape)} {each.array.dtype}" if each else "nothing"
        for each in (layer.arrays if layer else ())
    )
