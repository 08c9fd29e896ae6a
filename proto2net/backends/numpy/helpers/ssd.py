"""SSD's layers as functions of arrays; an emitted file has those that it uses. Never imported."""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import math

import numpy as np


def normalize(
    x: np.ndarray,
    weight: np.ndarray,
    across_spatial: bool = True,
    eps: float = 1e-10,
) -> np.ndarray:
    """Divide each image, or each pixel, by its norm, and scale (SSD's normalize_layer.cpp)."""
    axis = tuple(range(1, x.ndim)) if across_spatial else 1
    norm = np.sqrt(np.square(x).sum(axis, keepdims=True) + np.float32(eps))
    return x / norm * weight.reshape(-1, *[1] * (x.ndim - 2))


def normalize_pixels(
    x: np.ndarray, norm: str = "L2", eps: float = 1e-6
) -> tuple[np.ndarray, np.ndarray]:
    """Divide each pixel by its norm; and the norms (happynear's normalize_layer.cpp)."""
    x = x.reshape((*x.shape, 1, 1)[:4])
    total = (np.abs(x) if norm == "L1" else np.square(x)).sum(1, keepdims=True)
    size = total + np.float32(eps)
    size = size if norm == "L1" else np.sqrt(size)
    return x / size, size


def box_sizes(
    min_size: list[int], max_size: list[int], aspect_ratio: list[float], flip: bool
) -> list[tuple[float, float]]:
    """Width and height of each box around a place, in their order (prior_box_layer.cpp)."""
    sizes: list[tuple[float, float]] = []
    ratios = [r for a in aspect_ratio for r in ((a, 1 / a) if flip else (a,))]
    for index, size in enumerate(min_size):
        squares = [size, *(math.sqrt(size * m) for m in max_size[index : index + 1])]
        sizes += [(side, side) for side in squares]
        sizes += [(size * math.sqrt(r), size / math.sqrt(r)) for r in ratios]
    return sizes


def squares_in_rows(
    min_size: list[int], rows: list[int]
) -> tuple[list[float], list[tuple[float, float]]]:
    """FaceBoxes' squares around a place: their sides, and how far their centers are from it."""
    squares = [
        (size - 1.0, (x * size / 4, y * size / 4))
        for size, row in zip(min_size, rows, strict=True)
        for y in range(-(row // 2), (row + 1) // 2)
        for x in range(-(row // 2), (row + 1) // 2)
    ]
    return [side for side, _ in squares], [shift for _, shift in squares]


def prior_box(
    feature: np.ndarray,
    image: np.ndarray,
    min_size: list[int],
    max_size: list[int] | None = None,
    aspect_ratio: list[float] | None = None,
    flip: bool = True,
    clip: bool = False,
    variance: tuple[float, ...] = (0.1,),
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    denser: bool = False,
    rows_of_each: list[int] | None = None,
) -> np.ndarray:
    """Boxes around each place, as shares of the image, and variances (prior_box_layer.cpp).

    `denser` has each again at the lower end of its place, as TextBoxes has. `rows_of_each` has
    squares in rows around each place, as FaceBoxes has.
    """
    rows, columns = feature.shape[2:]
    height, width = image_size or image.shape[2:]
    down, across = step or (height / rows, width / columns)
    y, x = (np.arange(rows) + offset) * down, (np.arange(columns) + offset) * across
    half = np.array(box_sizes(min_size, max_size or [], aspect_ratio or [], flip)) / 2
    half, shift = half[:, None], np.zeros(2)
    if rows_of_each:
        sides, shifts = squares_in_rows(min_size, rows_of_each)
        half, shift = np.array(sides)[:, None, None] / 2, np.array(shifts)[:, None]
    levels = [y, (np.arange(rows) + 1) * down] if denser else [y]
    centers = [np.stack(np.meshgrid(x, level), axis=-1) for level in levels]
    center = np.stack(centers, axis=-2)[:, :, None] + shift
    boxes = np.concatenate((center - half, center + half), axis=-1)
    boxes = boxes / [width, height, width, height]
    if clip:
        boxes = boxes.clip(0, 1)
    variances = np.broadcast_to(variance, boxes.shape)
    return np.stack((boxes.ravel(), variances.ravel()))[None].astype(np.float32)


def decode_boxes(loc: np.ndarray, prior: np.ndarray, code_type: str) -> np.ndarray:
    """The boxes that predictions mean, relative to prior boxes (bbox_util.cpp)."""
    start, end = np.split(prior, 2, axis=-1)
    size = end - start
    if code_type == "CORNER":
        return prior + loc
    if code_type == "CORNER_SIZE":
        return prior + loc * np.concatenate((size, size), axis=-1)
    shift, growth = np.split(loc, 2, axis=-1)
    center, half = (start + end) / 2 + shift * size, np.exp(growth) * size / 2
    return np.concatenate((center - half, center + half), axis=-1)


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What a box shares with each of others, of what they cover together (bbox_util.cpp)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = sides.clip(0).prod(1)
    area, areas = ((b[..., 2:] - b[..., :2]).clip(0).prod(-1) for b in (box, boxes))
    together = np.where(shared > 0, area + areas - shared, 1)
    return shared / together


def non_maximum_suppression(
    boxes: np.ndarray,
    scores: np.ndarray,
    nms_threshold: float,
    top_k: int | None,
    eta: float,
    confidence_threshold: float,
) -> list[int]:
    """Indices of the best boxes that overlap no better one too much (bbox_util.cpp)."""
    order = np.argsort(-scores, kind="stable")
    left = order[scores[order] > confidence_threshold][:top_k]
    most = np.zeros(len(left))  # each box's largest overlap with those kept
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        most = np.maximum(most[1:], overlap(boxes[best], boxes[left]))
        if nms_threshold > 0.5:
            nms_threshold *= eta
        left, most = left[most <= nms_threshold], most[most <= nms_threshold]
    return kept


def detection_output(
    loc: np.ndarray,
    conf: np.ndarray,
    prior: np.ndarray,
    num_classes: int,
    code_type: str = "CORNER",
    share_location: bool = True,
    background_label_id: int = 0,
    variance_encoded_in_target: bool = False,
    nms_threshold: float = 0.3,
    top_k: int | None = None,
    eta: float = 1.0,
    keep_top_k: int | None = None,
    confidence_threshold: float = -math.inf,
    polygons: bool = False,
) -> np.ndarray:
    """Rows of image, label, score, box; -1 if nothing is found (detection_output_layer.cpp).

    Behind the boxes of TextBoxes++ stand the corners of `polygons`.
    """
    corners, variances = prior.reshape(2, -1, 1, 4)
    loc = loc.reshape(len(loc), len(corners), -1, 12 if polygons else 4)
    loc, points = loc[..., :4], loc[..., 4:]
    if not variance_encoded_in_target:
        loc = loc * variances
    boxes = decode_boxes(loc, corners, code_type)
    if polygons:
        points = polygon_corners(points, corners, variances)
    scores = conf.reshape(len(conf), -1, num_classes)
    images = []
    for image in range(len(scores)):
        rows = []
        for label in range(num_classes):
            if label == background_label_id:
                continue
            location = 0 if share_location else label
            box, point = boxes[image, :, location], points[image, :, location]
            score = scores[image, :, label]
            kept = non_maximum_suppression(
                box, score, nms_threshold, top_k, eta, confidence_threshold
            )
            rows += [[image, label, score[i], *box[i], *point[i]] for i in kept]
        found = np.array(rows, np.float32).reshape(-1, 15 if polygons else 7)
        best = np.argsort(-found[:, 2], kind="stable")[:keep_top_k]
        images.append(found[np.sort(best)])
    found = np.concatenate(images)
    if len(found) == 0:
        found = np.full((len(loc), found.shape[1]), -1, np.float32)
        found[:, 0] = np.arange(len(loc))
    return found[None, None]


def polygon_corners(
    points: np.ndarray, prior: np.ndarray, variances: np.ndarray
) -> np.ndarray:
    """The corners of polygons, relative to those of prior boxes (TextBoxes++'s bbox_util.cpp)."""
    sides = (prior[..., 2:] - prior[..., :2]) * variances[..., :2]
    return points * np.tile(sides, 4) + prior[..., [0, 1, 2, 1, 2, 3, 0, 3]]
