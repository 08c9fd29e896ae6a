"""Keras renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, Transposed, bottoms, same_array
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import in_caffe_order
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import Expression
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
    forward = called_on(in_order(node))
    return Code(forward, init, arrays, state=not layer.expose_hidden)


def in_order(node: Node[Any]) -> list[Expression]:
    """The bottoms in Caffe's order."""
    read = zip(bottoms(node), node.bottoms, strict=True)
    return [in_caffe_order(bottom, len(blob.shape)) for bottom, blob in read]


@renders(LSTMUnit)
def _lstm_unit(node: Node[LSTMUnit]) -> Code:
    return Code(called_on(bottoms(node)), own("LSTMUnit"))
