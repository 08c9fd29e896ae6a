"""Reading weights from a file of any format, which its bytes tell."""

from __future__ import annotations

import os
from pathlib import Path

from proto2net import mistaken
from proto2net.caffe import caffemodel, definition, hdf5, wire
from proto2net.errors import Issue, Location, WeightError
from proto2net.model import CONTROL, HEAD, Format, Weights, format_of
from proto2net.weights import npy

_FORMATS = "weights come as .caffemodel, .caffemodel.h5, .npy or our own .safetensors"


def read(path: str | Path) -> Weights:
    """The weights in a file, whose format its bytes tell. Raises WeightError."""
    file = str(path)
    try:
        data = wire.in_parts(path)
        if issue := mistaken.mistaken(data[:HEAD], file, "file of weights", _FORMATS):
            raise WeightError([issue])
        found = format_of(data[:HEAD])
        if found is Format.CAFFEMODEL:
            layers = tuple(caffemodel.layers(data))
        elif found is Format.HDF5:
            layers = tuple(hdf5.layers(path))
        elif found is Format.NPY:
            layers = tuple(npy.layers(wire.mapped(path)))
        elif found is Format.SAFETENSORS:
            from proto2net.weights import restoring  # which needs the targets

            return restoring.read(path)
        else:
            raise WeightError([_unreadable(data[:HEAD])])
    except WeightError as error:
        raise WeightError(error.at(Location(file, 0))) from None
    return Weights(layers, file, found)


def of_bytes(data: bytes, name: str) -> Weights:
    """The weights of a .caffemodel that is in memory, which messages call by this name."""
    try:
        if format_of(data[:HEAD]) is not Format.CAFFEMODEL:
            raise WeightError([_unreadable(data[:HEAD])])
        layers = tuple(caffemodel.layers(data))
    except WeightError as error:
        raise WeightError(error.at(Location(name, 0))) from None
    return Weights(layers, name, Format.CAFFEMODEL)


def _unreadable(head: bytes) -> Issue:
    if head and not CONTROL.search(head):
        return Issue("this is text, as a prototxt is, and no file of weights", _FORMATS)
    return Issue(f"this is no file of weights; it begins with {head[:16]!r}", _FORMATS)


def format_at(path: str | Path) -> Format | None:
    """The format of a file of weights; None where none is, or none that can be opened."""
    if definition.is_text(path) or not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as stream:
            return format_of(stream.read(HEAD))
    except OSError:  # which is told by what reads it
        return None


def is_caffemodel(path: str | Path) -> bool:
    """Whether a .caffemodel is at this path, which has weights of its own."""
    return format_at(path) is Format.CAFFEMODEL
