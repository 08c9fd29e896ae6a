"""Keras computes for each layer what Caffe does, forward and backward."""

from __future__ import annotations

import pytest
from layer_cases import (
    NAMES,
    case,
    check_after,
    check_blobs,
    check_gradients,
    computes,
    covered,
)
from tf_gradients import differentiate

import proto2net
from proto2net import backends
from proto2net.errors import UnsupportedError
from proto2net.layers import LAYERS, Layer

TF = backends.get("tf")

UNSUPPORTED = {
    "detection_output_eta": "with eta",
    "ip_transpose_shared": "shares some of its learned blobs with another layer",
}
"""Cases that Keras cannot say, and what is told of them."""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNSUPPORTED])
def test_layer_agrees_with_caffe(name: str) -> None:
    found = case(name)
    check_blobs(found, "tf")
    if found.after:
        check_after(found, "tf")
    if found.gradients is not None:
        check_gradients(found, "tf", differentiate)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_keras_cannot_say_is_told(name: str) -> None:
    with pytest.raises(UnsupportedError, match=UNSUPPORTED[name]):
        proto2net.convert(case(name).graph, to="tf")


@pytest.mark.parametrize("kind", [*filter(computes, LAYERS.values())], ids=lambda kind: kind.type)
def test_layer_type_is_rendered_and_has_a_case(kind: type[Layer]) -> None:
    assert TF.supports(kind) or kind in TF.unsupported
    assert kind in covered()
