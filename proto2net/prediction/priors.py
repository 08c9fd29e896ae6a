"""Prior boxes of a network that has none, as a person tells them, and what is decoded with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from proto2net.errors import Proto2NetError
from proto2net.frozen import dataclass
from proto2net.shape import Shape, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

EXAMPLE = "8:10,16,24 16:32,48"
VARIANCES = (0.1, 0.1, 0.2, 0.2)
"""Those of SSD."""

_NUMBER = r"[0-9]{1,5}(?:\.[0-9]{1,5})?"
_SIZE = rf"{_NUMBER}(?:x{_NUMBER})?"
_LEVEL = re.compile(rf"({_NUMBER}):({_SIZE}(?:,{_SIZE})*)")


@dataclass(frozen=True)
class Level:
    """The boxes of a feature map: the pixels between two places, and each width and height."""

    stride: float
    sizes: tuple[tuple[float, float], ...]


def levels(text: str) -> tuple[Level, ...]:
    """The levels, from "8:10,16,24 16:32x48": a stride, and the sides of squares or w x h."""
    found = []
    for part in text.split():
        match = _LEVEL.fullmatch(part)
        if not match or not float(match[1]):
            raise Proto2NetError(
                f'"{part}" is no stride and sizes of prior boxes',
                f'they are pixels of the input, as in "{EXAMPLE}"; 10x20 is a width and a height',
            )
        sides = [size.split("x") for size in match[2].split(",")]
        sizes = tuple((float(side[0]), float(side[-1])) for side in sides)
        found.append(Level(float(match[1]), sizes))
    require(bool(found), "no prior boxes are given", f'they are as in "{EXAMPLE}"')
    return tuple(found)


def decoded(
    shifts: Ndarray,
    scores: Ndarray,
    levels: Sequence[Level],
    size: Shape,
    name: str,
    *,
    above: float,
    overlap: float,
) -> Ndarray:
    """Rows as SSD's DetectionOutput has them, for images of this height and width.

    The first class is the background, if there are several.
    """
    from proto2net.backends.numpy.helpers.detection import detection_output

    corners = prior_boxes(levels, size)
    require(
        len(corners) == shifts.shape[1],
        f"the prior boxes are {len(corners):,} for an input of {dims(size)}, but "
        f'"{name}" has {shifts.shape[1]:,} boxes',
        "the strides and sizes are those that the network was trained with: "
        f'--priors "{EXAMPLE}" has 3 squares at each place of stride 8, and 2 of stride 16',
    )
    import numpy as np

    variances = np.broadcast_to(np.array(VARIANCES, np.float32), corners.shape)
    classes = scores.shape[2]
    return detection_output(
        shifts,
        scores,
        np.stack((corners.ravel(), variances.ravel()))[None],
        classes,
        code_type="CENTER_SIZE",
        background_label_id=0 if classes > 1 else -1,
        nms_threshold=overlap,
        confidence_threshold=above,
    )


def prior_boxes(levels: Sequence[Level], size: Shape) -> Ndarray:
    """The corners of all, as fractions of the image: by levels, rows, columns and sizes.

    The places of a level share the image evenly, as those of PriorBox without a step: where the
    image is no multiple of the stride, they are a little closer.
    """
    import numpy as np

    height, width = size
    found = []
    for level in levels:
        places = ceil(height / level.stride), ceil(width / level.stride)
        y, x = ((np.arange(number) + 0.5) / number for number in places)
        center = np.stack(np.meshgrid(x, y), axis=-1)[:, :, None]
        sides = np.array(level.sizes) / [width, height]
        pairs = np.broadcast_arrays(center, sides.clip(0, 1))
        middle, half = pairs[0], pairs[1] / 2
        found.append(np.concatenate((middle - half, middle + half), axis=-1).reshape(-1, 4))
    corners: Ndarray = np.concatenate(found).astype(np.float32)
    return corners
