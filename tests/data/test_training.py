"""The first loss of a training that Caffe recorded is that of its first batch."""

from __future__ import annotations

import numpy as np
import pytest
from reference import REFERENCE

import proto2net

TRAINING = REFERENCE / "golden" / "data" / "train_sgd"


@pytest.mark.skipif(not TRAINING.is_dir(), reason="the recorded training is not here")
def test_the_first_batch_has_the_loss_that_caffe_logged() -> None:
    net = TRAINING / "train_test.prototxt"
    batch = next(proto2net.batches(net))
    options = {"inputs": {"data": batch["data"].shape}, "phase": "train"}
    network = proto2net.load(net, TRAINING / "start.caffemodel", to="numpy", **options)
    loss = proto2net.blobs(network, batch)["loss"]
    right = np.load(TRAINING / "expected.npz")["loss"][0]
    np.testing.assert_allclose(loss, right, rtol=1e-6)
