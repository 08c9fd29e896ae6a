"""The head of a classifier: the layer that makes a number a class, so that they can be others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from proto2net.backends.base import Step
from proto2net.backends.blocks import Composite
from proto2net.backends.tree import Call, Expression, Literal, Variable, parts_of
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph
from proto2net.layers import Input, Softmax

if TYPE_CHECKING:
    from proto2net.backends.unify import Meaning

CLASSES = "num_classes"
"""What the number of classes is called."""

MADE = "out_channels"
"""The meaning of the argument that says how many channels a layer makes."""


@dataclass(frozen=True)
class Head:
    """The last learned layer of a network that ends in Softmax."""

    step: Step
    """The step with a variable in the place of the number of classes."""
    classes: int


def ends_in_softmax(steps: Sequence[Step], outputs: Sequence[Blob]) -> bool:
    """Whether all that a network gives are probabilities, of what it has computed."""
    if not steps or type(steps[-1].node.layer) is not Softmax:
        return False
    *before, last = steps
    made = [top for step in before if type(step.node.layer) is not Input for top in step.tops]
    return last.tops == tuple(outputs) and last.bottoms[0] in made


def head_of(
    graph: Graph,
    steps: Sequence[Step],
    functions: Mapping[Expression, Sequence[Meaning]],
    name: str,
) -> Head | None:
    """The head; None if there is none, or another layer depends on the number of classes.

    `functions` names the positional arguments of the target's functions; `name` is what the
    number of classes is called.
    """
    if not ends_in_softmax(steps, graph.outputs):
        return None
    makers = {top: step for step in steps for top in step.tops}
    step, behind = steps[-1], list[Step]()
    while not step.code.arrays:
        behind.append(step)
        if len(step.bottoms) != 1 or step.bottoms[0] not in makers:
            return None
        step = makers[step.bottoms[0]]
    made, meanings = step.code.init, functions.get(step.code.kind, ())
    if not isinstance(made, Call) or isinstance(step, Composite) or MADE not in meanings:
        return None
    place = meanings.index(MADE)
    match made.arguments[place]:
        case Literal(int() as classes):
            number = Literal(classes)
        case _:
            return None
    others = [each.code.forward for each in behind if each.code.forward]
    shared = any(map(graph.sharers, step.nodes))
    if shared or any(number in parts_of(each) for each in others):
        return None
    arguments = (*made.arguments[:place], Variable(name), *made.arguments[place + 1 :])
    code = dataclasses.replace(step.code, init=dataclasses.replace(made, arguments=arguments))
    return Head(dataclasses.replace(step, code=code), classes)
