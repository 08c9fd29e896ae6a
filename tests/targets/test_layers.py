"""A target computes for each layer what Caffe does, forward and, but for NumPy, backward."""

from __future__ import annotations

import pytest
from layer_cases import NAMES, UNSUPPORTED, case, computes, covered
from targets import check

import proto2net
from proto2net import backends
from proto2net.errors import UnsupportedError
from proto2net.layers import LAYERS, Layer


@pytest.mark.parametrize("name", NAMES)
def test_layer_agrees_with_caffe(name: str, target: str) -> None:
    told = UNSUPPORTED.get(target, {}).get(name)
    if told is None:
        check(case(name), target)
        return
    with pytest.raises(UnsupportedError, match=told):
        proto2net.convert(case(name).graph, to=target)


@pytest.mark.parametrize("kind", [*filter(computes, LAYERS.values())], ids=lambda kind: kind.type)
def test_layer_type_is_rendered_and_has_a_case(kind: type[Layer], target: str) -> None:
    backend = backends.get(target)
    told = target != "numpy" and kind in backend.unsupported  # NumPy has to compute all of them
    assert backend.supports(kind) or told
    assert kind in covered()
