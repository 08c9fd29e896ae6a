"""ONNX renderers of proto2net/layers/detection.py."""

from __future__ import annotations

from math import inf

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import (
    LOWEST,
    NO_LIMIT,
    above,
    below,
    beside,
    best,
    best_first,
    columns,
    detections,
    kept,
    kept_by_turns,
    nothing_found,
    numbered,
)
from proto2net.backends.onnx.shapes import flattened, joined, shaped, sizes, sliced
from proto2net.backends.onnx.values import Either, Operand, Value, X, bottoms, op, value
from proto2net.backends.onnx.yolo import best_classes, suppressed
from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layers import DetectionOutput
from proto2net.shape import count

MOST_THRESHOLDS = 64
"""How many thresholds that eta makes are written out at most."""


@dataclass(frozen=True)
class Predictions:
    """What detections are made of: locations, confidences, and prior boxes with variances."""

    loc: Value
    """N x P x (1 or classes) x (4 or 12)."""
    conf: Value
    """N x P x classes."""
    prior: Value
    """1 x P x 1 x 4."""
    variances: Value
    arm_conf: Value | None = None
    arm_loc: Value | None = None


@renders(DetectionOutput)
def _detection_output(node: Node[DetectionOutput]) -> Value | Either:
    if len(node.bottoms) == 1:
        return _detections_of_regions(node)
    return Either(Detections(node).rows(), Detections(node, any_size=True).rows())


def _detections_of_regions(node: Node[DetectionOutput]) -> Value:
    """The best class of each of YOLOv2's boxes; the better of two is that which stands before."""
    layer = node.layer
    boxes, labels, scores = best_classes(X, node.bottoms[0].shape[1], layer.anchors)
    half = columns(boxes, 2, 4) / 2.0
    start = op("Max", columns(boxes, 0, 2) - half, 0.0)
    end = op("Min", columns(boxes, 0, 2) + half, 1.0)
    found = beside(labels * 0.0, labels, scores, boxes)
    sides, least = op("Unsqueeze", beside(start, end), [0]), below(layer.least)
    mask = suppressed(sides, shaped(scores, 1, -1), layer.nms_threshold, least)
    return detections(found, mask, X)


class Detections:
    """The detections of a layer; of images of any size, numbers of boxes are not known."""

    def __init__(self, node: Node[DetectionOutput], *, any_size: bool = False) -> None:
        layer = self.layer = node.layer
        shapes = tuple(blob.shape for blob in node.bottoms)
        self.numbers = 12 if layer.use_polygon else 4
        self.classes = layer.num_classes
        self.labels = [n for n in range(self.classes) if n != layer.background_label_id]
        apart = layer.apart(len(shapes))
        priors = shapes[2 * layer.nbottom :] if apart else shapes[2:3]
        self.boxes = sum(shape[2] for shape in priors) // 4
        limit = layer.nms_param.top_k
        self.limit = NO_LIMIT if limit is None or limit < 0 else max(1, limit)
        self.each = None if any_size else min(self.limit, self.boxes)
        self.found = self._maps(node) if apart else self._predictions(node)

    # ---- predictions --------------------------------------------------------------------------

    def _predictions(self, node: Node[DetectionOutput]) -> Predictions:
        loc, conf, prior, *arms = bottoms(node)
        if not self.layer.refined(tuple(blob.shape for blob in node.bottoms)):
            arms = []
        given = [shaped(arm, 0, -1, n) for arm, n in zip(arms, (2, 4), strict=False)]
        return self._with(loc, conf, shaped(prior, 2, -1, 1, 4), *given)

    def _with(self, loc: Value, conf: Value, prior: Value, *arms: Value) -> Predictions:
        return Predictions(
            shaped(loc, 0, -1, 1 if self.layer.share_location else self.classes, self.numbers),
            shaped(conf, 0, -1, self.classes),
            sliced(prior, [0], [0], [1]),
            sliced(prior, [0], [1], [2]),
            *arms,
        )

    def _maps(self, node: Node[DetectionOutput]) -> Predictions:
        """Those of several maps of an image, one after the other."""
        number, maps = self.layer.nbottom, bottoms(node)
        confs, locs, priors = maps[:number], maps[number : 2 * number], maps[2 * number :]
        prior = priors[0] if len(priors) == 1 else op("Concat", *priors, axis=2)
        prior = shaped(prior, 2, -1, 1, 4)
        if self.layer.no_permute:
            shapes = [blob.shape for blob in node.bottoms[: 2 * number]]
            ratios = [shape[2] for shape in shapes[:number]]
            prior = _ratios_first(prior, ratios, [shape[3] for shape in shapes[:number]])
            confs = tuple(op("Transpose", conf, perm=[0, 2, 3, 1]) for conf in confs)
            locs = tuple(
                op("Transpose", shaped(loc, 1, ratio, -1, count(shape[2:])), perm=[0, 1, 3, 2])
                for loc, ratio, shape in zip(locs, ratios, shapes[number:], strict=True)
            )
        loc, conf = (op("Concat", *map(flattened, each), axis=1) for each in (locs, confs))
        return self._with(loc, conf, prior)

    # ---- boxes and scores ---------------------------------------------------------------------

    def _decoded(self) -> Value:
        """Boxes of N x P x (1 or classes) x (4 or 12)."""
        layer, found = self.layer, self.found
        loc, prior = found.loc, found.prior
        points = None
        if layer.use_polygon:
            points = _polygon_corners(columns(loc, 4, 12), prior, found.variances)
            loc = columns(loc, 0, 4)
        if not layer.variance_encoded_in_target:
            loc = loc * found.variances
        if found.arm_loc is not None:
            arm = op("Unsqueeze", found.arm_loc, [2])
            if not layer.variance_encoded_in_target:
                arm = arm * found.variances
            prior = _decoded(arm, prior, layer.code_type)
        boxes = _decoded(loc, prior, layer.code_type)
        return boxes if points is None else beside(boxes, points)

    def _scores(self) -> Value:
        """Scores of N x classes x P, without the background."""
        scores = self.found.conf
        if self.found.arm_conf is not None:
            least = self.layer.objectness_score
            objects = op("GreaterOrEqual", columns(self.found.arm_conf, 1, 2), least)
            background = [1.0, *[0.0] * (self.classes - 1)]
            scores = op("Where", objects, scores, background)
        return self._without_background(op("Transpose", scores, perm=[0, 2, 1]))

    def _without_background(self, x: Value) -> Value:
        """Axis 1, of classes, without that of the background."""
        if len(self.labels) == self.classes:
            return x
        if self.labels[:1] == [1]:
            return sliced(x, [1], [1], [self.classes])
        return op("Gather", x, self.labels, axis=1)

    # ---- detections ---------------------------------------------------------------------------

    def rows(self) -> Value:
        """Rows of image, label, score and box; if there are none, one of -1 for each image."""
        if not self.labels:
            none = nothing_found(X, 3 + self.numbers)
            return shaped(none, 1, 1, -1, 3 + self.numbers)
        scores = self._scores()
        scores, places = best_first(
            scores, self._number(scores), min(self.limit, self.boxes) * self.boxes
        )
        boxes = self._at(places)
        mask = self._mask(boxes, scores)
        scores = op("Unsqueeze", scores, [3])
        shape = op("Shape", scores)
        images = op("Expand", shaped(numbered(scores, 0), -1, 1, 1, 1), shape)
        labels = op("Expand", _of_classes(self.labels), shape)
        found = beside(images, labels, scores, boxes)
        return detections(found, mask, scores, 3 + self.numbers)

    def _at(self, places: Value) -> Value:
        """The boxes at places (N, classes, K)."""
        boxes, places = self._decoded(), op("Unsqueeze", places, [3])
        if self.layer.share_location:
            return op("GatherND", op("Squeeze", boxes, [2]), places, batch_dims=1)
        boxes = self._without_background(op("Transpose", boxes, perm=[0, 2, 1, 3]))
        return op("GatherND", boxes, places, batch_dims=2)

    def _mask(self, boxes: Value, scores: Value) -> Value:
        """Which of (N, classes, K) are found, as (N, classes * K)."""
        layer = self.layer
        least = LOWEST if layer.confidence_threshold is None else layer.confidence_threshold
        least = inf if 0 in (layer.nms_param.top_k, layer.keep_top_k) else max(least, LOWEST)
        sides = self._groups(columns(boxes, 0, 4), 4)
        group, thresholds = self._groups(scores), self._thresholds()
        if len(thresholds) > 1:
            mask = kept_by_turns(sides, group, thresholds[1:], least)
        else:
            mask = kept(sides, group, above(thresholds[0]), least)
        scores, limit = shaped(scores, 0, -1), layer.keep_top_k
        mask = op("Reshape", mask, op("Shape", scores))
        if self.each is None and limit > 0:
            return best(mask, scores, op("Min", [limit], sizes(mask, 1, 2)))
        few = self.each is None or len(self.labels) * self.each <= limit
        return mask if few or limit <= 0 else best(mask, scores, [limit])

    def _number(self, scores: Value) -> Operand:
        """How many boxes of a class may stay, before others suppress them."""
        if self.each is not None:
            return [self.each]
        return op("Min", [self.limit], sizes(scores, 2, 3))

    def _groups(self, x: Value, *behind: int) -> Value:
        """What is told of boxes (N, classes, K) as groups (N * classes, K)."""
        if self.each is not None:
            return shaped(x, -1, self.each, *behind)
        return op("Reshape", x, joined([-1], sizes(x, 2, 3), *([each] for each in behind)))

    def _thresholds(self) -> list[float]:
        """The first threshold, and what eta makes of it with each box that stays."""
        nms = self.layer.nms_param
        found = [nms.nms_threshold]
        while nms.eta < 1 and found[-1] > 0.5:
            found.append(found[-1] * nms.eta)
            if len(found) > MOST_THRESHOLDS:
                raise UnsupportedError(
                    f"eta {nms.eta} lowers the threshold more than {MOST_THRESHOLDS} times, "
                    "each of which is written out"
                )
        return found


def _of_classes(labels: list[int]) -> Value:
    """Labels along the second of four axes."""
    return shaped(value([float(label) for label in labels]), 1, -1, 1, 1)


def _decoded(loc: Value, prior: Value, code_type: str) -> Value:
    """Decode offsets to corners, relative to prior boxes."""
    start, end = columns(prior, 0, 2), columns(prior, 2, 4)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * beside(size, size)
    center = (start + end) / 2.0 + columns(loc, 0, 2) * size
    half = op("Exp", columns(loc, 2, 4)) * size / 2.0
    return beside(center - half, center + half)


def _polygon_corners(points: Value, prior: Value, variances: Value) -> Value:
    """Decode the corners of polygons, relative to prior boxes."""
    sides = (columns(prior, 2, 4) - columns(prior, 0, 2)) * columns(variances, 0, 2)
    around = op("Gather", prior, [0, 1, 2, 1, 2, 3, 0, 3], axis=-1)
    return points * beside(*[sides] * 4) + around


def _ratios_first(prior: Value, ratios: list[int], places: list[int]) -> Value:
    """Reorder prior boxes from position-major to ratio-major; the variances stay."""
    turned, start = [], 0
    for ratio, number in zip(ratios, places, strict=True):
        end = start + ratio * number
        part = shaped(sliced(prior, [0, 1], [0, start], [1, end]), -1, ratio, 4)
        turned.append(shaped(op("Transpose", part, perm=[1, 0, 2]), 1, -1, 1, 4))
        start = end
    return op("Concat", op("Concat", *turned, axis=1), sliced(prior, [0], [1], [2]), axis=0)
