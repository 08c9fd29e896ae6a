"""Statements that start an emitted Keras model as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

import math

from proto2net.backends.base import Array, Step
from proto2net.backends.fillings import Filled, Fillings, statements
from proto2net.backends.source import call, literal
from proto2net.backends.tensorflow.layout import DepthwiseKernel, FlattenedRows
from proto2net.layers import Filler
from proto2net.shape import Shape, count

# Variables that Keras starts with the same value as Caffe does by default.
STARTS_ALIKE = {"bias": Filler(), "beta": Filler(), "gamma": Filler(value=1.0)}


def initialisation(steps: list[Step], names: list[str]) -> list[str]:
    """Statements after `model` is made that fill each of its variables as Caffe would."""
    filled = [
        Filled(
            step.code.init.partition("(")[0],
            f"model.get_layer({literal(name)})",
            _fillings(step),
        )
        for step, name in zip(steps, names, strict=True)
    ]
    return statements(filled, "for layer in model.layers:", "layer", indent=1)


def _fillings(step: Step) -> Fillings:
    fillings: Fillings = {}
    for variable, array in step.code.arrays.items():
        if len(array.sources) == 1:
            node, blob = array.sources[0]
            learned = node.blobs[blob]
            alike = STARTS_ALIKE.get(variable) == learned.filler
            how = initializer(learned.filler, learned.shape, array)
            fillings[variable] = "" if alike else f"fill({{}}, {how})"
    return fillings


def initializer(filler: Filler, shape: Shape, array: Array) -> str:
    """The Keras initializer that draws as this filler does for a blob of Caffe's shape."""
    if filler.type == "constant":
        special = {0.0: "initializers.Zeros()", 1.0: "initializers.Ones()"}
        return special.get(filler.value, call("initializers.Constant", filler.value))
    if filler.type == "uniform":
        return call("initializers.RandomUniform", filler.min, filler.max)
    if filler.type == "gaussian" and filler.sparse < 0:
        return call(
            "initializers.RandomNormal",
            mean=(filler.mean, 0.0),
            stddev=filler.std,
        )
    if filler.type in ("xavier", "msra"):
        return _scaled(filler, shape, array)
    name = "".join(part.title() for part in filler.type.split("_"))
    return call(
        name,
        sparse=(filler.sparse, -1),
        mean=(filler.mean, 0.0),
        std=(filler.std, 1.0),
    )


def _scaled(filler: Filler, shape: Shape, array: Array) -> str:
    """xavier and msra, by Keras' own rule where it counts the fans alike."""
    xavier = filler.type == "xavier"
    if len(shape) < 2 or isinstance(array.convert, DepthwiseKernel):
        fan_in, fan_out = count(shape) / shape[0], count(shape) / (*shape, 1)[1]
        fans = {
            "FAN_IN": fan_in,
            "FAN_OUT": fan_out,
            "AVERAGE": (fan_in + fan_out) / 2,
        }
        width = math.sqrt((3 if xavier else 2) / fans[filler.variance_norm])
        if xavier:
            return call("initializers.RandomUniform", -width, width)
        return call("initializers.RandomNormal", stddev=width)
    modes = {"FAN_IN": "fan_in", "FAN_OUT": "fan_out", "AVERAGE": "fan_avg"}
    mode = modes[filler.variance_norm]
    if len(shape) == 2 and _keeps_order(array):
        mode = {"fan_in": "fan_out", "fan_out": "fan_in"}.get(mode, mode)
    return call(
        "initializers.VarianceScaling",
        scale=(1.0 if xavier else 2.0, 1.0),
        mode=(literal(mode), '"fan_in"'),
        distribution='"uniform"' if xavier else '"untruncated_normal"',
    )


def _keeps_order(array: Array) -> bool:
    """Whether Keras' kernel has inputs and outputs in the order of Caffe's file."""
    convert = array.convert
    return convert is None or (
        isinstance(convert, FlattenedRows) and convert.transposed
    )
