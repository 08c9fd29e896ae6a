"""What targets render, as a table; and the target that prints a network as its own table."""

from __future__ import annotations

from collections.abc import Sequence

from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.backends.printer import Printer
from proto2net.layers import LAYERS, DataLayer, Layer, plugins
from proto2net.layers.origins import FORKS, RECORDED
from proto2net.text import aligned


def support() -> str:
    """Which layer types each target renders, and why not the others where a target says it."""
    plugins.load()
    known = map(backends.get, backends.names())
    targets = [target for target in known if isinstance(target, Backend)]
    head = ["layer type", *(target.name for target in targets), "fork", "held to"]
    rows = []
    for name in sorted(LAYERS, key=str.lower):
        said = [_rendered(target, LAYERS[name]) for target in targets]
        rows.append([name, *said, FORKS.get(name, ""), _held_to(name, said)])
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
    legend = [
        "input: what reads data becomes an input of the network",
        "fork: where a type comes from that Caffe itself has not",
        "held to: outputs of that fork's own code, or values worked out from its definition",
    ]
    return "\n".join([*aligned(head, rows), "", *legend, *reasons])


def _held_to(name: str, said: Sequence[str]) -> str:
    """What the tests hold a type of a fork to, where a target renders it."""
    if name not in FORKS or "yes" not in said:
        return ""
    return "its code" if name in RECORDED else "its definition"


def _rendered(target: Backend, layer: type[Layer]) -> str:
    if issubclass(layer, DataLayer):
        return "input"
    return "yes" if target.supports(layer) else "no"


printer = Printer("summary", ".txt", lambda graph: f"{graph}\n")
