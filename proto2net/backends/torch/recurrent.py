"""PyTorch renderers of proto2net/layers/recurrent.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import SELF, call, indexed
from proto2net.graph import Node
from proto2net.layers import LSTM, RNN, LSTMUnit
from proto2net.shape import count

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
