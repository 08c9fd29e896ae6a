"""Products and sums with numbers, as expressions.

To Keras a number times a tensor is sparse, and few layers can be called on what is. So the
product is left to a layer, but where what is added to it makes the sum a dense one.
"""

from __future__ import annotations

from collections.abc import Sequence

from proto2net.backends import tree
from proto2net.backends.tree import Expression, call, joined


def scaled(x: Expression, scale: float, shift: float = 0.0) -> Expression:
    """`0.5 * x + 1.0`, without what changes nothing."""
    if shift or abs(scale) == 1:
        return tree.scaled(x, scale, shift)
    return call(call("layers.Rescaling", scale), x)


def weighted_sum(terms: Sequence[Expression], coefficients: Sequence[float]) -> Expression:
    """`a - 0.5 * b` for coefficients 1 and -0.5."""
    if any(abs(coefficient) == 1 for coefficient in coefficients):
        return tree.weighted_sum(terms, coefficients)
    return joined("+", map(scaled, terms, coefficients))
