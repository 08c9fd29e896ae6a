"""Samples of proto2net/layers/space.py; the values come from NumPy, and from plain loops."""

from __future__ import annotations

import itertools

import numpy as np
from samples.sample import Ndarray, Sample, layer, sample, values

X = values(2, 3, 4, 5)
SIDES = ((0, 1), (2, 0), (1, 2), (3, 1))
PADDINGS = " ".join(f"paddings: {n}" for pair in SIDES for n in pair)


def mirrored(mode: str) -> Sample:
    """X with as much around it."""
    definition = layer("MirrorPad", "x", "y", f'mirror_pad_param {{ {PADDINGS} mode: "{mode}" }}')
    sides = [(0, 1), (2, 0), (1, 2), (3, 1)]
    return sample(
        definition,
        inputs={"x": X},
        blobs={"y": np.pad(X, sides, mode=mode.lower())},  # type: ignore[call-overload]
    )


def to_space(x: Ndarray, size: int, *, pixel_first: bool) -> Ndarray:
    """Squares of pixels from the channels of images, as depth_to_space_layer.cpp has it."""
    n, channels, h, w = x.shape
    left = channels // size**2
    top = np.zeros((n, left, h * size, w * size))
    for c, i, j in itertools.product(*map(range, top.shape[1:])):
        place = i % size * size + j % size
        found = place * left + c if pixel_first else c * size**2 + place
        top[:, c, i, j] = x[:, found, i // size, j // size]
    return top


def to_depth(x: Ndarray, size: int) -> Ndarray:
    """The pixels of squares as channels, as space_to_depth_layer.cpp has it."""
    n, channels, h, w = x.shape
    top = np.zeros((n, channels * size**2, h // size, w // size))
    for c, i, j in itertools.product(*map(range, x.shape[1:])):
        top[:, (i % size * size + j % size) * channels + c, i // size, j // size] = x[:, c, i, j]
    return top


def last(x: Ndarray) -> Ndarray:
    """Images with the channels as the last axis."""
    return x.transpose(0, 2, 3, 1)


def moved(kind: str, param: str, text: str) -> str:
    return layer(kind, "x", "y", f"{param} {{ block_size: {text} }}")


DEEP, WIDE = values(2, 12, 3, 5), values(2, 3, 4, 6)


def padded(
    fields: str, above: int, below: int, left: int, right: int, value: float = 0.0
) -> Sample:
    """X with a number around its images."""
    top = np.full((2, 3, 4 + above + below, 5 + left + right), value)
    top[:, :, above : above + 4, left : left + 5] = X
    definition = layer("Pad", "x", "y", f"pad_param {{ {fields} }}")
    return sample(definition, inputs={"x": X}, blobs={"y": top})


def squares(kind: str, fields: str, *, pixel_first: bool = True) -> Sample:
    """DEEP with its channels in squares of 2 x 2 pixels."""
    top = to_space(DEEP, 2, pixel_first=pixel_first)
    return sample(layer(kind, "x", "y", fields), inputs={"x": DEEP}, blobs={"y": top})


SAMPLES = {
    "pad": sample(
        layer("Pad", "x", "y", f"pad_param {{ {PADDINGS} constant_values: 0.5 }}"),
        inputs={"x": X},
        blobs={"y": np.pad(X, SIDES, constant_values=0.5)},
    ),
    "pad_of_rows": sample(
        layer("Pad", "x", "y", "pad_param { paddings: 0 paddings: 0 paddings: 1 paddings: 2 }"),
        inputs={"x": X[:, :, 0, 0]},
        blobs={"y": np.pad(X[:, :, 0, 0], ((0, 0), (1, 2)))},
    ),
    "mirror_pad_reflect": mirrored("REFLECT"),
    "mirror_pad_edge": mirrored("EDGE"),
    "depth_to_space": sample(
        moved("DepthToSpace", "depth_to_space_param", "2"),
        inputs={"x": last(DEEP)},
        blobs={"y": last(to_space(DEEP, 2, pixel_first=True))},
    ),
    "depth_to_space_nchw": sample(
        moved("DepthToSpace", "depth_to_space_param", '2 data_format: "NCHW"'),
        inputs={"x": DEEP},
        blobs={"y": to_space(DEEP, 2, pixel_first=True)},
    ),
    "depth_to_space_crd": sample(
        moved("DepthToSpace", "depth_to_space_param", '2 data_format: "CRD"'),
        inputs={"x": DEEP},
        blobs={"y": to_space(DEEP, 2, pixel_first=False)},
    ),
    "space_to_depth": sample(
        moved("SpaceToDepth", "space_to_depth_param", "2"),
        inputs={"x": last(WIDE)},
        blobs={"y": last(to_depth(WIDE, 2))},
    ),
    "space_to_depth_nchw": sample(
        moved("SpaceToDepth", "space_to_depth_param", '2 data_format: "NCHW"'),
        inputs={"x": WIDE},
        blobs={"y": to_depth(WIDE, 2)},
    ),
    "tiling": squares("Tiling", "tiling_param { tile_dim: 2 }", pixel_first=False),
    "rearrange": squares("Rearrange", "rearrange_param { depth: 3 }", pixel_first=False),
    "pixel_shuffle": squares(
        "PixelShuffle", "pixelshuffle_param { upscale_factor: 2 }", pixel_first=False
    ),
    "periodic_shuffle": squares(
        "PeriodicShuffle", "periodic_shuffle_param { group_size: 2 num_output: 3 }"
    ),
    "gs_tiling_reverse": squares("GSTiling", "gs_tiling_param { stride: 2 reverse: true }"),
    "gs_tiling": sample(
        layer("GSTiling", "x", "y", "gs_tiling_param { stride: 2 }"),
        inputs={"x": WIDE},
        blobs={"y": to_depth(WIDE, 2)},
    ),
    "unsqueeze": sample(
        layer("Unsqueeze", "x", "y", "unsqueeze_param { dim: -2 }"),
        inputs={"x": X[..., 0]},
        blobs={"y": X[..., 0].reshape(2, 3, 1, 4)},
    ),
    "unsqueeze_behind": sample(
        layer("Unsqueeze", "x", "y", "unsqueeze_param { dim: 2 }"),
        inputs={"x": X[..., 0, 0]},
        blobs={"y": X[..., :1, 0]},
    ),
    "pad_of_brocolli": padded("pad_u: 1 pad_l: 2 pad_r: 3 pad_value: 0.5", 1, 0, 2, 3, 0.5),
    "pad_of_brocolli_reflect": sample(
        layer("Pad", "x", "y", "pad_param { pad_u: 1 pad_d: 2 pad_l: 3 pad_type: REFLECT }"),
        inputs={"x": X},
        blobs={"y": np.pad(X, ((0, 0), (0, 0), (1, 2), (3, 0)), mode="reflect")},
    ),
    "pad_of_brocolli_replicate": sample(
        layer("Pad", "x", "y", "pad_param { pad_d: 2 pad_r: 3 pad_type: REPLICATE }"),
        inputs={"x": X},
        blobs={"y": np.pad(X, ((0, 0), (0, 0), (0, 2), (0, 3)), mode="edge")},
    ),
    "pad_of_brocolli_crops": sample(
        layer("Pad", "x", "y", "pad_param { pad_u: -1 pad_d: -2 pad_l: -1 pad_r: -1 }"),
        inputs={"x": X},
        blobs={"y": X[:, :, 1:-2, 1:-1]},
    ),
    "pad_of_efficientdet": padded("type: ZERO pad_l: 2 pad_r: 1 pad_t: 3 pad_b: 0", 3, 0, 2, 1),
    "padding": sample(
        layer("Padding", "x", "y", "padding_param { pad_beg: 1 pad_end: 2 }"),
        inputs={"x": X},
        blobs={"y": np.pad(X, ((0, 0), (0, 0), (1, 2), (1, 2)))},
    ),
    "padding_and_cutting": sample(
        layer("Padding", "x", "y", "padding_param { pad_beg: -1 pad_end: 2 }"),
        inputs={"x": X},
        blobs={"y": np.pad(X[:, :, 1:, 1:], ((0, 0), (0, 0), (0, 2), (0, 2)))},
    ),
    "crop_center": sample(
        layer("CropCenter", "x", "y", "crop_center_param { crop_size: [0, 0, 1, 1] }"),
        inputs={"x": X},
        blobs={"y": X[:, :, 1:-1, 1:-1]},
    ),
    "crop_center_of_channels": sample(
        layer("CropCenter", "x", "y", "crop_center_param { crop_size: [0, 1, 1, 2] }"),
        inputs={"x": X},
        blobs={"y": X[:, 1:-1, 1:-1, 2:-2]},
    ),
}
