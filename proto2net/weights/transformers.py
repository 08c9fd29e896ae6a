"""The arrays of MyCaffe's TransformerBlock, for the layers that it is written out as."""

from __future__ import annotations

from collections.abc import Collection

from proto2net.caffe.transformers import MATRICES
from proto2net.model import StoredLayer


def parts(stored: StoredLayer, names: Collection[str]) -> list[StoredLayer]:
    """What a file has for a TransformerBlock, layer by layer, if the network has it written out.

    `names` are those of the network's layers. None, where it is no TransformerBlock.
    """
    arrays = stored.arrays
    layers = [f"{stored.name}/{matrix}" for matrix in MATRICES]
    if len(arrays) != 2 * len(layers) or not set(layers).issubset(names):
        return []
    pairs = zip(layers, arrays[::2], arrays[1::2], strict=True)
    return [StoredLayer(name, (weight, bias)) for name, weight, bias in pairs]
