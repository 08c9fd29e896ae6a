"""Statements that start an emitted PyTorch network as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from proto2net.backends.base import Array, Step
from proto2net.backends.source import call, statement
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.shape import Shape, count

# Parameters that PyTorch starts with the same value as Caffe does by default.
STARTS_ALIKE = {
    ("nn.BatchNorm2d", "weight"): Filler(value=1.0),
    ("nn.BatchNorm2d", "bias"): Filler(),
    ("nn.PReLU", "weight"): Filler(value=0.25),
}
_OFTEN = 3
"""From this many layers of one class on, they are filled in a loop."""


def initialisation(steps: list[Step], attributes: dict[Node[Any], str]) -> list[str]:
    """Statements that fill each parameter as Caffe would.

    What most layers of a class have in common stands in one loop; the others follow it.
    """
    classes: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for step in steps:
        if step.code.init:
            module = step.code.init.partition("(")[0]
            classes.setdefault(module, []).append((attributes[step.node], _fillings(module, step)))
    loop: list[str] = []
    single: list[str] = []
    for module, layers in classes.items():
        usual = _usual([fillings for _, fillings in layers]) if len(layers) >= _OFTEN else {}
        if any(usual.values()):
            loop.append(f"            if isinstance(module, {module}):")
        for parameter, filling in usual.items():
            lines = [filling.format(f"module.{parameter}")] if filling else []
            if lines and any(parameter not in fillings for _, fillings in layers):
                lines = [f"if module.{parameter} is not None:", f"    {lines[0]}"]
            loop += ["                " + line for line in lines]
        for attribute, fillings in layers:
            for parameter, filling in fillings.items():
                if filling and filling != usual.get(parameter):
                    text = filling.format(f"self.{attribute}.{parameter}")
                    single.append(statement(text, 2))
    if loop:
        loop.insert(0, "        for module in self.modules():")
    return loop + single


def _usual(layers: list[dict[str, str]]) -> dict[str, str]:
    """The commonest filling of each parameter."""
    parameters = dict.fromkeys(name for fillings in layers for name in fillings)
    return {
        name: Counter(f[name] for f in layers if name in f).most_common(1)[0][0]
        for name in parameters
    }


def _fillings(module: str, step: Step) -> dict[str, str]:
    """A statement with {} for each parameter of a layer; empty where PyTorch starts alike."""
    fillings = {}
    for name, array in step.code.arrays.items():
        if len(array.sources) == 1:
            node, blob = array.sources[0]
            filler = node.blobs[blob].filler
            alike = STARTS_ALIKE.get((module, name)) == filler
            fillings[name] = "" if alike else filling(filler, node.blobs[blob].shape, array)
    return fillings


def filling(filler: Filler, shape: Shape, array: Array) -> str:
    """The statement, with {} for the parameter, that draws it as Caffe's filler.hpp does."""
    if filler.type == "constant":
        special = {0.0: "nn.init.zeros_({})", 1.0: "nn.init.ones_({})"}
        return special.get(filler.value) or call("nn.init.constant_", "{}", filler.value)
    if filler.type == "uniform":
        return call("nn.init.uniform_", "{}", filler.min, filler.max)
    if filler.type == "gaussian" and filler.sparse < 0:
        return call("nn.init.normal_", "{}", mean=(filler.mean, 0.0), std=(filler.std, 1.0))
    if filler.type in ("xavier", "msra"):
        return _fan_filling(filler, shape, array)
    options = {"sparse": (filler.sparse, -1), "mean": (filler.mean, 0.0), "std": (filler.std, 1.0)}
    return call(f"{filler.type}_", "{}", **options)


def _fan_filling(filler: Filler, shape: Shape, array: Array) -> str:
    """xavier and msra; PyTorch has their fans too, but for the mean of both under msra."""
    fan_in, fan_out = count(shape) / shape[0], count(shape) / (shape[1] if len(shape) > 1 else 1)
    fan = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": (fan_in + fan_out) / 2}
    if len(shape) < 2 or filler.variance_norm == "AVERAGE":
        width = math.sqrt((3 if filler.type == "xavier" else 2) / fan[filler.variance_norm])
        if filler.type == "xavier":
            return call("nn.init.uniform_", "{}", -width, width)
        return call("nn.init.normal_", "{}", std=width)
    swapped = array.convert is not None  # Caffe counts along the axes as its file has them
    out = (filler.variance_norm == "FAN_OUT") != swapped
    return call(
        "nn.init.kaiming_uniform_" if filler.type == "xavier" else "nn.init.kaiming_normal_",
        "{}",
        mode=('"fan_out"' if out else '"fan_in"', '"fan_in"'),
        nonlinearity='"linear"' if filler.type == "xavier" else '"relu"',
    )
