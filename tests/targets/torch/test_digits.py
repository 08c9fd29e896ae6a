"""What makes the files of models/digits still makes such a network."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pytest
from photos import DIGITS

import proto2net


@pytest.fixture(scope="module")
def make() -> ModuleType:
    pytest.importorskip("sklearn", reason="scikit-learn has the digits")
    spec = importlib.util.spec_from_file_location("make_digits", DIGITS / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_network_is_the_definition_that_is_shipped(make: ModuleType) -> None:
    assert make.Digits().graph == proto2net.parse(DIGITS / "digits.prototxt")


def test_what_it_learns_is_what_the_definition_takes(make: ModuleType) -> None:
    images, labels = make.digits()
    learned = make.trained(images[:64].astype(np.float32) / 256, labels[:64], steps=2)
    (found,) = proto2net.predict(
        DIGITS / "digits.prototxt", learned, [images[0]], scale=1 / 256, to="numpy"
    )
    assert len(found.classes) == 5
