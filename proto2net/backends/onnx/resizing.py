"""What changes the sizes of axes: interpolation, and products with matrices that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proto2net.backends.onnx.shapes import check_constant, flattened, joined, shaped, sizes
from proto2net.backends.onnx.values import Value, op
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def with_size(x: Value, size: Value | Sequence[int]) -> Value:
    """The shape that an image has with this height and width."""
    return joined(sizes(x, 0, 2), size)


def interpolated(x: Value, size: Value | Sequence[int]) -> Value:
    """Images of another size, in which the corners stay."""
    corners = "align_corners"
    sized = with_size(x, size)
    return op("Resize", x, None, None, sized, mode="linear", coordinate_transformation_mode=corners)


def check_matrices(old: Sequence[int], new: Sequence[int]) -> None:
    """Refuse to bring axes to other sizes where their matrices are too large."""
    for sizes_of_axis in zip(new, old, strict=True):
        check_constant(*sizes_of_axis)


def times(x: Value, axis: int, matrix: Ndarray, shape: Shape) -> Value:
    """A value of this shape, each vector along the axis brought to another by a matrix."""
    behind = shape[axis + 1 :]
    if not behind:
        return x @ matrix.T
    if len(behind) == 1:
        return op("MatMul", matrix, x)
    product = op("MatMul", matrix, flattened(x, axis + 1))
    return shaped(product, *[0] * (axis + 1), *behind)


def mixed(x: Value, shape: Shape, rows: Ndarray, columns: Ndarray) -> Value:
    """Images whose rows and columns are those of an image of this shape, mixed by matrices."""
    x = times(x, 2, rows.astype("float32"), shape)
    return times(x, 3, columns.astype("float32"), shape)
