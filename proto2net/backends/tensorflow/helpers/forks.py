"""What Keras lacks for layers of forks, to be pasted into an emitted file. Never imported."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.recurrent import LSTM


@keras.saving.register_keras_serializable("caffe")
class Interp(layers.Layer):
    """Bilinear interpolation in which the corners stay; Keras aligns the pixels' edges.

    The size is that of a second input, or given, or comes of factors, which count the gaps
    between pixels.
    """

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        shrink_factor: int = 1,
        zoom_factor: int = 1,
        full_zoom_factor: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.shrink_factor, self.zoom_factor = shrink_factor, zoom_factor
        self.full_zoom_factor = full_zoom_factor

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, *reference = inputs if isinstance(inputs, list) else [inputs]
        if reference:
            size = ops.shape(reference[0])[1:3]
        else:
            size = self.size or [self._zoomed(n) for n in ops.shape(x)[1:3]]
        return tf.compat.v1.image.resize_bilinear(x, size, align_corners=True)

    def _zoomed(self, n: int) -> int:
        gaps = (n - 1) // self.shrink_factor * self.zoom_factor
        return (gaps + 1) * self.full_zoom_factor


@keras.saving.register_keras_serializable("caffe")
class MaxUnpooling(layers.Layer):
    """Puts each value to where a mask of max pooling says, among zeros.

    The output is `scale` times the input, and `less` smaller; or it has the size given.
    """

    def __init__(
        self,
        scale: tuple[int, int] = (2, 2),
        less: tuple[int, int] = (0, 0),
        size: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scale, self.less, self.size = scale, less, size

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, mask = inputs
        batch, height, width, channels = ops.shape(x)
        axes = zip((height, width), self.scale, self.less, strict=True)
        rows, columns = self.size or [n * scale - less for n, scale, less in axes]
        values = ops.reshape(x, (batch, height * width, channels))
        place = ops.cast(ops.reshape(mask, ops.shape(values)), "int32")
        image = ops.arange(batch)[:, None, None] + ops.zeros_like(place)
        channel = ops.arange(channels) + ops.zeros_like(place)
        y = tf.tensor_scatter_nd_update(
            ops.zeros((batch, rows * columns, channels)),
            ops.stack([image, place, channel], axis=-1),
            values,
        )
        return ops.reshape(y, (batch, rows, columns, channels))


@keras.saving.register_keras_serializable("caffe")
class ShuffleChannel(layers.Layer):
    """The first channel of each group, then the second of each, and so on."""

    def __init__(self, groups: int, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups, self.axis = groups, axis

    def call(self, x: tf.Tensor) -> tf.Tensor:
        shape = ops.shape(x)
        axis = self.axis % len(shape)
        apart = (*shape[:axis], self.groups, -1, *shape[axis + 1 :])
        y = ops.swapaxes(ops.reshape(x, apart), axis, axis + 1)
        return ops.reshape(y, shape)


@keras.saving.register_keras_serializable("caffe")
class SamplingDropout(layers.Dropout):
    """Dropout that zeroes elements in inference too, to see how sure a network is."""

    def call(self, inputs: tf.Tensor, training: bool = True) -> tf.Tensor:
        return super().call(inputs, training=True)


@keras.saving.register_keras_serializable("caffe")
class BatchStatistics(layers.Layer):
    """Batch normalisation by the batch's own mean and variance, in inference too."""

    def __init__(self, axis: int = -1, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (input_shape[self.axis],)
        self.gamma = self.add_weight(shape, "ones", name="gamma")
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = list(range(len(x.shape)))
        axes.pop(self.axis)
        mean, variance = ops.moments(x, axes)
        return ops.batch_normalization(
            x, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )


@keras.saving.register_keras_serializable("caffe")
class Lstm(LSTM):
    """The LSTM of caffe-lstm: without a second input, cont, every call starts from zeros.

    `sequences` is how many are in the first axis together with the steps, if they are.
    """

    def __init__(self, units: int, sequences: int = 0, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.sequences = sequences

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        x, *cont = input_shapes
        self.expose_hidden = not cont
        if self.sequences:
            x = (0, self.sequences, *x[1:])  # the number of steps does not matter
        super().build([x, x[:2]])

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, *cont = inputs
        if self.sequences:
            x = ops.reshape(x, (-1, self.sequences, *x.shape[1:]))
        batch = ops.shape(x)[:2]
        if cont:
            go_on = ops.cast(ops.reshape(cont[0], batch) != 0, x.dtype)
            y = super().call([x, go_on])
        else:
            zeros = ops.zeros((1, batch[1], self.units))
            y, *_ = super().call([x, ops.ones(batch), zeros, zeros])
        return ops.reshape(y, (-1, self.units)) if self.sequences else y


@keras.saving.register_keras_serializable("caffe")
class ContinuationIndicator(layers.Layer):
    """0 at the first step of each sequence, and 1 at the others.

    How many sequences there are is given, or the input's size along an axis; else the input
    only makes it a part of the model.
    """

    def __init__(
        self, steps: int, sequences: int | None = None, axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.steps, self.sequences, self.axis = steps, sequences, axis

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sequences = self.sequences or ops.shape(x)[self.axis]
        later = ops.cast(ops.arange(self.steps) > 0, "float32")
        return ops.tile(later[:, None], (1, sequences))
