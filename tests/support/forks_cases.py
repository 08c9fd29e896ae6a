"""Networks of forks on images, batches and regions of other sizes than they declare.

Each has values that no two of a short range share, so that no order of scores is open.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from layer_cases import SAMPLES
from reference import REFERENCE
from samples.mnc import masks_resized, roi_warped
from samples.rcnn import ANCHORS, proposed, psroi_pooled, roi_aligned, roi_pooled
from samples.sample import values
from samples.yolo import LARGE, SMALL, all_classes, reorganised, swapped

import proto2net
from proto2net import Graph

Ndarray = np.ndarray[Any, np.dtype[Any]]

REGIONS = np.array([[2, 3.5, 4.5, 30, 20], [0, 8, 9, 60, 70], [1, 20, 40, 28, 66]], np.float32)


def f32(array: Ndarray) -> Ndarray:
    return array.astype(np.float32)


def resized(name: str) -> tuple[dict[str, Ndarray], Ndarray]:
    """Other inputs for a sample, and what its first top should be."""
    if name == "proposal_layer_without_scores":
        scores, shifts = 0.5 + 0.5 * values(1, 18, 3, 7), 0.4 * values(1, 36, 3, 7, start=5)
        info = [50.0, 111.0, 1.25]
        right = proposed(
            f32(scores), f32(shifts), info, ANCHORS, 16, 16, 6000, 300, keep_small=False
        )
        return {"scores": scores, "shifts": shifts, "info": np.array([info])}, right[0]
    if name == "yolov3_detection_output":
        a, b = 2 * values(3, 16, 4, 2, start=3), 2 * values(3, 16, 8, 4, start=6)
        return {"a": a, "b": b}, all_classes([f32(a), f32(b)], [LARGE, SMALL], [32, 16], 0.3)
    if name == "reorg_not_square":
        x = values(3, 8, 4, 14)
        return {"x": x}, reorganised(x, 2)
    if name == "reorg_of_synopsys":
        x = values(3, 8, 4, 14)
        return {"x": x}, swapped(x, 2)
    if name == "reorg_reverse_of_synopsys":
        x = values(33, 4, 4, 6)
        return {"x": x}, swapped(x, 2, reverse=True)
    if name == "mask_resize":
        x = values(3, 3, 4, 9)
        return {"x": x}, masks_resized(f32(x), (3, 6))
    x = f32(values(3, 18 if name == "psroi_pool" else 3, 17, 14))
    right = {
        "roi_pool_halves": lambda: roi_pooled(x, REGIONS, (3, 4), 0.25),
        "psroi_pool": lambda: psroi_pooled(x, REGIONS, 2, 3, 0.25),
        "roi_align": lambda: roi_aligned(x, REGIONS, (3, 4), 0.25, 0.125),
        "roi_warping": lambda: roi_warped(x, REGIONS, (3, 4), 0.25),
    }[name]()
    return {"x": x, "rois": REGIONS}, right


RESIZED = [
    "roi_pool_halves",
    "psroi_pool",
    "roi_align",
    "roi_warping",
    "mask_resize",
    "proposal_layer_without_scores",
    "reorg_not_square",
    "reorg_of_synopsys",
    "reorg_reverse_of_synopsys",
    "yolov3_detection_output",
]
assert set(RESIZED) <= set(SAMPLES)

# A detector: its regions go on through layers that know them as one region only.
DETECTOR = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 48 dim: 64 } } }
layer { name: "im_info" type: "Input" top: "im_info"
  input_param { shape { dim: 1 dim: 3 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 3 stride: 16 pad: 1
    weight_filler { type: "xavier" } } }
layer { name: "score" type: "Convolution" bottom: "conv" top: "score"
  convolution_param { num_output: 18 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "two" type: "Reshape" bottom: "score" top: "two"
  reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } } }
layer { name: "prob" type: "Softmax" bottom: "two" top: "prob" }
layer { name: "back" type: "Reshape" bottom: "prob" top: "back"
  reshape_param { shape { dim: 0 dim: 18 dim: -1 dim: 0 } } }
layer { name: "shift" type: "Convolution" bottom: "conv" top: "shift"
  convolution_param { num_output: 36 kernel_size: 1
    weight_filler { type: "gaussian" std: 0.05 } } }
layer { name: "proposal" type: "Python" bottom: "back" bottom: "shift" bottom: "im_info"
  top: "rois" python_param { module: "rpn.proposal_layer" layer: "ProposalLayer"
    param_str: "'feat_stride': 16" } }
layer { name: "pool" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "pool"
  roi_pooling_param { pooled_h: 3 pooled_w: 2 spatial_scale: 0.0625 } }
layer { name: "maps" type: "Convolution" bottom: "conv" top: "maps"
  convolution_param { num_output: 36 kernel_size: 1 weight_filler { type: "xavier" } } }
layer { name: "psroi" type: "PSROIPooling" bottom: "maps" bottom: "rois" top: "psroi"
  psroi_pooling_param { output_dim: 4 group_size: 3 spatial_scale: 0.0625 } }
layer { name: "vote" type: "Pooling" bottom: "psroi" top: "vote"
  pooling_param { pool: AVE kernel_size: 3 stride: 3 } }
layer { name: "probs" type: "Reshape" bottom: "vote" top: "probs"
  reshape_param { shape { dim: -1 dim: 4 } } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "cls" type: "Softmax" bottom: "fc" top: "cls" }
layer { name: "warp" type: "ROIWarping" bottom: "conv" bottom: "rois" top: "warp"
  roi_warping_param { pooled_h: 4 pooled_w: 3 spatial_scale: 0.0625 } }
layer { name: "flat" type: "InnerProduct" bottom: "warp" top: "flat"
  inner_product_param { num_output: 441 weight_filler { type: "xavier" } } }
layer { name: "masks" type: "Python" bottom: "flat" top: "masks"
  python_param { module: "pylayer.mask_layer" layer: "MaskLayer" } }
layer { name: "small" type: "MaskResize" bottom: "masks" top: "small"
  mask_resize_param { output_height: 4 output_width: 3 } }
layer { name: "masked" type: "MaskPooling" bottom: "warp" bottom: "small" top: "masked" }
layer { name: "shifts" type: "InnerProduct" bottom: "masked" top: "shifts"
  inner_product_param { num_output: 20 weight_filler { type: "xavier" } } }
layer { name: "bridge" type: "Python" bottom: "rois" bottom: "shifts" bottom: "cls"
  bottom: "im_info" top: "refined"
  python_param { module: "pylayer.stage_bridge_layer" layer: "StageBridgeLayer" } }
"""


def detection() -> tuple[Graph, dict[str, list[Ndarray]], dict[str, Ndarray]]:
    """The detector, weights of it, and an image that is larger than it declares."""
    graph, random = proto2net.parse(DETECTOR), np.random.default_rng(3)
    weights = {
        node.name: [
            f32(random.standard_normal(blob.shape) / (blob.shape[1:] or (5,))[0] ** 0.5 / 2)
            for blob in node.blobs.values()
        ]
        for node in graph.nodes
        if node.blobs
    }
    image = f32(random.standard_normal((1, 3, 80, 112)))
    return graph, weights, {"data": image, "im_info": np.array([[80, 112, 1.5]], np.float32)}


REGRESSION = """bbox_reg_param {
  bbox_mean: 0.1 bbox_mean: 0 bbox_mean: 0 bbox_mean: -0.1
  bbox_std: 0.1 bbox_std: 0.1 bbox_std: 0.2 bbox_std: 0.2 }"""

# MS-CNN in training and testing, as small as it goes.
MSCNN = f"""
layer {{ name: "data" type: "ImageGtData" top: "data" top: "label1" top: "label2" top: "gt_boxes"
  transform_param {{ mean_value: 104 mean_value: 117 mean_value: 123 }}
  image_gt_data_param {{ source: "list.txt" batch_size: 2 resize_width: 80 resize_height: 56
    crop_width: 64 crop_height: 48 downsample_rate: 8 downsample_rate: 16
    field_w: 30 field_h: 40 field_w: 60 field_h: 70 output_gt_boxes: true }} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: 4 kernel_size: 8 stride: 8 }} }}
layer {{ name: "map1" type: "Convolution" bottom: "conv" top: "map1"
  convolution_param {{ num_output: 7 kernel_size: 3 pad: 1 }} }}
layer {{ name: "map2" type: "Convolution" bottom: "conv" top: "map2"
  convolution_param {{ num_output: 7 kernel_size: 2 stride: 2 }} }}
layer {{ name: "loss1" type: "DetectionLoss" bottom: "map1" bottom: "label1" top: "loss1"
  detection_loss_param {{ cls_num: 3 lambda: 0.05 field_w: 30 field_h: 40 downsample_rate: 8 }} }}
layer {{ name: "acc2" type: "DetectionAccuracy" bottom: "map2" bottom: "label2" top: "acc2"
  detection_accuracy_param {{ cls_num: 3 field_w: 60 field_h: 70 downsample_rate: 16 }} }}
layer {{ name: "proposals" type: "BoxOutput" bottom: "map1" bottom: "map2" top: "proposals"
  box_output_param {{ fg_thr: -5 iou_thr: 0.65 field_w: 30 field_h: 40 field_w: 60 field_h: 70
    downsample_rate: 8 downsample_rate: 16 max_nms_num: 40 }} }}
layer {{ name: "targets" type: "ProposalTarget" bottom: "proposals" bottom: "gt_boxes"
  top: "rois" top: "labels" top: "shifts" top: "inside" top: "outside" top: "matched"
  {REGRESSION} proposal_target_param {{ cls_num: 2 batch_size: 8 fg_fraction: 0.25 }} }}
layer {{ name: "pool" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "pool"
  roi_pooling_param {{ pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 pad_ratio: 0.25 }} }}
layer {{ name: "cls" type: "InnerProduct" bottom: "pool" top: "cls"
  inner_product_param {{ num_output: 2 }} }}
layer {{ name: "bbox" type: "InnerProduct" bottom: "pool" top: "bbox"
  inner_product_param {{ num_output: 8 }} }}
layer {{ name: "prob" type: "SoftmaxWithLoss" bottom: "cls" bottom: "labels" top: "prob" }}
layer {{ name: "loss" type: "SmoothL1Loss" bottom: "bbox" bottom: "shifts" bottom: "inside"
  bottom: "outside" top: "loss" }}
layer {{ name: "overlap" type: "BboxAccuracy" bottom: "bbox" bottom: "rois" bottom: "matched"
  top: "overlap" {REGRESSION} }}
layer {{ name: "decode" type: "DecodeBBox" bottom: "bbox" bottom: "rois" bottom: "matched"
  top: "second" {REGRESSION} }}
layer {{ name: "pool2" type: "ROIPooling" bottom: "conv" bottom: "second" top: "pool2"
  roi_pooling_param {{ pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 }} }}
"""

# Cascade R-CNN as it is tested: regions of several fields at each place, and detections.
CASCADE = f"""
layer {{ name: "data" type: "EvalData" top: "data" top: "gt_boxes" top: "im_size"
  transform_param {{ mean_value: 104 mean_value: 117 mean_value: 123 }}
  eval_data_param {{ source: "list.txt" batch_size: 1 short_size: 48 long_size: 64 }} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: 4 kernel_size: 8 stride: 8 }} }}
layer {{ name: "score" type: "Convolution" bottom: "conv" top: "score"
  convolution_param {{ num_output: 4 kernel_size: 3 pad: 1 }} }}
layer {{ name: "shift" type: "Convolution" bottom: "conv" top: "shift"
  convolution_param {{ num_output: 8 kernel_size: 3 pad: 1 }} }}
layer {{ name: "scores" type: "Reshape" bottom: "score" top: "scores"
  reshape_param {{ shape {{ dim: -1 dim: 2 dim: 0 dim: 0 }} }} }}
layer {{ name: "shifts" type: "Reshape" bottom: "shift" top: "shifts"
  reshape_param {{ shape {{ dim: -1 dim: 4 dim: 0 dim: 0 }} }} }}
layer {{ name: "probs" type: "Softmax" bottom: "scores" top: "probs" }}
layer {{ name: "proposals" type: "BoxGroupOutput" bottom: "probs" bottom: "shifts"
  top: "proposals" {REGRESSION}
  box_group_output_param {{ fg_thr: 0.1 iou_thr: 0.7 max_nms_num: 60 max_post_nms_num: 20
    min_size: 5 box_group_param {{ stride: 8
      field_w: 30 field_w: 50 field_h: 40 field_h: 20 }} }} }}
layer {{ name: "pool" type: "ROIAlign" bottom: "conv" bottom: "proposals" top: "pool"
  roi_pooling_param {{ pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 }} }}
layer {{ name: "cls" type: "InnerProduct" bottom: "pool" top: "cls"
  inner_product_param {{ num_output: 3 }} }}
layer {{ name: "prob" type: "Softmax" bottom: "cls" top: "prob" }}
layer {{ name: "bbox" type: "InnerProduct" bottom: "pool" top: "bbox"
  inner_product_param {{ num_output: 8 }} }}
layer {{ name: "route" type: "ScaleRoute" bottom: "proposals" bottom: "pool" top: "small"
  top: "pooled" scale_route_param {{ high_scale: 30 }} }}
layer {{ name: "det" type: "FrcnnOutput" bottom: "prob" bottom: "bbox" bottom: "proposals"
  bottom: "im_size" top: "det" frcnn_output_param {{ conf_thr: 0.1 max_det_num: 25 }}
  bbox_reg_param {{ cls_aware: false }} }}
layer {{ name: "eval" type: "DetectionEvaluate" bottom: "det" bottom: "gt_boxes" bottom: "im_size"
  top: "eval" detection_evaluate_param {{ num_classes: 3 name_size_file: "sizes.txt" }} }}
"""


def regions(text: str) -> tuple[Graph, dict[str, list[Ndarray]], dict[str, Ndarray]]:
    """One of these networks in testing, weights of it, and images larger than it declares."""
    graph, random = proto2net.parse(text), np.random.default_rng(5)
    weights = {
        node.name: [f32(random.standard_normal(blob.shape) / 5) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    images = 2 if text == MSCNN else 1
    inputs = {"data": f32(random.standard_normal((images, 3, 80, 112)))}
    if text == CASCADE:
        inputs["im_size"] = np.array([80, 112], np.float32).reshape(1, 2, 1, 1)
    return graph, weights, inputs


TUSIMPLE = REFERENCE / "corpus" / "weights" / "mobilenet_yolov3_lite_tusimple"
"""A trained MobileNet-YOLO that finds lanes."""
TUSIMPLE_WEIGHTS = TUSIMPLE / "mobilenet_yolov3_lite_deploy_iter_50000.caffemodel"
