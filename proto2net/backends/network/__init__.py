"""The graph as a hand-written network in ethereon's style: `proto2net.Network` makes it again.

A layer is printed as a short form where running that gives the very same layer, else as
`.add(Convolution(...), ...)`, so that nothing is lost.
"""

import dataclasses

from proto2net.backends.base import Emitted
from proto2net.backends.network.arrays import arrays
from proto2net.backends.network.file import entry, text
from proto2net.backends.printer import Printer, refuse_usage
from proto2net.graph import Graph


class NetworkPrinter(Printer):
    """A printer whose network has learned weights beside it."""

    def emit(
        self,
        graph: Graph,
        name: str = "",
        weights: str = "",
        *,
        partial: bool = False,
        flat: bool = False,
    ) -> Emitted:
        refuse_usage(graph, self.name)
        graph = dataclasses.replace(graph, name=name or graph.name)
        return Emitted({".py": text(graph, weights, flat=flat)}, entry(graph), arrays(graph))


printer = NetworkPrinter("network", ".py", text, ".safetensors")
