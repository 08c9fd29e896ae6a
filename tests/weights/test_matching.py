"""Arrays find the layers that they are for, as in Caffe; what does not fit is told at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from digests import GOLDEN

import proto2net
from proto2net import Graph, WeightError
from proto2net.weights.matching import Matched, match
from proto2net.weights.reading import read

NET = """
input: "data" input_shape { dim: 2 dim: 3 dim: 8 dim: 9 }
layer {
  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_h: 5 kernel_w: 2 }
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer {
  name: "fc2" type: "InnerProduct" bottom: "conv1" top: "fc2"
  inner_product_param { num_output: 6 }
}
"""
CONV = [np.full((4, 3, 5, 2), 1, np.float32), np.full(4, 2, np.float32)]
FC = [np.full((6, 4 * 4 * 8), 3, np.float32), np.full(6, 4, np.float32)]
ALL = {"conv1": CONV, "fc2": FC}


@pytest.fixture
def graph() -> Graph:
    return proto2net.parse(NET, file="net.prototxt")


def found(matched: Matched) -> dict[str, list[float]]:
    """The first element of each array by layer."""
    values: dict[str, list[float]] = {}
    for (node, _), array in matched.model.values.items():
        values.setdefault(node.name, []).append(float(array.flat[0]))
    return values


# ---- what fits ------------------------------------------------------------------------------


def test_arrays_go_to_the_layers_of_their_names(graph: Graph) -> None:
    matched = match(graph, ALL)
    assert found(matched) == {"conv1": [1, 2], "fc2": [3, 4]}
    assert matched.notes == []


def test_what_the_network_lacks_is_told_and_not_used(graph: Graph) -> None:
    extra = {f"fc{index}": FC for index in range(8, 21)}
    matched = match(graph, ALL | {"old": [], **extra})
    assert found(matched) == {"conv1": [1, 2], "fc2": [3, 4]}
    assert matched.notes == [
        'the weights: the network has no layers "fc8", "fc9", "fc10", "fc11", "fc12", "fc13", '
        '"fc14", "fc15", "fc16", "fc17" and 3 more'
    ]


def test_old_shapes_may_have_ones_in_front(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(write.v1({name: list(map(write.legacy, ALL[name])) for name in ALL}))
    values = match(graph, read(path)).model.values
    assert [array.shape for array in values.values()] == [(4, 3, 5, 2), (4,), (6, 128), (6,)]


def test_new_shapes_may_not(graph: Graph) -> None:
    with pytest.raises(WeightError, match=r"needs .*, 4; found .*, 1 x 1 x 1 x 4 in the weights"):
        match(graph, ALL | {"conv1": [CONV[0], CONV[1].reshape(1, 1, 1, 4)]})


def test_of_layers_of_one_name_the_first_is_meant(tmp_path: Path) -> None:
    again = NET.replace('"relu1" type: "ReLU"', '"conv1" type: "PReLU"')
    graph = proto2net.parse(again, file="net.prototxt")
    assert found(match(graph, ALL, allow_missing=True))["conv1"] == [1, 2]
    with pytest.raises(WeightError, match=r"for its weight \(4\): another layer has this name"):
        match(graph, ALL)


def test_of_entries_of_one_name_the_last_counts(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    first, last = ({k: [write.packed(a + n) for a in v] for k, v in ALL.items()} for n in (0, 5))
    path.write_bytes(write.current(first) + write.current(last))
    assert found(match(graph, read(path))) == {"conv1": [6, 7], "fc2": [8, 9]}


SHARED = """
input: "data" input_shape { dim: 2 dim: 3 }
layer {
  name: "a" type: "InnerProduct" bottom: "data" top: "a" param { name: "w" }
  inner_product_param { num_output: 4 bias_term: false }
}
layer {
  name: "b" type: "InnerProduct" bottom: "data" top: "b" param { name: "w" }
  inner_product_param { num_output: 4 }
}
"""


def test_shared_arrays_come_from_any_of_their_layers() -> None:
    graph = proto2net.parse(SHARED)
    (weight, other, bias) = (np.full(shape, n) for n, shape in enumerate([(4, 3), (4, 3), (4,)]))
    assert found(match(graph, {"a": [weight], "b": [other, bias]})) == {"a": [1], "b": [1, 2]}
    assert found(match(graph, {"b": [other, bias]})) == {"a": [1], "b": [1, 2]}
    with pytest.raises(WeightError, match=r'"b" .*: nothing in the weights for its bias \(4\)'):
        match(graph, {"a": [weight]})


# ---- what does not fit ----------------------------------------------------------------------


def test_all_that_does_not_fit_is_told_at_once(graph: Graph) -> None:
    wrong = {"conv1": [CONV[0].transpose(2, 3, 1, 0), CONV[1]], "fc2": FC[:1]}
    with pytest.raises(WeightError) as error:
        match(graph, wrong)
    assert str(error.value) == (
        'net.prototxt:3: layer "conv1" (Convolution): needs 4 x 3 x 5 x 2, 4; '
        "found 5 x 2 x 3 x 4, 4 in the weights\n"
        'net.prototxt:8: layer "fc2" (InnerProduct): needs 6 x 128, 6; found 6 x 128 in the weights'
    )


def test_a_layer_without_arrays_for_one_that_needs_them_is_told(graph: Graph) -> None:
    with pytest.raises(WeightError, match="needs 6 x 128, 6; found nothing in the weights"):
        match(graph, ALL | {"fc2": []})


def test_arrays_for_a_layer_that_has_none_are_told(graph: Graph) -> None:
    with pytest.raises(WeightError, match=r'"relu1" .*: needs nothing; found 4 in the weights'):
        match(graph, ALL | {"relu1": [np.ones(4)]})


def test_what_is_missing_is_told_with_the_nearest_name(graph: Graph) -> None:
    with pytest.raises(WeightError) as error:
        match(graph, {"conv1_": CONV, "other": FC})
    assert str(error.value) == (
        'net.prototxt:3: layer "conv1" (Convolution): nothing in the weights for its '
        "weight (4 x 3 x 5 x 2) and bias (4)\n"
        '  hint: did you mean "conv1_"?\n'
        'net.prototxt:8: layer "fc2" (InnerProduct): nothing in the weights for its '
        "weight (6 x 128) and bias (6)\n"
        "  hint: --allow-missing lets its fillers make it\n"
        "in Python: allow_missing=True"
    )


def test_what_is_missing_can_be_left_to_its_fillers(graph: Graph) -> None:
    matched = match(graph, {"fc2": FC}, allow_missing=True)
    assert found(matched) == {"fc2": [3, 4]}
    assert matched.notes == [
        'net.prototxt:3: layer "conv1" (Convolution): nothing in the weights for its '
        "weight (4 x 3 x 5 x 2) and bias (4)"
    ]


def test_lists_that_are_no_arrays_are_told(graph: Graph) -> None:
    with pytest.raises(WeightError, match=r'layer "fc2": .*inhomogeneous'):
        match(graph, {"fc2": [[[1, 2], [3]]]})


# ---- batch norms of forks -------------------------------------------------------------------

NORM = """
input: "data" input_shape { dim: 2 dim: 3 dim: 4 dim: 5 }
layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }
"""
SCALE = """
layer { name: "scale" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }
"""
FIVE = {"bn": [np.full(3, 1.0), np.full(3, 2.0), np.full(1, 0.0), np.full(3, 4.0), np.full(3, 5.0)]}


def test_the_scale_in_a_batch_norm_goes_to_the_scale_layer_behind_it() -> None:
    matched = match(proto2net.parse(NORM + SCALE), FIVE)
    assert found(matched) == {"bn": [1, 2, 1], "scale": [4, 5]}  # NVIDIA's factor is never used
    assert matched.notes == [
        'layer "scale" (Scale) takes the scale and bias of layer "bn" (BatchNorm) in the weights'
    ]


def test_the_scale_in_a_batch_norm_is_told_where_nothing_takes_it() -> None:
    for net, weights in ((NORM, FIVE), (NORM + SCALE, FIVE | {"scale": [np.ones(3), np.ones(3)]})):
        with pytest.raises(WeightError, match=r"a scale and bias too.*\n.*write a Scale layer"):
            match(proto2net.parse(net), weights)


def test_a_scale_in_a_batch_norm_that_changes_nothing_is_left_out() -> None:
    idle = {"bn": [*FIVE["bn"][:3], np.ones(3), np.zeros(3)]}
    assert found(match(proto2net.parse(NORM), idle)) == {"bn": [1, 2, 1]}


# ---- the whole way --------------------------------------------------------------------------


def test_a_live_network_takes_the_weights_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(write.current({k: [write.packed(a) for a in v] for k, v in ALL.items()}))
    feeds = {"data": np.linspace(-1, 1, 2 * 3 * 8 * 9, dtype=np.float32).reshape(2, 3, 8, 9)}
    right = proto2net.blobs(proto2net.load(NET, ALL, to="numpy"), feeds)
    network = proto2net.load(NET, path, to="numpy")
    for name, value in proto2net.blobs(network, feeds).items():
        np.testing.assert_array_equal(value, right[name])


def test_converting_without_weights_needs_no_numpy() -> None:
    program = (
        "import sys, proto2net\n"
        f"proto2net.convert({NET!r}, to='torch')\n"
        "assert 'numpy' not in sys.modules and 'h5py' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_c3d_has_written_fits_its_network() -> None:
    folder = GOLDEN / "forks" / "c3d_v1_net"
    graph = proto2net.parse(folder / "net.prototxt")
    matched = match(graph, read(folder / "net.caffemodel"))
    assert matched.notes == []
    with np.load(folder / "blobs.npz") as recorded:
        for (node, blob), value in matched.model.values.items():
            right = recorded[f"param/{node.name}/{[*node.blobs].index(blob)}"]
            np.testing.assert_array_equal(value, right.reshape(node.blobs[blob].shape))


def test_biases_of_volumes_may_have_five_axes() -> None:
    graph = proto2net.parse(GOLDEN / "forks" / "c3d_conv_stride" / "net.prototxt")
    filters, bias = np.ones((4, 3, 2, 3, 3)), np.arange(4).reshape(1, 1, 1, 1, 4)
    values = match(graph, {"layer": [filters, bias]}).model.values
    assert values[graph.nodes[-1], "bias"].tolist() == [0, 1, 2, 3]


def test_a_dense_block_must_have_all_its_arrays() -> None:
    graph = proto2net.parse(GOLDEN / "forks" / "ocr_denseblock_gpu_factor0" / "net.prototxt")
    with pytest.raises(WeightError, match=r'layer "layer_1/bn" .* nothing in the weights'):
        match(graph, {"layer": [np.ones(3)] * 10})
    with pytest.raises(WeightError, match=r'layer "layer_1/conv" .* needs 2 x 3 x 3 x 3; found 3'):
        match(graph, {"layer": [np.ones(3)] * 11})


# ---- means of images ------------------------------------------------------------------------

SEEN, MEAN = np.full((1, 1, 1, 1), 1000, np.float32), np.arange(3, dtype=np.float32)
PICTURE = np.arange(3 * 4 * 6, dtype=np.float32).reshape(1, 3, 4, 6)


def augmented(text: str) -> Graph:
    return proto2net.parse(
        'input: "data" input_shape { dim: 2 dim: 3 dim: 8 dim: 9 }'
        'layer { name: "aug" type: "DataAugmentation" bottom: "data" top: "y"'
        f" augmentation_param {{ recompute_mean: 1000 {text} }} }}"
    )


def means(graph: Graph, *arrays: np.ndarray) -> dict[str, np.ndarray]:
    """The learned blobs by name."""
    values = match(graph, {"aug": list(arrays)}).model.values
    return {name: array for (_, name), array in values.items()}


def test_a_mean_of_channels_needs_no_picture_of_its_size() -> None:
    found = means(augmented("mean_per_pixel: false"), SEEN, PICTURE, MEAN.reshape(1, 3, 1, 1))
    assert found["mean"].ravel().tolist() == [0, 1, 2]


def test_of_a_picture_of_another_size_the_means_of_channels_are_taken() -> None:
    found = means(augmented(""), SEEN, PICTURE, MEAN.reshape(1, 3, 1, 1))
    means_of_channels = PICTURE.mean((2, 3), keepdims=True)
    assert (found["mean_picture"] == np.broadcast_to(means_of_channels, (1, 3, 8, 9))).all()


def test_a_mean_that_caffe_would_go_on_to_change_is_refused() -> None:
    with pytest.raises(WeightError, match="that of 999 batches, and recompute_mean is 1000"):
        means(augmented("mean_per_pixel: false"), SEEN - 1, PICTURE, MEAN.reshape(1, 3, 1, 1))
