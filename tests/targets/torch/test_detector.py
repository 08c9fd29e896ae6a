"""What makes the files of models/detector still makes such a network, and it finds its digits."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from places import ROOT

import proto2net

DETECTOR = ROOT / "models" / "detector"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    pytest.importorskip("sklearn", reason="scikit-learn has the digits")
    spec = importlib.util.spec_from_file_location("make_detector", DETECTOR / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_network_is_the_definition_that_is_shipped(make: ModuleType) -> None:
    assert make.Detector().graph == proto2net.parse(DETECTOR / "detector.prototxt")


def test_what_it_learns_is_what_the_definition_takes(make: ModuleType) -> None:
    data = make.load_digits()
    learned = make.trained(data.images[:64], data.target[:64], steps=2)
    net = proto2net.load(DETECTOR / "detector.prototxt", learned, to="numpy")
    photo = make.cv2.imread(str(DETECTOR / "photo.jpg"))[::3, ::3]
    found = proto2net.outputs(net, {"data": make.prepared([photo]).numpy()})
    assert found["detection_out"].shape[-1] == 7
