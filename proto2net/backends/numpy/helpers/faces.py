"""What layers that tell faces compute: pasted where it is used."""

import numpy as np

from proto2net.backends.numpy.helpers.axes import flatten
from proto2net.backends.numpy.helpers.dense import inner_product
from proto2net.backends.numpy.helpers.normalize import scaled


def unit_rows(weight: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Each row of a matrix, brought to length 1."""
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
    """Each sample times a matrix whose rows are brought to length 1.

    `axis` is the first one of the sample's vector.
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
    """x times a factor that is first brought between two bounds.

    `bias` is what is added.
    """
    return scaled(x, np.clip(weight, low, high), bias, axis)


def inner_distance(
    x: np.ndarray, weight: np.ndarray, axis: int = 1, squared: bool = True
) -> np.ndarray:
    """The sum of what each vector differs by from each row.

    `squared` tells whether that is squared.
    """
    rows = weight.reshape(len(weight), -1)
    difference = flatten(x, axis)[..., None, :] - rows
    parts = np.square(difference) if squared else np.abs(difference)
    distance: np.ndarray = parts.sum(-1)
    return distance
