"""A trained MobileNet-YOLO computes in a framework what it does in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from forks_cases import TUSIMPLE, TUSIMPLE_WEIGHTS
from layer_cases import assert_close

import proto2net


@pytest.mark.skipif(not TUSIMPLE_WEIGHTS.is_file(), reason="the trained model is not here")
def test_a_trained_mobilenet_yolo_agrees_with_numpy(target: str) -> None:
    graph = proto2net.parse(TUSIMPLE / "deploy.prototxt", inputs={"data": (1, 3, 96, 128)})
    x = np.random.default_rng(5).standard_normal((1, 3, 96, 128)).astype(np.float32)
    right, found = (
        proto2net.blobs(proto2net.load(graph, TUSIMPLE_WEIGHTS, to=to), {"data": x})
        for to in ("numpy", target)
    )
    for name, blob in right.items():
        assert_close(found[name], blob, 1e-4, name)
