"""Layers of R-CNN's forks: what they take, what they refuse, and Python layers that are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from python_layers import given, python

import proto2net
from proto2net import ParseError, Proto2NetError, ShapeError, UnsupportedError
from proto2net.backends.base import Code
from proto2net.backends.numpy import backend as numpy_backend
from proto2net.backends.tree import code
from proto2net.layers import (
    Input,
    ProposalLayer,
    Python,
    SSHProposalLayer,
    python_layer,
)
from proto2net.layers.python import parameters
from proto2net.shape import Shapes


def proposals(param_str: str, channels: int = 18, batch: int = 1) -> str:
    """Scores, box shifts and an image's size, and the Python layer on them."""
    return (
        given("scores", batch, channels, 4, 5)
        + given("shifts", batch, 2 * channels, 4, 5)
        + given("im_info", 1, 3)
        + python("rpn.proposal_layer", "ProposalLayer", param_str, "scores shifts im_info", "rois")
    )


# ---- param_str ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("'feat_stride': 16", {"feat_stride": 16}),
        (
            "'feat_stride': 16 \n'scales': !!python/tuple [4, 8, 16, 32]",
            {"feat_stride": 16, "scales": (4, 8, 16, 32)},
        ),
        (
            "{'feat_stride': 32,'scales': [16,32], 'ratios':[0.5,]}",
            {"feat_stride": 32, "scales": (16, 32), "ratios": (0.5,)},
        ),
        (
            'split: train\nmean: (104.0, 116.7)\nseed: ~\nsize: "small"\nflip: true',
            {"split": "train", "mean": (104.0, 116.7), "seed": None, "size": "small", "flip": True},
        ),
        ("", {}),
        (" {} ", {}),
    ],
)
def test_a_param_str_is_read_as_yaml(text: str, right: dict[str, Any]) -> None:
    assert parameters(text) == right


@pytest.mark.parametrize(
    "text",
    [
        "{'a': 1",
        "'a' 1",
        "'a': ",
        "'a': 1 }",
        "a: [1, 2",
        "{a: 1 b: 2}",
        "a: {b: 1}",
        "'a",
        "a: !x",
    ],
)
def test_another_param_str_is_refused(text: str) -> None:
    with pytest.raises(ShapeError, match="param_str"):
        parameters(text)


# ---- proposals ------------------------------------------------------------------------------


def layer_of(text: str, phase: str = "TEST") -> Python:
    layer = proto2net.parse(text, phase=phase).nodes[-1].layer
    assert isinstance(layer, Python)
    return layer


def test_a_python_layer_is_known_by_its_module_and_class() -> None:
    layer = layer_of(proposals("'feat_stride': 16"))
    assert isinstance(layer, ProposalLayer)
    assert layer.type == "Python"


def test_proposals_differ_by_phase_as_faster_rcnn_is_configured() -> None:
    layer = layer_of(proposals("'feat_stride': 16"))
    assert isinstance(layer, ProposalLayer)
    numbers = [(h.pre_nms_topn, h.post_nms_topn) for h in map(layer.proposing, ("TEST", "TRAIN"))]
    assert numbers == [(6000, 300), (12000, 2000)]


def test_scales_and_ratios_make_the_anchors() -> None:
    layer = layer_of(proposals("{'feat_stride': 8, 'scales': [4], 'ratios': [1, 2]}", channels=4))
    assert isinstance(layer, ProposalLayer)
    how = layer.proposing("TEST")
    assert how.feat_stride == 8
    # 16 x 16, and 11 x 22 of about that area, times 4 around 7.5
    assert how.anchors == ((-24, -24, 39, 39), (-14, -36, 29, 51))


def test_a_half_of_a_pixel_is_rounded_as_numpy_does_in_python_and_as_c_does_in_caffe() -> None:
    layer = layer_of(proposals("{'feat_stride': 16, 'scales': [1], 'ratios': [0.625]}", channels=2))
    assert isinstance(layer, ProposalLayer)
    (even,) = layer.proposing("TEST").anchors
    (up,) = proto2net.layers.Proposal(ratio=(0.625,), scale=(1,)).proposing("TEST").anchors
    assert even[3] - even[1] + 1 == 12  # of 20 * 0.625
    assert up[3] - up[1] + 1 == 13


def test_the_definition_of_a_python_layer_is_written_as_it_was_read() -> None:
    graph = proto2net.parse(proposals("'feat_stride': 16 \\n'scales': !!python/tuple [8, 16, 32]"))
    again = proto2net.parse(proto2net.convert(graph, to="prototxt"))
    assert again == graph


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (proposals("'feat_stride': 16", channels=24), "9 anchors need 18 channels of scores"),
        (proposals("'feat_stride': 16", batch=2), "one image at a time, but the batch is 2"),
        (proposals("'scales': [8, 16, 32]"), "param_str lacks feat_stride"),
        (proposals("{'feat_stride': 16, 'use_clip': 1}"), "param_str has use_clip"),
        (proposals("{'feat_stride': 16, 'scales': [big]}"), "not a number"),
        (proposals("{'feat_stride': 16, 'ratios': [0]}"), "each must be above 0"),
    ],
)
def test_proposals_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(text)


def test_a_python_layer_that_is_not_known_is_an_error() -> None:
    text = given("x", 1, 2, 3, 4) + python("mine", "MyLayer", "", "x", "y")
    with pytest.raises(Proto2NetError, match=r"user's own code, mine\.MyLayer"):
        proto2net.parse(text)


@pytest.fixture
def doubling() -> Iterator[type[Python]]:
    """A Python layer of the user's own, declared and rendered."""

    @python_layer("mine", "Doubling", bottoms=1, tops=1)
    @dataclass(frozen=True)
    class Doubling(Python):
        """Twice its bottom, or as often as its param_str says."""

        def infer(self, bottoms: Shapes, tops: int) -> Shapes:
            return bottoms

    @numpy_backend.renders(Doubling)
    def _doubling(node: Any) -> Code:
        times = parameters(node.layer.param_str).get("times", 2)
        return Code(code("{times} * {0}", times=times))

    yield Doubling
    del numpy_backend.renderers[Doubling,]


def test_users_can_declare_a_python_layer_of_their_own(doubling: type[Python]) -> None:
    text = given("x", 1, 2, 3, 4) + python("mine", "Doubling", "times: 3", "x", "y")
    graph = proto2net.parse(text)
    assert isinstance(graph.nodes[-1].layer, doubling)
    assert "return 3 * x" in proto2net.convert(graph, to="numpy")
    with pytest.raises(UnsupportedError, match="not supported in torch"):
        proto2net.convert(graph, to="torch")


def test_a_python_layer_cannot_be_declared_twice(doubling: type[Python]) -> None:
    with pytest.raises(Proto2NetError, match=r"mine\.Doubling is declared twice"):
        python_layer("mine", "Doubling")(doubling)


# ---- regions --------------------------------------------------------------------------------


def pooled(kind: str, param: str, *rois: int, channels: int = 18) -> str:
    return (
        given("x", 1, channels, 6, 7)
        + given("rois", *(rois or (4, 5)))
        + f'layer {{ name: "pool" type: "{kind}" bottom: "x" bottom: "rois" top: "y" {param} }}'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (pooled("ROIPooling", "roi_pooling_param { pooled_w: 7 }"), "pooled_h is missing"),
        (pooled("ROIPooling", "roi_pooling_param { pooled_h: 7 }"), "pooled_w is missing"),
        (
            pooled("ROIPooling", "roi_pooling_param { pooled_h: 7 pooled_w: 7 }", 4, 4),
            r"must be N x 5, but they are 4 x 4\n.*if they are an input, --input NAME=1,5",
        ),
        (
            pooled(
                "PSROIPooling",
                "psroi_pooling_param { output_dim: 3 group_size: 3 spatial_scale: 0.0625 }",
            ),
            "need 27 channels, but the bottom has 18",
        ),
        (
            pooled("ROIAlign", "roi_align_param { pooled_h: 7 pooled_w: 7 }"),
            "forks have different layers of this name",
        ),
    ],
)
def test_regions_that_cannot_be_pooled_are_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(text)


def test_psroi_pooling_needs_its_parameters() -> None:
    text = pooled("PSROIPooling", "psroi_pooling_param { output_dim: 2 group_size: 3 }")
    with pytest.raises(ParseError, match="spatial_scale"):
        proto2net.parse(text)


def test_smooth_l1_loss_needs_bottoms_of_one_shape() -> None:
    text = (
        given("x", 2, 8)
        + given("t", 2, 4)
        + 'layer { name: "l" type: "SmoothL1Loss" bottom: "x" bottom: "t" top: "l" }'
    )
    with pytest.raises(ShapeError, match="must have one shape, but they are 2 x 8, 2 x 4"):
        proto2net.parse(text, phase="TRAIN")


# ---- from training to use -------------------------------------------------------------------

FASTER_RCNN = (
    python("roi_data_layer.layer", "RoIDataLayer", "'num_classes': 3", "", "data im_info gt_boxes")
    + """
layer { name: "rpn_cls_score" type: "Convolution" bottom: "data" top: "rpn_cls_score"
  convolution_param { num_output: 18 kernel_size: 1 stride: 16 } }
layer { name: "rpn_bbox_pred" type: "Convolution" bottom: "data" top: "rpn_bbox_pred"
  convolution_param { num_output: 36 kernel_size: 1 stride: 16 } }
layer { name: "two" type: "Reshape" bottom: "rpn_cls_score" top: "two"
  reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } } }
"""
    + python(
        "rpn.anchor_target_layer",
        "AnchorTargetLayer",
        "'feat_stride': 16",
        "rpn_cls_score gt_boxes im_info data",
        "rpn_labels rpn_targets rpn_inside rpn_outside",
    )
    + """
layer { name: "rpn_loss_cls" type: "SoftmaxWithLoss" bottom: "two" bottom: "rpn_labels"
  top: "rpn_loss_cls" loss_weight: 1 loss_param { ignore_label: -1 } }
layer { name: "rpn_loss_bbox" type: "SmoothL1Loss" bottom: "rpn_bbox_pred" bottom: "rpn_targets"
  bottom: "rpn_inside" bottom: "rpn_outside" top: "rpn_loss_bbox" loss_weight: 1
  smooth_l1_loss_param { sigma: 3.0 } }
layer { name: "rpn_prob" type: "Softmax" bottom: "two" top: "rpn_prob" }
layer { name: "back" type: "Reshape" bottom: "rpn_prob" top: "back"
  reshape_param { shape { dim: 0 dim: 18 dim: -1 dim: 0 } } }
"""
    + python(
        "rpn.proposal_layer",
        "ProposalLayer",
        "'feat_stride': 16",
        "back rpn_bbox_pred im_info",
        "rpn_rois",
    )
    + python(
        "rpn.proposal_target_layer",
        "ProposalTargetLayer",
        "'num_classes': 3",
        "rpn_rois gt_boxes",
        "rois labels targets inside outside",
    )
    + """
layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
  roi_pooling_param { pooled_h: 2 pooled_w: 2 } }
layer { name: "cls_score" type: "InnerProduct" bottom: "pool" top: "cls_score"
  inner_product_param { num_output: 3 } }
layer { name: "bbox_pred" type: "InnerProduct" bottom: "pool" top: "bbox_pred"
  inner_product_param { num_output: 12 } }
"""
)

ALL = """
layer { name: "loss_cls" type: "SoftmaxWithLoss" bottom: "cls_score" bottom: "labels"
  top: "loss_cls" }
layer { name: "loss_bbox" type: "SmoothL1Loss" bottom: "bbox_pred" bottom: "targets"
  bottom: "inside" bottom: "outside" top: "loss_bbox" }
"""

HARDEST = """
layer { name: "each_cls" type: "SoftmaxWithLossOHEM" bottom: "cls_score" bottom: "labels"
  top: "temp_cls" top: "temp_prob" top: "each_cls" loss_weight: 0 loss_weight: 0 loss_weight: 0 }
layer { name: "each_bbox" type: "SmoothL1LossOHEM" bottom: "bbox_pred" bottom: "targets"
  bottom: "inside" top: "temp_bbox" top: "each_bbox" loss_weight: 0 loss_weight: 0 }
layer { name: "each" type: "Eltwise" bottom: "each_cls" bottom: "each_bbox" top: "each" }
layer { name: "annotator" type: "BoxAnnotatorOHEM" bottom: "rois" bottom: "each" bottom: "labels"
  bottom: "inside" top: "labels_ohem" top: "weights_ohem"
  box_annotator_ohem_param { roi_per_img: 128 ignore_label: -1 } }
layer { name: "silence" type: "Silence" bottom: "outside" bottom: "temp_cls" bottom: "temp_prob"
  bottom: "temp_bbox" }
layer { name: "loss_cls" type: "SoftmaxWithLoss" bottom: "cls_score" bottom: "labels_ohem"
  top: "loss_cls" loss_param { ignore_label: -1 } }
layer { name: "loss_bbox" type: "SmoothL1LossOHEM" bottom: "bbox_pred" bottom: "targets"
  bottom: "weights_ohem" top: "loss_bbox" loss_weight: 1
  loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 128 } }
"""


@pytest.mark.parametrize("losses", [ALL, HARDEST], ids=["all", "hardest"])
def test_a_training_definition_becomes_the_network_for_use(losses: str) -> None:
    graph = proto2net.parse(FASTER_RCNN + losses)
    assert [blob.name for blob in graph.inputs] == ["data", "im_info"]
    assert [blob.shape for blob in graph.inputs] == [(1, 3, 600, 1000), (1, 3)]
    assert [blob.name for blob in graph.outputs] == ["bbox_pred", "loss_cls", "rpn_loss_cls"]
    kinds = [node.layer.type for node in graph.nodes if not isinstance(node.layer, Input)]
    assert kinds == (
        "Convolution Convolution Reshape Softmax Softmax Reshape Python Split ROIPooling "
        "InnerProduct InnerProduct Softmax".split()
    )
    assert "propose(" in proto2net.convert(graph, to="numpy")


def test_a_training_definition_keeps_its_losses_in_training() -> None:
    graph = proto2net.parse(FASTER_RCNN + HARDEST, phase="TRAIN")
    assert graph.blobs["rpn_labels"].shape == (1, 1, 9 * 38, 63)
    assert graph.blobs["targets"].shape == (1, 12)
    with pytest.raises(UnsupportedError, match="in training is not supported"):
        proto2net.convert(graph, to="numpy")


def test_fast_rcnn_has_its_regions_as_an_input() -> None:
    data = python(
        "roi_data_layer.layer", "RoIDataLayer", "'num_classes': 3", "", "data rois labels"
    )
    text = data + FASTER_RCNN[FASTER_RCNN.index('layer { name: "pool"') :] + ALL.split("layer")[1]
    text = text.replace('{ name: "loss_cls"', 'layer { name: "loss_cls"')
    graph = proto2net.parse(text)
    assert [(blob.name, blob.shape) for blob in graph.inputs] == [
        ("data", (1, 3, 600, 1000)),
        ("rois", (1, 5)),
    ]


def text_boxes(param_str: str, channels: int = 20) -> str:
    return (
        given("scores", 1, channels, 3, 5)
        + given("shifts", 1, 20, 3, 5)
        + given("info", 1, 3)
        + python(
            "layers.text_proposal_layer",
            "ProposalLayer",
            param_str,
            "scores shifts info",
            "rois probs",
        )
    )


def test_ctpn_has_ten_boxes_of_text_at_each_place() -> None:
    graph = proto2net.parse(text_boxes("'feat_stride': 16"))
    assert [blob.shape for blob in graph.outputs] == [(150, 1), (150, 4)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (text_boxes("'feat_stride': 16", channels=18), "scores must be 1 x 20 x H x W"),
        (text_boxes("'feat_stride': 0"), "feat_stride must be above 0"),
        (text_boxes("'stride': 16"), "must give a whole number as feat_stride"),
    ],
)
def test_boxes_of_text_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(text)


def test_ssh_proposes_more_boxes_in_tests_than_in_training() -> None:
    layer = SSHProposalLayer(
        "", "", "{'feat_stride': 8, 'base_size': 8, 'scales': [1], 'ratios': [1,]}"
    )
    tests, training = layer.proposing("TEST"), layer.proposing("TRAIN")
    assert tests.anchors == ((0, 0, 7, 7),)
    assert (tests.post_nms_topn, tests.min_size, tests.nms_thresh) == (1000, 0, 1)
    assert (training.post_nms_topn, training.min_size, training.nms_thresh) == (300, 4, 0.3)
