"""What is done to images before a network gets them: crop, mirror, mean and scale.

It is Caffe's DataTransformer (data_transformer.cpp): for each image the draws are for its mirror,
then for where it is cropped, down and to the right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from proto2net.data.decoding import mirrored, planes
from proto2net.data.memory import Memory
from proto2net.frozen import dataclass
from proto2net.layers.data import TransformationParameter
from proto2net.shape import Shape, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_LARGE = 2**14
"""Numbers of an image from which on each is made ready while it is in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Transformer:
    """Makes a batch of images. The random draws are arguments, so any thread may do it."""

    transform: TransformationParameter
    phase: str
    mean: Ndarray | None
    """The image of mean_file: (channels, height, width)."""
    memory: Memory
    """What batches are made in."""

    @cached_property
    def _crops_anywhere(self) -> bool:
        return self.phase == "TRAIN" and self.transform.crop_size > 0

    @property
    def draws(self) -> int:
        """How many numbers are drawn for an image."""
        return self.transform.mirror + 2 * self._crops_anywhere

    def batch(self, images: Iterable[Ndarray], drawn: Ndarray) -> Ndarray:
        """The images (channels, height, width) transformed; `drawn` has a row for each."""
        waiting = iter(images)
        first = next(waiting)
        out = self.memory.array((len(drawn), *self.shape(first)))
        if isinstance(images, np.ndarray) and not self.transform.crop_size + self.draws:
            out[...] = images
            if self.mean is not None:
                out -= self.mean
        else:
            # One after the other, so that each is gone before the next is decoded.
            large = out[0].size > _LARGE
            rows = zip(out, chain([first], waiting), drawn.tolist(), strict=True)
            for row, image, numbers in rows:
                if image.shape != first.shape:
                    self._check_like(image, row.shape)
                part = self._part(image, row.shape, numbers, dense=large)
                if large:
                    self._scale(part, row)
                else:
                    row[...] = part
            if large:
                return out
        self._scale(out, out)
        return out

    def _scale(self, images: Ndarray, out: Ndarray) -> None:
        """Take the means of channels from images, and scale them."""
        if self.transform.mean_value:
            means = np.array(self.transform.mean_value, np.float32)[:, None, None]
            images = np.subtract(images, means, out=out, dtype=np.float32)
        if self.transform.scale != 1:
            images = np.multiply(
                images, np.float32(self.transform.scale), out=out, dtype=np.float32
            )
        if images is not out:
            out[...] = images

    def shape(self, image: Ndarray) -> Shape:
        """What becomes of the shape of an image. Raises ShapeError if Caffe refuses it."""
        self.transform.check(image.shape[0])
        crop = self.transform.crop_size
        require(
            min(image.shape[1:]) >= crop,
            f"an image is {dims(image.shape)}, which is smaller than crop_size ({crop})",
        )
        if self.mean is not None:
            require(
                image.shape == self.mean.shape,
                f"an image is {dims(image.shape)}, and the mean image {dims(self.mean.shape)}",
            )
        return (image.shape[0], crop, crop) if crop else image.shape

    def _check_like(self, image: Ndarray, shape: Shape) -> None:
        """Refuse an image that does not become one of this shape."""
        require(
            self.shape(image) == shape,
            f"an image is {dims(image.shape)}, and the first of its batch {dims(shape)}",
            "crop_size brings all to one size; with a batch_size of 1 each may have its own",
        )

    def _part(self, image: Ndarray, shape: Shape, drawn: Sequence[int], *, dense: bool) -> Ndarray:
        """The part of an image that is for use, as it is mirrored, without its mean image.

        With `dense` one that lies in memory pixel by pixel, as it was decoded, comes to planes.
        """
        _, height, width = shape
        down, right = image.shape[1] - height, image.shape[2] - width
        if self._crops_anywhere:
            down, right = drawn[-2] % (down + 1), drawn[-1] % (right + 1)
        else:
            down, right = down // 2, right // 2
        window = np.s_[:, down : down + height, right : right + width]
        part = image[window]
        dense = dense and not image.flags.c_contiguous
        if dense:
            part = planes(part)
        if self.mean is not None:
            part = part - self.mean[window]
        if self.transform.mirror and drawn[0] % 2:
            part = mirrored(part) if dense else part[:, :, ::-1]
        return part
