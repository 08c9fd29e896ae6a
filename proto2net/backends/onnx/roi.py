"""ONNX renderers of proto2net/layers/roi.py. Feature maps may have any size."""

from __future__ import annotations

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import BOTH_INSIDE, beside, columns, numbered
from proto2net.backends.onnx.roi_max import Tables, fits
from proto2net.backends.onnx.shapes import as_index, joined, shaped, sizes
from proto2net.backends.onnx.values import FLOAT, INT64, Either, Value, X, bottoms, op
from proto2net.graph import Node
from proto2net.layers import PSROIPooling, ROIAlign, ROIPooling
from proto2net.layers.roi import REGION, RegionPooling
from proto2net.shape import Shape


def regions(node: Node[RegionPooling]) -> Value:
    """Rows of image and corners, widened if asked for."""
    rois = shaped(bottoms(node)[1], -1, REGION)
    ratio = float(node.layer.pad_ratio)
    if not ratio:
        return rois
    pad = (columns(rois, 3, 5) - columns(rois, 1, 3) + 1.0) * ratio
    start, end = columns(rois, 1, 3) - pad, columns(rois, 3, 5) + pad
    return beside(columns(rois, 0, 1), start, end)


def rounded(x: Value) -> Value:
    """Round to the nearest integer, halves away from zero, as C's round()."""
    size = op("Abs", x)
    whole = op("Floor", size)
    up = op("Cast", op("GreaterOrEqual", size - whole, 0.5), to=FLOAT)
    return op("Sign", x) * (whole + up)


def divided(x: Value, by: int) -> Value:
    """The quotient as C rounds it, of which one a little off may be beyond a whole number.

    OpenVINO divides by multiplying. Here this is made good for by what is left, which is exact:
    the quotient is taken in two parts, whose digits and those of `by` are few.
    """
    share = 1 / by
    near = x * share
    first = op("Floor", near * 256.0) * (1 / 256)
    left = (x - first * float(by)) - (near - first) * float(by)
    return near + left * share


@renders(ROIPooling)
def _roi_pooling(node: Node[ROIPooling]) -> Value | Either:
    layer, rois, shape = node.layer, regions(node), node.bottoms[0].shape
    size, scale = list(layer.pooled_size), float(layer.spatial_scale)
    pooled = op("MaxRoiPool", X, rois, pooled_shape=size, spatial_scale=scale)
    return Either(_maxima(rois, layer, shape), pooled) if fits(shape) else pooled


def _maxima(rois: Value, layer: ROIPooling, shape: Shape) -> Value:
    """The maximum of each bin, and 0 of an empty one, with operators that OpenCV has."""
    corners = rounded(columns(rois, 1, 5) * float(layer.spatial_scale))
    rows, across = (
        _ends(corners, side, bins, limit)
        for side, bins, limit in zip((1, 0), layer.pooled_size, shape[2:], strict=True)
    )
    most = Tables(shape).maximum(columns(rois, 0, 1), rows, across)
    full = op(
        "And",
        op("Unsqueeze", op("Greater", rows[1], rows[0]), [1, 3]),
        op("Unsqueeze", op("Greater", across[1], across[0]), [1, 2]),
    )
    return op("Where", full, most, 0.0)


def _ends(corners: Value, side: int, bins: int, limit: int) -> tuple[Value, Value]:
    """Where bins of regions start and end along an axis."""
    start, end = columns(corners, side, side + 1), columns(corners, side + 2, side + 3)
    each = divided(op("Max", end - start + 1.0, 1.0), bins)
    edges = each @ [[float(index) for index in range(bins + 1)]]
    found = op("Floor", columns(edges, 0, bins)), op("Ceil", columns(edges, 1, bins + 1))
    first, last = (op("Min", op("Max", each + start, 0.0), float(limit)) for each in found)
    return first, last


# ---- means ----------------------------------------------------------------------------------


@renders(PSROIPooling)
def _psroi_pooling(node: Node[PSROIPooling]) -> Value:
    """Sums of rows and columns as products with masks of 1 and 0, over how many there are.

    First each row of a plane is summed over the columns of each bin: (column of bins, channel and
    row of bins and row of pixels, region). Then the rows of each bin are summed.
    """
    layer, bins = node.layer, node.layer.group_size
    rois = shaped(bottoms(node)[1], -1, REGION)
    corners = (rounded(columns(rois, 1, 5)) + BOTH_INSIDE) * float(layer.spatial_scale)
    across, width = _bins(corners, 0, bins, numbered(X, 3))
    down, height = _bins(corners, 1, bins, numbered(X, 2))
    own = op("Equal", op("Floor", columns(rois, 0, 1)), numbered(X, 0))
    own = shaped(op("Cast", own, to=FLOAT), 0, 1, -1, 1)
    down = op("Transpose", op("Unsqueeze", down, [2]) * own, perm=[1, 2, 3, 0])
    number = sizes(rois, 0, 1)
    down = op("Reshape", down, joined([bins, -1], number))
    planes = op("Transpose", X, perm=[1, 0, 2, 3])
    planes = op("Reshape", planes, joined([layer.output_dim * bins, bins, -1], sizes(X, 3, 4)))
    planes = op(
        "Reshape", op("Transpose", planes, perm=[1, 0, 2, 3]), joined([bins, -1], sizes(X, 3, 4))
    )
    rows = planes @ op("Transpose", across, perm=[1, 2, 0])
    rows = op("Reshape", rows, joined([bins, layer.output_dim, bins, -1], number))
    total = op("ReduceSum", rows * down, axes=[3], keepdims=0)
    return op("Transpose", total, perm=[3, 1, 2, 0]) / _area(height, width)


def _bins(corners: Value, axis: int, bins: int, places: Value) -> tuple[Value, Value]:
    """Which places along an axis each bin of each region has, 1 or 0, and how many."""
    start, end = columns(corners, axis, axis + 1), columns(corners, axis + 2, axis + 3)
    size = op("Max", end - start, 0.1)
    each = divided(size, bins)
    # A product of matrices, as OpenVINO rounds a product and its sum once.
    index = [[float(index) for index in range(bins + 1)]]
    edges = each @ index + start
    first = op("Floor", columns(edges, 0, bins))
    last = op("Ceil", columns(edges, 1, bins + 1))
    begun = op("GreaterOrEqual", places, op("Unsqueeze", first, [2]))
    going = op("Less", places, op("Unsqueeze", last, [2]))
    mask = op("Cast", op("And", begun, going), to=FLOAT)
    return mask, op("ReduceSum", mask, axes=[2], keepdims=0)


def _area(height: Value, width: Value) -> Value:
    """How many places each bin has; 1 for an empty one, whose sum is 0."""
    area = op("Unsqueeze", height, [2]) * op("Unsqueeze", width, [1])
    return op("Unsqueeze", op("Max", area, 1.0), [1])


# ---- interpolation --------------------------------------------------------------------------


@renders(ROIAlign)
def _roi_align(node: Node[ROIAlign]) -> Value:
    rois = regions(node)
    corners = columns(rois, 1, 5) * float(node.layer.spatial_scale) - 0.5
    start, size = columns(corners, 0, 2), columns(corners, 2, 4) - columns(corners, 0, 2)
    y = sampled(rois, start, size, node.layer.pooled_size, node.bottoms[0].shape, last=True)
    whole = op("Greater", op("ReduceMin", size, axes=[1], keepdims=1), 0.0)
    return y * shaped(op("Cast", whole, to=FLOAT), -1, 1, 1, 1)


def sampled(
    rois: Value, start: Value, size: Value, bins: tuple[int, int], shape: Shape, *, last: bool
) -> Value:
    """Values at the first corner of each bin of each region, and at the `last` ones' ends."""
    rows, across = (
        columns(start, side, side + 1)
        + columns(size, side, side + 1) / float(count) * [float(i) for i in range(count + last)]
        for side, count in zip((1, 0), bins, strict=True)
    )
    return interpolated(X, columns(rois, 0, 1), rows, across, shape)


def interpolated(x: Value, image: Value, rows: Value, across: Value, shape: Shape) -> Value:
    """Values between those of the planes of images (N, 1), at rows (N, H) and columns (N, W).

    Half a pixel beyond the plane they are those at its border, and further away 0.
    """
    height, width = sizes(x, 2, 3), sizes(x, 3, 4)
    above, below, down, in_column = _neighbours(rows, height)
    left, right, along, in_row = _neighbours(across, width)
    pixels = shaped(op("Transpose", x, perm=[0, 2, 3, 1]), -1, shape[1])
    image, along = op("Unsqueeze", as_index(image), [2]), shaped(along, 0, 1, -1, 1)

    def at(row: Value, column: Value) -> Value:
        line = (image * height + op("Unsqueeze", row, [2])) * width
        return op("Gather", pixels, line + op("Unsqueeze", column, [1]))

    upper, lower = (
        at(row, left) * (1.0 - along) + at(row, right) * along for row in (above, below)
    )
    down = shaped(down, 0, -1, 1, 1)
    inside = op("Unsqueeze", in_column, [2]) * op("Unsqueeze", in_row, [1])
    y = ((1.0 - down) * upper + down * lower) * op("Unsqueeze", inside, [3])
    return op("Transpose", y, perm=[0, 3, 1, 2])


def _neighbours(place: Value, length: Value) -> tuple[Value, Value, Value, Value]:
    """The pixels before and behind places, the share of the latter, and 1 for what is inside."""
    end = op("Cast", length, to=FLOAT)
    beyond = op("Or", op("Less", place, -0.5), op("Greater", place, end - 0.5))
    inside = 1.0 - op("Cast", beyond, to=FLOAT)
    last = end - 1.0
    before, behind = (
        op("Max", op("Min", op("Floor", place) + further, last), 0.0) for further in (0.0, 1.0)
    )
    share = op("Max", op("Min", place, last), 0.0) - before
    return op("Cast", before, to=INT64), op("Cast", behind, to=INT64), share, inside
