"""Samples of proto2net/layers/yolo.py; the values come from loops as plain as the forks'."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

import numpy as np
from samples.sample import Ndarray, layer, sample, values

F = np.float32


def reorganised(x: Ndarray, s: int, *, reverse: bool = False) -> Ndarray:
    """darknet's reorg: both memories are walked by flat indices."""
    n, c, h, w = x.shape
    out, flat, channels = np.zeros(x.size), x.ravel(), c // s**2
    for b, k, j, i in np.ndindex(n, c, h, w):
        block = k // channels
        column, row = i * s + block % s, j * s + block // s
        small = i + w * (j + h * (k + c * b))
        large = column + w * s * (row + h * s * (k % channels + channels * b))
        if reverse:
            out[large] = flat[small]
        else:
            out[small] = flat[large]
    shape = (n, channels, h * s, w * s) if reverse else (n, c * s**2, h // s, w // s)
    return out.reshape(shape)


def swapped(x: Ndarray, s: int, *, reverse: bool = False) -> Ndarray:
    """Synopsys' reorg: sides are mistaken for each other, and what has no room is cut off."""
    n, c, h, w = x.shape
    channels = c // s**2 if reverse else c * s**2
    shape = (n, channels, h // s, w // s)
    whole = reorganised(x.reshape(n, c, w, h), s, reverse=reverse)
    return whole.flat[: np.prod(shape)].reshape(shape)


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


Found = tuple[float, int, list[float]]


def predicted(
    x: Ndarray, anchors: list[tuple[float, float]], scale: int
) -> Iterator[tuple[list[float], float, list[float]]]:
    """Box, objectness and classes of each prediction."""
    n, channels, h, w = x.shape
    length = channels // len(anchors)
    for b, j, i, a in np.ndindex(n, h, w, len(anchors)):
        tx, ty, tw, th, to, *classes = map(float, x[b, a * length : (a + 1) * length, j, i])
        box = [
            (i + sigmoid(tx)) / w,
            (j + sigmoid(ty)) / h,
            exp(tw) * anchors[a][0] / (w * scale),
            exp(th) * anchors[a][1] / (h * scale),
        ]
        yield box, sigmoid(to), classes


def best_classes(maps: list[Ndarray], anchors: list[tuple[float, float]], least: float) -> Ndarray:
    """What YOLOv2 finds."""
    found: list[Found] = []
    for x in maps:
        for box, likely, classes in predicted(x, anchors, 1):
            shares = [exp(c) / sum(map(exp, classes)) for c in classes]
            score = likely * max(shares)
            if score >= least:
                found.append((score, shares.index(max(shares)), box))
    return rows(found, len(maps[0]))


def all_classes(
    maps: list[Ndarray], anchors: list[list[tuple[float, float]]], scales: list[int], least: float
) -> Ndarray:
    """What YOLOv3 finds."""
    found: list[Found] = []
    for x, sizes, scale in zip(maps, anchors, scales, strict=True):
        for box, likely, classes in predicted(x, sizes, scale):
            scores = [likely * sigmoid(c) for c in classes]
            found += [(s, label, box) for label, s in enumerate(scores) if s > least]
    return rows(found, len(maps[0]))


def rows(found: list[Found], images: int) -> Ndarray:
    kept: list[Found] = []
    for each in sorted(found, key=lambda each: -each[0]):
        if all(overlap(each[2], other[2]) < 0.45 for other in kept):
            kept.append(each)
    table = [
        [0, label + 1, score, x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        for score, label, (x, y, w, h) in kept
    ]
    return np.array([[table or [[image, *[-1] * 6] for image in range(images)]]])


def region_classes(x: Ndarray, anchors: list[tuple[float, float]], least: float) -> Ndarray:
    """What gklz1982's caffe-yolov2 finds: boxes that end at the image, none sorted by score."""
    kept: list[tuple[list[float], list[float]]] = []
    for (cx, cy, w, h), likely, classes in predicted(x, anchors, 1):
        shares = [exp(c) / sum(map(exp, classes)) for c in classes]
        score = likely * max(shares)
        if score < least:
            continue
        corners = [max(cx - w / 2, 0), max(cy - h / 2, 0), min(cx + w / 2, 1), min(cy + h / 2, 1)]
        x1, y1, x2, y2 = corners
        inside = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
        if all(overlap(inside, other) < 0.3 for _, other in kept):
            kept.append(([0, shares.index(max(shares)), score, cx, cy, w, h], inside))
    return np.array([[[row for row, _ in kept] or [[0, *[-1] * 6]]]])


def overlap(a: list[float], b: list[float]) -> float:
    w, h = (
        min(a[k] + a[k + 2] / 2, b[k] + b[k + 2] / 2)
        - max(a[k] - a[k + 2] / 2, b[k] - b[k + 2] / 2)
        for k in (0, 1)
    )
    shared = w * h if w >= 0 and h >= 0 else 0
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


SQUARE = (2 * values(1, 3 * 9, 4, 4, start=2)).astype(F)
PLANES = values(2, 8, 6, 10)
SQUARES = values(2, 8, 6, 6)
MANY = values(17, 4, 2, 4)
ANCHORS = [(1.0, 2.0), (2.5, 1.5), (3.0, 3.5)]
LARGE, SMALL = [(37.0, 58.0), (81.0, 82.0)], [(10.0, 14.0), (23.0, 27.0)]
COARSE = (2 * values(2, 3 * 9, 4, 5)).astype(F)
FINE = (2 * values(2, 3 * 9, 8, 10, start=5)).astype(F)
THREE = (2 * values(2, 2 * 8, 3, 4, start=8)).astype(F)
FINER = (2 * values(2, 2 * 8, 6, 8, start=1)).astype(F)


def biases(*anchors: tuple[float, float]) -> str:
    return " ".join(f"biases: {side}" for anchor in anchors for side in anchor)


def yolo2(bottoms: str, least: float) -> str:
    text = f"num_classes: 4 num_box: 3 confidence_threshold: {least} {biases(*ANCHORS)}"
    return layer("YoloDetectionOutput", bottoms, "y", f"yolo_detection_output_param {{ {text} }}")


def region(least: float) -> str:
    text = (
        f"num_classes: 4 num_box: 3 side: 4 nms_threshold: 0.3 confidence_threshold: {least} "
        f"{biases(*ANCHORS)}"
    )
    return layer("DetectionOutput", "a", "y", f"detection_output_param {{ {text} }}")


def yolo3(least: float) -> str:
    text = (
        f"num_classes: 3 num_box: 2 confidence_threshold: {least} {biases(*SMALL, *LARGE)} "
        "mask: 2 mask: 3 mask: 0 mask: 1 anchors_scale: 32 anchors_scale: 16"
    )
    return layer("Yolov3DetectionOutput", "a b", "y", f"yolov3_detection_output_param {{ {text} }}")


SAMPLES = {
    "reorg_square": sample(
        layer("Reorg", "x", "y", "reorg_param { stride: 2 }"),
        inputs={"x": SQUARES},
        blobs={"y": reorganised(SQUARES, 2)},
    ),
    "reorg_not_square": sample(
        layer("Reorg", "x", "y", "reorg_param { stride: 2 }"),
        inputs={"x": PLANES},
        blobs={"y": reorganised(PLANES, 2)},
        fork="darknet",
    ),
    "reorg_of_yolo9000": sample(
        layer("Reorg", "x", "y"),
        inputs={"x": PLANES},
        blobs={"y": reorganised(PLANES, 2)},
        fork="yolo9000",
    ),
    "reorg_reverse": sample(
        layer("Reorg", "x", "y", "reorg_param { stride: 2 reverse: true }"),
        inputs={"x": PLANES},
        blobs={"y": reorganised(PLANES, 2, reverse=True)},
        fork="darknet",
    ),
    "reorg_of_synopsys": sample(
        layer("Reorg", "x", "y", "reorg_param { stride: 2 }"),
        inputs={"x": PLANES},
        blobs={"y": swapped(PLANES, 2)},
    ),
    # More images than the 16 that what is kept of the first would go to.
    "reorg_reverse_of_synopsys": sample(
        layer("Reorg", "x", "y", "reorg_param { stride: 2 reverse: true }"),
        inputs={"x": MANY},
        blobs={"y": swapped(MANY, 2, reverse=True)},
        fork="synopsys",
    ),
    "yolo_detection_output": sample(
        yolo2("a", 0.3),
        inputs={"a": COARSE},
        blobs={"y": best_classes([COARSE], ANCHORS, 0.3)},
    ),
    "yolo_detection_output_two_maps": sample(
        yolo2("a b", 0.3),
        inputs={"a": COARSE, "b": FINE},
        blobs={"y": best_classes([COARSE, FINE], ANCHORS, 0.3)},
    ),
    "yolo_detection_output_nothing_found": sample(
        yolo2("a", 0.99),
        inputs={"a": COARSE},
        blobs={"y": best_classes([COARSE], ANCHORS, 0.99)},
    ),
    "yolov3_detection_output": sample(
        yolo3(0.3),
        inputs={"a": THREE, "b": FINER},
        blobs={"y": all_classes([THREE, FINER], [LARGE, SMALL], [32, 16], 0.3)},
    ),
    "yolov3_detection_output_nothing_found": sample(
        yolo3(0.99),
        inputs={"a": THREE, "b": FINER},
        blobs={"y": all_classes([THREE, FINER], [LARGE, SMALL], [32, 16], 0.99)},
    ),
    "detection_output_of_yolo": sample(
        region(0.2),
        inputs={"a": SQUARE},
        blobs={"y": region_classes(SQUARE, ANCHORS, 0.2)},
    ),
    "detection_output_of_yolo_nothing_found": sample(
        region(0.99),
        inputs={"a": SQUARE},
        blobs={"y": region_classes(SQUARE, ANCHORS, 0.99)},
    ),
}
