"""NumPy renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends import tree
from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, LSTMUnit


@renders(RNN)
def _rnn(node: Node[RNN]) -> Code:
    return _recurrent("rnn", node)


@renders(LSTM)
def _lstm(node: Node[LSTM]) -> Code:
    return _recurrent("lstm", node)


def _recurrent(function: str, node: Node[Any]) -> Code:
    """All steps; states that are no bottoms are kept from call to call, beside the arrays."""
    layer, count = node.layer, len(node.bottoms)
    bottoms = [f"{{{index}}}" for index in range(count)]
    x, cont, *static = bottoms[: count - layer.exposed]
    options = {"static": static[0]} if static else {}
    if layer.expose_hidden:
        states = bottoms[count - layer.exposed :]
        forward = call(function, x, cont, *states, "**{self}", **options)
        return Code(forward, *learned(node))
    forward = call(f"{function}_continued", x, cont, "**{self}", **options)
    return Code(forward, *learned(node, states=tree.code("[]")))


@renders(LSTMUnit)
def _lstm_unit(node: Node[LSTMUnit]) -> Code:
    return Code("lstm_unit({0}, {1}, {2})")
