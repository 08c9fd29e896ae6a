"""Networks with real trained weights compute in NumPy, blob by blob, what Caffe recorded."""

from __future__ import annotations

import pytest
from pretrained import NAMES, apart


@pytest.mark.parametrize("name", NAMES)
def test_trained_network_agrees_with_caffe(name: str) -> None:
    assert apart(name, "numpy") == {}
