"""`proto2net.predict`: from files to classes, and to boxes in pixels of the photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from photos import DIGITS, HEADS, IMAGE, OF_DIGITS, RCNN, SEVEN, SHIFT, SSD, photo, weights, write

import proto2net
from proto2net.backends.numpy.helpers.ssd import prior_box
from proto2net.prediction import Prediction
from proto2net.prediction.priors import levels, prior_boxes

PREPARED = {"scale": 1 / 255}


def seen(net: str, image: object = None, **options: object) -> Prediction:
    images = [photo() if image is None else image]
    given = {"to": "numpy", **PREPARED, **options}
    (found,) = proto2net.predict(net, weights(net), images, **given)
    return found


def corners(found: Prediction) -> list[tuple[int, float, float, float, float]]:
    assert found.boxes is not None
    return [(b.index, b.x, b.y, b.x + b.width, b.y + b.height) for b in found.boxes]


def close(found: Prediction, *rows: tuple[float, ...]) -> None:
    assert len(corners(found)) == len(rows)
    np.testing.assert_allclose(corners(found), rows, atol=1e-3)


# ---- classes --------------------------------------------------------------------------------


def test_a_classifier_ranks_its_classes() -> None:
    net, model = DIGITS / "digits.prototxt", DIGITS / "digits.caffemodel"
    (found,) = proto2net.predict(net, model, [SEVEN], to="numpy", top=3, **OF_DIGITS)
    best, *others = found.classes
    assert (best.output, best.index, best.label, best.kind) == ("prob", 7, "seven", "probability")
    assert best.score > 0.9
    assert len(others) == 2
    assert best.score > others[0].score > others[1].score
    assert found.boxes is None
    assert found.summaries == ()
    assert found.outputs["prob"].shape == (1, 10)


def test_the_shipped_digits_are_told_apart() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn has the digits")
    data = datasets.load_digits()
    images = [image.round().astype(np.uint8) for image in data.images[:297] * 255 / 16]
    net, model = DIGITS / "digits.prototxt", DIGITS / "digits.caffemodel"
    found = proto2net.predict(net, model, images, to="numpy", top=1, **OF_DIGITS)
    right = [each.classes[0].index == y for each, y in zip(found, data.target, strict=False)]
    assert np.mean(right) > 0.95
    assert found[1].image == "image 2"


SCORES = f"""{IMAGE}layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param {{ num_output: 3 }} }}
"""
FC = {"fc": [np.zeros((3, 7200)), np.array([1.5, -2.0, 4.0])]}


def test_scores_are_scores_where_labels_say_so() -> None:
    options = {"to": "numpy", **PREPARED}
    (found,) = proto2net.predict(SCORES, FC, [photo()], labels=["a", "b", "c"], **options)
    assert [(c.label, c.score, c.kind) for c in found.classes] == [
        ("c", 4.0, "score"),
        ("a", 1.5, "score"),
        ("b", -2.0, "score"),
    ]
    assert "score  class  label" in str(found)


def test_numbers_of_which_nothing_is_known_are_summed_up_or_ranked_if_that_is_asked_for() -> None:
    options = {"to": "numpy", **PREPARED}
    (found,) = proto2net.predict(SCORES, FC, [photo()], **options)
    assert found.classes == ()
    (summary,) = found.summaries
    assert (summary.output, summary.shape, summary.result) == ("fc", (1, 3), "")
    np.testing.assert_allclose([summary.min, summary.max, summary.mean], [-2, 4, 3.5 / 3])
    (found,) = proto2net.predict(SCORES, FC, [photo()], top=2, **options)
    assert [(c.index, c.score) for c in found.classes] == [(2, 4.0), (0, 1.5)]


def test_a_network_for_ten_images_takes_one() -> None:
    ten = SCORES.replace("dim: 1", "dim: 10", 1)
    (found,) = proto2net.predict(ten, FC, [photo()], to="numpy", top=1, **PREPARED)
    assert found.outputs["fc"].shape == (1, 3)
    assert found.classes[0].score == 4.0


def test_a_network_that_only_takes_ten_says_so() -> None:
    ten = SCORES.replace("dim: 1", "dim: 10", 1)
    fixed = (
        ten
        + """layer { name: "r" type: "Reshape" bottom: "fc" top: "r"
        reshape_param { shape { dim: 6 dim: 5 } } }"""
    )
    with pytest.raises(proto2net.Proto2NetError, match="takes 10 images at once"):
        proto2net.predict(fixed, FC, [photo()], to="numpy", **PREPARED)


# ---- boxes ----------------------------------------------------------------------------------


def test_boxes_are_in_pixels_of_the_photo() -> None:
    close(seen(SSD), (1, 80, 40, 120, 80))
    close(seen(SSD, photo(3)), (1, 120, 60, 180, 120))


def test_a_photo_whose_middle_is_taken_has_its_boxes_where_they_are() -> None:
    whole = np.zeros((100, 160, 3), np.uint8)  # of which the input is the middle half, or so
    whole[50:70, 90:110] = 255
    found = seen(SSD, whole, resize=(100, 160))
    close(found, (1, 90, 50, 110, 70))
    larger = whole.repeat(2, axis=0).repeat(2, axis=1)
    close(seen(SSD, larger, resize=(100, 160)), (1, 180, 100, 220, 140))


def test_only_boxes_above_a_score_are_told_with_their_labels() -> None:
    found = seen(SSD, labels=["nothing", "spot"])
    assert found.boxes is not None
    assert [(box.label, round(box.score, 5)) for box in found.boxes] == [("spot", 1.0)]
    assert seen(SSD, above=1.0).boxes == ()
    assert "nothing was found" in str(seen(SSD, above=1.0))


def test_prior_boxes_make_boxes_of_a_network_without_any() -> None:
    found = seen(HEADS, priors="20:20")
    close(found, (1, 80, 40, 120, 80))
    wide = seen(HEADS, priors="20:20x10", labels=["nothing", "spot"])
    close(wide, (1, 80, 50, 120, 70))
    assert wide.boxes is not None
    assert wide.boxes[0].label == "spot"
    assert wide.summaries == ()


def test_prior_boxes_share_the_image_evenly_as_those_of_ssd_without_a_step() -> None:
    places = np.zeros((1, 1, 4, 9), np.float32)  # of stride 16, and 61 is no multiple of it
    right = prior_box(places, np.zeros((1, 3, 61, 140), np.float32), [9, 12], variance=(0.1,))
    made = prior_boxes(levels("16:9,12"), (61, 140))
    np.testing.assert_allclose(made.ravel(), right[0, 0], atol=1e-6)


def test_without_prior_boxes_its_numbers_are_summed_up() -> None:
    found = seen(HEADS)
    assert found.boxes is None
    assert [each.output for each in found.summaries] == ["boxes", "scores"]
    assert "prior boxes, which are not in the network" in found.summaries[0].result


def test_regions_are_moved_and_scaled_as_their_class_asks_for() -> None:
    found = seen(RCNN)
    # A region of x 40 to 59 and y 20 to 39, both inside, of 20 x 20 pixels.
    dx, dy, dw, _ = SHIFT
    x, y, width, height = 50 + dx * 20, 30 + dy * 20, 20 * np.exp(dw), 20
    box = (x - width / 2, y - height / 2, x + width / 2 + 1, min(y + height / 2, 39) + 1)
    np.testing.assert_allclose(corners(found)[0], (2, *(2 * side for side in box)), atol=1e-3)
    assert found.summaries == ()
    assert set(found.outputs) == {"bbox_pred", "cls_prob", "rois"}


def test_boxes_of_a_class_that_overlap_go() -> None:
    assert len(seen(RCNN, above=0.001, overlap=1.0).boxes or ()) > len(
        seen(RCNN, above=0.001, overlap=0.0).boxes or ()
    )


# ---- what cannot be -------------------------------------------------------------------------

REFUSED = {
    "images of an unknown kind": (SSD, {"scale": None}, "does not say how images are prepared"),
    "no such target": (SSD, {"to": "caffe"}, '"caffe"'),
    "a printer": (SSD, {"to": "summary"}, "cannot be loaded"),
    "no weights": (SSD, {"weights": None}, "predict needs the weights"),
    "no priors needed": (SSD, {"priors": "8:10"}, "no output of this network needs"),
    "too few priors": (HEADS, {"priors": "8:10"}, '40 for an input of 40 x 60, but "boxes" has 6'),
    "no numbers": (HEADS, {"priors": "8:a"}, '"8:a" is no stride and sizes'),
    "no stride": (HEADS, {"priors": "0:10"}, '"0:10" is no stride and sizes'),
    "no sizes": (HEADS, {"priors": "20"}, '"20" is no stride and sizes'),
    "blank": (HEADS, {"priors": " "}, "no prior boxes are given"),
    "none": (SSD, {"top": 0}, "top is 0"),
    "few labels": (SSD, {"labels": ["a"]}, 'there are 1 labels, but the output "found" has 2'),
    "few labels of boxes": (
        HEADS,
        {"labels": list("abcdef")},
        'there are 6 labels, but the output "scores" has 2',
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_said_in_a_sentence(what: str) -> None:
    net, changed, words = REFUSED[what]
    options = {"weights": weights(net), "to": "numpy", **PREPARED, **changed}
    with pytest.raises(proto2net.Proto2NetError) as raised:
        proto2net.predict(net, images=[photo()], **options)
    assert words in str(raised.value)


def test_an_input_of_which_nothing_is_known_is_named() -> None:
    net = (
        SSD
        + """layer { name: "more" type: "Input" top: "more"
        input_param { shape { dim: 1 dim: 9 } } }
layer { name: "y" type: "Power" bottom: "more" top: "y" }"""
    )
    with pytest.raises(proto2net.Proto2NetError, match=r'also reads "more" \(1 x 9\), which'):
        proto2net.predict(net, weights(SSD), [photo()], to="numpy", **PREPARED)


def test_an_input_that_nothing_reads_matters_not() -> None:
    net = (
        SSD
        + """layer { name: "more" type: "Input" top: "more"
        input_param { shape { dim: 1 dim: 9 } } }"""
    )
    (found,) = proto2net.predict(net, weights(SSD), [photo()], to="numpy", **PREPARED)
    close(found, (1, 80, 40, 120, 80))


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    for name, words in (("text.png", "OpenCV finds no image"), ("none.png", "No such file")):
        with pytest.raises(proto2net.Proto2NetError, match=words):
            seen(SSD, tmp_path / name)


def test_a_file_and_its_pixels_give_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "photo.png", photo())
    assert corners(seen(SSD, file)) == corners(seen(SSD))
    assert seen(SSD, file).image == file


def test_the_first_target_that_is_installed_runs() -> None:
    pytest.importorskip("onnxruntime")
    found = seen(SSD, to="")
    assert found.target == "onnx"
    close(found, (1, 80, 40, 120, 80))
