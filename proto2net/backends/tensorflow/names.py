"""What Keras calls the layers of an emitted file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from proto2net.backends.base import Step
from proto2net.backends.blocks import Block
from proto2net.backends.naming import GIVEN, Naming
from proto2net.backends.source import Namespace, snake_case
from proto2net.backends.tree import (
    Attribute,
    Call,
    Expression,
    Formatted,
    Literal,
    Name,
    Negative,
    Operation,
    Series,
    Variable,
    filled,
    parts_of,
    replaced,
)

AXES = ("1D", "2D", "3D")
"""The ends of the names of layers that Keras has for so many axes."""

OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "truedivide"}
"""What Keras calls the operators that stand in expressions."""


class KerasNames(Namespace):
    """Unique layer names as Keras admits them: without slashes, and TensorFlow without blanks.

    A name such as "flatten_1" is changed where Keras may give it to a layer that has none.
    """

    def __init__(self, expressions: Iterable[Expression] = ()) -> None:
        super().__init__()
        self._own = {name for each in expressions for name in _automatic(each)}

    def name(self, wanted: str, default: str = "layer") -> str:
        name = cleaned(wanted)[:60]
        if re.sub(r"_\d+$", "", name).replace("_", "") in self._own:
            name = f"{name}_{default}"
        return self.unique(name if name[:1].isalnum() else f"{default}{name}")


def cleaned(text: str) -> str:
    """A part of a name with only what Keras admits."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def unnamed(expression: Expression | None) -> list[Call]:
    """What makes the layers that an expression calls without naming them, the first one first."""
    called = (
        part.function for part in parts_of(expression or Literal(None)) if isinstance(part, Call)
    )
    makers = [made for made in called if isinstance(made, Call) and _class_of(made)]
    return [made for made in reversed(makers) if "name" not in dict(made.keywords)]


def suffixes(step: Step) -> list[str]:
    """What the names of layers that a step's own needs aside have more than that: "_pad", "_pad_1".

    A single one of a step that has no layer of its own has just the name.
    """
    makers = unnamed(step.code.forward)
    if step.code.init is None and len(makers) == 1:
        return [""]
    if not makers:
        return []
    names, kinds = Namespace(), map(_class_of, makers)
    return [f"_{names.unique(_SUFFIXES.get(kind, snake_case(kind)))}" for kind in kinds]


def extended(name: Expression, suffix: str) -> Expression:
    """The name that a block makes, with a suffix."""
    pieces = name.parts if isinstance(name, Formatted) else (Variable(GIVEN),)
    return Formatted((*pieces, suffix)) if suffix else name


def with_names(expression: Expression, names: Iterable[Expression]) -> Expression:
    """The expression with these names for the layers that it makes without naming them."""
    apart = filled(expression, {})  # what stands in two places is two layers
    named = {
        id(made): replace(made, keywords=(*made.keywords, ("name", name)))
        for made, name in zip(unnamed(apart), names, strict=True)
    }
    return replaced(apart, named)


_SUFFIXES = {
    **{f"ZeroPadding{axes}": "pad" for axes in AXES},
    **{f"Cropping{axes}": "crop" for axes in AXES},
    **dict.fromkeys(["PadLowest", "PadSame", "PadTo"], "pad"),
    "CutWindows": "cut",
}


def _class_of(made: Call) -> str:
    """The class of the layer that this makes; empty if it makes none."""
    match made.function:
        case Attribute(Name("layers"), name):
            return name
        case Name(name) if name[:1].isupper():
            return name
    return ""


def _automatic(expression: Expression) -> Iterator[str]:
    """What Keras calls the layers that an expression makes without naming them."""
    for part in parts_of(expression):
        match part:
            case Name(name) | Attribute(name=name):
                yield name.replace("_", "").lower()
            case Operation(operator=sign) if sign in OPERATORS:
                yield OPERATORS[sign]
            case Series(rest=rest):
                yield from (OPERATORS[sign] for sign, _ in rest)
            case Negative():
                yield "negative"


def named(block: Block) -> Naming:
    """How the layers of a block are named."""
    made = (s for s in block.steps if s.code.init or unnamed(s.code.forward))
    return Naming((block.templates[step.node] for step in made), cleaned)
