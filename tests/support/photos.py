"""Networks that find a bright place in a dark photo, whose answer is known without running them."""

from __future__ import annotations

from math import log
from pathlib import Path

import cv2
import numpy as np
from places import ROOT

SIZE = (40, 60)
PLACE = (1, 2)
"""The row and column, of squares of 20 x 20 pixels of the input, of what is bright."""

IMAGE = """name: "spots"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 40 dim: 60 } } }
"""


def _map(name: str, outputs: int) -> str:
    return f"""layer {{ name: "{name}" type: "Convolution" bottom: "data" top: "{name}"
        convolution_param {{ num_output: {outputs} kernel_size: 20 stride: 20 }} }}
layer {{ name: "{name}_turned" type: "Permute" bottom: "{name}" top: "{name}_turned"
        permute_param {{ order: 0 order: 2 order: 3 order: 1 }} }}
"""


def _flat(name: str) -> str:
    return f"""layer {{ name: "{name}_flat" type: "Flatten" bottom: "{name}_turned"
        top: "{name}_flat" }}
"""


SSD = f"""{IMAGE}{_map("loc", 4)}{_flat("loc")}{_map("conf", 2)}{_flat("conf")}
layer {{ name: "prior" type: "PriorBox" bottom: "loc" bottom: "data" top: "prior"
        prior_box_param {{ min_size: 20 step: 20 variance: 0.1 }} }}
layer {{ name: "found" type: "DetectionOutput" bottom: "loc_flat" bottom: "conf_flat"
        bottom: "prior" top: "found"
        detection_output_param {{ num_classes: 2 nms_param {{ nms_threshold: 0.5 }}
                                 code_type: CENTER_SIZE }} }}
"""
"""One square at each place, of the score that its brightness is."""

HEADS = f"""{IMAGE}{_map("loc", 4)}{_map("conf", 2)}
layer {{ name: "boxes" type: "Reshape" bottom: "loc_turned" top: "boxes"
        reshape_param {{ shape {{ dim: 1 dim: -1 dim: 4 }} }} }}
layer {{ name: "rows" type: "Reshape" bottom: "conf_turned" top: "rows"
        reshape_param {{ shape {{ dim: 1 dim: -1 dim: 2 }} }} }}
layer {{ name: "scores" type: "Softmax" bottom: "rows" top: "scores" softmax_param {{ axis: 2 }} }}
"""
"""The same without prior boxes, as UltraFace ends."""

RCNN = f"""{IMAGE}layer {{ name: "im_info" type: "Input" top: "im_info"
        input_param {{ shape {{ dim: 1 dim: 3 }} }} }}
layer {{ name: "loc" type: "Convolution" bottom: "data" top: "loc"
        convolution_param {{ num_output: 4 kernel_size: 20 stride: 20 }} }}
layer {{ name: "conf" type: "Convolution" bottom: "data" top: "conf"
        convolution_param {{ num_output: 2 kernel_size: 20 stride: 20 }} }}
layer {{ name: "proposal" type: "Proposal" bottom: "conf" bottom: "loc" bottom: "im_info"
        top: "rois" proposal_param {{ feat_stride: 20 base_size: 20 min_size: 5 ratio: 1 scale: 1
                         post_nms_topn: 6 }} }}
layer {{ name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
        roi_pooling_param {{ pooled_h: 1 pooled_w: 1 }} }}
layer {{ name: "cls" type: "InnerProduct" bottom: "pool" top: "cls"
        inner_product_param {{ num_output: 3 }} }}
layer {{ name: "cls_prob" type: "Softmax" bottom: "cls" top: "cls_prob" }}
layer {{ name: "bbox_pred" type: "InnerProduct" bottom: "pool" top: "bbox_pred"
        inner_product_param {{ num_output: 12 }} }}
"""
"""Faster R-CNN: regions where it is bright, of class 2, which are moved and scaled."""

SHIFT = (0.1, -0.25, log(0.5), 0.0)


def weights(net: str) -> dict[str, list[np.ndarray]]:
    """What such a network has learned: a score is the brightness, from 0 to 1."""
    zeros, bright = np.zeros((4, 3, 20, 20)), np.zeros((2, 3, 20, 20))
    bright[1] = (20 if net == HEADS else 1) / 1200
    found = {"loc": [zeros, np.zeros(4)], "conf": [bright, np.array([0, -10 * (net == HEADS)])]}
    if net == RCNN:
        shifts = np.zeros(12)
        shifts[8:] = SHIFT
        score = np.zeros((3, 3))
        score[2] = 4
        found |= {"cls": [score, np.array([5.0, 0, 0])], "bbox_pred": [np.zeros((12, 3)), shifts]}
    return found


def photo(scale: int = 2) -> np.ndarray:
    """A dark RGB photo with a bright square, larger than the input by a whole number."""
    image = np.zeros((*SIZE, 3), np.uint8)
    row, column = PLACE
    image[20 * row : 20 * row + 20, 20 * column : 20 * column + 20] = 255
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


def write(path: Path, image: np.ndarray) -> str:
    """The file of an RGB image."""
    assert cv2.imwrite(str(path), image[..., ::-1])
    return str(path)


DIGITS = ROOT / "models" / "digits"
SEVEN = str(DIGITS / "seven.png")
OF_DIGITS = {
    "mean": str(DIGITS / "mean.binaryproto"),
    "scale": 1 / 256,
    "labels": str(DIGITS / "labels.txt"),
}
