"""The command `predict`: what it prints, what it writes, and what it says of what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from photos import DIGITS, HEADS, RCNN, SEVEN, SSD, photo, weights, write

import proto2net
from proto2net.cli import cli

NETS = {"ssd": SSD, "heads": HEADS, "rcnn": RCNN}
PREPARED = ("--scale", "0.00392156862745098", "--to", "numpy")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, net in NETS.items():
        proto2net.save(net, weights(net), to="prototxt", out=tmp_path / f"{name}.prototxt")
    write(tmp_path / "photo.png", photo())
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["predict", *arguments])


def seen(net: str, *options: str, images: tuple[str, ...] = ("photo.png",)) -> Result:
    return run(f"{net}.prototxt", *images, "--weights", f"{net}.caffemodel", *PREPARED, *options)


def sentence(result: Result) -> str:
    """What is said of a command that cannot be followed."""
    assert isinstance(result.exception, proto2net.Proto2NetError), result.output
    return "\n".join(map(str, result.exception.issues))


DETECTED = """photo.png

label    score   x   y  width  height
-------  ------  --  --  -----  ------
class 1  1.0000  80  40     40      40
"""


def test_boxes_are_a_table() -> None:
    result = seen("ssd")
    assert [line.split() for line in result.stdout.splitlines()] == [
        line.split() for line in DETECTED.splitlines()
    ]
    assert result.stderr == "note: ran in numpy\n"


def test_classes_are_a_table_for_each_image() -> None:
    digits = [str(DIGITS / "digits.prototxt"), SEVEN, "photo.png"]
    learned = ["--weights", str(DIGITS / "digits.caffemodel"), "--to", "numpy"]
    mean = ["--mean", str(DIGITS / "mean.binaryproto"), "--scale", "0.00390625"]
    result = run(*digits, *learned, *mean, "--labels", str(DIGITS / "labels.txt"), "--top", "2")
    lines = result.stdout.splitlines()
    assert lines[0] == SEVEN
    assert lines[2:4] == ["rank  probability  class  label", "----  -----------  -----  -----"]
    assert lines[4].split() == ["1", "1.0000", "7", "seven"]
    assert lines[6:8] == ["", "photo.png"]
    assert len(lines) == 13


def test_json_has_the_same_for_programs() -> None:
    (found,) = json.loads(seen("ssd", "--json").stdout)
    assert (found["image"], found["target"], found["classes"]) == ("photo.png", "numpy", [])
    (box,) = found["boxes"]
    assert (box["index"], round(box["x"], 3), box["y"]) == (1, 80, 40)


def test_scale_1_alone_is_enough_for_values_of_0_to_255() -> None:
    net = ("ssd.prototxt", "photo.png", "--weights", "ssd.caffemodel", "--to", "numpy")
    assert "does not say how images are prepared" in sentence(run(*net))
    assert "--mean, --scale or --channels" in sentence(run(*net))
    _, _, score, *_ = run(*net, "--scale", "1").stdout.splitlines()[-1].split()
    assert float(score) == pytest.approx(255, rel=1e-5)  # the last digits are the processor's


def test_a_network_without_prior_boxes_says_how_to_give_them() -> None:
    result = seen("heads")
    assert "boxes   1 x 6 x 4" in result.stdout
    assert 'note: --priors "8:10,16,24 16:32,48"' in result.stderr
    result = seen("heads", "--priors", "20:20")
    assert "80  40" in result.stdout
    assert "--priors" not in result.stderr


def test_regions_have_their_boxes() -> None:
    assert seen("rcnn").stdout.splitlines()[4].split()[:3] == ["class", "2", "0.9991"]


# ---- files ----------------------------------------------------------------------------------


def test_boxes_are_drawn_into_the_photo() -> None:
    result = seen("ssd", "--draw", "out.png")
    assert result.stderr.endswith("wrote out.png\n")
    drawn = cv2.imread("out.png")[..., ::-1]
    changed = (drawn != photo()).any(axis=-1)
    assert changed[40:80, 80].all()  # the left side of the box
    assert not changed[:20].any()
    assert "out.png exists already" in sentence(seen("ssd", "--draw", "out.png"))
    assert seen("ssd", "--draw", "out.png", "--force").exit_code == 0


def test_several_photos_are_drawn_into_files_of_their_names() -> None:
    Path("more").mkdir()
    write(Path("more/photo.png"), photo(1))
    images = ("photo.png", "more/photo.png")
    assert seen("ssd", "--draw", "out.jpg", "-o", "out.npz", images=images).exit_code == 0
    assert {path.name for path in Path().glob("out*")} == {
        "out.npz",
        "out_photo.jpg",
        "out_photo_2.jpg",
    }
    assert cv2.imread("out_photo_2.jpg").shape == (40, 60, 3)
    with np.load("out.npz") as arrays:
        assert set(arrays) == {"photo/found", "photo_2/found"}


def test_what_comes_out_is_written_as_it_is() -> None:
    assert seen("heads", "-o", "out.npz").exit_code == 0
    with np.load("out.npz") as arrays:
        shapes = {name: arrays[name].shape for name in arrays}
    assert shapes == {"boxes": (1, 6, 4), "scores": (1, 6, 2)}


REFUSED = {
    "no boxes to draw": (("heads", "--draw", "out.png"), "--draw draws boxes"),
    "no format": (("ssd", "--draw", "out.txt"), 'no images of the format ".txt"'),
    "no suffix": (("ssd", "--draw", "out"), 'no images of the format ""'),
    "an input": (("ssd", "--draw", "photo.png", "--force"), "photo.png is an input"),
    "the weights": (("ssd", "-o", "ssd.caffemodel", "--force"), "ssd.caffemodel is an input"),
    "a mean of other channels": (("ssd", "--mean", "1,2"), "the mean has 2 numbers"),
    "a mean of another size": (("ssd", "--mean", "mean.npy"), "the mean image is 3 x 9 x 9"),
    "few labels": (("ssd", "--labels", "labels.txt"), "there are 1 labels"),
    "other priors": (("heads", "--priors", "20:20,30"), "the prior boxes are 12 for an input"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_a_sentence_and_nothing_is_written(what: str) -> None:
    Path("labels.txt").write_text("spot\n")
    np.save("mean.npy", np.zeros((3, 9, 9), np.float32))
    before = {path: path.read_bytes() for path in Path().iterdir()}
    (net, *options), words = REFUSED[what]
    result = seen(net, *options)
    assert words in sentence(result)
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_a_wrong_image_is_named() -> None:
    Path("text.png").write_text("no image")
    assert "text.png: OpenCV finds no image" in sentence(seen("ssd", images=("text.png",)))
    assert "none.png: No such file" in sentence(seen("ssd", images=("none.png",)))
    assert seen("ssd", images=()).exit_code == 2


def test_a_network_without_weights_is_refused() -> None:
    result = run("ssd.prototxt", "photo.png", *PREPARED)
    assert "predict needs the weights" in sentence(result)


def test_a_caffemodel_alone_is_enough_where_it_has_its_definition() -> None:
    mean = ("--mean", str(DIGITS / "mean.binaryproto"))
    result = run(str(DIGITS / "digits.caffemodel"), SEVEN, *mean, *PREPARED)
    assert result.stdout.splitlines()[4].split() == ["1", "1.0000", "7"]
