"""How an emitted network starts: the usual way of a class of layers in one loop, then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import nan
from typing import Any

from proto2net.backends.statements import Compound, Evaluation, Statement
from proto2net.backends.tree import (
    Attribute,
    Expression,
    Operation,
    Placeholder,
    Variable,
    call,
    code,
    filled,
)
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layers import Filler

OFTEN = 3
"""From this many layers of one class on, they are filled in a loop."""

PARAMETER = Placeholder("parameter")
"""What a filling fills."""

Fillings = Mapping[str, Expression | None]
"""What fills each parameter of a layer, where anything does."""


@dataclass(frozen=True)
class Filled:
    """A layer object of the emitted file: its class, how it is reached, what fills it."""

    kind: Expression
    reached: Expression
    fillings: Fillings


def statements(layers: list[Filled], item: str, items: Expression) -> list[Statement]:
    """Statements that fill all parameters; `item` is one of all `items` of the network."""
    kinds: dict[Expression, list[Filled]] = {}
    for layer in layers:
        kinds.setdefault(layer.kind, []).append(layer)
    common: list[Statement] = []
    single: list[Statement] = []
    for kind, alike in kinds.items():
        usual = _usual([layer.fillings for layer in alike]) if len(alike) >= OFTEN else {}
        looped: list[Statement] = []
        for parameter, filling in usual.items():
            if filling:
                some = any(parameter not in layer.fillings for layer in alike)
                looped.append(_looped(Attribute(Variable(item), parameter), filling, some))
        if looped:
            common.append(_if(call("isinstance", Variable(item), kind), looped))
        single += [
            filling_of(Attribute(layer.reached, parameter), filling)
            for layer in alike
            for parameter, filling in layer.fillings.items()
            if filling and filling != usual.get(parameter)
        ]
    loop = [Compound("for", Operation(Variable(item), "in", items), common)] if common else []
    return [*loop, *single]


def start_of(node: Node[Any], blob: str, made: float | None) -> Filler | None:
    """How a learned blob has to start; None where it may start as its framework has it.

    `made` is what the array holds as it is made; None if the framework draws it at random.
    """
    learned = node.blobs[blob]
    if not learned.stated and len(learned.shape) > 1:
        return None if made is None else Filler("xavier")
    if not any(each.stated for each in node.blobs.values()):
        return None
    return None if learned.start == Filler(value=nan if made is None else made) else learned.start


def filling_of(parameter: Expression, filling: Expression) -> Statement:
    """The statement that fills a parameter so."""
    return Evaluation(filled(filling, {PARAMETER.key: parameter}))


def _if(test: Expression, body: list[Statement]) -> Statement:
    """What is done where this holds; of two tests, each in the other, one is made."""
    match body:
        case [Compound("if", inner, looped)]:
            return Compound("if", Operation(test, "and", inner), looped)
    return Compound("if", test, body)


def _looped(parameter: Expression, filling: Expression, optional: bool) -> Statement:
    """What fills a parameter inside the loop; `optional` if not every layer has it."""
    fills = filling_of(parameter, filling)
    return Compound("if", code("{x} is not None", x=parameter), [fills]) if optional else fills


def _usual(layers: list[Fillings]) -> Fillings:
    """The commonest filling of each parameter."""
    parameters = dict.fromkeys(name for fillings in layers for name in fillings)
    return {
        name: Counter(f[name] for f in layers if name in f).most_common(1)[0][0]
        for name in parameters
    }
