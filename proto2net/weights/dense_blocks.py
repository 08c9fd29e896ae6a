"""The arrays of caffe_ocr's DenseBlock, for the layers that it is written out as."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from proto2net.model import Stored, StoredLayer

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def parts(stored: StoredLayer, names: Collection[str]) -> list[StoredLayer]:
    """What a file has for a DenseBlock, layer by layer, if the network has it written out.

    `names` are those of the network's layers. None, where it is no DenseBlock or lacks an array.
    """
    arrays = [each for each in stored.arrays if each]
    bottleneck = f"{stored.name}_1/bottleneck/bn" in names
    kinds = 10 if bottleneck else 5
    count, rest = divmod(len(arrays), kinds)
    known = f"{stored.name}_1/bn" in names and len(arrays) == len(stored.arrays)
    if not known or rest != 1:
        return []
    rows = [arrays[count * kind : count * (kind + 1)] for kind in range(kinds)]
    if not bottleneck:
        return [*_convolutions(stored.name, rows, arrays[-1], flipped=True)]
    # What stands first normalizes what the block reads, so it goes to the bottleneck.
    rows_of_bottleneck, rows = [rows[5], *rows[1:5]], [rows[0], *rows[6:]]
    return [
        *_convolutions(stored.name, rows_of_bottleneck, arrays[-1], "/bottleneck"),
        *_convolutions(stored.name, rows, arrays[-1], flipped=True),
    ]


def _convolutions(
    block: str,
    rows: Sequence[Sequence[Stored]],
    factor: Stored,
    suffix: str = "",
    *,
    flipped: bool = False,
) -> Iterator[StoredLayer]:
    """The layers of one kind of convolutions; caffe_ocr's of 3 x 3 have their filters flipped."""
    for number, row in enumerate(zip(*rows, strict=True), start=1):
        name = f"{block}_{number}{suffix}"
        filters, scale, bias, mean, variance = row
        if flipped and filters.array.ndim == 4:  # else it is told that they do not fit
            filters = replace(filters, array=filters.array[:, :, ::-1, ::-1])
        statistics = [_vector(mean), _vector(variance), _divisor(factor)]
        yield StoredLayer(f"{name}/bn", tuple(statistics))
        yield StoredLayer(f"{name}/scale", (_vector(scale), _vector(bias)))
        yield StoredLayer(f"{name}/conv", (filters,))


def _vector(stored: Stored) -> Stored:
    """The values of the channels, which have axes of 1 around them."""
    return replace(stored, array=stored.array.reshape(-1))


def _divisor(stored: Stored) -> Stored:
    """What sums are divided by: 1 in the place of the 0 that is there after training on a GPU."""
    array: Ndarray = stored.array.reshape(-1)
    return replace(stored, array=array + (array == 0))
