"""PyTorch renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.source import call
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers import Dropout, ReLU, Sigmoid, TanH


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    if node.phase == "TEST":
        return Code("{0}")
    return Code("{self}({0})", call("nn.Dropout", node.layer.dropout_ratio))


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope = node.layer.negative_slope
    return Code(call("F.leaky_relu", "{0}", slope) if slope else "F.relu({0})")


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return Code("torch.sigmoid({0})")


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return Code("torch.tanh({0})")
