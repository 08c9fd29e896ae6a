"""Windows as Caffe has them, where they are larger than the image or far beyond it."""

from __future__ import annotations

import pytest
from window_cases import FAR, LARGE, WILD, check, graph

import proto2net


@pytest.mark.parametrize("name", LARGE)
def test_a_window_larger_than_the_image_gives_what_caffe_gives(name: str, target: str) -> None:
    check(graph(LARGE[name]), target)


@pytest.mark.parametrize("name", FAR)
def test_windows_far_beyond_the_image_need_no_memory(name: str, target: str) -> None:
    check(graph(FAR[name]), target)


@pytest.mark.parametrize("name", ["conv_zero", "poolbomb"])
def test_a_file_with_windows_beyond_the_image_is_right(name: str, target: str) -> None:
    check(proto2net.parse(WILD / f"{name}.prototxt"), target)
