"""Blocks of pixels as functions of arrays, to be pasted into an emitted file that uses
them.
"""

import numpy as np


def space_to_batch(
    x: np.ndarray, block: tuple[int, ...], sides: tuple[tuple[int, int], ...]
) -> np.ndarray:
    """Space to batch: each position within a block becomes an image of its own.

    Source: Synopsys' space_to_batch_nd_layer.cpp.
    """
    blocks = len(block)
    x = np.pad(x, [(0, 0), *sides, *[(0, 0)] * (x.ndim - blocks - 1)])
    rest = x.shape[1 + blocks :]
    sizes = [n // b for n, b in zip(x.shape[1:], block, strict=False)]
    shape = [size for pair in zip(sizes, block, strict=True) for size in pair]
    x = x.reshape(len(x), *shape, *rest)
    places, kept = range(2, 2 * blocks + 1, 2), range(1, 2 * blocks, 2)
    x = x.transpose(*places, 0, *kept, *range(2 * blocks + 1, x.ndim))
    return x.reshape(-1, *sizes, *rest)


def batch_to_space(
    x: np.ndarray, block: tuple[int, ...], sides: tuple[tuple[int, int], ...]
) -> np.ndarray:
    """Batch to space: blocks of images become larger images, which are cropped.

    Source: Synopsys' batch_to_space_nd_layer.cpp.
    """
    blocks, size = len(block), x.shape[1:]
    pairs = [axis for i in range(blocks) for axis in (blocks + 1 + i, i)]
    x = x.reshape(*block, -1, *size)
    x = x.transpose(blocks, *pairs, *range(2 * blocks + 1, x.ndim))
    full = [n * b for n, b in zip(size, block, strict=False)]
    x = x.reshape(len(x), *full, *size[blocks:])
    cuts = (slice(a, n - b) for (a, b), n in zip(sides, full, strict=True))
    return x[(slice(None), *cuts)]
