"""What is told of learned arrays: those of networks, and those of files alone."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import pytest
from digests import MODELS

import proto2net
from proto2net import Proto2NetError
from proto2net.differ import diff

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 2 dim: 5 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 3 kernel_size: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 4 } }
"""


def arrays(seed: int = 7) -> dict[str, list[np.ndarray]]:
    draw = np.random.default_rng(seed)
    shapes = {"conv": [(3, 2, 2, 2), (3,)], "ip": [(4, 60), (4,)]}
    return {
        name: [draw.standard_normal(shape).astype(np.float32) for shape in each]
        for name, each in shapes.items()
    }


def written(folder: Path, name: str, values: dict[str, list[np.ndarray]], net: str = NET) -> Path:
    """A .caffemodel of these arrays."""
    out = folder / f"{name}.prototxt"
    proto2net.save(net, values, to="prototxt", out=out)
    return out.with_suffix(".caffemodel")


def test_files_of_the_same_arrays_are_the_same(tmp_path: Path) -> None:
    a, b = (written(tmp_path, name, arrays()) for name in "ab")
    found = diff(a, b)
    assert found.equal
    assert str(found).endswith("Weights: all 4 arrays are equal to the bit")


def test_how_far_arrays_are_apart_is_told(tmp_path: Path) -> None:
    other = arrays()
    other["conv"][0] = other["conv"][0] * np.float32(1.5)
    other["ip"][1][2] += np.float32(0.25)
    a, b = written(tmp_path, "a", arrays()), written(tmp_path, "b", other)
    found = diff(a, b)
    assert not found.equal
    weight, bias, matrix, offset = found.arrays or ()
    own = arrays()["conv"][0]
    assert (weight.layer_a, weight.layer_b, weight.blob) == ("conv", "conv", "weight")
    assert weight.shape_a == weight.shape_b == (3, 2, 2, 2)
    assert weight.norm_a == pytest.approx(np.linalg.norm(own.astype("f8")))
    assert weight.norm_b == pytest.approx(np.linalg.norm(other["conv"][0].astype("f8")))
    assert weight.largest == pytest.approx(abs(own).max() / 2)
    assert weight.relative == pytest.approx(1 / 3)
    assert weight.cosine == pytest.approx(1)
    assert bias.equal
    assert matrix.equal
    assert not offset.equal
    assert offset.largest == pytest.approx(0.25)
    assert "2 of 4 arrays are equal to the bit" in str(found)


def test_zeros_of_another_sign_are_not_equal_to_the_bit(tmp_path: Path) -> None:
    first, second = arrays(), arrays()
    first["conv"][1][:], second["conv"][1][:] = 0.0, -0.0
    found = diff(written(tmp_path, "a", first), written(tmp_path, "b", second)).arrays or ()
    assert [each.equal for each in found] == [True, False, True, True]
    assert (found[1].largest, found[1].relative, found[1].cosine) == (0, 0, None)


def test_what_is_no_number_is_counted_and_nothing_else_is_lost(tmp_path: Path) -> None:
    other = arrays()
    other["ip"][0][1, :3] = [math.nan, math.inf, -math.inf]
    found = diff(written(tmp_path, "a", arrays()), written(tmp_path, "b", other))
    matrix = (found.arrays or ())[2]
    assert (matrix.lost_a, matrix.lost_b) == (0, 3)
    assert matrix.largest == 0
    assert matrix.norm_b is not None
    assert math.isfinite(matrix.norm_b)
    assert "NaN or infinite: 0 → 3" in str(found)
    same = diff(written(tmp_path, "c", other), tmp_path / "b.caffemodel")
    assert same.equal  # NaN of the same bits


def test_arrays_of_layers_with_other_names_are_compared(tmp_path: Path) -> None:
    values = arrays()
    other = {"conv_new": values["conv"], "ip": values["ip"]}
    a = written(tmp_path, "a", values)
    b = written(tmp_path, "b", other, NET.replace('"conv"', '"conv_new"'))
    found = diff(a, b)
    assert [x.name for x in found.of_state("renamed")] == ["conv_new"]
    assert all(each.equal for each in found.arrays or ())
    assert diff(a, b, ignore=["names"]).equal


def test_arrays_of_other_shapes_have_only_norms(tmp_path: Path) -> None:
    values = arrays()
    values["ip"] = [np.ones((5, 60), np.float32), np.ones(5, np.float32)]
    b = written(tmp_path, "b", values, NET.replace("num_output: 4", "num_output: 5"))
    found = diff(written(tmp_path, "a", arrays()), b)
    matrix = (found.arrays or ())[2]
    assert (matrix.shape_a, matrix.shape_b, matrix.largest) == ((4, 60), (5, 60), None)
    assert matrix.norm_b == pytest.approx(math.sqrt(300))
    assert "4 x 60 → 5 x 60" in str(found)
    assert "other shapes" in str(found)


def test_what_the_weights_of_one_network_lack_is_told(tmp_path: Path) -> None:
    file = tmp_path / "net.prototxt"
    file.write_text(NET)
    weights = written(tmp_path, "a", arrays())
    less = {"ip": arrays()["ip"]}
    found = diff(proto2net.api.model(NET, less, allow_missing=True), file, weights_b=weights)
    assert [(x.shape_a, x.equal) for x in found.arrays or ()] == [
        (None, False),
        (None, False),
        ((4, 60), True),
        ((4,), True),
    ]
    assert "only in the second" in str(found)


def test_ported_weights_are_compared_with_those_of_caffe(tmp_path: Path) -> None:
    caffemodel = written(tmp_path, "a", arrays())
    proto2net.save(caffemodel, to="numpy", out=tmp_path / "net.py")
    files = {"weights_a": caffemodel, "weights_b": tmp_path / "net.safetensors"}
    assert diff(NET, NET, **files).equal


def test_files_without_a_definition_are_compared_by_the_names_of_layers(tmp_path: Path) -> None:
    values, other = arrays(), arrays()
    other["ip"][1] += 1
    other = {"first": other["conv"], "ip": other["ip"]}
    for name, each in (("a", values), ("b", other)):
        named = {layer: {"weights": x[0], "biases": x[1]} for layer, x in each.items()}
        np.save(tmp_path / f"{name}.npy", named, allow_pickle=True)  # type: ignore[arg-type]  # a dict, as ethereon's
    found = diff(tmp_path / "a.npy", tmp_path / "b.npy")
    assert found.graphs is None
    rows = [(x.layer_a, x.layer_b, x.blob, x.equal) for x in found.arrays or ()]
    assert rows == [
        ("conv", "first", "0", True),
        ("conv", "first", "1", True),
        ("ip", "ip", "0", True),
        ("ip", "ip", "1", False),
    ]


def test_caffemodels_of_data_layers_without_a_shape_are_compared_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from proto2net.caffe.schema import message_class

    files = []
    for name, value in (("a", 1.0), ("b", 3.0)):
        net = message_class("NetParameter")(name="n")
        net.layer.add(name="data", type="Data", top=["data"]).data_param.batch_size = 1
        layer = net.layer.add(name="ip", type="InnerProduct", bottom=["data"], top=["ip"])
        layer.inner_product_param.num_output = 2
        layer.inner_product_param.bias_term = False
        layer.blobs.add(data=[value] * 6).shape.dim.extend([2, 3])
        files.append(tmp_path / f"{name}.caffemodel")
        files[-1].write_bytes(net.SerializeToString())
    with caplog.at_level(logging.INFO, "proto2net"):
        found = diff(*files)
    assert "arrays alone are compared, since a definition cannot be read: " in caplog.text
    assert "the file does not state this layer's output shape" in caplog.text
    assert [(x.layer_a, x.largest) for x in found.arrays or ()] == [("ip", 2.0)]
    given = diff(*files, inputs={"data": (1, 3)})  # then all of it is
    assert given.graphs
    assert [(x.blob, x.largest) for x in given.arrays or ()] == [("weight", 2.0)]


def test_a_file_that_is_not_there_is_told_even_where_the_other_holds_weights(
    tmp_path: Path,
) -> None:
    with pytest.raises(Proto2NetError, match="No such file"):
        diff(written(tmp_path, "a", arrays()), tmp_path / "none.caffemodel")


def test_one_network_without_weights_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "proto2net"):
        found = diff(written(tmp_path, "a", arrays()), NET)
    assert found.equal
    assert found.arrays is None
    assert "the second has no weights: definitions alone are compared" in caplog.text


def test_digits_are_compared_with_themselves() -> None:
    folder = MODELS.parent / "digits"
    net, weights = folder / "digits.prototxt", folder / "digits.caffemodel"
    assert diff(net, net, weights_a=weights, weights_b=weights).equal
