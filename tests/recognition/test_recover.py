"""`recover`: the definition that a .caffemodel carries, as a prototxt of today."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from reference import REFERENCE, needs_corpus

import proto2net
from proto2net import Proto2NetError
from proto2net.caffe import prototxt
from proto2net.caffe.schema import LINE
from proto2net.cli import cli

WEIGHTS = REFERENCE / "corpus" / "weights"
LAYERS = """
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 5 } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
  inner_product_param { num_output: 3 } }
"""
LABELLED = """name: "lost"
layer { name: "images" type: "Data" top: "data" top: "label" data_param { batch_size: 7 } }
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }'
V1 = """name: "old" input: "data"
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1
  convolution_param { num_output: 4 kernel_size: 5 } }
layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
layers { name: "ip" type: INNER_PRODUCT bottom: "conv" top: "ip"
  inner_product_param { num_output: 3 } }
"""

Saved = Callable[..., Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Writes a .caffemodel with a definition, and with arrays as for images of this shape."""

    def save(text: str, *shape: int) -> Path:
        net, _ = prototxt.read(text)
        graph = proto2net.parse(text, inputs={"data": (1, *shape)}, phase="train")
        for layer in [*net.layer, *net.layers]:
            layer.ClearField(LINE)
            for node in graph.nodes:
                for blob in node.blobs.values() if node.name == layer.name else ():
                    stored = layer.blobs.add()
                    if net.layers:  # of V1
                        sizes = (1, 1, 1, 1, *blob.shape)[-4:]
                        stored.num, stored.channels, stored.height, stored.width = sizes
                    else:
                        stored.shape.dim[:] = blob.shape
                    stored.data[:] = np.ones(blob.shape, np.float32).ravel()
        path = tmp_path / "found.caffemodel"
        path.write_bytes(net.SerializeToString())
        return path

    return save


def test_data_becomes_an_input_and_what_only_training_needs_goes(saved: Saved) -> None:
    path = saved(LABELLED + LAYERS + LOSS, 3, 28, 28)
    found = proto2net.recover(path)
    assert proto2net.parse(found.text) == found.graph
    assert [node.layer.type for node in found.graph.nodes] == [
        *("Input", "Convolution", "Pooling", "InnerProduct", "Softmax"),
    ]
    assert "blobs" not in found.text
    assert found.notes == (
        "took images of 1 x 3 x 28 x 28: that fits the weights, as do all of 27 to 28 pixels "
        "a side; --input states another",
    )
    proto2net.load(found.text, path, to="numpy")  # the arrays fit


@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 45, 45), (3, 224, 224), (2, 63, 63)])
def test_the_size_of_images_is_what_the_arrays_fit(saved: Saved, shape: tuple[int, ...]) -> None:
    """45 and 63 leave half a window at the end; then the size that leaves none is taken."""
    found = proto2net.recover(saved(LABELLED + LAYERS + LOSS, *shape))
    (image,) = found.graph.inputs
    even = tuple(size + size % 2 for size in shape[1:])
    assert image.shape == (1, shape[0], *even)


def test_inspect_and_audit_know_the_size_too(saved: Saved) -> None:
    path = saved(LABELLED + LAYERS + LOSS, 3, 28, 28)
    graph = proto2net.recover(path).graph
    assert proto2net.inspect(path).graph == proto2net.inspect(path, path).graph == graph
    found = proto2net.audit(path, to=())
    assert found.graph == graph
    assert len(found.arrays or ()) == 4
    assert any("took images of 1 x 3 x 28 x 28" in note for note in found.notes)


def test_an_image_that_is_no_square_is_known_if_many_have_its_size(saved: Saved) -> None:
    found = proto2net.recover(saved(LABELLED + LAYERS + LOSS, 3, 112, 96))
    assert found.graph.inputs[0].shape == (1, 3, 112, 96)


def test_old_formats_get_the_words_of_today(saved: Saved) -> None:
    found = proto2net.recover(saved(V1, 1, 12, 12))
    assert "layers {" not in found.text
    assert 'type: "InnerProduct"' in found.text
    assert proto2net.parse(found.text) == found.graph
    assert found.graph.inputs[0].shape == (1, 1, 12, 12)
    assert "that fits the weights; --input" in found.notes[0]


def test_a_shape_that_is_given_goes_before(saved: Saved) -> None:
    path = saved(LABELLED + LAYERS + LOSS, 3, 28, 28)
    found = proto2net.recover(path, inputs={"data": (2, 3, 27, 28)})
    assert found.graph.inputs[0].shape == (2, 3, 27, 28)
    assert found.notes == ()


def test_a_size_that_no_array_tells_is_asked_for(saved: Saved) -> None:
    layers = LAYERS[: LAYERS.index('layer { name: "ip"')]
    with pytest.raises(Proto2NetError, match="images of 5 channels fit the weights, whatever"):
        proto2net.recover(saved('name: "x" input: "data"' + layers, 5, 30, 30))


def test_a_size_that_nothing_fits_is_asked_for(saved: Saved) -> None:
    with pytest.raises(Proto2NetError, match="no square image fits") as wrong:
        proto2net.recover(saved(LABELLED + LAYERS + LOSS, 3, 14, 60))
    assert "--input 1,3,HEIGHT,WIDTH" in str(wrong.value)


def test_the_command_prints_or_writes_it(saved: Saved, tmp_path: Path) -> None:
    path, out = str(saved(LABELLED + LAYERS + LOSS, 3, 28, 28)), tmp_path / "net.prototxt"
    text = proto2net.recover(path).text
    ran = CliRunner().invoke(cli, ["recover", path])
    assert ran.stdout == text
    assert "note: took images of 1 x 3 x 28 x 28" in ran.stderr
    ran = CliRunner().invoke(cli, ["recover", path, "-o", str(out)])
    assert ran.exit_code == 0
    assert f"wrote {out}: 5 layers" in ran.stderr
    assert out.read_text() == text
    again = CliRunner().invoke(cli, ["recover", path, "-o", str(out)])
    assert "exists already" in str(again.exception)


def test_other_weights_carry_none(tmp_path: Path) -> None:
    np.save(tmp_path / "net.npy", np.zeros(3))
    with pytest.raises(Proto2NetError, match="carries a definition, and this is none"):
        proto2net.recover(tmp_path / "net.npy")


@needs_corpus
@pytest.mark.parametrize(
    "name", ["deep_landmark_1_F", "deep_landmark_2_N1", "lenet_mnist", "mtcnn_det3", "mtcnn_det4"]
)
def test_real_files_give_back_the_network_that_stands_beside(name: str) -> None:
    (path,) = (WEIGHTS / name).glob("*.caffemodel")
    found = proto2net.recover(path).graph
    right = proto2net.parse(WEIGHTS / name / "deploy.prototxt")
    assert found.inputs[0].shape[1:] == right.inputs[0].shape[1:]
    learned = [
        {node.name: [blob.shape for blob in node.blobs.values()] for node in each.nodes}
        for each in (found, right)
    ]
    assert all(learned[0][node.name] == learned[1][node.name] for node in right.nodes if node.blobs)
