"""Keras renderers of proto2net/layers/crf.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Reshaped, bottoms, same_array
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.graph import Node
from proto2net.layers import MultiStageMeanfield


@renders(MultiStageMeanfield)
def _multi_stage_meanfield(node: Node[MultiStageMeanfield]) -> Code:
    classes = node.bottoms[0].shape[1]
    init = own("MultiStageMeanfield", **node.layer.settings)
    square = Reshaped((classes, classes))
    arrays = {name: same_array(node, name, square) for name in node.blobs}
    return Code(called_on(bottoms(node)), init, arrays)
