"""Reads .caffemodel files, each a NetParameter in binary: their weights, and their definition.

Names, types and arrays have the same field numbers in nearly every fork of Caffe. Parameters of
layers have not: forks have given the same numbers to different messages. So weights are read from
any file, but a definition is believed only as far as Caffe's own schema explains it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from proto2net import limits
from proto2net.caffe.binaryproto import decoded
from proto2net.caffe.fields import routes
from proto2net.caffe.prototxt import Parsed
from proto2net.caffe.schema import FORKS, PRIVATE, PROBLEMS, Message, is_repeated, message_class
from proto2net.caffe.upgrade import upgrade
from proto2net.caffe.wire import DAMAGED, LENGTH, Data, Field, encoded, fields, in_parts, text
from proto2net.errors import Issue, Location, ParseError, WeightError
from proto2net.frozen import dataclass
from proto2net.layers.base import LAYERS, Layer
from proto2net.layers.data import DataLayer
from proto2net.model import HEAD, Format, StoredLayer, format_of


@dataclass(frozen=True)
class _Format:
    """The field numbers of a format of layers."""

    name: int
    type: int
    blobs: int
    inner: int = 0
    """The field that holds a layer of V0, which then is all that counts."""


_V0 = _Format(name=1, type=2, blobs=50)
_V1 = _Format(name=4, type=5, blobs=6, inner=1)
_CURRENT = _Format(name=1, type=2, blobs=7)
_LAYERS = {2: _V1, 100: _CURRENT}
"""The fields of NetParameter that hold layers."""


# ---- weights --------------------------------------------------------------------------------


def layers(data: Data) -> Iterator[StoredLayer]:
    """The layers of a file with their arrays, which are views on it where they can be."""
    number, before = 0, ""
    try:
        for field in fields(data, 0, len(data)):
            form = _LAYERS.get(field.number)
            if form and field.kind == LENGTH:
                number += 1
                _check_most(number, limits.LAYERS, "layers", field)
                layer = _layer(data, [field], form)
                before = f'after layer "{layer.name}"'
                yield layer
    except WeightError as error:
        raise WeightError(error.at(None, before)) from None
    if not number:
        raise WeightError("it holds no layers", "is it a .caffemodel?")


def _layer(data: Data, messages: Sequence[Field], form: _Format) -> StoredLayer:
    """A layer from its message, of which there may be several parts."""
    name = kind = ""
    blobs: list[Field] = []
    inner: list[Field] = []
    parts = (field for message in messages for field in fields(data, message.start, message.end))
    try:
        for field in parts:
            if field.kind != LENGTH:
                continue
            if field.number == form.name:
                name = text(data, field)
            elif field.number == form.type:
                kind = text(data, field)
            elif field.number == form.blobs:
                blobs.append(field)
            elif field.number == form.inner:
                inner.append(field)
            _check_most(len(blobs) + len(inner), limits.ARRAYS, "arrays in a layer", field)
        if inner:
            return _layer(data, inner, _V0)
        return StoredLayer(name, tuple(decoded(data, b.start, b.end) for b in blobs), kind)
    except WeightError as error:
        raise WeightError(error.at(None, f'layer "{name}"' if name else "")) from None


def _check_most(number: int, most: int, what: str, field: Field) -> None:
    if number > most:
        raise WeightError(f"byte {field.at:,}: more than {most:,} {what}", DAMAGED)


# ---- the definition -------------------------------------------------------------------------


def definition(path: str | Path, file: str) -> Parsed:
    """The definition that a file carries, as one of the current format.

    What Caffe put in before it wrote the file is taken out again: the arrays, the phase of each
    layer, the rules that had chosen it, the rates of statistics, and the Split layers. `file` is
    what messages call it.
    """
    try:
        data = in_parts(path)
        if format_of(data[:HEAD]) is not Format.CAFFEMODEL:
            raise WeightError("it holds weights, and no definition", "give the prototxt")
        net = message_class("NetParameter").FromString(_without_blobs(data))
    except DecodeError:
        what = "Caffe's own schema does not explain the definition in this file"
        raise WeightError(
            [Issue(what, f"{_GIVE_IT}; or it is damaged", Location(file, 0))]
        ) from None
    except WeightError as error:
        raise WeightError(error.at(Location(file, 0))) from None
    notes, held = _check(net, file)
    for layer in net.layer:
        if layer.type == "BatchNorm" and all(map(_has_only_rate_0, layer.param)):
            layer.ClearField("param")
    inputs = [] if net.input_shape or net.input_dim else list(net.input)
    try:
        notes += upgrade(net, file)
    except ParseError as error:
        raise ParseError([*error.issues, *chain(*held)]) from None
    if inputs:  # their shape stood in the prototxt only, and has to be given
        net.layer.insert(0, message_class("LayerParameter")(name="input", type="Input", top=inputs))
    for layer in net.layer:
        for name in ("phase", "include", "exclude"):
            layer.ClearField(name)
    _remove_splits(net)
    return Parsed(net, notes, (), held)


def _has_only_rate_0(spec: Message) -> bool:
    """Whether a ParamSpec is what Caffe gives to statistics that have none."""
    return [(field.name, value) for field, value in spec.ListFields()] == [("lr_mult", 0)]


def _without_blobs(data: Data) -> bytes:
    """The message without its arrays: small enough to be parsed."""
    kept = bytearray()
    for number, field in enumerate(fields(data, 0, len(data))):
        _check_most(number, limits.LAYERS, "layers", field)
        kept += _copied(data, field, _LAYERS.get(field.number))
        _check_size(kept)
    return bytes(kept)


def _copied(data: Data, field: Field, form: _Format | None) -> bytes:
    """A field as it is; if it is a layer, without the arrays."""
    if not form or field.kind != LENGTH:
        _check_size(range(field.at, field.end))
        return data[field.at : field.end]
    kept = bytearray()
    for part in fields(data, field.start, field.end):
        if part.number != form.blobs:
            kept += _copied(data, part, _V0 if part.number == form.inner else None)
            _check_size(kept)
    return encoded(field.number, bytes(kept))


def _check_size(kept: Sequence[int]) -> None:
    most = limits.DEFINITION_BYTES
    if len(kept) > most:
        raise WeightError(f"without its arrays it has more than {most:,} bytes", DAMAGED)


def _remove_splits(net: Message) -> None:
    """Take out the Split layers that Caffe inserted (insert_splits.cpp)."""
    origins: dict[str, str] = {}
    makers: dict[str, Message] = {}
    kept: list[Message] = []
    for layer in net.layer:
        layer.bottom[:] = [origins.get(name, name) for name in layer.bottom]
        if _is_inserted(layer):
            blob = layer.bottom[0]
            origins.update(dict.fromkeys(layer.top, blob))
            if layer.loss_weight and blob in makers:
                _give_back(layer.loss_weight[0], blob, makers[blob])
        else:
            makers.update(dict.fromkeys(layer.top, layer))
            kept.append(layer)
    if len(kept) < len(net.layer):
        rest = message_class("NetParameter")(layer=kept)
        net.ClearField("layer")
        net.layer.extend(rest.layer)


def _is_inserted(layer: Message) -> bool:
    """Whether Caffe has named this Split, which it puts behind each blob of several readers."""
    if layer.type != "Split" or len(layer.bottom) != 1 or not layer.name.endswith("_split"):
        return False
    names = [f"{layer.name}_{index}" for index in range(len(layer.top))]
    # In the oldest files the first copy has the name of the blob itself.
    return list(layer.top) in (names, [layer.bottom[0], *names[1:]])


def _give_back(loss_weight: float, blob: str, maker: Message) -> None:
    """Return a loss weight, which the split had taken over, to the layer that makes the blob."""
    weights = [*maker.loss_weight, *[0.0] * len(maker.top)][: len(maker.top)]
    weights[list(maker.top).index(blob)] = loss_weight
    maker.loss_weight[:] = weights


# ---- what forks have written ----------------------------------------------------------------

_FIRST_PARAMETER, _LAST_PARAMETER = 100, 148
"""The numbers in LayerParameter that Caffe has given to messages of parameters."""
_GIVE_IT = "a fork of Caffe wrote the file: give the prototxt, and this file as weights"


def _check(net: Message, file: str) -> tuple[list[str], tuple[tuple[Issue, ...], ...]]:
    """The notes on, and the problems of, layers that Caffe's own schema does not explain.

    Those that have something wrong say in PROBLEMS what it is.
    """
    try:
        _mend_text(net)
    except ParseError as error:
        raise ParseError(error.at(Location(file, 0))) from None
    held: list[tuple[Issue, ...]] = []
    notes: list[str] = []
    for entries, check in ((net.layers, _check_v1), (net.layer, _check_layer)):
        for entry in entries:
            for private in PRIVATE:
                entry.ClearField(private)
            where, label = Location(file, 0), _label(entry)
            try:
                notes += [str(Issue(what, "", where, label)) for what in check(entry)]
            except ParseError as error:
                held.append(tuple(error.at(where, label)))
                setattr(entry, PROBLEMS, len(held))
    return notes, tuple(held)


def _check_v1(entry: Message) -> list[str]:
    """In V1 types are numbers, of which forks have their own too, so nothing may be unknown."""
    unknown = _unknown(entry)
    if unknown:
        raise ParseError(f"has fields that Caffe does not know ({_listed(unknown)})", _GIVE_IT)
    return []


def _check_layer(layer: Message) -> list[str]:
    cls = LAYERS.get(layer.type)
    if cls is None:  # the importer will say so
        return []
    own = layer.DESCRIPTOR.fields_by_name.get(cls.param)
    given = own is not None and layer.HasField(own.name)
    inside = _unknown(getattr(layer, cls.param)) if given else []
    strays = _strays(layer, cls)
    if own and not issubclass(cls, DataLayer):  # of data layers the shape can be asked for
        if own.number > _LAST_PARAMETER:
            raise ParseError("forks do not agree on the number of its parameters", _GIVE_IT)
        if inside:
            what = f"its {own.name} has fields that Caffe does not know ({_listed(inside)})"
            raise ParseError(what, _GIVE_IT)
        if strays and not given:
            what = f"has no {own.name}, but fields of other layers ({_listed(strays)})"
            raise ParseError(what, _GIVE_IT)
    notes = []
    if inside or strays:
        notes.append(f"ignored fields that Caffe does not know here: {_listed(inside + strays)}")
    if layer.type == "Pooling" and layer.pooling_param.HasField("round_mode"):
        notes.append("took field 13 for round_mode; some forks have ceil_mode there, its opposite")
    return notes


def _listed(numbers: Sequence[str], most: int = 10) -> str:
    """Numbers of fields, each once and not too many."""
    once = list(dict.fromkeys(numbers))
    return ", ".join(once[:most] + ["…"] * (len(once) > most))


def _strays(layer: Message, cls: type[Layer]) -> list[str]:
    """The messages in a layer that are not for its type, which other types of a fork may read."""
    known = {cls.param, "transform_param", "loss_param"}
    known.update(route.name for _, within, route in routes(cls.type) if route and not within)
    known.update(field.name for field in layer.DESCRIPTOR.fields if field.number < _FIRST_PARAMETER)
    strays = [
        str(field.number) if field.number >= FORKS else field.name
        for field, _ in layer.ListFields()
        if field.name not in known
    ]
    unknown = UnknownFieldSet(layer)
    return strays + [str(f.field_number) for f in unknown if f.wire_type == LENGTH]  # type: ignore[attr-defined]  # the stubs lack __iter__


def _unknown(message: Message) -> list[str]:
    """The numbers of fields, at any depth, that Caffe's own schema lacks.

    The schema's numbers of forks' fields are for text only: they mean nothing in a file.
    """
    numbers = [str(f.field_number) for f in UnknownFieldSet(message)]  # type: ignore[attr-defined]  # the stubs lack __iter__
    for field, value in message.ListFields():
        if field.number >= FORKS:
            numbers.append(str(field.number))
        elif field.message_type is not None:
            for part in value if is_repeated(field) else [value]:
                numbers += _unknown(part)
    return numbers


def _mend_text(message: Message) -> None:
    """Replace what is no UTF-8, such as a path in the encoding of somebody's machine."""
    for field, value in message.ListFields():
        parts = value if is_repeated(field) else [value]
        if field.message_type is not None:
            for part in parts:
                _mend_text(part)
        elif field.type == field.TYPE_STRING:
            if max(map(len, parts)) > limits.STRING:
                what = f"{field.name} has more than {limits.STRING:,} characters"
                raise ParseError(what, DAMAGED)
            if not any(isinstance(part, bytes) for part in parts):
                continue
            texts = [p if isinstance(p, str) else p.decode(errors="replace") for p in parts]
            if is_repeated(field):
                value[:] = texts
            else:
                setattr(message, field.name, texts[0])


def _label(entry: Message) -> str:
    """A layer of any format as messages call it."""
    name = entry.name
    if not name and "layer" in entry.DESCRIPTOR.fields_by_name:
        name = entry.layer.name
    return f'layer "{name}"'
