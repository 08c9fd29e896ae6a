"""Layers of SSD, the Single Shot MultiBox Detector, which other forks have taken over."""

from __future__ import annotations

from typing import ClassVar

from proto2net import limits
from proto2net.errors import ShapeError
from proto2net.layers.base import Filler, Layer, Learned, layer
from proto2net.layers.data import (
    GIVE_IT,
    NOT_STATED,
    DataLayer,
    DataParameter,
    ResizeParameter,
    TransformationParameter,
)
from proto2net.layers.frozen import dataclass
from proto2net.layers.loss import Loss, LossParameter, SoftmaxParameter
from proto2net.shape import Shape, Shapes, count, dims, require

CORNERS = 4
"""The numbers of a box: x and y of its upper left corner, then of its lower right one."""


POLYGON = 8
"""The numbers of a polygon: x and y of four corners, clockwise from the upper left one."""


FACE_BOXES = 21
"""The boxes at each place for which FaceBoxes makes room where there are three sizes."""


def _images(bottom: Shape, what: str) -> None:
    require(len(bottom) == 4, f"{what} needs 4 axes (N, C, H, W), but it is {dims(bottom)}")


@dataclass(frozen=True)
class NormalizeParameter:
    """What another layer of the name Normalize has, that of happynear's fork."""

    normalize_type: str = "L2"
    bp_norm: bool = False
    fix_gradient: bool = False


@layer("Normalize", param="norm_param", tops=(1, 2))
@dataclass(frozen=True)
class Normalize(Layer):
    """Divide each image, or each pixel's channels, by their norm (SSD's normalize_layer.cpp).

    SSD's layer is told by its norm_param, and scales the result by a learned factor. That of
    happynear's fork has a normalize_param, no factor, and the norms as a second top; an older
    version of it has its normalize_type in softmax_param, and divides whole images. Where a file
    has none of these, other layers tell the fork, or it is to be named.
    """

    forks: ClassVar[tuple[str, ...]] = ("happynear", "ssd")
    across_spatial: bool | None = None
    channel_shared: bool | None = None
    eps: float = 1e-10
    scale_filler: Filler | None = None
    normalize_param: NormalizeParameter | None = None
    softmax_param: SoftmaxParameter | None = None
    fork: str = ""

    @property
    def told(self) -> set[str]:
        """The parameters that tell whose layer it is."""
        given = set(self.given())
        norm = self.softmax_param.normalize_type if self.softmax_param else "Softmax"
        return given - {"softmax_param"} if norm == "Softmax" else given

    @property
    def undecided(self) -> bool:
        return not self.told

    @property
    def happynear(self) -> NormalizeParameter | None:
        """The parameters of happynear's layer; None: it is SSD's."""
        if self.told and self.told <= {"softmax_param", "fork"} and self.fork != "ssd":
            return NormalizeParameter()
        return self.normalize_param

    @property
    def whole_images(self) -> bool:
        """Whether there is one norm for an image, and not for each of its pixels."""
        return self.happynear is None and self.across_spatial is not False

    @property
    def epsilon(self) -> float:
        """What is added to the sum of squares, or of magnitudes."""
        return self.eps if self.happynear is None else 1e-6

    @property
    def magnitudes(self) -> bool:
        """Whether the norm is the sum of magnitudes."""
        return self.happynear is not None and self.happynear.normalize_type == "L1"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        (bottom,) = bottoms
        require(
            2 <= len(bottom) <= 4,
            f"needs 2 to 4 axes (N, C, H, W), but the bottom is {dims(bottom)}",
        )
        if self.happynear is None:
            require(
                bool(self.told),
                "forks have different layers of this name, and no parameters tell which it is",
                "name the fork: --fork ssd or --fork happynear",
            )
            require(tops == 1, f"SSD's Normalize has 1 top, but {tops} given")
            return bottoms
        self._check_version(count(bottom[2:]))
        kind = self.happynear.normalize_type
        require(kind in ("L1", "L2"), f'normalize_type is "{kind}"; it is "L1" or "L2"')
        batch, channels, *size = (*bottom, 1, 1)[:4]
        return ((batch, channels, *size), (batch, 1, *size))[:tops]

    def _check_version(self, pixels: int) -> None:
        """Refuse a softmax_param that versions of happynear's fork take to mean different things.

        The last one does not read it, and so has the norm L2 of each pixel.
        """
        if self.softmax_param is None or not self.told <= {"softmax_param", "fork"}:
            return
        norm = self.softmax_param.normalize_type
        require(
            norm in ("L2", "Softmax"),
            f'normalize_type is "{norm}" in softmax_param, which newer versions do not read',
            "give it in normalize_param",
        )
        require(
            pixels == 1 or bool(self.fork),
            "normalize_type in softmax_param is for whole images in older versions of the fork, "
            "and newer ones do not read it",
            "for the norm of each pixel, as newer ones have it, name the fork: --fork happynear",
        )

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if self.happynear is not None:
            return {}
        shape = bottoms[0][1:2] if self.channel_shared is False else ()
        return {"weight": Learned(shape, self.scale_filler or Filler(value=1.0))}


@layer("PriorBox", param="prior_box_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class PriorBox(Layer):
    """The boxes around each place of a feature map that predictions refer to, and their variances.

    Sizes are in pixels of the second bottom, the image; what comes out are shares of it
    (SSD's prior_box_layer.cpp). With `denser_prior_boxes`, which TextBoxes++ has, each box is
    there again at the lower end of its place; in TextBoxes it always is, but nothing says so.
    In FaceBoxes (its prior_box_layer.cpp) squares are a pixel smaller, and those of 32 and 64
    pixels stand in rows around each place.
    """

    forks: ClassVar[tuple[str, ...]] = ("faceboxes", "ssd", "textboxes")

    min_size: tuple[float, ...] = ()
    max_size: tuple[float, ...] = ()
    aspect_ratio: tuple[float, ...] = ()
    flip: bool = True
    clip: bool = False
    variance: tuple[float, ...] = ()
    img_size: int | None = None
    img_h: int | None = None
    img_w: int | None = None
    step: float | None = None
    step_h: float | None = None
    step_w: float | None = None
    offset: float = 0.5
    denser_prior_boxes: bool = False
    fork: str = ""

    @property
    def undecided(self) -> bool:
        return not (self.fork or self.denser_prior_boxes)

    @property
    def denser(self) -> bool:
        """Whether each box is there twice."""
        return self.denser_prior_boxes or self.fork == "textboxes"

    @property
    def rows(self) -> tuple[int, ...]:
        """How many of each square stand in a row, and how many such rows, around a place."""
        if self.fork != "faceboxes":
            return ()
        return tuple({32: 4, 64: 2}.get(int(size), 1) for size in self.min_size)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The aspect ratios beside that of the square, each once; `flip` adds their inverse."""
        known, new = [1.0], []
        for ratio in self.aspect_ratio:
            if all(abs(ratio - other) >= 1e-6 for other in known):
                known += [ratio, 1 / ratio] if self.flip else [ratio]
                new.append(ratio)
        return tuple(new)

    @property
    def boxes(self) -> int:
        """How many boxes each place has."""
        stretched = len(self.ratios) * (2 if self.flip else 1)
        boxes = len(self.min_size) * (1 + stretched) + len(self.max_size)
        boxes += sum(row**2 - 1 for row in self.rows)
        return boxes * (2 if self.denser else 1)

    @property
    def image(self) -> tuple[int, int] | None:
        """Height and width of the image, where the file says; else the second bottom's count."""
        if self.img_h and self.img_w:
            return (self.img_h, self.img_w)
        return (self.img_size, self.img_size) if self.img_size else None

    @property
    def steps(self) -> tuple[float, float] | None:
        """The distance of places, down and across; else what divides the image evenly."""
        if self.step_h and self.step_w:
            return (self.step_h, self.step_w)
        return (self.step, self.step) if self.step else None

    @property
    def variances(self) -> tuple[float, ...]:
        """One variance for all four numbers of a box, or four."""
        return self.variance or (0.1,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        feature, image = bottoms
        _images(feature, "the first bottom")
        _images(image, "the second bottom (the image)")
        self.check()
        boxes = count(feature[2:]) * self.boxes
        require(boxes > 0, f"a feature map of {dims(feature)} has no places")
        return ((1, 2, boxes * CORNERS),)

    def check(self) -> None:
        """Refuse parameters that give no boxes, whatever the bottoms are."""
        require(bool(self.min_size), "min_size is missing", "give it, in pixels of the image")
        require(min(self.min_size) > 0, f"min_size is {min(self.min_size)}; it must be above 0")
        require(
            len(self.max_size) in (0, len(self.min_size)),
            f"max_size is given {len(self.max_size)} times, min_size {len(self.min_size)} times",
            "give a max_size for each min_size, or none",
        )
        for small, large in zip(self.min_size, self.max_size, strict=False):
            require(large > small, f"max_size {large} is not above its min_size {small}")
        require(
            max(len(self.min_size), len(self.aspect_ratio)) <= limits.BOXES,
            f"min_size is given {len(self.min_size):,} times, aspect_ratio "
            f"{len(self.aspect_ratio):,} times; {limits.BOXES:,} times are the most",
        )
        require(
            min(self.aspect_ratio, default=1) > 0,
            f"aspect_ratio is {min(self.aspect_ratio, default=1)}; it must be above 0",
        )
        require(
            len(self.variances) in (1, CORNERS),
            f"variance is given {len(self.variance)} times",
            "give it once, or once for each of the 4 numbers of a box",
        )
        require(min(self.variances) > 0, f"variance is {min(self.variances)}; it must be above 0")
        self._check_rows()
        _check_size(img_size=self.img_size, img_h=self.img_h, img_w=self.img_w)
        _check_size(step=self.step, step_h=self.step_h, step_w=self.step_w)

    def _check_rows(self) -> None:
        """Refuse what FaceBoxes has no room for, and what none of its networks has."""
        if not self.rows:
            return
        require(
            not (self.ratios or self.max_size or self.denser_prior_boxes),
            "aspect_ratio, max_size and denser_prior_boxes are not known with FaceBoxes",
            "give min_size only, or name another fork",
        )
        room = FACE_BOXES if len(self.min_size) == 3 else len(self.min_size)
        require(
            self.boxes == room,
            f"each place has {self.boxes} boxes, but in FaceBoxes there is room for {room}",
            "min_size 32, 64 and a third one go together",
        )


def _check_size(**sizes: float | None) -> None:
    """Refuse all but one size for both axes, one for each, or none."""
    both, *sides = sizes
    given = {name: size for name, size in sizes.items() if size is not None}
    for name, size in given.items():
        require(size > 0, f"{name} is {size}; it must be above 0")
    require(
        list(given) in ([], [both], sides),
        f"{' and '.join(given)} cannot be given so",
        f"give {both}, or {' and '.join(sides)}",
    )


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


@layer("DetectionOutput", param="detection_output_param", bottoms=(1, 4), in_place=False)
@dataclass(frozen=True)
class DetectionOutput(Layer):
    """Rows of image, label, score and box, for what is found (SSD's detection_output_layer.cpp).

    How many there are is known from the data alone; the inferred shape is that of one, as it is
    in Caffe before the first forward pass. A fourth bottom, of images, is only for showing them.

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

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(self.num_classes > 0, "num_classes is missing or 0; it must be above 0")
        if len(bottoms) == 1:
            self._check_predictions(bottoms[0])
            return ((1, 1, 1, 7),)
        loc, conf, prior = bottoms[:3]
        self.nms_param.check()
        self._check_polygons()
        _check_predictions(
            loc,
            conf,
            prior,
            self.num_classes,
            share_location=self.share_location,
            numbers=CORNERS + POLYGON if self.use_polygon else CORNERS,
        )
        return ((1, 1, 1, 7 + (POLYGON if self.use_polygon else 0)),)

    def _check_polygons(self) -> None:
        """Refuse what TextBoxes++ has beside polygons."""
        require(
            self.use_polygon is not False,
            "use_polygon is false, with which TextBoxes++ finds boxes that are turned",
            "only polygons are known",
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


@layer("MultiBoxLoss", param="multibox_loss_param", bottoms=4)
@dataclass(frozen=True)
class MultiBoxLoss(Loss):
    """How far predictions are from the true boxes, by the prior boxes that match them.

    It is SSD's multibox_loss_layer.cpp.
    """

    labels: ClassVar[tuple[int, ...]] = (3,)
    unrendered: ClassVar[str] = "matching true boxes in training has no rendering"
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
    loss_param: LossParameter = LossParameter()

    def check(self, bottoms: Shapes) -> None:
        loc, conf, prior, _ = bottoms
        _check_predictions(loc, conf, prior, self.num_classes, share_location=self.share_location)
        mining = self.mining_type != "NONE" if self.do_neg_mining is None else self.do_neg_mining
        require(
            self.share_location or not mining,
            "hard examples are only mined where share_location is true",
            "give mining_type: NONE",
        )


@layer("DetectionEvaluate", param="detection_evaluate_param", bottoms=2)
@dataclass(frozen=True)
class DetectionEvaluate(Layer):
    """Which of the boxes that were found are right (SSD's detection_evaluate_layer.cpp).

    There is a row for each class, and one for each box that was found.
    """

    labels: ClassVar[tuple[int, ...]] = (1,)
    unrendered: ClassVar[str] = "comparing boxes with the true ones has no rendering"
    num_classes: int = 0
    background_label_id: int = 0
    overlap_threshold: float = 0.5
    evaluate_difficult_gt: bool = True
    name_size_file: str | None = None
    resize_param: ResizeParameter | None = None

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        found, truth = bottoms
        require(self.num_classes > 0, "num_classes is missing or 0; it must be above 0")
        for bottom, what, row in ((found, "the boxes found", 7), (truth, "the true boxes", 8)):
            require(
                len(bottom) == 4 and bottom[:2] == (1, 1) and bottom[3] == row,
                f"{what} must be 1 x 1 x N x {row}, but they are {dims(bottom)}",
            )
        classes = self.num_classes - (self.background_label_id != -1)
        return ((1, 1, classes + found[2], 5),)


@layer("AnnotatedData", param="annotated_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class AnnotatedData(DataLayer):
    """Images from a database, and a row for each of their true boxes (annotated_data_layer.cpp)."""

    label_per_image: ClassVar[bool] = False
    data_param: DataParameter = DataParameter()
    label_map_file: str | None = None
    transform_param: TransformationParameter = TransformationParameter()

    def assumption(self) -> str:
        return "images of 3 channels assumed, and 1 box in all: the file does not say"

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        batch, size = self.data_param.batch_size, self.transform_param.size
        require(batch > 0, "batch_size in data_param is missing or 0; it must be above 0")
        self.transform_param.check(3)
        if size is None:
            raise ShapeError(NOT_STATED, GIVE_IT)
        return ((batch, 3, *size), (1, 1, 1, 8))[:tops]


@layer("VideoData", param="video_data_param", bottoms=0, tops=(1, 2))
@dataclass(frozen=True)
class VideoData(DataLayer):
    """Frames of videos, and labels: three forks have different layers of this name.

    SSD's reads one image after the other from a camera or a file. That of Temporal Segment
    Networks, which is told by name_pattern, num_segments or modality, lays frames or flow out as
    channels. That of video-caffe, which is told by new_length, gives them an axis of their own.
    """

    data_param: DataParameter | None = None
    source: str | None = None
    batch_size: int | None = None
    new_length: int | None = None
    new_height: int = 0
    new_width: int = 0
    num_segments: int | None = None
    modality: str | None = None
    name_pattern: str | None = None
    shuffle: bool = False
    video_type: str | None = None
    video_file: str | None = None
    device_id: int = 0
    skip_frames: int = 0
    transform_param: TransformationParameter = TransformationParameter()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        batch = self.data_param.batch_size if self.data_param else self.batch_size
        require(bool(batch), "batch_size is missing or 0; it must be above 0")
        size = self.transform_param.size or (self.new_height, self.new_width)
        if min(size) == 0:
            raise ShapeError(NOT_STATED, GIVE_IT)
        return ((batch or 0, *self.frames, *size), (batch or 0,))[:tops]

    @property
    def frames(self) -> Shape:
        """The axes between the batch and the image's size."""
        if self.modality or self.num_segments or self.name_pattern:
            channels = 3 if self.modality == "RGB" else 2
            return (channels * (self.new_length or 1) * (self.num_segments or 1),)
        return (3,) if self.new_length is None else (3, self.new_length)
