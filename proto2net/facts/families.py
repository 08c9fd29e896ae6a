"""The families that layers are shown by, such as convolutions or losses."""

from __future__ import annotations

from proto2net.layers.base import Layer
from proto2net.layers.registry import built_in, families

FAMILIES = (
    "data",
    "convolution",
    "dense",
    "activation",
    "normalisation",
    "pooling",
    "combining",
    "loss",
    "detection",
    "other",
)

_OF_FILE = {
    "activation": "activation",
    "combine": "combining",
    "data": "data",
    "dense": "dense",
    "detection": "detection",
    "loss": "loss",
    "mscnn": "detection",
    "mscnn_training": "loss",
    "normalize": "normalisation",
    "pooling": "pooling",
    "rcnn": "detection",
    "roi": "detection",
    "ssd": "detection",
    "ssd_data": "data",
    "training": "loss",
    "vision": "convolution",
    "yolo": "detection",
}
"""By the file of proto2net/layers in which a type is declared; others are "other"."""

_OF_TYPE = {
    "Bias": "normalisation",
    "BoxData": "data",
    "CoSData": "data",
    "ConvolutionRistretto": "convolution",
    "DeconvolutionRistretto": "convolution",
    "DeformableConvolution": "convolution",
    "DenseImageData": "data",
    "DetectionData": "data",
    "DummyData": "data",
    "EvalData": "data",
    "FcRistretto": "dense",
    "HDF5Output": "other",
    "Im2col": "other",
    "ImageGtData": "data",
    "ImageLabelmapData": "data",
    "ImageSegData": "data",
    "LaneData": "data",
    "MarginInnerProduct": "dense",
    "Normalize": "normalisation",
    "Parameter": "other",
    "Python": "other",
    "Reorg": "other",
    "SegData": "data",
    "Silence": "other",
    "Softmax": "activation",
    "SparseData": "data",
}
"""Where the file does not tell it."""


def family_of(kind: type[Layer]) -> str:
    """The family of a layer type."""
    if kind.loss:
        return "loss"
    if not built_in(kind):
        return "other"
    file = families().layers.get(kind.type, "")
    return _OF_TYPE.get(kind.type) or _OF_FILE.get(file, "other")
