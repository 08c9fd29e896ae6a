"""Networks with real trained weights compute, blob by blob, what Caffe recorded."""

from __future__ import annotations

import pytest
from pretrained import NAMES, apart


@pytest.mark.parametrize("name", NAMES)
def test_trained_network_agrees_with_caffe(name: str, target: str) -> None:
    assert apart(name, target) == {}
