"""NumPy computes for each layer what Caffe does, in the forward pass."""

from __future__ import annotations

import pytest
from layer_cases import NAMES, case, check_after, check_blobs, computes

from proto2net import backends
from proto2net.layers import LAYERS, Layer

NUMPY = backends.get("numpy")


@pytest.mark.parametrize("name", NAMES)
def test_layer_agrees_with_caffe(name: str) -> None:
    found = case(name)
    check_blobs(found, "numpy")
    if found.after:
        check_after(found, "numpy")


@pytest.mark.parametrize("kind", [*filter(computes, LAYERS.values())], ids=lambda kind: kind.type)
def test_layer_type_is_rendered(kind: type[Layer]) -> None:
    assert NUMPY.supports(kind)
