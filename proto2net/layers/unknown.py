"""Layers of types that are not known: each has its place, until it turns out that it is needed."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Count, Layer
from proto2net.layers.data import GIVE_IT, NOT_STATED, DataLayer
from proto2net.shape import Shapes


@dataclass(frozen=True)
class Unknown(Layer):
    """A layer of which only its bottoms and tops are known; what is wrong stands in its entry."""

    type: ClassVar[str] = "unknown"
    bottoms: ClassVar[Count] = (0, ANY)
    tops: ClassVar[Count] = (0, ANY)
    of: str
    """The type that the file gives to the layer."""

    @property
    def kind(self) -> str:
        return self.of


@dataclass(frozen=True)
class UnknownData(DataLayer):
    """A source of data: its type is called so, or the shape of its top is given."""

    type: ClassVar[str] = "unknown"
    bottoms: ClassVar[Count] = (0, 0)
    tops: ClassVar[Count] = (1, ANY)
    label_per_image: ClassVar[bool] = False
    of: str

    @property
    def kind(self) -> str:
        return self.of

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        raise ShapeError(NOT_STATED, GIVE_IT)
