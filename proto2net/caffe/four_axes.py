"""Old definitions whose layers need four axes of every blob, as Caffe had them until 2015.

InnerProduct made N x C x 1 x 1 then, and makes N x C today.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from proto2net.errors import Location, Proto2NetError
from proto2net.graph import Entry, Graph
from proto2net.layers.axes import Reshape
from proto2net.shape import Shapes
from proto2net.wiring import Wiring

AXES = 4


def fitting(
    name: str, entries: Iterable[Entry], phase: str, hints: Mapping[str, str]
) -> tuple[Graph, list[tuple[str, Location]]]:
    """The graph where each layer that fits in four axes alone gets them; and where that was so.

    Raises ShapeError with what does not fit so either.
    """
    wiring = Wiring(name, phase, hints)
    told = []
    for entry in entries:
        if fewer := _fewer(entry, wiring):
            names = {bottom: f"{entry.name}_{bottom}" for bottom in fewer}
            for bottom, axes in fewer.items():
                wiring.add(_widened(entry, bottom, names[bottom], axes))
            bottoms = tuple(names.get(bottom, bottom) for bottom in entry.bottoms)
            entry = dataclasses.replace(entry, bottoms=bottoms)
            if entry.where:
                what = " and ".join(f'"{bottom}"' for bottom in fewer)
                sentence = f"{entry} reads {what} with four axes, as every blob had in old Caffe"
                told.append((sentence, entry.where))
        wiring.add(entry)
    return wiring.graph(), told


def _fewer(entry: Entry, wiring: Wiring) -> dict[str, int]:
    """The bottoms that must get four axes for the layer to fit, with the number that they have."""
    blobs = wiring.blobs
    found = {bottom: blobs[bottom].shape for bottom in entry.bottoms if bottom in blobs}
    fewer = {bottom: len(shape) for bottom, shape in found.items() if 0 < len(shape) < AXES}
    if not fewer or len(found) < len(set(entry.bottoms)) or not fewer.keys().isdisjoint(entry.tops):
        return {}
    shapes = tuple(found[bottom] for bottom in entry.bottoms)
    wide = tuple((*shape, *(1,) * (AXES - len(shape))) for shape in shapes)
    return {} if _fits(entry, shapes) or not _fits(entry, wide) else fewer


def _fits(entry: Entry, bottoms: Shapes) -> bool:
    try:
        entry.layer.infer(bottoms, len(entry.tops))
    except Proto2NetError:
        return False
    return True


def _widened(entry: Entry, bottom: str, top: str, axes: int) -> Entry:
    """A Reshape that gives a bottom of a layer axes of size 1 at its end."""
    shape = (*(0,) * axes, *(1,) * (AXES - axes))
    return Entry(top, Reshape(shape), (bottom,), (top,), phase=entry.phase, where=entry.where)
