"""The arrays of layers whose weights have masks, of which one is used."""

from __future__ import annotations

from dataclasses import replace

from proto2net.model import Stored, StoredLayer

_MASKED = ("CConvolution", "CInnerProduct")
"""Dynamic Network Surgery's: what is masked counts as 0."""

_OF_TRAINING = ("INQConvolution", "INQInnerProduct")
"""Those of incremental quantisation: the masks say which weights are trained further."""


def without(stored: StoredLayer) -> StoredLayer:
    """A layer with its weights alone, where a file has as many masks behind them."""
    half, odd = divmod(len(stored.arrays), 2)
    if stored.type not in (*_MASKED, *_OF_TRAINING) or odd:
        return stored
    weights, masks = stored.arrays[:half], stored.arrays[half:]
    if stored.type in _MASKED:
        pairs = zip(weights, masks, strict=True)
        weights = tuple(_masked(*pair) for pair in pairs)
    return replace(stored, arrays=weights)


def _masked(weights: Stored | None, mask: Stored | None) -> Stored | None:
    """Weights times their mask, where both are there and alike."""
    if not weights or not mask or weights.array.shape != mask.array.shape:
        return weights
    return replace(weights, array=weights.array * mask.array)
