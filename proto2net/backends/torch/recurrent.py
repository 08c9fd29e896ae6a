"""PyTorch renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, same_array
from proto2net.backends.source import call
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, LSTMUnit
from proto2net.shape import count


@renders(LSTM)
@renders(RNN)
def _recurrent(node: Node[Any]) -> Code:
    layer = node.layer
    x, *others = (blob.shape for blob in node.bottoms)
    (static,) = layer.static((x, *others)) or ((),)
    init = call(
        layer.type,
        count(x[2:]),
        layer.num_output,
        static=(count(static[1:]) if static else 0, 0),
    )
    states = [f"{{{len(node.bottoms) - n}}}" for n in range(layer.exposed, 0, -1)]
    outputs = call(
        "{self}", "{0}", "{1}", *states, static=("{2}" if static else "", "")
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(outputs if layer.exposed else f"{outputs}[0]", init, arrays)


@renders(LSTMUnit)
def _lstm_unit(node: Node[LSTMUnit]) -> Code:
    return Code("lstm_unit({0}, {1}, {2})")
