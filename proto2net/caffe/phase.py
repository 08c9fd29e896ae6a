"""Which layers of a definition a phase, a level and stages keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proto2net.caffe.schema import LINE, Message, message_class
from proto2net.errors import Issue, Location, ParseError


class State(NamedTuple):
    """What rules of layers ask for (NetState): the phase is "TRAIN" or "TEST"."""

    phase: str = "TEST"
    level: int = 0
    stages: tuple[str, ...] = ()


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
    state = _state(net, phase, level, stages)
    return [layer for layer in net.layer if _stays(layer, state)]


def stand_ins(net: Message, layers: Sequence[Message]) -> list[Message]:
    """Data layers of other states that make what these layers read and none of them makes.

    A definition for training alone has its images only there, and they are what the trained
    network reads too.
    """
    made = {top for layer in layers for top in layer.top}
    missing = {bottom for layer in layers for bottom in layer.bottom} - made
    found: list[Message] = []
    for layer in net.layer:
        if layer.bottom or not made.isdisjoint(layer.top):
            continue
        if missing.intersection(layer.top):
            found.append(layer)
            missing.difference_update(layer.top)
    return found


def left_out(net: Message, phase: str, level: int, stages: Sequence[str]) -> dict[str, str]:
    """How to get what is made by layers that do not stay: a hint by the name of each top.

    Of several layers it is the first that stays in the same phase, if any does.
    """
    state = _state(net, phase, level, stages)
    hints: dict[str, str] = {}
    others: dict[str, str] = {}
    for layer in net.layer:
        if not _stays(layer, state):
            asked = " and ".join(_asked(layer, state))
            found = others if "--phase" in asked else hints
            for top in layer.top:
                found.setdefault(top, f'layer "{layer.name}" makes it, with {asked}')
    return others | hints


def _state(net: Message, phase: str, level: int, stages: Sequence[str]) -> Message:
    return message_class("NetState")(phase=phase, level=level, stage=[*net.state.stage, *stages])


def _asked(layer: Message, state: Message) -> list[str]:
    """The options with which a layer stays that did not."""
    if layer.include:
        return _to_meet(layer.include[0], state)
    met = (rule for rule in layer.exclude if _met(rule, state))
    return [option for rule in met for option in _to_break(rule)[:1]] or ["other rules"]


def _to_meet(rule: Message, state: Message) -> list[str]:
    options = []
    if rule.HasField("phase") and rule.phase != state.phase:
        options.append(f"--phase {_phase(rule)}")
    options += [f"--stage {stage}" for stage in rule.stage if stage not in state.stage]
    options += [f"no --stage {stage}" for stage in rule.not_stage if stage in state.stage]
    if rule.HasField("min_level") and rule.min_level > state.level:
        options.append(f"--level {rule.min_level}")
    if rule.HasField("max_level") and rule.max_level < state.level:
        options.append(f"--level {rule.max_level}")
    return options


def _to_break(rule: Message) -> list[str]:
    """The options of which any makes a rule fail that is met."""
    options = [f"--stage {stage}" for stage in rule.not_stage]
    if rule.HasField("phase"):
        options.append("--phase train" if _phase(rule) == "test" else "--phase test")
    options += [f"no --stage {stage}" for stage in rule.stage]
    if rule.HasField("min_level"):
        options.append(f"--level {rule.min_level - 1}")
    if rule.HasField("max_level"):
        options.append(f"--level {rule.max_level + 1}")
    return options


def _phase(message: Message) -> str:
    """The phase that a message gives, as --phase takes it."""
    phases = message.DESCRIPTOR.fields_by_name["phase"].enum_type
    return str(phases.values_by_number[message.phase].name).lower()


def layer_phase(layer: Message, net_phase: str) -> str:
    """The phase that a layer runs in, "TRAIN" or "TEST": its own, else the net's."""
    if not layer.HasField("phase"):
        return net_phase
    return _phase(layer).upper()


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
