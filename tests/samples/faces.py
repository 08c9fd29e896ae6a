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
