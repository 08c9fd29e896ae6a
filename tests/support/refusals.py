"""What is told of a layer that Caffe refuses."""

from __future__ import annotations

import pytest

from proto2net.errors import ShapeError
from proto2net.layers import Layer
from proto2net.shape import Shapes


def told(layer: Layer, bottoms: Shapes, tops: int) -> str:
    """The sentence with which a layer is refused before anything runs."""
    with pytest.raises(ShapeError) as refusal:
        _set_up(layer, bottoms, tops)
    return refusal.value.issues[0].message


def _set_up(layer: Layer, bottoms: Shapes, tops: int) -> None:
    layer.check_counts(len(bottoms), tops)
    layer.infer(bottoms, tops)
