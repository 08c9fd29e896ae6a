"""PyTorch renderers of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.fillings import PARAMETER
from proto2net.backends.torch.backend import renders
from proto2net.backends.torch.fillers import filling
from proto2net.backends.tree import SELF, Call, Expression, Lambda, Name, call, filled, indexed
from proto2net.graph import Node
from proto2net.layers import DummyData


@renders(DummyData)
def _dummy_data(node: Node[DummyData]) -> Code:
    fillers = node.layer.fillers(len(node.tops))
    tensors = [
        (top.shape, _function(filling(filler, top.shape)))
        for top, filler in zip(node.tops, fillers, strict=True)
    ]
    every = call(SELF)
    made = every if len(node.tops) > 1 else indexed(every, 0)
    return Code(made, call("DummyData", *tensors))


def _function(filling: Expression) -> Expression:
    """What fills the tensor that it is called with."""
    match filling:
        case Call(function, (only,), ()) if only == PARAMETER:
            return function
    return Lambda("x", filled(filling, {PARAMETER.key: Name("x")}))
