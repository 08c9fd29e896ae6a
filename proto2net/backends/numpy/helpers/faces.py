"""What layers that tell faces compute: pasted where it is used."""

import numpy as np

from proto2net.backends.numpy.helpers.axes import flatten
from proto2net.backends.numpy.helpers.dense import inner_product
from proto2net.backends.numpy.helpers.normalize import scaled


def unit_rows(weight: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Each row of a matrix, L2-normalized."""
    squares = np.square(weight).sum(1, keepdims=True)
    unit: np.ndarray = weight / np.sqrt(squares + np.float32(eps))
    return unit


def unit_inner_product(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    axis: int = 1,
    eps: float = 1e-6,
) -> np.ndarray:
    """A fully connected layer with L2-normalized rows of the weight.

    `axis` is the first axis to flatten.
    """
    return inner_product(x, unit_rows(weight, eps), bias, axis)


def bounded_scaled(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    axis: int = 1,
    low: float | None = None,
    high: float | None = None,
) -> np.ndarray:
    """Scale with a weight that is clamped to [low, high] before use.

    `bias` is added.
    """
    return scaled(x, np.clip(weight, low, high), bias, axis)


def inner_distance(
    x: np.ndarray, weight: np.ndarray, axis: int = 1, squared: bool = True
) -> np.ndarray:
    """The distance of each vector to each row.

    `squared` selects the squared Euclidean distance instead of the L1 distance.
    """
    rows = weight.reshape(len(weight), -1)
    difference = flatten(x, axis)[..., None, :] - rows
    parts = np.square(difference) if squared else np.abs(difference)
    distance: np.ndarray = parts.sum(-1)
    return distance
