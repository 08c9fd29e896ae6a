"""Layers of MNC and DetectNet: what they refuse, and how a training definition is used."""

from __future__ import annotations

import pytest
from python_layers import given, python
from samples.sample import layer, sample, values

import proto2net
from proto2net import Proto2NetError, ShapeError, UnsupportedError
from proto2net.layers import Input


def kinds(graph: proto2net.Graph) -> list[str]:
    return [node.layer.type for node in graph.nodes if not isinstance(node.layer, Input)]


def warped(parameters: str) -> str:
    wires = given("x", 1, 2, 4, 5) + given("rois", 3, 5)
    return wires + layer("ROIWarping", "x rois", "y", f"roi_warping_param {{ {parameters} }}")


def bridged(classes: int, shifts: int, tops: str = "y") -> str:
    shapes = given("rois", 3, 5) + given("shifts", 3, shifts) + given("scores", 3, classes)
    return (
        shapes
        + given("info", 1, 3)
        + python(
            "pylayer.stage_bridge_layer", "StageBridgeLayer", "", "rois shifts scores info", tops
        )
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (warped("pooled_w: 2"), "pooled_h is missing"),
        (warped("pooled_h: 2"), "pooled_w is missing"),
        (
            given("x", 1, 2, 4, 5)
            + layer("MaskResize", "x", "y", "mask_resize_param { output_width: 3 }"),
            "output_height is missing",
        ),
        (
            given("x", 3, 2, 4, 5) + given("m", 3, 2, 4, 5) + layer("MaskPooling", "x m", "y"),
            "masks of N, 1, H, W, but they are 3 x 2 x 4 x 5 and 3 x 2 x 4 x 5",
        ),
        (bridged(4, 12), "shifts of N x 16 and scores of N x 4, but they are 3 x 5, 3 x 12 and"),
        (bridged(4, 16, "y labels"), "takes 4 bottoms and 1 top, or 7 and 8 in training"),
    ],
)
def test_what_mnc_cannot_do_is_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(text)


# A cascade of two stages, as MNC is trained.
CASCADE = (
    python(
        "pylayer.mnc_data_layer",
        "MNCDataLayer",
        "'num_classes': 3",
        "",
        "data im_info gt_boxes gt_masks mask_info",
    )
    + """
layer { name: "rpn_cls_score" type: "Convolution" bottom: "data" top: "rpn_cls_score"
  convolution_param { num_output: 18 kernel_size: 1 stride: 16 } }
layer { name: "rpn_bbox_pred" type: "Convolution" bottom: "data" top: "rpn_bbox_pred"
  convolution_param { num_output: 36 kernel_size: 1 stride: 16 } }
"""
    + python(
        "pylayer.proposal_layer",
        "ProposalLayer",
        "{ 'feat_stride': 16, 'use_clip': 1, 'clip_base': 512 }",
        "rpn_cls_score rpn_bbox_pred im_info",
        "rpn_rois rpn_rois_index",
    )
    + python(
        "pylayer.proposal_target_layer",
        "ProposalTargetLayer",
        "{'num_classes': 3, 'bp_all': 1}",
        "rpn_rois gt_boxes im_info gt_masks mask_info rpn_rois_index",
        "rois labels targets inside outside mask_targets mask_weight gt_masks_info fg bg",
    )
    + python(
        "pylayer.anchor_target_layer",
        "AnchorTargetLayer",
        "{'feat_stride': 16}",
        "rpn_cls_score gt_boxes im_info fg bg",
        "rpn_labels rpn_targets rpn_inside rpn_outside",
    )
    + """
layer { name: "rpn_loss" type: "SmoothL1Loss" bottom: "rpn_bbox_pred" bottom: "rpn_targets"
  bottom: "rpn_inside" bottom: "rpn_outside" top: "rpn_loss" }
layer { name: "warp" type: "ROIWarping" bottom: "data" bottom: "rois" top: "warp"
  roi_warping_param { pooled_h: 4 pooled_w: 4 } }
layer { name: "mask_pred" type: "InnerProduct" bottom: "warp" top: "mask_pred"
  inner_product_param { num_output: 441 } }
layer { name: "loss_mask" type: "SigmoidCrossEntropyLoss" bottom: "mask_pred"
  bottom: "mask_targets" bottom: "mask_weight" top: "loss_mask" }
"""
    + python(
        "pylayer.mask_layer",
        "MaskLayer",
        "",
        "mask_pred gt_masks gt_masks_info",
        "masks mask_labels",
    )
    + """
layer { name: "resize" type: "MaskResize" bottom: "masks" top: "resize"
  mask_resize_param { output_height: 4 output_width: 4 } }
layer { name: "masked" type: "MaskPooling" bottom: "warp" bottom: "resize" top: "masked" }
layer { name: "bbox_pred" type: "InnerProduct" bottom: "masked" top: "bbox_pred"
  inner_product_param { num_output: 12 } }
layer { name: "cls_score" type: "InnerProduct" bottom: "masked" top: "cls_score"
  inner_product_param { num_output: 3 } }
layer { name: "cls" type: "Softmax" bottom: "cls_score" top: "cls" }
layer { name: "loss_cls" type: "SoftmaxWithLoss" bottom: "cls_score" bottom: "mask_labels"
  top: "loss_cls" }
"""
    + python(
        "pylayer.stage_bridge_layer",
        "StageBridgeLayer",
        "{ 'feat_stride': 16 }",
        "rois bbox_pred cls gt_boxes gt_masks im_info mask_info",
        "rois_ext labels_ext mask_targets_ext mask_weight_ext gt_masks_info_ext "
        "targets_ext inside_ext outside_ext",
    )
    + """
layer { name: "warp_ext" type: "ROIWarping" bottom: "data" bottom: "rois_ext" top: "warp_ext"
  roi_warping_param { pooled_h: 4 pooled_w: 4 } }
layer { name: "score_ext" type: "InnerProduct" bottom: "warp_ext" top: "score_ext"
  inner_product_param { num_output: 3 } }
layer { name: "loss_ext" type: "SoftmaxWithLoss" bottom: "score_ext" bottom: "labels_ext"
  top: "loss_ext" }
"""
)


def test_a_cascade_in_training_becomes_the_one_for_use() -> None:
    graph = proto2net.parse(CASCADE)
    assert [(b.name, b.shape) for b in graph.inputs] == [
        ("data", (1, 3, 600, 1000)),
        ("im_info", (1, 3)),
    ]
    assert [blob.name for blob in graph.outputs] == ["loss_cls", "loss_ext", "loss_mask"]
    assert kinds(graph) == (
        "Convolution Convolution Python Split ROIWarping InnerProduct Sigmoid Reshape MaskResize "
        "MaskPooling InnerProduct InnerProduct Softmax Softmax Python ROIWarping InnerProduct "
        "Softmax".split()
    )
    bridge = graph.nodes[-4]
    assert [blob.name for blob in bridge.bottoms] == ["rois", "bbox_pred", "cls", "im_info"]
    assert [blob.name for blob in bridge.tops] == ["rois_ext"]
    assert "refine_rois(" in proto2net.convert(graph, to="numpy")


def test_a_cascade_in_training_keeps_what_compares_with_true_masks() -> None:
    text = CASCADE.replace('bottom: "mask_weight" ', "")
    graph = proto2net.parse(text, phase="TRAIN")
    assert graph.blobs["mask_targets_ext"].shape == (1, 1, 21, 21)
    assert graph.blobs["rpn_rois_index"].shape == (1, 1)
    with pytest.raises(UnsupportedError) as error:
        proto2net.convert(graph, to="numpy")
    told = str(error.value)
    for name in ("proposallayer", "masklayer", "stagebridgelayer", "anchortargetlayer"):
        assert f'layer "{name}" (Python): matching true boxes in training' in told


def test_cfm_has_regions_and_their_masks_as_inputs() -> None:
    data = python(
        "pylayer.cfm_data_layer",
        "CFMDataLayer",
        "{'num_classes': 3}",
        "",
        "data rois masks box_labels mask_labels bbox_targets mask_targets bbox_inside_weights "
        "bbox_outside_weights mask_weight",
    )
    text = (
        data
        + layer("ROIPooling", "data rois", "p", "roi_pooling_param { pooled_h: 14 pooled_w: 14 }")
        + layer("MaskPooling", "p masks", "m", name="mask")
        + layer("InnerProduct", "m", "box", "inner_product_param { num_output: 12 }", "fc")
        + layer("SmoothL1Loss", "box bbox_targets bbox_inside_weights bbox_outside_weights", "l")
    )
    graph = proto2net.parse(text)
    assert [(b.name, b.shape) for b in graph.inputs] == [
        ("data", (1, 3, 600, 1000)),
        ("rois", (1, 5)),
        ("masks", (1, 1, 14, 14)),
    ]
    assert proto2net.parse(text, phase="TRAIN").blobs["bbox_targets"].shape == (1, 12)


# ---- DetectNet ------------------------------------------------------------------------------

DETECTNET = """
layer { name: "data" type: "ImageData" top: "data" top: "label"
  image_data_param { batch_size: 2 new_height: 32 new_width: 48 } }
layer { name: "coverage" type: "Convolution" bottom: "data" top: "coverage"
  convolution_param { num_output: 2 kernel_size: 16 stride: 16 } }
layer { name: "bboxes" type: "Convolution" bottom: "data" top: "bboxes"
  convolution_param { num_output: 4 kernel_size: 16 stride: 16 } }
""" + python(
    "caffe.layers.detectnet.clustering",
    "ClusterDetections",
    "48, 32, 16, 0.6, 3, 0.02, 22, 2",
    "coverage bboxes",
    "boxes people",
)
SCORED = python(
    "caffe.layers.detectnet.mean_ap", "ScoreDetections", "", "label boxes", "scored"
) + python("caffe.layers.detectnet.mean_ap", "mAP", "48, 32, 16", "scored", "ap precision recall")


def test_detections_that_only_scoring_reads_are_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    people = SCORED.replace("boxes", "people").replace("scored", "p").replace("ap p", "ap2 p")
    text = DETECTNET + SCORED + people.replace('"precision', '"p2').replace('"recall', '"r2')
    with caplog.at_level("INFO"):
        graph = proto2net.parse(text)
    assert kinds(graph) == ["Convolution", "Convolution"]
    assert [blob.name for blob in graph.outputs] == ["bboxes", "coverage"]
    assert 'layer "clusterdetections" (Python) was left out: only training and' in caplog.text


def test_detections_that_are_the_output_are_told_to_have_no_rendering() -> None:
    graph = proto2net.parse(DETECTNET)
    assert [blob.shape for blob in graph.outputs] == [(2, 50, 5), (2, 50, 5)]
    with pytest.raises(Proto2NetError, match="OpenCV's groupRectangles is not supported"):
        proto2net.convert(graph, to="numpy")


TRANSFORMED = (
    """
layer { name: "image" type: "ImageData" top: "image" top: "truth"
  image_data_param { batch_size: 2 new_height: 32 new_width: 48 } }
layer { name: "transform" type: "DetectNetTransformation" bottom: "image" bottom: "truth"
  top: "data" top: "label" transform_param { mean_value: 127 }
  detectnet_groundtruth_param { stride: 16 image_size_x: 48 image_size_y: 32
    object_class { src: 1 dst: 0 } object_class { src: 8 dst: 1 } } }
layer { name: "slice" type: "Slice" bottom: "label" top: "inside" top: "rest"
  slice_param { slice_point: 1 } }
layer { name: "block" type: "Concat" bottom: "inside" bottom: "inside" bottom: "inside"
  bottom: "inside" top: "block" }
"""
    + DETECTNET[DETECTNET.index('layer { name: "coverage"') :]
    + """
layer { name: "masked" type: "Eltwise" bottom: "bboxes" bottom: "block" top: "masked"
  eltwise_param { operation: PROD } }
layer { name: "loss" type: "L1Loss" bottom: "masked" bottom: "block" top: "loss" }
"""
    + SCORED.replace("label", "rest")
)


def test_maps_of_true_boxes_go_with_all_that_is_made_with_them() -> None:
    graph = proto2net.parse(TRANSFORMED.replace('top: "people"', "").replace("22, 2", "22, 1"))
    assert kinds(graph) == ["Power", "Convolution", "Convolution"]
    assert graph.nodes[1].layer.given() == {"shift": -127}
    assert [blob.name for blob in graph.inputs] == ["image"]
    assert [blob.name for blob in graph.outputs] == ["bboxes", "coverage"]


def test_maps_of_true_boxes_have_a_channel_for_each_class_in_training() -> None:
    trained = proto2net.parse(
        TRANSFORMED[: TRANSFORMED.index('layer { name: "block"')], phase="TRAIN"
    )
    assert trained.blobs["data"].shape == (2, 3, 32, 48)
    assert trained.blobs["label"].shape == (2, 10, 2, 3)


# ---- MobileNet-YOLO -------------------------------------------------------------------------


def test_assisted_excitation_is_its_features_in_use_and_its_mean_goes() -> None:
    data = """layer { name: "data" type: "ImageData" top: "data" top: "label"
      image_data_param { batch_size: 2 new_height: 4 new_width: 5 } }"""
    text = (
        data
        + layer("Permute", "data", "p", "permute_param { order: [0, 2, 3, 1] }", "permute")
        + layer("Reduction", "p", "mean", "reduction_param { axis: 3 operation: MEAN }", "mean")
        + layer("AssistedExcitation", "data label mean", "ae", name="ae")
        + layer("Power", "ae", "y", "power_param { scale: 2 }", "power")
    )
    assert kinds(proto2net.parse(text)) == ["Split", "Power"]
    trained = proto2net.parse(text, phase="TRAIN")
    assert trained.blobs["ae"].shape == (2, 3, 4, 5)
    with pytest.raises(UnsupportedError, match="adding to features in true boxes"):
        proto2net.convert(trained, to="numpy")


def test_a_blob_that_is_read_elsewhere_stays_when_a_loss_has_become_its_prediction() -> None:
    found = sample(
        layer("Power", "x", "y", "power_param { scale: 2 }", "twice"),
        layer("SigmoidCrossEntropyLoss", "x y", "loss", name="loss"),
        inputs={"x": values(2, 3)},
        blobs={},
    )
    assert kinds(proto2net.parse(found.net)) == ["Power", "SigmoidCrossEntropyLoss"]
