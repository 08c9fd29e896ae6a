"""What comes out of a network: what the numbers of each output are, as far as its layers tell.

Nothing is said of an output of which that is not known: a vector may be scores or an embedding.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers import (
    ArgMax,
    Concat,
    Eltwise,
    Flatten,
    Permute,
    Reshape,
    Sigmoid,
    Softmax,
    Split,
)
from proto2net.layers.base import Layer
from proto2net.layers.columns import Rows
from proto2net.shape import Shape, canonical_axis, count, dims

CORNERS = 4
"""The numbers of a box."""


class Each(Enum):
    """Of what there are numbers in an output."""

    IMAGE = "image"
    PIXEL = "pixel"
    PLACE = "place"
    REGION = "region"
    BOX = "box"


class Kind(Enum):
    """What the number of a class is."""

    PROBABILITY = "probability"
    SHARE = "share"
    """From 0 to 1, each by itself: those of classes have no sum."""
    SCORE = "score"


@dataclass(frozen=True)
class Part:
    """Of what there are numbers in an output: of an image, or of each of its parts."""

    each: Each
    shape: Shape = ()
    """How many parts there are: rows and columns, or boxes."""
    regions: Blob | None = None
    """The blob that has the regions."""

    def __str__(self) -> str:
        if self.regions:
            return f", for each region of {self.regions.name}"
        if self.each is Each.PIXEL:
            return ", for each pixel"
        if self.each is Each.PLACE:
            return f", for each of {dims(self.shape)} places"
        return f", for each of {self.shape[0]:,} boxes" if self.each is Each.BOX else ""


@dataclass(frozen=True)
class Classes:
    """A number of each class."""

    number: int
    kind: Kind
    part: Part = Part(Each.IMAGE)
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.SHARE and not self.labels:
            what = "a number" if self.number == 1 else f"{self.number:,} numbers"
            return f"{what} from 0 to 1{self.part}"
        kind = "probabilities" if self.kind is Kind.PROBABILITY else "scores"
        return f"{kind} of {self.number:,} classes{_named(self.labels)}{self.part}"


@dataclass(frozen=True)
class Best:
    """The number of the class that is most likely, instead of the numbers of all."""

    number: int
    part: Part = Part(Each.IMAGE)
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"the best of {self.number:,} classes{_named(self.labels)}{self.part}"


@dataclass(frozen=True)
class Boxes:
    """Rows of boxes, or of what goes with them."""

    rows: Rows
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        first = f"; {self.rows.first_label} is the first class" * bool(self.rows.first_label)
        return f"{self.rows}{first}{_named(self.labels)}"


@dataclass(frozen=True)
class Shifts:
    """By how much regions are to be moved and scaled, for each class or for all."""

    boxes: int
    part: Part

    def __str__(self) -> str:
        number = f" of {self.boxes:,} classes" if self.boxes > 1 else ""
        return f"box shifts (dx, dy, dw, dh){number}{self.part}"


@dataclass(frozen=True)
class Undecoded:
    """What is predicted of boxes by prior boxes that are not in the network."""

    boxes: int
    scores: Blob
    """The blob that has the scores of these boxes."""

    def __str__(self) -> str:
        whose = "relative to prior boxes, which are not in the network"
        return f"{CORNERS} numbers for each of {self.boxes:,} boxes, {whose}"


@dataclass(frozen=True)
class Image:
    """An image, of values as the input has them."""

    def __str__(self) -> str:
        return "an image, of values as those of the input"


Result = Classes | Best | Boxes | Shifts | Undecoded | Image


def results(graph: Graph) -> dict[Blob, Result]:
    """What the numbers of the outputs are, for those where it is known."""
    finder = _Finder(graph)
    found = {blob: result for blob in graph.outputs if (result := finder.alone(blob))}
    for blob in graph.outputs:
        if blob not in found and (result := finder.beside(blob, found)):
            found[blob] = result
    return {blob: found[blob] for blob in graph.outputs if blob in found}


def described(graph: Graph) -> list[str]:
    """What each output of rows of boxes is, or of what goes with these, in a sentence."""
    return [
        f"{blob.name}: {result}."
        for blob, result in results(graph).items()
        if isinstance(result, Boxes | Shifts | Undecoded)
        or (isinstance(result, Classes) and result.part.each in (Each.REGION, Each.BOX))
    ]


class _Finder:
    """Looks for the layers that make the outputs of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.makers = {top: node for node in graph.nodes for top in node.tops}
        self.sizes = {blob.shape[2:] for blob in graph.inputs if len(blob.shape) == 4}
        self.regions: dict[Blob, Blob] = {}
        for node in graph.nodes:
            place = node.layer.region_bottom
            known = (self.regions.get(blob) for blob in node.bottoms)
            of = next(filter(None, known), None) if place is None else node.bottoms[place]
            if of:
                self.regions.update(dict.fromkeys(node.tops, of))

    def alone(self, blob: Blob) -> Result | None:
        """What an output is by the layers that make it."""
        origin = self._origin(blob)
        node = self.makers[origin]
        layer, labels = node.layer, self.graph.usage.labels
        columns = layer.columns(tuple(bottom.shape for bottom in node.bottoms))
        if columns:
            index = node.tops.index(origin)
            return Boxes(self._ordered(columns[index]), labels) if index < len(columns) else None
        if isinstance(layer, Softmax):
            return self._of_classes(origin, canonical_axis(layer.axis, origin.shape))
        if isinstance(layer, ArgMax):
            return self._best(node, layer)
        if isinstance(layer, Sigmoid):
            part = self._part(origin)
            if not part:
                return None
            number = origin.shape[1]
            return Classes(number, Kind.SHARE, part, labels if len(labels) == number else ())
        if isinstance(layer, Eltwise) and layer.operation == "SUM":
            return Image() if self.graph.input_set.intersection(node.bottoms) else None
        part = self._part(origin) if labels and node.bottoms else None
        if part and origin.shape[1] == len(labels):
            return Classes(len(labels), Kind.SCORE, part, labels)
        return None

    def beside(self, blob: Blob, known: dict[Blob, Result]) -> Result | None:
        """What an output is by others, whose boxes it has the places of."""
        for other, result in known.items():
            if not isinstance(result, Classes):
                continue
            if result.part.each is Each.REGION and result.part.regions == self.regions.get(blob):
                shifts, rest = divmod(count(blob.shape[1:]), CORNERS)
                if not rest and shifts in (1, 2, result.number):
                    return Shifts(shifts, result.part)
            boxes = (*other.shape[:2], CORNERS)
            if result.part.each is Each.BOX and blob.shape == boxes and self._is_raw(blob):
                return Undecoded(blob.shape[1], other)
        return None

    def _origin(self, blob: Blob) -> Blob:
        """The blob whose rows these are, by another name or another shape alone."""
        while True:
            node = self.makers[blob]
            same = isinstance(node.layer, Split) or (
                isinstance(node.layer, Reshape | Flatten)
                and _rows(node.bottoms[0].shape) == _rows(blob.shape)
            )
            if not same and not node.layer.routes:
                return blob
            blob = node.bottoms[0 if same else node.tops.index(blob)]

    def _of_classes(self, blob: Blob, axis: int) -> Result | None:
        """Probabilities along an axis."""
        number, labels = blob.shape[axis], self.graph.usage.labels
        part = self._part(blob) if axis == 1 else None
        if axis == 2 and len(blob.shape) == 3 and blob.shape[1] > 1:
            shapes = [other.shape for other in self.graph.outputs]
            boxes = (*blob.shape[:2], CORNERS)
            part = Part(Each.BOX, blob.shape[1:2]) if boxes in shapes else None
        if not part or number < 2:
            return None
        return Classes(number, Kind.PROBABILITY, part, labels if len(labels) == number else ())

    def _best(self, node: Node[Layer], layer: ArgMax) -> Result | None:
        """The best class of the bottom."""
        shape = node.bottoms[0].shape
        axis = 1 if layer.axis is None else canonical_axis(layer.axis, shape)
        part = self._part(node.bottoms[0])
        whole = layer.axis is not None or (part and part.each is Each.IMAGE)
        if not part or axis != 1 or not whole or layer.out_max_val or layer.top_k > 1:
            return None
        labels = self.graph.usage.labels
        return Best(shape[1], part, labels if len(labels) == shape[1] else ())

    def _part(self, blob: Blob) -> Part | None:
        """Of what the second axis has numbers."""
        if len(blob.shape) < 2:
            return None
        size = blob.shape[2:]
        if count(size) == 1 and size not in self.sizes:
            regions = self.regions.get(blob)
            return Part(Each.REGION, regions=regions) if regions else Part(Each.IMAGE)
        if len(size) != 2 or blob in self.regions:
            return None
        return Part(Each.PIXEL if size in self.sizes else Each.PLACE, size)

    def _ordered(self, rows: Rows) -> Rows:
        """The columns in the order that prior boxes give them: of a fork y comes before x."""
        if not any(getattr(node.layer, "yx_order", False) for node in self.graph.nodes):
            return rows
        turned = {"xmin": "ymin", "ymin": "xmin", "xmax": "ymax", "ymax": "xmax"}
        return replace(rows, columns=tuple(turned.get(each, each) for each in rows.columns))

    def _is_raw(self, blob: Blob) -> bool:
        """Whether what layers with learned products give has only been put together."""
        waiting, seen = [blob], {blob}
        while waiting:
            node = self.makers[waiting.pop()]
            if isinstance(node.layer, Concat | Flatten | Permute | Reshape | Split):
                waiting += set(node.bottoms) - seen
                seen.update(node.bottoms)
            elif not node.macs:
                return False
        return True


def _rows(shape: Shape) -> Shape:
    """A shape without the axes of size 1 that stand behind the first two."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _named(labels: tuple[str, ...]) -> str:
    return f" ({labels[0]} to {labels[-1]})" if labels else ""
