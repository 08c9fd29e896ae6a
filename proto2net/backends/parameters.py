"""The parameters of a block: what its regions have different, with names that a person would give.

One number that stands in several places is one parameter, and a multiple of another is said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from proto2net.backends.source import Namespace
from proto2net.backends.tree import (
    Display,
    Expression,
    Literal,
    Name,
    Negative,
    Operation,
    Subscript,
    Variable,
    joined,
    listed,
)
from proto2net.backends.unify import Slot, Values
from proto2net.frozen import dataclass

WIDTHS = ("in_channels", "out_channels")
"""What the numbers of channels that a layer reads and makes are called."""


@dataclass(frozen=True)
class Argument:
    """A parameter of a block, and what each region passes for it."""

    name: str
    type: Expression
    values: Values
    default: Expression | None = None


@dataclass(frozen=True)
class Parameters:
    """The parameters of a block, and what stands in each slot in terms of them."""

    arguments: tuple[Argument, ...]
    slots: Mapping[int | str, Expression]


def parameters(
    slots: Sequence[Slot], entries: Values, exits: Values, taken: Sequence[str]
) -> Parameters | None:
    """The parameters for these slots; None if a region would have nothing to pass for one.

    `entries` and `exits` are the numbers of channels that come into each region and leave it.
    """
    found: dict[Values, list[Slot]] = {}
    for slot in sorted(slots, key=lambda slot: None in slot.values):  # these fit into others
        values = next((known for known in found if _fits(slot.values, known)), slot.values)
        found.setdefault(values, []).append(slot)
    if any(None in values and not _default(alike) for values, alike in found.items()):
        return None
    multiples = _multiples(found)
    single = len(_widths(found) - {entries, exits} - multiples.keys()) == 1
    names = Namespace(taken)
    filled: dict[int | str, Expression] = {}
    arguments: dict[Values, Argument] = {}
    order = sorted(found, key=lambda values: (values != entries, slots.index(found[values][0])))
    for values in order:
        if values in multiples:
            continue
        alike = found[values]
        wanted = _name(alike, values, entries, exits, single)
        arguments[values] = Argument(
            names.name(wanted, "n"), _type(values), values, _default(alike)
        )
    for values, alike in found.items():
        factor, base = multiples.get(values, (1, values))
        variable = Variable(arguments[base].name)
        for slot in alike:
            filled[slot.key] = Operation(Literal(factor), "*", variable) if factor > 1 else variable
    ordered = sorted(arguments.values(), key=lambda argument: argument.default is not None)
    return Parameters(tuple(ordered), filled)


def _fits(values: Values, known: Values) -> bool:
    """Whether a slot has the values of another, where it has any."""
    return all(a is None or a == b for a, b in zip(values, known, strict=True))


def _default(slots: Sequence[Slot]) -> Expression | None:
    """What these slots are if nothing is passed; None if that is not known of all alike."""
    defaults = {slot.default for slot in slots}
    return defaults.pop() if len(defaults) == 1 else None


def _widths(found: Mapping[Values, Sequence[Slot]]) -> set[Values]:
    """The values that are numbers of channels."""
    return {values for values, slots in found.items() if any(s.meaning in WIDTHS for s in slots)}


def _multiples(found: Mapping[Values, Sequence[Slot]]) -> dict[Values, tuple[int, Values]]:
    """The numbers of channels that are multiples of smaller ones, which are none themselves."""
    multiples: dict[Values, tuple[int, Values]] = {}
    bases: list[Values] = []
    for values in sorted((v for v in _widths(found) if _is_whole(v)), key=_total):
        factors = ((_factor(values, base), base) for base in bases)
        whole = next(((factor, base) for factor, base in factors if factor), None)
        if whole:
            multiples[values] = whole
        elif None not in values:
            bases.append(values)
    return multiples


def _is_whole(values: Values) -> bool:
    return all(v is None or (isinstance(v, Literal) and type(v.value) is int) for v in values)


def _numbers(values: Values) -> list[int | None]:
    numbers = (v.value if isinstance(v, Literal) else None for v in values)
    return [n if isinstance(n, int) else None for n in numbers]


def _total(values: Values) -> int:
    return sum(number or 0 for number in _numbers(values))


def _factor(values: Values, base: Values) -> int:
    """By which number each of the base is multiplied to give the values; 0 if by none."""
    pairs = [(v, b) for v, b in zip(_numbers(values), _numbers(base), strict=True) if v and b]
    factors = {v // b if v % b == 0 else 0 for v, b in pairs}
    return factors.pop() if len(factors) == 1 else 0


def _name(
    slots: Sequence[Slot], values: Values, entries: Values, exits: Values, single: bool
) -> str:
    """What a parameter is called."""
    meanings = [slot.meaning for slot in slots]
    if values == entries and any(meaning in WIDTHS for meaning in meanings):
        return "in_channels"
    makes = [slot for slot in slots if slot.meaning == "out_channels"]
    if makes and values == exits:
        return "out_channels"
    if any(meaning in WIDTHS for meaning in meanings):
        part = (makes or list(slots))[0].part
        return "channels" if single else f"n{part}" if part[:1].isdigit() else f"n_{part}"
    meaning = next(filter(None, meanings), "")
    return meaning or f"{slots[0].part}_size"


def _type(values: Values) -> Expression:
    """The type of the parameter: int, or int | tuple[int, int]."""
    return _either(map(_type_of, filter(None, values)))


def _type_of(value: Expression) -> Expression:
    match value:
        case Literal(value=constant):
            return Literal(None) if constant is None else Name(type(constant).__name__)
        case Negative(value):
            return _type_of(value)
        case Display("()", items):
            return Subscript(Name("tuple"), listed(map(_type_of, items)))
        case Display(_, items):
            return Subscript(Name("list"), _either(map(_type_of, items)))
    raise TypeError(f"no constant: {value!r}")


def _either(types: Iterable[Expression]) -> Expression:
    return joined("|", dict.fromkeys(types))
