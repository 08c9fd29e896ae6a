"""Batches of a training as tensors of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from data_cases import case
from torch.utils.data import DataLoader

from proto2net import DataError, data


def test_a_dataset_gives_the_batches_as_tensors_in_their_order() -> None:
    recorded = case("data_lmdb_uint8")
    loader = DataLoader(data.torch_dataset(recorded.batches(workers=2)), batch_size=None)
    for batch, right in zip(loader, recorded.expected, strict=False):
        assert {top: tensor.dtype for top, tensor in batch.items()} == dict.fromkeys(
            right, torch.float32
        )
        for top, array in right.items():
            np.testing.assert_array_equal(batch[top].numpy(), array)


def test_a_dataset_goes_on_where_the_batches_are() -> None:
    recorded = case("data_lmdb_uint8")
    batches = recorded.batches()
    dataset = data.torch_dataset(batches)
    next(iter(dataset))
    state = batches.state()
    batches.restore(state)
    second = next(iter(dataset))
    np.testing.assert_array_equal(second["data"].numpy(), recorded.expected[1]["data"])


def test_processes_of_a_loader_are_refused() -> None:
    dataset = data.torch_dataset(case("data_lmdb_uint8").batches())
    loader = DataLoader(dataset, batch_size=None, num_workers=1)
    with pytest.raises(DataError, match="workers= of proto2net"):
        next(iter(loader))
