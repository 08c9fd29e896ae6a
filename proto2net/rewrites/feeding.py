"""From data layers to inputs, whose shapes are as asked for or as the file states them.

It works on entries, before any shape is known.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Any

from proto2net.errors import Issue, Proto2NetError, ShapeError
from proto2net.graph import Entry
from proto2net.layers import DataLayer, Input
from proto2net.layers.data import GIVE_IT, pick
from proto2net.layers.standing_in import SomeTops
from proto2net.shape import Shape, Sizes, dims

Inputs = Mapping[str, Sizes]

EXAMPLE = 256
"""A size in the place of any, where the file states none."""

UNSTATED = "*"
"""The name under which a shape is given for all inputs whose shape the file does not state."""

UNNAMED = ""
"""The same, but it is for the inputs of as many axes where the file states the shape of each."""


ASKS = "give it, as in "
"""How the hint begins where the shape of an input is not stated, and has to be given."""


def feed(entries: list[Entry], inputs: Inputs) -> tuple[list[Entry], list[str]]:
    """Turn data layers into inputs, and give Input layers the shapes asked for.

    A blob that layers read and none makes becomes an input too, if its shape is given.
    Returns the new entries, and a sentence for each assumption that was made.
    """
    inputs = _named(entries, inputs)
    reshaped, notes = _reshaped(entries, inputs)
    inputs |= reshaped
    fed = _entering(entries, inputs)
    issues: list[Issue] = []
    images = _images(entries)
    known = {top for entry in fed for top in entry.tops}
    for entry in entries:
        if not isinstance(entry.layer, DataLayer | Input):
            fed.append(entry)
            continue
        known.update(entry.tops)
        try:
            shapes = _shapes(entry, inputs, images)
        except Proto2NetError as error:
            issues += error.at(entry.where, str(entry))
            continue
        notes += _overridden(entry, shapes, inputs)
        if isinstance(entry.layer, DataLayer) and entry.tops[0] not in inputs:
            assumed = entry.layer.assumption()
            notes += [f"{entry.where}: {entry}: {assumed}"] if assumed else []
        transform = getattr(entry.layer, "transform_param", None)
        made = dataclasses.replace(_input(shapes, _stated(entry, {})), transform_param=transform)
        fed.append(dataclasses.replace(entry, layer=made))
    shown = ", ".join(sorted(known))
    issues += [
        Issue(f'"{name}" is not an input', f"the inputs are {shown}" if known else "")
        for name in inputs
        if name not in (*known, UNSTATED)
    ]
    if issues:
        raise ShapeError(issues)
    return fed, notes


def without_tops(source: Entry, gone: Collection[str]) -> list[Entry]:
    """What is left of a source without these of its tops; empty if it has no others."""
    tops = tuple(top for top in source.tops if top not in gone)
    layer = source.layer
    if tops and isinstance(layer, DataLayer) and tops != source.tops[: len(tops)]:
        return [dataclasses.replace(source, layer=SomeTops(layer, source.tops), tops=tops)]
    if not tops or tops == source.tops or isinstance(layer, DataLayer):
        return [dataclasses.replace(source, tops=tops)] if tops else []
    if not isinstance(layer, Input) or len(layer.shape) not in (1, len(source.tops)):
        return [source]
    shapes = zip(pick("shape", layer.shape, len(source.tops)), source.tops, strict=True)
    stay = tuple(shape for shape, top in shapes if top in tops)
    return [dataclasses.replace(source, layer=Input(stay), tops=tops)]


def without_unread(
    entries: list[Entry], inputs: Inputs, outputs: Collection[str] = ()
) -> list[Entry]:
    """Leave out tops of data layers that no layer reads, where their shapes would be asked for."""
    read = {name for entry in entries for name in entry.bottoms}
    needed = read.union(inputs, outputs)
    if all(read.isdisjoint(entry.tops) for entry in entries):
        return entries
    found: list[Entry] = []
    for entry in entries:
        asks = isinstance(entry.layer, DataLayer) and _lacks_shape(entry, inputs)
        found += without_tops(entry, set(entry.tops) - needed) if asks else [entry]
    return found


def new_size(entries: Sequence[Entry]) -> Shape:
    """The size to which the first data layer that resizes images brings them."""
    for entry in entries:
        if entry.bottoms:  # a layer may resize what it reads
            continue
        layer = getattr(
            entry.layer, "of", entry.layer
        )  # whose tops of labels may have been left out
        size = (getattr(layer, "new_height", 0), getattr(layer, "new_width", 0))
        if min(size):
            return size
    return ()


def _input(shapes: Sequence[Sizes], stated: Sequence[Sizes] | None = None) -> Input:
    """An input of these shapes, where a size that may be any is the stated one, or an example."""
    known = zip(shapes, stated or shapes, strict=True)
    found = tuple(_filled(shape, own if len(own) == len(shape) else shape) for shape, own in known)
    free = tuple(
        tuple(axis for axis, size in enumerate(shape) if size is None and axis) for shape in shapes
    )
    return Input(found, free=free if any(free) else ())


def _filled(shape: Sizes, stated: Sizes) -> Shape:
    """The shape with a number for each size."""
    pairs = zip(shape, stated, strict=True)
    known = [own if size is None else size for size, own in pairs]
    return tuple(
        (EXAMPLE + 64 * axis if axis else 1) if size is None else size
        for axis, size in enumerate(known)
    )


def _named(entries: list[Entry], inputs: Inputs) -> dict[str, Sizes]:
    """The shapes with the names of the inputs that one without a name is for."""
    named = dict(inputs)
    shape = named.pop(UNNAMED, None)
    if shape is None:
        return named
    stated: dict[str, Sizes] = {}
    for entry in entries:
        if isinstance(entry.layer, DataLayer | Input):
            shapes = _stated(entry, named)
            stated.update(zip(entry.tops, shapes or (), strict=False))
            if shapes is None:
                return {**named, UNSTATED: shape}
    free = {name: found for name, found in stated.items() if name not in named}
    alike = [name for name, found in free.items() if len(found) == len(shape)]
    if not alike and len(free) > 1:
        of = ", ".join(f'"{name}" ({dims(found)})' for name, found in free.items())
        hint = f"name one, as in --input {next(iter(free))}={dims(shape).replace(' x ', ',')}"
        what = f"the shape {dims(shape)} is for an input of {len(shape)} axes, and none has as many"
        raise ShapeError(f"{what}: {of}", hint)
    return {**named, **dict.fromkeys(alike or free, shape)}


def _stated(entry: Entry, inputs: Inputs) -> tuple[Sizes, ...] | None:
    """The shapes of an input as they would be with these; None if that is not known."""
    try:
        return _shapes(entry, inputs)
    except Proto2NetError:
        return None


def unstated(entries: Sequence[Entry], inputs: Inputs) -> list[Entry]:
    """The inputs whose shape the file does not state, and for which none is given either."""
    if not {UNSTATED, UNNAMED}.isdisjoint(inputs):
        return []
    return [entry for entry in entries if _lacks_shape(entry, inputs)]


def _lacks_shape(entry: Entry, inputs: Inputs) -> bool:
    if not isinstance(entry.layer, DataLayer | Input) or entry.issues:
        return False
    try:
        return None in _given(entry, inputs) and isinstance(_of_file(entry), ShapeError)
    except Proto2NetError:  # which is told as it is fed
        return False


def _reshaped(entries: Sequence[Entry], inputs: Inputs) -> tuple[dict[str, Sizes], list[str]]:
    """The inputs without a shape that a Reshape alone reads, and gives a whole one; and notes.

    Such are the markers of sequences. A shape for all inputs goes before for the images, which are
    the first top, and for what has as many values.
    """
    found: dict[str, Sizes] = {}
    notes: list[str] = []
    first = 1 if UNSTATED in inputs else 0
    for entry in entries:
        for top in entry.tops[first:] if _lacks_shape(entry, inputs) else ():
            readers = [other for other in entries if top in other.bottoms]
            shape = _whole(readers[0].layer) if len(readers) == 1 else ()
            if not shape or top in inputs or top in _following(entry, shape):
                continue
            if _has_as_many(inputs.get(UNSTATED), shape):
                continue
            found[top] = shape
            notes.append(
                f'{entry.where}: {entry}: took {dims(shape)} for "{top}", as {readers[0]} has it'
            )
    return found, notes


def _whole(layer: Any) -> Shape:
    """The shape that a Reshape gives, if it states each size; else none."""
    whole = layer.type == "Reshape" and (layer.axis, layer.num_axes) == (0, -1)
    return layer.shape if whole and min(layer.shape, default=0) > 0 else ()


def _has_as_many(sizes: Sizes | None, shape: Shape) -> bool:
    known = tuple(size for size in sizes or () if size is not None)
    return sizes is not None and len(known) == len(sizes) and prod(known) == prod(shape)


def _overridden(entry: Entry, shapes: tuple[Sizes, ...], inputs: Inputs) -> list[str]:
    """The messages about stated shapes in whose place others were asked for."""
    if inputs.keys().isdisjoint(entry.tops):
        return []
    rows = zip(entry.tops, shapes, _stated(entry, {}) or shapes, strict=True)
    return [
        f'{entry.where}: "{top}" is {dims(asked)}, as asked for; the file has {dims(stated)}'
        for top, asked, stated in rows
        if asked != stated and top in inputs
    ]


def _entering(entries: list[Entry], inputs: Inputs) -> list[Entry]:
    """Inputs of a part of a network: what is read before it is made, and a shape is given of."""
    made: set[str] = set()
    missing: set[str] = set()
    for entry in entries:
        missing.update(set(entry.bottoms) - made)
        made.update(entry.tops)
    return [
        Entry(name, _input([shape]), tops=(name,))
        for name, shape in inputs.items()
        if name in missing
    ]


def _given(entry: Entry, inputs: Inputs) -> list[Sizes | None]:
    """The shape of each top that is asked for, or follows, as a label does from its image."""
    asked = [inputs.get(top) for top in entry.tops]
    following = _following(entry, asked[0]) if asked and asked[0] else {}
    return [shape or following.get(top) for top, shape in zip(entry.tops, asked, strict=True)]


def _following(entry: Entry, images: Sizes) -> dict[str, Sizes]:
    """The shapes of tops that follow from that of the first."""
    return entry.layer.following(images, entry.tops) if isinstance(entry.layer, DataLayer) else {}


def _of_file(entry: Entry) -> tuple[Sizes, ...] | ShapeError:
    """The shapes that the layer itself states, or why they have to be given."""
    tops = max(len(entry.tops), entry.layer.tops[0])  # those of labels may have been left out
    entry.layer.check_counts(len(entry.bottoms), tops)
    try:
        if isinstance(entry.layer, DataLayer):
            return entry.layer.named(entry.tops)
        return entry.layer.infer((), len(entry.tops))
    except ShapeError as error:
        if error.issues[0].hint != GIVE_IT:
            raise
        return error


def _shapes(entry: Entry, inputs: Inputs, images: Collection[str] = ()) -> tuple[Sizes, ...]:
    """The shape of each top, as asked for or as the layer itself states it.

    A ShapeError asks for those that are missing; `images` are likely to be such.
    """
    if not entry.tops:
        entry.layer.check_counts(len(entry.bottoms), 0)
    given = _given(entry, inputs)
    known = tuple(shape for shape in given if shape is not None)
    if len(known) == len(given):
        return known
    stated = _of_file(entry)
    if isinstance(stated, ShapeError) and UNSTATED in inputs:
        shape = inputs[UNSTATED]
        following = _following(entry, shape)
        stated = tuple(following.get(top, shape) for top in entry.tops)
    if isinstance(stated, ShapeError):
        missing = [top for top, shape in zip(entry.tops, given, strict=True) if shape is None]
        raise ShapeError(stated.issues[0].message, ASKS + _flags(entry, missing, images))
    pairs = zip(given, stated, strict=True)
    return tuple(own if asked is None else asked for asked, own in pairs)


def _flags(entry: Entry, missing: Sequence[str], images: Collection[str]) -> str:
    """The options that give the shapes of tops; of what is hardly an image no size is likely."""
    likely = _likely(entry.layer)
    sizes = ",".join(map(str, likely))
    follow = _following(entry, likely)
    first = getattr(entry.layer, "names", entry.tops)[:1]
    return " ".join(
        f"--input {top}={sizes if top in images or top in first else 'DIMS'}"
        for top in missing
        if top not in follow
    )


_WINDOWED = ("Convolution", "Deconvolution", "LRN", "Pooling")
"""Types of layers that read images."""

_POINTWISE = ("BatchNorm", "Concat", "Dropout", "Eltwise", "Power", "Scale", "Slice", "Split")
"""Types of layers that make images of images."""


def _images(entries: Sequence[Entry]) -> set[str]:
    """The blobs that layers read as images."""
    images: set[str] = set()
    for entry in reversed(entries):
        kind = entry.layer.type
        if kind in _WINDOWED:
            images.update(entry.bottoms[:1])
        elif kind in _POINTWISE and not images.isdisjoint(entry.tops):
            images.update(entry.bottoms)
    return images


def _likely(layer: Any) -> Shape:
    """A shape as inputs often have it: that of ImageNet's images."""
    layer = getattr(layer, "of", layer)  # whose tops of labels may have been left out
    return (getattr(layer, "batch_size", 0) or 1, 3, 224, 224)
