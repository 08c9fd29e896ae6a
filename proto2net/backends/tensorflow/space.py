"""Keras renderers of proto2net/layers/space.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import in_caffe_order, in_keras_order, order
from proto2net.backends.tensorflow.objects import CALLED, own
from proto2net.backends.tree import BOTTOM, SELF, call
from proto2net.graph import Node
from proto2net.layers import BatchToSpaceND, MirrorPad, Pad, SpaceToBatchND
from proto2net.layers.space import Sides


@renders(Pad)
def _pad(node: Node[Pad]) -> Code:
    return _padded(node)


def _padded(node: Node[Any]) -> Code:
    """The bottom with a number around it."""
    value = node.layer.constant_values
    return Code(call("ops.pad", BOTTOM, _sides(node), constant_values=(value, 0.0)))


@renders(MirrorPad)
def _mirror_pad(node: Node[MirrorPad]) -> Code:
    layer = node.layer
    if layer.mode == "EDGE":
        return Code(CALLED, own("EdgePad", _sides(node)))
    if layer.mirrors:
        return Code(call("ops.pad", BOTTOM, _sides(node), layer.mode.lower()))
    return _padded(node)


def _sides(node: Node[Any]) -> Sides:
    """What comes before and behind each axis, in the order of Keras."""
    sides = node.layer.sides(node.bottoms[0].shape)
    return tuple(sides[axis] for axis in order(len(sides)))


@renders(SpaceToBatchND)
def _space_to_batch(node: Node[SpaceToBatchND]) -> Code:
    return _in_caffe_order(node, "SpaceToBatch")


@renders(BatchToSpaceND)
def _batch_to_space(node: Node[BatchToSpaceND]) -> Code:
    return _in_caffe_order(node, "BatchToSpace")


def _in_caffe_order(node: Node[Any], kind: str) -> Code:
    """A layer of TensorFlow's, for which the axes behind the first count as they are in Caffe."""
    axes = len(node.bottoms[0].shape)
    called = call(SELF, in_caffe_order(BOTTOM, axes))
    return Code(in_keras_order(called, axes), own(kind, node.layer.block_shape, node.layer.sides))
