"""The arrays of layers whose weights have masks, of which one is used."""

from __future__ import annotations

from dataclasses import replace

from proto2net.model import Stored, StoredLayer

_MASKED = ("CConvolution", "CInnerProduct")
"""Dynamic Network Surgery's: what is masked counts as 0."""

_OF_TRAINING = ("INQConvolution", "INQInnerProduct")
"""Those of incremental quantisation: the masks say which weights are trained further."""


def without(stored: StoredLayer, learned: int) -> StoredLayer:
    """A layer with its `learned` arrays alone, where a file has a mask of each behind them."""
    arrays, masks = stored.arrays[:learned], stored.arrays[learned:]
    if stored.type not in (*_MASKED, *_OF_TRAINING) or len(arrays) != len(masks):
        return stored
    if stored.type in _OF_TRAINING:
        return replace(stored, arrays=arrays)
    masked = [_masked(*pair) for pair in zip(arrays, masks, strict=True)]
    return stored if None in masked else replace(stored, arrays=tuple(masked))


def _masked(weights: Stored | None, mask: Stored | None) -> Stored | None:
    """Weights times their mask, whose axes may differ; None if it has not a number for each."""
    if not weights or not mask or weights.array.size != mask.array.size:
        return None
    return replace(weights, array=weights.array * mask.array.reshape(weights.array.shape))
