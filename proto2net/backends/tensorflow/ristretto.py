"""Keras renderers of proto2net/layers/ristretto.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import in_caffe_order, in_keras_order
from proto2net.backends.tensorflow.objects import CALLED, own
from proto2net.backends.tree import BOTTOM, SELF, call
from proto2net.graph import Node
from proto2net.layers import Quantize


@renders(Quantize)
def _quantize(node: Node[Quantize]) -> Code:
    layer, axes = node.layer, len(node.bottoms[0].shape)
    if layer.precision == "MINIFLOAT":  # which goes through the values in Caffe's order
        init = own("Minifloat", layer.mant_bits, layer.exp_bits)
        return Code(in_keras_order(call(SELF, in_caffe_order(BOTTOM, axes)), axes), init)
    return Code(CALLED, own("FixedPoint", layer.bw_layer_out, *layer.fl_layer_out))
