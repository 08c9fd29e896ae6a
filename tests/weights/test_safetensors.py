"""A .safetensors file that proto2net wrote for one target is read for any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from layer_cases import GOLDEN
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import proto2net
from proto2net import WeightError
from proto2net.cli import cli
from proto2net.model import Format
from proto2net.weights.matching import match
from proto2net.weights.reading import read

CASES = [
    "net_nchw_flatten_order",
    "net_fcn_upsample_crop",
    "conv_depthwise_multiplier",
    "ip_transpose",
    "prelu",
    "conv_group2",
    "deconv_group2",
    "embed",
    "scale_axis2_num2",
    "lstm",
    "net_siamese",
]
STATISTICS = ["net_bn_scale_relu", "net_residual", "bn_test", "bn_3d"]
TARGETS = ["torch", "tf", "numpy"]


def written(case: str, to: str, folder: Path) -> Path:
    """The file of arrays that `convert --weights` writes for a golden case."""
    out = folder / f"{to}_net.py"
    golden = GOLDEN / case
    command = ["convert", str(golden / "net.prototxt"), "--to", to, "-o", str(out)]
    command += ["--weights", str(golden / "net.caffemodel")]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out.with_suffix(".safetensors")


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_the_arrays_are_those_of_the_caffemodel(case: str, to: str, tmp_path: Path) -> None:
    graph = proto2net.parse(GOLDEN / case / "net.prototxt")
    right = match(graph, read(GOLDEN / case / "net.caffemodel")).model.values
    weights = read(written(case, to, tmp_path))
    assert (weights.format, weights.target) == (Format.SAFETENSORS, to)
    found = match(graph, weights)
    assert found.notes == []
    assert found.model.values.keys() == right.keys()
    for slot, array in right.items():
        np.testing.assert_array_equal(found.model.values[slot], array)


@pytest.mark.parametrize("to", TARGETS)
def test_a_mean_of_images_comes_back_without_its_picture(to: str, tmp_path: Path) -> None:
    case = GOLDEN.parent / "forks" / "flownet2_data_augmentation_channel_mean"
    graph = proto2net.parse(case / "net.prototxt")
    right = match(graph, read(case / "net.caffemodel")).model.values
    found = match(graph, read(written(str(case), to, tmp_path))).model.values
    assert found.keys() == right.keys()
    mean = next(slot for slot in right if slot[1] == "mean")
    np.testing.assert_array_equal(found[mean], right[mean])


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("case", STATISTICS)
def test_statistics_come_back_divided_by_the_scale_factor(
    case: str, to: str, tmp_path: Path
) -> None:
    graph = proto2net.parse(GOLDEN / case / "net.prototxt")
    right = match(graph, read(GOLDEN / case / "net.caffemodel")).model.values
    found = match(graph, read(written(case, to, tmp_path))).model.values
    assert found.keys() == right.keys()
    for (node, blob), array in right.items():
        if blob in ("mean", "variance"):
            sums = found[node, blob] / found[node, "scale_factor"]
            np.testing.assert_allclose(sums, array / right[node, "scale_factor"], rtol=1e-6)
        elif blob == "scale_factor":
            assert to == "numpy" or found[node, blob].tolist() == [1]
        else:
            np.testing.assert_array_equal(found[node, blob], array)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("case", ["net_residual", "net_nchw_flatten_order"])
def test_a_live_network_gives_what_caffe_gave(case: str, to: str, tmp_path: Path) -> None:
    net = GOLDEN / case / "net.prototxt"
    with np.load(net.with_name("blobs.npz")) as file:
        feeds = {key[3:]: value for key, value in file.items() if key.startswith("in/")}
        right = {b.name: file[f"out/{b.name}"] for b in proto2net.parse(net).outputs}
    live = proto2net.load(net, written(case, to, tmp_path), to="numpy")
    found = proto2net.blobs(live, feeds)
    for name, value in right.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5 * np.abs(value).max())


# ---- what is wrong with a file --------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written("net_residual", "tf", tmp_path)


def changed(path: Path, arrays: dict[str, np.ndarray] | None = None, **metadata: str) -> Path:
    """The file with other arrays or another header."""
    with safe_open(path, "numpy") as file:
        said = file.metadata()
    save_file(load_file(path) | (arrays or {}), path, said | metadata)
    return path


def test_a_file_of_others_says_what_it_lacks(path: Path) -> None:
    save_file(load_file(path), path)
    with pytest.raises(
        WeightError, match=r'tf_net\.safetensors: its header lacks "target" and "caffe"'
    ):
        read(path)
    save_file(load_file(path), path, {"target": "tf"})
    with pytest.raises(WeightError, match='its header lacks "caffe"'):
        read(path)


@pytest.mark.parametrize(
    "names", ["{", "[1]", '{"a": []}', '{"a": [1]}', '{"a": ["b"]}', "[" * 10**5]
)
def test_a_damaged_header_is_told(names: str, path: Path) -> None:
    with pytest.raises(WeightError, match='"caffe" in its header'):
        read(changed(path, caffe=names))


def test_a_file_that_is_cut_is_told(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(WeightError, match=r"(?s)tf_net\.safetensors: .*damaged"):
        read(path)


@pytest.mark.parametrize("target", ["prototxt", "torhc"])
def test_a_target_that_is_none_is_told(target: str, path: Path) -> None:
    graph = proto2net.parse(GOLDEN / "net_residual" / "net.prototxt")
    with pytest.raises(WeightError, match=rf'tf_net\.safetensors: .*"{target}"'):
        match(graph, read(changed(path, target=target)))


def test_whole_numbers_are_no_weights(path: Path) -> None:
    name = min(load_file(path))
    with pytest.raises(WeightError, match=f'"{name}" has the type I64'):
        read(changed(path, {name: np.ones((2, 3), np.int64)}))


def test_arrays_of_another_shape_are_all_told(path: Path) -> None:
    graph = proto2net.parse(GOLDEN / "net_residual" / "net.prototxt")
    names = sorted(name for name in load_file(path) if name.endswith("kernel"))[:2]
    other = changed(path, {name: np.ones((2, 3), np.float32) for name in names})
    with pytest.raises(WeightError) as error:
        match(graph, read(other))
    assert len(error.value.issues) == 2
    for name, issue in zip(names, error.value.issues, strict=True):
        assert f'needs "{name}" as ' in str(issue)
        assert "which tf has for it; found 2 x 3 in " in str(issue)


def test_layers_that_the_network_lacks_are_noted(path: Path) -> None:
    graph = proto2net.parse(GOLDEN / "net_residual" / "net.prototxt")
    with safe_open(path, "numpy") as file:
        names = json.loads(file.metadata()["caffe"])
    other = changed(
        path, {"more": np.ones((2, 3), np.float32)}, caffe=json.dumps(names | {"more": ["fc9/0"]})
    )
    assert match(graph, read(other)).notes == [f'{path}: the network has no layer "fc9"']
