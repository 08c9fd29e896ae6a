"""Data layers that stand in the place of others until all become inputs; no file names them."""

from __future__ import annotations

from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import ANY
from proto2net.layers.data import DataLayer, DummyData, TransformationParameter, pick, stated
from proto2net.shape import Shape, Shapes, Sizes


@dataclass(frozen=True)
class StandIn(DataLayer):
    """DummyData in the place of data; prototxt cannot say it."""

    type: ClassVar[str] = "DummyData"
    tops: ClassVar[tuple[int, int]] = (1, ANY)
    bottoms: ClassVar[tuple[int, int]] = (0, 0)
    label_per_image: ClassVar[bool] = False
    dummy: DummyData
    names: tuple[str, ...]
    """All tops that the DummyData has, some of which may be labels."""

    def named(self, tops: tuple[str, ...]) -> Shapes:
        shapes = dict(zip(self.names, self.dummy.infer((), len(self.names)), strict=True))
        return tuple(shapes[top] for top in tops)


@dataclass(frozen=True)
class StatedData(DataLayer):
    """A data layer beside which input_param states shapes, as in files that netscope shows."""

    type: ClassVar[str] = "Data"
    tops: ClassVar[tuple[int, int]] = (1, ANY)
    bottoms: ClassVar[tuple[int, int]] = (0, 0)
    of: str
    """The type that the file gives to the layer."""
    shape: tuple[Shape, ...]
    names: tuple[str, ...]
    """All tops that the layer has, some of which may be labels."""
    transform_param: TransformationParameter = TransformationParameter()

    @property
    def kind(self) -> str:
        return self.of

    def named(self, tops: tuple[str, ...]) -> Shapes:
        """As in an Input; one shape alone is that of the data, with a label for each."""
        shapes = tuple(map(stated, self.shape))
        if len(shapes) == 1 and len(self.names) == 2:
            shapes = (*shapes, shapes[0][:1])
        named = dict(zip(self.names, pick("shape", shapes, len(self.names)), strict=True))
        return tuple(named[top] for top in tops)


@dataclass(frozen=True)
class SomeTops(DataLayer):
    """A data layer that has lost tops before others; prototxt cannot say it."""

    type: ClassVar[str] = "Data"
    tops: ClassVar[tuple[int, int]] = (1, ANY)
    bottoms: ClassVar[tuple[int, int]] = (0, 0)
    label_per_image: ClassVar[bool] = False
    of: DataLayer
    names: tuple[str, ...]
    """All tops that the layer has."""

    @property
    def kind(self) -> str:
        return self.of.kind

    @property
    def transform_param(self) -> TransformationParameter | None:
        """What is done to each image."""
        return getattr(self.of, "transform_param", None)

    def assumption(self) -> str:
        return self.of.assumption()

    def following(self, images: Sizes, tops: tuple[str, ...]) -> dict[str, Sizes]:
        found = self.of.following(images, self.names) if tops[:1] == self.names[:1] else {}
        return {top: found[top] for top in tops if top in found}

    def named(self, tops: tuple[str, ...]) -> Shapes:
        shapes = dict(zip(self.names, self.of.named(self.names), strict=True))
        return tuple(shapes[top] for top in tops)
