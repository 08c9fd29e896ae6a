"""A .caffemodel alone is enough: the definition that it carries becomes a network again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import caffemodels as write
import numpy as np
import pytest
from digests import GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st

import proto2net
from proto2net import Graph, Proto2NetError
from proto2net.caffe import prototxt
from proto2net.caffe.schema import LINE
from proto2net.weights import match, read

Saved = Callable[..., Path]

FILES = sorted((GOLDEN / "layers").glob("*/net.caffemodel"))


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Saves a definition in binary, with bytes behind it."""

    def save(text: str, more: bytes = b"") -> Path:
        message = prototxt.read(text)
        for layer in [*message.layer, *message.layers]:
            layer.ClearField(LINE)
        path = tmp_path / "net.caffemodel"
        path.write_bytes(message.SerializeToString() + more)
        return path

    return save


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_what_caffe_wrote_carries_the_definition_it_came_from(path: Path) -> None:
    right = proto2net.parse(path.with_suffix(".prototxt"))
    graph = proto2net.parse(path)
    ...
