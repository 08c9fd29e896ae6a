"""Layers of SSD that read predictions for prior boxes: as boxes, or against the true ones."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer
from proto2net.layers.columns import DETECTIONS, FRACTIONS, Rows
from proto2net.layers.data import ResizeParameter
from proto2net.layers.loss import Loss, LossParameter
from proto2net.layers.ssd import CORNERS
from proto2net.shape import Shape, Shapes, count, dims, require

POLYGON = 8
"""The numbers of a polygon: x and y of four corners, clockwise from the upper left one."""


@dataclass(frozen=True)
class NonMaximumSuppressionParameter:
    """Which of several boxes that overlap stay (NonMaximumSuppressionParameter)."""

    nms_threshold: float = 0.3
    top_k: int | None = None
    eta: float = 1.0

    def check(self) -> None:
        """Refuse what SSD refuses."""
        require(
            self.nms_threshold >= 0,
            f"nms_threshold is {self.nms_threshold}; it must not be below 0",
        )
        require(0 < self.eta <= 1, f"eta is {self.eta}; it must be above 0 and at most 1")


def _check_predictions(
    loc: Shape,
    conf: Shape,
    prior: Shape,
    num_classes: int,
    *,
    share_location: bool,
    numbers: int = CORNERS,
) -> None:
    """Refuse predictions that are not one for each prior box."""
    require(num_classes > 0, "num_classes is missing or 0; it must be above 0")
    require(
        loc[:1] == conf[:1] and len(loc) > 1 < len(conf),
        f"locations and confidences must be of as many images, "
        f"but they are {dims(loc)} and {dims(conf)}",
    )
    require(
        len(prior) > 2 and prior[:2] == (1, 2) and prior[2] % CORNERS == 0,
        f"the prior boxes (the third bottom) must be 1 x 2 x {CORNERS} a box, "
        f"but they are {dims(prior)}",
    )
    boxes = prior[2] // CORNERS
    for what, found, each in (
        ("locations", loc, numbers * (1 if share_location else num_classes)),
        ("confidences", conf, num_classes),
    ):
        require(
            count(found[1:]) == boxes * each,
            f"{boxes} prior boxes need {boxes * each} {what} an image, "
            f"but there are {count(found[1:])}",
            "say in share_location whether all classes have the same boxes; for TextBoxes, "
            "which makes twice as many, or FaceBoxes, name the fork: --fork textboxes or faceboxes"
            if what == "locations"
            else "there is one for each of num_classes",
        )


@layer("DetectionOutput", param="detection_output_param", bottoms=(1, ANY), in_place=False)
@dataclass(frozen=True)
class DetectionOutput(Layer):
    """Rows of image, label, score and box, for what is found (SSD's detection_output_layer.cpp).

    How many there are is known from the data alone; the inferred shape is that of one, as it is
    in Caffe before the first forward pass. A fourth bottom, of images, is only for showing them.

    In RefineDet and Synopsys' fork the fourth bottom says of each prior box whether there is an
    object, and the fifth how to refine it first. In the latter's, `nbottom` maps of confidences,
    and then of locations, may come apart; `no_permute` has them as convolutions make them.

    With a single bottom it is that of gklz1982's caffe-yolov2: the best class of each of YOLOv2's
    boxes, the first being 0, and boxes as center and size. A box goes that overlaps, within the
    image, one that stays and comes before it, whatever their scores.
    """

    sizes_by_value: ClassVar[bool] = True
    num_classes: int = 0
    share_location: bool = True
    background_label_id: int = 0
    nms_param: NonMaximumSuppressionParameter = NonMaximumSuppressionParameter()
    code_type: str = "CORNER"
    variance_encoded_in_target: bool = False
    keep_top_k: int = -1
    confidence_threshold: float | None = None
    side: int = 13
    num_box: int = 5
    coords: int = CORNERS
    nms_threshold: float = 0.45
    biases: tuple[float, ...] = ()
    label_map_file: str | None = None
    objectness_score: float = 0.01
    nbottom: int = 6
    no_permute: bool = False
    use_polygon: bool | None = None
    """Whether TextBoxes++ finds the four corners of text too, as eight more numbers."""

    @property
    def anchors(self) -> tuple[tuple[float, float], ...]:
        """The widths and heights of YOLOv2's boxes at each place, in places."""
        return tuple(zip(self.biases[0::2], self.biases[1::2], strict=False))[: self.num_box]

    @property
    def least(self) -> float:
        """The least score of what YOLOv2 finds."""
        return 0.01 if self.confidence_threshold is None else self.confidence_threshold

    def check_counts(self, bottoms: int, tops: int) -> None:
        super().check_counts(bottoms, tops)
        require(
            bottoms != 2 and (bottoms == 1) == bool(self.biases),
            f"{bottoms} bottoms given, and biases {len(self.biases)} times",
            "give locations, confidences and prior boxes for SSD's layer, or predictions alone, "
            "and biases, for that of YOLOv2",
        )

    def apart(self, bottoms: int) -> bool:
        """Whether confidences and locations come in several maps."""
        return 1 < bottoms >= self.nbottom

    def refined(self, bottoms: Shapes) -> bool:
        """Whether the fourth bottom says where objects are; else it is an image."""
        return len(bottoms) > 4 or (
            len(bottoms) == 4 and count(bottoms[3][1:]) == bottoms[2][2] // 2
        )

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        if len(bottoms) == 1:
            sides = ("image", "label", "score", "x_center", "y_center", "width", "height")
            return (Rows(sides, FRACTIONS, self.num_classes),)
        corners = tuple(f"{axis}{n}" for n in range(1, 5) for axis in "xy")
        columns = DETECTIONS.columns + corners * bool(self.use_polygon)
        return (replace(DETECTIONS, columns=columns, classes=self.num_classes),)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_classes > 0, "num_classes is missing or 0; it must be above 0")
        if len(bottoms) == 1:
            self._check_predictions(bottoms[0])
            return ((1, 1, 1, 7),)
        self.nms_param.check()
        self._check_polygons()
        if self.apart(len(bottoms)):
            self._check_maps(bottoms)
            return ((1, 1, 1, 7),)
        loc, conf, prior = bottoms[:3]
        _check_predictions(
            loc,
            conf,
            prior,
            self.num_classes,
            share_location=self.share_location,
            numbers=CORNERS + POLYGON if self.use_polygon else CORNERS,
        )
        if self.refined(bottoms):
            self._check_refinement(bottoms[0][0], prior[2] // CORNERS, bottoms[3:])
        return ((1, 1, 1, 7 + (POLYGON if self.use_polygon else 0)),)

    def _check_refinement(self, images: int, boxes: int, arms: Shapes) -> None:
        """Refuse all but two confidences of each prior box, and a location or none."""
        require(len(arms) <= 2, f"takes at most 5 bottoms, but {3 + len(arms)} given")
        require(
            len(arms) == 1 or self.share_location,
            "prior boxes are refined only where share_location is true",
        )
        require(not self.use_polygon, "use_polygon is not supported with refined prior boxes")
        for what, shape, each in zip(
            ("confidences", "locations"), arms, (2, CORNERS), strict=False
        ):
            require(
                shape[:1] == (images,) and count(shape[1:]) == boxes * each,
                f"the {what} of {boxes} prior boxes themselves must be {images} x "
                f"{boxes * each}, but they are {dims(shape)}",
            )

    def _check_maps(self, bottoms: Shapes) -> None:
        """Refuse all but maps of one image that fit each other, and the prior boxes."""
        number = self.nbottom
        require(
            number > 0 and len(bottoms) in (2 * number + 1, 3 * number),
            f"{len(bottoms)} bottoms given, and nbottom is {number}",
            "give as many confidences, then as many locations, and then the prior boxes of all, "
            "or of each",
        )
        require(not self.use_polygon, "use_polygon is not supported with several maps")
        confs, locs, priors = bottoms[:number], bottoms[number : 2 * number], bottoms[2 * number :]
        require(
            all(shape[:1] == (1,) for shape in (*confs, *locs)),
            "with several maps Caffe reads only the first image",
            "set the batch size to 1",
        )
        require(
            all(len(prior) > 2 and prior[:2] == (1, 2) for prior in priors),
            f"prior boxes must be 1 x 2 x {CORNERS} a box, but they are "
            f"{', '.join(map(dims, priors))}",
        )
        each = CORNERS * (1 if self.share_location else self.num_classes)
        if self.no_permute:
            for conf, loc in zip(confs, locs, strict=True):
                self._check_map(conf, loc, each)
        require(
            not self.no_permute or len(bottoms) < 3 * number,
            "no_permute is given, and each map has its own prior boxes: Caffe then reads none of "
            "them",
            "give one bottom for all prior boxes, with an nbottom of 2 at least",
        )
        boxes = sum(prior[2] for prior in priors) // CORNERS
        for what, maps, needed in (
            ("locations", locs, each),
            ("confidences", confs, self.num_classes),
        ):
            found = sum(count(shape[1:]) for shape in maps)
            require(
                found == boxes * needed,
                f"{boxes} prior boxes need {boxes * needed} {what}, but there are {found}",
            )

    def _check_map(self, conf: Shape, loc: Shape, each: int) -> None:
        """Refuse all but confidences of as many boxes at a place, and places, as locations."""
        require(len(loc) == 4, f"needs locations of 1 x C x H x W, but they are {dims(loc)}")
        right = (1, self.num_classes, loc[1] // each, loc[2] * loc[3])
        require(
            conf == right,
            f"locations of {dims(loc)} need confidences of {dims(right)}, "
            f"but they are {dims(conf)}",
        )

    def _check_polygons(self) -> None:
        """Refuse what TextBoxes++ has beside polygons."""
        require(
            self.use_polygon is not False,
            "with use_polygon: false TextBoxes++ finds rotated boxes",
            "only polygons are supported",
        )
        require(
            not self.use_polygon
            or (self.code_type == "CENTER_SIZE" and not self.variance_encoded_in_target),
            "use_polygon needs code_type CENTER_SIZE and variance_encoded_in_target: false",
        )

    def _check_predictions(self, bottom: Shape) -> None:
        """Refuse all but YOLOv2's predictions for one image."""
        right = (1, self.num_box * (self.num_classes + CORNERS + 1), self.side, self.side)
        require(
            bottom == right,
            f"num_box {self.num_box}, num_classes {self.num_classes} and side {self.side} need "
            f"predictions of {dims(right)}, but they are {dims(bottom)}",
        )
        require(
            len(self.anchors) == self.num_box,
            f"biases is given {len(self.biases)} times for {self.num_box} boxes",
            "give a width and a height for each of num_box",
        )
        least = min(self.biases, default=0)
        require(least >= 0, f"a bias is {least:g}; no width or height is below 0")


# ---- training and testing -------------------------------------------------------------------


@layer("MultiBoxLoss", param="multibox_loss_param", bottoms=(4, 6))
@dataclass(frozen=True)
class MultiBoxLoss(Loss):
    """How far predictions are from the true boxes, by the prior boxes that match them.

    It is SSD's multibox_loss_layer.cpp. RefineDet's has two bottoms more, which refine prior boxes.
    """

    labels: ClassVar[tuple[int, ...]] = (3,)
    unrendered: ClassVar[str] = "matching true boxes in training is not supported"
    loc_loss_type: str = "SMOOTH_L1"
    conf_loss_type: str = "SOFTMAX"
    loc_weight: float = 1.0
    num_classes: int = 0
    share_location: bool = True
    match_type: str = "PER_PREDICTION"
    overlap_threshold: float = 0.5
    use_prior_for_matching: bool = True
    background_label_id: int = 0
    use_difficult_gt: bool = True
    do_neg_mining: bool | None = None
    neg_pos_ratio: float = 3.0
    neg_overlap: float = 0.5
    code_type: str = "CORNER"
    encode_variance_in_target: bool = False
    map_object_to_agnostic: bool = False
    ignore_cross_boundary_bbox: bool = False
    bp_inside: bool = False
    mining_type: str = "MAX_NEGATIVE"
    nms_param: NonMaximumSuppressionParameter | None = None
    sample_size: int = 64
    use_prior_for_nms: bool = False
    objectness_score: float = 0.01
    loss_param: LossParameter = LossParameter()

    def check(self, bottoms: Shapes) -> None:
        loc, conf, prior = bottoms[:3]
        _check_predictions(loc, conf, prior, self.num_classes, share_location=self.share_location)
        mining = self.mining_type != "NONE" if self.do_neg_mining is None else self.do_neg_mining
        require(
            self.share_location or not mining,
            "hard examples are only mined where share_location is true",
            "give mining_type: NONE",
        )


@layer("DetectionEvaluate", param="detection_evaluate_param", bottoms=(2, 3))
@dataclass(frozen=True)
class DetectionEvaluate(Layer):
    """Which of the boxes that were found are right (SSD's detection_evaluate_layer.cpp).

    There is a row for each class, and one for each box that was found. In Cascade R-CNN rows lie
    along the first axis, and the third bottom has the images' sizes.
    """

    labels: ClassVar[tuple[int, ...]] = (1,)
    unrendered: ClassVar[str] = "comparing boxes with the true ones is not supported"
    num_classes: int = 0
    background_label_id: int = 0
    overlap_threshold: float = 0.5
    evaluate_difficult_gt: bool = True
    name_size_file: str | None = None
    resize_param: ResizeParameter | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_classes > 0, "num_classes is missing or 0; it must be above 0")
        found, truth = bottoms[:2]
        if len(bottoms) == 3:
            return ((self.num_classes - 1 + found[0], 5, 1, 1),)
        for bottom, what, row in ((found, "the boxes found", 7), (truth, "the true boxes", 8)):
            require(
                len(bottom) == 4 and bottom[:2] == (1, 1) and bottom[3] == row,
                f"{what} must be 1 x 1 x N x {row}, but they are {dims(bottom)}",
            )
        classes = self.num_classes - (self.background_label_id != -1)
        return ((1, 1, classes + found[2], 5),)
