"""A target that is a text about the network, such as its prototxt: printed, but never loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from proto2net.backends.base import Emitted
from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Graph


def refuse_usage(graph: Graph, target: str) -> None:
    """Refuse what a definition has no words for, and a text about it neither."""
    usage = graph.usage
    told = {
        "labels": bool(usage.labels),
        "channels in the order rgb": usage.rgb,
        "a size that images are resized to": bool(usage.resize),
    }
    for what in (what for what, given in told.items() if given):
        raise UnsupportedError(f"{target} has no place for {what}", "use --to torch, tf or numpy")


@dataclass(frozen=True)
class Printer:
    """A name, a file's suffix, and the function from a graph to its text."""

    name: str
    suffix: str
    text: Callable[[Graph], str]
    embeds: ClassVar[bool] = False
    trains: ClassVar[bool] = False
    weights_suffix: str = ""
    """The suffix of the file of learned weights beside it; empty: it has no such file."""

    def emit(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> Emitted:
        """The text of the graph, called as `Backend.emit` is. `name` renames the network."""
        refuse_usage(graph, self.name)
        graph = replace(graph, name=name or graph.name)
        return Emitted({self.suffix: self.text(graph)}, graph.name, {})
