"""The schema that is shipped, and the layer types that mirror it field by field."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caffe_types import CAFFE_TYPES
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from places import ROOT

from proto2net.caffe import fields as layer_fields
from proto2net.caffe.importer import entries
from proto2net.caffe.schema import FORKS, descriptor, is_repeated, is_required, message_class
from proto2net.layers import LAYERS, Layer, ParamSpec
from proto2net.layers.base import shortest

SHIPPED = ROOT / "proto2net" / "caffe" / "caffe.desc"


# What a layer holds where Caffe fills in an empty list.
FILLED_IN = {
    "dilation": (1,),
    **dict.fromkeys(["fl_layer_in", "fl_layer_out", "fl_params"], (16,)),  # Ristretto's default
}

# Fields that only a program can give: no prototxt has them.
NOT_IN_TEXT = {"free", "fork"}

# Classes of a part of a message of Caffe: a layer of a fork reads that, and refuses the rest.
IN_PART = {"BiasTerm"}

MESSAGES_OF_CAFFE = 63


def messages(file: FileDescriptorProto | DescriptorProto) -> Iterator[DescriptorProto]:
    """Every message of a file, nested ones too."""
    inside = file.message_type if isinstance(file, FileDescriptorProto) else file.nested_type
    for message in inside:
        yield message
        yield from messages(message)


def of_caffe() -> list[str]:
    """The names of Caffe's own messages; those of its forks stand behind them."""
    found = messages(FileDescriptorProto.FromString(SHIPPED.read_bytes()))
    return [message.name for message in found][:MESSAGES_OF_CAFFE]


@pytest.mark.parametrize(
    ("schema", "shipped"),
    [
        ("caffe.proto", SHIPPED),
        ("onnx.proto", ROOT / "proto2net" / "backends" / "onnx" / "onnx.desc"),
    ],
)
def test_the_shipped_descriptor_is_the_compiled_schema(
    schema: str, shipped: Path, tmp_path: Path
) -> None:
    pytest.importorskip("grpc_tools", reason="protoc comes with grpcio-tools")
    spec = importlib.util.spec_from_file_location("compile_schema", ROOT / "proto" / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.compile_schema(schema, tmp_path / shipped.name)
    assert shipped.read_bytes() == (tmp_path / shipped.name).read_bytes(), (
        f"proto/{schema} has changed: run `python proto/compile.py`"
    )


def test_the_schema_has_every_message_and_field_of_caffe() -> None:
    found = list(messages(FileDescriptorProto.FromString(SHIPPED.read_bytes())))
    own = found[:MESSAGES_OF_CAFFE]
    assert own[-1].name == "V0LayerParameter"
    assert sum(field.number < FORKS for message in own for field in message.field) == 423


def test_forks_have_numbers_of_their_own_and_no_field_twice() -> None:
    for message in messages(FileDescriptorProto.FromString(SHIPPED.read_bytes())):
        numbers = [field.number for field in message.field]
        assert len(set(numbers)) == len(numbers)
        assert not any(2000 < number < FORKS for number in numbers), message.name


def test_every_layer_type_of_caffe_is_known() -> None:
    assert len(CAFFE_TYPES) == 61
    assert set(CAFFE_TYPES) <= LAYERS.keys()


def schema_name(field: dataclasses.Field[Any]) -> str:
    """The schema's name of a field, which is another where a layer cannot have it."""
    name: str = field.metadata.get("named", field.name)
    return name


def schema_names(cls: type[Layer]) -> list[str]:
    """The schema's names of a dataclass's fields; one that holds a size per axis has three."""
    return [
        name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]  # each is one
        for name in field.metadata.get("per_axis", (schema_name(field),))
        if name not in NOT_IN_TEXT
    ]


def parameters(cls: type[Layer]) -> dict[str, FieldDescriptor]:
    """The fields of a layer type's own message by name."""
    field = descriptor("LayerParameter").fields_by_name.get(cls.param)
    return dict(field.message_type.fields_by_name) if field and field.message_type else {}


def of_layers() -> dict[str, Any]:
    """The dataclass of each message that a layer type's field can hold, and that its own can."""
    beside = descriptor("LayerParameter").fields_by_name
    found: dict[str, Any] = {}
    waiting = [(cls, {**beside, **parameters(cls)}) for cls in LAYERS.values()]
    for cls, fields in waiting:
        for name, plain in layer_fields.messages(cls).items():
            message = fields[name].message_type
            assert found.setdefault(message.name, plain) is plain
            waiting.append((plain, dict(message.fields_by_name)))
    return found


MESSAGES = of_layers()


@pytest.mark.parametrize("name", LAYERS)
def test_every_message_that_a_layer_holds_has_a_class(name: str) -> None:
    for field, _, route in layer_fields.routes(name):
        if route is not None and route.message_type and route.message_type.name != "BlobShape":
            assert field.name in layer_fields.messages(LAYERS[name])


def mirrored() -> list[Any]:
    """Each dataclass that stands for messages, with the fields that those have by name."""
    beside = descriptor("LayerParameter").fields_by_name
    cases = []
    for name, cls in LAYERS.items():
        if not cls.__module__.startswith("proto2net."):
            continue  # a test has declared it
        cases.append(pytest.param(cls, parameters(cls), dict(beside), id=name))
    for name, plain in {**MESSAGES, "ParamSpec": ParamSpec}.items():
        cases.append(pytest.param(plain, dict(descriptor(name).fields_by_name), {}, id=name))
    return cases


Fields = dict[str, FieldDescriptor]


@pytest.mark.parametrize(("cls", "own", "beside"), mirrored())
def test_the_fields_are_those_of_the_schema(cls: type[Layer], own: Fields, beside: Fields) -> None:
    names = set(schema_names(cls))
    caffes = {name for name, field in own.items() if field.number < FORKS}
    forks = [name for name, plain in MESSAGES.items() if plain is cls and name not in of_caffe()]
    whole = cls.__name__ not in IN_PART
    if whole and getattr(cls, "type", "ReLU") in CAFFE_TYPES and not forks:  # theirs may be several
        assert names >= caffes, "a parameter would be dropped in silence"
    assert names <= own.keys() | beside.keys()


def unread() -> Iterator[Any]:
    """Each field of the schema that the layer type does not read, though it is in its message."""
    for name, cls in LAYERS.items():
        for field in parameters(cls).values():
            if field.name not in schema_names(cls):
                yield pytest.param(name, cls.param, field, id=f"{name}-{field.name}")


@pytest.mark.parametrize(("kind", "param", "field"), list(unread()))
def test_a_field_that_is_not_read_is_told(kind: str, param: str, field: FieldDescriptor) -> None:
    layer = message_class("LayerParameter")(name="x", type=kind)
    give(getattr(layer, param), field)
    found, told = entries([layer], "TEST", "net.prototxt")
    told += [str(issue) for entry in found for issue in entry.issues]
    assert any(f'"{field.name}"' in sentence for sentence in told)


def give(message: Any, field: FieldDescriptor) -> None:
    """Set a field to some value."""
    value = {field.CPPTYPE_STRING: "s", field.CPPTYPE_MESSAGE: None}.get(field.cpp_type, 1)
    if field.enum_type is not None:
        value = field.enum_type.values[0].number
    if value is None and is_repeated(field):
        getattr(message, field.name).add()
    elif value is None:
        getattr(message, field.name).SetInParent()
    elif is_repeated(field):
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


@pytest.mark.parametrize(("cls", "own", "beside"), mirrored())
def test_the_defaults_are_those_of_the_schema(
    cls: type[Layer], own: Fields, beside: Fields
) -> None:
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # each is one
        if "per_axis" not in field.metadata and field.name not in NOT_IN_TEXT:
            check_default(field, (beside | own)[schema_name(field)])


def check_default(field: dataclasses.Field[Any], schema: FieldDescriptor) -> None:
    """A field's default is the schema's, in the form that a layer holds values in."""
    if is_repeated(schema):
        assert field.default == FILLED_IN.get(field.name, ()), field.name
    elif field.default is dataclasses.MISSING:
        assert is_required(schema), field.name
    elif field.default is None:
        pass  # whether it is given counts, and what Caffe takes where it is not is the layer's rule
    elif schema.message_type is None:
        assert field.default == default(schema), field.name
    elif schema.message_type.name == "BlobShape":
        assert field.default == (), field.name
    else:
        # A filler that is not stated is of a class of its own, and starts as the schema says.
        assert isinstance(field.default, MESSAGES[schema.message_type.name]), field.name
        values = dataclasses.asdict(field.default)
        assert values == dataclasses.asdict(MESSAGES[schema.message_type.name]()), field.name


def default(schema: FieldDescriptor) -> Any:
    """The schema's default: an enum as its name, a 32-bit float as the decimal of the .proto."""
    if schema.enum_type is not None:
        return schema.enum_type.values_by_number[schema.default_value].name
    if schema.type == FieldDescriptor.TYPE_FLOAT:
        return shortest(schema.default_value)
    return schema.default_value
