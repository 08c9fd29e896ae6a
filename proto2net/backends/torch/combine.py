"""PyTorch renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, choose
from proto2net.backends.source import literal
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers import Concat, Eltwise, Silence, Split


@renders(Silence)
def _silence(node: Node[Silence]) -> Code:
    return Code("")


@renders(Split)
def _same(node: Node[Any]) -> Code:
    return Code("{0}")


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    bottoms = [f"{{{index}}}" for index in range(len(node.bottoms))]
    if len(bottoms) == 1:
        return Code("{0}")
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(f"torch.cat(({', '.join(bottoms)}), dim={axis})")


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    bottoms = [f"{{{index}}}" for index in range(len(node.bottoms))]
    operation = choose(node, "operation", SUM="+", PROD="*", MAX="max")
    if operation == "max":
        result = bottoms[0]
        for bottom in bottoms[1:]:
            result = f"torch.maximum({result}, {bottom})"
        return Code(result)
    if operation == "+" and node.layer.coeff:
        return Code(weighted_sum(bottoms, node.layer.coeff))
    return Code(f" {operation} ".join(bottoms))


def weighted_sum(terms: list[str], coefficients: tuple[float, ...]) -> str:
    """`a - 0.5 * b` for coefficients 1 and -0.5."""
    text = ""
    for term, coefficient in zip(terms, coefficients, strict=True):
        size = abs(coefficient)
        part = term if size == 1 else f"{literal(size)} * {term}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {part}" if text else f"{sign.strip('+')}{part}"
    return text
