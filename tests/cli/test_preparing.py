"""The options that say how images are prepared and what classes are called, and `mean`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from places import TESTS

import proto2net
from proto2net.cli import cli, main

BINARYPROTO = TESTS / "golden" / "data" / "imagedata_mean_file" / "mean.binaryproto"

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 3 } }
"""
TRAINING = """
layer { name: "images" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        transform_param { crop_size: 5 mirror: true } data_param { batch_size: 9 } }
layer { name: "images" type: "Data" top: "data" top: "label" include { phase: TEST }
        transform_param { crop_size: 5 scale: 0.5 mean_value: 7 } data_param { batch_size: 9 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.prototxt").write_text(NET)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def convert(*options: str) -> Result:
    return run("convert", "small.prototxt", "--to", "torch", "-o", "-", *options)


def sentence(*options: str) -> str:
    """What is said of options that cannot be followed."""
    result = convert(*options)
    assert isinstance(result.exception, proto2net.Proto2NetError), result.output
    return "\n".join(map(str, result.exception.issues))


# ---- mean -----------------------------------------------------------------------------------


def test_the_mean_of_a_binaryproto_is_an_array() -> None:
    found = proto2net.mean(BINARYPROTO)
    assert (found.shape, found.dtype) == ((3, 6, 7), np.float32)


def test_mean_prints_the_shape_and_the_means_of_the_channels() -> None:
    result = run("mean", str(BINARYPROTO))
    assert result.output == "3 x 6 x 7; the means of its channels: 62.4762, 60.7191, 44.064\n"


def test_mean_writes_an_array_for_numpy_and_replaces_nothing_unasked() -> None:
    assert run("mean", str(BINARYPROTO), "-o", "mean.npy").exit_code == 0
    np.testing.assert_array_equal(np.load("mean.npy"), proto2net.mean(BINARYPROTO))
    np.testing.assert_array_equal(proto2net.mean("mean.npy"), proto2net.mean(BINARYPROTO))
    again = run("mean", str(BINARYPROTO), "-o", "mean.npy")
    assert "mean.npy exists already" in str(again.exception)


NO_MEANS = {
    "missing": (None, "No such file"),
    "text": (b"no mean\n", "damaged"),
    "objects.npy": (np.array([{}], object), "no array of numbers"),
    "words.npy": (np.array(["a"]), "a mean is numbers"),
    "flat.npy": (np.ones((3, 4), np.float32), "a mean is numbers"),
}


@pytest.mark.parametrize("name", NO_MEANS)
def test_what_is_no_mean_is_told_by_name(name: str) -> None:
    content, words = NO_MEANS[name]
    if isinstance(content, bytes):
        Path(name).write_bytes(content)
    elif content is not None:
        np.save(name, content)
    with pytest.raises(proto2net.WeightError) as error:
        proto2net.mean(name)
    assert str(error.value).startswith(name)
    assert words in str(error.value)


# ---- images ---------------------------------------------------------------------------------


def test_numbers_are_the_means_of_channels() -> None:
    assert (
        "np.array([104.0, 117.5, 123.0], np.float32)" in convert("--mean", "104,117.5,123").output
    )


def test_the_transformation_of_the_training_is_taken_as_it_is_for_tests() -> None:
    Path("train_val.prototxt").write_text(TRAINING)
    result = convert("--transform-from", "train_val.prototxt")
    assert "x = x[top : top + 5, left : left + 5]" in result.output
    assert "x = x - 7.0" in result.output
    assert "x * np.float32(0.5)" in result.output


def test_a_definition_of_the_training_beside_is_offered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told(*options: str) -> str:
        with pytest.raises(SystemExit):
            main(["convert", "small.prototxt", "--to", "torch", "--force", *options])
        return capsys.readouterr().err

    Path("train_val.prototxt").write_text(TRAINING)
    said = "note: --transform-from train_val.prototxt would prepare images as in the training"
    assert said in told()
    assert said not in told("--transform-from", "train_val.prototxt")
    assert said not in told("-o", "-")
    Path("train_val.prototxt").write_text(TRAINING.replace("num_output: 3", "num_output: 4"))
    assert said not in told()


def notes(capsys: pytest.CaptureFixture[str], *options: str, to: str = "torch") -> list[str]:
    """What is told beside of a conversion that writes files."""
    with pytest.raises(SystemExit):
        main(["convert", "small.prototxt", "--to", to, "--force", *options])
    return [line for line in capsys.readouterr().err.splitlines() if "note: " in line]


NOTHING = (
    "note: the definition does not say how images are prepared; the model's README usually does: "
    "give "
)


def test_with_weights_it_is_told_that_nothing_says_how_images_are_prepared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    proto2net.save(NET, {"ip": [np.ones((3, 75)), np.ones(3)]}, to="torch", out="weights.py")
    weights = ("--weights", "weights.safetensors")
    assert notes(capsys, *weights) == [f"{NOTHING}--mean, --scale, --channels or --resize"]
    assert notes(capsys, *weights, to="summary") == []
    assert notes(capsys, *weights, "--mean", "1") == []
    assert notes(capsys) == []
    Path("small_mean.binaryproto").write_bytes(BINARYPROTO.read_bytes())
    offer = ["note: --mean small_mean.binaryproto would subtract this mean from images"]
    assert notes(capsys, *weights) == offer
    assert notes(capsys) == offer


def test_the_mean_image_that_a_definition_names_is_offered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("train.prototxt").write_text(TRAINING.replace("mean_value: 7", 'mean_file: "a/m.bp"'))
    asked = ("--transform-from", "train.prototxt")
    offer = "note: --mean m.bp is the mean image, which `preprocess` asks for"
    assert offer not in notes(capsys, *asked)
    Path("m.bp").write_bytes(BINARYPROTO.read_bytes())
    assert offer in notes(capsys, *asked)
    assert offer not in notes(capsys, *asked, "--mean", "m.bp")


def test_a_network_without_images_has_no_note_about_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mean.npy").write_bytes(b"")
    for shape in "1,75", "1,5,5,3":
        (told,) = notes(capsys, "--input", f"data={shape}")
        assert "as asked for" in told


def test_the_size_before_a_crop_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.prototxt").write_text(TRAINING)
    asked = ("--transform-from", "train.prototxt")
    assert notes(capsys, *asked)[-1:] == [
        "note: images are cropped to 5 x 5, and the definition does not say how large they are "
        "before: "
        "give --resize H,W, which is 256,256 in Caffe's examples of ImageNet"
    ]
    assert not any("cropped" in note for note in notes(capsys, *asked, "--resize", "8,8"))


def test_the_docstring_of_a_file_says_how_images_are_prepared() -> None:
    output = convert("--mean", "104,117,123.68", "--resize", "8,9", "--scale", "0.017").output
    assert output.splitlines()[2:5] == [
        "Definition: small.prototxt, test phase.",
        "Images: resized to 8 x 9, the middle 5 x 5, BGR, 0 to 255, minus 104, 117, 123.68, times",
        "0.017.",
    ]
    output = convert("--mean", str(BINARYPROTO), "--channels", "rgb", "--input", "data=1,3,6,7")
    assert output.output.splitlines()[3:5] == [
        "Images: resized to 6 x 7, RGB, 0 to 255, minus the mean image of mean.binaryproto.",
        '"""',
    ]


def test_inspect_says_how_images_are_prepared() -> None:
    Path("train.prototxt").write_text(TRAINING)
    said = "images         data: the middle 5 x 5, BGR, 0 to 255, minus 7, times 0.5"
    assert said in run("inspect", "train.prototxt").output.splitlines()
    assert "images" not in run("inspect", "small.prototxt").output


WRONG = {
    "--mean 1,2": 'the mean has 2 numbers, but "data" has 3 channels',
    "--mean nan": "give one finite number",
    "--mean missing": "missing: No such file",
    f"--mean {BINARYPROTO}": 'the mean image is 3 x 6 x 7, but images of "data" are 3 x 5 x 5',
    f"--mean {BINARYPROTO} --input data=1,1,6,7": 'but "data" is 1 x 1 x 6 x 7',
    f"--mean {BINARYPROTO} --resize 8,9": "is 3 x 6 x 7, but images are resized to 8 x 9",
    f"--mean {BINARYPROTO} --input data=1,3,4,4": "--resize 6,7 brings images to its size",
    "--resize 4,9": "resized to 4 x 9, which is smaller than the crop, 5 x 5",
    "--resize 8,9 --input data=1,3,any,7 --output data": 'but "data" is 1 x 3 x any x 7',
    "--scale inf": "scale is inf; it must be a finite number",
    "--mean 1 --input data=1,75": "but no input takes images",
    "--transform-from small.prototxt": "small.prototxt: no layer has a transform_param",
    "--transform-from train.prototxt --input data=1,3,4,4": 'to 5 x 5, but "data" is 1 x 3 x 4 x 4',
    "--labels few.txt": 'there are 2 labels, but the output "ip" has 3 classes',
    "--labels gap.txt": "gap.txt:2: this line is empty",
    "--labels latin.txt": "latin.txt:2: this is no text in UTF-8",
    "--labels missing": "missing: No such file",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_does_not_fit_is_told_in_a_sentence(options: str) -> None:
    Path("train.prototxt").write_text(TRAINING)
    Path("few.txt").write_text("cat\ndog\n")
    Path("gap.txt").write_text("cat\n\ndog\n")
    Path("latin.txt").write_bytes(b"cat\nd\xf6g\ncow\n")
    assert WRONG[options] in sentence(*options.split())


def test_a_mean_image_may_be_larger_than_what_is_cropped_from_it() -> None:
    Path("train.prototxt").write_text(TRAINING.replace("mean_value: 7", ""))
    result = convert("--transform-from", "train.prototxt", "--mean", str(BINARYPROTO))
    assert "image = cv2.resize(image, (7, 6))" in result.output
    assert "x = x[0:5, 1:6]" in result.output


def body(*options: str) -> list[str]:
    """What `preprocess` says behind its docstring."""
    lines = convert(*options).output.split("def preprocess")[1].split('"""')[2].splitlines()
    end = next(i for i, line in enumerate(lines) if line.strip().startswith("return "))
    return [line.strip() for line in lines[1 : end + 1]]


def test_of_a_larger_size_the_middle_is_what_the_network_takes() -> None:
    assert body("--resize", "8,9") == [
        "if isinstance(image, str | Path) or image.shape[:2] != (8, 9):",
        "import cv2  # pip install opencv-python-headless",
        "",
        "if isinstance(image, str | Path):",
        "image = cv2.imdecode(np.fromfile(image, np.uint8), cv2.IMREAD_COLOR)",
        "image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)",
        "image = cv2.resize(image, (9, 8))",
        "x = image[..., ::-1].astype(np.float32)",
        "x = x[1:6, 2:7]",
        "return x.transpose(2, 0, 1)[np.newaxis]",
    ]


def test_without_a_crop_images_get_the_size_that_the_network_takes() -> None:
    assert "image = cv2.resize(image, (5, 5))" in body("--mean", "1")
    assert "image = cv2.resize(image, (5, 5))" in body("--resize", "5,5")


def test_images_of_any_size_keep_theirs_unless_one_is_asked_for() -> None:
    free = ("--input", "data=1,3,any,any", "--output", "data")
    assert not any("resize" in line or "[top" in line for line in body("--mean", "1", *free))
    resized = body("--resize", "8,9", *free)
    assert "image = cv2.resize(image, (9, 8))" in resized
    assert not any("x[" in line for line in resized)


SIZES = {
    "": [],
    "new_height: 7 new_width: 9": ["image = cv2.resize(image, (9, 7))"],
    "resize": ["image = cv2.resize(image, (9, 8))"],
    "mean": ["image = cv2.resize(image, (7, 6))"],
    "warp": ["image = cv2.resize(image, (11, 10))"],
}


@pytest.mark.parametrize("known", SIZES)
def test_the_size_before_a_crop_is_what_is_known_of_it(known: str) -> None:
    warp = "resize_param { prob: 1 resize_mode: WARP height: 10 width: 11 }"
    Path("train.prototxt").write_text(
        'layer { name: "data" type: "ImageData" top: "data" transform_param { crop_size: 5 '
        f"{warp if known == 'warp' else ''} }} "
        f"image_data_param {{ batch_size: 2 {known if 'new' in known else ''} }} }}"
    )
    told = {"resize": ("--resize", "8,9"), "mean": ("--mean", str(BINARYPROTO))}.get(known, ())
    lines = body("--transform-from", "train.prototxt", *told)
    assert [line for line in lines if "cv2.resize" in line] == SIZES[known]


@pytest.mark.parametrize(
    "more", ["resize_mode: FIT_LARGE_SIZE_AND_PAD", "resize_mode: WARP interp_mode: AREA"]
)
def test_what_ssd_does_beyond_a_bilinear_resize_is_left_to_the_caller(more: str) -> None:
    Path("train.prototxt").write_text(
        'layer { name: "data" type: "ImageData" top: "data" transform_param { resize_param { '
        f"prob: 1 height: 5 width: 5 {more} }} }} image_data_param {{ batch_size: 2 }} }}"
    )
    output = convert("--transform-from", "train.prototxt").output
    assert "cv2.resize" not in output
    assert "It must be 5 x 5 already." in " ".join(output.split())


def test_the_middle_may_have_another_width_than_height() -> None:
    Path("train.prototxt").write_text(TRAINING.replace("crop_size: 5", "crop_h: 4 crop_w: 6"))
    lines = body("--transform-from", "train.prototxt", "--input", "data=1,3,4,6")
    assert "x = x[top : top + 4, left : left + 6]" in lines


# ---- labels ---------------------------------------------------------------------------------


def test_labels_of_imagenet_are_what_stands_behind_the_synset_ids() -> None:
    Path("synset_words.txt").write_text(
        "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01484850 great white\n"
    )
    result = convert("--labels", "synset_words.txt")
    assert 'LABELS = ("tench, Tinca tinca", "goldfish", "great white")' in result.output
    Path("plain.txt").write_text("\ufeffn01440764 tench\ncat\r\ndog\n\n")
    assert 'LABELS = ("n01440764 tench", "cat", "dog")' in convert("--labels", "plain.txt").output


DETECTIONS = """
layer { name: "data" type: "Input" top: "loc" top: "conf" top: "boxes" input_param {
        shape { dim: 1 dim: 8 } shape { dim: 1 dim: 6 } shape { dim: 1 dim: 2 dim: 8 } } }
layer { name: "out" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "boxes" top: "out"
        detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.5 } } }
"""


def test_labels_of_detections_are_those_of_their_classes() -> None:
    source = proto2net.convert(DETECTIONS, to="torch", labels=["background", "cat", "dog"])
    assert 'LABELS = ("background", "cat", "dog")' in source


def test_a_prototxt_has_no_place_for_labels_or_another_size() -> None:
    with pytest.raises(proto2net.UnsupportedError, match="prototxt has no place for labels"):
        proto2net.convert(NET, to="prototxt", labels=["cat", "dog", "cow"])
    with pytest.raises(proto2net.UnsupportedError, match="a size that images are resized to"):
        proto2net.convert(NET, to="prototxt", resize=(8, 8))


def test_an_onnx_file_tells_labels_and_transformation(folder: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="it reads the file")
    asked = {"labels": ["cat", "dog", "cow"], "mean": 7, "channels": "rgb", "resize": (8, 9)}
    proto2net.save(NET, to="onnx", out=folder / "x.onnx", **asked)
    told = {p.key: p.value for p in onnx.load(str(folder / "x.onnx")).metadata_props}
    assert told["labels"] == '["cat", "dog", "cow"]'
    assert json.loads(told["transform_param"]) == {
        "color_order": "RGB",
        "resize": [8, 9],
        "crop": [5, 5],
        "scale": 1.0,
        "mean_value": [7.0],
    }


@pytest.mark.parametrize("option", ["mean", "labels", "transform-from"])
def test_what_a_network_is_prepared_from_is_never_replaced(option: str) -> None:
    Path("x.prototxt").write_text("cat\ndog\ncow\n" if option == "labels" else TRAINING)
    if option == "mean":
        Path("x.prototxt").write_bytes(BINARYPROTO.read_bytes())
    asked = [f"--{option}", "x.prototxt", "--input", "data=1,3,6,7", "--force"]
    asked = asked if option == "mean" else [*asked[:2], "--force"]
    result = run("convert", "small.prototxt", "--to", "torch", "-o", "x.prototxt", *asked)
    assert "x.prototxt is an input, which is not replaced" in str(result.exception)
