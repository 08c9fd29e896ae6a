"""MS-CNN and Cascade R-CNN: what is left in use of files for training and testing."""

from __future__ import annotations

import numpy as np
import pytest
from forks_cases import CASCADE, MSCNN

import proto2net
from proto2net import ShapeError, UnsupportedError

TARGETS = pytest.mark.parametrize("target", ["torch", "tf", "numpy"])


def test_labels_and_what_reads_them_go_and_all_proposed_regions_stay() -> None:
    graph = proto2net.parse(MSCNN)
    shapes = {blob.name: blob.shape for blob in graph.outputs}
    assert shapes == {"prob": (1, 2), "pool2": (1, 4, 3, 2)}
    assert [blob.shape for blob in graph.inputs] == [(2, 3, 48, 64)]
    (targets,) = (node for node in graph.nodes if node.name == "targets")
    assert targets.layer.type == "Split"
    assert [blob.name for blob in targets.bottoms] == ["proposals"]


@TARGETS
def test_what_only_training_has_is_refused_by_name_in_training(target: str) -> None:
    with pytest.raises(UnsupportedError) as error:
        proto2net.convert(MSCNN, phase="train", to=target)
    for kind in ("DetectionLoss", "DetectionAccuracy", "ProposalTarget", "BboxAccuracy"):
        assert f"({kind}): " in str(error.value)
    assert 'layer "decode" (DecodeBBox): leaving out true boxes' in str(error.value)


def test_shapes_of_labels_are_those_of_training() -> None:
    shapes = {
        blob.name: blob.shape for blob in proto2net.parse(MSCNN, phase="train").blobs.values()
    }
    assert shapes["label1"] == (2, 6, 6, 8)
    assert shapes["label2"] == (2, 6, 3, 4)
    assert shapes["gt_boxes"] == (1, 7, 1, 1)
    assert shapes["shifts"] == (8, 8, 1, 1)
    assert shapes["matched"] == (8, 6, 1, 1)


def test_the_size_of_the_image_stays_an_input_without_the_true_boxes_before_it() -> None:
    graph = proto2net.parse(CASCADE)
    inputs = {blob.name: blob.shape for blob in graph.inputs}
    assert inputs == {"data": (1, 3, 64, 48), "im_size": (1, 2, 1, 1)}
    assert {blob.name for blob in graph.outputs} == {"det", "small", "pooled"}


def test_images_without_a_size_are_asked_for() -> None:
    text = CASCADE.replace("short_size: 48 long_size: 64", "")
    with pytest.raises(ShapeError, match=r"--input data=\d+,3,224,224"):
        proto2net.parse(text)


def test_regions_that_are_mined_in_training_all_stay() -> None:
    text = MSCNN.replace(
        'layer { name: "pool" ',
        """layer { name: "hard" type: "HardMining" bottom: "loss1" bottom: "rois" bottom: "labels"
             top: "hard_rois" top: "hard_labels" hard_mining_param { num_image: 2 } }
           layer { name: "pool" """,
    ).replace('bottom: "conv" bottom: "rois"', 'bottom: "conv" bottom: "hard_rois"')
    text = text.replace('bottom: "cls" bottom: "labels"', 'bottom: "cls" bottom: "hard_labels"')
    (hard,) = (node for node in proto2net.parse(text).nodes if node.name == "hard")
    assert hard.layer.type == "Split"
    assert [blob.name for blob in hard.bottoms] == ["rois"]


ROUTED = "".join(
    f"""layer {{ name: "route{level}" type: "ScaleRoute" bottom: "rois" bottom: "labels"
          bottom: "shifts" top: "rois{level}" top: "labels{level}" top: "shifts{level}"
          scale_route_param {{ {scales} }} }}
        layer {{ name: "pool{level}" type: "ROIPooling" bottom: "conv" bottom: "rois{level}"
          top: "pool{level}" roi_pooling_param {{ pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 }} }}
        """
    for level, scales in ((3, "high_scale: 40"), (4, "low_scale: 40"))
) + "".join(
    f"""layer {{ name: "all_{what}" type: "Concat" bottom: "{what}3" bottom: "{what}4"
          top: "all_{what}" concat_param {{ axis: 0 }} }}
        """
    for what in ("pool", "labels", "shifts")
)
"""Regions of two sizes apart, with their labels, and all of them after each other again."""


def test_labels_that_are_routed_with_regions_go_and_the_regions_stay() -> None:
    start = MSCNN.index('layer { name: "pool" ')
    text = MSCNN[:start] + ROUTED
    text += """layer { name: "cls" type: "InnerProduct" bottom: "all_pool" top: "cls"
                 inner_product_param { num_output: 2 } }
               layer { name: "loss" type: "SoftmaxWithLoss" bottom: "cls" bottom: "all_labels"
                 top: "loss" }
               layer { name: "bbox" type: "InnerProduct" bottom: "all_pool" top: "bbox"
                 inner_product_param { num_output: 8 } }
               layer { name: "far" type: "SmoothL1Loss" bottom: "bbox" bottom: "all_shifts"
                 top: "far" }"""
    graph = proto2net.parse(text)
    routes = [node for node in graph.nodes if node.layer.type == "ScaleRoute"]
    assert [[blob.name for blob in node.tops] for node in routes] == [["rois3"], ["rois4"]]
    assert [blob.name for blob in graph.outputs] == ["bbox", "loss"]
    network = proto2net.load(graph, to="numpy")
    images = np.random.default_rng(0).standard_normal((2, 3, 48, 64), np.float32)
    bbox, prob = network(images)
    assert len(bbox) == len(prob) > 1


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ("field_whr: 2", "field_whr: 0", "field_whr is 0; it must be above 0"),
        ("field_whr: 2", "field_xyr: 0", "field_xyr is 0; it must be above 0"),
        ("dim: 6", "dim: 5", "scores of 2 classes at least, .* has 5 channels"),
    ],
)
def test_boxes_that_cannot_be_decoded_are_refused(found: str, instead: str, told: str) -> None:
    text = """layer { name: "m" type: "Input" top: "m"
                input_param { shape { dim: 1 dim: 6 dim: 5 dim: 7 } } }
              layer { name: "o" type: "BoxOutput" bottom: "m" top: "o" box_output_param {
                field_h: 40 field_w: 30 downsample_rate: 8 field_whr: 2 } }"""
    proto2net.parse(text)
    with pytest.raises(ShapeError, match=told):
        proto2net.parse(text.replace(found, instead))


def test_routes_have_a_top_for_each_bottom() -> None:
    text = """layer { name: "r" type: "Input" top: "r" input_param { shape { dim: 4 dim: 5 } } }
              layer { name: "s" type: "ScaleRoute" bottom: "r" top: "a" top: "b" }"""
    with pytest.raises(ShapeError, match="1 bottoms, but 2 tops"):
        proto2net.parse(text)
