"""Receptive fields: which pixels of an image each blob's positions see, by type of layer.

It is the theory of windows: whether a pixel matters much is another question. Holes within, such
as those of dilated kernels, count. What sees all of the image whatever its size, or has one
position that sees all of this one, sees the whole image. Of boxes, sequences and layer types that
are not in the table nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proto2net.facts import reach
from proto2net.facts.reach import Reach, Taps
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers.registry import families
from proto2net.shape import Sizes, canonical_axis, count

if TYPE_CHECKING:
    from fractions import Fraction

CHANNELS = 2
"""The axes before those of an image: images and channels."""


@dataclass(frozen=True)
class Field:
    """What each position of a blob sees of an image, for its height and width, or all its axes."""

    image: Sizes
    """The size of the image; None for one that may be any."""
    axes: tuple[Reach | None, ...]
    """For each axis of the image: what is seen along it. None: all of it."""
    places: tuple[int, ...]
    """Which axes of the blob these are. Empty: its numbers have lost their places."""

    @property
    def whole(self) -> bool:
        """Whether all of the image is seen."""
        return not any(self.axes)

    @property
    def sizes(self) -> Sizes:
        """How many pixels are seen along each axis; None: all."""
        return tuple(each.size if each else None for each in self.axes)

    @property
    def strides(self) -> tuple[int | Fraction | None, ...]:
        """How many pixels further the next position looks; None where all are seen."""
        return tuple(each.stride if each else None for each in self.axes)

    @property
    def offsets(self) -> Sizes:
        """The first pixel that the first position sees; below 0 lies padding."""
        return tuple(each.offset if each else None for each in self.axes)


def fields(graph: Graph) -> dict[Blob, Field]:
    """What the positions of each blob see, where that can be said."""
    found: dict[Blob, Field] = {}
    constant: set[Blob] = set()
    for node in graph.nodes:
        if not node.bottoms:
            for top in node.tops:
                if families().layers.get(node.layer.type) in _IMAGES and (x := _image(graph, top)):
                    found[top] = x
                elif node.layer.type in ("DummyData", "Parameter"):
                    constant.add(top)
            continue
        rule = _RULES.get(node.layer.type)
        seen = [found.get(bottom) for bottom in node.bottoms if bottom not in constant]
        if rule is None or not seen or _misplaces(node, graph):
            continue
        for top, field in zip(node.tops, rule(node, seen), strict=False):
            if field := field and _checked(field, top):
                found[top] = field
    return {blob: field for blob, field in found.items() if field.places or field.whole}


def _misplaces(node: Node[Any], graph: Graph) -> bool:
    """Whether a mask says where maxima stood in an image of another width than the top has."""
    if node.layer.type != "Upsample" or not _reads_mask(node):
        return False
    pooling = next(each for each in graph.nodes if node.bottoms[1] in each.tops)
    return not pooling.bottoms or pooling.bottoms[0].shape[-1:] != node.tops[0].shape[-1:]


def _reads_mask(node: Node[Any]) -> bool:
    return bool(node.layer.reads_mask(tuple(bottom.shape for bottom in node.bottoms)))


_IMAGES = ("data", "ssd_data", "flow_data", "training", "mscnn_training", "yolo")
"""The families of what gives images."""


def _image(graph: Graph, blob: Blob) -> Field | None:
    size = graph.open_shape(blob)[CHANNELS:]
    if len(size) < 2 or count(blob.shape[CHANNELS:]) == 1:
        return None
    places = range(CHANNELS, CHANNELS + len(size))
    return Field(size, (Reach(),) * len(size), tuple(places))


def _checked(field: Field, top: Blob) -> Field:
    """The field, whole along axes on which one position sees all of this image."""
    axes = list(field.axes)
    for index, (place, size) in enumerate(zip(field.places, field.image, strict=False)):
        seen = axes[index]
        if seen and size is not None and top.shape[place] == 1:
            first, last = seen.of(0)
            axes[index] = None if first <= 0 and last >= size - 1 else seen
    found = tuple(axes)
    return field if found == field.axes else replace(field, axes=found)


# ---- rules ----------------------------------------------------------------------------------

Seen = Sequence[Field | None]
"""What is seen by each bottom that is not constant."""

Rule = Callable[[Node[Any], Seen], Sequence[Field | None]]
"""What each top of a layer sees."""


def _same(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that leaves each pixel in its place."""
    return [seen[0]] * len(node.tops)


def _each(node: Node[Any], seen: Seen, taps: Sequence[Taps]) -> Sequence[Field | None]:
    """A layer that reads so from each of its bottoms, along the last axes, for a top each."""
    first = len(node.bottoms[0].shape) - len(taps)
    moved = [field and _moved(field, taps, first) for field in seen]
    return moved if len(moved) == len(node.tops) else moved[:1] * len(node.tops)


def _moved(field: Field, taps: Sequence[Taps], first: int) -> Field | None:
    if field.whole:
        return field
    if not field.places or field.places != tuple(range(first, first + len(taps))):
        return None
    axes = []
    for seen, each in zip(field.axes, taps, strict=True):
        moved = seen and reach.through(seen, each)
        if seen and not moved:
            return None
        axes.append(moved)
    return Field(field.image, tuple(axes), field.places)


def _joined(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that reads all bottoms at the same place."""
    found = [field for field in seen if field]
    images, places = {field.image for field in found}, {f.places for f in found if not f.whole}
    if len(found) < len(seen) or len(images) > 1 or len(places) > 1:
        return []
    axes = []
    for each in zip(*(field.axes for field in found), strict=True):
        known = [one for one in each if one]
        both = reach.joined(known) if len(known) == len(each) else None
        if known and len(known) == len(each) and not both:
            return []
        axes.append(both)
    return [Field(found[0].image, tuple(axes), next(iter(places or {()})))] * len(node.tops)


def _whole(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer of which each number depends on all of the image."""
    return [field and _from(field, 0) for field in _joined(node, seen)]


def _from(field: Field, axis: int) -> Field | None:
    """The field of what depends on all along this axis of the blob and those behind it."""
    if field.whole or axis < CHANNELS:
        return replace(field, axes=(None,) * len(field.axes))
    pairs = zip(field.places, field.axes, strict=False)
    axes = tuple(seen if place < axis else None for place, seen in pairs)
    return replace(field, axes=axes) if axes else None


def _convolution(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    window = node.layer.window(node.bottoms[0].shape)
    return _each(node, seen, reach.along(window, deconvolves="Deconvolution" in node.layer.type))


def _volume(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    window = node.layer.plain().window(node.bottoms[0].shape)
    return _each(node, seen, reach.along(window, deconvolves="Deconvolution" in node.layer.type))


def _pooling(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    if node.layer.global_pooling:
        return _whole(node, seen)
    return _each(node, seen, reach.along(node.layer.window(node.bottoms[0].shape)))


def _local(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    return _each(node, seen, reach.along(node.layer.window))


def _lrn(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    if node.layer.norm_region == "ACROSS_CHANNELS":
        return _same(node, seen)
    size = node.layer.local_size
    return _each(node, seen, [reach.window(1, size, (size - 1) // 2)] * 2)


def _batch_norm(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    batch = node.layer.batch_statistics(node.phase)
    return (_whole if batch else _same)(node, seen)


def _normalize(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    whole = node.layer.whole_images(node.bottoms[0].shape)
    return (_whole if whole else _same)(node, seen)


def _over_axis(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that reads all along one axis, such as Softmax."""
    if node.layer.axis is None:
        return _whole(node, seen)
    axis, field = canonical_axis(node.layer.axis, node.bottoms[0].shape), seen[0]
    if field is None or axis not in field.places:
        return [field]
    pairs = zip(field.places, field.axes, strict=True)
    return [replace(field, axes=tuple(None if place == axis else x for place, x in pairs))]


def _product(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that reads all along an axis and those behind it, and leaves no place there."""
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    field = seen[0] and _from(seen[0], axis)
    return [field if field and field.whole else None]


def _along(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that joins its bottoms, or repeats its bottom, along an axis of no image."""
    bottom = node.bottoms[0].shape
    if node.layer.type == "Tile":
        axis = canonical_axis(node.layer.axis, bottom)
    else:
        axis = node.layer.along(bottom)
    return [x for x in _joined(node, seen) if x and (x.whole or axis not in x.places)]


def _slice(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    bottom, field = node.bottoms[0].shape, seen[0]
    axis = node.layer.along(bottom)
    if field is None or axis not in field.places:
        return [field] * len(node.tops)
    starts, start = [], 0
    for size in node.layer.pieces(bottom, len(node.tops)):
        starts.append(start)
        start += size
    cuts = ([start if place == axis else 0 for place in field.places] for start in starts)
    return [_moved(field, list(map(reach.shifted, cut)), field.places[0]) for cut in cuts]


def _crop(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    field = seen[0]
    offsets = node.layer.offsets(node.bottoms[0].shape)
    taps = [reach.shifted(offsets[place]) for place in field.places] if field else []
    return [field and _moved(field, taps, field.places[0] if field.places else 0)]


def _pad(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    field = seen[0]
    sides = node.layer.sides(node.bottoms[0].shape)
    taps = [reach.shifted(-sides[place][0]) for place in field.places] if field else []
    return [field and _moved(field, taps, field.places[0] if field.places else 0)]


def _reshaped(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    """A layer that gives the same numbers other axes; those of the image may stay the last."""
    field, bottom, top = seen[0], node.bottoms[0].shape, node.tops[0].shape
    if field is None or field.whole or getattr(node.layer, "pixelshuffler", 1) != 1:
        return [field if field and field.whole else None]
    axes = len(field.places)
    last = axes and field.places == tuple(range(len(bottom) - axes, len(bottom)))
    stays = last and bottom[-axes:] == top[-axes:] and len(top) > axes
    places = tuple(range(len(top) - axes, len(top))) if stays else ()
    return [replace(field, places=places)]


def _permuted(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    field, axes = seen[0], node.layer.axes(node.bottoms[0].shape)
    if field is None or field.whole:
        return [field]
    return [replace(field, places=tuple(axes.index(place) for place in field.places))]


def _blocks(sizes: Callable[[Any], Sequence[int]], *, larger: bool) -> Rule:
    """The rule of layers that make each pixel a block of this size, or the other way round."""

    def rule(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
        if getattr(node.layer, "channels_last", False):
            return []
        make = reach.spread if larger else reach.window
        taps = [make(size, size, 0) for size in sizes(node.layer)]
        return _joined(node, _each(node, seen, taps)) if len(seen) > 1 else _each(node, seen, taps)

    return rule


def _interp(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    cut = getattr(node.layer, "pad_beg", 0)
    end = getattr(node.layer, "pad_end", 0)
    sizes = zip(node.bottoms[0].shape[2:], node.tops[0].shape[2:], strict=True)
    return _each(
        node, seen[:1], [reach.between(size + cut + end, top, -cut) for size, top in sizes]
    )


def _upsample(node: Node[Any], seen: Seen) -> Sequence[Field | None]:
    if _reads_mask(node):
        return _blocks(lambda layer: layer.scales, larger=True)(node, seen)
    taps = reach.between if node.layer.bilinear else reach.nearest
    sizes = zip(node.bottoms[0].shape[2:], node.tops[0].shape[2:], strict=True)
    return _each(node, seen[:1], [taps(size, top) for size, top in sizes])


_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (name for name, family in families().layers.items() if family == "activation"), _same
    ),
    **dict.fromkeys(("BatchReindex", "Maxout", "Quantize", "ShuffleChannel", "Split"), _same),
    **dict.fromkeys(("Add", "Axpy", "Bias", "Div", "Eltwise", "Maximum"), _joined),
    **dict.fromkeys(("Minimum", "Mul", "Scale", "Sub"), _joined),
    **dict.fromkeys(("Concat", "Tile"), _along),
    **dict.fromkeys(
        (
            "Convolution",
            "ConvolutionDepthwise",
            "ConvolutionRistretto",
            "Deconvolution",
            "DeconvolutionRistretto",
            "DepthwiseConvolution",
            "Im2col",
            "NdConvolution",
        ),
        _convolution,
    ),
    **dict.fromkeys(("Convolution3D", "Deconvolution3D"), _volume),
    **dict.fromkeys(("NdPooling", "Pooling", "Pooling3D"), _pooling),
    **dict.fromkeys(("FcRistretto", "InnerProduct", "Reduction", "SparseInnerProduct"), _product),
    **dict.fromkeys(("LayerNorm", "L2Normalize", "MultiStageMeanfield", "MVN", "SPP"), _whole),
    "Normalization": _whole,
    **dict.fromkeys(("ArgMax", "Softmax"), _over_axis),
    **dict.fromkeys(("BatchNorm", "BN"), _batch_norm),
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze"), _reshaped),
    **dict.fromkeys(("CropCenter", "MirrorPad", "Pad", "Padding"), _pad),
    **dict.fromkeys(("Permute", "Transpose"), _permuted),
    **dict.fromkeys(("BilinearInterpolation", "Interp"), _interp),
    "Crop": _crop,
    "DepthToSpace": _blocks(lambda layer: (layer.block_size,) * 2, larger=True),
    "LRN": _lrn,
    "Local": _local,
    "Normalize": _normalize,
    "Slice": _slice,
    "SpaceToDepth": _blocks(lambda layer: (layer.block_size,) * 2, larger=False),
    "Upsample": _upsample,
    "UpsampleDarknet": _blocks(lambda layer: (layer.stride,) * 2, larger=True),
}
"""By type of layer."""
