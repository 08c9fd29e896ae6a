"""What PyTorch lacks for blocks of pixels, to be pasted into an emitted file that uses
it.
"""

import torch
import torch.nn.functional as F


def mirror_pad(
    x: torch.Tensor, sides: tuple[tuple[int, int], ...], mode: str
) -> torch.Tensor:
    """np.pad for tensors: padding before and after each axis, in this mode."""
    for axis, (before, behind) in enumerate(sides):
        n = x.shape[axis]
        place = torch.arange(-before, n + behind, device=x.device)
        if mode == "edge":
            place = place.clamp(0, n - 1)
        if mode == "reflect":
            place = n - 1 - (n - 1 - place.abs()).abs()
        if mode == "symmetric":
            place = torch.minimum(torch.maximum(place, -1 - place), 2 * n - 1 - place)
        x = x.index_select(axis, place)
    return x


def space_to_batch(
    x: torch.Tensor, block: tuple[int, ...], sides: tuple[tuple[int, int], ...]
) -> torch.Tensor:
    """Space to batch: each position within a block becomes an image of its own."""
    blocks = len(block)
    around = [*[0] * 2 * (x.dim() - blocks - 1), *sum(reversed(sides), ())]
    x = F.pad(x, around)
    for axis, size in enumerate(block):
        x = torch.unflatten(x, 2 * axis + 1, (-1, size))
    places, kept = range(2, 2 * blocks + 1, 2), range(1, 2 * blocks, 2)
    x = x.permute(*places, 0, *kept, *range(2 * blocks + 1, x.dim()))
    return x.flatten(0, blocks)


def batch_to_space(
    x: torch.Tensor, block: tuple[int, ...], sides: tuple[tuple[int, int], ...]
) -> torch.Tensor:
    """Batch to space: blocks of images become larger images, which are cropped."""
    blocks = len(block)
    x = x.reshape(*block, -1, *x.shape[1:])
    pairs = [axis for i in range(blocks) for axis in (blocks + 1 + i, i)]
    x = x.permute(blocks, *pairs, *range(2 * blocks + 1, x.dim()))
    for axis, (before, behind) in enumerate(sides, 1):
        x = x.flatten(axis, axis + 1)
        x = x.narrow(axis, before, x.shape[axis] - before - behind)
    return x
