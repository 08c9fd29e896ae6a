"""Layers of SSD, the Single Shot MultiBox Detector: features and prior boxes.

Other forks have taken them over. What is made of predictions stands in detection.py,
and where data enters, in ssd_data.py.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

from proto2net import limits
from proto2net.frozen import dataclass
from proto2net.layers.base import Filler, Layer, Learned, layer, shortest
from proto2net.layers.loss import SoftmaxParameter
from proto2net.shape import Shape, Shapes, count, dims, require

CORNERS = 4
"""The numbers of a box: x and y of its upper left corner, then of its lower right one."""


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
    happynear's fork has a normalize_param, no factor, and the norms as a second top. Only older
    versions of it read the normalize_type of softmax_param, and divide whole images. Where a file
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
        if self.older and self.softmax_param:
            return NormalizeParameter(self.softmax_param.normalize_type)
        if self.told and self.told <= {"softmax_param", "fork"} and self.fork != "ssd":
            return NormalizeParameter()
        return self.normalize_param

    @property
    def older(self) -> bool:
        """Whether only older versions of happynear's fork read the parameters that tell it."""
        return self.told == {"softmax_param"}

    def whole_images(self, bottom: Shape) -> bool:
        """Whether there is one norm for an image, and not for each of its pixels."""
        if self.happynear is None:
            return self.across_spatial is not False
        return self.older and count(bottom[2:]) > 1

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
        require(
            tops == 1 or not self.older,
            f"normalize_type is in softmax_param, which only versions with 1 top read, not {tops}",
            "for newer ones, which do not read it, name the fork: --fork happynear",
        )
        kind = self.happynear.normalize_type
        require(kind in ("L1", "L2"), f'normalize_type is "{kind}"; it is "L1" or "L2"')
        batch, channels, *size = (*bottom, 1, 1)[:4]
        return ((batch, channels, *size), (batch, 1, *size))[:tops]

    def disputed(self, bottoms: Shapes) -> str:
        if not self.older or not (self.magnitudes or self.whole_images(bottoms[0])):
            return ""
        return (
            "took Normalize for that of older versions of happynear's fork, which alone read "
            "normalize_type in softmax_param: it divides whole images; newer ones divide each "
            "pixel by its norm L2, with --fork happynear"
        )

    def blobs(self, bottoms: Shapes) -> dict[str, Learned]:
        if self.happynear is not None:
            return {}
        shape = bottoms[0][1:2] if self.channel_shared is False else ()
        return {"weight": Learned(shape, self.scale_filler or Filler(value=1.0))}


@dataclass(frozen=True)
class PlacedBoxes(Layer):
    """What PriorBox and PriorBoxClustered share: where boxes lie, and their variances."""

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

    @property
    def sizes(self) -> tuple[tuple[float, float], ...]:
        """The width and height of each box at a place, where they are not SSD's in SSD's order."""
        raise NotImplementedError

    @property
    def insets(self) -> tuple[float, ...]:
        """By which share of the image each box is smaller on each side; empty: by none."""
        return ()

    @property
    def boxes(self) -> int:
        """How many boxes each place has."""
        return len(self.sizes)

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
        self.check_sizes()
        require(
            len(self.variances) in (1, CORNERS),
            f"variance is given {len(self.variance)} times",
            "give it once, or once for each of the 4 numbers of a box",
        )
        require(min(self.variances) > 0, f"variance is {min(self.variances)}; it must be above 0")
        _check_size(img_size=self.img_size, img_h=self.img_h, img_w=self.img_w)
        _check_size(step=self.step, step_h=self.step_h, step_w=self.step_w)

    def check_sizes(self) -> None:
        """Refuse sizes of boxes that are missing, or do not go together."""
        raise NotImplementedError


@layer("PriorBox", param="prior_box_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class PriorBox(PlacedBoxes):
    """The boxes around each place of a feature map that predictions refer to, and their variances.

    Sizes are in pixels of the second bottom, the image; what comes out are shares of it
    (SSD's prior_box_layer.cpp). With `denser_prior_boxes`, which TextBoxes++ has, each box is
    there again at the lower end of its place; in TextBoxes it always is, but nothing says so.
    In FaceBoxes (its prior_box_layer.cpp) squares are a pixel smaller, and those of 32 and 64
    pixels stand in rows around each place.

    Synopsys' fork has `faceboxes` to say so, `box_width` and `box_height` for boxes of any size,
    the orders in which TensorFlow and Keras have boxes, and y before x. In SSTD (its
    prior_box_layer.cpp) boxes are longer than their square by the aspect ratio.
    """

    forks: ClassVar[tuple[str, ...]] = ("faceboxes", "ssd", "sstd", "textboxes")

    denser_prior_boxes: bool = False
    faceboxes: bool = False
    box_width: tuple[float, ...] = ()
    box_height: tuple[float, ...] = ()
    tf: bool = False
    yx_order: bool = False
    keras: bool = False
    fork: str = ""

    @property
    def undecided(self) -> bool:
        return not (self.fork or self.denser_prior_boxes or self.faceboxes or self.sized)

    @property
    def sized(self) -> bool:
        """Whether boxes are others than SSD's, or in another order."""
        ordered = self.tf or self.keras or self.yx_order or self.fork == "sstd"
        return bool(self.box_width) or (ordered and not self.faceboxes)

    @property
    def denser(self) -> bool:
        """Whether each box is there twice."""
        return self.denser_prior_boxes or self.fork == "textboxes"

    @property
    def rows(self) -> tuple[int, ...]:
        """How many of each square stand in a row, and how many such rows, around a place."""
        if self.box_width or (self.fork != "faceboxes" and not self.faceboxes):
            return ()
        return tuple({32: 4, 64: 2}.get(int(size), 1) for size in self.min_size)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The aspect ratios beside that of the square, each once; `flip` adds their inverse."""
        known, new = [1.0], []
        turned = self.flip and self.fork != "sstd"
        for ratio in self.aspect_ratio:
            if all(abs(ratio - other) >= 1e-6 for other in known):
                known += [ratio, 1 / ratio] if turned else [ratio]
                new.append(ratio)
        return tuple(new)

    @property
    def sizes(self) -> tuple[tuple[float, float], ...]:
        if self.box_width:
            return tuple(zip(self.box_width, self.box_height, strict=False))
        if not self.sized:
            return ()
        found: list[tuple[float, float]] = []
        for index, size in enumerate(map(int, self.min_size)):
            between = [sqrt(size * int(largest)) for largest in self.max_size[index : index + 1]]
            middle = [(shortest(side), shortest(side)) for side in between]
            square, ratios = [(float(size), float(size))], self.ratios
            if self.fork == "sstd":
                wide = [(shortest(size * ratio), float(size)) for ratio in ratios]
                high = [(height, width) for width, height in wide] if self.flip else []
                found += [*square, *middle, *wide, *high]
                continue
            if self.keras:
                turned = tuple(1 / ratio for ratio in ratios) if self.flip else ()
                found += [*middle, *square, *_stretched(size, (*ratios, *turned))]
                continue
            if self.flip:
                ratios = tuple(each for ratio in ratios for each in (ratio, 1 / ratio))
            boxes = _stretched(size, ratios)
            found += [*square, *boxes, *middle] if self.tf else [*square, *middle, *boxes]
        return tuple(found)

    @property
    def insets(self) -> tuple[float, ...]:
        """Synopsys' fork has the first box of 60 pixels smaller, in TensorFlow's order."""
        if self.box_width or self.keras or not self.tf:
            return ()
        each = len(self.sizes) // len(self.min_size)
        found = [
            0.05 if int(size) == 60 and index == 0 else 0.0
            for size in self.min_size
            for index in range(each)
        ]
        return tuple(found) if any(found) else ()

    @property
    def boxes(self) -> int:
        if self.sized:
            return super().boxes
        stretched = len(self.ratios) * (2 if self.flip else 1)
        boxes = len(self.min_size) * (1 + stretched) + len(self.max_size)
        boxes += sum(row**2 - 1 for row in self.rows)
        return boxes * (2 if self.denser else 1)

    def check_sizes(self) -> None:
        """Refuse sizes of boxes that are missing, or do not go together."""
        _check_pairs("box_width", self.box_width, "box_height", self.box_height)
        require(
            not (self.denser_prior_boxes and self.sized),
            "denser_prior_boxes is not supported with fields of Synopsys' fork",
        )
        require(
            self.fork != "sstd" or all(size == int(size) for size in self.min_size),
            "min_size has a fraction, which one version of SSTD drops and another does not",
        )
        if self.box_width:
            return
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
        self._check_rows()

    def _check_rows(self) -> None:
        """Refuse what FaceBoxes has no room for, and what none of its networks has."""
        if not self.rows:
            return
        require(
            not (self.ratios or self.max_size or self.denser_prior_boxes),
            "aspect_ratio, max_size and denser_prior_boxes are not supported with FaceBoxes",
            "give min_size only, or name another fork",
        )
        room = FACE_BOXES if len(self.min_size) == 3 else len(self.min_size)
        require(
            self.boxes == room,
            f"each place has {self.boxes} boxes, but in FaceBoxes there is room for {room}",
            "min_size 32, 64 and a third one go together",
        )


def _stretched(size: int, ratios: tuple[float, ...]) -> list[tuple[float, float]]:
    """Boxes as large as a square, with these ratios of width to height."""
    return [(shortest(size * sqrt(ratio)), shortest(size / sqrt(ratio))) for ratio in ratios]


def _check_pairs(
    name: str, widths: tuple[float, ...], other: str, heights: tuple[float, ...]
) -> None:
    """Refuse all but a height for each width."""
    require(
        len(widths) == len(heights) <= limits.BOXES,
        f"{name} is given {len(widths)} times, {other} {len(heights)} times",
        "give both once for each box",
    )


@layer("PriorBoxClustered", param="prior_box_param", bottoms=2, in_place=False)
@dataclass(frozen=True)
class PriorBoxClustered(PlacedBoxes):
    """Boxes of given widths and heights, in pixels of the image, around each place.

    It is that of OpenVINO (training_toolbox_caffe's prior_box_clustered_layer.cpp), which reads no
    other sizes.
    """

    width: tuple[float, ...] = ()
    height: tuple[float, ...] = ()

    @property
    def sizes(self) -> tuple[tuple[float, float], ...]:
        return tuple(zip(self.width, self.height, strict=False))

    def check_sizes(self) -> None:
        require(bool(self.width), "width is missing", "give it, in pixels of the image")
        _check_pairs("width", self.width, "height", self.height)


def _check_size(**sizes: float | None) -> None:
    """Refuse all but one size for both axes, one for each, or none."""
    both, *sides = sizes
    given = {name: size for name, size in sizes.items() if size is not None}
    for name, size in given.items():
        require(size > 0, f"{name} is {size}; it must be above 0")
    require(
        list(given) in ([], [both], sides),
        f"{' and '.join(given)} cannot be given together",
        f"give {both}, or {' and '.join(sides)}",
    )
