"""Arguments of the helpers of all targets for proto2net/layers/sampling.py."""

from __future__ import annotations

from proto2net.layers import SpatialTransformer


def preset(layer: SpatialTransformer) -> tuple[object, object]:
    """The numbers of the affine map that the file has, beside the helpers' default."""
    given = layer.preset
    return (() if set(given) == {None} else given, ())
