"""Our frozen dataclasses behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from proto2net import frozen

LIBRARY, OURS = dataclasses.dataclass, frozen.dataclass


def classes(made_by: Any) -> tuple[type[Any], type[Any]]:
    """A class, and one that inherits from it."""

    @made_by(frozen=True)
    class Layer:
        name: str
        sizes: tuple[int, ...] = (3,)
        where: int = dataclasses.field(default=0, compare=False)
        arrays: dict[str, int] = dataclasses.field(default_factory=dict)

        def __hash__(self) -> int:
            return hash(self.name)

    @made_by(frozen=True)
    class Wide(Layer):
        sizes: tuple[int, ...] = (5, 7)
        axis: int = 1

    return Layer, Wide


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("conv",), {}),
    (("conv", (1, 2), 4, {"w": 1}), {}),
    (("conv", (1, 2)), {"where": 4}),
    ((), {"arrays": {"w": 1}, "name": "conv"}),
]


@pytest.mark.parametrize("which", [0, 1], ids=["base", "derived"])
@pytest.mark.parametrize(("values", "named"), ARGUMENTS)
def test_they_hold_and_show_the_same(
    which: int, values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    ours, theirs = (classes(by)[which](*values, **named) for by in (OURS, LIBRARY))
    assert vars(ours) == vars(theirs)
    assert list(vars(ours)) == list(vars(theirs))
    assert repr(ours) == repr(theirs)
    assert type(ours).__match_args__ == type(theirs).__match_args__
    assert copy.deepcopy(ours) == ours
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert dataclasses.replace(ours, name="pool").name == "pool"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"sizes": (1,)}),
        (("conv",), {"size": (1,)}),
        (("conv",), {"name": "pool"}),
        (("conv", (1,), 4, {}, 1), {}),
    ],
    ids=["nothing", "missing", "unknown", "twice", "too many"],
)
@pytest.mark.parametrize("made_by", [OURS, LIBRARY], ids=["ours", "theirs"])
def test_they_refuse_the_same(made_by: Any, values: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        classes(made_by)[0](*values, **named)


def test_a_refusal_names_the_class_and_its_fields() -> None:
    layer, _ = classes(OURS)
    with pytest.raises(TypeError, match="Layer needs name"):
        layer()
    with pytest.raises(TypeError, match="Layer takes name, sizes, where, arrays, each once"):
        layer("conv", size=3)


def test_each_object_gets_a_new_dictionary() -> None:
    layer, _ = classes(OURS)
    assert layer("a").arrays is not layer("a").arrays


@pytest.mark.parametrize("made_by", [OURS, LIBRARY], ids=["ours", "theirs"])
def test_they_compare_alike(made_by: Any) -> None:
    layer, wide = classes(made_by)
    assert layer("conv", where=1) == layer("conv", where=2)
    assert layer("conv") != layer("pool")
    assert layer("conv", (5, 7)) != wide("conv")
    assert hash(layer("conv")) == hash("conv")
    assert layer("conv") != "conv"


def test_without_eq_each_is_itself() -> None:
    @frozen.dataclass(frozen=True, eq=False)
    class Model:
        name: str

    model = Model("a")
    assert model != Model("a")
    assert {model: 1}[model] == 1


@pytest.mark.parametrize("made_by", [OURS, LIBRARY], ids=["ours", "theirs"])
def test_they_stay_as_they_are(made_by: Any) -> None:
    layer, _ = classes(made_by)
    conv = layer("conv")
    with pytest.raises(dataclasses.FrozenInstanceError):
        conv.name = "pool"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del conv.name
    assert conv.name == "conv"


def test_a_frozen_class_of_the_library_can_inherit_from_one() -> None:
    layer, _ = classes(OURS)

    @dataclasses.dataclass(frozen=True)
    class Mine(layer):  # type: ignore[misc, valid-type]  # made at run time
        axis: int = 1

    assert Mine("conv", axis=2) == Mine("conv", axis=2)
    assert Mine("conv", axis=2) != Mine("conv")
    with pytest.raises(dataclasses.FrozenInstanceError):
        Mine("conv").axis = 3
