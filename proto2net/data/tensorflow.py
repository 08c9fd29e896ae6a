"""Batches as tensors of TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from proto2net.data.reading import Batches
from proto2net.errors import DataError
from proto2net.shape import dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def dataset(batches: Batches, *, any_size: bool = False) -> Any:
    """The batches with what has four axes channels last, as Keras networks take images."""

    def shape(array: Ndarray) -> tuple[int | None, ...]:
        n, *size, channels = array.shape if array.ndim == 4 else (0, 0)
        return (n, None, None, channels) if size and any_size else array.shape

    shapes = {top: shape(array) for top, array in _channels_last(batches.peek()).items()}

    def rows() -> Iterator[dict[str, Ndarray]]:
        for batch in map(_channels_last, batches):
            for top, array in batch.items():
                if shape(array) != shapes[top]:
                    found = f'"{top}" is {dims(array.shape)}, and was {dims(shapes[top])}'
                    raise DataError(found, "any_size=True is for images of several sizes")
            yield batch

    signature = {top: tf.TensorSpec(sizes, tf.float32) for top, sizes in shapes.items()}
    return tf.data.Dataset.from_generator(rows, output_signature=signature)


def _channels_last(batch: dict[str, Ndarray]) -> dict[str, Ndarray]:
    return {
        top: array.transpose(0, 2, 3, 1) if array.ndim == 4 else array
        for top, array in batch.items()
    }
