"""What forks refuse in their layers, and how their definitions and weights are read."""

from __future__ import annotations

import numpy as np
import pytest
from samples.sample import layer

import proto2net
from proto2net import Proto2NetError
from proto2net.errors import ShapeError, UnsupportedError
from proto2net.layers import (
    BN,
    Axpy,
    BilinearInterpolate,
    CenterLoss,
    CompactBilinear,
    ContinuationIndicator,
    ConvolutionDepthwise,
    CropCenter,
    DeephiResize,
    DenseImageData,
    DepthwiseConvolution,
    Dropout,
    Flip,
    Gather,
    GSTiling,
    ImageLabelmapData,
    ImageSegData,
    Interp,
    LayerNorm,
    Lstm,
    MaxUnPool,
    Pad,
    Padding,
    PeriodicShuffle,
    PixelShuffle,
    Rearrange,
    Reverse,
    SegData,
    ShuffleChannel,
    Tiling,
    TransformationParameter,
    Transpose,
    Unpooling,
    Unsqueeze,
    Upsample,
    UpsampleDarknet,
)
from proto2net.layers.base import Filler, Layer
from proto2net.shape import Shape, Shapes
from proto2net.weights.matching import match

IMAGE = (2, 6, 8, 10)

REFUSED: list[tuple[Layer, list[Shape], int, str]] = [
    (Gather((1, 2), (3,)), [IMAGE], 1, "2 indices are given, but their shape is 3"),
    (Gather((1, 9), (2,), axis=2), [IMAGE], 1, "the index 9 is behind the end of axis 2"),
    (CompactBilinear(), [IMAGE, IMAGE], 1, "num_output is missing or 0"),
    (CompactBilinear(4), [IMAGE, (2, 6, 8)], 1, "needs 4 axes"),
    (CompactBilinear(4), [IMAGE, (2, 6, 8, 8)], 1, "may differ in channels alone"),
    (LayerNorm(), [(3,)], 1, "needs 2 axes or more"),
    (Interp(), [IMAGE], 1, "the size is missing"),
    (Interp(height=3), [IMAGE], 1, "the size is missing"),
    (Interp(height=3, width=0), [IMAGE], 1, "height and width are 3 x 0"),
    (Interp(zoom_factor=0), [IMAGE], 1, "zoom_factor is 0"),
    (Interp(zoom_factor=2, pad_beg=1), [IMAGE], 1, "pad_beg is 1"),
    (Interp(zoom_factor=2, pad_beg=-4, pad_end=-4), [IMAGE], 1, "leave nothing"),
    (Interp(zoom_factor=2), [(2, 6, 8)], 1, "needs 4 axes"),
    (Interp(use_blob_size=True), [IMAGE], 1, "takes 2 bottoms"),
    (Interp(zoom_factor=2), [IMAGE, IMAGE], 1, "takes 1 bottom with use_blob_size: false"),
    (Upsample(), [IMAGE], 1, "scale is missing"),
    (Upsample(scale=1.5), [IMAGE], 1, "scale is 1.5;"),
    (Upsample(scale=2, pad_out_h=True), [IMAGE], 1, "are for a mask"),
    (Upsample(scale=1), [IMAGE, IMAGE], 1, "scale is 1 x 1;"),
    (Upsample(scale_h=2), [IMAGE, IMAGE], 1, "only one of the sizes"),
    (Upsample(upsample_h=9, upsample_w=1), [IMAGE, IMAGE], 1, "upsample_w are 9 x 1;"),
    (Upsample(scale=3, pad_out_w=True), [IMAGE, IMAGE], 1, "only for scale 2"),
    (Upsample(height_scale=2), [IMAGE], 1, "only one of the sizes"),
    (Upsample(height_scale=1.5, width_scale=2), [IMAGE], 1, "height_scale is 1.5;"),
    (Upsample(height=8, width=0), [IMAGE], 1, "the top would be 8 x 0;"),
    (Upsample(scale=2, stride=(2,)), [IMAGE], 1, "scale is 2 beside stride;"),
    (Upsample(stride=(2,), height=9, width=9), [IMAGE], 1, "and also stride say the size"),
    (Upsample(stride=(0,)), [IMAGE], 1, "stride is 0 x 0;"),
    (Upsample(scale=2, mode="BILINEAR"), [IMAGE], 1, "mode is BILINEAR; it is only known with"),
    (Upsample(scale=2, dims_num=3), [IMAGE], 1, "dims_num is 3; only 4"),
    (Upsample(stride=(2,)), [IMAGE, IMAGE], 1, "are for one bottom"),
    (Upsample(scale=2), [IMAGE, (2, 6, 16, 20)], 1, "the mask must be as the bottom"),
    (Upsample(mode="NEAREST", scale_h=2, scale_w=2), [IMAGE, IMAGE], 1, "are for a mask"),
    (BilinearInterpolate(scale_factor=2), [IMAGE], 1, "align_corners is missing"),
    (BilinearInterpolate(True, dst_h=9), [IMAGE], 1, "the size must be said in one way"),
    (DeephiResize(), [IMAGE], 1, "the size must be said in one way"),
    (DeephiResize(9, 9, "NEAREST", 2.0, 2.0), [IMAGE], 1, "the size must be said in one way"),
    (MaxUnPool(9, 9), [IMAGE, (2, 6, 8, 9)], 1, "the mask must be as the bottom"),
    (Unpooling(output_h=9), [IMAGE, IMAGE], 1, "only one of output_h and output_w"),
    (Unpooling(output_h=9, output_w=9), [IMAGE], 1, "are for a mask"),
    (Tiling(4), [IMAGE], 1, "6 channels do not make squares of 4 x 4"),
    (Rearrange(0), [IMAGE], 1, "6 channels do not make squares of pixels in 0 channels"),
    (Rearrange(2), [IMAGE], 1, "6 channels do not make squares of pixels in 2 channels"),
    (PeriodicShuffle(2, 2), [IMAGE], 1, "needs 8 channels, but the bottom has 6"),
    (GSTiling(3), [IMAGE], 1, "images of 8 x 10 do not divide into squares of 3 x 3"),
    (PixelShuffle(2), [(4, 6)], 1, "needs 4 axes"),
    (Unsqueeze(5), [IMAGE], 1, "dim is 5;"),
    (Pad(pad_u=1, pad_t=1), [IMAGE], 1, "given twice, by different names"),
    (Pad(pad_u=-1), [IMAGE], 1, "a padding is -1, and not all are below 0"),
    (Pad(pad_u=1), [(2, 6)], 1, "needs 4 axes"),
    (Pad((0,) * 8, pad_type="REFLECT"), [IMAGE], 1, "pad_type and pad_value are for pad_u"),
    (Pad(pad_u=8, pad_type="REFLECT"), [IMAGE], 1, "REFLECT of 8 has 7 at most"),
    (Padding(-4, -4), [IMAGE], 1, "nothing is left of 2 x 6 x 8 x 10"),
    (CropCenter((0, 0, 1)), [IMAGE], 1, "crop_size is given 3 times for 4 axes"),
    (UpsampleDarknet(stride=0), [IMAGE], 1, "stride is 0;"),
    (DepthwiseConvolution(6, (3,), group=2), [IMAGE], 1, "group is 2, but"),
    (ConvolutionDepthwise(6, (3,)), [(2, 0, 8, 9)], 1, "the bottom has no channels"),
    (ShuffleChannel(group=0), [IMAGE], 1, "group is 0;"),
    (ShuffleChannel(group=4), [IMAGE], 1, "6 channels do not divide into 4 groups"),
    (Axpy(), [(2, 5, 1, 1), IMAGE, IMAGE], 1, "one value for each channel"),
    (Axpy(), [(2, 6, 8, 1), IMAGE, IMAGE], 1, "one value for each channel"),
    (Axpy(), [(2, 6), IMAGE, (2, 6, 8, 9)], 1, "must be alike"),
    (Reverse((4,)), [IMAGE], 1, "axis is 4"),
    (Reverse((-1,)), [IMAGE], 1, "axis is -1"),
    (Flip(), [(2, 3, 4, 5, 6)], 1, "4 axes at most"),
    (Transpose((0, 1, 2)), [IMAGE], 1, "dim 0, 1, 2 does not name each axis"),
    (Transpose((0, 1, 2, 2)), [IMAGE], 1, "dim 0, 1, 2, 2 does not name"),
    (BN(), [(2,)], 1, "at least 2 axes"),
    (BN(axis=2), [IMAGE], 1, "axis is 2;"),
    (BN(), [IMAGE], 2, "only SegNet's BN"),
    (BN(bn_mode="INFERENCE"), [IMAGE], 2, "only SegNet's BN"),
    (Dropout(scale_train=False, sample_weights_test=True), [IMAGE], 1, "of different forks"),
    (Lstm(), [(4, 2, 3)], 1, "num_output is missing"),
    (Lstm(5, batch_size=0), [(4, 3)], 1, "batch_size is 0;"),
    (Lstm(5, batch_size=3), [(4, 3)], 1, "4 steps do not divide into 3 sequences"),
    (Lstm(5), [(4,)], 1, "needs (steps, sequences, features)"),
    (Lstm(5), [(4, 2, 3), (4,)], 1, "must have 8 values"),
    (ContinuationIndicator(batch_size=2), [], 1, "time_step is missing"),
    (ContinuationIndicator(time_step=2), [], 1, "batch_size is missing"),
    (ContinuationIndicator(time_step=2, axis=4), [IMAGE], 1, "axis is 4"),
    (SegData(), [], 2, "does not state"),
    (ImageLabelmapData(), [], 2, "does not state"),
    (DenseImageData(), [], 2, "batch_size is missing"),
    (DenseImageData(batch_size=2), [], 2, "does not state"),
]


@pytest.mark.parametrize(("kind", "bottoms", "tops", "reason"), REFUSED)
def test_what_forks_refuse_is_refused(
    kind: Layer, bottoms: list[Shape], tops: int, reason: str
) -> None:
    def refuse() -> None:
        kind.check_counts(len(bottoms), tops)
        kind.infer(tuple(bottoms), tops)

    with pytest.raises(ShapeError) as error:
        refuse()
    assert reason in str(error.value)


SHAPES: list[tuple[Layer, list[Shape], int, Shapes]] = [
    (Interp(zoom_factor=2, height=3, width=3), [IMAGE], 1, ((2, 6, 15, 19),)),
    (Interp(zoom_factor=2, shrink_factor=2, height=3, width=4), [IMAGE], 1, ((2, 6, 3, 4),)),
    (Upsample(scale_h=2, scale_w=3), [IMAGE, IMAGE], 1, ((2, 6, 16, 30),)),
    (Upsample(height_scale=2, width_scale=3), [IMAGE], 1, ((2, 6, 16, 30),)),
    (Upsample(stride=(2, 3)), [IMAGE], 1, ((2, 6, 16, 30),)),
    (Upsample(scale=3, upsample_h=9, upsample_w=11), [IMAGE], 1, ((2, 6, 9, 11),)),
    (Upsample(mode="NEAREST"), [IMAGE, IMAGE], 1, (IMAGE,)),
    (Upsample(), [IMAGE, (2, 4, 8, 9)], 1, ((2, 6, 8, 9),)),
    (BN(bn_mode="LEARN"), [IMAGE], 3, (IMAGE, (1, 6, 1, 1), (1, 6, 1, 1))),
    (Lstm(5), [(4, 2, 3, 7)], 1, ((4, 2, 5),)),
    (Lstm(5, batch_size=2), [(4, 3, 7)], 1, ((4, 5),)),
    (
        ImageSegData(batch_size=3, transform_param=TransformationParameter(crop_size=7)),
        [],
        3,
        ((3, 3, 7, 7), (3, 1, 7, 7), (3, 1, 1, 2)),
    ),
    (
        DenseImageData(batch_size=3, new_height=9, new_width=5, is_color=False),
        [],
        2,
        ((3, 1, 9, 5), (3, 1, 9, 5)),
    ),
]


COLUMNS = """
layer { name: "data" type: "CoSData" top: "image" top: "words" top: "label"
        cos_data_param { batch_size: 2
          top { name: "image" channels: 3 height: 9 width: 8 out_height: 5 out_width: 4 }
          top { name: "words" channels: 7 sample_num_axes: 1 transpose: true }
          top { name: "label" channels: 1 sample_num_axes: 0 } } }
layer { name: "each" type: "Split" bottom: "%s" top: "out" }
"""


@pytest.mark.parametrize(
    ("top", "shape"), [("image", (2, 3, 5, 4)), ("words", (7, 2)), ("label", (2,))]
)
def test_columns_of_a_table_have_the_shapes_that_it_states(top: str, shape: Shape) -> None:
    assert proto2net.parse(COLUMNS % top).blobs[top].shape == shape


@pytest.mark.parametrize(("kind", "bottoms", "tops", "right"), SHAPES)
def test_shapes_are_those_of_the_forks(
    kind: Layer, bottoms: list[Shape], tops: int, right: Shapes
) -> None:
    kind.check_counts(len(bottoms), tops)
    assert kind.infer(tuple(bottoms), tops) == right


def test_parameters_tell_whose_bn_it_is() -> None:
    assert BN().variant == "PSPNet"
    assert BN(slope_filler=Filler(value=1), frozen=True).variant == "PSPNet"
    assert BN(shift_filler=Filler()).variant == "SegNet"
    assert BN(bn_mode="LEARN").variant == "SegNet"
    assert BN(scale_filler=Filler(), moving_average=True).variant == "CTPN"


def test_learned_blobs_are_those_of_the_forks() -> None:
    def shapes(kind: Layer, *bottoms: Shape) -> list[Shape]:
        return [blob.shape for blob in kind.blobs(bottoms).values()]

    channels = (1, 6, 1, 1)
    assert shapes(BN(), IMAGE) == [channels] * 4
    assert shapes(BN(bn_mode="INFERENCE"), IMAGE) == [channels] * 2
    assert shapes(BN(decay=0.1), IMAGE) == [channels] * 4
    assert shapes(DepthwiseConvolution(12, (3,)), IMAGE) == [(12, 1, 3, 3), (12,)]
    assert shapes(Lstm(5), (4, 2, 3, 7)) == [(20, 21), (20, 5), (20,)]
    assert shapes(CenterLoss(9), (4, 7), (4,)) == [(9, 7)]


@pytest.mark.parametrize("shape", [(1, 6, 1, 1), (1, 6), (6,)])
def test_weights_of_a_bn_may_have_other_axes_of_one(shape: Shape) -> None:
    net = proto2net.parse(fed(layer("BN", "x", "y")))
    arrays = [np.full(shape, value, np.float32) for value in range(4)]
    values = match(net, {"layer": arrays}).model.values
    assert [array.shape for array in values.values()] == [(1, 6, 1, 1)] * 4
    assert [array.flat[0] for array in values.values()] == [0, 1, 2, 3]


def test_weights_of_another_number_of_channels_are_refused() -> None:
    net = proto2net.parse(fed(layer("BN", "x", "y")))
    with pytest.raises(Proto2NetError, match="needs 1 x 6 x 1 x 1"):
        match(net, {"layer": [np.zeros((1, 5, 1, 1), np.float32)] * 4})


def test_a_batch_norm_that_scales_takes_its_five_arrays() -> None:
    text = fed(layer("BatchNorm", "x", "y", "batch_norm_param { scale_bias: true eps: 0.25 }"))
    mean, variance, scale, bias = (np.arange(6, dtype="f") + n for n in range(4))
    arrays = {"layer": [mean, variance, np.ones(1, "f"), scale, bias]}
    x = np.random.default_rng(0).standard_normal(IMAGE).astype("f")
    network = proto2net.load(text, arrays, to="numpy")
    found = proto2net.blobs(network, {"x": x})["y"]
    right = (x.transpose(0, 2, 3, 1) - mean) / np.sqrt(variance + 0.25) * scale + bias
    np.testing.assert_allclose(found, right.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-5)


def test_what_only_training_needs_is_left_out_in_the_test_phase() -> None:
    text = (
        'layer { name: "data" type: "ImageSegData" top: "data" top: "label" '
        "image_data_param { batch_size: 2 } transform_param { crop_size: 9 } }"
        'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
        "inner_product_param { num_output: 3 } }"
    )
    losses = [
        layer(kind, "ip label", kind.lower(), name=kind)
        for kind in (
            "CtcLoss",
            "CenterLoss",
            "DiceCoefLoss",
            "L1Loss",
            "ManhattanLoss",
            "GeneralContrastiveLoss",
            "GeneralTripletLoss",
            "SegAccuracy",
            "LabelsequenceAccuracy",
        )
    ]
    net = proto2net.parse("\n".join([text, *losses]))
    assert [node.name for node in net.nodes] == ["data", "ip"]
    assert [blob.shape for blob in net.inputs] == [(2, 3, 9, 9)]


def test_a_loss_without_rendering_says_so() -> None:
    text = fed(layer("L1Loss", "x x", "y"))
    with pytest.raises(Proto2NetError, match="this loss of a fork is not supported"):
        proto2net.convert(text, to="numpy", phase="train")


def test_an_optimised_network_keeps_what_forks_bound_and_scale() -> None:
    from proto2net.model import Model
    from proto2net.rewrites.optimize import optimize

    net = proto2net.parse(
        fed(
            layer("ReLU", "x", "y", name="relu"),
            layer("ReLU", "y", "z", "relu_param { relu6: true }", "relu6"),
            layer("Dropout", "z", "out", "dropout_param { scale_train: false }", "drop"),
        )
    )
    kept = optimize(Model(net))[0].graph
    assert [node.name for node in kept.nodes] == ["data", "relu", "relu6", "drop"]


def fed(*layers: str) -> str:
    """Layers behind an input x of the size of IMAGE."""
    dims = " ".join(f"dim: {size}" for size in IMAGE)
    return "\n".join(
        [layer("Input", "", "x", f"input_param {{ shape {{ {dims} }} }}", "data"), *layers]
    )


def noisy(text: str, filler: str = 'weight_filler { type: "uniform" min: -1 }') -> str:
    return (
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 } } }'
        'layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { '
        f"num_output: 3 enable_noise: true sigma_init: 0.5 {text} {filler} }} }}"
    )


def test_noise_has_learned_blobs_of_its_own_and_smaller_weights() -> None:
    blobs = proto2net.parse(noisy("")).nodes[1].blobs
    assert {name: blob.shape for name, blob in blobs.items()} == {
        "weight": (3, 4),
        "bias": (3,),
        "weight_sigma": (3, 4),
        "bias_sigma": (3,),
    }
    assert (blobs["weight"].filler.min, blobs["weight"].filler.max) == (-0.5, 0.5)
    assert blobs["weight_sigma"].filler.value == 0.25
    assert blobs["bias_sigma"].filler.value == pytest.approx(0.5 / 3**0.5)


@pytest.mark.parametrize(
    ("variance", "bound"), [("FAN_IN", 0.75), ("FAN_OUT", 1), ("AVERAGE", 6 / 7)]
)
def test_noise_scales_a_xavier_filler_too(variance: str, bound: float) -> None:
    filler = f'weight_filler {{ type: "xavier" variance_norm: {variance} }}'
    weight = proto2net.parse(noisy("", filler)).nodes[1].blobs["weight"]
    assert (2 * weight.filler.max) ** 2 == pytest.approx(bound)


def test_noise_with_a_filler_that_cannot_be_scaled_is_refused() -> None:
    with pytest.raises(ShapeError, match="enable_noise is not supported with a msra filler"):
        proto2net.parse(noisy("", 'weight_filler { type: "msra" }'))


@pytest.mark.parametrize("to", ["numpy", "torch", "tf"])
def test_noise_has_no_rendering_in_training(to: str) -> None:
    graph = proto2net.parse(noisy(""), phase="train")
    with pytest.raises(UnsupportedError, match="enable_noise is not supported in training"):
        proto2net.convert(graph, to=to)


def test_a_second_top_of_a_contrastive_loss_is_refused() -> None:
    data = "".join(
        f'layer {{ name: "{name}" type: "Input" top: "{name}" '
        f"input_param {{ shape {{ {dims} }} }} }}"
        for name, dims in (("a", "dim: 2 dim: 3"), ("b", "dim: 2 dim: 3"), ("s", "dim: 2"))
    )
    loss = (
        'layer { name: "l" type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "s" top: "l" '
        'top: "match" contrastive_loss_param { output_matches: true } }'
    )
    with pytest.raises(ShapeError, match=r"a second top \(the matches\)"):
        proto2net.parse(data + loss)


@pytest.mark.parametrize(
    "kind",
    [
        'type: "GradientScaler"',
        'type: "GradientReversal"',
        'type: "Python" python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer" }',
    ],
)
def test_what_changes_training_alone_is_refused_there(kind: str) -> None:
    text = f"""
        layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
        layer {{ name: "f" {kind} bottom: "x" top: "f" }}"""
    assert "return x" in proto2net.convert(text, to="torch")
    with pytest.raises(UnsupportedError, match="what it does in training is not supported"):
        proto2net.convert(text, to="torch", phase="train")
