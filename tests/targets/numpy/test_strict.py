"""An emitted NumPy network knows which arrays it has."""

from __future__ import annotations

import pytest
from layer_cases import NAMES, case

import proto2net
from proto2net import backends
from proto2net.backends.numpy.helpers.common import array_paths


@pytest.mark.parametrize("name", [name for name in NAMES if case(name).weights])
def test_a_network_has_just_the_arrays_that_its_file_has(name: str) -> None:
    found = case(name)
    network = proto2net.load(found.graph, found.weights, to="numpy")
    assert array_paths(network) == backends.get("numpy").emit(found.graph).arrays.keys()
