"""How an emitted network starts: the usual way of a class of layers in one loop, then the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from proto2net.backends.source import statement

OFTEN = 3
"""From this many layers of one class on, they are filled in a loop."""

Fillings = dict[str, str]
"""A statement for each parameter of a layer, {} standing for the parameter; "" for none."""


@dataclass(frozen=True)
class Filled:
    """A layer object of the emitted file: its class, how it is reached, what fills it."""

    kind: str
    reached: str
    fillings: Fillings


def statements(filled: list[Filled], loop: str, item: str, indent: int) -> list[str]:
    """Statements that fill all parameters, `loop` being a for statement over `item`."""
    kinds: dict[str, list[Filled]] = {}
    for layer in filled:
        kinds.setdefault(layer.kind, []).append(layer)
    common: list[str] = []
    single: list[str] = []
    for kind, layers in kinds.items():
        usual = _usual([layer.fillings for layer in layers])
        if len(layers) < OFTEN:
            usual = {}
        if any(usual.values()):
            common.append(statement(f"if isinstance({item}, {kind}):", indent + 1))
        for parameter, filling in usual.items():
            if filling:
                some = any(parameter not in layer.fillings for layer in layers)
                common += _looped(
                    f"{item}.{parameter}", filling, indent + 2, optional=some
                )
        single += [
            filling.format(f"{layer.reached}.{parameter}")
            for layer in layers
            for parameter, filling in layer.fillings.items()
            if filling and filling != usual.get(parameter)
        ]
    if common:
        common.insert(0, statement(loop, indent))
    return [*common, *(statement(line, indent) for line in single)]


def _looped(parameter: str, filling: str, indent: int, *, optional: bool) -> list[str]:
    """What fills a parameter inside the loop; `optional` if not every layer has it."""
    if not optional:
        return [statement(filling.format(parameter), indent)]
    guard = statement(f"if {parameter} is not None:", indent)
    return [guard, statement(filling.format(parameter), indent + 1)]


def _usual(layers: list[Fillings]) -> Fillings:
    """The commonest filling of each parameter."""
    parameters = dict.fromkeys(name for fillings in layers for name in fillings)
    return {
        name: Counter(f[name] for f in layers if name in f).most_common(1)[0][0]
        for name in parameters
    }
