"""What targets render, as a table; and the target that prints a network as its own table."""

from __future__ import annotations

from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.backends.printer import Printer
from proto2net.layers import LAYERS, DataLayer, Layer, plugins
from proto2net.text import aligned


def support() -> str:
    """Which layer types each target renders, and why not the others where a target says it."""
    plugins.load()
    known = map(backends.get, backends.names())
    targets = [target for target in known if isinstance(target, Backend)]
    head = ["layer type", *(target.name for target in targets)]
    rows = [
        [name, *(_rendered(target, LAYERS[name]) for target in targets)]
        for name in sorted(LAYERS, key=str.lower)
    ]
    reasons = [
        f"{layer.type} in {target.name}: {reason}"
        for target in targets
        for layer, reason in target.unsupported.items()
    ]
    reasons += [
        f"{name}: {LAYERS[name].unrendered}"
        for name in sorted(LAYERS, key=str.lower)
        if LAYERS[name].unrendered
    ]
    legend = "input: what reads data becomes an input of the network"
    return "\n".join([*aligned(head, rows), "", legend, *reasons])


def _rendered(target: Backend, layer: type[Layer]) -> str:
    if issubclass(layer, DataLayer):
        return "input"
    return "yes" if target.supports(layer) else "no"


printer = Printer("summary", ".txt", lambda graph: f"{graph}\n")
