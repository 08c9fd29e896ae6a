"""Whether what a target writes is right for every size of the inputs that may have any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proto2net import sizes
from proto2net.backends.base import Step
from proto2net.errors import Issue, ShapeError, UnsupportedError
from proto2net.graph import Graph
from proto2net.lowering import Lowered, lowered

if TYPE_CHECKING:
    from proto2net.backends.base import Backend


def check_sizes(backend: Backend, graph: Graph, found: Lowered, steps: Sequence[Step]) -> None:
    """Refuse layers that the target says otherwise for another size of the inputs.

    Raises one UnsupportedError for all of them.
    """
    issues: dict[str, Issue] = {}
    for other in sizes.others(graph):
        if isinstance(other, ShapeError):
            continue
        again = backend.steps(lowered(other, backend.renders_itself))
        for step, resized in zip(steps, again, strict=False):
            if said(step) == said(resized):
                continue
            node = found.origin(step.node)
            message = (
                f"needs one size in {backend.name}: what is written for {graph.example} "
                f"is not right for {other.example}"
            )
            issues.setdefault(node.name, Issue(message, sizes.HINT, node.where, str(node)))
    if issues:
        raise UnsupportedError(issues.values())


def said(step: Step) -> tuple[object, ...]:
    """What is written for a step, and how its arrays are made."""
    code = step.code
    converted = [(name, array.convert) for name, array in code.arrays.items()]
    brought = code.definition and code.definition(step.name)
    return [node.name for node in step.nodes], code.forward, code.init, converted, brought
