"""The ONNX renderer of proto2net/layers/ristretto.py."""

from __future__ import annotations

from functools import reduce
from operator import mul

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.values import FLOAT, Value, X, op
from proto2net.graph import Node
from proto2net.layers import Quantize


@renders(Quantize)
def _quantize(node: Node[Quantize]) -> Value:
    layer = node.layer
    if layer.precision == "MINIFLOAT":
        return _minifloat(X, layer.mant_bits, layer.exp_bits)
    return _fixed_point(X, layer.bw_layer_out, *layer.fl_layer_out)


def _fixed_point(x: Value, bits: int, fraction: int) -> Value:
    """Round to fixed-point numbers of `bits` bits, `fraction` of them fractional."""
    step, limit = 2.0**-fraction, 2 ** (bits - 1)
    x = op("Clip", x, -limit * step, (limit - 1) * step) / step
    return _rounded(op("Abs", x)) * op("Sign", x) * step


def _rounded(x: Value) -> Value:
    """The nearest whole numbers; halves go up."""
    whole = op("Floor", x)
    return whole + op("Floor", 2.0 * (x - whole))


def _minifloat(x: Value, mantissa: int, exponent: int) -> Value:
    """Round to floats of fewer bits, up to the first value that underflows.

    That one becomes 0, and Ristretto leaves the rest of the batch as it is.
    """
    power = 2 ** (exponent - 1)
    size = op("Abs", x)
    unit, scale = _normal(size)
    rounded = _rounded(unit * 2.0**mantissa) * 2.0**-mantissa * scale
    if exponent < 8:  # else no float is too large
        top = 2.0**power
        largest = (2 - 2.0**-mantissa) * top
        rounded = op("Where", op("GreaterOrEqual", size, 2 * top), largest, rounded)
    rounded = rounded * op("Sign", x)
    small = op("Less", size, 2.0 ** max(1 - power, -126))
    counted = op("CumSum", op("Reshape", op("Cast", small, to=FLOAT), [-1]), 0)
    passed = op("Reshape", counted, op("Shape", x))
    rounded = op("Where", op("Less", passed, 0.5), rounded, x)
    first = op("And", small, op("Less", passed, 1.5))
    return op("Where", first, 0.0, rounded)


def _normal(x: Value) -> tuple[Value, Value]:
    """Numbers above 0 as a number from 1 to 2, and the power of two that it is multiplied by."""
    powers = []
    for power in (64, 32, 16, 8, 4, 2, 1):
        large, small = 2.0**power, 2.0 ** (1 - power)
        powers.append(op("Where", op("GreaterOrEqual", x, large), large, 1.0))
        powers.append(op("Where", op("Less", x, small), 1 / large, 1.0))
        x = x / powers[-2] / powers[-1]
    return x, reduce(mul, powers)
