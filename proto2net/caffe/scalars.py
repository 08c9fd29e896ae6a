"""From a token of the text format to the value of a field, as C++ TextFormat takes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from proto2net.caffe.schema import LINE, PRIVATE, is_repeated, is_required
from proto2net.caffe.tokens import STRING
from proto2net.caffe.upgrade import V1_TYPES
from proto2net.errors import closest
from proto2net.frozen import dataclass

_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_V1_NAMES = {current: v1 for v1, current in V1_TYPES.items() if current}
_BOOLS = dict.fromkeys(("true", "True", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "f", "0"), False
)
_DIGITS = 1000
"""Of a number; a longer one takes long to be read."""


class Refused(Exception):
    """A value does not fit its field; the argument says what would."""


@dataclass(frozen=True)
class Field:
    """What the reader needs of a field descriptor, looked up once a message type."""

    name: str
    repeated: bool
    required: bool
    cpp_type: int
    message: Descriptor | None
    keeps_line: bool
    convert: Callable[[str, str], object]  # of a token's kind and text


@cache
def fields_of(descriptor: Descriptor) -> dict[str, Field]:
    """The fields of a message type by name."""
    return {
        field.name: Field(
            field.name,
            is_repeated(field),
            is_required(field),
            field.cpp_type,
            field.message_type,
            field.message_type is not None and LINE in field.message_type.fields_by_name,
            _converter(field, of_layer=LINE in descriptor.fields_by_name),
        )
        for field in descriptor.fields
        if field.name not in PRIVATE
    }


@cache
def required_of(descriptor: Descriptor) -> list[str]:
    """The fields that a message of this type must have."""
    return [field.name for field in fields_of(descriptor).values() if field.required]


NUMBERS = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_FLOAT,
    FieldDescriptor.CPPTYPE_DOUBLE,
)
_INTEGER_BITS = {"INT32": 31, "INT64": 63, "UINT32": 32}


def _converter(field: FieldDescriptor, *, of_layer: bool) -> Callable[[str, str], object]:
    """The function from a token to the value of this field; it raises Refused."""
    if field.enum_type is not None:
        numbers = {value.name: value.number for value in field.enum_type.values}
        if field.enum_type.name == "LayerType":
            return lambda kind, text: _v1_type(numbers, kind, text)
        return lambda kind, text: _enum(numbers, kind, text)
    for name, bits in _INTEGER_BITS.items():
        if field.type == getattr(FieldDescriptor, f"TYPE_{name}"):
            low, high = (0 if name == "UINT32" else -(2**bits)), 2**bits - 1
            return lambda kind, text: _integer(low, high, kind, text)
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return _float
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda kind, text: string_of(kind, text).encode()
    return string_of if of_layer else _bare_string


def _enum(numbers: dict[str, int], kind: str, text: str) -> int:
    if kind == "name" and text in numbers:
        return numbers[text]
    if kind == "number" and text in map(str, numbers.values()):
        return int(text)
    hint = closest(text, numbers) if kind == "name" else ""
    raise Refused("; ".join(filter(None, (f"it can be {', '.join(numbers)}", hint))))


def _v1_type(numbers: dict[str, int], kind: str, text: str) -> int:
    """The number of a type of the V1 format, which some call by its current name, in quotes."""
    if kind == "string" and (v1 := _V1_NAMES.get(string_of(kind, text))):
        return numbers[v1]
    return _enum(numbers, kind, text)


def _integer(low: int, high: int, kind: str, text: str) -> int:
    value = _whole(text) if kind == "number" else None
    if value is None or not low <= value <= high:
        raise Refused(f"it must be a whole number from {low} to {high}")
    return value


def _whole(text: str) -> int | None:
    digits = text.removeprefix("-").lower()
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] != "x"
    if not digits.isalnum() or len(digits) > _DIGITS:
        return None
    try:
        value = int(digits, 16 if digits[:2] == "0x" else 8 if octal else 10)
    except ValueError:
        return None
    return -value if text[0] == "-" else value


def _float(kind: str, text: str) -> float:
    special = kind == "name" and text.removeprefix("-").lower() in ("inf", "infinity", "nan")
    try:
        if len(text) <= _DIGITS and (kind == "number" or special):
            return float(text if special else text.rstrip("fF"))
    except ValueError:
        pass
    raise Refused("it must be a number")


def _bool(kind: str, text: str) -> bool:
    if kind == "string" or text not in _BOOLS:
        raise Refused("it must be true or false")
    return _BOOLS[text]


def _bare_string(kind: str, text: str) -> str:
    """A string that may lack its quotes, as those of parameters do in MyCaffe's files."""
    return text if kind in ("name", "path") else string_of(kind, text)


def string_of(kind: str, text: str) -> str:
    """The text that a string stands for, without quotes and escapes."""
    if kind != "string":
        raise Refused('it must be a string, in quotes: "…"')
    content = text[1:-1]
    if text[0] in content:  # it may be of several literals
        content = "".join(literal[0][1:-1] for literal in STRING.finditer(text))
    if "\\" not in content:
        return content
    return _unescape(content)


def _unescape(content: str) -> str:
    """Resolve C escapes; \\ooo and \\xhh are bytes of UTF-8."""

    def byte(match: re.Match[str]) -> bytes:
        octal, digits, letter = match.groups()
        if octal:
            return bytes([int(octal, 8) & 255])
        if digits:
            return bytes([int(digits, 16)])
        return _ESCAPES.get(letter, letter).encode()

    parts, end = [], 0
    for match in _ESCAPE.finditer(content):
        parts += [content[end : match.start()].encode(), byte(match)]
        end = match.end()
    return b"".join([*parts, content[end:].encode()]).decode(errors="replace")
