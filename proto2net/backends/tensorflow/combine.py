"""Keras renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from proto2net.backends.base import Code, choose
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import moved_axis
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import Concat, Eltwise, Silence, Split


@renders(Silence)
def _silence(node: Node[Silence]) -> Code:
    return Code("")


@renders(Split)
def _split(node: Node[Split]) -> Code:
    return Code("{0}")


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code("{0}")
    bottom = node.bottoms[0].shape
    axis = moved_axis(node.layer.along(bottom), len(bottom))
    init = call("layers.Concatenate", axis=(axis, -1), name="{name}")
    return Code(f"{{self}}({_listed(len(node.bottoms))})", init)


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    kind = choose(node, "operation", SUM="Add", PROD="Multiply", MAX="Maximum")
    if node.layer.coeff and kind == "Add" and set(node.layer.coeff) != {1.0}:
        raise UnsupportedError("coefficients are not rendered so far")
    return Code(f"{{self}}({_listed(len(node.bottoms))})", call(f"layers.{kind}", name="{name}"))


def _listed(bottoms: int) -> str:
    return f"[{', '.join(f'{{{index}}}' for index in range(bottoms))}]"
