"""ONNX renderers of proto2net/layers/mnc.py."""

from __future__ import annotations

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import apply_deltas, beside, columns, within
from proto2net.backends.onnx.rcnn import proposed
from proto2net.backends.onnx.resizing import times
from proto2net.backends.onnx.roi import rounded, sampled
from proto2net.backends.onnx.shapes import shaped
from proto2net.backends.onnx.values import Value, X, bottoms, op
from proto2net.graph import Node
from proto2net.layers import (
    MaskLayer,
    MaskPooling,
    MaskResize,
    MNCProposalLayer,
    ROIWarping,
    StageBridgeLayer,
)
from proto2net.layers.mnc import MASK
from proto2net.layers.roi import REGION


@renders(ROIWarping)
def _roi_warping(node: Node[ROIWarping]) -> Value:
    layer, rois = node.layer, shaped(bottoms(node)[1], -1, REGION)
    corners = rounded(columns(rois, 1, 5) * float(layer.spatial_scale))
    start = columns(corners, 0, 2)
    size = op("Max", columns(corners, 2, 4) - start, 0.0)
    return sampled(rois, start, size, layer.pooled_size, node.bottoms[0].shape, last=False)


@renders(MaskResize)
def _mask_resize(node: Node[MaskResize]) -> Value:
    """Products with the matrices that interpolate rows, and columns."""
    import numpy as np

    from proto2net.backends.numpy.helpers.roi import neighbours  # which needs NumPy

    y, shape = X, node.bottoms[0].shape
    for axis in (2, 3):
        old, new = shape[axis], node.tops[0].shape[axis]
        (before, behind), share, inside = neighbours(
            np.arange(new, dtype=np.float32) * np.float32(old / new), old
        )
        pixels = np.eye(old, dtype=np.float32)
        matrix = pixels[before] * (1 - share[:, None]) + pixels[behind] * share[:, None]
        shape = (*shape[:axis], new, *shape[axis + 1 :])
        y = times(y, axis, matrix * inside[:, None], shape)
    return y


@renders(MaskPooling)
def _mask_pooling(node: Node[MaskPooling]) -> Value:
    features, masks = bottoms(node)
    return features * masks


@renders(MNCProposalLayer)
def _mnc_proposal_layer(node: Node[MNCProposalLayer]) -> list[Value]:
    return proposed(node)


@renders(MaskLayer)
def _mask_layer(node: Node[MaskLayer]) -> Value:
    return shaped(X, -1, 1, *MASK)


@renders(StageBridgeLayer)
def _stage_bridge_layer(node: Node[StageBridgeLayer]) -> Value:
    rois, shifts, scores, im_info = bottoms(node)
    best = op("ArgMax", shaped(scores, 0, -1), axis=1, keepdims=1)
    shift = op("GatherND", shaped(shifts, 0, -1, 4), best, batch_dims=1)
    boxes = columns(shaped(rois, -1, REGION), 1, REGION)
    boxes = within(apply_deltas(boxes, shift), im_info)
    return beside(columns(boxes, 0, 1) * 0.0, boxes)
