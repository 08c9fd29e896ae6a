"""What blocks have different becomes parameters that a person would have made."""

from __future__ import annotations

from collections.abc import Sequence

from proto2net.backends.parameters import Parameters, parameters
from proto2net.backends.tree import Expression, Literal, call, dotted
from proto2net.backends.unify import Unifier

FUNCTIONS = {dotted("conv"): ("in_channels", "out_channels")}


def made(rows: dict[str, Sequence[Expression]], entries: Sequence[int] = (3, 5)) -> Parameters:
    """The parameters of two blocks, whose calls are given by the name of their part."""
    unifier = Unifier(FUNCTIONS)
    for part, calls in rows.items():
        unifier.form(part, calls)
    found = parameters(unifier.slots, tuple(map(Literal, entries)), (None, None), [])
    assert found
    return found


def names(found: Parameters) -> list[str]:
    return [argument.name for argument in found.arguments]


def test_one_number_in_several_places_is_one_parameter() -> None:
    rows = {
        "a": [call("conv", 3, 8), call("conv", 5, 9)],
        "b": [call("conv", 8, 7), call("conv", 9, 7)],
    }
    assert names(made(rows)) == ["in_channels", "channels"]


def test_a_multiple_is_no_parameter() -> None:
    rows = {
        "a": [call("conv", 3, 8), call("conv", 5, 9)],
        "b": [call("conv", 8, 32), call("conv", 9, 36)],
    }
    assert names(made(rows)) == ["in_channels", "channels"]


def test_an_option_that_only_some_state_has_its_default_in_the_others() -> None:
    rows = {"a": [call("conv", 3, 8, stride=(1, 1)), call("conv", 5, 8, stride=(2, 1))]}
    (_, stride) = made(rows).arguments
    assert (stride.name, stride.default) == ("stride", Literal(1))
    assert stride.values == (Literal(1), Literal(2))


def test_a_truth_value_is_not_the_number_that_it_equals() -> None:
    rows = {
        "a": [
            call("pool", ceil=(True, None), pad=(1, None)),
            call("pool", ceil=(False, None), pad=(0, None)),
        ]
    }
    assert names(made(rows)) == ["ceil", "pad"]
