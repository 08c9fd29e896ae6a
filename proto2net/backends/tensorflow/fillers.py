"""Statements that start an emitted Keras model as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

import math

from proto2net.backends.base import Convert, Step, Transposed
from proto2net.backends.fillings import PARAMETER, Filled, Fillings, start_of, statements
from proto2net.backends.statements import Statement
from proto2net.backends.tensorflow.layout import FlattenedRows
from proto2net.backends.tree import Expression, call, code
from proto2net.layers import Filler
from proto2net.shape import Shape, count

STARTS = {
    "beta": 0.0,
    "bias": 0.0,
    "gamma": 1.0,
    "mean": 0.0,
    "output_bias": 0.0,
    "scale_factor": 0.0,
    "variance": 0.0,
    "weight": 0.0,
}
"""What variables hold before they are filled; not told of those that are drawn at random."""


def initialisation(steps: list[Step], names: list[str]) -> list[Statement]:
    """Statements after `model` is made that fill each of its variables as Caffe would."""
    filled = [
        Filled(step.code.kind, code("model.get_layer({name})", name=name), _fillings(step))
        for step, name in zip(steps, names, strict=True)
    ]
    return statements(filled, "layer", code("model.layers"))


def _fillings(step: Step) -> Fillings:
    fillings: dict[str, Expression | None] = {}
    for variable, array in step.code.arrays.items():
        if len(array.sources) == 1:
            ((node, blob),) = array.sources
            start = start_of(node, blob, STARTS.get(variable))
            how = start and initializer(start, node.blobs[blob].shape, array.convert)
            fillings[variable] = call("fill", PARAMETER, how) if how else None
    return fillings


def initializer(filler: Filler, shape: Shape, convert: Convert | None = None) -> Expression:
    """The Keras initializer that draws as this filler does.

    `shape` is Caffe's, which `convert` makes the variable's.
    """
    if filler.type == "constant":
        special = {0.0: "initializers.Zeros", 1.0: "initializers.Ones"}
        if filler.value in special:
            return call(special[filler.value])
        return call("initializers.Constant", filler.value)
    if filler.type == "uniform":
        return call("initializers.RandomUniform", filler.min, filler.max)
    if filler.type == "gaussian":
        options = {"mean": (filler.mean, 0.0), "stddev": (filler.std, None)}
        if filler.sparse < 0:
            return call("initializers.RandomNormal", **options)
        return call("SparseNormal", filler.sparse / shape[0], **options)
    if filler.type == "positive_unitball":
        return call("PositiveUnitball", _row_axes(shape, convert))
    if filler.type == "bilinear":
        return call("Bilinear", *([] if convert else [(2, 3)]))
    if filler.type == "diagonal":
        return call("initializers.Identity", filler.value)
    return _scaled(filler, shape, convert)


def _scaled(filler: Filler, shape: Shape, convert: Convert | None) -> Expression:
    """xavier and msra, by Keras' own rule where it counts the fans alike."""
    xavier = filler.type == "xavier"
    kernel = isinstance(convert, Transposed | FlattenedRows)
    if not kernel and (convert or len(shape) != 2):
        fan_in, fan_out = count(shape) / shape[0], count(shape) / (*shape, 1)[1]
        fan = {
            "FAN_IN": fan_in,
            "FAN_OUT": fan_out,
            "AVERAGE": (fan_in + fan_out) / 2,
        }[filler.variance_norm]
        width = math.sqrt((3 if xavier else 2) / fan)
        if xavier:
            return call("initializers.RandomUniform", -width, width)
        return call("initializers.RandomNormal", stddev=width)
    # Caffe counts along the axes as its file has them.
    kept = convert is None or (isinstance(convert, FlattenedRows) and convert.transposed)
    inputs, outputs = ("fan_out", "fan_in") if kept else ("fan_in", "fan_out")
    modes = {"FAN_IN": inputs, "FAN_OUT": outputs, "AVERAGE": "fan_avg"}
    return call(
        "initializers.VarianceScaling",
        scale=(1.0 if xavier else 2.0, 1.0),
        mode=(modes[filler.variance_norm], "fan_in"),
        distribution="uniform" if xavier else "untruncated_normal",
    )


def _row_axes(shape: Shape, convert: Convert | None) -> tuple[int, ...]:
    """The axes of the variable along which Caffe's first axis stays the same."""
    import numpy as np

    rows = np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    rows = np.broadcast_to(rows, shape)
    rows = convert(rows) if convert else rows
    axes = range(rows.ndim)
    return tuple(axis for axis in axes if not np.diff(rows, axis=axis).any())
