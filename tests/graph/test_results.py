"""What comes out of a network is said where its layers tell it, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from places import ROOT

import proto2net
from proto2net.results import Boxes, Classes, Each, Kind, Shifts, results

IMAGE = """layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 20 dim: 28 } } }
"""
CONV = """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 7 kernel_size: 3 stride: %d pad: 1 } }
"""
FC = """layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 7 } }
"""
LABELS = [f"class {n}" for n in range(7)]


def said(net: str, **options: object) -> dict[str, str]:
    found = results(proto2net.parse(net, **options))  # type: ignore[arg-type]  # of several types
    return {blob.name: str(result) for blob, result in found.items()}


def last(kind: str, bottom: str, more: str = "") -> str:
    return f'layer {{ name: "y" type: "{kind}" bottom: "{bottom}" top: "y" {more} }}\n'


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (IMAGE + FC + last("Softmax", "fc"), "probabilities of 7 classes"),
        (IMAGE + FC + last("Sigmoid", "fc"), "7 numbers from 0 to 1"),
        (IMAGE + FC + last("ArgMax", "fc"), "the best of 7 classes"),
        (IMAGE + CONV % 1 + last("Softmax", "conv"), "probabilities of 7 classes, for each pixel"),
        (
            IMAGE + CONV % 2 + last("Softmax", "conv"),
            "probabilities of 7 classes, for each of 10 x 14 places",
        ),
        (
            IMAGE + CONV % 1 + last("ArgMax", "conv", "argmax_param { axis: 1 }"),
            "the best of 7 classes, for each pixel",
        ),
        (
            IMAGE + (CONV % 1).replace("7", "3") + last("Eltwise", "conv", 'bottom: "data"'),
            "an image, of values as those of the input",
        ),
    ],
)
def test_it_is_told_by_the_last_layers(net: str, words: str) -> None:
    assert said(net) == {"y": words}


@pytest.mark.parametrize(
    "net",
    [
        IMAGE + FC,
        IMAGE + CONV % 1,
        IMAGE + FC + last("ReLU", "fc"),
        IMAGE + CONV % 1 + last("ArgMax", "conv"),  # a place in a whole sample, and no class
        IMAGE + FC + last("ArgMax", "fc", "argmax_param { out_max_val: true }"),
        IMAGE + CONV % 1 + last("Softmax", "conv", "softmax_param { axis: 2 }"),
    ],
)
def test_nothing_is_said_of_what_may_be_an_embedding(net: str) -> None:
    assert said(net) == {}


def test_labels_make_scores_of_numbers() -> None:
    assert said(IMAGE + FC, labels=LABELS) == {"fc": "scores of 7 classes (class 0 to class 6)"}
    by_pixel = "scores of 7 classes (class 0 to class 6), for each pixel"
    assert said(IMAGE + CONV % 1, labels=LABELS) == {"conv": by_pixel}


def test_probabilities_behind_a_reshape_are_those_of_before() -> None:
    net = IMAGE + FC + last("Softmax", "fc").replace('top: "y"', 'top: "p"')
    flat = last("Reshape", "p", "reshape_param { shape { dim: 0 dim: -1 dim: 1 dim: 1 } }")
    assert said(net + flat) == {"y": "probabilities of 7 classes"}
    moved = last("Reshape", "p", "reshape_param { shape { dim: 0 dim: 1 dim: 7 dim: 1 } }")
    assert said(net + moved) == {}


REGIONS = """layer { name: "rois" type: "Input" top: "rois"
        input_param { shape { dim: 9 dim: 5 } } }
layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
        roi_pooling_param { pooled_h: 3 pooled_w: 2 } }
layer { name: "score" type: "InnerProduct" bottom: "pool" top: "score"
        inner_product_param { num_output: 7 } }
layer { name: "p" type: "Softmax" bottom: "score" top: "p" }
layer { name: "box" type: "InnerProduct" bottom: "pool" top: "box"
        inner_product_param { num_output: %d } }
"""


def test_what_belongs_to_regions_says_so() -> None:
    whole = proto2net.parse(IMAGE + REGIONS % 28)
    found = {blob.name: result for blob, result in results(whole).items()}
    classes, shifts = found["p"], found["box"]
    assert isinstance(classes, Classes)
    assert (classes.number, classes.kind) == (7, Kind.PROBABILITY)
    assert isinstance(shifts, Shifts)
    assert str(shifts) == "box shifts (dx, dy, dw, dh) of 7 classes, for each region of rois"
    assert classes.part == shifts.part
    assert classes.part.each is Each.REGION
    assert said(IMAGE + REGIONS % 12) == {
        "p": "probabilities of 7 classes, for each region of rois"  # 12 are of no 7 classes
    }


HEADS = """layer { name: "map" type: "Convolution" bottom: "data" top: "map"
        convolution_param { num_output: 12 kernel_size: 3 stride: 4 pad: 1 } }
layer { name: "turn" type: "Permute" bottom: "map" top: "turn"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "boxes" type: "Reshape" bottom: "turn" top: "boxes"
        reshape_param { shape { dim: 1 dim: -1 dim: 4 } } }
layer { name: "map2" type: "Convolution" bottom: "data" top: "map2"
        convolution_param { num_output: 6 kernel_size: 3 stride: 4 pad: 1 } }
layer { name: "turn2" type: "Permute" bottom: "map2" top: "turn2"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "rows" type: "Reshape" bottom: "turn2" top: "rows"
        reshape_param { shape { dim: 1 dim: -1 dim: 2 } } }
layer { name: "scores" type: "Softmax" bottom: "rows" top: "scores" softmax_param { axis: 2 } }
"""


def test_boxes_without_prior_boxes_are_told_as_such() -> None:
    assert said(IMAGE + HEADS) == {
        "boxes": "4 numbers for each of 105 boxes, relative to prior boxes, which are not in the "
        "network",
        "scores": "probabilities of 2 classes, for each of 105 boxes",
    }


def test_labels_of_detections_are_as_many_as_their_classes() -> None:
    folder = ROOT / "tests" / "golden" / "forks" / "cascade_frcnn_output"
    with pytest.raises(proto2net.Proto2NetError, match="there are 7 labels, but the output"):
        proto2net.parse(folder / "net.prototxt", labels=list("abcdefg"))
    graph = proto2net.parse(folder / "net.prototxt")
    (rows,) = (result.rows for result in results(graph).values() if isinstance(result, Boxes))
    named = proto2net.parse(folder / "net.prototxt", labels=["a"] * rows.classes)
    assert "(a to a)" in str(*results(named).values())


CASES = [
    path.name
    for path in sorted((ROOT / "tests" / "golden" / "forks").iterdir())
    if any(word in path.name for word in ("detection_output", "frcnn", "boxgroup", "proposal"))
]


@pytest.mark.parametrize("case", CASES)
def test_columns_are_those_that_caffe_wrote(case: str) -> None:
    folder = ROOT / "tests" / "golden" / "forks" / case
    graph = proto2net.parse(folder / "net.prototxt")
    recorded = np.load(folder / "blobs.npz")
    found = {blob.name: r for blob, r in results(graph).items() if isinstance(r, Boxes)}
    assert found
    for name, result in found.items():
        columns = result.rows.columns
        rows = recorded[f"out/{name}"].reshape(-1, len(columns))
        assert np.prod(recorded[f"out/{name}"].shape) == rows.size
        real = rows[rows[:, -1] != -1]  # what is not found is -1
        if "label" in columns:
            labels = real[:, columns.index("label")]
            assert (labels == labels.round()).all()
            assert (labels >= result.rows.first_label).all()
        if "score" in columns:
            scores = real[:, columns.index("score")]
            assert (abs(scores) < 60).all()
        if "xmax" in columns:
            x, end = columns.index("xmin"), columns.index("xmax")
            assert (real[:, x] <= real[:, end]).all()


def test_a_long_way_and_one_that_parts_again_and_again_are_gone_quickly() -> None:
    """Each layer is looked at once, and not by a call in a call."""
    lines = ['input: "x" input_shape { dim: 1 dim: 2 dim: 4 }']
    for way, numbers in (("boxes", 4), ("scores", 2)):
        product = f"inner_product_param {{ num_output: {numbers} axis: 2 }}"
        lines.append(
            f'layer {{ name: "{way}" type: "InnerProduct" bottom: "x" top: "{way}0" {product} }}'
        )
        lines += [
            f'layer {{ name: "{way}{n}" type: "Concat" bottom: "{way}{n}" bottom: "{way}{n}" '
            f'top: "{way}{n + 1}" }}'
            for n in range(18)
        ]
    before = "boxes18"
    for n in range(1500):
        keeps = "reshape_param { shape { dim: 0 dim: 0 dim: 0 } }"
        lines.append(
            f'layer {{ name: "r{n}" type: "Reshape" bottom: "{before}" top: "r{n}" {keeps} }}'
        )
        before = f"r{n}"
    lines.append(last("Softmax", "scores18", "softmax_param { axis: 2 }"))
    assert "relative to prior boxes" in said("\n".join(lines))[before]
