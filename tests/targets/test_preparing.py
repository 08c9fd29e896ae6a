"""What `preprocess` of an emitted file gives is what Caffe's data layers gave."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import TESTS
from reference import REFERENCE

import proto2net
from proto2net.caffe.schema import Message, message_class

cv2 = pytest.importorskip("cv2", reason="it decodes images")
lmdb = pytest.importorskip("lmdb", reason="it reads LMDB")

Names = dict[str, Any]


def is_transformed(case: Path) -> bool:
    """Whether images of a case are transformed, and not resized before, as Caffe alone does it."""
    text = (case / "net.prototxt").read_text()
    if not ("transform_param" in text or "scale:" in text) or "new_height" in text:
        return False
    shape: tuple[int, ...] = np.load(case / "expected.npz")["fwd0/data"].shape
    return shape[1] in (1, 3)


FOLDERS = (REFERENCE / "golden" / "data", TESTS / "golden" / "data")
CASES = {
    path.parent.name: path.parent
    for folder in FOLDERS
    for path in sorted(folder.glob("*data_*/net.prototxt"))
    if is_transformed(path.parent)
}


def images(case: Path, graph: proto2net.Graph) -> Iterator[np.ndarray]:
    """The images of a source as they are before the transformation: RGB (H, W, 3), or (H, W)."""
    if (case / "list.txt").is_file():
        for line in (case / "list.txt").read_text().splitlines():
            yield cv2.imread(str(case / "images" / line.split()[0]))[..., ::-1]
        return
    transform = graph.nodes[0].layer.transform_param  # type: ignore[attr-defined]  # an Input
    with (
        lmdb.open(str(case / "db"), readonly=True, lock=False) as database,
        database.begin() as reading,
    ):
        for _, record in reading.cursor():
            datum = message_class("Datum")()
            datum.ParseFromString(record)
            image = decoded(datum, transform)
            yield image[..., ::-1] if image.ndim == 3 else image


def decoded(datum: Message, transform: Any) -> np.ndarray:
    """The image of a record: BGR (H, W, 3), or (H, W)."""
    if datum.encoded:
        way = cv2.IMREAD_UNCHANGED
        way = cv2.IMREAD_COLOR if transform.force_color else way
        way = cv2.IMREAD_GRAYSCALE if transform.force_gray else way
        return cv2.imdecode(np.frombuffer(datum.data, np.uint8), way)
    shape = datum.channels, datum.height, datum.width
    values = np.frombuffer(datum.data, np.uint8) if datum.data else np.float32(datum.float_data)
    image = values.reshape(shape).transpose(1, 2, 0)
    return image[..., 0] if datum.channels == 1 else image


def written(net: Path, to: str, tmp_path: Path, **options: Any) -> Names:
    """What the file defines that is written for a target, with weights beside."""
    text = net.read_text().rstrip()
    legacy = "layers {" in text
    layer = "layers { type: INNER_PRODUCT" if legacy else 'layer { type: "InnerProduct"'
    (tmp_path / "net.prototxt").write_text(
        f'{text}\n{layer} name: "ip" bottom: "data" top: "ip" '
        "inner_product_param { num_output: 2 } }\n"
    )
    graph = proto2net.parse(tmp_path / "net.prototxt", **options)
    inputs = int(np.prod(graph.inputs[0].shape[1:]))
    weights = {"ip": [np.ones((2, inputs), np.float32), np.zeros(2, np.float32)]}
    out = tmp_path / "net_written.py"
    proto2net.save(graph, weights, to=to, out=out)
    return runpy.run_path(str(out))


def caffe_layout(prepared: np.ndarray, to: str) -> np.ndarray:
    return prepared.transpose(0, 3, 1, 2) if to == "tf" else prepared


@pytest.mark.parametrize("case", CASES)
def test_an_image_becomes_what_caffes_data_layer_made_of_it(
    case: str, target: str, tmp_path: Path
) -> None:
    folder = CASES[case]
    shape = np.load(folder / "expected.npz")["fwd0/data"].shape
    options: dict[str, Any] = {"inputs": {"data": shape}}
    if (folder / "mean.binaryproto").is_file():
        options["mean"] = folder / "mean.binaryproto"
    names = written(folder / "net.prototxt", target, tmp_path, **options)
    graph = proto2net.parse(folder / "net.prototxt", inputs={"data": shape})
    made = [caffe_layout(names["preprocess"](image), target) for image in images(folder, graph)]
    expected = np.load(folder / "expected.npz")
    calls = sorted(name for name in expected.files if name.endswith("/data"))
    right = np.concatenate([expected[name] for name in calls])
    assert {each.dtype.name for each in made} == {"float32"}
    for index, row in enumerate(right):  # batches begin anew at the end of the source
        np.testing.assert_array_equal(made[index % len(made)][0], row)
