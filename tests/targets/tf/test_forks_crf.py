"""A CRF in Keras computes what it does in NumPy, for batches of any size."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from crf_cases import net
from layer_cases import assert_close

import proto2net

PARAMETERS = "num_iterations: 3 theta_alpha: 30 theta_beta: 4 theta_gamma: 2"


@pytest.mark.parametrize("size", [(1, 6, 10), (3, 13, 11)])
def test_a_crf_agrees_with_numpy(size: tuple[int, int, int]) -> None:
    n, *plane = size
    text = net(PARAMETERS, scores=(1, 4, *plane), start=(1, 4, *plane), image=(1, 3, *plane))
    rng = np.random.default_rng(7)
    scores, start = rng.normal(0, 3, (2, n, 4, *plane)).astype(np.float32)
    image = rng.integers(-120, 120, (n, 3, 1, plane[1])) + rng.integers(-4, 4, (n, 3, *plane))
    feeds = {"scores": scores, "start": start, "image": image.astype(np.float32)}
    right, found = (
        proto2net.blobs(proto2net.load(text, to=to), feeds)["y"] for to in ("numpy", "tf")
    )
    assert_close(found, right, 1e-5, "y")


def test_a_compiled_crf_and_a_saved_one_are_the_same(tmp_path: Path) -> None:
    model = proto2net.load(net(PARAMETERS), to="tf")
    model.save(tmp_path / "crf.keras")
    again = keras.saving.load_model(tmp_path / "crf.keras")
    rng = np.random.default_rng(7)
    feeds = [rng.uniform(-9, 9, (3, 5, 7, c)).astype(np.float32) for c in (4, 4, 3)]
    right = model(feeds).numpy()
    for network in (model, again):
        assert_close(network.predict(feeds, verbose=0), right, 1e-5, "y")
