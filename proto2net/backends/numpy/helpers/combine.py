"""Helpers that join or split blobs: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np


def eltwise_max(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """The greatest of each element; a NaN in the first loses (eltwise_layer.cpp)."""
    top = np.where(first > others[0], first, others[0])
    for other in others[1:]:
        top = np.where(other > top, other, top)
    return top
