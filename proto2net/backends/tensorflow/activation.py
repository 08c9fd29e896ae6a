"""Keras renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.graph import Node
from proto2net.layers import Dropout, ReLU, Sigmoid, TanH


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope = node.layer.negative_slope
    return Code("{self}({0})", call("layers.ReLU", negative_slope=(slope, 0.0), name="{name}"))


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return Code("{self}({0})", 'layers.Activation("sigmoid", name={name})')


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return Code("{self}({0})", 'layers.Activation("tanh", name={name})')


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    if node.phase == "TEST":
        return Code("{0}")
    return Code("{self}({0})", call("layers.Dropout", node.layer.dropout_ratio, name="{name}"))
