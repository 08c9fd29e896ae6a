"""Helpers that change the axes of a blob, which PyTorch lacks: pasted where they are
used.
"""

import torch


def arg_max(
    x: torch.Tensor, top_k: int = 1, axis: int | None = None, out_max_val: bool = False
) -> torch.Tensor:
    """The indices of the top_k greatest values, as floats; of ties, the last first.

    `axis` is the axis to search. None searches each whole sample, flattened.
    `out_max_val` adds the values as a second channel; with an axis, it returns them
    instead of the indices.
    """
    values = x.reshape(x.shape[0], -1) if axis is None else x
    dim = 1 if axis is None else axis
    last = values.shape[dim] - 1
    values, order = values.flip(dim).sort(stable=True, dim=dim, descending=True)
    values = values.narrow(dim, 0, top_k)
    indices = (last - order.narrow(dim, 0, top_k)).to(x.dtype)
    if axis is not None:
        return values if out_max_val else indices
    rows = torch.stack((indices, values) if out_max_val else (indices,), dim=1)
    return rows.reshape(*rows.shape, *[1] * (x.dim() - 3))


def shuffle_channel(x: torch.Tensor, groups: int) -> torch.Tensor:
    """Channel shuffle: the first channel of each group, then each second one, ..."""
    apart = x.reshape(len(x), groups, -1, *x.shape[2:])
    return apart.transpose(1, 2).reshape(x.shape)
