"""A CRF computes in a framework what it does in NumPy, for images and batches of any size."""

from __future__ import annotations

import numpy as np
import pytest
from crf_cases import net
from layer_cases import assert_close

import proto2net

TEXT = "num_iterations: 3 theta_alpha: 30 theta_beta: 4 theta_gamma: 2"


@pytest.mark.parametrize("size", [(1, 6, 10), (3, 13, 11)])
def test_a_crf_agrees_with_numpy_at_any_size(size: tuple[int, int, int], target: str) -> None:
    n, *plane = size
    declared = {}
    if target == "tf":  # a Keras model has a CRF for images of one size, in any batch
        declared = {"scores": (1, 4, *plane), "start": (1, 4, *plane), "image": (1, 3, *plane)}
    rng = np.random.default_rng(7)
    scores, start = rng.normal(0, 3, (2, n, 4, *plane)).astype(np.float32)
    image = rng.integers(-120, 120, (n, 3, 1, plane[1])) + rng.integers(-4, 4, (n, 3, *plane))
    feeds = {"scores": scores, "start": start, "image": image.astype(np.float32)}
    right, found = (
        proto2net.blobs(proto2net.load(net(TEXT, **declared), to=to), feeds)["y"]
        for to in ("numpy", target)
    )
    assert_close(found, right, 1e-5, "y")
