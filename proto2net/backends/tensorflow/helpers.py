"""What Keras lacks, to be pasted into an emitted file that uses it. Never imported.

A helper depends on nothing but Keras, TensorFlow, NumPy, math and other helpers. Keras records the
arguments of a layer, by which it saves it, without a get_config if they are plain values; and its
name, if what is left of them is called kwargs.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

import itertools
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import initializers, layers, ops

# ---- vision ---------------------------------------------------------------------------------


class CaffePooling(layers.Layer):
    """Pooling whose windows may hang over the bottom and right edges, as Caffe rounds up."""

    def __init__(
        self,
        pool_size: int | tuple[int, ...],
        strides: int | tuple[int, ...],
        padding: int | tuple[int | tuple[int, int], ...] = 0,
        overhang: int | tuple[int, ...] = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides = pair(pool_size), pair(strides)
        self.padding, self.overhang = both_sides(padding), pair(overhang)

    def padded(self, x: tf.Tensor, value: float) -> tf.Tensor:
        """x: (N, H, W, C), with `padding` around it, and beyond that what windows reach."""
        sides = [(0, 0)]
        for n, k, _, (before, after), over in self._axes(x):
            missing = k - n - before - after if isinstance(n, int) else 0
            sides.append((before, after + max(min(over, k - 1), missing)))
        return ops.pad(x, [*sides, (0, 0)], constant_values=value)

    def fitted(self, y: tf.Tensor, x: tf.Tensor, value: float) -> tf.Tensor:
        """As many outputs of x as Caffe has windows; those behind the image are empty."""
        ends: list[tuple[int, int | tf.Tensor]] = [(0, 0)]
        for axis, (n, k, s, pads, over) in enumerate(self._axes(x), 1):
            count = (n + sum(pads) + over - k) // s + 1
            if isinstance(n, int) and count < 1:
                y = tf.gather(y, tf.range(0), axis=axis)
            ends.append((0, count - ops.shape(y)[axis] if over >= k else 0))
        return tf.pad(y, [*ends, (0, 0)], constant_values=value)

    def _axes(self, x: tf.Tensor) -> Any:
        """Size, kernel, stride, padding and overhang of each axis."""
        options = (self.pool_size, self.strides, self.padding, self.overhang)
        return zip(ops.shape(x)[1:-1], *options, strict=True)


def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """The value for height and for width, or those of each axis."""
    return (value, value) if isinstance(value, int) else value


def both_sides(
    padding: int | tuple[int | tuple[int, int], ...],
) -> list[tuple[int, int]]:
    """The padding before and after each axis, given as one number where it is the same."""
    axes = (padding, padding) if isinstance(padding, int) else padding
    return [(p, p) if isinstance(p, int) else p for p in axes]


@keras.saving.register_keras_serializable("caffe")
class MaxPooling(CaffePooling):
    """Max pooling with Caffe's rounding; an empty window gives the lowest float."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        lowest = float(np.finfo(np.float32).min)
        y = ops.max_pool(self.padded(x, lowest), self.pool_size, self.strides)
        return self.fitted(y, x, lowest)


@keras.saving.register_keras_serializable("caffe")
class MaxPoolingWithMask(CaffePooling):
    """Max pooling, and where in its plane each maximum stood; -1 for nowhere."""

    def build(self, _: tuple[int, ...]) -> None:
        self.supports_jit = False  # XLA has no max_pool_with_argmax

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        lowest = float(np.finfo(np.float32).min)
        padded = self.padded(x, lowest)
        y, index = tf.nn.max_pool_with_argmax(
            padded, self.pool_size, self.strides, "VALID"
        )
        _, _, width, channels = ops.shape(padded)
        place = ops.cast(index, "int32") // channels
        (top, _), (left, _) = self.padding
        row, column = place // width - top, place % width - left
        mask = ops.where(y > lowest, row * ops.shape(x)[2] + column, -1)
        mask = ops.cast(mask, x.dtype)
        return self.fitted(y, x, lowest), self.fitted(mask, x, -1.0)


@keras.saving.register_keras_serializable("caffe")
class AveragePooling(CaffePooling):
    """Average pooling with Caffe's divisor: padding counts, what lies beyond it does not."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        padded = self.padded(x, 0.0)
        mean = ops.average_pool(padded, self.pool_size, self.strides)
        mean = self.fitted(mean, x, 0.0)
        heights, widths = (self._reach(axis, x, mean) for axis in (0, 1))
        share = self.pool_size[0] * self.pool_size[1]
        return share * mean / (heights[:, None, None] * widths[:, None])

    def _reach(self, axis: int, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """How long each window is, up to the end of the padding."""
        start = ops.arange(ops.shape(y)[1 + axis]) * self.strides[axis]
        room = ops.shape(x)[1 + axis] + sum(self.padding[axis]) - start
        return ops.cast(ops.minimum(self.pool_size[axis], room), x.dtype)


@keras.saving.register_keras_serializable("caffe")
class StochasticPooling(CaffePooling):
    """One element of each window, drawn by its share of the sum; in inference, the expected."""

    def build(self, _: tuple[int, ...]) -> None:
        self.seed = keras.random.SeedGenerator()

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        windows = tf.image.extract_patches(
            self.padded(x, 0.0),
            [1, *self.pool_size, 1],
            [1, *self.strides, 1],
            [1, 1, 1, 1],
            "VALID",
        )
        windows = self.fitted(windows, x, 0.0)
        shape = ops.shape(windows)[:3]
        windows = ops.reshape(windows, (*shape, math.prod(self.pool_size), x.shape[3]))
        total = ops.sum(windows, axis=3)
        if not training:
            squares = ops.sum(ops.square(windows), axis=3)
            return tf.math.divide_no_nan(squares, ops.maximum(total, 0))
        mark = keras.random.uniform((*shape, x.shape[3]), seed=self.seed) * total
        reached = ops.cumsum(windows, axis=3) >= mark[:, :, :, None]
        drawn = ops.argmax(ops.cast(reached, "int32"), axis=3, keepdims=True)
        return ops.take_along_axis(windows, drawn, axis=3)[:, :, :, 0]


@keras.saving.register_keras_serializable("caffe")
class GlobalMaxPooling(layers.Layer):
    """Global max pooling; the gradient goes to the first of equal maxima only."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return first_maximum(x)[:, None, None]


def first_maximum(x: tf.Tensor) -> tf.Tensor:
    """The maximum of each plane of (N, H, W, C), with the gradient to the first of equals."""
    planes = ops.reshape(x, (ops.shape(x)[0], -1, x.shape[3]))
    place = ops.argmax(planes, axis=1, keepdims=True)
    return ops.take_along_axis(planes, place, axis=1)[:, 0]


@keras.saving.register_keras_serializable("caffe")
class SpatialPyramidPooling(layers.Layer):
    """Pools into 1, 4, 16, ... bins whatever the image's size, and joins them."""

    def __init__(self, height: int, average: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.average = height, average

    def call(self, x: tf.Tensor) -> tf.Tensor:
        levels = [self._level(x, 2**level) for level in range(self.height)]
        return ops.concatenate(levels, axis=1)

    def _level(self, x: tf.Tensor, bins: int) -> tf.Tensor:
        rows, columns = (self._bins(ops.shape(x)[axis], bins) for axis in (1, 2))
        pooled = [self._pool(x, *row, *column) for row in rows for column in columns]
        return ops.reshape(ops.stack(pooled, axis=2), (-1, x.shape[3] * bins**2))

    def _bins(self, size: int, bins: int) -> list[tuple[int, int]]:
        """Where each bin starts and ends; the outer ones may hang over."""
        kernel = -(-size // bins)
        padding = (kernel * bins - size + 1) // 2
        starts = [index * kernel - padding for index in range(bins)]
        return [(s, ops.minimum(s + kernel, size + padding)) for s in starts]

    def _pool(
        self, x: tf.Tensor, top: int, bottom: int, left: int, right: int
    ) -> tf.Tensor:
        inside = x[:, ops.maximum(top, 0) : bottom, ops.maximum(left, 0) : right]
        if not self.average:
            return first_maximum(inside)
        count = ops.cast((bottom - top) * (right - left), x.dtype)
        return ops.sum(inside, axis=(1, 2)) / count


@keras.saving.register_keras_serializable("caffe")
class PadSame(layers.Layer):
    """The zeros that padding="same" adds, for windows that Keras has none for."""

    def __init__(
        self, extent: tuple[int, ...], strides: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.extent, self.strides = extent, strides

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sides: list[tuple[tf.Tensor, tf.Tensor]] = [(0, 0)]
        axes = zip(ops.shape(x)[1:-1], self.extent, self.strides, strict=True)
        for n, extent, stride in axes:
            total = tf.maximum((-(-n // stride) - 1) * stride + extent - n, 0)
            sides.append((total // 2, total - total // 2))
        return tf.pad(x, [*sides, (0, 0)])


@keras.saving.register_keras_serializable("caffe")
class PadTo(layers.Layer):
    """Zeros behind an image smaller than the kernel, for which Caffe has a window."""

    def __init__(self, size: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = zip(ops.shape(x)[1:-1], self.size, strict=True)
        sides = [(0, tf.maximum(least - n, 0)) for n, least in axes]
        return tf.pad(x, [(0, 0), *sides, (0, 0)])


@keras.saving.register_keras_serializable("caffe")
class CutWindows(layers.Layer):
    """The first input, empty where the second is too small for one of Caffe's windows.

    It is where `size`, what a window takes, is larger by a stride or more.
    """

    def __init__(
        self, size: tuple[int, ...], strides: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.strides = size, strides

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        y, x = inputs
        for axis, (least, stride) in enumerate(
            zip(self.size, self.strides, strict=True), 1
        ):
            n = ops.shape(x)[axis]
            if not isinstance(n, int):
                rows = ops.shape(y)[axis] * tf.cast(n > least - stride, "int32")
                y = tf.gather(y, tf.range(rows), axis=axis)
            elif n <= least - stride:
                y = tf.gather(y, tf.range(0), axis=axis)
        return y


@keras.saving.register_keras_serializable("caffe")
class Im2col(layers.Layer):
    """Lays out each window as a column: channels, and in each of them the kernel."""

    def __init__(
        self,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...] | None = None,
        dilation_rate: tuple[int, ...] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        ones = (1,) * len(kernel_size)
        self.kernel_size, self.strides = kernel_size, strides or ones
        self.dilation_rate = dilation_rate or ones

    def call(self, x: tf.Tensor) -> tf.Tensor:
        places = itertools.product(*map(range, self.kernel_size))
        columns = ops.stack([self._at(place, x) for place in places], axis=-1)
        *shape, channels, count = ops.shape(columns)
        return ops.reshape(columns, (*shape, channels * count))

    def _at(self, place: tuple[int, ...], x: tf.Tensor) -> tf.Tensor:
        """What stands at one place of all the windows."""
        axes = zip(
            place, self.kernel_size, self.strides, self.dilation_rate, strict=True
        )
        cuts = [slice(p * d, (p + 1 - k) * d or None, s) for p, k, s, d in axes]
        return x[(slice(None), *cuts)]


@keras.saving.register_keras_serializable("caffe")
class ConvTranspose(layers.Layer):
    """A transposed convolution in groups, or of a dilated kernel."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...] | None = None,
        dilation_rate: tuple[int, ...] | None = None,
        groups: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        ones = (1,) * len(kernel_size)
        self.filters, self.kernel_size = filters, kernel_size
        self.strides, self.dilation_rate = strides or ones, dilation_rate or ones
        self.groups, self.use_bias = groups, use_bias

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (*self.kernel_size, self.filters // self.groups, input_shape[-1])
        self.kernel = self.add_weight(shape, name="kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # Group by group, and with zeros for holes: TFLite would pass over both.
        kernel = self._with_holes(self.kernel)
        groups = (ops.split(a, self.groups, axis=-1) for a in (x, kernel))
        spread = [self._spread(*group) for group in zip(*groups, strict=True)]
        y = ops.concatenate(spread, axis=-1)
        return y if self.bias is None else y + self.bias

    def _with_holes(self, kernel: tf.Tensor) -> tf.Tensor:
        """The kernel with the zeros between its values that a dilation is."""
        for axis, step in enumerate(self.dilation_rate):
            if step > 1:
                size = kernel.shape[axis]
                places = range((size - 1) * step + 1)
                rows = [size if p % step else p // step for p in places]
                sides = [(0, int(other == axis)) for other in range(len(kernel.shape))]
                kernel = ops.take(ops.pad(kernel, sides), rows, axis=axis)
        return kernel

    def _spread(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        batch, *size, _ = ops.shape(x)
        axes = zip(size, kernel.shape, self.strides, strict=False)
        size = [(n - 1) * s + k for n, k, s in axes]
        shape = [batch, *size, kernel.shape[-2]]
        return tf.nn.conv_transpose(x, kernel, shape, self.strides, padding="VALID")


# ---- normalize ------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class LRN(layers.Layer):
    """Local response normalisation across channels; Caffe divides alpha by the size."""

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1.0,
        beta: float = 0.75,
        k: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: tf.Tensor) -> tf.Tensor:
        radius = min(self.size // 2, x.shape[-1])
        return tf.nn.local_response_normalization(
            x, radius, self.k, self.alpha / self.size, self.beta
        )


@keras.saving.register_keras_serializable("caffe")
class LRNWithinChannel(layers.Layer):
    """LRN within a channel; the mean counts the padding, and k is always 1, as in Caffe."""

    def __init__(
        self, size: int = 5, alpha: float = 1.0, beta: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, x: tf.Tensor) -> tf.Tensor:
        reach = [min(self.size // 2, n or self.size) for n in x.shape[1:3]]
        sides = [(0, 0), *((side, side) for side in reach), (0, 0)]
        window = [2 * side + 1 for side in reach]
        mean = ops.average_pool(ops.pad(ops.square(x), sides), tuple(window), 1)
        share = math.prod(window) / self.size**2
        return x * (1 + self.alpha * share * mean) ** -self.beta


@keras.saving.register_keras_serializable("caffe")
class MVN(layers.Layer):
    """Mean-variance normalisation; eps is added to the deviation, not to the variance."""

    def __init__(
        self,
        normalize_variance: bool = True,
        across_channels: bool = False,
        eps: float = 1e-9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.normalize_variance, self.eps = normalize_variance, eps
        self.across_channels = across_channels

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = (1, 2, 3) if self.across_channels else (1, 2)
        x = x - ops.mean(x, axes, keepdims=True)
        if not self.normalize_variance:
            return x
        variance = ops.mean(ops.square(x), axes, keepdims=True)
        return x / (root(variance, self.eps) + self.eps)


def root(x: tf.Tensor, eps: float) -> tf.Tensor:
    """The square root; its gradient is dy / (2 * (y + eps)), as Caffe has it."""

    @tf.custom_gradient
    def differentiable(x: tf.Tensor) -> tuple[tf.Tensor, Any]:
        y = ops.sqrt(x)
        return y, lambda dy: dy / (2 * (y + eps))

    return differentiable(x)


@keras.saving.register_keras_serializable("caffe")
class BatchNorm(layers.Layer):
    """Batch normalisation with Caffe's averages, in which the first batch weighs most.

    Divided by `scale_factor`, the weight of all batches so far, they are what inference uses.
    With use_global_stats=False it uses the batch's own too.
    """

    def __init__(
        self,
        axis: int = -1,
        fraction: float = 0.999,
        epsilon: float = 1e-5,
        use_global_stats: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis, self.fraction, self.epsilon = axis, fraction, epsilon
        self.use_global_stats = use_global_stats

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape, options = (input_shape[self.axis],), {"trainable": False}
        self.mean = self.add_weight(shape, "zeros", name="mean", **options)
        self.variance = self.add_weight(shape, "zeros", name="variance", **options)
        self.scale_factor = self.add_weight(
            (1,), "zeros", name="scale_factor", **options
        )

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        axes = list(range(len(x.shape)))
        axes.pop(self.axis)
        stored = self.use_global_stats
        if not training if stored is None else stored:
            sums = (self.mean, self.variance)
            means = [tf.math.divide_no_nan(s, self.scale_factor) for s in sums]
            mean, variance = (ops.expand_dims(m, axes) for m in means)
        else:
            mean, variance = ops.moments(x, axes, keepdims=True)
            count = ops.cast(ops.size(x) // ops.size(mean), x.dtype)
            unbiased = variance * count / ops.maximum(count - 1, 1)
            self._add(self.mean, ops.squeeze(mean, axes))
            self._add(self.variance, ops.squeeze(unbiased, axes))
            self._add(self.scale_factor, 1.0)
        return (x - mean) / ops.sqrt(variance + self.epsilon)

    def _add(self, total: keras.Variable, new: tf.Tensor | float) -> None:
        total.assign(self.fraction * total + new)


@keras.saving.register_keras_serializable("caffe")
class After(layers.Layer):
    """The first input, which is not to be used before the second is there."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return inputs[0]


@keras.saving.register_keras_serializable("caffe")
class Scale(layers.Layer):
    """Multiplies the last axes by learned factors, and adds a learned bias if asked."""

    def __init__(
        self, shape: tuple[int, ...], use_bias: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.use_bias = tuple(shape), use_bias

    def build(self, _: tuple[int, ...]) -> None:
        self.gamma = self.add_weight(self.shape, "ones", name="gamma")
        self.beta = None
        if self.use_bias:
            self.beta = self.add_weight(self.shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        y = x * self.gamma
        return y if self.beta is None else y + self.beta


@keras.saving.register_keras_serializable("caffe")
class Bias(layers.Layer):
    """Adds learned values to the last axes."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.beta = self.add_weight(self.shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x + self.beta


# ---- combine --------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class Reshape(layers.Layer):
    """Gives some axes another shape: 0 copies the input's size at its place, -1 is the rest."""

    def __init__(
        self, shape: tuple[int, ...], axis: int = 0, num_axes: int = -1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.axis, self.num_axes = tuple(shape), axis, num_axes

    def call(self, x: tf.Tensor) -> tf.Tensor:
        size = ops.shape(x)
        end = len(size) if self.num_axes == -1 else self.axis + self.num_axes
        new = [dim or size[axis] for axis, dim in enumerate(self.shape, self.axis)]
        return ops.reshape(x, (*size[: self.axis], *new, *size[end:]))


@keras.saving.register_keras_serializable("caffe")
class Unflatten(layers.Layer):
    """Splits the first input's first axis into so many axes as the second begins with."""

    def __init__(self, num_axes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_axes = num_axes

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, reference = inputs
        shape = (*ops.shape(reference)[: self.num_axes], *ops.shape(x)[1:])
        return ops.reshape(x, shape)


@keras.saving.register_keras_serializable("caffe")
class Crop(layers.Layer):
    """Cuts the first input to the second's size along some axes, each from an offset on."""

    def __init__(
        self, axes: tuple[int, ...], offsets: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axes, self.offsets = axes, offsets

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, reference = inputs
        cuts = [slice(None)] * len(x.shape)
        for axis, offset in zip(self.axes, self.offsets, strict=True):
            cuts[axis] = slice(offset, offset + ops.shape(reference)[axis])
        return x[tuple(cuts)]


@keras.saving.register_keras_serializable("caffe")
class Filter(layers.Layer):
    """Those rows of the inputs for which the last input is not 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_jit = (
            False  # how many rows there are is known from the data alone
        )

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        *filtered, selector = inputs
        keep = ops.reshape(selector, (-1,)) != 0
        return [tf.boolean_mask(x, keep) for x in filtered]


@keras.saving.register_keras_serializable("caffe")
class ArgMax(layers.Layer):
    """Where the greatest values stand; of equal ones, the last comes first.

    Without an axis, in a whole sample in the order that it is given; then out_max_val adds
    the values as a second channel. With one, they stand in the indices' place.
    """

    def __init__(
        self,
        top_k: int = 1,
        axis: int | None = None,
        out_max_val: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.top_k, self.axis, self.out_max_val = top_k, axis, out_max_val

    def call(self, x: tf.Tensor) -> tf.Tensor:
        if self.axis is not None:
            index, value = self._greatest(ops.moveaxis(x, self.axis, -1))
            return ops.moveaxis(value if self.out_max_val else index, -1, self.axis)
        index, value = self._greatest(ops.reshape(x, (ops.shape(x)[0], -1)))
        tops = ops.stack([index, value] if self.out_max_val else [index], axis=1)
        return ops.expand_dims(tops, list(range(3, len(x.shape))))

    def _greatest(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value, index = ops.top_k(ops.flip(x, -1), self.top_k)
        return ops.cast(ops.shape(x)[-1] - 1 - index, x.dtype), value


@keras.saving.register_keras_serializable("caffe")
class Parameter(layers.Layer):
    """A learned array by itself; its input only makes it a part of the model."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.weight = self.add_weight(self.shape, "zeros", name="weight")

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return ops.convert_to_tensor(self.weight)


# ---- dense ----------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class BiasedEmbedding(layers.Layer):
    """An embedding with a bias, as Caffe's has one; indices are cut to whole numbers."""

    def __init__(self, input_dim: int, output_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim

    def build(self, _: tuple[int, ...]) -> None:
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.add_weight(shape, name="embeddings")
        self.bias = self.add_weight((self.output_dim,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        rows = ops.take(self.embeddings, ops.cast(x, "int32"), axis=0)
        return rows + self.bias


# ---- recurrent ------------------------------------------------------------------------------


class Recurrent(layers.Layer):
    """Caffe's recurrent layers: inputs are x (T, N, ...), cont (T, N), and what else is told.

    Where cont is 0, a sequence starts anew. The state is kept from call to call, unless
    expose_hidden makes it an input and an output; no gradient passes from one call to another.
    """

    states = 1
    gates = 1

    def __init__(
        self,
        units: int,
        static: bool = False,
        expose_hidden: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.static, self.expose_hidden = units, static, expose_hidden

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        rows, (x, _, *others) = self.gates * self.units, input_shapes
        self.kernel = self.add_weight((math.prod(x[2:]), rows), name="kernel")
        self.bias = self.add_weight((rows,), "zeros", name="bias")
        self.static_kernel = None
        if self.static:
            shape = (math.prod(others[0][1:]), rows)
            self.static_kernel = self.add_weight(shape, name="static_kernel")
        shape = (self.units, rows)
        self.recurrent_kernel = self.add_weight(shape, name="recurrent_kernel")
        if not self.expose_hidden:
            self.state = [self._zeros(x[1]) for _ in range(self.states)]

    def _zeros(self, sequences: int | None) -> keras.Variable | tf.Variable:
        """A state to keep, whose number of sequences may be known from the data alone."""
        if sequences is not None:
            return self.add_weight((sequences, self.units), "zeros", trainable=False)
        self.supports_jit = False
        shape = (None, self.units)
        return tf.Variable(tf.zeros((0, self.units)), trainable=False, shape=shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor] | tf.Tensor:
        x, cont, *others = inputs
        steps, sequences = ops.shape(x)[:2]
        x = ops.reshape(x, (steps, sequences, self.kernel.shape[0]))
        x = ops.matmul(x, self.kernel) + self.bias
        if self.static_kernel is not None:
            shape = (sequences, self.static_kernel.shape[0])
            static = ops.reshape(others.pop(0), shape)
            x = x + ops.matmul(static, self.static_kernel)
        given = [state[0] for state in others]
        if not self.expose_hidden:
            given = [self._kept(state, sequences) for state in self.state]
        start = tuple(ops.stop_gradient(state) for state in given)
        run = tf.scan(self.step, (x, ops.stop_gradient(cont)[:, :, None]), start)
        output, last = self.output_of(run[0]), [every[-1] for every in run]
        if self.expose_hidden:
            return [output, *(ops.stop_gradient(state)[None] for state in last)]
        for variable, state in zip(self.state, last, strict=True):
            variable.assign(state)
        return output

    def _kept(
        self, state: keras.Variable | tf.Variable, sequences: int | tf.Tensor
    ) -> tf.Tensor:
        """What the last call left; zeros where that was of another number of sequences."""
        kept = tf.convert_to_tensor(state)
        if state.shape[0] is not None:
            return kept
        new = tf.zeros((sequences, self.units))
        return tf.cond(tf.shape(kept)[0] == sequences, lambda: kept, lambda: new)

    def output_of(self, hidden: tf.Tensor) -> tf.Tensor:
        """The layer's output from the hidden states."""
        return hidden


@keras.saving.register_keras_serializable("caffe")
class RNN(Recurrent):
    """Caffe's simple recurrent network: tanh, and on its outputs tanh again."""

    def build(self, input_shapes: list[tuple[int, ...]]) -> None:
        super().build(input_shapes)
        shape = (self.units, self.units)
        self.output_kernel = self.add_weight(shape, name="output_kernel")
        self.output_bias = self.add_weight((self.units,), "zeros", name="output_bias")

    def step(
        self, state: tuple[tf.Tensor], inputs: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor]:
        """One step, from the state before it to the one behind it."""
        (h,), (x, cont) = state, inputs
        return (ops.tanh(x + ops.matmul(cont * h, self.recurrent_kernel)),)

    def output_of(self, hidden: tf.Tensor) -> tf.Tensor:
        return ops.tanh(ops.matmul(hidden, self.output_kernel) + self.output_bias)


@keras.saving.register_keras_serializable("caffe")
class LSTM(Recurrent):
    """Caffe's LSTM; the gates stand in the order i, f, o, g."""

    states = 2
    gates = 4

    def step(
        self, state: tuple[tf.Tensor, tf.Tensor], inputs: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One step, from the state before it to the one behind it."""
        (h, c), (x, cont) = state, inputs
        gates = x + ops.matmul(cont * h, self.recurrent_kernel)
        c, h = lstm_unit(c, gates, cont)
        return h, c


@keras.saving.register_keras_serializable("caffe")
class LSTMUnit(layers.Layer):
    """One step of an LSTM: from c, gates and cont to c and h."""

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        c, gates, cont = inputs
        return lstm_unit(c, gates, ops.stop_gradient(cont)[:, :, None])


def lstm_unit(
    c: tf.Tensor, gates: tf.Tensor, cont: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The new cell and hidden states, for gates in the order i, f, o, g."""
    i, f, o, g = ops.split(gates, 4, axis=-1)
    c = cont * ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return c, ops.sigmoid(o) * ops.tanh(c)


# ---- loss -----------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class AddLoss(layers.Layer):
    """Adds its input, times a weight, to the loss that fit() minimises."""

    def __init__(self, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(self.weight * ops.sum(x))
        return x


class NormalizedLoss(layers.Layer):
    """The base of losses that leave out a label, and are divided by a count."""

    def __init__(
        self,
        ignore_label: int | None = None,
        normalization: str = "VALID",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ignore_label, self.normalization = ignore_label, normalization

    def valid(self, labels: tf.Tensor) -> tf.Tensor:
        """Which of the labels are not to be ignored."""
        if self.ignore_label is None:
            return ops.ones_like(labels, "bool")
        return ops.cast(labels, "int32") != self.ignore_label

    def normalized(
        self, losses: tf.Tensor, valid: tf.Tensor, batch: int | tf.Tensor
    ) -> tf.Tensor:
        """The sum of the valid losses, divided."""
        count = {
            "FULL": ops.size(losses),
            "VALID": ops.sum(ops.cast(valid, "int32")),
            "BATCH_SIZE": batch,
            "NONE": 1,
        }[self.normalization]
        total = ops.sum(ops.where(valid, losses, 0.0))
        return total / ops.cast(ops.maximum(count, 1), losses.dtype)


@keras.saving.register_keras_serializable("caffe")
class SoftmaxWithLoss(NormalizedLoss):
    """Minus the log of the label's share in a softmax over the last axis.

    The first `batch_axes` axes are the batch that BATCH_SIZE counts.
    """

    def __init__(self, batch_axes: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_axes = batch_axes

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, labels, *others = inputs
        valid = ops.reshape(self.valid(labels), (-1,))
        labels = ops.where(valid, ops.reshape(ops.cast(labels, "int32"), (-1,)), 0)
        rows = ops.reshape(scores, (-1, scores.shape[-1]))
        losses = self.of_rows(ops.log_softmax(rows), labels, *others)
        batch = ops.prod(ops.shape(scores)[: self.batch_axes])
        return self.normalized(losses, valid, batch)

    def of_rows(
        self, logs: tf.Tensor, labels: tf.Tensor, *others: tf.Tensor
    ) -> tf.Tensor:
        """The loss of each row from the logs of its shares."""
        least = math.log(np.finfo(np.float32).tiny)
        return -at_least(label_of(logs, labels), least)


@keras.saving.register_keras_serializable("caffe")
class InfogainLoss(SoftmaxWithLoss):
    """The logs of a softmax, weighted by the label's row of a matrix, the third input."""

    def of_rows(
        self, logs: tf.Tensor, labels: tf.Tensor, *others: tf.Tensor
    ) -> tf.Tensor:
        matrix = ops.reshape(ops.stop_gradient(others[0]), (-1, logs.shape[-1]))
        logs = at_least(logs, math.log(1e-20))
        return -ops.sum(ops.take(matrix, labels, axis=0) * logs, axis=1)


def label_of(rows: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The value of each row at its label."""
    return ops.take_along_axis(rows, labels[:, None], axis=1)[:, 0]


def at_least(x: tf.Tensor, least: float) -> tf.Tensor:
    """No less than `least`, but with a gradient as if there were no limit."""
    return x + ops.stop_gradient(ops.maximum(x, least) - x)


@keras.saving.register_keras_serializable("caffe")
class SigmoidCrossEntropyLoss(NormalizedLoss):
    """The cross entropy of sigmoids with targets of 0 to 1."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, targets = inputs
        targets = ops.reshape(ops.stop_gradient(targets), ops.shape(scores))
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)
        return self.normalized(losses, self.valid(targets), ops.shape(scores)[0])


@keras.saving.register_keras_serializable("caffe")
class EuclideanLoss(layers.Layer):
    """Half of the squared distance, a sample."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        first, second = inputs
        difference = first - ops.reshape(second, ops.shape(first))
        batch = ops.cast(ops.shape(first)[0], first.dtype)
        return ops.sum(ops.square(difference)) / (2 * batch)


@keras.saving.register_keras_serializable("caffe")
class HingeLoss(layers.Layer):
    """How far each score is from the right side of a margin of 1, or that squared."""

    def __init__(self, squared: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.squared = squared

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, labels = inputs
        batch = ops.shape(scores)[0]
        scores = ops.reshape(scores, (batch, -1))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        right = ops.one_hot(labels, ops.shape(scores)[1], dtype=scores.dtype)
        missing = ops.relu(1 - (2 * right - 1) * scores)
        total = ops.sum(ops.square(missing) if self.squared else missing)
        return total / ops.cast(batch, scores.dtype)


@keras.saving.register_keras_serializable("caffe")
class MultinomialLogisticLoss(layers.Layer):
    """Minus the log of the label's probability, a sample."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        probabilities, labels = inputs
        rows = ops.reshape(probabilities, (ops.shape(probabilities)[0], -1))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        return -ops.mean(ops.log(at_least(label_of(rows, labels), 1e-20)))


@keras.saving.register_keras_serializable("caffe")
class ContrastiveLoss(layers.Layer):
    """Draws similar pairs together, and others a margin apart."""

    def __init__(
        self, margin: float = 1.0, legacy_version: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.margin, self.legacy_version = margin, legacy_version

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        first, second, similar = inputs
        batch = ops.shape(first)[0]
        difference = ops.reshape(first - second, (batch, -1))
        squares = ops.sum(ops.square(difference), axis=1)
        if self.legacy_version:
            apart = ops.relu(self.margin - squares)
        else:
            apart = ops.square(ops.relu(self.margin - root(squares, 1e-4)))
        together = ops.reshape(ops.cast(similar, "int32"), (-1,)) != 0
        total = ops.sum(ops.where(together, squares, apart))
        return total / (2 * ops.cast(batch, total.dtype))


@keras.saving.register_keras_serializable("caffe")
class Accuracy(layers.Layer):
    """The share of labels among the top_k scores of the last axis; ties count against them.

    With per_class, the share of each class is a second output.
    """

    def __init__(
        self,
        top_k: int = 1,
        ignore_label: int | None = None,
        per_class: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.top_k, self.ignore_label, self.per_class = top_k, ignore_label, per_class

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        scores, labels = inputs
        rows = ops.reshape(scores, (-1, scores.shape[-1]))
        labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
        counted = ops.ones_like(labels, rows.dtype)
        if self.ignore_label is not None:
            counted = ops.cast(labels != self.ignore_label, rows.dtype)
            labels = ops.where(labels != self.ignore_label, labels, 0)
        better = rows >= label_of(rows, labels)[:, None]
        right = ops.sum(ops.cast(better, "int32"), axis=1) <= self.top_k
        right = counted * ops.cast(right, rows.dtype)
        share = self._share(right, counted)
        if not self.per_class:
            return share
        classes = ops.one_hot(labels, rows.shape[-1], dtype=rows.dtype)
        parts = (right[:, None] * classes, counted[:, None] * classes)
        return share, self._share(*parts)

    def _share(self, part: tf.Tensor, whole: tf.Tensor) -> tf.Tensor:
        return tf.math.divide_no_nan(ops.sum(part, axis=0), ops.sum(whole, axis=0))


# ---- data -----------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class DummyData(layers.Layer):
    """An array drawn anew for each call; its input only makes it a part of the model."""

    def __init__(
        self,
        shape: tuple[int, ...],
        initializer: initializers.Initializer,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.initializer = tuple(shape), initializers.get(initializer)
        if hasattr(self.initializer, "seed"):
            self.initializer.seed = keras.random.SeedGenerator()

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return self.initializer(self.shape)

    def get_config(self) -> dict[str, Any]:
        initializer = initializers.serialize(self.initializer)
        return {**super().get_config(), "shape": self.shape, "initializer": initializer}


# ---- fillers --------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class SparseNormal(initializers.RandomNormal):
    """A normal distribution of which only a share is kept, and the rest is 0."""

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        # One draw for both: two with the same seed would depend on each other.
        drawn = super().__call__((2, *shape), dtype)
        chance = (1 + ops.erf((drawn[1] - self.mean) / (self.stddev * 2**0.5))) / 2
        return ops.where(chance < self.share, drawn[0], 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "share": self.share}


@keras.saving.register_keras_serializable("caffe")
class PositiveUnitball(initializers.RandomUniform):
    """Shares that add up to 1 along the axes."""

    def __init__(self, axes: tuple[int, ...], seed: Any = None) -> None:
        super().__init__(0.0, 1.0, seed)
        self.axes = tuple(axes)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        drawn = super().__call__(shape, dtype)
        return drawn / ops.sum(drawn, self.axes, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        return {"axes": self.axes, "seed": self._init_seed}


@keras.saving.register_keras_serializable("caffe")
class Bilinear(initializers.Initializer):
    """The kernel of an upsampling by interpolation, over these two axes."""

    def __init__(self, axes: tuple[int, int] = (0, 1)) -> None:
        self.axes = tuple(axes)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        size = shape[self.axes[0]]
        half = math.ceil(size / 2)
        profile = 1 - np.abs(np.arange(size) / half - (size - 1) / (2 * half))
        others = [axis for axis in range(len(shape)) if axis not in self.axes]
        kernel = np.expand_dims(np.outer(profile, profile), others)
        return ops.cast(np.broadcast_to(kernel, shape), dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        return {"axes": self.axes}


def fill(variable: keras.Variable, initializer: initializers.Initializer) -> None:
    """Draw a variable anew."""
    variable.assign(initializer(variable.shape))
