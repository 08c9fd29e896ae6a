"""Samples of proto2net/layers/mnc.py; the values come from loops as plain as those of the fork."""

from __future__ import annotations

from math import exp

import numpy as np
from samples.rcnn import (
    ANCHORS,
    INFO,
    PLANES,
    ROIS,
    SCORES,
    SHIFTS,
    F,
    c_round,
    proposed,
)
from samples.sample import Ndarray, layer, sample, values


def between(plane: Ndarray, v: float, u: float) -> float:
    """A value between four pixels; nothing further out than half a pixel."""
    h, w = plane.shape
    if not (-0.5 <= v <= h - 0.5 and -0.5 <= u <= w - 0.5):
        return 0.0
    v, u = min(max(v, 0), h - 1), min(max(u, 0), w - 1)
    total = 0.0
    for i, j in np.ndindex(h, w):
        total += plane[i, j] * max(1 - abs(v - i), 0) * max(1 - abs(u - j), 0)
    return total


def roi_warped(x: Ndarray, rois: Ndarray, pooled: tuple[int, int], scale: float) -> Ndarray:
    y = np.zeros((len(rois), x.shape[1], *pooled))
    for r, roi in enumerate(rois):
        x1, y1, x2, y2 = (c_round(v * F(scale)) for v in roi[1:])
        bin_h, bin_w = max(y2 - y1, 0) / pooled[0], max(x2 - x1, 0) / pooled[1]
        for c, i, j in np.ndindex(y.shape[1:]):
            y[r, c, i, j] = between(x[int(roi[0]), c], y1 + i * bin_h, x1 + j * bin_w)
    return y


def masks_resized(x: Ndarray, size: tuple[int, int]) -> Ndarray:
    y = np.zeros((*x.shape[:2], *size))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = between(x[n, c], i * x.shape[2] / size[0], j * x.shape[3] / size[1])
    return y


def refined(rois: Ndarray, shifts: Ndarray, scores: Ndarray, info: list[float]) -> Ndarray:
    """Regions by the shifts of their best class, one by one."""
    found = []
    for (_, x1, y1, x2, y2), shift, score in zip(rois, shifts, scores, strict=True):
        best = max(range(len(score)), key=lambda k: score[k])
        dx, dy, dw, dh = shift[4 * best : 4 * best + 4]
        w, h = x2 - x1 + 1, y2 - y1 + 1
        x, y = x1 + w / 2 + dx * w, y1 + h / 2 + dy * h
        w, h = w * exp(dw), h * exp(dh)
        box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        limits = [info[1], info[0]] * 2
        found.append([0, *(min(max(v, 0), m - 1) for v, m in zip(box, limits, strict=True))])
    return np.array(found)


MASKS = values(2, 3, 5, 7).astype(F)
REGIONS = np.array([[0, 6, 10, 30, 22], [0, 3, 40, 70, 60], [0, 5, 5, 5, 5]], F)
EACH = (0.4 * values(3, 16)).astype(F)
CLASSES = values(3, 4, start=2).astype(F)
FEATURES = values(3, 5, 4, 2).astype(F)


def python(module: str, name: str, param_str: str = "") -> str:
    return (
        f"python_param {{ module: 'pylayer.{module}' layer: '{name}' param_str: \"{param_str}\" }}"
    )


SAMPLES = {
    "roi_warping": sample(
        layer(
            "ROIWarping",
            "x rois",
            "y",
            "roi_warping_param { pooled_h: 3 pooled_w: 4 spatial_scale: 0.25 }",
        ),
        inputs={"x": PLANES, "rois": ROIS},
        blobs={"y": roi_warped(PLANES, ROIS, (3, 4), 0.25)},
    ),
    "mask_resize": sample(
        layer("MaskResize", "x", "y", "mask_resize_param { output_height: 3 output_width: 6 }"),
        inputs={"x": MASKS},
        blobs={"y": masks_resized(MASKS, (3, 6))},
    ),
    "mask_resize_larger": sample(  # than twice: the last pixels lie outside
        layer("MaskResize", "x", "y", "mask_resize_param { output_height: 8 output_width: 29 }"),
        inputs={"x": MASKS},
        blobs={"y": masks_resized(MASKS, (8, 29))},
    ),
    "mask_resize_by_factors": sample(  # 7 * 1.3 is 9.1
        layer(
            "MaskResize",
            "x",
            "y",
            "mask_resize_param { output_height: 1 output_width: 1 factor_height: 2 "
            "factor_width: 1.3 }",
        ),
        inputs={"x": MASKS},
        blobs={"y": masks_resized(MASKS, (10, 9))},
    ),
    "mask_resize_by_one_factor": sample(
        layer(
            "MaskResize",
            "x",
            "y",
            "mask_resize_param { output_height: 4 output_width: 1 factor_width: 0.5 }",
        ),
        inputs={"x": MASKS},
        blobs={"y": masks_resized(MASKS, (4, 3))},
    ),
    "mask_pooling": sample(
        layer("MaskPooling", "x mask", "y"),
        inputs={"x": FEATURES, "mask": values(3, 1, 4, 2, start=5)},
        blobs={"y": FEATURES * values(3, 1, 4, 2, start=5)},
    ),
    "proposal_layer_of_mnc": sample(
        layer(
            "Python",
            "scores shifts info",
            "rois",
            python("proposal_layer", "ProposalLayer", "{'feat_stride': 16, 'use_clip': 1}"),
        ),
        inputs={"scores": SCORES, "shifts": SHIFTS, "info": [INFO]},
        blobs={
            "rois": proposed(SCORES, SHIFTS, INFO, ANCHORS, 16, 16, 6000, 300, keep_small=False)[0]
        },
    ),
    "mask_layer": sample(
        layer("Python", "x", "y", python("mask_layer", "MaskLayer")),
        inputs={"x": values(2, 441)},
        blobs={"y": values(2, 441).reshape(2, 1, 21, 21)},
    ),
    "stage_bridge": sample(
        layer(
            "Python",
            "rois shifts scores info",
            "y",
            python("stage_bridge_layer", "StageBridgeLayer"),
        ),
        inputs={"rois": REGIONS, "shifts": EACH, "scores": CLASSES, "info": [INFO]},
        blobs={"y": refined(REGIONS, EACH, CLASSES, INFO)},
    ),
}
