"""How the images of a graph are prepared, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from proto2net.graph import Graph, Node
from proto2net.layers import Input, TransformationParameter
from proto2net.layers.base import Layer
from proto2net.shape import Shape, Sizes, dims
from proto2net.text import plain
from proto2net.usage import Usage


class Prepared(NamedTuple):
    """An image input, and what is done to its images."""

    name: str
    shape: Shape
    sizes: Sizes
    """Its height and width, where None may be any."""
    transform: TransformationParameter
    usage: Usage

    @property
    def channels(self) -> int:
        """3 of an image with colours, 1 of a grey one."""
        return self.shape[1]

    @property
    def reversed(self) -> bool:
        """Whether the channels are in another order than those of an RGB image."""
        return self.channels == 3 and not self.usage.rgb

    @property
    def order(self) -> str:
        """What the order of channels is called."""
        return "RGB" if self.usage.rgb else "BGR"

    @property
    def mean_file(self) -> str:
        """The name of the file of the mean image, without its folder; empty: there is none."""
        path = self.transform.mean_file or ""
        return path.replace("\\", "/").rpartition("/")[2]

    @property
    def fixed(self) -> Shape:
        """The height and width that the network takes; none where one may be any."""
        known = tuple(size for size in self.sizes if size is not None)
        return known if len(known) == len(self.sizes) else ()

    @property
    def crop(self) -> Shape:
        """The height and width of the middle that is taken of an image; none: all is taken."""
        larger = self.usage.resize and self.usage.resize != self.fixed
        return self.transform.crop or (self.fixed if larger else ())

    @property
    def resize(self) -> Shape:
        """The height and width that an image is brought to before; none: it keeps its own."""
        if self.usage.resize:
            return self.usage.resize
        mean = self.usage.mean.shape[1:] if self.usage.mean else ()
        if self.crop:
            return self.usage.new_size or mean or self.transform.warp
        fits = self.transform.resize_param and not self.transform.warp  # it is more than a resize
        return () if fits else self.fixed or mean

    @property
    def doubt(self) -> str:
        """The note where the size of images before a crop is not known."""
        if self.resize or self.mean_file or not self.crop:
            return ""
        return (
            f"images are cropped to {dims(self.crop)}, and the definition does not say how large "
            "they are before: give --resize H,W, which is 256,256 in Caffe's examples of "
            "ImageNet"
        )

    def __str__(self) -> str:
        """What is done to an image, in words: 'the middle 224 x 224, BGR, 0 to 255, minus 128'."""
        transform = self.transform
        resized = f"resized to {dims(self.resize)}" if self.resize else ""
        parts = [
            resized or ("resized as the mean image" if self.mean_file else ""),
            f"the middle {dims(self.crop)}" if self.crop else "",
            self.order if self.channels == 3 else "grey",
            "0 to 255",
            f"minus the mean image of {plain(self.mean_file)}" if self.mean_file else "",
            f"minus {_listed(transform.mean_value)}" if any(transform.mean_value) else "",
            f"times {_listed([transform.scale])}" if transform.scale != 1 else "",
        ]
        return ", ".join(filter(None, parts))


def prepared(graph: Graph) -> Prepared | None:
    """What is done to images of the first input of which it is known; None where nothing is."""
    for node in graph.nodes:
        if is_of_images(node) and isinstance(node.layer, Input) and node.layer.transform_param:
            blob = node.tops[0]
            sizes = graph.open_shape(blob)[2:]
            return Prepared(blob.name, blob.shape, sizes, node.layer.transform_param, graph.usage)
    return None


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:.7g}" for number in numbers)


def is_of_images(node: Node[Layer]) -> bool:
    """Whether this is an input of images: with 4 axes, and 1 or 3 channels."""
    shape = node.tops[0].shape if isinstance(node.layer, Input) else ()
    return len(shape) == 4 and shape[1] in (1, 3)
