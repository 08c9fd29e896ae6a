"""Statements that start an emitted PyTorch network as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from proto2net.backends.base import Array, Convert, Step, Transposed
from proto2net.backends.blocks import Leaf, leaves
from proto2net.backends.fillings import PARAMETER, Filled, filling_of, start_of, statements
from proto2net.backends.printing import text
from proto2net.backends.statements import Statement
from proto2net.backends.tree import Expression, Variable, call, code
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.layers.base import DIAGONAL, IDENTITY
from proto2net.shape import Shape, count

_AFFINE = {"weight": 1.0, "bias": 0.0}
_BATCH_NORM = {**_AFFINE, "running_mean": 0.0, "running_var": 1.0}

# What parameters hold before they are filled; not told of those that PyTorch draws at random.
STARTS: dict[str, dict[str, float]] = {
    "nn.BatchNorm1d": _BATCH_NORM,
    "nn.BatchNorm2d": _BATCH_NORM,
    "nn.BatchNorm3d": _BATCH_NORM,
    "nn.PReLU": {"weight": 0.25},
    "nn.Parameter": {"": 0.0},
    "BN": _BATCH_NORM,
    "BatchNorm": {**_AFFINE, "scale_factor": 0.0},
    "BoundedScale": _AFFINE,
    "DeformConv2d": {"weight": 0.0, "bias": 0.0},
    "Embed": {"bias": 0.0},
    "InnerDistance": {"weight": 0.0},
    "Local": {"weight": 0.0, "bias": 0.0},
    "Lstm": {"W_xc": 0.0, "W_hc": 0.0, "b_c": 0.0},
    "LSTM": {"W_xc": 0.0, "b_c": 0.0, "W_xc_static": 0.0, "W_hc": 0.0},
    "MeanSubtraction": {"mean": 0.0},
    "Normalize": {"weight": 1.0},
    "RNN": dict.fromkeys(["W_xh", "b_h", "W_xh_static", "W_hh", "W_ho", "b_o"], 0.0),
    "Scale": _AFFINE,
    "TransposedLinear": {"weight": 0.0, "bias": 0.0},
}


def initialisation(
    steps: Sequence[Step], objects: dict[Node[Any], str], owned: Collection[str]
) -> list[Statement]:
    """Statements of `reset_parameters` that fill each parameter as Caffe would.

    `owned` names the parameters; others are shared, and another layer fills them.
    """
    modules: dict[str, Filled] = {}
    bare: list[Statement] = []
    for leaf in _leaves(steps, objects):
        if not leaf.step.code.arrays or leaf.path in modules:
            continue
        kind = leaf.step.code.kind
        starts = STARTS.get(text(kind), {})
        fillings = {
            parameter: _filled(starts.get(parameter), array)
            for parameter, array in leaf.step.code.arrays.items()
            if parameter_name(leaf.path, parameter) in owned
        }
        if "" not in fillings:
            modules[leaf.path] = Filled(kind, leaf.reached, fillings)
        elif filling := fillings[""]:
            bare.append(filling_of(leaf.reached, filling))
    every = code("self.modules()")
    return [*statements(list(modules.values()), "module", every), *bare]


def _leaves(steps: Sequence[Step], objects: dict[Node[Any], str]) -> Iterator[Leaf]:
    for step in steps:
        if step.code.arrays:
            name = objects[step.node]
            yield from leaves(name, Variable(f"self.{name}"), step)


def zeros(shape: Shape) -> Expression:
    """The call that makes a tensor of zeros."""
    return call("torch.zeros", *shape or [()])


def parameter_name(layer: str, parameter: str) -> str:
    """What a state_dict calls a parameter of a layer, which itself may be the parameter."""
    return f"{layer}.{parameter}" if parameter else layer


def _filled(start: float | None, array: Array) -> Expression | None:
    """What fills the parameter; nothing where it starts so or has no filler."""
    if len(array.sources) > 1:
        return None
    ((node, blob),) = array.sources
    filler = start_of(node, blob, start)
    return filling(filler, node.blobs[blob].shape, array.convert) if filler else None


def filling(filler: Filler, shape: Shape, convert: Convert | None = None) -> Expression:
    """What fills PARAMETER as Caffe's filler.hpp does.

    `shape` is Caffe's, which `convert` makes the tensor's.
    """
    swapped = isinstance(convert, Transposed)
    if filler.type == "constant":
        special = {0.0: "nn.init.zeros_", 1.0: "nn.init.ones_"}
        if filler.value in special:
            return call(special[filler.value], PARAMETER)
        return call("nn.init.constant_", PARAMETER, filler.value)
    if filler.type == "uniform":
        return call("nn.init.uniform_", PARAMETER, filler.min, filler.max)
    if filler.type == "gaussian":
        mean, std = (filler.mean, 0.0), (filler.std, 1.0)
        if filler.sparse < 0:
            return call("nn.init.normal_", PARAMETER, mean=mean, std=std)
        share = filler.sparse / shape[0]
        return call("sparse_normal_", PARAMETER, share, mean=mean, std=std)
    if filler.type == "positive_unitball":
        return call("positive_unitball_", PARAMETER, dim=(int(swapped), 0))
    if filler.type == "bilinear":
        return call("bilinear_", PARAMETER)
    if filler.type == IDENTITY:
        return call("diagonal_", PARAMETER, filler.value)
    if filler.type == DIAGONAL:
        return call("channel_diagonal_", PARAMETER, filler.diagonal(shape))
    return _fan_filling(filler, shape, swapped)


def _fan_filling(filler: Filler, shape: Shape, swapped: bool) -> Expression:
    """xavier and msra; PyTorch has their fans too, but for the mean of both."""
    fan_in, fan_out = count(shape) / shape[0], count(shape) / (*shape, 1)[1]
    fan = {
        "FAN_IN": fan_in,
        "FAN_OUT": fan_out,
        "AVERAGE": (fan_in + fan_out) / 2,
    }[filler.variance_norm]
    xavier = filler.type == "xavier"
    if len(shape) < 2 or filler.variance_norm == "AVERAGE":
        width = math.sqrt((3 if xavier else 2) / fan)
        if xavier:
            return call("nn.init.uniform_", PARAMETER, -width, width)
        return call("nn.init.normal_", PARAMETER, std=width)
    # Caffe counts along the axes as its file has them.
    out = (filler.variance_norm == "FAN_OUT") != swapped
    return call(
        "nn.init.kaiming_uniform_" if xavier else "nn.init.kaiming_normal_",
        PARAMETER,
        mode=("fan_out" if out else "fan_in", "fan_in"),
        nonlinearity="linear" if xavier else "relu",
    )
