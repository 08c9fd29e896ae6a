"""Samples of layers that tell faces, with values worked out vector by vector."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, layer, sample, values

VECTORS, ROWS, SHIFT = values(3, 5), values(4, 5, start=3), values(4, start=9)
IMAGES, IMAGE_ROWS = values(3, 2, 3, 4), values(4, 24, start=5)


def unit(rows: Ndarray, eps: float = 1e-6) -> Ndarray:
    """Each row by itself."""
    return np.array([row / np.sqrt(row @ row + eps) for row in rows])


def distances(x: Ndarray, rows: Ndarray) -> Ndarray:
    """The sum of squares for each pair of a vector and a row."""
    return np.array([[((a.ravel() - row) ** 2).sum() for row in rows] for a in x])


def distance(bottoms: str, text: str, name: str = "layer") -> str:
    return layer("InnerDistance", bottoms, "y", f"inner_distance_param {{ {text} }}", name)


def by_rows(x: Ndarray, rows: Ndarray) -> Ndarray:
    """The product for each pair of a vector and a row."""
    return np.array([[(a.ravel() * row).sum() for row in rows] for a in x])


FACTORS = 2 * values(2, 3, start=4)
BOUNDS = "min_value: -0.25 max_value: 0.5"


def bounded(low: float, high: float) -> Ndarray:
    """FACTORS between bounds, for each channel and row of IMAGES."""
    factors = [max(low, min(high, factor)) for factor in FACTORS.ravel()]
    return np.reshape(factors, (2, 3, 1))


UNIT_ROWS = "inner_product_param { num_output: 4 normalize: true }"
MARGIN = "margin_inner_product_param { num_output: 4 type: QUADRUPLE lambda_min: 5 }"

SAMPLES = {
    "inner_product_with_unit_rows": sample(
        layer("InnerProduct", "x", "y", UNIT_ROWS),
        inputs={"x": VECTORS},
        weights={"layer": [ROWS, SHIFT]},
        blobs={"y": VECTORS @ unit(ROWS).T + SHIFT},
    ),
    "inner_product_of_images_with_unit_rows": sample(
        layer("InnerProduct", "x", "y", UNIT_ROWS),
        inputs={"x": IMAGES},
        weights={"layer": [IMAGE_ROWS, SHIFT]},
        blobs={"y": IMAGES.reshape(3, 24) @ unit(IMAGE_ROWS).T + SHIFT},
    ),
    "margin_inner_product_without_labels": sample(
        layer("MarginInnerProduct", "x", "y", MARGIN),
        inputs={"x": VECTORS},
        weights={"layer": [ROWS]},
        blobs={"y": VECTORS @ unit(ROWS, 0).T},
    ),
    "sparse_inner_product": sample(
        layer("SparseInnerProduct", "x", "y", "inner_product_param { num_output: 4 }"),
        inputs={"x": VECTORS},
        weights={"layer": [ROWS, SHIFT]},
        blobs={"y": VECTORS @ ROWS.T + SHIFT},
    ),
    "inner_product_by_rows": sample(
        layer("InnerProduct", "x rows", "y", "inner_product_param { bias_term: false }"),
        inputs={"x": IMAGES, "rows": IMAGE_ROWS.reshape(4, 2, 3, 4)},
        blobs={"y": by_rows(IMAGES, IMAGE_ROWS)},
        top_diff={"y": values(3, 4, start=2)},
        gradients={
            "x": (values(3, 4, start=2) @ IMAGE_ROWS).reshape(IMAGES.shape),
            "rows": (values(3, 4, start=2).T @ IMAGES.reshape(3, 24)).reshape(4, 2, 3, 4),
        },
    ),
    "inner_product_by_learned_rows": sample(
        layer("Parameter", "", "rows", "parameter_param { shape { dim: 4 dim: 5 } }", "rows"),
        layer("InnerProduct", "x rows", "y", "inner_product_param { bias_term: false }"),
        inputs={"x": VECTORS},
        weights={"rows": [ROWS]},
        blobs={"rows": ROWS, "y": by_rows(VECTORS, ROWS)},
    ),
    "scale_with_bounds": sample(
        layer("Scale", "x", "y", "scale_param { num_axes: 2 bias_term: true " + BOUNDS + " }"),
        inputs={"x": IMAGES},
        weights={"layer": [FACTORS, values(2, 3, start=7)]},
        blobs={"y": IMAGES * bounded(-0.25, 0.5) + values(2, 3, start=7)[..., None]},
    ),
    "scale_with_min_value": sample(
        layer("Scale", "x", "y", "scale_param { num_axes: 2 min_value: -0.25 }"),
        inputs={"x": IMAGES},
        weights={"layer": [FACTORS]},
        blobs={"y": IMAGES * bounded(-0.25, 9)},
    ),
    "scale_with_bounds_behind_statistics": sample(
        layer("BatchNorm", "x", "z", name="norm"),
        layer("Scale", "z", "y", "scale_param { bias_term: true " + BOUNDS + " }"),
        inputs={"x": IMAGES},
        weights={"norm": [[0, 0], [1 - 1e-5] * 2, [1]], "layer": [[3, -2], [0.1, 0.2]]},
        blobs={
            "z": IMAGES,
            "y": IMAGES * [[[0.5]], [[-0.25]]] + [[[0.1]], [[0.2]]],
        },
    ),
    "global_lse_margin_without_labels": sample(
        layer("GlobalLSEMargin", "x", "y", "scale_param { max_value: 20 }"),
        layer("GlobalLSEMargin", "x", "z", name="other"),
        inputs={"x": VECTORS},
        weights={"layer": [[30], [0.3]], "other": [[25], [0.4]]},
        blobs={"y": 20 * VECTORS, "z": 25 * VECTORS},
    ),
    "inner_distance": sample(
        distance("x", "num_output: 4 bias_term: false"),
        inputs={"x": VECTORS},
        weights={"layer": [ROWS]},
        blobs={"y": distances(VECTORS, ROWS)},
    ),
    "inner_distance_to_unit_rows": sample(
        distance("x", "num_output: 4 bias_term: false normalize: true"),
        inputs={"x": IMAGES},
        weights={"layer": [IMAGE_ROWS]},
        blobs={"y": distances(IMAGES, unit(IMAGE_ROWS))},
    ),
    "inner_distance_l1": sample(
        distance("x", 'num_output: 4 bias_term: false distance_type: "L1"'),
        inputs={"x": VECTORS},
        weights={"layer": [ROWS]},
        blobs={"y": np.abs(VECTORS[:, None] - ROWS).sum(-1)},
    ),
    "inner_distance_to_a_blob": sample(
        distance("x rows", ""),
        inputs={"x": IMAGES, "rows": IMAGE_ROWS.reshape(4, 2, 3, 4)},
        blobs={"y": distances(IMAGES, IMAGE_ROWS)},
        top_diff={"y": values(3, 4, start=2)},
        gradients={
            "x": np.einsum(
                "mn,mnk->mk",
                2 * values(3, 4, start=2),
                IMAGES.reshape(3, 1, 24) - IMAGE_ROWS,
            ).reshape(IMAGES.shape),
            "rows": np.einsum(
                "mn,mnk->nk",
                -2 * values(3, 4, start=2),
                IMAGES.reshape(3, 1, 24) - IMAGE_ROWS,
            ).reshape(4, 2, 3, 4),
        },
    ),
    "channel_scale": sample(
        layer("ChannelScale", "x s", "y"),
        inputs={"x": IMAGES, "s": values(3, 1, 3, 4, start=8)},
        blobs={"y": IMAGES * values(3, 1, 3, 4, start=8)},
    ),
    "channel_scale_of_vectors": sample(
        layer("ChannelScale", "x s", "y"),
        inputs={"x": VECTORS, "s": values(3, start=8)},
        blobs={"y": VECTORS * values(3, start=8)[:, None]},
    ),
}
