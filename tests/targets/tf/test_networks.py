"""Emitted Keras models live up to what Keras offers, and what Keras cannot say is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from digests import MODELS
from layer_cases import GOLDEN_NAMES, Arrays, Case, assert_close, case, twin_lstms
from samples.sample import layer, sample, values

import proto2net
from proto2net import backends
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.errors import UnsupportedError
from proto2net.weights.matching import match

TF = backends.get("tf")
SMALL = {"lenet": (28, 28, 1), "cifar10_full": (32, 32, 3), "cifar10_nin": (32, 32, 3)}
"""Networks that run in no time, and their images."""

RESNET = sample(
    layer(
        "Convolution",
        "x",
        "a",
        "convolution_param { num_output: 8 kernel_size: 3 stride: 2 pad: 1 bias_term: false"
        ' weight_filler { type: "msra" } }',
        "conv1",
    ),
    layer("BatchNorm", "a", "a", name="bn1"),
    layer("Scale", "a", "a", "scale_param { bias_term: true }", "scale1"),
    layer("ReLU", "a", "a", name="relu1"),
    layer("Pooling", "a", "p", "pooling_param { kernel_size: 3 stride: 2 }", "pool1"),
    layer(
        "Convolution",
        "p",
        "b",
        "convolution_param { num_output: 8 kernel_size: 3 pad: 1 group: 2"
        ' weight_filler { type: "msra" } }',
        "conv2",
    ),
    layer("Eltwise", "p b", "c", name="sum"),
    layer("ReLU", "c", "c", name="relu2"),
    layer("Pooling", "c", "g", "pooling_param { pool: AVE global_pooling: true }", "pool2"),
    layer("Dropout", "g", "g", "dropout_param { dropout_ratio: 0.1 }", "drop"),
    layer(
        "InnerProduct",
        "g",
        "fc",
        'inner_product_param { num_output: 5 weight_filler { type: "xavier" } }',
        "fc",
    ),
    inputs={"x": np.zeros((2, 3, 29, 21))},
).net
SMALL["resnet"] = (29, 21, 3)


@pytest.fixture(autouse=True)
def _forget_networks() -> Iterator[None]:
    yield
    keras.backend.clear_session(free_memory=False)  # which takes a second each time


def load(name: str, **options: Any) -> keras.Model:
    keras.utils.set_random_seed(3)
    net = RESNET if name == "resnet" else MODELS / f"{name}.prototxt"
    network = proto2net.load(net, to="tf", **options)
    for variable in network.trainable_variables:  # some have no fillers: all would be 0
        variable.assign(keras.random.normal(variable.shape, stddev=0.1))
    return network


def images(name: str, batch: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(batch, *SMALL[name])).astype(np.float32)


def rebuilt(found: Case, *shapes: tuple[int | None, ...]) -> keras.Model:
    """The network of a case for inputs of other shapes."""
    emitted = TF.emit(found.graph)
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(emitted.source, names)  # noqa: S102  # our own rendering
    network = names[emitted.entry](*shapes)
    TF.runner.install(network, emitted.converted(match(found.graph, found.weights).model.values))
    return network


def check_outputs(network: keras.Model, found: Case, inputs: Arrays, right: Arrays) -> None:
    outputs = TF.runner.run(network, found.graph, inputs)
    for blob, output in zip(found.graph.outputs, outputs, strict=True):
        assert_close(output, right[blob.name], 1e-5, blob.name)


# ---- names ----------------------------------------------------------------------------------


def test_all_layers_have_the_same_names_each_time() -> None:
    graph = proto2net.parse(MODELS / "alexnet.prototxt", inputs={"data": (1, 3, 67, 67)})
    first, second = (proto2net.load(graph, to="tf") for _ in range(2))
    names = [layer.name for layer in first.layers]
    assert names == [layer.name for layer in second.layers]
    assert {"pool1_pad", "fc6_flatten"} <= {*names}


def test_layers_have_the_names_that_they_have_in_caffe() -> None:
    network = proto2net.load(MODELS / "squeezenet_v1.1.prototxt", to="tf")
    names = [layer.name for layer in network.layers]
    assert names[:3] == ["data", "conv1", "pool1_pad"]  # the last is no layer of Caffe
    assert names[3:5] == ["pool1", "fire2_squeeze1x1"]  # Keras admits no slash


def test_a_name_that_keras_gives_itself_is_changed() -> None:
    net = sample(
        layer("Eltwise", "x x2", "y", "eltwise_param { coeff: 1 coeff: -1 }", "subtract"),
        layer("TanH", "y", "z", name="subtract_1"),
        layer("TanH", "z", "w", name="tanh"),
        inputs={"x": values(2, 3), "x2": values(2, 3)},
    ).net
    names = [layer.name for layer in proto2net.load(net, to="tf").layers]
    assert "subtract_1_layer" in names
    assert "tanh" in names


def test_a_network_may_have_the_name_of_a_helper() -> None:
    net = (
        'name: "fill"\n'
        + sample(
            layer("InnerProduct", "x", "y", "inner_product_param { num_output: 4 }"),
            inputs={"x": values(2, 3)},
        ).net
    )
    assert proto2net.load(net, to="tf").output_shape == (None, 4)


# ---- shapes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_network_takes_any_batch_size(name: str) -> None:
    network = load(name)
    batch = images(name, 3)
    together = network(batch).numpy()
    for image, output in zip(batch, together, strict=True):
        np.testing.assert_allclose(network(image[None])[0], output, rtol=1e-4, atol=1e-6)


ACROSS_SAMPLES = {
    "bn_test_local",
    "cascade_decode_bbox_plain",
    "cascade_scale_route",
    "conv_axis0",
    "filter",
    "flatten_end_axis",
    "ip_axis0",
    "loss_accuracy",
    "loss_accuracy_axis",
    "loss_accuracy_ignore",
    "loss_accuracy_per_class",
    "loss_accuracy_top3",
    "lstm",
    "mscnn_boxoutput_none",
    "mscnn_boxoutput_score_top",
    "mscnn_boxoutput_two_maps",
    "ov_priorbox_clustered_extra_fields",
    "ov_priorbox_clustered_nostep_clip",
    "ov_priorbox_clustered_step",
    "ov_priorbox_clustered_step_hw_img",
    "parameter",
    "permute_3d",
    "priorbox_noflip_min_only",
    "priorbox_ssd",
    "priorbox_step_hw_img",
    "priorbox_two_ratios_clip",
    "reduction_asum",
    "reduction_mean",
    "reduction_sum",
    "reduction_sumsq",
    "reorg_s2_reverse",
    "reverse_axis0",
    "rnn",
    "scale_axis0",
    "slice_axis0",
    "softmax_axis0",
    "syn_batch_to_space",
    "syn_batch_to_space_nocrop",
    "syn_detout_no_permute",
    "syn_priorbox_faceboxes",
    "syn_priorbox_keras",
    "syn_priorbox_tf",
    "syn_priorbox_tf_yx_min60",
    "syn_space_to_batch",
    "syn_space_to_batch_1",
    "syn_squeeze_inner",
}
"""Recorded cases that do not compute each sample by itself."""

KNOW_THE_SIZE = {
    "c3d_v1_net",
    "cascade_decode_bbox_plain",
    "ip_4d",
    "ip_axis_neg1",
    "ip_nobias",
    "ip_transpose",
    "local_nobias",
    "loss_softmax_axis",
    "net_fc_after_conv",
    "net_two_losses",
    "ristretto_fc_fixed8",
    "syn_batch_to_space",
    "syn_batch_to_space_nocrop",
    "syn_detout_no_permute",
    "syn_space_to_batch",
    "syn_space_to_batch_1",
}
"""Recorded cases that learn something for each row, column or pixel of an image, or divide it."""


def by_samples(found: Case) -> bool:
    """Whether each sample is computed by itself."""
    batches = {blob.shape[:1] for blob in found.graph.inputs}
    losses = found.phase == "TRAIN"
    return len(batches) == 1 and not losses and found.name not in ACROSS_SAMPLES


def of_any_size(found: Case) -> bool:
    """Whether there are images that may have other sizes."""
    images = any(len(blob.shape) > 3 for blob in found.graph.inputs)
    return images and found.name not in KNOW_THE_SIZE


@pytest.mark.parametrize(
    "name", [n for n in GOLDEN_NAMES if by_samples(case(n)) or of_any_size(case(n))]
)
def test_layer_takes_any_number_of_samples_of_any_size(name: str) -> None:
    found = case(name)
    shapes = [laid_out(blob.shape)[1:] for blob in found.graph.inputs]
    if of_any_size(found):
        shapes = [(*[None] * (len(s) - 1), s[-1]) if len(s) > 2 else s for s in shapes]
    pick = [-1, 0, -1] if by_samples(found) else ...
    inputs, blobs = ({k: v[pick] for k, v in d.items()} for d in (found.inputs, found.blobs))
    check_outputs(rebuilt(found, *shapes), found, inputs, blobs)


def test_a_fully_convolutional_network_takes_images_of_another_size() -> None:
    path = case("net_fcn_upsample_crop").net
    weights = case("net_fcn_upsample_crop").weights
    inputs = {"data": np.random.default_rng(5).normal(size=(2, 3, 22, 17)).astype(np.float32)}
    right = proto2net.load(path, weights, to="tf", inputs={"data": (2, 3, 22, 17)})
    network = rebuilt(case("net_fcn_upsample_crop"), (None, None, 3))
    found = network(inputs["data"].transpose(0, 2, 3, 1))
    np.testing.assert_allclose(found, right(inputs["data"].transpose(0, 2, 3, 1)), rtol=1e-6)
    assert found.shape == (2, 22, 17, 2)


# ---- Keras ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_network_goes_round_through_a_keras_file(name: str, tmp_path: Path) -> None:
    network = load(name)
    network.save(tmp_path / "network.keras")
    other = keras.saving.load_model(tmp_path / "network.keras")
    batch = images(name, 2)
    np.testing.assert_array_equal(other(batch), network(batch))


@pytest.mark.parametrize("name", SMALL)
def test_network_can_be_exported(name: str, tmp_path: Path) -> None:
    network = load(name)
    network.export(tmp_path / "network", verbose=False)
    exported = tf.saved_model.load(tmp_path / "network")
    batch = images(name, 3)
    np.testing.assert_allclose(exported.serve(batch), network(batch), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["lenet", "cifar10_full", "resnet"])
def test_network_is_trained_as_any_keras_model(name: str) -> None:
    network = load(name)
    before = [variable.numpy() for variable in network.trainable_variables]
    logits = name == "resnet"
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    network.compile("sgd", loss)
    network.fit(images(name, 4), np.array([0, 1, 2, 3]), batch_size=4, verbose=0)
    for variable, old in zip(network.trainable_variables, before, strict=True):
        assert np.abs(variable.numpy() - old).max() > 0, variable.path


def test_a_network_of_the_training_phase_has_its_loss_with_it() -> None:
    keras.utils.set_random_seed(5)
    text = RESNET.replace(
        "layer {", f"{layer('Input', '', 'label', 'input_param { shape { dim: 2 } }')} layer {{", 1
    ) + layer("SoftmaxWithLoss", "fc label", "loss", name="loss")
    network = proto2net.load(text, to="tf", phase="train")
    inputs = {"label": np.array([0.0, 1, 2, 3]), "x": images("resnet", 4)}
    network.compile(keras.optimizers.SGD(0.05, momentum=0.9))
    history = network.fit(inputs, epochs=20, batch_size=4, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2
    evaluated = [network(list(inputs.values()), training=False).numpy() for _ in range(2)]
    assert evaluated[0] == evaluated[1] < history[0]


def test_the_loss_is_the_weighted_sum() -> None:
    found = case("net_two_losses")
    network = proto2net.load(found.graph, found.weights, to="tf")
    first, second = TF.runner.run(network, found.graph, found.inputs)
    assert float(sum(network.losses)) == pytest.approx(0.3 * first + second)


def test_layers_that_share_all_their_arrays_are_one() -> None:
    network = proto2net.load(case("net_siamese").graph, to="tf")
    assert [variable.path for variable in network.variables] == ["fc/kernel", "fc/bias"]


def test_layers_that_share_arrays_are_one_also_where_not_both_are_activated() -> None:
    conv = (
        'layer {{ name: "{0}" type: "Convolution" bottom: "x" top: "{0}" param {{ name: "w" }} '
        'param {{ name: "b" }} convolution_param {{ num_output: 2 kernel_size: 3 }} }}'
    )
    graph = proto2net.parse(
        'layer { name: "x" type: "Input" top: "x" '
        "input_param { shape { dim: 2 dim: 3 dim: 5 dim: 4 } } }"
        + conv.format("left")
        + conv.format("right")
        + 'layer { name: "relu" type: "ReLU" bottom: "left" top: "relu" }'
    )
    rng = np.random.default_rng(1)
    weights = {"left": [rng.normal(size=(2, 3, 3, 3)), rng.normal(size=2)]}
    x = rng.normal(size=(2, 3, 5, 4)).astype(np.float32)
    made = [
        proto2net.blobs(proto2net.load(graph, weights, to=target), {"x": x})
        for target in ("tf", "numpy")
    ]
    for blob in ("right", "relu"):
        assert_close(made[0][blob], made[1][blob], 1e-5, blob)


def test_a_recurrent_layer_takes_any_number_of_sequences() -> None:
    rebuilt(case("lstm"), (None, 3), (None,))
    rebuilt(case("lstm_expose_hidden"), (None, 3), (None,), (None, 5), (None, 5))


# ---- what cannot be said --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            layer("HDF5Output", "x label", "", 'hdf5_output_param { file_name: "a.h5" }'),
            "writing an HDF5 file is not possible",
        ),
        (
            layer(
                "InfogainLoss", "x label", "loss", 'infogain_loss_param { source: "a.binaryproto" }'
            ),
            "the infogain matrix is in a file of its own",
        ),
        (
            layer("Convolution", "many", "y", "convolution_param { num_output: 2 kernel_size: 1 }"),
            "a window over 4 axes is not possible",
        ),
        (
            layer(
                "Convolution",
                "x",
                "y",
                "convolution_param { num_output: 2 kernel_size: 1 group: 2 }",
            ),
            "groups are not possible without spatial axes",
        ),
        (layer("Softmax", "many", "y"), "a softmax of 6 axes is not possible"),
        (layer("Silence", "x label many", ""), "the network has no output"),
    ],
)
def test_what_keras_cannot_say_is_told(text: str, message: str) -> None:
    inputs = {"x": values(2, 4), "label": values(2), "many": values(2, 3, 1, 2, 1, 2)}
    with pytest.raises(UnsupportedError, match=message):
        proto2net.convert(sample(text, inputs=inputs).net, to="tf")


def test_recurrent_layers_that_share_what_they_have_learned_are_told() -> None:
    with pytest.raises(UnsupportedError, match="keeps a state of its own"):
        proto2net.convert(twin_lstms(), to="tf")


def test_a_network_without_inputs_is_told() -> None:
    text = layer("DummyData", "", "y", "dummy_data_param { shape { dim: 3 } }")
    with pytest.raises(UnsupportedError, match="a Keras model needs an input"):
        proto2net.convert(text + "\n", to="tf")
