"""The schema that is shipped, and the layer types that mirror it field by field."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

from proto2net.caffe.importer import MESSAGES, shortest
from proto2net.caffe.schema import descriptor, is_repeated
from proto2net.layers import LAYERS, Layer, ParamSpec

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "proto2net" / "caffe" / "caffe.desc"

# Every layer type that BVLC Caffe registers, at the commit that proto/caffe.proto names.
CAFFE_TYPES = """
    AbsVal Accuracy ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat ContrastiveLoss Convolution
    Crop Data Deconvolution Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten
    HDF5Data HDF5Output HingeLoss Im2col ImageData InfogainLoss InnerProduct Input LRN LSTM LSTMUnit
    Log MVN MemoryData MultinomialLogisticLoss PReLU Parameter Pooling Power Python RNN ReLU
    Reduction Reshape SPP Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax
    SoftmaxWithLoss Split Swish TanH Threshold Tile WindowData
""".split()


# What a layer holds where Caffe fills in an empty list.
FILLED_IN = {"dilation": (1,)}


def messages(file: FileDescriptorProto | DescriptorProto) -> Iterator[DescriptorProto]:
    """Every message of a file, nested ones too."""
    inside = file.message_type if isinstance(file, FileDescriptorProto) else file.nested_type
    for message in inside:
        yield message
        yield from messages(message)


def test_the_shipped_descriptor_is_the_compiled_schema(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="protoc comes with grpcio-tools")
    spec = importlib.util.spec_from_file_location("compile_schema", ROOT / "proto" / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.compile_schema(tmp_path / "caffe.desc")
    assert SHIPPED.read_bytes() == (tmp_path / "caffe.desc").read_bytes(), (
        "proto/caffe.proto has changed: run `python proto/compile.py`"
    )


def test_the_schema_has_every_message_and_field_of_caffe() -> None:
    found = list(messages(FileDescriptorProto.FromString(SHIPPED.read_bytes())))
    assert len(found) == 63
    assert sum(len(message.field) for message in found) == 423


def test_every_layer_type_of_caffe_is_known() -> None:
    assert len(CAFFE_TYPES) == 61
    assert set(CAFFE_TYPES) <= LAYERS.keys()


def mirrored() -> list[Any]:
    """Each dataclass that stands for messages, with the fields that those have by name."""
    beside = descriptor("LayerParameter").fields_by_name
    cases = []
    for name in CAFFE_TYPES:
        cls = LAYERS[name]
        own = beside[cls.param].message_type.fields_by_name if cls.param else {}
        cases.append(pytest.param(cls, dict(own), dict(beside), id=name))
    for name, plain in {**MESSAGES, "ParamSpec": ParamSpec}.items():
        cases.append(pytest.param(plain, dict(descriptor(name).fields_by_name), {}, id=name))
    return cases


Fields = dict[str, FieldDescriptor]


@pytest.mark.parametrize(("cls", "own", "beside"), mirrored())
def test_the_fields_are_those_of_the_schema(cls: type[Layer], own: Fields, beside: Fields) -> None:
    names = set(schema_names(cls))
    assert names >= own.keys(), "a parameter would be dropped in silence"
    assert names <= own.keys() | beside.keys()


@pytest.mark.parametrize(("cls", "own", "beside"), mirrored())
def test_the_defaults_are_those_of_the_schema(
    cls: type[Layer], own: Fields, beside: Fields
) -> None:
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # each is one
        if "per_axis" not in field.metadata:
            check_default(field, (beside | own)[field.name])


def schema_names(cls: type[Layer]) -> list[str]:
    """The schema's names of a dataclass's fields; one that holds a size per axis has three."""
    return [
        name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]  # each is one
        for name in field.metadata.get("per_axis", (field.name,))
    ]


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
        assert field.default == MESSAGES[schema.message_type.name](), field.name


def default(schema: FieldDescriptor) -> Any:
    """The schema's default: an enum as its name, a 32-bit float as the decimal of the .proto."""
    if schema.enum_type is not None:
        return schema.enum_type.values_by_number[schema.default_value].name
    if schema.type == FieldDescriptor.TYPE_FLOAT:
        return shortest(schema.default_value)
    return schema.default_value


def is_required(schema: FieldDescriptor) -> bool:
    """Whether a message without the field is refused."""
    if hasattr(schema, "is_required"):
        return bool(schema.is_required)
    return bool(schema.label == FieldDescriptor.LABEL_REQUIRED)
