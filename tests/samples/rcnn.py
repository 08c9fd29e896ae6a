"""Samples of proto2net/layers/roi.py and rcnn.py.

The values come from loops as plain as those of the forks. Coordinates are float32, as in
Caffe, where it decides into which bin a value falls.
"""

from __future__ import annotations

from math import ceil, exp, floor

import numpy as np
from samples.sample import Ndarray, layer, sample, values

F = np.float32


def c_round(x: float) -> int:
    """C's round: a half goes away from 0."""
    return floor(abs(x) + 0.5) * (1 if x >= 0 else -1)


def padded(roi: Ndarray, pad_ratio: float) -> list[F]:
    """x1, y1, x2, y2 of a region that is widened."""
    _, x1, y1, x2, y2 = roi
    w, h = (x2 - x1 + F(1)) * F(pad_ratio), (y2 - y1 + F(1)) * F(pad_ratio)
    return [x1 - w, y1 - h, x2 + w, y2 + h]


def clipped(value: int, limit: int) -> int:
    return min(max(value, 0), limit)


def roi_pooled(
    x: Ndarray, rois: Ndarray, pooled: tuple[int, int], scale: float, pad: float = 0
) -> Ndarray:
    h, w = x.shape[2:]
    y = np.zeros((len(rois), x.shape[1], *pooled))
    for r, roi in enumerate(rois):
        x1, y1, x2, y2 = (c_round(v * F(scale)) for v in padded(roi, pad))
        bin_h = F(max(y2 - y1 + 1, 1)) / F(pooled[0])
        bin_w = F(max(x2 - x1 + 1, 1)) / F(pooled[1])
        for c, i, j in np.ndindex(y.shape[1:]):
            top = clipped(floor(F(i) * bin_h) + y1, h)
            bottom = clipped(ceil(F(i + 1) * bin_h) + y1, h)
            left = clipped(floor(F(j) * bin_w) + x1, w)
            right = clipped(ceil(F(j + 1) * bin_w) + x1, w)
            window = x[int(roi[0]), c, top:bottom, left:right]
            y[r, c, i, j] = window.max() if window.size else 0
    return y


def psroi_pooled(x: Ndarray, rois: Ndarray, outputs: int, group: int, scale: float) -> Ndarray:
    h, w = x.shape[2:]
    y = np.zeros((len(rois), outputs, group, group))
    for r, roi in enumerate(rois):
        x1, y1 = (F(c_round(v)) * F(scale) for v in roi[1:3])
        x2, y2 = (F(c_round(v) + 1) * F(scale) for v in roi[3:])
        bin_h, bin_w = (max(F(s), F(0.1)) / F(group) for s in (y2 - y1, x2 - x1))
        for c, i, j in np.ndindex(y.shape[1:]):
            top, bottom = floor(F(i) * bin_h + y1), ceil(F(i + 1) * bin_h + y1)
            left, right = floor(F(j) * bin_w + x1), ceil(F(j + 1) * bin_w + x1)
            rows = slice(clipped(top, h), clipped(bottom, h))
            columns = slice(clipped(left, w), clipped(right, w))
            window = x[int(roi[0]), (c * group + i) * group + j, rows, columns]
            y[r, c, i, j] = window.mean() if window.size else 0
    return y


def roi_aligned(
    x: Ndarray, rois: Ndarray, pooled: tuple[int, int], scale: float, pad: float = 0
) -> Ndarray:
    h, w = x.shape[2:]
    y = np.zeros((len(rois), x.shape[1], pooled[0] + 1, pooled[1] + 1))
    for r, roi in enumerate(rois):
        x1, y1, x2, y2 = (v * F(scale) - F(0.5) for v in padded(roi, pad))
        if x2 <= x1 or y2 <= y1:
            continue
        for c, i, j in np.ndindex(y.shape[1:]):
            v, u = y1 + F(i) * ((y2 - y1) / F(pooled[0])), x1 + F(j) * ((x2 - x1) / F(pooled[1]))
            if -0.5 <= v <= h - 0.5 and -0.5 <= u <= w - 0.5:
                y[r, c, i, j] = interpolated(x[int(roi[0]), c], float(v), float(u))
    return y


def interpolated(plane: Ndarray, v: float, u: float) -> float:
    (h, w), total = plane.shape, 0.0
    rows, columns = ([floor(t), floor(t) + 1] for t in (v, u))
    v, u = min(max(v, 0), h - 1), min(max(u, 0), w - 1)
    low_v, low_u = clipped(rows[0], h - 1), clipped(columns[0], w - 1)
    for row, share in zip(rows, (1 - (v - low_v), v - low_v), strict=True):
        for column, part in zip(columns, (1 - (u - low_u), u - low_u), strict=True):
            total += share * part * plane[clipped(row, h - 1), clipped(column, w - 1)]
    return total


Boxes = list[tuple[float, ...]]

ANCHORS = [  # what Faster R-CNN's own generate_anchors.py prints
    (-84, -40, 99, 55),
    (-176, -88, 191, 103),
    (-360, -184, 375, 199),
    (-56, -56, 71, 71),
    (-120, -120, 135, 135),
    (-248, -248, 263, 263),
    (-36, -80, 51, 95),
    (-80, -168, 95, 183),
    (-168, -344, 183, 359),
]


def proposed(
    scores: Ndarray,
    shifts: Ndarray,
    info: list[float],
    anchors: Boxes,
    stride: int,
    small: float,
    before: int,
    after: int,
    *,
    keep_small: bool,
    most: float = 0.7,
) -> tuple[Ndarray, Ndarray]:
    """Regions and their scores, box by box."""
    height, width, *scale = info[:4]
    found = []
    for i, j, a in np.ndindex(*scores.shape[2:], len(anchors)):
        x1, y1, x2, y2 = (v + stride * t for v, t in zip(anchors[a], (j, i, j, i), strict=True))
        dx, dy, dw, dh = shifts[0, 4 * a : 4 * a + 4, i, j]
        w, h = x2 - x1 + 1, y2 - y1 + 1
        x, y = x1 + w / 2 + dx * w, y1 + h / 2 + dy * h
        w, h = w * exp(dw), h * exp(dh)
        box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        limits = (width, height, width, height)
        box = [min(max(v, 0), limit - 1) for v, limit in zip(box, limits, strict=True)]
        large = box[2] - box[0] + 1 >= small * scale[-1] and box[3] - box[1] + 1 >= small * scale[0]
        if large or keep_small:
            found.append((float(scores[0, len(anchors) + a, i, j]) * large, box))
    found = sorted(found, key=lambda each: -each[0])[:before]
    kept: list[tuple[float, list[float]]] = []
    for score, box in found:
        if len(kept) < after and all(shared(box, other) <= most for _, other in kept):
            kept.append((score, box))
    return np.array([[0, *box] for _, box in kept]), np.array([score for score, _ in kept])


def text_boxes(scores: Ndarray, shifts: Ndarray, info: list[float]) -> tuple[Ndarray, Ndarray]:
    """CTPN's boxes of text and their scores, box by box."""
    tops = [2, 0, -3, -8, -16, -26, -40, -61, -91, -133]  # of anchors, as they round in Python 2
    bottoms = [12, 15, 18, 23, 31, 41, 55, 76, 106, 148]
    boxes, found = [], []
    for i, j, a in np.ndindex(*scores.shape[2:], 10):
        down, growth = shifts[0, 2 * a : 2 * a + 2, i, j]
        y1, y2 = tops[a] + 16 * i, bottoms[a] + 16 * i
        middle, height = (y1 + y2) / 2 + down * (y2 - y1 + 1), (y2 - y1 + 1) * exp(growth)
        box = [16 * j, middle - height / 2, 16 * j + 15, middle + height / 2]
        limits = [info[1], info[0]] * 2
        boxes.append([min(max(v, 0), most - 1) for v, most in zip(box, limits, strict=True)])
        found.append([scores[0, 10 + a, i, j]])
    return np.array(boxes), np.array(found)


def shared(a: list[float], b: list[float]) -> float:
    """What two boxes have in common, of what they cover together."""
    w = max(min(a[2], b[2]) - max(a[0], b[0]) + 1, 0)
    h = max(min(a[3], b[3]) - max(a[1], b[1]) + 1, 0)
    first, second = ((c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b))
    return w * h / (first + second - w * h)


def smooth_l1(x: Ndarray, t: Ndarray, inside: Ndarray, outside: Ndarray, sigma: float) -> float:
    total = 0.0
    for d, weight in zip((inside * (x - t)).ravel(), outside.ravel(), strict=True):
        small = abs(d) < 1 / sigma**2
        total += weight * (0.5 * (sigma * d) ** 2 if small else abs(d) - 0.5 / sigma**2)
    return total / len(x)


# Regions whose scaled corners are halves of both signs, or reach beyond the image, or are
# upside down, or lie outside; at a scale of 1/4.
ROIS = np.array(
    [
        [1, 6, 10, 30, 22],
        [0, -6, -2, 14, 18],
        [1, 2, 2, 2, 2],
        [0, 34, 26, 60, 50],
        [1, 30, 20, 10, 6],
        [0, 60, 60, 70, 70],
        [0, 7.3, 1.9, 41.2, 33.7],
    ],
    F,
)
PLANES = values(2, 3, 9, 11).astype(F)
GROUPS = values(2, 2 * 9, 9, 11, start=7).astype(F)

SCORES = (0.5 + 0.5 * values(1, 2 * 9, 4, 5, start=3)).astype(F)
SHIFTS = (0.4 * values(1, 4 * 9, 4, 5, start=11)).astype(F)
INFO = [68.0, 79.0, 1.5]
FOUR = [68.0, 79.0, 1.5, 1.25]
SMALL: Boxes = [  # a square of 16 in ratios of 0.5 and 2, in whole pixels, scaled around 7.5
    (
        7.5 - (w * scale - 1) / 2,
        7.5 - (h * scale - 1) / 2,
        7.5 + (w * scale - 1) / 2,
        7.5 + (h * scale - 1) / 2,
    )
    for w, h in ((23, 12), (11, 22))
    for scale in (1.5, 3)
]
FIRST = values(5, 6).astype(F)
PYTHON = (
    "python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' "
    "param_str: \"'feat_stride': 16\" }"
)

of_python = proposed(SCORES, SHIFTS, INFO, ANCHORS, 16, 16, 6000, 300, keep_small=False)
of_pvanet = proposed(SCORES[:, :8], SHIFTS[:, :16], FOUR, SMALL, 16, 20, 60, 25, keep_small=True)
of_ssh = proposed(
    SCORES[:, :4],
    SHIFTS[:, :8],
    INFO,
    [(0, 0, 15, 15), (-8, -8, 23, 23)],
    8,
    0,
    1000,
    1000,
    keep_small=False,
    most=1,
)
TEXT = (0.5 + 0.5 * values(1, 20, 3, 4, start=4)).astype(F)
HEIGHTS = (0.6 * values(1, 20, 3, 4, start=8)).astype(F)
of_text = text_boxes(TEXT, HEIGHTS, [40, 61])

SAMPLES = {
    "roi_pool_halves": sample(
        layer(
            "ROIPooling",
            "x rois",
            "y",
            "roi_pooling_param { pooled_h: 3 pooled_w: 4 spatial_scale: 0.25 }",
        ),
        inputs={"x": PLANES, "rois": ROIS},
        blobs={"y": roi_pooled(PLANES, ROIS, (3, 4), 0.25)},
    ),
    "roi_pool_padded": sample(
        layer(
            "ROIPooling",
            "x rois",
            "y",
            "roi_pooling_param { pooled_h: 4 pooled_w: 2 spatial_scale: 0.25 pad_ratio: 0.25 }",
        ),
        inputs={"x": PLANES, "rois": ROIS},
        blobs={"y": roi_pooled(PLANES, ROIS, (4, 2), 0.25, 0.25)},
    ),
    "psroi_pool": sample(
        layer(
            "PSROIPooling",
            "x rois",
            "y",
            "psroi_pooling_param { spatial_scale: 0.25 output_dim: 2 group_size: 3 }",
        ),
        inputs={"x": GROUPS, "rois": ROIS + F(0.5)},
        blobs={"y": psroi_pooled(GROUPS, ROIS + F(0.5), 2, 3, 0.25)},
    ),
    "roi_align": sample(
        layer(
            "ROIAlign",
            "x rois",
            "y",
            "roi_pooling_param { pooled_h: 3 pooled_w: 4 spatial_scale: 0.25 pad_ratio: 0.125 }",
        ),
        inputs={"x": PLANES, "rois": ROIS},
        blobs={"y": roi_aligned(PLANES, ROIS, (3, 4), 0.25, 0.125)},
    ),
    "proposal_layer": sample(
        layer("Python", "scores shifts info", "rois probs", PYTHON),
        inputs={"scores": SCORES, "shifts": SHIFTS, "info": [INFO]},
        blobs={"rois": of_python[0], "probs": of_python[1][:, None]},
    ),
    "proposal_layer_without_scores": sample(
        layer("Python", "scores shifts info", "rois", PYTHON),
        inputs={"scores": SCORES, "shifts": SHIFTS, "info": [INFO]},
        blobs={"rois": of_python[0]},
    ),
    "proposal_layer_of_ssh": sample(
        layer(
            "Python",
            "scores shifts info",
            "rois probs",
            "python_param { module: 'SSH.layers.proposal_layer' layer: 'ProposalLayer' "
            "param_str: \"{'feat_stride': 8,'scales': [1,2], 'ratios':[1,]}\" }",
        ),
        inputs={"scores": SCORES[:, :4], "shifts": SHIFTS[:, :8], "info": [INFO]},
        blobs={"rois": of_ssh[0], "probs": of_ssh[1][:, None]},
    ),
    "text_proposal_layer": sample(
        layer(
            "Python",
            "scores shifts info",
            "rois probs",
            "python_param { module: 'layers.text_proposal_layer' layer: 'ProposalLayer' "
            "param_str: \"'feat_stride': 16\" }",
        ),
        inputs={"scores": TEXT, "shifts": HEIGHTS, "info": [[40, 61]]},
        blobs={"rois": of_text[0], "probs": of_text[1]},
    ),
    "proposal": sample(
        layer(
            "Proposal",
            "scores shifts info",
            "rois probs",
            "proposal_param { ratio: 0.5 ratio: 2 scale: 1.5 scale: 3 min_size: 20 "
            "pre_nms_topn: 60 post_nms_topn: 25 }",
        ),
        inputs={"scores": SCORES[:, :8], "shifts": SHIFTS[:, :16], "info": [FOUR]},
        blobs={"rois": of_pvanet[0], "probs": of_pvanet[1]},
    ),
    "smooth_l1_loss_weighted": sample(
        layer("SmoothL1Loss", "x t inside outside", "y", "smooth_l1_loss_param { sigma: 2 }"),
        inputs={
            "x": FIRST,
            "t": values(5, 6, start=9),
            "inside": values(5, 6, start=2),
            "outside": values(5, 6, 1, 1, start=4),
        },
        blobs={
            "y": smooth_l1(
                FIRST, values(5, 6, start=9), values(5, 6, start=2), values(5, 6, start=4), 2
            )
        },
        phase="TRAIN",
    ),
}
