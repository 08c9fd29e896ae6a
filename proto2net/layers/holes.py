"""Layers that are left for the user to write: nothing is known of them but their tops' shapes.

A hole is asked for by the layer's name, or as `type:Foo` for all layers of a type.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Count, Layer
from proto2net.shape import Shapes, require

Holes = Mapping[str, Shapes]
"""The shapes of the tops of each hole."""


@dataclass(frozen=True)
class Hole(Layer):
    """The place of a layer, which targets render as a class that raises NotImplementedError."""

    type: ClassVar[str] = "Hole"
    bottoms: ClassVar[Count] = (0, ANY)
    tops: ClassVar[Count] = (1, ANY)
    of: str
    """The type that the file gives to the layer."""
    shapes: Shapes
    text: str = ""
    """The layer as it stands in the file."""

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            len(self.shapes) == tops,
            f"this hole is given {len(self.shapes)} shapes for {tops} tops",
            "give a shape for each top, with ; in between",
        )
        return self.shapes


def is_hole(layer: Any, holes: Collection[str]) -> bool:
    """Whether a layer, which has a name and a type, is to be left as a hole."""
    return bool(key(layer, holes))


def key(layer: Any, holes: Collection[str]) -> str:
    """The one of the names that asks for this layer; empty: none does."""
    if not holes:
        return ""
    names = (layer.name, f"type:{layer.type}")
    return next((name for name in names if name in holes), "")
