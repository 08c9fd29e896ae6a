"""Operations on floats and sizes of blobs, as OpenCV 4.14 counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proto2net.cv import detections
from proto2net.graph import Blob, Node
from proto2net.shape import Shape, count


def flops(node: Node[Any], bottoms: Sequence[Blob], tops: Sequence[Blob]) -> int:
    """How many operations a layer has to make these of those."""
    if node.layer.type not in FLOPS:
        return 2 * node.macs
    read, made = (sum(count(blob.shape) for blob in blobs) for blobs in (bottoms, tops))
    return FLOPS[node.layer.type](node, read, made) if tops else 0


def padded(node: Node[Any], shape: Shape) -> Shape:
    """The shape of a top: as many rows as there may be, where that depends on values."""
    if detections.finds(node):
        return (1, 1, detections.rows_of(node), shape[-1])
    return shape


def _kernel(node: Node[Any]) -> int:
    return count(node.blobs["weight"].shape[2:])


def _convolution(node: Node[Any], read: int, made: int) -> int:
    channels: int = node.bottoms[0].shape[1]
    return made * (2 * _kernel(node) * channels + 1)


def _deconvolution(node: Node[Any], read: int, made: int) -> int:
    channels: int = node.blobs["weight"].shape[0]
    return 2 * channels * _kernel(node) * read


def _inner_product(node: Node[Any], read: int, made: int) -> int:
    read_by_each: int = count(node.blobs["weight"].shape) // node.layer.num_output
    return 3 * made * read_by_each


def _pooling(node: Node[Any], read: int, made: int) -> int:
    layer = node.layer
    kernel: int = 1 if layer.global_pooling else count(layer.window(node.bottoms[0].shape).kernel)
    return made * (kernel + int(layer.pool == "AVE"))


def _lrn(node: Node[Any], read: int, made: int) -> int:
    size: int = node.layer.local_size
    if node.layer.norm_region == "WITHIN_CHANNEL":
        return read * (2 * size**2 + 2)
    return 5 * read + (size - 2) * count(node.bottoms[0].shape[2:])


def _mvn(node: Node[Any], read: int, made: int) -> int:
    shape = node.bottoms[0].shape
    return 6 * read + 3 * count(shape[: 2 if node.layer.normalize_variance else 1])


Count = Callable[[Node[Any], int, int], int]
"""Of a layer, for so many numbers that it reads and makes."""

FLOPS: dict[str, Count] = {
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "InnerProduct": _inner_product,
    "BatchNorm": lambda node, read, made: 3 * read,
    "Scale": lambda node, read, made: 2 * count(node.bottoms[0].shape),
    "Softmax": lambda node, read, made: 4 * read,
    "Eltwise": lambda node, read, made: read,
    "ReLU": lambda node, read, made: made,
    "PReLU": lambda node, read, made: made,
    "AbsVal": lambda node, read, made: made,
    "TanH": lambda node, read, made: made,
    "ELU": lambda node, read, made: 2 * made,
    "Sigmoid": lambda node, read, made: 3 * made,
    "BNLL": lambda node, read, made: 5 * made,
    "Exp": lambda node, read, made: 3 * made,
    "Log": lambda node, read, made: made,
    "Swish": lambda node, read, made: 3 * made,
    "Pooling": _pooling,
    "LRN": _lrn,
    "MVN": _mvn,
    "Power": lambda node, read, made: (2 if node.layer.power == 1 else 10) * made,
}
"""By type of layer. Others count two for each multiply-add."""
