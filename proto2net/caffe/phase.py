"""Which layers of a definition a phase, a level and stages keep."""

from __future__ import annotations

from collections.abc import Sequence

from proto2net.caffe.schema import LINE, Message, message_class
from proto2net.errors import Issue, Location, ParseError


def select(
    net: Message,
    phase: str = "TEST",
    level: int = 0,
    stages: Sequence[str] = (),
    file: str = "<text>",
) -> list[Message]:
    """The layers of a NetParameter (of the current format) that stay in this state.

    As in Caffe, phase and level replace those that the net itself states, and the stages are
    added to its own. Raises ParseError for all layers that have rules of both kinds.
    """
    both = [_both(layer, file) for layer in net.layer if layer.include and layer.exclude]
    if both:
        raise ParseError(both)
    state = message_class("NetState")(phase=phase, level=level, stage=[*net.state.stage, *stages])
    return [layer for layer in net.layer if _stays(layer, state)]


def layer_phase(layer: Message, net_phase: str) -> str:
    """The phase that a layer runs in, "TRAIN" or "TEST": its own, else the net's."""
    if not layer.HasField("phase"):
        return net_phase
    phases = layer.DESCRIPTOR.fields_by_name["phase"].enum_type
    return str(phases.values_by_number[layer.phase].name)


def _both(layer: Message, file: str) -> Issue:
    return Issue(
        f"has include rules ({len(layer.include)}) and exclude rules ({len(layer.exclude)})",
        "give rules of one kind: a layer stays if any include rule is met, "
        "or if no exclude rule is met",
        Location(file, getattr(layer, LINE)),
        f'layer "{layer.name}" ({layer.type})',
    )


def _stays(layer: Message, state: Message) -> bool:
    if layer.exclude:
        return not any(_met(rule, state) for rule in layer.exclude)
    return not layer.include or any(_met(rule, state) for rule in layer.include)


def _met(rule: Message, state: Message) -> bool:
    """Whether the state fulfils all that the rule asks for; an empty rule asks for nothing."""
    return (
        (not rule.HasField("phase") or rule.phase == state.phase)
        and (not rule.HasField("min_level") or rule.min_level <= state.level)
        and (not rule.HasField("max_level") or rule.max_level >= state.level)
        and set(rule.stage).issubset(state.stage)
        and set(rule.not_stage).isdisjoint(state.stage)
    )
