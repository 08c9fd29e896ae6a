"""Statements that start an emitted Keras model as Caffe's fillers would (filler.hpp)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from proto2net.backends.base import Convert, Step, Transposed
from proto2net.backends.fillings import (
    OFTEN,
    PARAMETER,
    Filled,
    Fillings,
    filling_of,
    start_of,
    statements,
)
from proto2net.backends.source import Namespace
from proto2net.backends.statements import Assignment, Statement
from proto2net.backends.tensorflow.layout import FlattenedRows
from proto2net.backends.tree import (
    ALL,
    Attribute,
    Call,
    Display,
    Expression,
    Literal,
    Name,
    Pair,
    call,
    code,
    dotted,
)
from proto2net.graph import Node
from proto2net.layers import Filler
from proto2net.layers.base import DIAGONAL, IDENTITY
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


Options = tuple[tuple[str, Expression], ...]
"""Keywords of a layer of Keras, and their values."""


class Starts:
    """How the layers of Keras' own say that their variables start, each where it is made.

    What many of them say is a dictionary of the file: XAVIER.
    """

    def __init__(self, steps: Iterable[Step], taken: Iterable[str]) -> None:
        self._said = {step.node: options for step in steps if (options := _said(step))}
        self._left: set[Node[Any]] = set()
        often = Counter(self._said.values())
        names = Namespace(taken)
        self._constants: dict[Options, str] = {}
        for step in steps:
            options = self._said.get(step.node, ())
            if (
                often[options] >= OFTEN
                and options not in self._constants
                and _is_worth_a_name(options)
            ):
                self._constants[options] = names.name(_filler(step).upper())

    def options(self, alike: Sequence[Step]) -> Options:
        """What the layer says that stands for all these; nothing if they do not start alike."""
        found = {self._said.get(step.node, ()) for step in alike}
        if len(found) > 1:
            return ()
        (options,) = found
        name = self._constants.get(options)
        return ((ALL, Name(name)),) if name else options

    def leave(self, alike: Sequence[Step]) -> None:
        """Note that one layer stands for all these, which is silent if they do not start alike."""
        if len({self._said.get(step.node, ()) for step in alike}) > 1:
            self._left.update(step.node for step in alike)

    def left(self, step: Step) -> bool:
        """Whether the variables of a step are still to be filled when the model is made."""
        return step.node in self._left or not is_own(step)

    @property
    def names(self) -> Collection[str]:
        """The names of the dictionaries."""
        return self._constants.values()

    def constants(self, used: Collection[str]) -> list[Statement]:
        """The dictionaries whose names are used."""
        return [
            Assignment((name,), _dictionary((key, _anew(value)) for key, value in options))
            for options, name in self._constants.items()
            if name in used
        ]


def is_own(step: Step) -> bool:
    """Whether a step's layer is one of Keras, which can be told how its variables start."""
    return isinstance(step.code.kind, Attribute) and step.code.kind.value == Name("layers")


def _said(step: Step) -> Options:
    """What the layer of a step says, if it is one of Keras' own."""
    if not is_own(step):
        return ()
    depthwise = step.code.kind == dotted("layers.DepthwiseConv2D")
    return tuple(
        (f"{'depthwise' if depthwise and name == 'kernel' else name}_initializer", _short(how))
        for name, how in _stated(step)
    )


def _stated(step: Step) -> list[tuple[str, Expression]]:
    """The variables that do not start as Keras has it, and how they start."""
    found = _initializers(step).items()
    return [(name, how) for name, how in found if how and how != _DEFAULTS.get(name)]


_SHORT = {
    call("initializers.Zeros"): "zeros",
    call("initializers.Ones"): "ones",
    call("initializers.VarianceScaling", distribution="uniform"): "lecun_uniform",
    call("initializers.VarianceScaling", scale=2.0, distribution="uniform"): "he_uniform",
}
"""Initializers that Keras has a word for."""

_DEFAULTS: dict[str, Expression] = {
    "kernel": call("initializers.VarianceScaling", mode="fan_avg", distribution="uniform"),
    **dict.fromkeys(["gamma", "moving_variance"], call("initializers.Ones")),
    **dict.fromkeys(["alpha", "beta", "bias", "moving_mean"], call("initializers.Zeros")),
}
"""How a variable starts if a layer does not say."""


def _short(initializer: Expression) -> Expression:
    return Literal(_SHORT[initializer]) if initializer in _SHORT else initializer


def _is_worth_a_name(options: Options) -> bool:
    """Whether a dictionary can have them, and they are more than a word.

    It cannot have initializers of ours, which would draw the same numbers for all layers.
    """
    if not all(isinstance(value, Literal) or _config(value) for _, value in options):
        return False
    return any(
        option.startswith(("kernel", "depthwise")) or not isinstance(value, Literal)
        for option, value in options
    )


def _config(initializer: Expression) -> str:
    """The class of an initializer of Keras' own."""
    match initializer:
        case Call(Attribute(Name("initializers"), name)):
            return name
    return ""


def _anew(value: Expression) -> Expression:
    """An initializer that each layer makes for itself, so that it draws numbers of its own."""
    match value:
        case Call(_, (), keywords):
            parts = {"class_name": Literal(_config(value)), "config": _dictionary(keywords)}
            return _dictionary(parts.items())
    return value


def _dictionary(items: Iterable[tuple[str, Expression]]) -> Expression:
    return Display("{}", tuple(Pair(Literal(key), value) for key, value in items))


def _filler(step: Step) -> str:
    """The word of Caffe for how the first variable starts: "xavier", "alpha_constant"."""
    (variable, _), *_ = _stated(step)
    ((node, blob),) = step.code.arrays[variable].sources
    filler = node.blobs[blob].start.type
    if step.code.kind == dotted("layers.DepthwiseConv2D"):
        return f"depthwise_{filler}"
    return filler if variable == "kernel" else f"{variable}_{filler}"


def initialisation(layers: Iterable[tuple[Step, str]]) -> list[Statement]:
    """Statements after `model` is made that fill each variable of these layers as Caffe would."""
    ours: list[Filled] = []
    single: list[Statement] = []
    for step, name in layers:
        reached, fillings = code("model.get_layer({name})", name=name), _fillings(step)
        if is_own(step):  # others of its class say themselves how they start
            parts = ((Attribute(reached, part), how) for part, how in fillings.items() if how)
            single += [filling_of(*each) for each in parts]
        else:
            ours.append(Filled(step.code.kind, reached, fillings))
    return [*statements(ours, "layer", code("model.layers")), *single]


def _fillings(step: Step) -> Fillings:
    initializers = _initializers(step).items()
    return {name: how and call("fill", PARAMETER, how) for name, how in initializers}


def _initializers(step: Step) -> dict[str, Expression | None]:
    """What starts each variable of a step; None where that is as the layer has it."""
    found: dict[str, Expression | None] = {}
    for variable, array in step.code.arrays.items():
        if len(array.sources) == 1:
            ((node, blob),) = array.sources
            start = start_of(node, blob, STARTS.get(variable))
            how = start and initializer(start, node.blobs[blob].shape, array.convert)
            found[variable] = how or None
    return found


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
        return call("initializers.RandomUniform", minval=filler.min, maxval=filler.max)
    if filler.type == "gaussian":
        options = {"mean": (filler.mean, 0.0), "stddev": (filler.std, None)}
        if filler.sparse < 0:
            return call("initializers.RandomNormal", **options)
        return call("SparseNormal", filler.sparse / shape[0], **options)
    if filler.type == "positive_unitball":
        return call("PositiveUnitball", _row_axes(shape, convert))
    if filler.type == "bilinear":
        return call("Bilinear", *([] if convert else [(2, 3)]))
    if filler.type == IDENTITY:
        return call("initializers.Identity", filler.value)
    if filler.type == DIAGONAL:
        return call("ChannelDiagonal", filler.diagonal(shape))
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
            return call("initializers.RandomUniform", minval=-width, maxval=width)
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
