"""Trained networks see the same in a photo in every target."""

from __future__ import annotations

from dataclasses import astuple
from functools import cache
from math import ceil

import numpy as np
import pytest
from photos import DIGITS, HEADS, OF_DIGITS, RCNN, SEVEN, SSD, photo, weights
from pretrained import FILES

import proto2net
from proto2net.prediction import Prediction

ULTRAFACE = FILES / "ultraface_rfb320"
NSFW = FILES / "open_nsfw_resnet50_1by2"
needs_files = pytest.mark.skipif(
    not (ULTRAFACE.is_dir() and NSFW.is_dir()), reason="the trained networks are not here"
)
LEVELS = ((8, (10, 16, 24)), (16, (32, 48)), (32, (64, 96)), (64, (128, 192, 256)))
"""What UltraFace's authors call strides and min_boxes, in pixels of 320 x 240."""


def astronaut() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="scikit-image has the photo")
    image: np.ndarray = data.astronaut()
    return image


def faces(target: str, image: np.ndarray | None = None) -> Prediction:
    priors = " ".join(f"{step}:{','.join(map(str, sizes))}" for step, sizes in LEVELS)
    (found,) = proto2net.predict(
        ULTRAFACE / "deploy.prototxt",
        ULTRAFACE / "RFB-320.caffemodel",
        [astronaut() if image is None else image],
        to=target,
        mean=127,
        scale=1 / 128,
        channels="rgb",
        priors=priors,
        labels=["background", "face"],
        above=0.7,
    )
    return found


def nsfw(target: str) -> Prediction:
    (found,) = proto2net.predict(
        NSFW / "deploy.prototxt",
        NSFW / "resnet_50_1by2_nsfw.caffemodel",
        [astronaut()],
        to=target,
        mean=(104, 117, 123),
        resize=(256, 256),
        labels=["safe", "not safe"],
    )
    return found


@cache
def of_numpy(network: str) -> Prediction:
    return {"faces": faces, "nsfw": nsfw}[network]("numpy")


@needs_files
def test_ultraface_finds_the_one_face(target: str) -> None:
    found, right = faces(target), of_numpy("faces")
    assert found.boxes is not None
    assert right.boxes is not None
    assert [box.label for box in found.boxes] == ["face"]
    box, other = (np.array(astuple(each.boxes[0])[2:]) for each in (found, right) if each.boxes)
    np.testing.assert_allclose(box[1:] / 512, other[1:] / 512, atol=1e-4)  # shares of the photo
    np.testing.assert_allclose(box[0], other[0], atol=1e-4)
    for name, value in right.outputs.items():
        np.testing.assert_allclose(found.outputs[name], value, atol=1e-4 * abs(value).max())


@needs_files
def test_open_nsfw_gives_the_same_probabilities(target: str) -> None:
    found, right = nsfw(target).classes, of_numpy("nsfw").classes
    assert [each.label for each in found] == [each.label for each in right] == ["safe", "not safe"]
    scores = [[each.score for each in classes] for classes in (found, right)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
    assert found[0].score > 0.9


@needs_files
def test_a_large_face_is_found_where_a_small_one_is() -> None:
    """Places of stride 32 and 64 share 240 rows evenly; with the strides it would be 7 lower."""
    (small,) = of_numpy("faces").boxes or ()
    close = np.ascontiguousarray(astronaut()[20:215, 100:360])
    (large,) = faces("numpy", image=close).boxes or ()
    middle = small.y + small.height / 2
    assert 20 + large.y + large.height / 2 == pytest.approx(middle, abs=4)


@needs_files
def test_ultraface_is_decoded_as_its_authors_do_it() -> None:
    found = of_numpy("faces")
    centers = [
        ((x + 0.5) / columns, (y + 0.5) / rows, size / 320, size / 240)
        for step, sizes in LEVELS
        for rows, columns in [(ceil(240 / step), ceil(320 / step))]
        for y in range(rows)
        for x in range(columns)
        for size in sizes
    ]
    priors = np.clip(centers, 0, 1)
    shifts = found.outputs["boxes"][0]
    middle = shifts[:, :2] * 0.1 * priors[:, 2:] + priors[:, :2]
    sides = np.exp(shifts[:, 2:] * 0.2) * priors[:, 2:]
    corners = np.concatenate((middle - sides / 2, middle + sides / 2), axis=1)
    scores = found.outputs["scores"][0, :, 1]
    assert found.boxes is not None
    (face,) = found.boxes
    best = corners[scores.argmax()] * 512
    sides_found = (face.x, face.y, face.x + face.width, face.y + face.height)
    np.testing.assert_allclose(sides_found, best, atol=0.01)
    assert face.score == pytest.approx(scores.max(), abs=1e-6)
    assert (scores > 0.7).sum() > 1  # and the others overlap it


# ---- without files that are not ours --------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "options"),
    [(SSD, {}), (HEADS, {"priors": "20:20"}), (RCNN, {})],
    ids=["ssd", "heads", "rcnn"],
)
def test_detectors_find_the_same(target: str, net: str, options: dict[str, str]) -> None:
    right, found = (
        proto2net.predict(net, weights(net), [photo()], to=to, scale=1 / 255, **options)[0].boxes
        for to in ("numpy", target)
    )
    assert found
    assert right
    np.testing.assert_allclose(
        [astuple(box)[2:] for box in found], [astuple(box)[2:] for box in right], atol=1e-3
    )


def test_the_shipped_classifier_sees_a_seven(target: str) -> None:
    net, model = DIGITS / "digits.prototxt", DIGITS / "digits.caffemodel"
    (found,) = proto2net.predict(net, model, [SEVEN], to=target, **OF_DIGITS)
    (right,) = proto2net.predict(net, model, [SEVEN], to="numpy", **OF_DIGITS)
    assert found.classes[0].label == "seven"
    np.testing.assert_allclose(found.outputs["prob"], right.outputs["prob"], atol=1e-5)
