"""PyTorch renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import BOTTOM, SELF, call, code, indexed
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, CausalAttention, ContinuationIndicator, Lstm, LSTMUnit
from proto2net.shape import canonical_axis, count

backend.says({LSTMUnit: "lstm_unit({0}, {1}, {2})"})


@renders(LSTM)
@renders(RNN)
def _recurrent(node: Node[Any]) -> Code:
    layer, shapes = node.layer, tuple(blob.shape for blob in node.bottoms)
    inputs = len(shapes) - layer.exposed
    x, cont, *static = bottoms(node)[:inputs]
    states = bottoms(node)[inputs:]
    size = count(shapes[2][1:]) if static else 0
    init = call(layer.type, count(shapes[0][2:]), layer.num_output, static=(size, 0))
    outputs = call(SELF, x, cont, *states, static=static[0] if static else None)
    arrays = {name: same_array(node, name) for name in node.blobs}
    first = outputs if layer.exposed else indexed(outputs, 0)
    return Code(first, init, arrays, state=not layer.exposed)


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer, x = node.layer, node.bottoms[0].shape
    if layer.clipping_threshold and node.phase == "TRAIN":
        raise UnsupportedError(
            "clipping_threshold, which bounds gradients inside of the layer, is not supported",
            "leave it out, and clip the gradients of the parameters",
        )
    init = call(
        "Lstm",
        count(x[len(layer.batch(x)) :]),
        layer.num_output,
        sequences=(layer.sequences if layer.merged(x) else 0, 0),
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(call(SELF, *bottoms(node)), init, arrays, state=len(node.bottoms) > 1)


@renders(CausalAttention)
def _causal_attention(node: Node[CausalAttention]) -> Code:
    return Code(call("causal_attention", BOTTOM, heads=node.layer.heads))


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    sequences: object = layer.batch_size
    if node.bottoms:
        axis = canonical_axis(layer.axis, node.bottoms[0].shape)
        sequences = code("{0}.shape[{axis}]", axis=axis)
    init = call("ContinuationIndicator", layer.time_step)
    return Code(call(SELF, sequences), init)
