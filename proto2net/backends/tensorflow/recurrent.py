"""Keras renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, Transposed, same_array
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import in_caffe_order
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, LSTMUnit

VARIABLES = {
    "kernel": ("W_xc", "W_xh"),
    "bias": ("b_c", "b_h"),
    "static_kernel": ("W_xc_static", "W_xh_static"),
    "recurrent_kernel": ("W_hc", "W_hh"),
    "output_kernel": ("W_ho",),
    "output_bias": ("b_o",),
}
"""The learned blobs that each variable of the Keras layer may hold."""


@renders(RNN)
def _rnn(node: Node[RNN]) -> Code:
    return _recurrent("RNN", node)


@renders(LSTM)
def _lstm(node: Node[LSTM]) -> Code:
    return _recurrent("LSTM", node)


def _recurrent(name: str, node: Node[Any]) -> Code:
    layer = node.layer
    shapes = [bottom.shape for bottom in node.bottoms]
    init = call(
        name,
        layer.num_output,
        static=(bool(layer.static(shapes)), False),
        expose_hidden=(layer.expose_hidden, False),
        name="{name}",
    )
    bottoms = [in_caffe_order(f"{{{i}}}", len(shape)) for i, shape in enumerate(shapes)]
    arrays = {
        variable: same_array(
            node, blob, Transposed((1, 0)) if len(node.blobs[blob].shape) == 2 else None
        )
        for variable, names in VARIABLES.items()
        for blob in names
        if blob in node.blobs
    }
    forward = f"{{self}}([{', '.join(bottoms)}])"
    return Code(forward, init, arrays, state=not layer.expose_hidden)


@renders(LSTMUnit)
def _lstm_unit(node: Node[LSTMUnit]) -> Code:
    return Code("{self}([{0}, {1}, {2}])", call("LSTMUnit", name="{name}"))
