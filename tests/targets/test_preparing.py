"""What `preprocess` of an emitted file gives is what Caffe's data layers gave."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import TESTS
from reference import REFERENCE
from safetensors.numpy import load_file, save_file

import proto2net
from proto2net.caffe.schema import Message, message_class
from proto2net.preparing import preprocessor

cv2 = pytest.importorskip("cv2", reason="it decodes images")
lmdb = pytest.importorskip("lmdb", reason="it reads LMDB")

Names = dict[str, Any]


FOLDERS = (REFERENCE / "golden" / "data", TESTS / "golden" / "data")


def has_images(case: Path) -> bool:
    """Whether a case has images of 1 or 3 channels in files, or in an LMDB."""
    if not ((case / "list.txt").is_file() or (case / "db" / "data.mdb").is_file()):
        return False
    shape: tuple[int, ...] = np.load(case / "expected.npz")["fwd0/data"].shape
    return shape[1] in (1, 3)


CASES = {
    path.parent.name: path.parent
    for folder in FOLDERS
    for path in sorted(folder.glob("*data*/net.prototxt"))
    if has_images(path.parent)
}


def files(case: Path, tmp_path: Path) -> Iterator[Path]:
    """The files of images that a case has; those of a database are written."""
    if (case / "list.txt").is_file():
        for line in (case / "list.txt").read_text().splitlines():
            yield case / "images" / line.split()[0]
        return
    for index, datum in enumerate(records(case)):
        if datum.encoded:
            (tmp_path / f"image{index}").write_bytes(datum.data)
            yield tmp_path / f"image{index}"


def records(case: Path) -> Iterator[Message]:
    with (
        lmdb.open(str(case / "db"), readonly=True, lock=False) as database,
        database.begin() as reading,
    ):
        for _, record in reading.cursor():
            datum = message_class("Datum")()
            datum.ParseFromString(record)
            yield datum


def images(case: Path, grey: bool) -> Iterator[np.ndarray]:
    """The images of a source as they are before the transformation: RGB (H, W, 3), or (H, W)."""
    way = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
    if (case / "list.txt").is_file():
        made = (cv2.imread(str(file), way) for file in files(case, case))
    else:
        made = (decoded(datum, way) for datum in records(case))
    for image in made:
        yield image[..., ::-1] if image.ndim == 3 else image


def decoded(datum: Message, way: int) -> np.ndarray:
    """The image of a record: BGR (H, W, 3), or (H, W)."""
    if datum.encoded:
        return cv2.imdecode(np.frombuffer(datum.data, np.uint8), way)
    shape = datum.channels, datum.height, datum.width
    values = np.frombuffer(datum.data, np.uint8) if datum.data else np.float32(datum.float_data)
    image = values.reshape(shape).transpose(1, 2, 0)
    return image[..., 0] if datum.channels == 1 else image


def expected(case: Path) -> list[np.ndarray]:
    """What Caffe's layer gave for each image, one after the other."""
    found = np.load(case / "expected.npz")
    return [row for name in sorted(found.files) if name.endswith("/data") for row in found[name]]


def options(case: Path) -> dict[str, Any]:
    """What a conversion of a case is told: the shape, and the mean image if it has one."""
    first, *others = [row.shape for row in expected(case)]
    sizes = first if all(shape == first for shape in others) else (first[0], None, None)
    told: dict[str, Any] = {"inputs": {"data": (1, *sizes)}}
    if (case / "mean.binaryproto").is_file():
        told["mean"] = case / "mean.binaryproto"
    return told


def written(net: Path, to: str, tmp_path: Path, **options: Any) -> Names:
    """What the file defines that is written for a target, with weights beside."""
    text = net.read_text().rstrip()
    legacy = "layers {" in text
    layer = "layers { type: CONVOLUTION" if legacy else 'layer { type: "Convolution"'
    (tmp_path / "net.prototxt").write_text(
        f'{text}\n{layer} name: "conv" bottom: "data" top: "conv" '
        "convolution_param { num_output: 2 kernel_size: 1 } }\n"
    )
    graph = proto2net.parse(tmp_path / "net.prototxt", **options)
    channels = graph.inputs[0].shape[1]
    weights = {"conv": [np.ones((2, channels, 1, 1), np.float32), np.zeros(2, np.float32)]}
    out = tmp_path / "net_written.py"
    proto2net.save(graph, weights, to=to, out=out)
    return runpy.run_path(str(out))


def caffe_layout(prepared: np.ndarray, to: str) -> np.ndarray:
    return prepared.transpose(0, 3, 1, 2) if to == "tf" else prepared


def check(made: list[np.ndarray], case: Path) -> None:
    """Hold the batch of each image against what Caffe gave, to the bit."""
    assert {each.dtype.name for each in made} == {"float32"}
    for index, row in enumerate(expected(case)):  # batches begin anew at the end of the source
        np.testing.assert_array_equal(made[index % len(made)], row[np.newaxis])


@pytest.mark.parametrize("case", CASES)
def test_an_image_becomes_what_caffes_data_layer_made_of_it(
    case: str, target: str, tmp_path: Path
) -> None:
    folder = CASES[case]
    preprocess = written(folder / "net.prototxt", target, tmp_path, **options(folder))["preprocess"]
    grey = len(expected(folder)[0]) == 1
    check([caffe_layout(preprocess(image), target) for image in images(folder, grey)], folder)


ENCODED = [
    name
    for name, case in CASES.items()
    if (case / "list.txt").is_file() or any(datum.encoded for datum in records(case))
]


@pytest.mark.parametrize("case", ENCODED)
def test_the_file_of_an_image_becomes_what_caffes_data_layer_made_of_it(
    case: str, target: str, tmp_path: Path
) -> None:
    folder = CASES[case]
    preprocess = written(folder / "net.prototxt", target, tmp_path, **options(folder))["preprocess"]
    check([caffe_layout(preprocess(file), target) for file in files(folder, tmp_path)], folder)
    graph = proto2net.parse(folder / "net.prototxt", **options(folder))
    check([preprocessor(graph)(file) for file in files(folder, tmp_path)], folder)


# ---- what is told beside a definition ----------------------------------------------------------

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 6 dim: 7 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 4 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""
TWICE = """
layer { name: "a" type: "Convolution" bottom: "data" top: "a" param { name: "w" }
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "b" type: "Convolution" bottom: "data" top: "b" param { name: "w" }
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "s" type: "Eltwise" bottom: "a" bottom: "b" top: "s" }
"""
RNG = np.random.default_rng(7)
IMAGE = RNG.integers(0, 256, (6, 7, 3), np.uint8)
MEAN = RNG.random((3, 6, 7), np.float32)
WEIGHTS = {"ip": [RNG.random((4, 126), np.float32), RNG.random(4, np.float32)]}


def saved(tmp_path: Path, to: str, net: str = NET, **options: Any) -> Names:
    """What a file defines that is written beside its weights."""
    out = tmp_path / "small_written.py"
    ones = [np.ones((2, 3, 3, 3), np.float32), np.ones(2, np.float32)]
    weights = {"a": ones, "b": ones}
    proto2net.save(net, weights if net != NET else WEIGHTS, to=to, out=out, **options)
    return runpy.run_path(str(out))


@pytest.fixture
def mean(tmp_path: Path) -> Path:
    np.save(tmp_path / "mean.npy", MEAN)
    return tmp_path / "mean.npy"


def ours(names: Names, to: str) -> Any:
    """The network of a file with its learned weights."""
    return names["load"]() if to == "tf" else names["Small"].from_pretrained()


def ran(network: Any, prepared: np.ndarray, to: str) -> np.ndarray:
    if to == "torch":
        import torch

        return np.asarray(network(torch.from_numpy(np.ascontiguousarray(prepared))).detach())
    return np.asarray(network(prepared))


def test_an_image_goes_from_the_file_to_a_prediction_with_its_label(
    target: str, tmp_path: Path, mean: Path
) -> None:
    labels = ("cat", "dog", 'a "great" one', "so\\so")
    names = saved(tmp_path, target, mean=mean, scale=0.5, labels=labels)
    assert names["LABELS"] == labels
    prepared = names["preprocess"](IMAGE)
    right = (IMAGE[..., ::-1].transpose(2, 0, 1) - MEAN) * np.float32(0.5)
    np.testing.assert_array_equal(caffe_layout(prepared, target)[0], right)
    (scores,) = ran(ours(names, target), prepared, target)
    weight, bias = WEIGHTS["ip"]
    assert names["LABELS"][scores.argmax()] == labels[(weight @ right.ravel() + bias).argmax()]


def test_a_network_in_training_has_no_function_for_a_photo(
    target: str, tmp_path: Path, mean: Path
) -> None:
    names = saved(tmp_path, target, mean=mean, phase="train")
    assert "preprocess" not in names
    assert "mean image" not in load_file(names["WEIGHTS"])


def test_weights_with_a_mean_image_are_read_back(target: str, tmp_path: Path, mean: Path) -> None:
    saved(tmp_path, target, mean=mean)
    again = proto2net.load(NET, tmp_path / "small_written.safetensors", to="numpy")
    np.testing.assert_array_equal(again.ip["weight"], WEIGHTS["ip"][0])


def test_layers_that_share_weights_go_with_a_mean_image(
    target: str, tmp_path: Path, mean: Path
) -> None:
    net = NET.partition('layer { name: "ip"')[0] + TWICE
    if target == "tf":  # whose layers share all or none
        net = net.replace('param { name: "w" }', 'param { name: "w" } param { name: "b" }')
    names = saved(tmp_path, target, net, mean=mean)
    prepared = names["preprocess"](IMAGE)
    sums = ran(ours(names, target), prepared, target)
    x = IMAGE[..., ::-1].transpose(2, 0, 1) - MEAN
    right = 2 * (x[:, :3, :3].sum() + 1)
    np.testing.assert_allclose(caffe_layout(sums, target)[0, 0, 0, 0], right, rtol=1e-5)


def test_a_file_that_lacks_an_array_is_refused_beside_a_mean_image(
    target: str, tmp_path: Path, mean: Path
) -> None:
    shared = NET.partition('layer { name: "ip"')[0] + TWICE
    names = saved(tmp_path, target, shared if target == "torch" else NET, mean=mean)
    arrays = load_file(names["WEIGHTS"])
    lacking = next(name for name in arrays if name in ("b.bias", "ip.bias", "ip/bias"))
    del arrays[lacking]
    save_file(arrays, names["WEIGHTS"])
    with pytest.raises(ValueError, match=re.escape(lacking)):
        ours(names, target)


def test_channels_stay_red_green_blue_where_that_is_asked_for(target: str, tmp_path: Path) -> None:
    names = saved(tmp_path, target, channels="rgb", mean=[1, 2, 3])
    right = IMAGE.transpose(2, 0, 1) - np.float32([[[1]], [[2]], [[3]]])
    np.testing.assert_array_equal(caffe_layout(names["preprocess"](IMAGE), target)[0], right)


def test_without_a_file_of_weights_a_mean_image_is_an_argument(target: str, mean: Path) -> None:
    names: Names = {"__name__": "emitted", "__file__": "emitted.py"}
    exec(proto2net.convert(NET, to=target, mean=mean), names)  # noqa: S102  # our own rendering
    prepared = caffe_layout(names["preprocess"](IMAGE, MEAN), target)
    np.testing.assert_array_equal(prepared[0], IMAGE[..., ::-1].transpose(2, 0, 1) - MEAN)


HOSTILE = (
    '"""',
    "'''",
    '"); import os; ("',
    "\\",
    "\n",
    "{0}",
    "%s",
    "\u2028",
    "\ud800",
    "é",
    "\x00",
)


def test_labels_are_nothing_but_text(target: str) -> None:
    net = NET.replace("num_output: 4", f"num_output: {len(HOSTILE)}")
    tree = ast.parse(proto2net.convert(net, to=target, labels=HOSTILE).encode())
    (found,) = [node for node in tree.body if ast.unparse(node).startswith("LABELS = ")]
    assert isinstance(found, ast.Assign)
    assert ast.literal_eval(found.value) == HOSTILE
