"""The detectors of examples/ find the faces of photos, and every target finds the same.

The photo is that of Eileen Collins, an astronaut, which scikit-image has. The numbers are those of
numpy; they were drawn into the photo, and looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import ROOT
from pretrained import FILES

import proto2net
from proto2net import preparing

mtcnn = pytest.importorskip("mtcnn", reason="the examples read photos with Pillow")
ultraface = pytest.importorskip("ultraface")
faces = pytest.importorskip("faces")
Image = pytest.importorskip("PIL.Image")

needs_models = pytest.mark.skipif(not FILES.is_dir(), reason="the trained networks are not here")


@pytest.fixture(scope="module")
def photo() -> Any:
    """A face at the left of the middle, 512 x 512."""
    data = pytest.importorskip("skimage.data", reason="the photo is that of scikit-image")
    return Image.fromarray(data.astronaut())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The networks of MTCNN, called as their authors call them."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("det1", "det2", "det3"):
        (folder / f"{name}.prototxt").symlink_to(FILES / f"mtcnn_{name}" / "deploy.prototxt")
        (folder / f"{name}.caffemodel").symlink_to(FILES / f"mtcnn_{name}" / f"{name}.caffemodel")
    return folder


@pytest.fixture(scope="module")
def detector(models: Path, target: str) -> Any:
    """MTCNN."""
    return mtcnn.load(models, target)


def box(left: float, top: float, right: float, bottom: float) -> Any:
    """Numbers that are these, but for 1e-4 of each."""
    return pytest.approx((left, top, right, bottom), rel=1e-4)


# ---- MTCNN ----------------------------------------------------------------------------------

BOX = box(178.43426, 58.19926, 267.89941, 175.20152)
LANDMARKS = (
    (204.16390, 100.21447),
    (247.02348, 103.22427),
    (225.00826, 128.06909),
    (201.33952, 139.15926),
    (244.92922, 141.75195),
)
"""Her right eye, which is the left one in the photo, the other one, the nose, and the mouth."""


@needs_models
def test_mtcnn_finds_the_face_and_its_landmarks(detector: Any, photo: Any) -> None:
    (face,) = detector(photo)
    assert face.score == pytest.approx(0.9999051, rel=1e-4)
    assert face.box == BOX
    assert np.allclose(face.landmarks, LANDMARKS, rtol=1e-4, atol=0)
    told = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert faces.line(face).partition(" (225.0")[0] in told


@needs_models
def test_mtcnn_finds_the_same_face_in_a_wide_part_of_the_photo(detector: Any, photo: Any) -> None:
    (face,) = detector(photo.crop((60, 40, 460, 200)))
    assert face.score > 0.99
    assert np.abs(np.add(face.landmarks, (60, 40)) - LANDMARKS).max() < 3


@needs_models
def test_mtcnn_tells_two_faces_apart(detector: Any, photo: Any) -> None:
    face = photo.crop((120, 0, 330, 240))
    both = Image.new("RGB", (420, 240))
    both.paste(face, (0, 0))
    both.paste(face.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (210, 0))
    left, right = sorted(detector(both), key=lambda face: face.box)
    assert left.box == pytest.approx(tuple(BOX.expected - np.array([120, 0, 120, 0])), abs=6)
    mirrored = [(419 - x, y) for x, y in np.array(left.landmarks)[[1, 0, 2, 4, 3]]]
    assert np.abs(np.array(right.landmarks) - mirrored).max() < 4


@needs_models
@pytest.mark.parametrize("size", [(60, 40), (19, 300)])
def test_mtcnn_finds_no_face_where_none_is(detector: Any, size: tuple[int, int]) -> None:
    assert detector(Image.new("RGB", size, "teal")) == []


@needs_models
def test_o_net_takes_turned_images_and_its_smaller_brother_takes_upright_ones(
    models: Path, photo: Any, target: str
) -> None:
    """As `as_input` says: the authors trained from MATLAB, and those of det3-half did not."""
    half = FILES / "mtcnn_det3_half_width"
    files = {
        "full": (models / "det3.prototxt", models / "det3.caffemodel"),
        "half": (half / "deploy.prototxt", half / "det3-half.caffemodel"),
    }
    turned = mtcnn.as_input(mtcnn.crops(photo, np.array([[165, 58, 282, 175]]), 48))
    found = {}
    for name, (definition, weights) in files.items():
        net = faces.network(definition, weights, target, ["conv6-3", "prob1"])
        for way, images in (("turned", turned), ("upright", turned.swapaxes(2, 3).copy())):
            found[name, way] = [output[0] for output in net(images)]
    assert found["full", "turned"][1][1] > 0.99 > 0.9 > found["full", "upright"][1][1]
    assert found["half", "upright"][1][1] > 0.99 > 0.01 > found["half", "turned"][1][1]
    points = found["full", "turned"][0].reshape(2, 5).T
    assert np.abs(points - found["half", "upright"][0].reshape(5, 2)).max() < 0.05


# ---- UltraFace ------------------------------------------------------------------------------

ULTRAFACE = {
    "rfb320": (0.9999973, box(179.60540, 61.50826, 267.93067, 173.83057)),
    "slim320": (0.9999945, box(179.25831, 62.00605, 270.17172, 173.89666)),
}


@needs_models
@pytest.mark.parametrize("name", ULTRAFACE)
def test_ultraface_finds_the_face(name: str, photo: Any, target: str) -> None:
    score, where = ULTRAFACE[name]
    (face,) = ultraface.load(FILES / f"ultraface_{name}", target)(photo)
    assert face.score == pytest.approx(score, rel=1e-4)
    assert face.box == where
    assert face.landmarks == ()


@needs_models
def test_ultraface_finds_the_face_in_a_part_and_none_where_none_is(photo: Any, target: str) -> None:
    detector = ultraface.load(FILES / "ultraface_rfb320", target)
    (face,) = detector(photo.crop((60, 20, 460, 320)))
    left, top, right, bottom = ULTRAFACE["rfb320"][1].expected
    assert face.box == pytest.approx((left - 60, top - 20, right - 60, bottom - 20), abs=4)
    assert detector(Image.new("RGB", (60, 40), "teal")) == []


@needs_models
@pytest.mark.parametrize("name", ULTRAFACE)
def test_ultraface_prepares_images_as_an_emitted_file_does(name: str, photo: Any) -> None:
    graph = proto2net.parse(
        FILES / f"ultraface_{name}" / "deploy.prototxt", mean=127, scale=1 / 128, channels="rgb"
    )
    small = photo.resize((320, 240))
    assert np.array_equal(
        preparing.preprocessor(graph)(np.asarray(small)), ultraface.as_input(small)
    )


def test_priors_stand_in_the_middle_of_their_places() -> None:
    priors = ultraface.priors()
    assert priors.shape == (4420, 4)
    assert priors[0] == pytest.approx((4 / 320, 4 / 240, 10 / 320, 10 / 240))
    assert priors[5] == pytest.approx((12 / 320, 4 / 240, 24 / 320, 24 / 240))
    assert priors[3 * 40 * 30 + 2 * 20] == pytest.approx((8 / 320, 24 / 240, 32 / 320, 32 / 240))
    # Of 4 rows each has 60 pixels; and 256 pixels are more than the image has.
    assert priors[-1] == pytest.approx((288 / 320, 210 / 240, 256 / 320, 1))


# ---- what they share ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "of_smaller", "kept"),
    [
        (0.14, False, [1, 3]),
        (0.15, False, [1, 2, 3]),
        (0.49, True, [1, 3]),
        (0.5, True, [1, 2, 3]),
    ],
)
def test_a_box_remains_unless_it_shares_more_with_a_better_one(
    limit: float, of_smaller: bool, kept: list[int]
) -> None:
    boxes = np.array([[0, 0, 10, 6], [0, 0, 10, 6], [5, 3, 15, 5], [10, 0, 20, 3]], float)
    found = faces.suppressed(boxes, np.array([0.8, 0.9, 0.7, 0.6]), limit, of_smaller=of_smaller)
    assert found.tolist() == kept


@needs_models
def test_the_command_prints_and_draws_what_it_finds(
    models: Path, photo: Any, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, drawn = tmp_path / "photo.png", tmp_path / "drawn.png"
    photo.save(file)
    arguments = [str(models), str(file), "--to", target, "--min-face", "80", "--draw", str(drawn)]
    mtcnn.main(arguments)
    printed = capsys.readouterr().out
    assert printed.startswith("score 0.9998, from (178")
    assert printed.count("(") == 2 + 5
    assert printed.count("\n") == 1
    pixels = np.array(Image.open(drawn))
    assert (pixels == (0, 255, 0)).all(axis=-1).sum() > 500
    assert (pixels == (255, 0, 0)).all(axis=-1).sum() > 50
    with pytest.raises(SystemExit, match=r"File exists: .*drawn.png"):
        mtcnn.main(arguments)


@needs_models
def test_the_command_says_that_there_are_no_faces(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "photo.png"
    Image.new("RGB", (60, 40), "teal").save(file)
    ultraface.main([str(FILES / "ultraface_rfb320"), str(file), "--to", target])
    assert capsys.readouterr().out == "no faces\n"


def test_the_command_says_what_is_not_there(tmp_path: Path, target: str) -> None:
    file, to = tmp_path / "photo.png", f"--to={target}"
    Image.new("RGB", (60, 40)).save(file)
    with pytest.raises(SystemExit, match=r"No such file or directory: .*none.png"):
        ultraface.main([str(tmp_path), str(tmp_path / "none.png"), to])
    with pytest.raises(SystemExit, match=r"det1.prototxt: No such file or directory"):
        mtcnn.main([str(tmp_path), str(file), to])
    with pytest.raises(SystemExit, match=r"has 0 files that end with .prototxt; it should have"):
        ultraface.main([str(tmp_path), str(file), to])
