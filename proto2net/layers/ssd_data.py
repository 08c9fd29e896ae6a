"""Layers of SSD where data enters: images with their true boxes, and frames of videos."""

from __future__ import annotations

from typing import ClassVar

from proto2net.errors import ShapeError
from proto2net.frozen import dataclass
from proto2net.layers.base import layer
from proto2net.layers.data import (
    GIVE_IT,
    NOT_STATED,
    DataLayer,
    DataParameter,
    TransformationParameter,
)
from proto2net.shape import Shape, Shapes, require


@layer("AnnotatedData", param="annotated_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class AnnotatedData(DataLayer):
    """Images from a database, and a row for each of their true boxes (annotated_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False
    data_param: DataParameter = DataParameter()
    label_map_file: str | None = None
    transform_param: TransformationParameter = TransformationParameter()

    def assumption(self) -> str:
        return "images of 3 channels assumed, and 1 box in all: the file does not say"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        batch, size = self.data_param.batch_size, self.transform_param.size
        require(batch > 0, "batch_size in data_param is missing or 0; it must be above 0")
        self.transform_param.check(3)
        if size is None:
            raise ShapeError(NOT_STATED, GIVE_IT)
        return ((batch, 3, *size), (1, 1, 1, 8))[:tops]


@layer("VideoData", param="video_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class VideoData(DataLayer):
    """Frames of videos, and labels: three forks have different layers of this name.

    SSD's reads one image after the other from a camera or a file. That of Temporal Segment
    Networks, which is told by name_pattern, num_segments or modality, lays frames or flow out as
    channels. That of video-caffe, which is told by new_length, gives them an axis of their own.
    """

    data_param: DataParameter | None = None
    source: str | None = None
    batch_size: int | None = None
    new_length: int | None = None
    new_height: int = 0
    new_width: int = 0
    num_segments: int | None = None
    modality: str | None = None
    name_pattern: str | None = None
    shuffle: bool = False
    video_type: str | None = None
    video_file: str | None = None
    device_id: int = 0
    skip_frames: int = 0
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        batch = self.data_param.batch_size if self.data_param else self.batch_size
        require(bool(batch), "batch_size is missing or 0; it must be above 0")
        size = self.transform_param.size or (self.new_height, self.new_width)
        if min(size) == 0:
            raise ShapeError(NOT_STATED, GIVE_IT)
        return ((batch or 0, *self.frames, *size), (batch or 0,))[:tops]

    @property
    def frames(self) -> Shape:
        """The axes between the batch and the image's size."""
        if self.modality or self.num_segments or self.name_pattern:
            channels = 3 if self.modality == "RGB" else 2
            return (channels * (self.new_length or 1) * (self.num_segments or 1),)
        return (3,) if self.new_length is None else (3, self.new_length)
