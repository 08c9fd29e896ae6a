"""From messages to typed layers: LayerParameter -> Entry, generic over the fields of a layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from itertools import islice

from google.protobuf.descriptor import FieldDescriptor

from proto2net import limits
from proto2net.caffe import harmless
from proto2net.caffe.fields import described, given, holder, read, read_layer, unread
from proto2net.caffe.phase import layer_phase
from proto2net.caffe.prototxt import by_line, grouped
from proto2net.caffe.reader import Unknown as UnknownField
from proto2net.caffe.reader import UnknownStart
from proto2net.caffe.schema import LINE, PROBLEMS, TEXT, Message
from proto2net.errors import Issue, Location, ParseError, Proto2NetError, closest
from proto2net.graph import Entry
from proto2net.layers.base import LAYERS, WAYS_ON, Layer, ParamSpec, shortest
from proto2net.layers.data import DataLayer, DummyData, TransformationParameter
from proto2net.layers.holes import Hole, Holes, is_hole, key
from proto2net.layers.standing_in import StatedData
from proto2net.layers.unknown import Unknown, UnknownData
from proto2net.wiring import ends_without


def entries(
    layers: Sequence[Message],
    phase: str,
    file: str,
    *,
    held: Sequence[tuple[Issue, ...]] = (),
    ignore_unknown_fields: bool = False,
    holes: Holes | None = None,
    fork: str = "",
    given: Collection[str] = (),
) -> tuple[list[Entry], list[str]]:
    """The layers that stayed in this phase, and notes: what was ignored, and what is a hole.

    What is wrong with one, beside what is `held` against it already, stands in its entry: it may
    be left out. A source of an unknown type is one of data if the shape of its top is `given`.
    """
    holes = holes or {}
    check_fork(fork)
    found: list[Entry] = []
    notes: list[tuple[str, Location]] = []
    for layer in layers:
        where = Location(file, getattr(layer, LINE))
        if asked := key(layer, holes):
            found.append(_entry(layer, phase, where, Hole(layer.type, holes[asked], _text(layer))))
            notes.append((f"{_label(layer)} is left as a hole", where))
            continue
        number = getattr(layer, PROBLEMS)
        against = list(held[number - 1]) if number else []
        cls = LAYERS.get(layer.type)
        if cls is None:
            typed, more, told = _unknown(layer, given)
        else:
            typed, more, told = _typed(cls, layer, fork, ignore_unknown_fields)
        if isinstance(typed, DataLayer):
            typed = _stated(typed, layer)
            against = _ignored(UnknownField, against, told)
        elif phase == "TEST" and not isinstance(typed, DummyData):
            against = _ignored(UnknownStart, against, told)
        if more:
            against += ParseError(more).at(where, _label(layer))
        notes += [(each, where) for each in told]
        found.append(_entry(layer, phase, where, typed, against))
    proven: list[str] = []
    if not fork and any(entry.layer.undecided for entry in found):
        from proto2net.caffe import forks  # which most networks need not import

        found, proven = forks.decided(found)
    return found, grouped(notes) + proven


def _ignored(kind: type[UnknownField], issues: list[Issue], told: list[str]) -> list[Issue]:
    """The problems without those of unknown fields of this kind, which become messages."""
    told += [issue.ignored for issue in issues if isinstance(issue, kind)]
    return [issue for issue in issues if not isinstance(issue, kind)]


def _typed(
    cls: type[Layer], layer: Message, fork: str, ignore_unknown_fields: bool
) -> tuple[Layer, list[Issue], list[str]]:
    """A layer of a known type, what is wrong with it, and the messages about it."""
    issues: list[Issue] = []
    told: list[str] = []
    found = given(layer)
    for field, value in unread(cls, found):
        if ignore_unknown_fields or _may_be_ignored(field, cls):
            told.append(f"ignored {described(field)}")
        elif harmless.is_at_default(field, value):
            told.append(f"ignored {described(field)}, which has its default")
        else:
            issues += _not_known(field, layer.type).issues
    try:
        typed = read_layer(cls, found, fork)
    except Proto2NetError as error:
        return Unknown(layer.type), [*issues, *error.issues], told
    return typed, issues, told


def _unknown(layer: Message, given: Collection[str]) -> tuple[Layer, list[Issue], list[str]]:
    """A layer of an unknown type, and the messages about it."""
    if not layer.bottom and layer.top and (layer.type.endswith("Data") or layer.top[0] in given):
        return UnknownData(layer.type), [], [f'took the unknown type "{layer.type}" for data']
    return Unknown(layer.type), [], []


def _stated(typed: DataLayer, layer: Message) -> DataLayer:
    """A data layer with the shapes that stand beside it in input_param, if any do."""
    shapes = tuple(tuple(shape.dim) for shape in layer.input_param.shape)
    if not shapes:
        return typed
    transform = getattr(typed, "transform_param", None) or TransformationParameter()
    return StatedData(typed.kind, shapes, tuple(layer.top), transform)


def check(entries: Sequence[Entry], layers: Sequence[Message], holes: Holes) -> None:
    """Raise ParseError with all that is wrong with layers which were not left out.

    `layers` are the ones that stayed in this phase.
    """
    told = (issue for entry in entries for issue in entry.issues)
    issues = [*told, *_unused(holes, layers), *_not_explained(entries)]
    if issues:
        raise ParseError(by_line(dict.fromkeys(issues)))


def _not_explained(entries: Sequence[Entry]) -> list[Issue]:
    """The messages about layers of which it is not known what they do."""
    found: dict[int, Sequence[Issue]] = {}
    for entry in entries:
        try:
            entry.layer.check_known()
        except Proto2NetError as error:
            found[id(entry)] = error.issues
        if _is_of_unknown_type(entry):
            found[id(entry)] = [_unknown_type(entry.layer.kind)]
    if not found:
        return []
    without = _way_without(entries, found.keys() | {id(e) for e in entries if e.issues})
    issues: list[Issue] = []
    for entry in entries:
        source = entry.tops and not entry.bottoms
        way = f", --input {entry.tops[0]}=N,C,H,W makes it an input" if source else without
        for issue in found.get(id(entry), ()):
            hint = issue.hint.replace(WAYS_ON, WAYS_ON + way)
            told = dataclasses.replace(issue, hint=hint, where=entry.where, layer=str(entry))
            issues.append(told)
    return issues[: limits.PROBLEMS]


def _way_without(entries: Sequence[Entry], bad: Collection[int]) -> str:
    """More of a hint: the outputs of all that can do without the bad layers, if there are any."""
    outputs = ends_without(entries, bad)[:_NAMED]
    options = " ".join(f"--output {name}" for name in outputs)
    return f", {options} {'leave' if outputs[1:] else 'leaves'} it out" if outputs else ""


_NAMED = 4
"""How many outputs a hint names."""


def _is_of_unknown_type(entry: Entry) -> bool:
    """Whether a layer needs this message: one without a type may have had one, misspelt."""
    known = entry.layer.kind in LAYERS or (not entry.layer.kind and entry.issues)
    return isinstance(entry.layer, Unknown) and not known


def check_fork(fork: str) -> None:
    """Refuse the name of a fork that no layer type knows."""
    if not fork:
        return
    known = sorted({name for cls in LAYERS.values() for name in cls.forks})
    if fork not in known:
        raise Proto2NetError(f'the fork "{fork}" is not known', f"these are: {', '.join(known)}")


def unknown_types(layers: Sequence[Message], file: str, holes: Collection[str] = ()) -> list[Issue]:
    """The messages about the layers whose type is not known."""
    unknown = (layer for layer in layers if layer.type not in LAYERS and not is_hole(layer, holes))
    return [
        dataclasses.replace(
            _unknown_type(layer.type),
            where=Location(file, getattr(layer, LINE)),
            layer=_label(layer),
        )
        for layer in islice(unknown, limits.PROBLEMS)
    ]


def _unused(holes: Holes, layers: Sequence[Message]) -> list[Issue]:
    """The messages about holes that no layer is asked for by."""
    used = {key(layer, holes) for layer in layers}
    known = [name for layer in layers for name in (layer.name, f"type:{layer.type}")]
    return [
        Issue(f'no layer "{name}" to be left as a hole', closest(name, known))
        for name in holes
        if name not in used
    ]


def _text(layer: Message) -> str:
    return str(getattr(layer, TEXT))


def _label(layer: Message) -> str:
    return f'layer "{layer.name}"' + f" ({layer.type})" * bool(layer.type)


def _entry(
    layer: Message, phase: str, where: Location, typed: Layer, issues: Sequence[Issue] = ()
) -> Entry:
    return Entry(
        layer.name,
        typed,
        tuple(layer.bottom),
        tuple(layer.top),
        tuple(read(ParamSpec, param) for param in layer.param),
        tuple(map(shortest, layer.loss_weight)),
        tuple(layer.propagate_down),
        layer_phase(layer, phase),
        where,
        tuple(issues),
    )


def _unknown_type(name: str) -> Issue:
    if not name:
        return Issue("the layer has no type", 'give it one, such as type: "Convolution"')
    return Issue(f'unknown layer type "{name}"', closest(name, LAYERS) or WAYS_ON)


def _may_be_ignored(field: FieldDescriptor, cls: type[Layer]) -> bool:
    """Whether a field that is not read leaves the result as it is.

    A layer does not read what stands outside of its own parameters, and data comes from elsewhere.
    """
    outside = holder(field) == "LayerParameter"
    return outside or harmless.is_setting(field.name, holder(field)) or issubclass(cls, DataLayer)


def _not_known(field: FieldDescriptor, layer_type: str) -> ParseError:
    what = f"{described(field)} is not known for {layer_type}: a fork of Caffe has added it"
    hint = (
        "if it changes no result, --ignore-unknown-fields ignores it; else --holes NAME=DIMS "
        "leaves the layer for you to write"
    )
    return ParseError([Issue(what, hint, of=holder(field))])
