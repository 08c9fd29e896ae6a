"""Samples of proto2net/layers/ssd.py and detection.py, and of Permute."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, Sample, layer, sample, values

IMAGES = values(2, 3, 4, 5)
LENGTHS = np.sqrt(np.square(IMAGES).sum(1, keepdims=True) + 1e-6)
ROWS = values(2, 3, 4)
FOUND = "num_classes: 2 confidence_threshold: 0.5"


def normalised(x: Ndarray, scale: list[float]) -> Ndarray:
    """Vectors along axis 1 as long as 1, each of their parts times a factor."""
    factors = np.reshape(scale, (-1, *[1] * (x.ndim - 2)))
    return x / np.sqrt(np.square(x).sum(1, keepdims=True)) * factors


def denser() -> list[list[list[float]]]:
    """TextBoxes' boxes for places of 10 x 20 pixels in an image of 50 x 80, one after the other."""
    found: list[float] = []
    for row, column in np.ndindex(5, 4):
        x, levels = (column + 0.5) * 20, [(row + 0.5) * 10, (row + 1) * 10]
        for w, h in [(12, 12), (12 * 2**0.5, 12 / 2**0.5)]:
            for y in levels:
                found += [(x - w / 2) / 80, (y - h / 2) / 50, (x + w / 2) / 80, (y + h / 2) / 50]
    return [[found, [0.1, 0.1, 0.2, 0.2] * (len(found) // 4)]]


def squares(sizes: tuple[int, ...]) -> list[list[list[float]]]:
    """FaceBoxes' boxes for places of 10 x 20 pixels in an image of 50 x 80, one after the other."""
    found: list[float] = []
    for row, column in np.ndindex(5, 4):
        for size in sizes:
            steps = {32: (-16, -8, 0, 8), 64: (-16, 0)}.get(size, (0,))
            for down in steps:
                for right in steps:
                    x, y, half = (column + 0.5) * 20 + right, (row + 0.5) * 10 + down, size - 1
                    found += [(x - half / 2) / 80, (y - half / 2) / 50]
                    found += [(x + half / 2) / 80, (y + half / 2) / 50]
    return [[found, [0.1, 0.1, 0.2, 0.2] * (len(found) // 4)]]


def longer() -> list[list[list[float]]]:
    """SSTD's boxes for places of 10 x 20 pixels in an image of 50 x 80, one after the other."""
    found: list[float] = []
    for row, column in np.ndindex(5, 4):
        x, y = (column + 0.5) * 20, (row + 0.5) * 10
        sizes = [(9, 9), (12, 12), (18, 9), (4.5, 9), (9, 18), (9, 4.5)]
        for w, h in sizes:
            found += [(x - w / 2) / 80, (y - h / 2) / 50, (x + w / 2) / 80, (y + h / 2) / 50]
    return [[found, [0.1, 0.1, 0.2, 0.2] * (len(found) // 4)]]


BOXES = [[0.1, 0.2, 0.5, 0.4], [0.5, 0.5, 0.9, 0.8], [0.11, 0.2, 0.5, 0.4]]
TURNS = 0.9 * values(1, 3 * 12)


TWO_BOXES = [0.125, 0.125, 0.625, 0.375], [0.25, 0.5, 0.75, 1]


def polygons(scores: list[float], least: float) -> list[list[float]]:
    """What TextBoxes++ finds of BOXES that overlap no other."""
    rows = []
    for index, score in enumerate(scores):
        if score <= least:
            continue
        x1, y1, x2, y2 = BOXES[index]
        w, h = x2 - x1, y2 - y1
        dx, dy, dw, dh, *turns = TURNS[0, 12 * index : 12 * index + 12]
        x, y = (x1 + x2) / 2 + 0.1 * dx * w, (y1 + y2) / 2 + 0.1 * dy * h
        wide, high = w * np.exp(0.2 * dw), h * np.exp(0.2 * dh)
        row = [0, 1, score, x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
        for corner, (a, b) in enumerate([(x1, y1), (x2, y1), (x2, y2), (x1, y2)]):
            row += [a + 0.1 * turns[2 * corner] * w, b + 0.1 * turns[2 * corner + 1] * h]
        rows.append(row)
    return sorted(rows, key=lambda row: -row[2])


def textboxes(scores: list[float], found: list[list[float]]) -> Sample:
    """A sample of TextBoxes++'s detections; the third box goes for the first, or has no score."""
    corners = [corner for box in BOXES for corner in box]
    return sample(
        layer(
            "DetectionOutput",
            "loc conf prior",
            "y",
            "detection_output_param { num_classes: 2 code_type: CENTER_SIZE use_polygon: true "
            "confidence_threshold: 0.3 nms_param { nms_threshold: 0.45 } }",
        ),
        inputs={
            "loc": TURNS,
            "conf": [[share for score in scores for share in (1 - score, score)]],
            "prior": [[corners, [0.1, 0.1, 0.2, 0.2] * 3]],
        },
        blobs={"y": [[found]]},
    )


def priors(*boxes: list[float], variance: float) -> list[list[list[float]]]:
    corners = [corner for box in boxes for corner in box]
    return [[corners, [variance] * len(corners)]]


SAMPLES = {
    "normalize_of_two_axes": sample(
        layer("Normalize", "x", "y", "norm_param { across_spatial: false channel_shared: false }"),
        inputs={"x": [[3, 4], [6, -8], [0, 2]]},
        weights={"layer": [[10, 20]]},
        blobs={"y": [[6, 16], [6, -16], [0, 20]]},
    ),
    "normalize_of_three_axes": sample(
        layer("Normalize", "x", "y", "norm_param { across_spatial: false channel_shared: false }"),
        inputs={"x": ROWS},
        weights={"layer": [[1, 2, 3]]},
        blobs={"y": normalised(ROWS, [1, 2, 3])},
    ),
    # 0 / sqrt(0 + eps), which is not 0 / 0.
    "normalize_of_zeros": sample(
        layer("Normalize", "x", "y", "norm_param { channel_shared: true eps: 4 }"),
        inputs={"x": [[[[0, 0]]], [[[4, 4]]], [[[0, -6]]]]},
        weights={"layer": [3]},
        blobs={"y": [[[[0, 0]]], [[[2, 2]]], [[[0, -18 / 40**0.5]]]]},
    ),
    "normalize_pixels": sample(
        layer("Normalize", "x", "y n", 'normalize_param { normalize_type: "L2" }'),
        inputs={"x": IMAGES},
        blobs={"y": IMAGES / LENGTHS, "n": LENGTHS},
    ),
    "normalize_pixels_by_name": sample(
        layer("Normalize", "x", "y n"),
        inputs={"x": IMAGES},
        blobs={"y": IMAGES / LENGTHS, "n": LENGTHS},
        fork="happynear",
    ),
    "normalize_pixels_l1": sample(
        layer("Normalize", "x", "y", 'normalize_param { normalize_type: "L1" }'),
        inputs={"x": [[1, -3, 4], [2, 2, -6]]},
        blobs={"y": np.reshape([[0.125, -0.375, 0.5], [0.2, 0.2, -0.6]], (2, 3, 1, 1))},
    ),
    # A ratio that stands there by flipping another is not taken twice.
    "priorbox_of_two_sizes": sample(
        layer(
            "PriorBox",
            "x image",
            "y",
            "prior_box_param { min_size: 4.9 min_size: 16 max_size: 9 max_size: 25 "
            "aspect_ratio: 4 aspect_ratio: 0.25 aspect_ratio: 1 step: 8 img_size: 64 }",
        ),
        inputs={"x": np.zeros((2, 1, 1, 2)), "image": np.zeros((2, 1, 3, 5))},
        blobs={
            "y": [
                [
                    [
                        (center + sign * side / 2) / 64
                        for x in (4, 12)
                        for sides in (
                            *((4, 4), (6, 6), (8, 2), (2, 8)),
                            *((16, 16), (20, 20), (32, 8), (8, 32)),
                        )
                        for sign in (-1, 1)
                        for center, side in zip((x, 4), sides, strict=True)
                    ],
                    [0.1] * 64,
                ]
            ]
        },
    ),
    "normalize_pixels_by_softmax_param": sample(
        layer("Normalize", "x", "y", 'softmax_param { normalize_type: "L2" }'),
        inputs={"x": IMAGES[:, :, 0, 0]},
        blobs={"y": (IMAGES / LENGTHS)[:, :, :1, :1]},
    ),
    "normalize_images_by_softmax_param": sample(
        layer("Normalize", "x", "y", 'softmax_param { normalize_type: "L2" }'),
        inputs={"x": IMAGES},
        blobs={"y": IMAGES / np.sqrt(np.square(IMAGES).sum((1, 2, 3), keepdims=True) + 1e-6)},
    ),
    "normalize_images_by_their_sum": sample(
        layer("Normalize", "x", "y", 'softmax_param { normalize_type: "L1" }'),
        inputs={"x": IMAGES},
        blobs={"y": IMAGES / (np.abs(IMAGES).sum((1, 2, 3), keepdims=True) + 1e-6)},
    ),
    "priorbox_denser": sample(
        layer(
            "PriorBox",
            "feature image",
            "y",
            "prior_box_param { min_size: 12 aspect_ratio: 2 flip: false denser_prior_boxes: true "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }",
        ),
        inputs={"feature": values(2, 3, 5, 4), "image": values(2, 1, 50, 80)},
        blobs={"y": denser()},
    ),
    "priorbox_of_textboxes": sample(
        layer(
            "PriorBox",
            "feature image",
            "y",
            "prior_box_param { min_size: 12 aspect_ratio: 2 flip: false "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }",
        ),
        inputs={"feature": values(2, 3, 5, 4), "image": values(2, 1, 50, 80)},
        blobs={"y": denser()},
        fork="textboxes",
    ),
    "priorbox_of_sstd": sample(
        layer(
            "PriorBox",
            "feature image",
            "y",
            "prior_box_param { min_size: 9 max_size: 16 aspect_ratio: 2 aspect_ratio: 0.5 "
            "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }",
        ),
        inputs={"feature": values(2, 3, 5, 4), "image": values(2, 1, 50, 80)},
        blobs={"y": longer()},
        fork="sstd",
    ),
    **{
        name: sample(
            layer(
                "PriorBox",
                "feature image",
                "y",
                f"prior_box_param {{ {' '.join(f'min_size: {size}.5' for size in sizes)} "
                "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 }",
            ),
            inputs={"feature": values(2, 3, 5, 4), "image": values(2, 1, 50, 80)},
            blobs={"y": squares(sizes)},
            fork="faceboxes",
        )
        for name, sizes in {
            "priorbox_of_faceboxes": (32, 64, 128),
            "priorbox_of_faceboxes_without_rows": (256, 48),
        }.items()
    },
    "detection_output_polygons": textboxes([0.4, 0.9, 0.2], polygons([0.4, 0.9, 0.2], 0.3)),
    "detection_output_polygons_overlapping": textboxes(
        [0.8, 0.5, 0.7], polygons([0.8, 0.5, 0], 0.3)
    ),
    "detection_output_polygons_nothing_found": textboxes([0.1, 0.2, 0.3], [[0, *[-1] * 14]]),
    "detection_output_corner_size": sample(
        layer(
            "DetectionOutput",
            "loc conf prior image",
            "y",
            f"detection_output_param {{ {FOUND} code_type: CORNER_SIZE }}",
        ),
        inputs={
            "loc": [[1, 1, -1, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 2, -2]],
            "conf": [[0, 0.75, 0, 0.875], [1, 0.5, 1, 0.625]],
            "prior": priors(*TWO_BOXES, variance=0.5),
            "image": np.zeros((2, 3, 1, 1)),
        },
        blobs={
            "y": [
                [
                    [
                        [0, 1, 0.875, 0.25, 0.5, 0.75, 1],
                        [0, 1, 0.75, 0.375, 0.25, 0.375, 0.625],
                        [1, 1, 0.625, 0.25, 0.5, 1.25, 0.5],
                    ]
                ]
            ]
        },
    ),
    # The same boxes in two maps, with their prior boxes together and apart.
    **{
        name: sample(
            layer(
                "DetectionOutput",
                f"conf1 conf2 loc1 loc2 {joined}",
                "y",
                f"detection_output_param {{ {FOUND} code_type: CORNER_SIZE nbottom: 2 }}",
            ),
            inputs={
                "conf1": [[0, 0.75]],
                "conf2": np.reshape([0, 0.875], (1, 2, 1, 1)),
                "loc1": [[1, 1, -1, 2]],
                "loc2": np.zeros((1, 4)),
                **found,
            },
            blobs={
                "y": [
                    [
                        [
                            [0, 1, 0.875, 0.25, 0.5, 0.75, 1],
                            [0, 1, 0.75, 0.375, 0.25, 0.375, 0.625],
                        ]
                    ]
                ]
            },
        )
        for name, joined, found in [
            ("detection_output_of_two_maps", "prior", {"prior": priors(*TWO_BOXES, variance=0.5)}),
            (
                "detection_output_of_two_maps_and_prior_boxes",
                "prior1 prior2",
                {
                    "prior1": priors(TWO_BOXES[0], variance=0.5),
                    "prior2": priors(TWO_BOXES[1], variance=0.5),
                },
            ),
        ]
    },
    # Two boxes that are inside out overlap nothing, not even each other.
    "detection_output_inside_out": sample(
        layer(
            "DetectionOutput",
            "loc conf prior",
            "y",
            f"detection_output_param {{ {FOUND} nms_param {{ nms_threshold: 0 }} }}",
        ),
        inputs={
            "loc": np.zeros((1, 12)),
            "conf": [[0, 0.75, 0, 0.625, 0, 0.875]],
            "prior": priors([0.5, 0, 0.25, 1], [0.5, 0, 0.25, 1], [0, 0, 1, 1], variance=1),
        },
        blobs={
            "y": [
                [
                    [
                        [0, 1, 0.875, 0, 0, 1, 1],
                        [0, 1, 0.75, 0.5, 0, 0.25, 1],
                        [0, 1, 0.625, 0.5, 0, 0.25, 1],
                    ]
                ]
            ]
        },
    ),
    # The second box overlaps the first by 0.6: less than 0.9, but more than 0.9 * 0.5.
    "detection_output_eta": sample(
        layer(
            "DetectionOutput",
            "loc conf prior",
            "y",
            f"detection_output_param {{ {FOUND} nms_param {{ nms_threshold: 0.9 eta: 0.5 }} }}",
        ),
        inputs={
            "loc": np.zeros((1, 12)),
            "conf": [[0, 0.875, 0, 0.75, 0, 0.625]],
            "prior": priors([0, 0, 1, 1], [0, 0, 0.6, 1], [0, 0, 0.3, 1], variance=0.1),
        },
        blobs={"y": [[[[0, 1, 0.875, 0, 0, 1, 1], [0, 1, 0.625, 0, 0, 0.3, 1]]]]},
    ),
    "permute_then_flatten": sample(
        layer("Permute", "x", "y", "permute_param { order: 0 order: 2 order: 3 order: 1 }"),
        layer("Flatten", "y", "z", name="flat"),
        inputs={"x": IMAGES},
        blobs={
            "y": IMAGES.transpose(0, 2, 3, 1),
            "z": IMAGES.transpose(0, 2, 3, 1).reshape(2, -1),
        },
    ),
    "permute_then_reshape": sample(
        layer("Permute", "x", "y", "permute_param { order: 3 order: 0 }"),
        layer("Reshape", "y", "z", "reshape_param { shape { dim: 0 dim: 0 dim: -1 } }", "rows"),
        inputs={"x": IMAGES},
        blobs={
            "y": IMAGES.transpose(3, 0, 1, 2),
            "z": IMAGES.transpose(3, 0, 1, 2).reshape(5, 2, 12),
        },
    ),
}
