"""NumPy renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.tree import BOTTOM, call, code, tree
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, CausalAttention, ContinuationIndicator, Lstm, LSTMUnit
from proto2net.shape import canonical_axis

says({LSTMUnit: "lstm_unit({0}, {1}, {2})"})


@renders(RNN)
def _rnn(node: Node[RNN]) -> Code:
    return _recurrent("rnn", node)


@renders(LSTM)
def _lstm(node: Node[LSTM]) -> Code:
    return _recurrent("lstm", node)


def _recurrent(function: str, node: Node[Any]) -> Code:
    """All steps; states that are no bottoms are kept from call to call, beside the arrays."""
    inputs = bottoms(node)
    first = len(inputs) - node.layer.exposed
    x, cont, *static = inputs[:first]
    options = {"static": static[0]} if static else {}
    if node.layer.expose_hidden:
        forward = call(function, x, cont, *inputs[first:], ARRAYS, **options)
        return Code(forward, *learned(node))
    forward = call(f"{function}_continued", x, cont, ARRAYS, **options)
    return Code(forward, *learned(node, states=tree([])), state=True)


@renders(Lstm)
def _lstm_of_caffe_lstm(node: Node[Lstm]) -> Code:
    layer, x = node.layer, node.bottoms[0].shape
    continued = len(node.bottoms) > 1
    forward = call(
        "lstm_of_caffe_lstm",
        BOTTOM,
        ARRAYS,
        cont=code("{1}") if continued else None,
        sequences=(layer.sequences if layer.merged(x) else 0, 0),
    )
    kept = {"states": tree([])} if continued else {}
    return Code(forward, *learned(node, **kept), state=continued)


@renders(CausalAttention)
def _causal_attention(node: Node[CausalAttention]) -> Code:
    return Code(call("causal_attention", BOTTOM, heads=node.layer.heads))


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    sequences = tree(layer.batch_size)
    if node.bottoms:
        axis = canonical_axis(layer.axis, node.bottoms[0].shape)
        sequences = code("{0}.shape[{axis}]", axis=axis)
    return Code(call("continuation_indicator", layer.time_step, sequences))
