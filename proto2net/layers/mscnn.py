"""Layers of MS-CNN and Cascade R-CNN: regions from several feature maps, and what is found in them.

Regions are rows of image, x1, y1, x2, y2 as roi.py pools them. How many there are is known from the
data alone; the inferred shapes have one, as in Caffe before the first forward pass.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import ClassVar

from proto2net import limits
from proto2net.errors import UnsupportedError
from proto2net.frozen import dataclass
from proto2net.layers.base import ANY, Layer, layer, shortest
from proto2net.layers.columns import REGIONS, Rows
from proto2net.layers.rcnn import CORNERS
from proto2net.layers.roi import REGION
from proto2net.shape import Shape, Shapes, count, dims, legacy_shape, require

DETECTION = 7
"""The numbers of what Cascade R-CNN finds: image, x1, y1, x2, y2, class, score."""

Field = tuple[int, int]
"""The width and height of the box at each place of a feature map, in pixels."""


@dataclass(frozen=True)
class BBoxRegParameter:
    """How the shifts of boxes were normalized for training (BBoxRegParameter)."""

    bbox_mean: tuple[float, ...] = ()
    bbox_std: tuple[float, ...] = ()
    cls_aware: bool = True

    @property
    def normalized(self) -> bool:
        """Whether shifts are to be scaled by the deviations, and moved by the means."""
        return bool(self.bbox_mean and self.bbox_std)

    def check(self) -> None:
        """Refuse all but four means and four deviations, or none."""
        for name, values in (("bbox_mean", self.bbox_mean), ("bbox_std", self.bbox_std)):
            require(
                not self.normalized or len(values) == CORNERS,
                f"{name} is given {len(values)} times",
                "give it once for each of x, y, width and height",
            )


# ---- regions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldBoxes(Layer):
    """What BoxOutput and BoxGroupOutput share: how boxes are decoded, and which of them stay."""

    sizes_by_value: ClassVar[bool] = True
    fg_thr: float = 0.0
    iou_thr: float = 0.5
    nms_type: str = "IOU"
    field_whr: float = 2.0
    field_xyr: float = 2.0
    max_nms_num: int = 0
    max_post_nms_num: int = 0
    min_size: float = 15.0
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS, replace(REGIONS, columns=(*REGIONS.columns, "score")))

    def check(self) -> None:
        """Refuse parameters that decode no box, whatever the bottoms are."""
        self.bbox_reg_param.check()
        require(self.field_whr > 0, f"field_whr is {self.field_whr:g}; it must be above 0")
        require(self.field_xyr > 0, f"field_xyr is {self.field_xyr:g}; it must be above 0")


def _check_maps(maps: Shapes) -> None:
    for shape in maps:
        require(len(shape) == 4, f"needs feature maps of N, C, H, W, but one is {dims(shape)}")


@layer("BoxOutput", param="box_output_param", bottoms=(1, ANY), tops=(1, 2), in_place=False)
@dataclass(frozen=True)
class BoxOutput(FieldBoxes):
    """The regions that are most likely objects, and the same with scores (box_output_layer.cpp).

    A bottom has the scores of each class, of which the first is the background, and the shifts of
    the box at each place.
    """

    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    downsample_rate: tuple[int, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The field of each bottom."""
        return tuple(zip(self.field_w, self.field_h, strict=True))

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        for name in ("field_h", "field_w", "downsample_rate"):
            given = len(getattr(self, name))
            require(
                given == len(bottoms),
                f"{name} is given {given} times for {len(bottoms)} bottoms",
                "give it once for each bottom",
            )
        self.check()
        _check_maps(bottoms)
        for shape in bottoms:
            require(
                shape[1] > CORNERS + 1,
                f"needs scores of 2 classes at least, and {CORNERS} shifts, but a bottom has "
                f"{shape[1]} channels",
            )
            require(
                shape[0] == bottoms[0][0],
                f"all bottoms must be of as many images, but they are "
                f"{', '.join(map(dims, bottoms))}",
            )
        return ((1, REGION, 1, 1), (1, REGION + 1, 1, 1))[:tops]


@dataclass(frozen=True)
class BoxGroupParameter:
    """The fields of one feature map, and how many pixels lie between places."""

    field_h: tuple[int, ...] = ()
    field_w: tuple[int, ...] = ()
    stride: int = 0

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields at each place."""
        return tuple(zip(self.field_w, self.field_h, strict=True))


@layer(
    "BoxGroupOutput", param="box_group_output_param", bottoms=(1, ANY), tops=(1, 2), in_place=False
)
@dataclass(frozen=True)
class BoxGroupOutput(FieldBoxes):
    """The regions that are most likely objects, and the same with scores.

    Bottoms come in pairs: probabilities of each class, and shifts, of as many maps for an image
    as there are fields (Cascade R-CNN's box_group_output_layer.cpp).
    """

    box_group_param: tuple[BoxGroupParameter, ...] = ()

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        groups = self.box_group_param
        require(
            len(bottoms) == 2 * len(groups),
            f"box_group_param is given {len(groups)} times for {len(bottoms)} bottoms",
            "give it once for each pair of bottoms, probabilities and boxes",
        )
        self.check()
        _check_maps(bottoms)
        least = min(self.bbox_reg_param.bbox_std, default=1)
        require(least > 0, f"bbox_std has {least:g}; each must be above 0")
        for group, prob, boxes in zip(groups, bottoms[::2], bottoms[1::2], strict=True):
            self._check_group(group, prob, boxes)
        maps = zip(bottoms[::2], groups, strict=True)
        images = {prob[0] // len(group.field_h) for prob, group in maps}
        require(
            len(images) == 1,
            f"all pairs must be of as many images, but they are of {sorted(images)}",
        )
        return ((1, REGION, 1, 1), (1, REGION + 1, 1, 1))[:tops]

    def _check_group(self, group: BoxGroupParameter, prob: Shape, boxes: Shape) -> None:
        """Refuse all but a map for each field and image."""
        number = len(group.field_h)
        require(
            number == len(group.field_w) and 0 < number <= limits.BOXES,
            f"field_h is given {number} times, field_w {len(group.field_w)} times",
            "give both once for each field",
        )
        require(
            boxes == (prob[0], CORNERS, *prob[2:]),
            f"boxes must be {dims((prob[0], CORNERS, *prob[2:]))} for probabilities of "
            f"{dims(prob)}, but they are {dims(boxes)}",
        )
        require(
            prob[0] % number == 0,
            f"{prob[0]} maps do not divide into those of {number} fields",
        )


# ---- boxes of regions -----------------------------------------------------------------------


@layer("DecodeBBox", param="decode_bbox_param", bottoms=(2, 3), in_place=False)
@dataclass(frozen=True)
class DecodeBBox(Layer):
    """Regions moved and scaled by the shifts of the second class (decode_bbox_layer.cpp).

    In training those go that are inside out, or that the third bottom says to be true boxes.
    """

    labels: ClassVar[tuple[int, ...]] = (2,)
    predicts: ClassVar[tuple[int, ...]] = (0, 1)
    gt_iou_thr: float = 0.95
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        return (REGIONS,)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        boxes, regions = bottoms[:2]
        self.bbox_reg_param.check()
        _check_rows(boxes, 2 * CORNERS, "the box shifts (the first bottom)")
        _check_regions(regions, boxes[0])
        return ((boxes[0], REGION, 1, 1),)

    def prediction(self) -> DecodeBBox:
        return self

    def check_rendered(self, bottoms: int, tops: int, *, training: bool) -> None:
        if training:
            raise UnsupportedError("leaving out true boxes in training is not supported")


def _check_rows(rows: Shape, each: int, what: str) -> None:
    """Refuse all but rows of so many numbers."""
    require(
        len(rows) > 0 and count(rows[1:]) == each,
        f"{what} must be N x {each}, but they are {dims(rows)}",
    )


def _check_regions(regions: Shape, number: int) -> None:
    """Refuse all but so many regions; what stands behind their corners is not read."""
    require(
        len(regions) > 0 and count(regions[1:]) >= REGION,
        f"the regions must be N x {REGION}, but they are {dims(regions)}",
    )
    require(
        regions[0] == number,
        f"there are shifts for {number} boxes, but {regions[0]} regions",
        "give as many of both",
    )


@layer("FrcnnOutput", param="frcnn_output_param", bottoms=4, in_place=False)
@dataclass(frozen=True)
class FrcnnOutput(Layer):
    """A row of -1, then rows of image, corners, class and score for what is found in an image.

    The bottoms are probabilities, shifts, regions, and the image's height and width (Cascade
    R-CNN's frcnn_output_layer.cpp).
    """

    sizes_by_value: ClassVar[bool] = True
    conf_thr: float = 0.0
    iou_thr: float = 0.5
    nms_type: str = "IOU"
    max_det_num: int = 0
    bbox_reg_param: BBoxRegParameter = BBoxRegParameter()

    def columns(self, bottoms: Shapes) -> tuple[Rows, ...]:
        columns = (*REGIONS.columns, "label", "score")
        return (replace(REGIONS, columns=columns, classes=count(bottoms[0][1:])),)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        prob, boxes, regions, size = bottoms
        self.bbox_reg_param.check()
        classes = count(prob[1:])
        require(
            len(prob) > 1 and classes > 1,
            f"needs probabilities of 2 classes at least, but they are {dims(prob)}",
        )
        aware = self.bbox_reg_param.cls_aware
        _check_rows(
            boxes,
            CORNERS * (classes if aware else 2),
            f"the box shifts (cls_aware: {'true' if aware else 'false'})",
        )
        _check_regions(regions, boxes[0])
        require(
            prob[0] == boxes[0],
            f"there are probabilities of {prob[0]} regions, but shifts of {boxes[0]}",
        )
        require(count(size) == 2, f"needs the size of one image, 1 x 2, but it is {dims(size)}")
        return ((1, DETECTION, 1, 1),)


@layer("ScaleRoute", param="scale_route_param", bottoms=(1, ANY), tops=(1, ANY), in_place=False)
@dataclass(frozen=True)
class ScaleRoute(Layer):
    """The rows whose region has a size in a range; one at least (scale_route_layer.cpp).

    The first bottom has the regions, and others what goes with them.
    """

    sizes_by_value: ClassVar[bool] = True
    routes: ClassVar[bool] = True
    low_scale: float | None = None
    high_scale: float | None = None

    @property
    def middle(self) -> float:
        """The size that is best where no region has one of the range."""
        low, high = self.low_scale, self.high_scale
        if low is not None and high is not None:
            return shortest(sqrt(low * high))
        return 256.0 if low is None and high is None else (low or high or 0.0)

    def infer(self, bottoms: Shapes, tops: int) -> Shapes:
        require(
            tops == len(bottoms),
            f"{len(bottoms)} bottoms, but {tops} tops",
            "give a top for each bottom",
        )
        for shape in bottoms:
            _check_regions(bottoms[0], (*shape, 0)[0])
        for scale in (self.low_scale, self.high_scale):
            require(scale is None or scale >= 0, f"a scale is {scale}; it must not be below 0")
        return tuple(map(legacy_shape, bottoms))
