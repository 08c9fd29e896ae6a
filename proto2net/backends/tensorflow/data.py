"""Keras renderers of proto2net/layers/data.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.tensorflow.backend import renders
from proto2net.graph import Node
from proto2net.layers import Input


@renders(Input)
def _input(node: Node[Input]) -> Code:
    return Code("")
