"""Names of Keras layers that stand in an expression."""

from __future__ import annotations

from proto2net.backends.printing import text
from proto2net.backends.tensorflow.names import with_names
from proto2net.backends.tree import BOTTOM, Literal, Operation, call


def test_a_layer_in_two_places_has_a_name_in_each() -> None:
    flat = call(call("layers.Flatten"), BOTTOM)
    named = with_names(Operation(flat, "+", flat), [Literal("second"), Literal("first")])
    assert text(named) == 'layers.Flatten(name="first")({0}) + layers.Flatten(name="second")({0})'
