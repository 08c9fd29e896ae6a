"""The PyTorch renderer of proto2net/layers/holes.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.holes import docstring, method
from proto2net.backends.statements import Class
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import SELF, call, code, dotted
from proto2net.graph import Node
from proto2net.layers.holes import Hole


@renders(Hole)
def _hole(node: Node[Hole]) -> Code:
    def definition(name: str) -> Class:
        forward = method("forward", node, "torch.Tensor")
        return Class(name, [dotted("nn.Module")], docstring(node), [forward])

    return Code(call(SELF, *bottoms(node)), code("{class}()"), definition=definition)
