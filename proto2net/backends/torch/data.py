"""PyTorch renderers of proto2net/layers/data.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers import Input


@renders(Input)
def _nothing(node: Node[Any]) -> Code:
    return Code("")
