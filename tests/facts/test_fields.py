"""Receptive fields: those of known networks, and each pixel's effect in small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from digests import MODELS

import proto2net
from proto2net import Graph, facts
from proto2net.facts import Field

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 %s } } }\n'


def net(size: tuple[int, ...], *layers: str) -> Graph:
    """A chain of layers, each `Type: parameters`, or whole layers, on an image of this size."""
    text, bottom = INPUT % " ".join(f"dim: {n}" for n in size), "x"
    for index, layer in enumerate(layers):
        if layer.startswith("layer"):
            text += layer
            continue
        kind, _, parameters = layer.partition(": ")
        bottoms = f'bottom: "{bottom}"'
        bottom = f"l{index}"
        text += (
            f'layer {{ name: "{bottom}" type: "{kind}" {bottoms} top: "{bottom}" {parameters} }}\n'
        )
    return proto2net.parse(text)


def field(graph: Graph) -> Field | None:
    return facts.layers(graph)[-1].receptive


def seen(graph: Graph) -> np.ndarray:
    """Whether each output position (a row) changes with each input pixel (a column), as it runs."""
    network = proto2net.load(graph, to="numpy", weights=positive(graph))
    (image,) = graph.inputs
    start = np.random.default_rng(0).uniform(1, 2, image.shape).astype(np.float32)
    before = result(network, start)
    pixels = list(np.ndindex(*image.shape[2:]))
    changed = np.zeros((before.size, len(pixels)), bool)
    for column, pixel in enumerate(pixels):
        more = start.copy()
        more[(0, 0, *pixel)] += 50
        changed[:, column] = (result(network, more) != before).ravel()
    return changed.reshape(*before.shape, *image.shape[2:])


def result(network: object, image: np.ndarray) -> np.ndarray:
    (found,) = proto2net.outputs(network, {"x": image}).values()
    return np.asarray(found[0].sum(axis=0))


def positive(graph: Graph) -> dict[str, list[np.ndarray]]:
    """Weights that let no change cancel another."""
    draw = np.random.default_rng(1).uniform
    return {
        node.name: [draw(0.5, 1, blob.shape).astype(np.float32) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }


def ends(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """The first and the last pixel along each axis that matters."""
    for axis in range(flags.ndim):
        other = tuple(i for i in range(flags.ndim) if i != axis)
        (found,) = np.nonzero(flags.any(axis=other))
        yield (int(found[0]), int(found[-1])) if found.size else (-1, -1)


CONV = "Convolution: convolution_param { num_output: 1 %s }"
DECONV = "Deconvolution: convolution_param { num_output: 1 %s }"
POOL = "Pooling: pooling_param { %s }"
CASES = {
    "convolution": [CONV % "kernel_h: 3 kernel_w: 2 stride: 1"],
    "stride and pad": [CONV % "kernel_size: 3 stride: 2 pad: 1", CONV % "kernel_size: 3 pad: 1"],
    "dilation": [CONV % "kernel_size: 3 dilation: 2 pad: 2", CONV % "kernel_size: 2"],
    "pooling that rounds up": [POOL % "kernel_size: 3 stride: 2", CONV % "kernel_size: 2"],
    "mean pooling": [POOL % "pool: AVE kernel_size: 2 stride: 2 pad: 1", CONV % "kernel_size: 3"],
    "deconvolution": [
        CONV % "kernel_size: 3 stride: 2",
        DECONV % "kernel_size: 4 stride: 2 pad: 1",
    ],
    "deconvolution, then windows": [
        POOL % "pool: AVE kernel_size: 2 stride: 2",
        DECONV % "kernel_size: 3 stride: 3",
        CONV % "kernel_size: 3 stride: 2",
    ],
    "deconvolution with gaps": [CONV % "kernel_size: 3", DECONV % "kernel_size: 2 stride: 3"],
    "two deconvolutions": [
        CONV % "kernel_size: 2 stride: 4",
        DECONV % "kernel_size: 3 stride: 2",
        CONV % "kernel_size: 2",
        DECONV % "kernel_size: 4 stride: 2",
    ],
    "interpolation": [
        CONV % "kernel_size: 3 stride: 2",
        "Interp: interp_param { height: 11 width: 7 }",
    ],
    "upsampling": [CONV % "kernel_size: 3 stride: 2", "Upsample: upsample_param { scale: 2 }"],
    "upsampling to a size": [
        CONV % "kernel_size: 3 stride: 2",
        "Upsample: upsample_param { upsample_h: 11 upsample_w: 7 }",
    ],
    "bilinear upsampling": [
        CONV % "kernel_size: 3 stride: 2",
        "Upsample: upsample_param { height_scale: 2 width_scale: 3 mode: BILINEAR }",
    ],
    "upsampling to where the maxima stood": [
        CONV % "kernel_h: 3 kernel_w: 2",
        'layer { name: "p" type: "Pooling" bottom: "l0" top: "p" top: "mask" '
        "pooling_param { kernel_size: 2 stride: 2 } }"
        'layer { name: "u" type: "Upsample" bottom: "p" bottom: "mask" top: "u" '
        "upsample_param { scale: 2 } }"
        'layer { name: "v" type: "Convolution" bottom: "u" top: "v" '
        "convolution_param { num_output: 1 kernel_size: 3 pad: 1 } }",
    ],
    "squares of pixels as channels": [
        'SpaceToDepth: space_to_depth_param { block_size: 3 data_format: "NCHW" }',
        CONV % "kernel_size: 2",
        CONV.replace("num_output: 1", "num_output: 4") % "kernel_size: 1",
        'DepthToSpace: depth_to_space_param { block_size: 2 data_format: "NCHW" }',
    ],
    "filters of each place": ["Local: local_param { num_output: 1 kernel_size: 3 stride: 2 }"],
    "a mean over the width": [
        CONV % "kernel_size: 3",
        "Pooling: pooling_param { pool: AVE kernel_h: 1 kernel_w: 19 }",
    ],
    "within channels": ["LRN: lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"],
    "padding": ["Pad: pad_param { paddings: [0, 0, 0, 0, 2, 1, 0, 3] }", CONV % "kernel_size: 3"],
    "slice": [
        CONV % "kernel_size: 3",
        'layer { name: "s" type: "Slice" bottom: "l0" top: "a" top: "b" '
        "slice_param { axis: 2 slice_point: 4 } }"
        'layer { name: "i" type: "Silence" bottom: "a" }'
        'layer { name: "r" type: "ReLU" bottom: "b" top: "b" }',
    ],
    "crop": [
        CONV % "kernel_size: 3 pad: 1",
        'layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 4 } }'
        'layer { name: "i" type: "Silence" bottom: "p" }'
        'layer { name: "c" type: "Crop" bottom: "l0" bottom: "p" top: "c" '
        "crop_param { axis: 2 offset: 3 offset: 1 } }",
    ],
    "join": [
        CONV % "kernel_size: 5 pad: 2",
        'layer { name: "p" type: "Convolution" bottom: "x" top: "p" '
        "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 7 pad_w: 3 } }"
        'layer { name: "e" type: "Eltwise" bottom: "l0" bottom: "p" top: "e" }',
    ],
    "gate": [
        CONV % "kernel_size: 3",
        'layer { name: "p" type: "Pooling" bottom: "l0" top: "p" '
        "pooling_param { pool: AVE global_pooling: true } }"
        'layer { name: "f" type: "Flatten" bottom: "p" top: "f" }'
        'layer { name: "e" type: "Scale" bottom: "l0" bottom: "f" top: "e" '
        "scale_param { axis: 0 } }",
    ],
    "inner product": [
        CONV % "kernel_size: 3",
        "InnerProduct: inner_product_param { num_output: 2 }",
    ],
    "mean and variance": ["MVN: "],
    "one position that sees all": [
        CONV % "kernel_h: 6 kernel_w: 4 stride: 3",
        CONV % "kernel_h: 2 kernel_w: 3",
        CONV % "kernel_size: 1",
    ],
}
SIZE = (18, 21)
ONE_POSITION = (9, 10)


@pytest.mark.parametrize("name", CASES)
def test_a_position_sees_what_changes_it(name: str) -> None:
    """To the pixel in the middle; at the edges there may be less, as windows hang over them."""
    size = ONE_POSITION if name == "one position that sees all" else SIZE
    graph = net(size, *CASES[name])
    found, changed = field(graph), seen(graph)
    assert found is not None
    compared = 0
    shape = changed.shape[: changed.ndim - 2]
    for position in np.ndindex(*shape):
        middle = all(n // 3 <= i < n - n // 3 for i, n in zip(position, shape, strict=True))
        for axis, (first, last) in enumerate(ends(changed[position])):
            reach = found.axes[axis]
            start, end = reach.of(position[axis]) if reach else (0, size[axis] - 1)
            start, end = max(start, 0), min(end, size[axis] - 1)
            assert first == -1 or start <= first <= last <= end
            if "maxima" in name:  # zeros stand between those that are put back
                compared += 1
            elif (middle or reach is None) and (first >= 0 or "gaps" not in name):
                assert (first, last) == (start, end)
                compared += 1
    assert compared


def test_the_largest_field_is_that_of_some_position() -> None:
    graph = net((24, 24), *CASES["deconvolution, then windows"])
    found, changed = field(graph), seen(graph)
    assert found is not None
    inside = [list(ends(changed[4, x]))[1] for x in range(4, 10)]
    assert found.sizes[1] == max(last - first + 1 for first, last in inside)


@pytest.mark.parametrize(
    ("model", "layer", "size", "stride"),
    [
        ("alexnet", "pool5", 195, 32),
        ("vgg16", "pool5", 212, 32),
        ("resnet50", "res5c", 483, 32),
        ("resnet152", "res5c", 1507, 32),
        ("googlenet", "inception_5b/output", 715, 32),
        ("mobilenet", "conv6/sep", 315, 32),
    ],
)
def test_known_networks_have_their_known_fields(
    model: str, layer: str, size: int, stride: int
) -> None:
    graph = proto2net.parse(MODELS / f"{model}.prototxt")
    (found,) = (each.receptive for each in facts.layers(graph) if each.name == layer)
    assert found is not None
    assert found.sizes == (size, size)
    assert found.strides == (stride, stride)


@pytest.mark.parametrize(
    "layer",
    [
        "Permute: permute_param { order: 0 order: 2 order: 3 order: 1 }",
        "Reshape: reshape_param { shape { dim: 1 dim: 2 dim: -1 dim: 7 } }",
        "Flatten: ",
    ],
)
def test_numbers_without_places_have_no_field_and_their_product_sees_all(layer: str) -> None:
    graph = net(SIZE, layer, "InnerProduct: inner_product_param { num_output: 2 }")
    *_, moved, product = facts.layers(graph)
    assert moved.receptive is None or layer.startswith("Permute")
    assert product.receptive is not None
    assert product.receptive.whole


def test_maxima_that_are_put_back_into_a_wider_image_have_no_places() -> None:
    layers = CASES["upsampling to where the maxima stood"][1:2]
    graph = net((18, 21), CONV % "kernel_size: 3", *layers)
    assert graph.outputs[0].shape[-1] != graph.nodes[1].tops[0].shape[-1]
    assert {each.name: each.receptive is None for each in facts.layers(graph)}["u"]


def test_an_image_of_any_size_is_never_seen_whole_by_its_size() -> None:
    graph = proto2net.parse(
        MODELS / "caffenet_full_conv.prototxt", inputs={"data": (1, 3, None, None)}
    )
    found = {each.name: each.receptive for each in facts.layers(graph)}
    assert found["fc8-conv"] is not None
    assert found["fc8-conv"].sizes == (355, 355)


def test_images_of_two_sizes_have_no_field_in_common() -> None:
    text = (INPUT % "dim: 8 dim: 8") + (INPUT % "dim: 10 dim: 10").replace('"x"', '"y"')
    text += 'layer { name: "c" type: "Crop" bottom: "y" bottom: "x" top: "c" }'
    text += 'layer { name: "e" type: "Eltwise" bottom: "c" bottom: "x" top: "e" }'
    graph = proto2net.parse(text)
    assert [bool(each.receptive) for each in facts.layers(graph)] == [True, True, True, False]


def test_a_layer_that_moves_what_has_lost_its_places_has_no_field() -> None:
    reshaped = "Reshape: reshape_param { shape { dim: 1 dim: 6 dim: 4 dim: 8 } }"
    like = (
        'layer { name: "like" type: "Pooling" bottom: "l1" top: "like" '
        "pooling_param { kernel_size: 2 } }"
    )
    crop = (
        'layer { name: "crop" type: "Crop" bottom: "l1" bottom: "like" top: "crop" '
        "crop_param { axis: 2 } }"
    )
    grown = "Convolution: convolution_param { num_output: 3 pad: 1 kernel_size: 3 }"
    assert field(net((8, 8), grown, reshaped, like, crop)) is None
