"""Hand-written networks compute in a framework what they say."""

from __future__ import annotations

import pytest
from builder_cases import Small, needs_published, published, worst, worst_of_nin


def test_a_network_agrees_with_numpy(target: str) -> None:
    assert worst(Small, (2, 13, 11, 4), target) <= 1e-5


@needs_published
@pytest.mark.parametrize("name", ["nin", "googlenet"])
def test_a_class_written_for_ethereons_tool_agrees_with_numpy(name: str, target: str) -> None:
    assert worst(published(name), (None, 224, 224, 3), target) <= 5e-5


@needs_published
def test_ethereons_nin_agrees_with_caffes(target: str) -> None:
    assert worst_of_nin(target) <= 1e-5
