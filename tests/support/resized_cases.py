"""Networks of forks' layers that take images and batches of any size."""

from __future__ import annotations

import numpy as np
from samples.sample import Ndarray, layer

import proto2net
from proto2net import Graph

DECLARED = (2, 6, 7, 9)
SIZES = [(1, 6, 5, 8), (3, 6, 10, 7)]
POOL = layer(
    "Pooling",
    "x",
    "p m",
    "pooling_param { pool: MAX kernel_size: 2 stride: 2 round_mode: FLOOR }",
    "pool",
)
LAYERS = {
    "interp_zoom": layer("Interp", "x", "y", "interp_param { zoom_factor: 3 pad_end: -1 }"),
    "interp_shrink": layer("Interp", "x", "y", "interp_param { shrink_factor: 2 }"),
    "interp_shrink_zoom": layer(
        "Interp", "x", "y", "interp_param { shrink_factor: 3 zoom_factor: 2 pad_beg: -1 }"
    ),
    "interp_full_zoom": layer("Interp", "x", "y", "interp_param { full_zoom_factor: 2 }"),
    "interp_size": layer("Interp", "x", "y", "interp_param { height: 4 width: 13 }"),
    "upsample": layer("Upsample", "x", "y", "upsample_param { scale: 2 }"),
    "upsample_darknet": layer("UpsampleDarknet", "x", "y", "upsample_darknet_param { stride: 3 }"),
    "upsample_with_mask": POOL + layer("Upsample", "p m", "y", "upsample_param { scale: 3 }"),
    "unpooling_max": POOL
    + layer("Unpooling", "p m", "y", "unpooling_param { kernel_size: 3 stride: 2 }"),
    "unpooling_corners": layer(
        "Unpooling", "x", "y", "unpooling_param { kernel_size: 2 stride: 2 unpool_size: 15 }"
    ),
    "unpooling_ave": layer(
        "Unpooling", "x", "y", "unpooling_param { unpool: AVE kernel_size: 3 stride: 2 }"
    ),
    "unpooling_to_a_size": layer(
        "Unpooling",
        "x",
        "y",
        "unpooling_param { unpool: AVE kernel_size: 3 stride: 2 unpool_h: 9 unpool_w: 21 }",
    ),
    "depthwise": layer(
        "DepthwiseConvolution",
        "x",
        "y",
        "convolution_param { num_output: 12 kernel_size: 3 pad: 1 }",
    ),
    "shuffle_channel": layer("ShuffleChannel", "x", "y", "shuffle_channel_param { group: 3 }"),
    "flip": layer("Flip", "x", "y", "flip_param { flip_height: true }"),
    "reverse": layer("Reverse", "x", "y", "reverse_param { axis: 0 axis: 1 }"),
    "transpose": layer("Transpose", "x", "y", "transpose_param { dim: 0 dim: 3 dim: 1 dim: 2 }"),
    "relu6": layer("ReLU6", "x", "y", "relu6_param { negative_slope: 0.1 }"),
    "selu": layer("SeLu", "x", "y"),
    "bn": layer("BN", "x", "y", "bn_param { slope_filler { value: 2 } }"),
    "bn_segnet": layer("BN", "x", "y", "bn_param { scale_filler { value: 2 } }"),
    "bn_inference": layer("BN", "x", "y", "bn_param { bn_mode: INFERENCE }"),
}


def graph(name: str) -> Graph:
    """The network of this name."""
    dims = " ".join(f"dim: {size}" for size in DECLARED)
    fed = layer("Input", "", "x", f"input_param {{ shape {{ {dims} }} }}", "data")
    return proto2net.parse(f"{fed}\n{LAYERS[name]}")


def weights(net: Graph) -> dict[str, list[Ndarray]]:
    """Some array for each learned blob."""
    rng = np.random.default_rng(0)
    return {
        node.name: [rng.uniform(0.5, 2, blob.shape).astype("f") for blob in node.blobs.values()]
        for node in net.nodes
        if node.blobs
    }


def image(size: tuple[int, ...]) -> Ndarray:
    return np.random.default_rng(1).standard_normal(size).astype("f") * 4
