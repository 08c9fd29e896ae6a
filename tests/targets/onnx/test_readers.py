"""Other readers than onnxruntime compute from our files what Caffe does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnx_cases
import pytest
from layer_cases import NAMES, UNSUPPORTED, Case, assert_close, case
from samples.sample import Ndarray

OF_TESTING = [name for name in NAMES if name not in UNSUPPORTED["onnx"]]
OPSETS = (13, 17, 18, 21)
"""The first and the last, the default, and that with the most changes."""

OPENCV_5_HAS_NOT = {
    "p3d_pool_max_mask": "its MaxPool tells places of images alone",
    "pooling_3d_with_mask": "its MaxPool tells places of images alone",
    "pool_max_mask_empty_window": "its MaxPool tells another place in padding",
}
"""What begins the names of cases that OpenCV 5 cannot read, or gets wrong, and why."""

OPENVINO_COMPARES_NAN = ("accuracy_of_nan", "pool_stochastic_gap")
"""Cases that compare NaN, which on some processors OpenVINO takes for greater than any number."""


@pytest.mark.parametrize("name", OF_TESTING)
def test_the_checker_of_onnx_accepts_the_file_of_each_opset(name: str) -> None:
    for opset in OPSETS:
        content = onnx_cases.file(case(name), opset).content
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)


@pytest.mark.parametrize("name", OF_TESTING)
def test_openvino_agrees_with_caffe(name: str) -> None:
    pytest.importorskip("openvino")
    found = case(name)
    tops = onnx_cases.by_openvino(onnx_cases.file(found), onnx_cases.feeds(found))
    try:
        check(found, tops)
    except AssertionError:
        if name not in OPENVINO_COMPARES_NAN:
            raise
        pytest.xfail("on this processor OpenVINO takes NaN for greater than any number")


@pytest.fixture(scope="module")
def of_opencv_5(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Ndarray] | str]:
    """What OpenCV 5 gives for each case."""
    if not onnx_cases.OPENCV_5.exists():
        pytest.skip(f"OpenCV 5 is not in {onnx_cases.OPENCV_5}, beside OpenCV 4")
    return onnx_cases.by_opencv_5(tmp_path_factory.mktemp("opencv5"), [*map(case, OF_TESTING)])


def test_opencv_5_agrees_with_caffe_but_for_what_is_listed(
    of_opencv_5: Mapping[str, list[Ndarray] | str],
) -> None:
    wrong = {name: told for name, found in of_opencv_5.items() if (told := _problem(name, found))}
    listed = tuple(OPENCV_5_HAS_NOT)
    assert {name: told for name, told in wrong.items() if not name.startswith(listed)} == {}
    assert {start for start in listed for name in wrong if name.startswith(start)} == {*listed}


def _problem(name: str, found: list[Ndarray] | str) -> str:
    if isinstance(found, str):
        return found
    try:
        pairs = zip(found, _rights(name), strict=False)
        check(case(name), [_as_caffe(*pair) for pair in pairs])
    except AssertionError as error:
        return str(error)
    return ""


def _rights(name: str) -> list[Ndarray]:
    found = case(name)
    return [found.blobs[blob.name] for blob in found.graph.outputs]


def _as_caffe(found: Ndarray, right: Ndarray) -> Ndarray:
    """OpenCV has no arrays without axes: there the one value has one."""
    return found.reshape(()) if right.shape == () and found.size == 1 else found


def check(found: Case, tops: list[Ndarray]) -> None:
    """These are the outputs of the case; losses may come behind."""
    for blob, top in zip(found.graph.outputs, tops, strict=False):
        assert_close(np.asarray(top), found.blobs[blob.name], 1e-5, f'blob "{blob.name}"')
