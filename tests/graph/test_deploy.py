"""A train_val file under --phase test becomes the network that people deploy."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from digests import MODELS

import proto2net
from proto2net import ShapeError

DATA = """
layer { name: "data" type: "Data" top: "data" top: "label"
        transform_param { crop_size: 9 %s } data_param { batch_size: 5 } }
"""
NET = (
    DATA
    + """
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 4 } }
"""
)


def net(rest: str, transform: str = "mean_value: 1 mean_value: 2 mean_value: 3") -> str:
    return NET % transform + rest


def types(graph: proto2net.Graph) -> list[str]:
    return [node.layer.type for node in graph.nodes]


def test_a_loss_leaves_its_softmax_behind_under_its_own_name() -> None:
    graph = proto2net.parse(
        net('layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "l" }')
    )
    assert types(graph) == ["Input", "InnerProduct", "Softmax"]
    assert [blob.name for blob in graph.inputs] == ["data"]
    assert graph.outputs[0].name == "l"
    assert graph.outputs[0].shape == (5, 4)


def test_a_second_top_of_a_loss_is_its_prediction() -> None:
    loss = 'type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" top: "prob"'
    read = 'layer { name: "most" type: "ArgMax" bottom: "prob" top: "most" }'
    graph = proto2net.parse(net(f'layer {{ name: "loss" {loss} }} {read}'))
    assert types(graph) == ["Input", "InnerProduct", "Softmax", "ArgMax"]
    assert graph.nodes[2].tops[0].name == "prob"


def test_what_is_made_of_a_loss_goes_with_it() -> None:
    loss = 'layer { name: "l" type: "HingeLoss" bottom: "fc" bottom: "label" top: "l" }'
    more = 'layer { name: "more" type: "Power" bottom: "l" top: "more" }'
    assert types(proto2net.parse(net(loss + more))) == ["Input", "InnerProduct"]


def test_the_softmax_keeps_the_axis_of_its_loss() -> None:
    graph = proto2net.parse(
        net(
            'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" '
            "softmax_param { axis: -1 } }"
        )
    )
    assert graph.nodes[-1].layer.axis == -1  # type: ignore[attr-defined]
    assert graph.outputs[0].name == "loss"


def test_a_sigmoid_cross_entropy_loss_leaves_its_sigmoid_behind() -> None:
    graph = proto2net.parse(
        net(
            'layer { name: "loss" type: "SigmoidCrossEntropyLoss" '
            'bottom: "fc" bottom: "label" top: "loss" }'
        )
    )
    assert types(graph) == ["Input", "InnerProduct", "Sigmoid"]


def test_accuracy_and_what_prepares_labels_are_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse(
        net(
            'layer { name: "flat" type: "Flatten" bottom: "label" top: "flat" '
            "flatten_param { axis: 0 } }\n"
            'layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "flat" top: "acc" }'
        )
    )
    assert types(graph) == ["Input", "InnerProduct"]
    assert 'layer "flat" (Flatten) was left out: it needs labels' in caplog.text
    assert 'layer "acc" (Accuracy) was left out: it needs labels' in caplog.text


def test_a_label_that_a_layer_computes_with_stays_an_input() -> None:
    graph = proto2net.parse(
        net(
            'layer { name: "e" type: "Embed" bottom: "label" top: "e" '
            "embed_param { num_output: 2 input_dim: 4 } }"
        )
    )
    assert [blob.name for blob in graph.inputs] == ["data", "label"]


def test_an_autoencoder_keeps_its_loss_on_its_own_data() -> None:
    graph = proto2net.parse(
        net(
            'layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }\n'
            'layer { name: "out" type: "InnerProduct" bottom: "fc" top: "out" '
            "inner_product_param { num_output: 243 } }\n"
            'layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "flat" top: "loss" }'
        )
    )
    assert types(graph)[-1] == "EuclideanLoss"


def test_a_definition_for_training_alone_has_the_images_of_training_as_its_input(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    text = net(
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" '
        "include { phase: TRAIN } }"
    ).replace('top: "data"', 'top: "data" include { phase: TRAIN }', 1)
    graph = proto2net.parse(text)
    assert types(graph) == ["Input", "InnerProduct"]
    assert graph.inputs[0].shape == (5, 3, 9, 9)
    assert 'layer "data" (Data) of the training becomes the input' in caplog.text


def test_an_unused_label_does_not_become_an_input() -> None:
    assert [blob.name for blob in proto2net.parse(net("")).inputs] == ["data"]


def test_three_channels_are_assumed_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse(net("", transform=""))
    assert graph.inputs[0].shape == (5, 3, 9, 9)
    assert "3 channels assumed" in caplog.text


def test_the_input_shape_can_be_given() -> None:
    graph = proto2net.parse(net("", transform=""), inputs={"data": (2, 1, 7, 8)})
    assert graph.inputs[0].shape == (2, 1, 7, 8)


def test_an_unknown_input_shape_says_which_flag_to_give() -> None:
    text = net("").replace("crop_size: 9", "")
    with pytest.raises(ShapeError, match=r"--input data=\d+,3,224,224") as error:
        proto2net.parse(text, file="a.prototxt")
    assert str(error.value).startswith('a.prototxt:2: layer "data" (Data): ')


def test_a_shape_without_a_name_is_for_every_input_that_states_none() -> None:
    text = net("").replace("crop_size: 9", "")
    graph = proto2net.parse(text, inputs={"*": (2, 1, 7, 8)})
    assert graph.inputs[0].shape == (2, 1, 7, 8)
    stated = proto2net.parse(net(""), inputs={"*": (2, 1, 7, 8)})
    assert stated.inputs[0].shape == (5, 3, 9, 9)


def test_a_shape_for_no_input_names_the_inputs() -> None:
    with pytest.raises(ShapeError, match='"image" is not an input'):
        proto2net.parse(net(""), inputs={"image": (1, 3, 9, 9)})


def test_the_train_phase_keeps_labels_and_losses() -> None:
    graph = proto2net.parse(
        net('layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "l" }'),
        phase="train",
    )
    assert types(graph) == ["Input", "InnerProduct", "SoftmaxWithLoss"]
    assert [blob.shape for blob in graph.inputs] == [(5, 3, 9, 9), (5,)]


def test_given_data_gives_the_labels_their_number_too() -> None:
    text = net("").replace("crop_size: 9", "")
    graph = proto2net.parse(text, phase="train", inputs={"data": (2, 3, 7, 8)})
    assert [blob.shape for blob in graph.inputs] == [(2, 3, 7, 8), (2,)]


def test_a_loss_on_an_input_layer_stays() -> None:
    graph = proto2net.parse(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }\n'
        'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }\n'
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "y" top: "loss" }'
    )
    assert types(graph)[-1] == "SoftmaxWithLoss"


def test_the_training_googlenet_gives_its_three_predictions() -> None:
    graph = proto2net.parse(MODELS / "googlenet_train_val.prototxt")
    assert [blob.name for blob in graph.outputs] == ["loss1/loss1", "loss2/loss1", "loss3/loss3"]
    assert {node.layer.type for node in graph.nodes[-1:]} == {"Softmax"}


EVALUATED = """
layer { name: "image" type: "Input" top: "image" top: "truth"
        input_param { shape { dim: 1 dim: 18 dim: 3 dim: 3 }
                      shape { dim: 1 dim: 1 dim: 9 dim: 5 } } }
layer { name: "scores" type: "Convolution" bottom: "image" top: "scores"
        convolution_param { num_output: 18 kernel_size: 1 } }
layer { name: "eval" type: "EvalDetection" bottom: "scores" bottom: "truth" top: "eval"
        eval_detection_param { side: 3 num_class: 4 } }
"""


def test_an_evaluation_without_rendering_is_left_out_whatever_feeds_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO"):
        graph = proto2net.parse(EVALUATED)
    assert types(graph) == ["Input", "Convolution"]
    assert [(blob.name, blob.shape) for blob in graph.inputs] == [("image", (1, 18, 3, 3))]
    assert [blob.name for blob in graph.outputs] == ["scores"]
    assert 'layer "eval" (EvalDetection) was left out: it needs labels' in caplog.text


def test_a_source_of_true_boxes_that_nothing_else_reads_is_left_out() -> None:
    boxes = (
        'layer { name: "truth" type: "DummyData" top: "truth" '
        "dummy_data_param { shape { dim: 1 dim: 1 dim: 9 dim: 5 } } }"
    )
    text = EVALUATED.replace('top: "image" top: "truth"', 'top: "image"', 1)
    text = text.replace("shape { dim: 1 dim: 1 dim: 9 dim: 5 }", "", 1)
    graph = proto2net.parse(boxes + text)
    assert types(graph) == ["Input", "Convolution"]


def test_true_boxes_that_a_layer_computes_with_keep_their_evaluation() -> None:
    read = 'layer { name: "power" type: "Power" bottom: "truth" top: "power" }'
    graph = proto2net.parse(EVALUATED + read)
    assert types(graph) == ["Input", "Convolution", "EvalDetection", "Power"]


def test_a_loss_that_a_program_computes_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        graph = proto2net.parse(
            net('layer { name: "loss" type: "MemoryLoss" bottom: "fc" top: "loss" }')
        )
    assert types(graph) == ["Input", "InnerProduct"]
    assert "a loss that a program computes is not supported" in caplog.text


@pytest.mark.parametrize(
    "metric",
    [
        'type: "SegmentationEvaluate" segmentation_evaluate_param { num_classes: 3 }',
        'type: "AccuracyEncoding"',
        'type: "Decode"',
        'type: "Knn" knn_param { num_output: 10 k: 100 max_stored_batches: 10 }',
    ],
)
def test_metrics_of_forks_are_left_out(metric: str) -> None:
    text = f'layer {{ name: "m" {metric} bottom: "fc" bottom: "label" top: "m" }}'
    read = 'layer { name: "quiet" type: "Silence" bottom: "m" }'
    assert types(proto2net.parse(net(text + read))) == ["Input", "InnerProduct"]


OWN = 'type: "Python" python_param { module: "mine" layer: "Mine" }'


def test_a_loss_of_ones_own_is_left_out_with_its_labels(caplog: pytest.LogCaptureFixture) -> None:
    loss = f'layer {{ name: "loss" {OWN} bottom: "fc" bottom: "label" top: "l" loss_weight: 1 }}'
    with caplog.at_level("INFO"):
        graph = proto2net.parse(net(loss))
    assert types(graph) == ["Input", "InnerProduct"]
    assert [blob.name for blob in graph.inputs] == ["data"]
    assert 'layer "loss" (Python) was left out' in caplog.text
    with pytest.raises(proto2net.Proto2NetError, match=r"in the user's own code, mine\.Mine"):
        proto2net.convert(net(loss), to="torch", phase="train")


def test_a_source_of_ones_own_is_an_input_whose_shape_is_asked_for() -> None:
    text = NET.replace(DATA, f'layer {{ name: "mine" {OWN} top: "data" top: "map" }}')
    with pytest.raises(ShapeError, match=r"--input data=\d+,3,224,224"):
        proto2net.parse(text)
    graph = proto2net.parse(text, inputs={"data": (2, 3, 5, 4)})
    assert [(blob.name, blob.shape) for blob in graph.inputs] == [("data", (2, 3, 5, 4))]


def test_targets_that_a_layer_of_ones_own_makes_of_labels_go_with_them() -> None:
    targets = f'layer {{ name: "t" {OWN} bottom: "fc" bottom: "label" top: "target" }}'
    loss = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "target" top: "l" }'
    assert types(proto2net.parse(net(targets + loss))) == ["Input", "InnerProduct", "Softmax"]


PART = """
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
        pooling_param { kernel_size: 2 } }
layer { name: "sum" type: "Eltwise" bottom: "pool" bottom: "other" top: "sum" }
"""


def test_a_part_of_a_network_says_so_and_converts_once_its_inputs_are_given() -> None:
    with pytest.raises(proto2net.ParseError) as error:
        proto2net.parse(PART, file="part.prototxt")
    assert str(error.value) == (
        'part.prototxt:2: this is a part of a network: no layer makes "conv", and none is an input'
        "\n  hint: give the shape of what enters it: --input conv=N,C,H,W"
        '\nin Python: inputs={"conv": (N, C, H, W)}'
    )
    given = {"conv": (2, 3, 5, 4)}
    with pytest.raises(proto2net.ParseError, match=r'prototxt:5: .* no layer makes "other"'):
        proto2net.parse(PART, inputs=given, file="part.prototxt")
    graph = proto2net.parse(PART, inputs=given | {"other": (2, 3, 4, 3)})
    assert [blob.name for blob in graph.inputs] == ["conv", "other"]
    assert graph.outputs[0].shape == (2, 3, 4, 3)


def test_what_a_layer_would_write_to_files_is_an_output(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    writer = 'layer { name: "write" type: "FLOWriter" bottom: "fc" writer_param { suffix: "x" } }'
    graph = proto2net.parse(net(writer))
    assert [blob.name for blob in graph.outputs] == ["fc"]
    assert 'layer "write" (FLOWriter) was left out: it writes files' in caplog.text


NAMED = {
    "SE-ResNet-50/deploy.prototxt": "class SEResNet50(nn.Module):",
    "resnet/train_val.prototxt": "class ResNet(nn.Module):",
    "resnet/tiny.prototxt": "class Tiny(nn.Module):",
    "resnet/tiny_deploy.prototxt": "class Tiny(nn.Module):",
    "test/deploy.prototxt": "class Deploy(nn.Module):",
}


@pytest.mark.parametrize("file", NAMED)
def test_a_network_without_a_name_has_that_of_its_folder_if_its_file_tells_nothing(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    shape = "input_param { shape { dim: 2 dim: 3 } }"
    text = (
        f'layer {{ name: "x" type: "Input" top: "x" {shape} }}\n'
        'layer { name: "y" type: "TanH" bottom: "x" top: "y" }\n'
    )
    path.write_text(text)
    assert NAMED[file] in proto2net.convert(path, to="torch").splitlines()
    monkeypatch.chdir(path.parent)
    assert NAMED[file] in proto2net.convert(path.name, to="torch").splitlines()
    path.write_text(f'name: "own"\n{text}')
    assert "class Own(nn.Module):" in proto2net.convert(path, to="torch").splitlines()
