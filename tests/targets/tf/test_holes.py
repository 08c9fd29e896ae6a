"""Holes in Keras models."""

from __future__ import annotations

import numpy as np
import pytest
from holes import HOLES, INPUT, UNKNOWN

from proto2net import load


def test_a_model_is_built_around_a_hole_which_raises_when_it_is_run() -> None:
    model = load(INPUT + UNKNOWN, to="tf", holes=HOLES)
    assert model.get_layer("my_rois").output[0].shape == (None, 5)
    with pytest.raises(NotImplementedError, match="it makes 300 x 5 and 300"):
        model(np.zeros((2, 5, 7, 3), "float32"))
