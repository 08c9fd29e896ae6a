"""Which short form makes a layer type, so that a printer finds its call again.

A method is simple if each of its parameters is a field of the layer, under its own name or another.
Then `makes` above it says all that the way back needs; its signature has the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from proto2net.frozen import dataclass
from proto2net.layers import Layer

Method = TypeVar("Method", bound=Callable[..., object])


@dataclass(frozen=True)
class Form:
    """A method, and the fields of the layer whose names are not those of its parameters."""

    method: str
    fields: Mapping[str, str]


FORMS: dict[type[Layer], Form] = {}
"""The simple short forms of `Network` by what they make."""


def makes(layer: type[Layer], **fields: str) -> Callable[[Method], Method]:
    """Declare what a simple short form makes; `fields` are by the names of its parameters."""

    def declare(method: Method) -> Method:
        FORMS[layer] = Form(method.__name__, fields)
        return method

    return declare
