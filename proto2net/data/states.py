"""Where readers are, as numbers and texts, and back: what JSON holds."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.errors import DataError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def number(state: Mapping[str, Any], name: str, most: float = float("inf")) -> int:
    """A number of a state, from 0 to below `most`."""
    found = state.get(name)
    if not isinstance(found, int) or not 0 <= found < most:
        raise DataError(f"the state has {name} = {str(found)[:40]}", "it belongs to other data")
    return found


def order(state: Mapping[str, Any], name: str, size: int) -> Ndarray:
    """The order of a state, in which so many are shuffled."""
    found = state.get(name)
    if not isinstance(found, np.ndarray) or not np.array_equal(np.sort(found), np.arange(size)):
        raise DataError(f"the state has no {name} of {size:,}", "it belongs to other data")
    return found


_PACKED = "base64"


def plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with its arrays as texts."""
    return {name: _packed(value) for name, value in state.items()}


def _packed(value: Any) -> Any:
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, np.ndarray):
        return {_PACKED: base64.b64encode(value.astype("<u4").tobytes()).decode()}
    return value


def arrays(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with its texts as the arrays that they were."""
    return {name: _unpacked(value) for name, value in state.items()}


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if _PACKED not in value:
        return arrays(value)
    try:
        return np.frombuffer(base64.b64decode(value[_PACKED]), "<u4").astype(np.uint32)
    except (TypeError, ValueError):
        raise DataError("the state is damaged") from None
