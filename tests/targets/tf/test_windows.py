"""Keras has the windows that Caffe has, where they are larger than the image or far beyond it."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from window_cases import FAR, LARGE, WILD, check, graph

import proto2net


@pytest.mark.parametrize("name", LARGE)
def test_a_window_larger_than_the_image_gives_what_caffe_gives(name: str) -> None:
    check(graph(LARGE[name]), "tf")


def test_a_cut_window_goes_round_through_a_keras_file(tmp_path: Path) -> None:
    network = proto2net.load(graph(LARGE["im2col"]), {}, to="tf")
    network.save(tmp_path / "network.keras")
    other = keras.saving.load_model(tmp_path / "network.keras")
    (cut,) = (layer for layer in other.layers if type(layer).__name__ == "CutWindows")
    assert (tuple(cut.size), tuple(cut.strides)) == ((5, 5), (1, 1))
    assert [layer.name for layer in other.layers] == [layer.name for layer in network.layers]


@pytest.mark.parametrize("name", FAR)
def test_windows_far_beyond_the_image_need_no_memory(name: str) -> None:
    check(graph(FAR[name]), "tf")


@pytest.mark.parametrize("name", ["conv_zero", "poolbomb"])
def test_a_file_with_windows_beyond_the_image_is_right(name: str) -> None:
    check(proto2net.parse(WILD / f"{name}.prototxt"), "tf")
