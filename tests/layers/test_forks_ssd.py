"""SSD's layers: what is found, what is refused, and what becomes of data layers and losses."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from samples.sample import layer
from ssd_cases import OPTIONS, definition, expected, predictions

import proto2net
from proto2net.errors import Proto2NetError, UnsupportedError


def graph(*layers: str, phase: str = "test", **shapes: tuple[int, ...]) -> proto2net.Graph:
    fed = [
        layer(
            "Input",
            "",
            name,
            f"input_param {{ shape {{ {' '.join(f'dim: {n}' for n in shape)} }} }}",
            name,
        )
        for name, shape in shapes.items()
    ]
    return proto2net.parse("\n".join([*fed, *layers, ""]), phase=phase)


def shapes(found: proto2net.Graph) -> dict[str, tuple[int, ...]]:
    return {blob.name: blob.shape for blob in found.inputs}


@pytest.mark.parametrize("name", OPTIONS)
def test_numpy_finds_what_ssd_finds(name: str) -> None:
    options = OPTIONS[name]
    fed = predictions(options)
    found = proto2net.load(definition(options), to="numpy")(*fed.values())
    right = expected(options, fed)
    assert found.shape == right.shape
    np.testing.assert_allclose(found, right, atol=1e-5)


REFUSED = {
    "an axis that is none": (
        'layer { type: "Permute" bottom: "a" top: "y" permute_param { order: 0 order: 4 } }',
        "order 0, 4 names an axis that the bottom",
    ),
    "an axis twice": (
        'layer { type: "Permute" bottom: "a" top: "y" permute_param { order: 1 order: 1 } }',
        "names an axis twice",
    ),
    "no word on which Normalize": (
        'layer { type: "Normalize" bottom: "a" top: "y" }',
        "forks have different layers of this name",
    ),
    "another norm": (
        'layer { type: "Normalize" bottom: "a" top: "y" normalize_param { normalize_type: "L3" } }',
        'it is "L1" or "L2"',
    ),
    "no min_size": ("PriorBox { }", "min_size is missing"),
    "a min_size of 0": ("PriorBox { min_size: 0 }", "must be above 0"),
    "too few max_size": (
        "PriorBox { min_size: 1 min_size: 2 max_size: 3 }",
        "max_size is given 1 times, min_size 2 times",
    ),
    "a small max_size": ("PriorBox { min_size: 4 max_size: 4 }", "is not above its min_size"),
    "an aspect ratio of 0": ("PriorBox { min_size: 4 aspect_ratio: 0 }", "must be above 0"),
    "two variances": ("PriorBox { min_size: 4 variance: 1 variance: 2 }", "variance is given 2"),
    "a variance of 0": ("PriorBox { min_size: 4 variance: 0 }", "variance is 0"),
    "one side of the image": ("PriorBox { min_size: 4 img_h: 9 }", "give img_size, or img_h and"),
    "two sizes of the image": (
        "PriorBox { min_size: 4 img_size: 9 img_h: 9 img_w: 9 }",
        "img_size and img_h and img_w cannot be given together",
    ),
    "an aspect ratio of 0 in another order": (
        "PriorBox { min_size: 4 aspect_ratio: 0 keras: true }",
        "aspect_ratio is 0.0; it must be above 0",
    ),
    "boxes twice in another order": (
        "PriorBox { min_size: 4 denser_prior_boxes: true yx_order: true }",
        "denser_prior_boxes is not supported with fields of Synopsys' fork",
    ),
    "a fraction that SSTD drops or keeps": (
        "PriorBox { min_size: 4.5 }",
        "min_size has a fraction, which one version of SSTD drops and another does not",
    ),
    "a step of 0": ("PriorBox { min_size: 4 step: 0 }", "step is 0.0; it must be above 0"),
    "one side of the step": ("PriorBox { min_size: 4 step_w: 1 }", "give step, or step_h and"),
    "a softmax_param with another norm": (
        'layer { type: "Normalize" bottom: "loc" top: "y" softmax_param { normalize_type: "L3" } }',
        'normalize_type is "L3"; it is "L1" or "L2"',
    ),
    "a softmax_param and the norms": (
        'layer { type: "Normalize" bottom: "a" top: "y" top: "n" '
        'softmax_param { normalize_type: "L2" } }',
        "name the fork: --fork happynear",
    ),
    "a softmax_param that tells nothing": (
        'layer { type: "Normalize" bottom: "a" top: "y" softmax_param { axis: 1 } }',
        "forks have different layers of this name",
    ),
    "no classes": ("DetectionOutput { }", "num_classes is missing"),
    "other classes": (
        "DetectionOutput { num_classes: 5 }",
        "6 prior boxes need 30 confidences an image, but there are 24",
    ),
    "locations of each class": (
        "DetectionOutput { num_classes: 4 share_location: false }",
        "6 prior boxes need 96 locations an image, but there are 24",
    ),
    "an overlap below 0": (
        "DetectionOutput { num_classes: 4 nms_param { nms_threshold: -1 } }",
        "nms_threshold is -1.0",
    ),
    "an eta above 1": (
        "DetectionOutput { num_classes: 4 nms_param { eta: 1.5 } }",
        "eta is 1.5; it must be above 0 and at most 1",
    ),
    "maps of two images": (
        "DetectionOutput { num_classes: 4 nbottom: 1 }",
        "with several maps Caffe reads only the first image",
    ),
    "fewer maps than nbottom": (
        "DetectionOutput { num_classes: 4 nbottom: 2 }",
        "3 bottoms given, and nbottom is 2",
    ),
    "a way to detect that is not known": (
        "DetectionOutput { num_classes: 4 tflite_detection: true }",
        '"tflite_detection" of DetectionOutputParameter is not known for DetectionOutput: a fork',
    ),
    "a way to suppress that is not known": (
        "DetectionOutput { num_classes: 4 nms_param { soft_nms: true } }",
        '"soft_nms" is not a field of NonMaximumSuppressionParameter',
    ),
}


def test_maps_as_convolutions_make_them_need_their_prior_boxes_together() -> None:
    text = layer(
        "DetectionOutput",
        "conf loc prior",
        "y",
        "detection_output_param { num_classes: 3 nbottom: 1 no_permute: true }",
    )
    with pytest.raises(Proto2NetError, match="each map has its own prior boxes"):
        graph(text, conf=(1, 3, 2, 6), loc=(1, 8, 2, 3), prior=(1, 2, 48))


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        ({"arm_conf": (2, 12), "arm_loc": (2, 20)}, "locations of 6 prior boxes .* 2 x 24, but"),
        ({"arm_conf": (2, 9), "arm_loc": (2, 24)}, "confidences of 6 prior boxes .* 2 x 12, but"),
        (
            {"arm_conf": (2, 12), "arm_loc": (2, 24), "more": (2, 3)},
            "6 bottoms given, and nbottom is 6",
        ),
    ],
)
def test_refinements_that_do_not_fit_the_prior_boxes_are_refused(
    arms: dict[str, tuple[int, ...]], words: str
) -> None:
    bottoms = " ".join(["loc", "conf", "prior", *arms])
    text = layer("DetectionOutput", bottoms, "y", "detection_output_param { num_classes: 4 }")
    with pytest.raises(Proto2NetError, match=words):
        graph(text, loc=(2, 24), conf=(2, 24), prior=(1, 2, 24), **arms)


@pytest.mark.parametrize("name", REFUSED)
def test_what_ssd_refuses_is_refused(name: str) -> None:
    text, words = REFUSED[name]
    kind, _, rest = text.partition(" ")
    if kind == "PriorBox":
        text = layer(kind, "a a", "y", f"prior_box_param {rest}")
    if kind == "DetectionOutput":
        text = layer(kind, "loc conf prior", "y", f"detection_output_param {rest}")
    if "SSTD" in words:
        text += 'layer { type: "MaskResize" bottom: "a" top: "m" mask_resize_param {'
        text += " output_height: 1 output_width: 1 } }"
    with pytest.raises(Proto2NetError) as refusal:
        graph(text, a=(2, 3, 4, 5), loc=(2, 24), conf=(2, 24), prior=(1, 2, 24))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("min_size: 32", "each place has 16 boxes, but in FaceBoxes there is room for 1"),
        ("min_size: 32 min_size: 64 min_size: 64", "has 24 boxes, .* is room for 21"),
        ("min_size: 9 min_size: 10 min_size: 11", "has 3 boxes, .* is room for 21"),
        ("min_size: 9 aspect_ratio: 2", "aspect_ratio, max_size .* not supported with FaceBoxes"),
    ],
)
def test_boxes_that_faceboxes_has_no_room_for_are_refused(text: str, words: str) -> None:
    boxes = layer("PriorBox", "x x", "y", f"prior_box_param {{ {text} }}")
    fed = layer("Input", "", "x", "input_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } }", "x")
    with pytest.raises(Proto2NetError, match=words):
        proto2net.parse(f"{fed}\n{boxes}", fork="faceboxes")


DATA = """
layer {
  name: "data" type: "AnnotatedData" top: "data" top: "label"
  transform_param {
    mean_value: 104 mean_value: 117 mean_value: 123
    resize_param { prob: 1 resize_mode: WARP height: 30 width: 40 interp_mode: LINEAR }
    emit_constraint { emit_type: CENTER }
  }
  data_param { source: "lmdb" batch_size: 8 backend: LMDB }
  annotated_data_param { batch_sampler { max_sample: 1 } label_map_file: "labels" }
}
"""
BOXES = (
    layer("Convolution", "data", "one", "convolution_param { num_output: 7 kernel_size: 30 }", "c")
    + layer("Flatten", "one", "both", name="flat")
    + layer("Slice", "both", "loc conf", "slice_param { slice_point: 44 }", "slice")
    + layer("PriorBox", "one data", "prior", "prior_box_param { min_size: 9 }", "prior")
)


def test_a_network_for_testing_becomes_one_that_detects(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    found = graph(
        DATA,
        BOXES,
        layer(
            "DetectionOutput",
            "loc conf prior",
            "found",
            "detection_output_param { num_classes: 3 }",
        ),
        layer(
            "DetectionEvaluate",
            "found label",
            "right",
            "detection_evaluate_param { num_classes: 3 }",
            "evaluate",
        ),
    )
    assert shapes(found) == {"data": (8, 3, 30, 40)}
    assert [blob.name for blob in found.outputs] == ["found"]
    assert "3 channels assumed" in caplog.text
    assert 'layer "evaluate" (DetectionEvaluate) was left out: it needs labels' in caplog.text
    assert 'ignored "emit_constraint" of TransformationParameter' in caplog.text


def test_a_network_for_training_is_known_but_has_no_rendering() -> None:
    loss = layer(
        "MultiBoxLoss",
        "loc conf prior label",
        "loss",
        "multibox_loss_param { num_classes: 3 } loss_param { normalization: VALID }",
        "loss",
    )
    found = graph(DATA, BOXES, loss, phase="train")
    assert shapes(found) == {"data": (8, 3, 30, 40), "label": (1, 1, 1, 8)}
    assert [weight for weight, _ in found.losses] == [1.0]
    with pytest.raises(UnsupportedError, match="in training is not supported in numpy"):
        proto2net.convert(found, to="numpy")
    assert shapes(graph(DATA, BOXES, loss)) == {"data": (8, 3, 30, 40)}


def test_hard_examples_need_shared_locations() -> None:
    text = "multibox_loss_param { num_classes: 2 share_location: false }"
    loss = layer("MultiBoxLoss", "loc conf prior label", "loss", text)
    sizes = {"loc": (2, 48), "conf": (2, 12), "prior": (1, 2, 24), "label": (1, 1, 5, 8)}
    with pytest.raises(Proto2NetError, match="mining_type: NONE"):
        graph(loss, **sizes, phase="train")
    graph(loss.replace("false", "false mining_type: NONE"), **sizes, phase="train")


@pytest.mark.parametrize(
    ("transform", "size"),
    [
        ("crop_size: 9", (9, 9)),
        ("crop_h: 7 crop_w: 5", (7, 5)),
        ("crop_size: 9 resize_param { height: 30 width: 40 }", (9, 9)),
        ("resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 30 width: 40 }", (30, 40)),
        ("resize_param { height: 30 width: 40 } resize_param { height: 60 width: 80 }", (30, 40)),
    ],
)
def test_data_has_the_size_that_images_are_brought_to(
    transform: str, size: tuple[int, int]
) -> None:
    for kind in ("AnnotatedData", "Data"):
        text = f"data_param {{ batch_size: 2 }} transform_param {{ {transform} }}"
        found = graph(layer(kind, "", "data", text))
        assert shapes(found) == {"data": (2, 3, *size)}


def test_an_image_is_resized_before_it_is_cropped() -> None:
    resize = "resize_param { height: 30 width: 40 }"
    crop = f"transform_param {{ crop_size: 9 {resize} }} data_param {{ batch_size: 2 }}"
    found = graph(layer("Data", "", "data", crop), layer("ReLU", "data", "y"))
    assert "image = cv2.resize(image, (40, 30))" in proto2net.convert(found, to="numpy")


def test_images_that_keep_their_size_are_asked_for() -> None:
    text = "data_param { batch_size: 2 } transform_param { resize_param { resize_mode: %s %s } }"
    size = "height: 30 width: 40"
    with pytest.raises(Proto2NetError, match=r"--input data=\d+,3,224,224"):
        graph(layer("AnnotatedData", "", "data", text % ("FIT_SMALL_SIZE", size)))
    with pytest.raises(Proto2NetError, match=r"--input data=\d+,3,224,224"):
        graph(layer("AnnotatedData", "", "data", text % ("WARP", "")))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("data_param { batch_size: 2 }", (2, 3, 9, 9)),
        ("video_data_param { batch_size: 4 new_length: 16 }", (4, 3, 16, 9, 9)),
        ("video_data_param { batch_size: 4 modality: FLOW new_length: 5 }", (4, 10, 9, 9)),
        ("video_data_param { batch_size: 4 modality: RGB num_segments: 3 }", (4, 9, 9, 9)),
    ],
)
def test_videos_are_laid_out_as_their_fork_does(text: str, shape: tuple[int, ...]) -> None:
    crop = "transform_param { crop_size: 9 }"
    assert shapes(graph(layer("VideoData", "", "data", f"{text} {crop}"))) == {"data": shape}


def test_what_is_only_shown_or_saved_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    text = (
        'num_classes: 4 visualize: true visualize_threshold: 0.5 save_file: "x" '
        'save_output_param { output_directory: "found" }'
    )
    graph(
        layer("DetectionOutput", "loc conf prior", "y", f"detection_output_param {{ {text} }}"),
        loc=(2, 24),
        conf=(2, 24),
        prior=(1, 2, 24),
    )
    assert 'ignored "save_output_param" of DetectionOutputParameter' in caplog.text


def test_definitions_are_printed_as_they_were_read() -> None:
    text = (
        layer("Normalize", "a", "b", "norm_param { across_spatial: false eps: 0.5 }", "n")
        + layer("Normalize", "b", "c d", "normalize_param { bp_norm: true }", "m")
        + layer(
            "PriorBox",
            "b c",
            "prior",
            "prior_box_param { min_size: 4.5 aspect_ratio: 2 step_h: 4 step_w: 5 }",
            "p",
        )
    )
    found = graph(text, a=(2, 3, 4, 5))
    assert proto2net.parse(proto2net.convert(found, to="prototxt")).nodes == found.nodes
