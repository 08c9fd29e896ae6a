"""Helpers for products with a matrix: functions of float32 arrays in Caffe's layout.

Each computes what the CPU code of the named Caffe file does.
"""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np

from proto2net.backends.numpy.helpers.axes import flatten


def inner_product(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    axis: int = 1,
    transpose: bool = False,
) -> np.ndarray:
    """A fully connected layer: each sample, flattened, times a matrix.

    Source: inner_product_layer.cpp.
    `axis` is the first axis to flatten.
    """
    matrix, x = weight if transpose else weight.T, flatten(x, axis)
    if x.shape[-1] != len(matrix):
        raise ValueError(f"{x.shape} should have {len(matrix)} values in its last axis")
    top = x @ matrix
    return top if bias is None else top + bias


def embed(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    """The row of a matrix for each index (embed_layer.cpp)."""
    top = weight[x.astype(int)]
    return top if bias is None else top + bias
