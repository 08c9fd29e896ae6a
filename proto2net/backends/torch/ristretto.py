"""PyTorch renderers of proto2net/layers/ristretto.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import Quantize


@renders(Quantize)
def _quantize(node: Node[Quantize]) -> Code:
    layer = node.layer
    if layer.precision == "MINIFLOAT":
        return Code(call("minifloat", BOTTOM, layer.mant_bits, layer.exp_bits))
    return Code(call("fixed_point", BOTTOM, layer.bw_layer_out, *layer.fl_layer_out))
