"""ONNX renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from functools import reduce
from operator import add, mul

from proto2net.backends.base import choose
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import as_index, shaped
from proto2net.backends.onnx.values import BOOL, Bottom, Value, X, bottoms, learned, op, ops
from proto2net.graph import Node
from proto2net.layers import (
    Add,
    BatchReindex,
    Concat,
    Div,
    Eltwise,
    Filter,
    Maximum,
    Minimum,
    Mul,
    Parameter,
    Slice,
    Sub,
)
from proto2net.layers.combine import Arithmetic

ARITHMETIC: dict[type[Arithmetic], str] = {
    Add: "Add",
    Sub: "Sub",
    Mul: "Mul",
    Div: "Div",
    Maximum: "Max",
    Minimum: "Min",
}


def _arithmetic(node: Node[Arithmetic]) -> Value:
    second = learned(node, "weight") if node.blobs else Bottom(1)
    return op(ARITHMETIC[type(node.layer)], X, second)


for each in ARITHMETIC:
    renders(each)(_arithmetic)


@renders(Concat)
def _concat(node: Node[Concat]) -> Value:
    if len(node.bottoms) == 1:
        return X
    return op("Concat", *bottoms(node), axis=node.layer.along(node.bottoms[0].shape))


@renders(Slice)
def _slice(node: Node[Slice]) -> Value | tuple[Value, ...]:
    if len(node.tops) == 1:
        return X
    bottom = node.bottoms[0].shape
    pieces = list(node.layer.pieces(bottom, len(node.tops)))
    return ops(len(node.tops), "Split", X, pieces, axis=node.layer.along(bottom))


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Value:
    operation = choose(node, "operation", SUM="SUM", PROD="PROD", MAX="MAX")
    terms = bottoms(node)
    if operation == "MAX":
        return op("Max", *terms)
    if operation == "PROD":
        return reduce(mul, terms)
    coefficients = node.layer.coeff or (1.0,) * len(terms)
    weighed = (x if c == 1 else x * c for x, c in zip(terms, coefficients, strict=True))
    return reduce(add, weighed)


@renders(Filter)
def _filter(node: Node[Filter]) -> list[Value]:
    *filtered, selector = bottoms(node)
    chosen = op("Cast", shaped(selector, -1), to=BOOL)
    rows = shaped(op("NonZero", chosen), -1)
    return [op("Gather", x, rows, axis=0) for x in filtered]


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Value:
    return learned(node, "weight")


@renders(BatchReindex)
def _batch_reindex(node: Node[BatchReindex]) -> Value:
    return op("Gather", X, as_index(Bottom(1)), axis=0)
