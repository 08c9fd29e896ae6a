"""Batches as tensors of PyTorch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import IterableDataset, get_worker_info

from proto2net.data.reading import Batches
from proto2net.errors import DataError


class _Dataset(IterableDataset[dict[str, torch.Tensor]]):
    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        if get_worker_info() is not None:
            what = "processes of a DataLoader would each give every batch"
            raise DataError(what, "num_workers=0, and workers= of proto2net.batches for threads")
        for batch in self._batches:
            yield {top: torch.from_numpy(array) for top, array in batch.items()}


def dataset(batches: Batches) -> IterableDataset[dict[str, torch.Tensor]]:
    """The batches for a DataLoader of batch_size=None, or to loop over."""
    return _Dataset(batches)
