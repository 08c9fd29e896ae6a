"""From messages to typed layers: LayerParameter -> Entry, generic over the fields of a layer."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import Any, get_args, get_type_hints

from google.protobuf.descriptor import FieldDescriptor

from proto2net import limits
from proto2net.caffe import harmless
from proto2net.caffe.phase import layer_phase
from proto2net.caffe.prototxt import by_line, grouped
from proto2net.caffe.reader import Unknown as UnknownField
from proto2net.caffe.schema import (
    FORKS,
    LINE,
    PRIVATE,
    PROBLEMS,
    TEXT,
    Message,
    cached,
    descriptor,
    is_repeated,
)
from proto2net.errors import Issue, Location, ParseError, Proto2NetError, ShapeError, closest
from proto2net.graph import Entry, Graph, Node
from proto2net.layers.base import FORK_FILLERS, LAYERS, WAYS_ON, Filler, Layer, ParamSpec, shortest
from proto2net.layers.data import DataLayer, Python, StatedData, TransformationParameter
from proto2net.layers.holes import Hole, Holes, is_hole, key
from proto2net.layers.python import known
from proto2net.layers.unknown import Unknown, UnknownData
from proto2net.shape import require


@cached
def messages(cls: type[Any]) -> dict[str, Any]:
    """The dataclass of each field that holds messages. (A BlobShape becomes a tuple.)"""
    hints = get_type_hints(cls).items()
    parts = [(name, part) for name, hint in hints for part in (hint, *get_args(hint))]
    return {name: part for name, part in parts if dataclasses.is_dataclass(part)}


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
            told += [issue.ignored for issue in against if isinstance(issue, UnknownField)]
            against = [issue for issue in against if not isinstance(issue, UnknownField)]
        against += ParseError(more).at(where, _label(layer))
        notes += [(each, where) for each in told]
        entry = _entry(layer, phase, where, typed)
        found.append(dataclasses.replace(entry, issues=tuple(against)))
    proven: list[str] = []
    if not fork and any(entry.layer.undecided for entry in found):
        from proto2net.caffe import forks  # which most networks need not import

        found, proven = forks.decided(found)
    return found, grouped(notes) + proven


def _typed(
    cls: type[Layer], layer: Message, fork: str, ignore_unknown_fields: bool
) -> tuple[Layer, list[Issue], list[str]]:
    """A layer of a known type, what is wrong with it, and what is to be told."""
    issues: list[Issue] = []
    told: list[str] = []
    for field, value in _unread(cls, layer):
        if ignore_unknown_fields or _may_be_ignored(field, cls):
            told.append(f"ignored {_of(field)}")
        elif harmless.is_at_default(field, value):
            told.append(f"ignored {_of(field)}, which has its default")
        else:
            issues += _not_known(field, layer.type).issues
    try:
        typed = read_layer(cls, layer, fork)
    except Proto2NetError as error:
        return Unknown(layer.type), [*issues, *error.issues], told
    return typed, issues, [*told, *_not_filled(typed)]


def _unknown(layer: Message, given: Collection[str]) -> tuple[Layer, list[Issue], list[str]]:
    """A layer of an unknown type, and what is to be told."""
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
    unknown = [entry for entry in entries if _is_of_unknown_type(entry)]
    issues = _unused(holes, layers)
    bad = [*unknown, *(entry for entry in entries if entry.issues)]
    wrong = {top for entry in bad for top in entry.tops}
    computed = {top for entry in entries if entry.bottoms for top in entry.tops}
    read = {bottom for entry in entries for bottom in entry.bottoms}
    for entry in islice(unknown, limits.PROBLEMS):
        issue = _unknown_type(entry.layer.kind)
        hint = issue.hint
        if hint == WAYS_ON:
            hint += _way_without(entry, computed - wrong, read)
        issues.append(dataclasses.replace(issue, hint=hint, where=entry.where, layer=str(entry)))
    for entry in entries:
        try:
            entry.layer.check_known()
        except Proto2NetError as error:
            issues += error.at(entry.where, str(entry))
    issues = [*(issue for entry in entries for issue in entry.issues), *issues]
    if issues:
        raise ParseError(by_line(dict.fromkeys(issues)))


def _way_without(entry: Entry, computed: set[str], read: set[str]) -> str:
    """More of a hint: how to do without a layer whose type is not known.

    `computed` are the blobs that could be outputs in its place, and `read` are all bottoms.
    """
    if entry.tops and not entry.bottoms:
        return f", --input {entry.tops[0]}=N,C,H,W makes it an input"
    if entry.bottoms and read.isdisjoint(entry.tops) and computed.issuperset(entry.bottoms[:1]):
        return f", --output {entry.bottoms[0]} leaves it out"
    return ""


def _is_of_unknown_type(entry: Entry) -> bool:
    """Whether this has to be told of a layer: one without a type may have had one, misspelt."""
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
    """What is to be said of the layers whose type is not known."""
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
    """What is to be said of holes that no layer is asked for by."""
    used = {key(layer, holes) for layer in layers}
    known = [name for layer in layers for name in (layer.name, f"type:{layer.type}")]
    return [
        Issue(f'no layer "{name}" to be left as a hole', closest(name, known))
        for name in holes
        if name not in used
    ]


def _text(layer: Message) -> str:
    return str(getattr(layer, TEXT))


def ignored_of_net(net: Message, file: str) -> list[str]:
    """A note for each setting of a fork that stands beside the layers."""
    given = (field for field, _ in net.ListFields() if field.number >= FORKS)
    return [f"{file}: ignored {_of(field)}" for field in given]


_FEW = 4
"""Of more names that each occur once, where none occurs twice, only the number is told."""


def shared_with_none(entries: Sequence[Entry], file: str) -> list[str]:
    """Notes on names of `param`, which share learned blobs, that only one layer has: typos?"""
    named = [(spec.name, entry) for entry in entries for spec in entry.params if spec.name]
    times = Counter(name for name, _ in named)
    single = [(name, entry) for name, entry in named if times[name] == 1]
    if len(single) == len(times) and len(single) > _FEW:
        return [f"{file}: {len(single)} names of param occur once each, so nothing is shared"]
    notes = []
    for name, entry in single:
        near = closest(name, times.keys() - {name})
        what = f'no other layer shares param "{name}"' + (f"; {near}" if near else "")
        notes.append(str(Issue(what, where=entry.where, layer=str(entry))))
    return notes


def disputed(graph: Graph) -> list[str]:
    """Notes on layers that other forks than the one assumed would compute otherwise."""
    said = [
        (node.layer.disputed(tuple(blob.shape for blob in node.bottoms)), node.where)
        for node in graph.nodes
    ]
    return grouped((sentence, where) for sentence, where in said if sentence and where)


def training(graph: Graph, file: str) -> list[str]:
    """Notes on what the layers say of their training that is not used, or not in this phase."""
    frozen: list[Node[Layer]] = []
    others: list[Node[Layer]] = []
    for node in graph.nodes:
        learned = [blob for blob in node.blobs if blob not in node.layer.statistics]
        still = [blob for blob in learned if graph.frozen(node, blob)]
        specs = dict(zip(node.blobs, node.params, strict=False))
        if still:
            frozen.append(node)
        if any(
            _unusual(specs[b], b == learned[0]) for b in learned if b in specs and b not in still
        ):
            others.append(node)
    notes = []
    said = others if graph.phase == "TRAIN" else list(dict.fromkeys([*frozen, *others]))
    if said:
        names = "lr_mult and decay_mult (blobs_lr and weight_decay)"
        training = (
            "only lr_mult: 0 is, which freezes"
            if graph.phase == "TRAIN"
            else "they are for training"
        )
        freezes = "; lr_mult: 0 freezes with --phase train" * (said != others)
        notes.append(f"{file}: {names} of {_counted(said)} are not used: {training}{freezes}")
    if graph.phase == "TRAIN":
        what = "runs in place, for which Caffe's own gradient is wrong; here it is right"
        wrong = (n for n in graph.nodes if n.in_place and not n.layer.gradient_in_place())
        notes += grouped((f"{node.layer.type} {what}", node.where) for node in wrong if node.where)
    return notes


def _unusual(spec: ParamSpec, first: bool) -> bool:
    """Whether multipliers differ from what nearly every file has: 1, and for a bias 2 and 0."""
    rates, decays = ((None, 1), (None, 1)) if first else ((None, 1, 2), (None, 0, 1))
    return spec.lr_mult not in rates or spec.decay_mult not in decays


def _counted(nodes: Sequence[Node[Layer]]) -> str:
    """One layer by its name, of several the first by its name, and how many they are."""
    if len(nodes) == 1:
        return f'layer "{nodes[0].name}"'
    return f'{len(nodes)} layers (the first is "{nodes[0].name}")'


def _label(layer: Message) -> str:
    return f'layer "{layer.name}"' + f" ({layer.type})" * bool(layer.type)


def _entry(layer: Message, phase: str, where: Location, typed: Layer) -> Entry:
    return Entry(
        layer.name,
        typed,
        tuple(layer.bottom),
        tuple(layer.top),
        tuple(_read(ParamSpec, param) for param in layer.param),
        tuple(map(shortest, layer.loss_weight)),
        tuple(layer.propagate_down),
        layer_phase(layer, phase),
        where,
    )


def _unknown_type(name: str) -> Issue:
    if not name:
        return Issue("the layer has no type", 'give it one, such as type: "Convolution"')
    return Issue(f'unknown layer type "{name}"', closest(name, LAYERS) or WAYS_ON)


def _unread(cls: type[Layer], layer: Message) -> Iterator[tuple[FieldDescriptor, Any]]:
    """The fields that are given, and that this layer type does not read: other forks do.

    What Caffe itself lets stand in any layer, such as another type's parameters, is not counted.
    """
    own, beside = _names_read(cls.type)
    for field, value in layer.ListFields():
        if field.name == cls.param:
            yield from _left_out(value, own, cls)
        elif field.name in beside:
            yield from _left_out_of_parts(field, value, cls)
        elif field.number >= FORKS and field.name not in PRIVATE:
            yield field, value


@cached
def _names_read(layer_type: str) -> tuple[set[str], set[str]]:
    """The fields that a layer type reads, in its own message and beside it in LayerParameter."""
    own: set[str] = set()
    beside: set[str] = set()
    for field, within, _ in routes(layer_type):  # a size per axis has three names in the schema
        (own if within else beside).update(field.metadata.get("per_axis", (_named(field),)))
    return own, beside


def _left_out(
    message: Message, names: Collection[str], cls: type[Any]
) -> Iterator[tuple[FieldDescriptor, Any]]:
    """The fields given in a message, or in a part of it, that are not read into this class."""
    for field, value in message.ListFields():
        if field.name not in names:
            yield field, value
        else:
            yield from _left_out_of_parts(field, value, cls)


def _left_out_of_parts(
    field: FieldDescriptor, value: Any, cls: type[Any]
) -> Iterator[tuple[FieldDescriptor, Any]]:
    held = messages(cls).get(field.name) if field.message_type else None
    if held:
        for part in value if is_repeated(field) else [value]:
            yield from _left_out(part, {f.name for f in dataclasses.fields(held)}, held)


def _not_filled(layer: Layer) -> Iterator[str]:
    """What is to be said of fillers that no target has."""
    for filler in vars(layer).values():
        if isinstance(filler, Filler) and filler.type in FORK_FILLERS:
            yield f'without weights, xavier fills what the filler "{filler.type}" would'


def _may_be_ignored(field: FieldDescriptor, cls: type[Layer]) -> bool:
    """Whether a field that is not read leaves the result as it is.

    A layer does not read what stands outside of its own parameters, and data comes from elsewhere.
    """
    outside = _holder(field) == "LayerParameter"
    return outside or harmless.is_setting(field.name) or issubclass(cls, DataLayer)


def _not_known(field: FieldDescriptor, layer_type: str) -> ParseError:
    what = f"{layer_type} is not known with {_of(field)}, which a fork of Caffe has added"
    hint = (
        "only if it changes no result, --ignore-unknown-fields passes over it; else --holes "
        "NAME=DIMS leaves the layer to be written"
    )
    return ParseError([Issue(what, hint, of=_holder(field))])


def _of(field: FieldDescriptor) -> str:
    return f'"{field.name}" of {_holder(field)}'


def _holder(field: FieldDescriptor) -> str:
    """The name of the message that has the field."""
    return field.containing_type.name if field.containing_type else ""


def read_layer(cls: type[Layer], message: Message, fork: str = "") -> Layer:
    """A layer of this type from its LayerParameter, as this fork means it.

    A field is looked up in the type's own parameter message first, then beside it in
    LayerParameter (loss_param, transform_param).
    """
    own = getattr(message, cls.param) if cls.param else None
    given: dict[str, Any] = {"fork": fork} if fork in cls.forks else {}
    for field, within, route in routes(cls.type):
        if route is None:
            value = _per_axis(own, field, cls)
        else:
            value = _value(own if within else message, route, cls)
        if value is not None:
            given[field.name] = value
        elif field.default is dataclasses.MISSING:
            raise ParseError(f'needs "{field.name}"', f"give it in {cls.param}")
    read = cls(**given)
    if isinstance(read, Python):
        return known(read, fed=bool(message.bottom), weighed=any(message.loss_weight))
    return read


Route = tuple["dataclasses.Field[Any]", bool, "FieldDescriptor | None"]


@cached
def routes(layer_type: str) -> list[Route]:
    """Each field of a layer type; whether it is in the type's own message; its descriptor.

    There is no one descriptor for a field that holds a size per axis. Fields that the schema
    does not have are left out: only a program can give them.
    """
    cls = LAYERS[layer_type]
    beside = descriptor("LayerParameter").fields_by_name
    parameters = beside[cls.param].message_type if cls.param in beside else None
    own = parameters.fields_by_name if parameters else {}
    found: list[Route] = []
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every layer type is one
        if "per_axis" in field.metadata:
            found.append((field, True, None))
        elif _named(field) in own:
            found.append((field, True, own[_named(field)]))
        elif field.name in beside:
            found.append((field, False, beside[field.name]))
    return found


def bounds(layer_type: str, name: str) -> tuple[int, int]:
    """Between which whole numbers a definition can have a field of a layer."""
    for field, _, route in routes(layer_type) if layer_type in LAYERS else ():
        if field.name == name and (route is None or route.type == FieldDescriptor.TYPE_UINT32):
            return 0, 2**32 - 1
        if field.name == name and route and route.type == FieldDescriptor.TYPE_INT32:
            return -(2**31), 2**31 - 1
    return -(2**63), 2**63 - 1


def choices(layer_type: str, name: str) -> list[str]:
    """What a definition can have for a field of a layer, if that is an enum."""
    for field, _, route in routes(layer_type) if layer_type in LAYERS else ():
        if field.name == name and route and route.enum_type:
            return [value.name for value in route.enum_type.values]
    return []


def _named(field: dataclasses.Field[Any]) -> str:
    """What the schema calls a field."""
    name: str = field.metadata.get("named", field.name)
    return name


def _read(cls: type[Any], message: Message) -> Any:
    """A plain dataclass from the message whose fields it names."""
    fields = message.DESCRIPTOR.fields_by_name
    given = {f.name: _value(message, fields[f.name], cls) for f in dataclasses.fields(cls)}
    return cls(**{name: value for name, value in given.items() if value is not None})


def _value(message: Message, field: FieldDescriptor, cls: type[Any]) -> Any:
    """The value of a field as this class holds it; None where it is not given."""
    if is_repeated(field):
        values = getattr(message, field.name)
        _check_most(field.name, len(values), limits.VALUES)
        return tuple(_plain(field, value, cls) for value in values) if values else None
    if not message.HasField(field.name):
        return None
    return _plain(field, getattr(message, field.name), cls)


def _check_most(name: str, given: int, most: int) -> None:
    if given > most:
        raise ParseError(f"{name} is given {given:,} times; {most:,} times are the most")


def _plain(field: FieldDescriptor, value: Any, cls: type[Any]) -> Any:
    if field.message_type is not None:
        if field.message_type.name == "BlobShape":
            _check_most("dim", len(value.dim), limits.VALUES)
            return tuple(value.dim)
        return _read(messages(cls)[field.name], value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_FLOAT:
        require(isfinite(value), f"{field.name} is {value}; it must be a finite number")
        return shortest(value)
    return value


def _per_axis(
    message: Message, field: dataclasses.Field[Any], cls: type[Any]
) -> tuple[int, ...] | None:
    """A window's size from `kernel_size` (once or per axis), or from `kernel_h` and `kernel_w`."""
    size, h, w = field.metadata["per_axis"]
    missing = field.metadata["missing"]
    sides = [getattr(message, side) if message.HasField(side) else missing for side in (h, w)]
    descriptor = message.DESCRIPTOR.fields_by_name[size]
    value = _value(message, descriptor, cls)
    if not (message.HasField(h) or message.HasField(w)):
        return value if value is None or is_repeated(descriptor) else (value,)
    if value is not None:
        raise ShapeError(
            f"{size} is given, and {h} or {w} too", f"give either {size}, or {h} and {w}"
        )
    if None in sides:
        raise ShapeError(f"only one of {h} and {w} is given", f"give both, or {size}")
    return tuple(sides)
