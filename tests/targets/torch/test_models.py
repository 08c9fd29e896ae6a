"""What makes the files of models/digits and models/detector still makes such networks."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pytest
from photos import DIGITS
from places import ROOT

import proto2net

DETECTOR = ROOT / "models" / "detector"


def maker(folder: str) -> ModuleType:
    """The script that makes the files of a folder of models/."""
    pytest.importorskip("sklearn", reason="scikit-learn has the digits")
    path = ROOT / "models" / folder / "make.py"
    spec = importlib.util.spec_from_file_location(f"make_{folder}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_network_of_digits_is_the_definition_that_is_shipped() -> None:
    assert maker("digits").Digits().graph == proto2net.parse(DIGITS / "digits.prototxt")


def test_the_detector_is_the_definition_that_is_shipped() -> None:
    shipped = proto2net.parse(DETECTOR / "detector.prototxt")
    assert maker("detector").Detector().graph == shipped


def test_what_the_network_of_digits_learns_is_what_its_definition_takes() -> None:
    make = maker("digits")
    images, labels = make.digits()
    learned = make.trained(images[:64].astype(np.float32) / 256, labels[:64], steps=2)
    (found,) = proto2net.predict(
        DIGITS / "digits.prototxt", learned, [images[0]], scale=1 / 256, to="numpy"
    )
    assert len(found.classes) == 5


def test_what_the_detector_learns_is_what_its_definition_takes() -> None:
    make = maker("detector")
    data = make.load_digits()
    learned = make.trained(data.images[:64], data.target[:64], steps=2)
    net = proto2net.load(DETECTOR / "detector.prototxt", learned, to="numpy")
    photo = make.cv2.imread(str(DETECTOR / "photo.jpg"))[::3, ::3]
    found = proto2net.outputs(net, {"data": make.prepared([photo]).numpy()})
    assert found["detection_out"].shape[-1] == 7
