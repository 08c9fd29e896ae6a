"""docs/by-hand.md has every short form of the builder, with its arguments."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import pytest
from places import ROOT

from proto2net import CaffeNetwork, Network
from proto2net.builder.chain import Chain

STYLES = {"ethereon's": Network, "Caffe's": CaffeNetwork}


def forms(style: type[Chain]) -> Iterator[tuple[str, Callable[..., Chain]]]:
    """The methods that append a layer of one type."""
    for name, method in inspect.getmembers(style, inspect.isfunction):
        if "more" in inspect.signature(method).parameters and name != "add" and name[0] != "_":
            yield name, method


def call(name: str, method: Callable[..., Chain]) -> str:
    """How it is called; what lies behind a plain name is shown, a message's default is not."""
    said = []
    for argument in list(inspect.signature(method).parameters.values())[1:]:
        plain = argument.default is None or isinstance(argument.default, bool | int | float | str)
        if argument.kind is argument.VAR_KEYWORD:
            continue
        if argument.kind is argument.VAR_POSITIONAL:
            said.append(f"*{argument.name}")
        elif argument.default is argument.empty:
            said.append(argument.name)
        elif plain or argument.default == ():
            said.append(f"{argument.name}={argument.default!r}")
        else:
            said.append(f"{argument.name}=…")
    return f".{name}({', '.join(said)})".replace("'", '"')


@pytest.mark.parametrize("style", STYLES)
def test_each_short_form_has_a_row_with_its_arguments(style: str) -> None:
    rows = re.findall(r"^\| `(\..*?)` \|", (ROOT / "docs" / "by-hand.md").read_text(), re.MULTILINE)
    assert [call(*form) for form in forms(STYLES[style]) if call(*form) not in rows] == []


def test_no_row_is_of_a_form_that_is_gone() -> None:
    rows = re.findall(r"^\| `(\..*?)` \|", (ROOT / "docs" / "by-hand.md").read_text(), re.MULTILINE)
    known = {call(*form) for style in STYLES.values() for form in forms(style)}
    assert [row for row in rows if row not in known] == []
    assert len(rows) == len(set(rows))
