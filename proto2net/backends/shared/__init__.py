"""Renderers that NumPy and PyTorch share: a call of the helper that has the same name in both.

They are of the layers of detectors, whose helpers are functions of arrays in Caffe's layout. A
target takes the `RENDERERS` of a family in its own file of that family.
"""

from __future__ import annotations

from collections.abc import Callable

from proto2net.backends.base import Chain, Renderer
from proto2net.layers.base import Layer


def renders(renderers: dict[Chain, Renderer], layer: type[Layer]) -> Callable[[Renderer], Renderer]:
    """Add a renderer of a layer type to these."""

    def register(renderer: Renderer) -> Renderer:
        renderers[layer,] = renderer
        return renderer

    return register
