"""What is done to images before a network gets them: crop, mirror, mean and scale.

It is Caffe's DataTransformer (data_transformer.cpp): for each image the draws are for its mirror,
then for where it is cropped, down and to the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from proto2net.frozen import dataclass
from proto2net.layers.data import TransformationParameter
from proto2net.shape import check_size, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


@dataclass(frozen=True, eq=False)
class Transformer:
    """Makes a batch of images. What was drawn for them is told, so that any thread may."""

    transform: TransformationParameter
    phase: str
    mean: Ndarray | None
    """The image of mean_file: (channels, height, width)."""

    @property
    def _crops_anywhere(self) -> bool:
        return self.phase == "TRAIN" and self.transform.crop_size > 0

    @property
    def draws(self) -> int:
        """How many numbers are drawn for an image."""
        return self.transform.mirror + 2 * self._crops_anywhere

    def batch(self, images: Sequence[Ndarray], drawn: Ndarray) -> Ndarray:
        """The images (channels, height, width) transformed; `drawn` has a row for each."""
        out = np.empty((len(images), *self.shape(images[0])), np.float32)
        if self._leaves_places and all(image.shape == images[0].shape for image in images):
            np.stack(images, out=out, casting="unsafe")
        else:
            for index, image in enumerate(images):
                out[index] = self._placed(image, drawn[index].tolist(), out.shape[1:])
        if self.mean is not None and self._leaves_places:
            out -= self.mean
        if self.transform.mean_value:
            out -= np.array(self.transform.mean_value, np.float32)[:, None, None]
        if self.transform.scale != 1:
            out *= np.float32(self.transform.scale)
        return out

    @property
    def _leaves_places(self) -> bool:
        """Whether every pixel stays where it is."""
        return not self.transform.crop_size and not self.transform.mirror

    def shape(self, image: Ndarray) -> tuple[int, ...]:
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
        shape = (image.shape[0], crop, crop) if crop else image.shape
        check_size(shape, "the image")
        return shape

    def _placed(self, image: Ndarray, drawn: Sequence[int], shape: tuple[int, ...]) -> Ndarray:
        """An image cropped and mirrored, and without its mean if that is an image."""
        if self.shape(image) != shape:
            found = f"an image is {dims(image.shape)}, and the first of its batch {dims(shape)}"
            require(
                False, found, "crop_size brings all to one size, or a batch_size of 1 is for any"
            )
        _, height, width = shape
        down, right = image.shape[1] - height, image.shape[2] - width
        if self._crops_anywhere:
            down, right = drawn[-2] % (down + 1), drawn[-1] % (right + 1)
        else:
            down, right = down // 2, right // 2
        window = np.s_[:, down : down + height, right : right + width]
        image = image[window]
        if self.mean is not None:
            image = image - self.mean[window]
        return image[:, :, ::-1] if self.transform.mirror and drawn[0] % 2 else image
