"""NumPy renderers of proto2net/layers/crf.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.tree import call
from proto2net.graph import Node
from proto2net.layers import MultiStageMeanfield


@renders(MultiStageMeanfield)
def _multi_stage_meanfield(node: Node[MultiStageMeanfield]) -> Code:
    inputs, settings = bottoms(node), node.layer.settings
    forward = call("multi_stage_meanfield", *inputs, ARRAYS, **settings)
    return Code(forward, *learned(node))
