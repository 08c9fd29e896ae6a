"""Keras renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, Transposed, bottoms, same_array
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import bottoms_in_order, place
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, call
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, CausalAttention, ContinuationIndicator, Lstm, LSTMUnit
from proto2net.shape import canonical_axis

VARIABLES = {
    "kernel": ("W_xc", "W_xh"),
    "bias": ("b_c", "b_h"),
    "static_kernel": ("W_xc_static", "W_xh_static"),
    "recurrent_kernel": ("W_hc", "W_hh"),
    "output_kernel": ("W_ho",),
    "output_bias": ("b_o",),
}
"""The learned blobs that each variable of the Keras layer may hold."""


@renders(LSTM)
@renders(RNN)
def _recurrent(node: Node[Any]) -> Code:
    layer = node.layer
    shapes = [bottom.shape for bottom in node.bottoms]
    init = own(
        layer.type,
        layer.num_output,
        static=(bool(layer.static(shapes)), False),
        expose_hidden=(layer.expose_hidden, False),
    )
    arrays = {
        variable: same_array(
            node, blob, Transposed((1, 0)) if len(node.blobs[blob].shape) == 2 else None
        )
        for variable, names in VARIABLES.items()
        for blob in names
        if blob in node.blobs
    }
    forward = called_on(bottoms_in_order(node))
    return Code(forward, init, arrays, state=not layer.expose_hidden)


@renders(LSTMUnit)
def _lstm_unit(node: Node[LSTMUnit]) -> Code:
    return Code(called_on(bottoms(node)), own("LSTMUnit"))


@renders(Lstm)
def _lstm(node: Node[Lstm]) -> Code:
    layer = node.layer
    if layer.clipping_threshold and node.phase == "TRAIN":
        raise UnsupportedError(
            "clipping_threshold, which bounds gradients inside of the layer, is not possible",
            "leave it out, and give the optimizer clipvalue",
        )
    sequences = layer.sequences if layer.merged(node.bottoms[0].shape) else 0
    init = own("Lstm", layer.num_output, sequences=(sequences, 0))
    arrays = {
        "kernel": same_array(node, "W_xc", Transposed((1, 0))),
        "recurrent_kernel": same_array(node, "W_hc", Transposed((1, 0))),
        "bias": same_array(node, "b_c"),
    }
    forward = called_on(bottoms_in_order(node))
    return Code(forward, init, arrays, state=len(node.bottoms) > 1)


@renders(CausalAttention)
def _causal_attention(node: Node[CausalAttention]) -> Code:
    return Code(CALLED, own("CausalAttention", node.layer.heads))


@renders(ContinuationIndicator)
def _continuation_indicator(node: Node[ContinuationIndicator]) -> Code:
    layer = node.layer
    options: dict[str, object] = {"sequences": layer.batch_size}
    if node.bottoms:
        bottom = node.bottoms[0].shape
        axis = place(canonical_axis(layer.axis, bottom), len(bottom))
        options = {"axis": (axis, 0)}
    made = call("ContinuationIndicator", layer.time_step, **options)
    return Code(call(made, BOTTOM))
