"""What Keras lacks for SSD's predictions, to be pasted into an emitted file that uses
it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers


def decode_boxes(loc: tf.Tensor, prior: tf.Tensor, code_type: str) -> tf.Tensor:
    """Decode offsets (..., 4) to corners, relative to prior boxes (..., 4)."""
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
    """Decode the corners of TextBoxes++'s polygons, relative to prior boxes."""
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    corners = tf.gather(prior, [0, 1, 2, 1, 2, 3, 0, 3], axis=-1)
    return points * tf.tile(sides, (1, 1, 4)) + corners


@keras.saving.register_keras_serializable("caffe")
class DetectionOutput(layers.Layer):
    """SSD's detections (1, M, 7, 1): image, label, score, xmin, ymin, xmax, ymax.

    Without any detection, there is a row of -1 for each image.
    `polygons` adds the four corners of TextBoxes++ to each row.
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
        self.polygons = polygons
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
        others = [(0, 0), (0, 14 if self.polygons else 6)]
        nothing = tf.pad(images, others, constant_values=-1.0)
        found = tf.cond(tf.shape(found)[0] > 0, lambda: found, lambda: nothing)
        return found[None, :, :, None]

    def candidates(
        self, loc: tf.Tensor, conf: tf.Tensor, prior: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The top_k scores (N, classes, top_k) in descending order, and their boxes."""
        corners, variances = tf.unstack(tf.reshape(prior, (2, -1, 1, 4)))
        batch, priors = tf.shape(loc)[0], tf.shape(corners)[0]
        loc = tf.reshape(loc, (batch, priors, -1, 12 if self.polygons else 4))
        if self.polygons:
            points = polygon_corners(loc[..., 4:], corners, variances)
            loc = loc[..., :4]
        if not self.variance_encoded_in_target:
            loc = loc * variances
        boxes = decode_boxes(loc, corners, self.code_type)
        if self.polygons:
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
        """Non-maximum suppression of one class: which boxes are kept."""
        scores, boxes = row
        start, end = tf.split(boxes, 2, axis=1)
        # No box shall be inside out.
        index = tf.image.non_max_suppression(
            tf.concat((start, tf.maximum(start, end)), axis=1),
            scores,
            max_output_size=tf.size(scores),
            iou_threshold=min(self.nms_threshold, 1.0),
            score_threshold=self.confidence_threshold,
        )
        return tf.scatter_nd(
            index[:, None], tf.ones_like(index, tf.bool), tf.shape(scores)
        )

    def best_of_image(self, scores: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
        """Which of the kept boxes are among the keep_top_k of their image."""
        of_image = tf.where(kept, scores, -math.inf)
        of_image = tf.reshape(of_image, (tf.shape(scores)[0], -1))
        order = tf.argsort(of_image, direction="DESCENDING", stable=True)
        rank = tf.reshape(tf.argsort(order), tf.shape(scores))
        return kept & (rank < self.keep_top_k)


@keras.saving.register_keras_serializable("caffe")
class RefinedDetectionOutput(DetectionOutput):
    """RefineDet's detections, without priors that are background.

    A fifth input refines the prior boxes before the second stage decodes its own.
    """

    def __init__(
        self, num_classes: int, objectness_score: float = 0.01, **kwargs: Any
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.objectness_score = objectness_score

    def candidates(
        self, loc: tf.Tensor, conf: tf.Tensor, prior: tf.Tensor, *arms: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        arm_conf, *arm_loc = arms
        scores = tf.reshape(conf, (tf.shape(conf)[0], -1, self.num_classes))
        arm_conf = tf.reshape(arm_conf, (tf.shape(conf)[0], -1, 2))
        objects = arm_conf[..., 1:] >= self.objectness_score
        scores = tf.where(objects, scores, tf.one_hot(0, self.num_classes))
        if not arm_loc:
            return super().candidates(loc, scores, prior)
        corners, variances = tf.unstack(tf.reshape(prior, (2, -1, 4)))
        arm = tf.reshape(arm_loc[0], (-1, tf.shape(corners)[0], 4))
        if not self.variance_encoded_in_target:
            arm = arm * variances
        of_images = decode_boxes(arm, corners, self.code_type)

        def of_image(each: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
            loc, scores, corners = (x[None] for x in each)
            prior = tf.stack((corners[0], variances))
            best, boxes = super(RefinedDetectionOutput, self).candidates(
                loc, scores, prior
            )
            return best[0], boxes[0]

        found: tuple[tf.Tensor, tf.Tensor] = tf.map_fn(
            of_image,
            (loc, scores, of_images),
            fn_output_signature=(loc.dtype, loc.dtype),
        )
        return found


@keras.saving.register_keras_serializable("caffe")
class SplitDetectionOutput(DetectionOutput):
    """SSD's detections from several maps: confidences, locations, prior boxes.

    `no_permute` tells that maps have channels first, and their boxes the aspect ratio
    before the position.
    """

    def __init__(
        self, num_classes: int, nbottom: int, no_permute: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.nbottom, self.no_permute = nbottom, no_permute

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        confs, locs = inputs[: self.nbottom], inputs[self.nbottom : 2 * self.nbottom]
        prior = tf.concat(inputs[2 * self.nbottom :], axis=2)
        if self.no_permute:
            ratios = [x.shape[1] for x in confs]
            prior = ratios_first(prior, ratios, [tf.shape(x)[2] for x in confs])
            locs = [
                tf.transpose(
                    tf.reshape(x, (1, -1, ratio, x.shape[3] // ratio)), (0, 2, 1, 3)
                )
                for x, ratio in zip(locs, ratios, strict=True)
            ]
        loc, conf = (
            tf.concat([tf.reshape(x, (1, -1)) for x in maps], axis=1)
            for maps in (locs, confs)
        )
        return super().call([loc, conf, prior])


def ratios_first(
    prior: tf.Tensor, ratios: list[int], places: list[tf.Tensor]
) -> tf.Tensor:
    """Reorder prior boxes from position-major to ratio-major; the variances stay."""
    corners, variances = tf.unstack(tf.reshape(prior, (2, -1, 4)))
    counts = [r * p for r, p in zip(ratios, places, strict=True)]
    turned = [
        tf.reshape(tf.transpose(tf.reshape(part, (-1, ratio, 4)), (1, 0, 2)), (-1, 4))
        for part, ratio in zip(tf.split(corners, counts), ratios, strict=True)
    ]
    return tf.stack((tf.concat(turned, axis=0), variances))
