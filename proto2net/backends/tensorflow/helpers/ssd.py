"""What Keras lacks for SSD, to be pasted into an emitted file that uses it. Never imported."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Normalize(layers.Layer):
    """Divides each pixel, or each image, by its Euclidean norm, and scales the channels."""

    def __init__(
        self,
        shape: tuple[int, ...],
        across_spatial: bool = True,
        epsilon: float = 1e-10,
        axis: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.across_spatial = tuple(shape), across_spatial
        self.epsilon, self.axis = epsilon, axis

    def build(self, _: tuple[int, ...]) -> None:
        self.gamma = self.add_weight(self.shape, "ones", name="gamma")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = tuple(range(1, len(x.shape))) if self.across_spatial else self.axis
        square = ops.sum(ops.square(x), axes, keepdims=True)
        return x / ops.sqrt(square + self.epsilon) * self.gamma


@keras.saving.register_keras_serializable("caffe")
class NormalizePixels(layers.Layer):
    """Each pixel of (N, H, W, C) divided by its norm, and the norms."""

    def __init__(self, norm: str = "L2", epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm, self.epsilon = norm, epsilon

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if self.norm == "L1":
            size = ops.sum(ops.absolute(x), -1, keepdims=True) + self.epsilon
        else:
            square = ops.sum(ops.square(x), -1, keepdims=True)
            size = ops.sqrt(square + self.epsilon)
        return x / size, size


def box_sizes(
    min_size: list[int], max_size: list[int], aspect_ratio: list[float], flip: bool
) -> list[tuple[float, float]]:
    """The width and height of each box that SSD has around a place, in its order."""
    sizes: list[tuple[float, float]] = []
    ratios = [r for a in aspect_ratio for r in ((a, 1 / a) if flip else (a,))]
    for index, size in enumerate(min_size):
        squares = [size, *(math.sqrt(size * m) for m in max_size[index : index + 1])]
        sizes += [(side, side) for side in squares]
        sizes += [(size * math.sqrt(r), size / math.sqrt(r)) for r in ratios]
    return sizes


def squares_in_rows(
    min_size: list[int], rows: list[int]
) -> tuple[list[float], list[tuple[float, float]]]:
    """FaceBoxes' squares around a place: their sides, and how far their centers are from it."""
    squares = [
        (size - 1.0, (x * size / 4, y * size / 4))
        for size, row in zip(min_size, rows, strict=True)
        for y in range(-(row // 2), (row + 1) // 2)
        for x in range(-(row // 2), (row + 1) // 2)
    ]
    return [side for side, _ in squares], [shift for _, shift in squares]


@keras.saving.register_keras_serializable("caffe")
class PriorBox(layers.Layer):
    """SSD's boxes around each place of a feature map, and their variances.

    A box is x, y, x, y of its corners, as shares of the image; sizes are in pixels.
    `denser` has each box again at the lower end of its place; `rows_of_each` has
    squares in so many rows around each place.
    """

    def __init__(
        self,
        min_size: list[int],
        max_size: list[int] | None = None,
        aspect_ratio: list[float] | None = None,
        flip: bool = True,
        clip: bool = False,
        variance: tuple[float, ...] = (0.1,),
        image_size: tuple[int, int] | None = None,
        step: tuple[float, float] | None = None,
        offset: float = 0.5,
        denser: bool = False,
        rows_of_each: list[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_size, self.max_size = min_size, max_size or []
        self.aspect_ratio, self.flip = aspect_ratio or [], flip
        self.clip, self.variance = clip, variance
        self.image_size, self.step, self.offset = image_size, step, offset
        self.denser, self.rows_of_each = denser, rows_of_each or []

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        feature, image = (tf.cast(tf.shape(x)[1:3], tf.float32) for x in inputs)
        size = tf.constant(self.image_size, tf.float32) if self.image_size else image
        step = tf.constant(self.step) if self.step else size / feature
        y, x = ((tf.range(feature[a]) + self.offset) * step[a] for a in (0, 1))
        sizes = box_sizes(self.min_size, self.max_size, self.aspect_ratio, self.flip)
        half, shift = tf.constant(sizes, tf.float32)[:, None] / 2, tf.zeros(2)
        if self.rows_of_each:
            sides, shifts = squares_in_rows(self.min_size, self.rows_of_each)
            half = tf.constant(sides)[:, None, None] / 2
            shift = tf.constant(shifts)[:, None]
        levels = [y, (tf.range(feature[0]) + 1) * step[0]] if self.denser else [y]
        centers = [tf.stack(tf.meshgrid(x, level), axis=-1) for level in levels]
        center = tf.stack(centers, axis=-2)[:, :, None] + shift
        boxes = tf.concat((center - half, center + half), axis=-1)
        boxes = boxes / tf.tile(size[::-1], (2,))
        if self.clip:
            boxes = tf.clip_by_value(boxes, 0, 1)
        variances = tf.broadcast_to(self.variance, tf.shape(boxes))
        return tf.reshape(tf.stack((boxes, variances)), (1, 2, -1))


def decode_boxes(loc: tf.Tensor, prior: tf.Tensor, code_type: str) -> tf.Tensor:
    """The boxes that predictions mean, which are relative to prior boxes."""
    start, end = tf.split(prior, 2, axis=-1)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * tf.concat((size, size), axis=-1)
    shift, growth = tf.split(loc, 2, axis=-1)
    center, half = (start + end) / 2 + shift * size, tf.exp(growth) * size / 2
    return tf.concat((center - half, center + half), axis=-1)


def polygon_corners(
    points: tf.Tensor, prior: tf.Tensor, variances: tf.Tensor
) -> tf.Tensor:
    """The corners of polygons from predictions, which are relative to those of prior boxes."""
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    corners = tf.gather(prior, [0, 1, 2, 1, 2, 3, 0, 3], axis=-1)
    return points * tf.tile(sides, (1, 1, 4)) + corners


@keras.saving.register_keras_serializable("caffe")
class DetectionOutput(layers.Layer):
    """What SSD finds: (1, M, 7, 1), rows of image, label, score and box (x, y, x, y).

    If it finds nothing in any image, each has a row of -1. Behind the boxes of TextBoxes++
    stand the corners of `polygons`.
    """

    def __init__(
        self,
        num_classes: int,
        code_type: str = "CORNER",
        share_location: bool = True,
        background_label_id: int = 0,
        variance_encoded_in_target: bool = False,
        nms_threshold: float = 0.3,
        top_k: int | None = None,
        keep_top_k: int | None = None,
        confidence_threshold: float = -math.inf,
        polygons: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_classes, self.code_type = num_classes, code_type
        self.numbers = 12 if polygons else 4
        self.share_location = share_location
        self.background_label_id = background_label_id
        self.variance_encoded_in_target = variance_encoded_in_target
        self.nms_threshold, self.top_k = nms_threshold, top_k
        self.keep_top_k = keep_top_k
        self.confidence_threshold = confidence_threshold
        self.supports_jit = False  # XLA knows no shapes that depend on values

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        scores, boxes = self.candidates(*inputs)
        shape = tf.shape(scores)
        of_classes = tf.reshape(boxes[..., :4], (-1, shape[2], 4))
        rows = tf.reshape(scores, (-1, shape[2])), of_classes
        kept = tf.map_fn(self.not_suppressed, rows, fn_output_signature=tf.bool)
        kept = tf.reshape(kept, shape)
        if self.keep_top_k is not None:
            kept = self.best_of_image(scores, kept)
        place = tf.where(kept)  # the image, the label, and how many scores are higher
        score, box = tf.gather_nd(scores, place), tf.gather_nd(boxes, place)
        ids = tf.cast(place[:, :2], score.dtype)
        found = tf.concat((ids, score[:, None], box), axis=1)
        images = tf.range(tf.cast(shape[0], score.dtype))[:, None]
        others = [(0, 0), (0, 2 + self.numbers)]
        nothing = tf.pad(images, others, constant_values=-1.0)
        found = tf.cond(tf.shape(found)[0] > 0, lambda: found, lambda: nothing)
        return found[None, :, :, None]

    def candidates(
        self, loc: tf.Tensor, conf: tf.Tensor, prior: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best scores (N, classes, top_k), highest first, and their boxes."""
        corners, variances = tf.unstack(tf.reshape(prior, (2, -1, 1, 4)))
        batch, priors = tf.shape(loc)[0], tf.shape(corners)[0]
        loc = tf.reshape(loc, (batch, priors, -1, self.numbers))
        loc, points = loc[..., :4], loc[..., 4:]
        if not self.variance_encoded_in_target:
            loc = loc * variances
        boxes = decode_boxes(loc, corners, self.code_type)
        if self.numbers > 4:
            points = polygon_corners(points, corners, variances)
            boxes = tf.concat((boxes, points), axis=-1)
        boxes = tf.transpose(boxes, (0, 2, 1, 3))
        if self.share_location:
            boxes = tf.repeat(boxes, self.num_classes, axis=1)
        scores = tf.reshape(conf, (batch, priors, self.num_classes))
        background = tf.range(self.num_classes) == self.background_label_id
        scores = tf.where(background, -math.inf, scores)
        count = priors if self.top_k is None else tf.minimum(priors, self.top_k)
        scores, order = tf.math.top_k(tf.transpose(scores, (0, 2, 1)), count)
        return scores, tf.gather(boxes, order, batch_dims=2)

    @tf.autograph.experimental.do_not_convert
    def not_suppressed(self, row: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        """Which boxes of a class overlap no better one too much."""
        scores, boxes = row
        start, end = tf.split(boxes, 2, axis=1)
        index = tf.image.non_max_suppression(
            tf.concat((start, tf.maximum(start, end)), axis=1),  # no box is inside out
            scores,
            max_output_size=tf.size(scores),
            iou_threshold=min(self.nms_threshold, 1.0),
            score_threshold=self.confidence_threshold,
        )
        return tf.scatter_nd(
            index[:, None], tf.ones_like(index, tf.bool), tf.shape(scores)
        )

    def best_of_image(self, scores: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
        """Which of those kept are among the keep_top_k of their image."""
        of_image = tf.where(kept, scores, -math.inf)
        of_image = tf.reshape(of_image, (tf.shape(scores)[0], -1))
        order = tf.argsort(of_image, direction="DESCENDING", stable=True)
        rank = tf.reshape(tf.argsort(order), tf.shape(scores))
        return kept & (rank < self.keep_top_k)
