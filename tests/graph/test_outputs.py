"""What a network gives if its definition silences or scores all that it computes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

import proto2net

Told = Callable[[], list[str]]

INPUT = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 7 } } }
"""


def layer(kind: str, bottoms: str, tops: str, more: str = "") -> str:
    """A layer that has the name of its first top."""
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    made = " ".join(f'top: "{top}"' for top in tops.split())
    name = (tops or kind.lower()).split()[0]
    return f'layer {{ name: "{name}" type: "{kind}" {read} {made} {more} }}\n'


def outputs(text: str) -> list[str]:
    return [blob.name for blob in proto2net.parse(text).outputs]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Returns the notes so far."""
    caplog.set_level(logging.INFO, "proto2net")
    return lambda: caplog.messages


# ---- Silence --------------------------------------------------------------------------------


def test_what_is_silenced_is_the_output_of_a_network_that_has_no_other(told: Told) -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("Silence", "x", "")
    assert outputs(text) == ["x"]
    assert told() == [
        'layer "silence" (Silence) does not silence "x": the network has no other outputs'
    ]


def test_what_is_silenced_stays_so_beside_an_output(told: Told) -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("TanH", "data", "y")
    assert outputs(text + layer("Silence", "x", "")) == ["y"]
    assert not told()


def test_an_input_that_is_silenced_is_no_output() -> None:
    text = INPUT + INPUT.replace('"data"', '"more"') + layer("ReLU", "data", "x")
    text += layer("Silence", "more x", "")
    assert outputs(text) == ["x"]
    assert proto2net.parse(text).nodes[-1].bottoms[0].name == "more"


def test_what_is_silenced_beside_a_loss_stays_so() -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("EuclideanLoss", "x data", "l")
    assert not outputs(text + layer("Silence", "l", ""))
