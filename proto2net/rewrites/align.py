"""Where a crop starts that does not say it: its two bottoms show the same pixels of a third blob.

So it is in longjon's branch of Caffe, which CRF as RNN and HED have taken over (crop_layer.cpp,
coords.hpp). It works on entries, since no shape has a part in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction

from proto2net import limits
from proto2net.errors import Issue, ParseError, Proto2NetError
from proto2net.frozen import dataclass
from proto2net.graph import Entry
from proto2net.layers import (
    LRN,
    MVN,
    AutoCrop,
    BatchNorm,
    Bias,
    Concat,
    Convolution,
    Crop,
    Deconvolution,
    Eltwise,
    Im2col,
    Layer,
    Pooling,
    Scale,
    Softmax,
    Split,
)
from proto2net.layers.activation import Activation
from proto2net.shape import require

STILL = (Activation, BatchNorm, Bias, Concat, Eltwise, LRN, MVN, Scale, Softmax, Split)
"""The layers that leave every pixel where it is; only their first bottom counts."""

FARTHEST = 2**32
"""What no pixel of an image is away from another."""

_IMAGE = (1, 1, 1, 1)  # its size does not matter


@dataclass(frozen=True)
class Line:
    """How a coordinate of one blob becomes that of another."""

    scale: Fraction = Fraction(1)
    shift: Fraction = Fraction(0)

    def then(self, line: Line) -> Line:
        """This one, and another after it."""
        return Line(line.scale * self.scale, line.scale * self.shift + line.shift)

    @property
    def back(self) -> Line:
        """The way back."""
        return Line(1 / self.scale, -self.shift / self.scale)


Lines = tuple[Line, ...]
"""Those of the height and of the width."""


@dataclass(frozen=True)
class Place:
    """Where the pixels of another blob, the root, lie in a blob."""

    root: str
    lines: Lines = (Line(), Line())


def aligned(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """The layers with an offset in each crop, and a note on each that had none.

    Raises ParseError for every crop whose offset the layers before it do not tell.
    """
    if not any(map(_automatic, entries)):
        return entries, []
    places: dict[str, Place] = {}
    found: list[Entry] = []
    notes: list[str] = []
    issues: list[Issue] = []
    for entry in entries:
        if _automatic(entry):
            try:
                offset = _offset(entry, places)
            except Proto2NetError as error:
                issues += error.at(entry.where, str(entry))
                offset = (0, 0)
            entry = dataclasses.replace(entry, layer=Crop(offset=offset))
            start = " and ".join(map(str, dict.fromkeys(offset)))
            notes.append(f"{entry.where}: {entry} has offset {start}, by the layers before it")
        found.append(entry)
        for top in entry.tops:  # what writes in place moves no pixels
            places.setdefault(top, _place(entry, places) or Place(top))
        if len(issues) >= limits.PROBLEMS:
            break
    if issues:
        raise ParseError(issues)
    return found, notes


def _automatic(entry: Entry) -> bool:
    """Whether the layer is a crop that finds its offset itself."""
    layer = entry.layer
    return isinstance(layer, AutoCrop) or (isinstance(layer, Crop) and layer.automatic)


def _offset(crop: Entry, places: Mapping[str, Place]) -> tuple[int, ...]:
    """The offset of the height and of the width."""
    crop.layer.check_counts(len(crop.bottoms), len(crop.tops))
    first, second = (places.get(bottom, Place(bottom)) for bottom in crop.bottoms)
    require(
        first.root == second.root,
        f'the offset is not known: the pixels of "{crop.bottoms[0]}" are followed back to '
        f'"{first.root}", and those of "{crop.bottoms[1]}" to "{second.root}"',
        "give it in crop_param",
    )
    return tuple(map(_start, first.lines, second.lines))


def _start(first: Line, second: Line) -> int:
    """Where the second blob starts in the first, along one axis."""
    line = first.back.then(second)
    require(
        line.scale == 1,
        f"a pixel of the second bottom is {1 / line.scale} of the first; they must be of one size",
    )
    require(
        line.shift <= 0 and line.shift.denominator == 1,
        f"the second bottom starts {-line.shift} pixels into the first, which is no offset",
        "pad otherwise, or give an offset in crop_param",
    )
    return -int(line.shift)


def _place(entry: Entry, places: Mapping[str, Place]) -> Place | None:
    """Where the pixels of an earlier blob lie in the layer's tops; None if it is not known."""
    before = places.get(entry.bottoms[0]) if entry.bottoms else None
    moved = _moved(entry.layer) if before else None
    if before is None or moved is None:
        return None
    lines = tuple(line.then(move) for line, move in zip(before.lines, moved, strict=True))
    far = any(max(map(abs, part.as_integer_ratio())) > FARTHEST for part in _parts(lines))
    return None if far else Place(before.root, lines)


def _parts(lines: Lines) -> list[Fraction]:
    return [part for line in lines for part in (line.scale, line.shift)]


def _moved(layer: Layer) -> Lines | None:
    """Where a layer moves the pixels of its first bottom; None if it is not known."""
    if isinstance(layer, STILL):
        return (Line(), Line())
    if isinstance(layer, Crop):
        return tuple(Line(shift=Fraction(-offset)) for offset in layer.offsets(_IMAGE)[2:])
    if isinstance(layer, Deconvolution):
        return _middles(layer)
    if isinstance(layer, Convolution | Im2col | Pooling):
        middles = _middles(layer)
        return middles and tuple(line.back for line in middles)
    return None


def _middles(layer: Convolution | Deconvolution | Im2col | Pooling) -> Lines | None:
    """The middle of each window; None for windows that are none of an image, or all of it."""
    try:
        window = layer.window(_IMAGE)
    except Proto2NetError:  # which is told when shapes are inferred
        return None
    if len(window.kernel) != 2 or getattr(layer, "global_pooling", False):
        return None
    sides = zip(window.stride, window.extent, window.pad, strict=True)
    return tuple(Line(Fraction(s), Fraction(extent - 1, 2) - pad) for s, extent, pad in sides)
