"""What targets make of a network: whether they can say it, and how far they are from NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.batch import with_batch
from proto2net.errors import Issue, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.layers.holes import Hole
from proto2net.layers.origins import FORKS
from proto2net.model import Arrays, Weights
from proto2net.notes import quiet
from proto2net.verify import Comparison, compare

FRAMEWORKS = {"torch": "torch", "tf": "tensorflow"}
"""The targets that are compared if none is named, the first that is installed; and its module."""


@dataclass(frozen=True)
class Exported:
    """Whether a target can say a network."""

    target: str
    issues: tuple[Issue, ...] = ()
    """Why not."""


@dataclass(frozen=True)
class Verified:
    """How far targets are from NumPy."""

    comparison: Comparison | None = None
    why: str = ""
    """Why nothing was compared."""
    batch: int = 0
    """On how many images it was."""


def exported(graph: Graph) -> Iterator[Exported]:
    """For each target whether it can say the network."""
    return (exported_to(name, graph) for name in backends.names())


def exported_to(target: str, graph: Graph) -> Exported:
    """Whether this target can say the network."""
    try:
        backends.get(target).emit(graph)
    except Proto2NetError as error:
        return Exported(target, error.issues)
    return Exported(target)


def verified(
    graph: Graph, weights: str | Path | Weights | Arrays | None, to: Sequence[str] | None
) -> Verified:
    """How far targets are from NumPy, on one image where the network takes one alone."""
    if to is None:
        to = [target for target, module in FRAMEWORKS.items() if find_spec(module)][:1]
        if not to:
            return Verified(why="neither PyTorch nor TensorFlow is installed")
    if not [name for name in backends.own_names(to) if isinstance(backends.get(name), Backend)]:
        return Verified(why="that was not asked for")
    if any(isinstance(node.layer, Hole) for node in graph.nodes):
        return Verified(why="some of its layers are holes, which nobody has written yet")
    try:
        small = with_batch(graph, 1)
    except Proto2NetError:
        small = graph
    try:
        with quiet():
            found = compare(small, weights, to=to, allow_missing=True)
    except Proto2NetError as error:
        return Verified(why="; ".join(issue.message for issue in error.issues[:3]))
    return Verified(found, batch=small.batch)


def needed_forks(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The layer types that Caffe itself has not, by the fork that is known for them.

    A layer that was told or found to be of a fork stands under that fork's name.
    """
    found: dict[str, dict[str, None]] = {}
    for node in graph.nodes:
        kind = node.layer.type
        fork = getattr(node.layer, "fork", "") or FORKS.get(kind, "")
        if fork:
            found.setdefault(fork, {})[kind] = None
    return {fork: tuple(kinds) for fork, kinds in sorted(found.items())}
