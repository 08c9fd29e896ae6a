"""How images are prepared and what classes are called, where a definition does not say it."""

from __future__ import annotations

from proto2net.frozen import dataclass
from proto2net.shape import Shape


@dataclass(frozen=True)
class MeanImage:
    """The file of a mean image, its shape (C, H, W), and the means of its channels."""

    file: str
    shape: Shape
    means: tuple[float, ...]


@dataclass(frozen=True)
class Usage:
    """Facts about images and classes for which a definition has no fields."""

    rgb: bool = False
    """Whether the channels are in the order red, green, blue; Caffe's are blue, green, red."""
    mean: MeanImage | None = None
    """What is subtracted from images, if it was given as a file."""
    resize: Shape = ()
    """The height and width that images are brought to, where that is asked for."""
    new_size: Shape = ()
    """The same where the data layer says it: its new_height and new_width."""
    labels: tuple[str, ...] = ()
    """What the classes are called."""
