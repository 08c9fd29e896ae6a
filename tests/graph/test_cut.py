"""What is not needed is cut off before types, fields and shapes are judged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import proto2net
from proto2net import Graph, Proto2NetError
from proto2net.caffe.prototxt import read

DATA = """
layer { name: "data" type: "Data" top: "data" top: "label"
        transform_param { crop_size: 9 mean_value: 1 mean_value: 2 mean_value: 3 }
        data_param { batch_size: 5 } }
"""
FC = """
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 4 } }
"""
INPUT = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 7 } } }
"""
FOCAL = 'layer { name: "focal" type: "FocalLoss" bottom: "fc" bottom: "label" top: "focal" }\n'


def layer(kind: str, bottoms: str, top: str, more: str = "") -> str:
    """A layer that has the name of its top."""
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    return f'layer {{ name: "{top}" type: "{kind}" {read} top: "{top}" {more} }}\n'


def types(graph: Graph) -> list[str]:
    return [node.layer.type for node in graph.nodes]


Told = Callable[[], list[str]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Returns the notes so far."""
    caplog.set_level(logging.INFO, "proto2net")
    return lambda: caplog.messages


# ---- --output -------------------------------------------------------------------------------

NOT_NEEDED = {
    "unknown type": layer("Anchors9", "fc", "x"),
    "unknown field": layer("ReLU", "fc", "x", "relu_param { slope_of_fork: 1 }"),
    "field of a fork": layer(
        "InnerProduct", "fc", "x", "inner_product_param { num_output: 2 negative_slope: 0.5 }"
    ),
    "bad value": layer("Pooling", "fc", "x", "pooling_param { pool: MEDIAN kernel_size: 2 }"),
    "required field": layer("InnerProduct", "fc", "x", "inner_product_param { axis: 2 }"),
    "wrong shape": layer("Reshape", "fc", "x", "reshape_param { shape { dim: 7 } }"),
    "missing bottom": layer("SoftmaxWithLoss", "fc truth", "x"),
    "Python": layer("Python", "fc", "x", 'python_param { module: "m" layer: "L" }'),
    "data without a shape": 'layer { name: "boxes" type: "HDF5Data" top: "boxes" }\n',
}


@pytest.mark.parametrize("phase", ["test", "train"])
@pytest.mark.parametrize("case", NOT_NEEDED)
def test_what_an_output_does_not_need_is_not_judged(case: str, phase: str) -> None:
    text = INPUT + FC + NOT_NEEDED[case] + layer("Sigmoid", "fc", "y")
    graph = proto2net.parse(text, outputs=["y"], phase=phase)
    assert types(graph) == ["Input", "InnerProduct", "Sigmoid"]
    assert [blob.name for blob in graph.outputs] == ["y"]


@pytest.mark.parametrize(
    "case", sorted(set(NOT_NEEDED) - {"missing bottom", "data without a shape"})
)
def test_what_an_output_needs_is_judged(case: str) -> None:
    text = INPUT + FC + NOT_NEEDED[case] + layer("Sigmoid", "x", "y")
    with pytest.raises(Proto2NetError, match='layer "x"'):
        proto2net.parse(text, outputs=["y"])


def test_what_could_not_be_read_and_is_not_needed_is_told(told: Told) -> None:
    text = INPUT + FC + NOT_NEEDED["unknown type"] + NOT_NEEDED["bad value"].replace('"x"', '"z"')
    proto2net.parse(text, outputs=["fc"])
    assert told() == [
        'layer "x" (Anchors9), whose type is not known, was left out: no output needs it',
        'layer "z" (Pooling), which cannot be converted (pool is MEDIAN), was left out: '
        "no output needs it",
    ]


def test_an_output_is_the_last_value_of_its_name() -> None:
    text = (
        INPUT
        + FC
        + layer("ReLU", "fc", "fc").replace('name: "fc"', 'name: "relu"')
        + layer("Wobble", "fc", "x")
    )
    assert types(proto2net.parse(text, outputs=["fc"])) == ["Input", "InnerProduct", "ReLU"]


def test_two_layers_that_make_an_output_are_refused_though_one_would_do() -> None:
    with pytest.raises(Proto2NetError, match='top "fc" is already made by a layer above'):
        proto2net.parse(INPUT + FC + FC.replace('name: "fc"', 'name: "again"'), outputs=["fc"])


def test_an_output_that_is_no_blob_is_told_with_the_nearest_of_all_names() -> None:
    with pytest.raises(Proto2NetError, match=r'no blob "fc_layr"(.|\n)*did you mean "fc_layer"'):
        proto2net.parse(
            INPUT + layer("ReLU", "data", "fc_layer") + layer("Wobble", "data", "x"),
            outputs=["fc_layr", "x"],
        )


def test_an_output_that_is_no_blob_is_told_with_the_file_and_what_the_network_ends_in() -> None:
    text = INPUT + FC + layer("ReLU", "fc", "fc") + layer("TanH", "data", "b")
    with pytest.raises(Proto2NetError) as caught:
        proto2net.parse(text, outputs=["prob"], file="deploy.prototxt")
    assert str(caught.value) == (
        'deploy.prototxt: no blob "prob" in the network\n  hint: it ends in "fc", "b"'
    )


def test_an_output_that_is_no_blob_of_a_graph_is_told_with_its_outputs() -> None:
    with pytest.raises(Proto2NetError, match=r'no blob "prob"(.|\n)*it ends in "fc"'):
        proto2net.parse(proto2net.parse(INPUT + FC), outputs=["prob"])


def test_an_output_that_needs_labels_says_so() -> None:
    with pytest.raises(Proto2NetError, match=r'no blob "focal"(.|\n)*--phase train'):
        proto2net.parse(DATA + FC + FOCAL, outputs=["focal"])


def test_the_shape_of_an_input_that_is_not_needed_does_no_harm() -> None:
    text = INPUT + FC + layer("HDF5Data", "", "boxes").replace("{", "{", 1)
    graph = proto2net.parse(
        text + layer("Wobble", "boxes", "x"), outputs=["fc"], inputs={"boxes": (2, 3)}
    )
    assert [blob.name for blob in graph.inputs] == ["data"]


def test_what_is_cut_off_still_proves_its_fork() -> None:
    text = (
        INPUT
        + layer("Normalize", "data", "n")
        + layer("ChannelScale", "n n", "scaled")
        + layer("Wobble", "scaled", "x")
    )
    (normalize,) = proto2net.parse(text, outputs=["n"]).nodes[1:]
    assert normalize.layer.fork == "happynear"  # type: ignore[attr-defined]


def test_layers_on_one_line_are_judged_each_by_itself() -> None:
    text = (INPUT + FC + NOT_NEEDED["unknown field"]).replace("\n", " ") + "\n"
    assert types(proto2net.parse(text, outputs=["fc"])) == ["Input", "InnerProduct"]


def test_layers_of_the_first_formats_are_cut_off_too() -> None:
    text = """input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 7
layers { name: "r" type: RELU bottom: "data" top: "r" }
layers { name: "x" type: ANCHORS bottom: "r" top: "x" }
layers { name: "y" type: POOLING bottom: "r" top: "y" pooling_param { pool: MEDIAN } }
"""
    assert types(proto2net.parse(text, outputs=["r"])) == ["Input", "ReLU"]
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse(text)
    assert [issue.message for issue in error.value.issues] == ["type is ANCHORS", "pool is MEDIAN"]


def test_a_rule_that_cannot_be_read_is_told_whatever_it_rules() -> None:
    text = INPUT + FC + layer("ReLU", "fc", "x", "exclude { phase: TESST }")
    with pytest.raises(Proto2NetError, match="phase is TESST"):
        proto2net.parse(text, outputs=["fc"])


# ---- the test phase -------------------------------------------------------------------------


def test_a_layer_of_an_unknown_type_that_needs_labels_is_left_out(told: Told) -> None:
    more = layer("MyAccuracy", "fc label", "acc", "my_param { k: 5 }") + (
        'layer { name: "quiet" type: "Silence" bottom: "acc" }'
    )
    graph = proto2net.parse(DATA + FC + FOCAL + more)
    assert types(graph) == ["Input", "InnerProduct"]
    assert [blob.name for blob in graph.inputs] == ["data"]
    assert (
        'layer "focal" (FocalLoss), whose type is not known, was left out: it needs labels'
        in told()
    )


@pytest.mark.parametrize(
    "text",
    [
        DATA + FC + layer("Anchors9", "fc", "x"),  # it needs no label
        DATA + FC + FOCAL + layer("Sigmoid", "focal", "y"),  # a layer computes with it
        DATA + layer("TRT", "data label", "x"),  # it is all of the network
        DATA.replace("label", "im_info") + FC + layer("Proposals", "fc im_info", "x"),
    ],
    ids=["an output", "in the middle", "all", "no label"],
)
def test_other_layers_of_unknown_types_are_refused(text: str) -> None:
    text = text.replace('type: "Data"', 'type: "HDF5Data"') if "im_info" in text else text
    with pytest.raises(Proto2NetError, match="unknown layer type"):
        proto2net.parse(
            text, inputs={"data": (2, 3, 9, 7), "im_info": (2, 3)} if "im_info" in text else None
        )


def test_an_unknown_layer_that_nothing_reads_is_refused_with_output_as_the_hint() -> None:
    with pytest.raises(Proto2NetError, match="unknown layer type") as error:
        proto2net.parse(INPUT + FC + layer("Anchors9", "fc", "x"))
    assert error.value.issues[0].hint.endswith("--output fc leaves it out")


MORE = layer("ReLU", "fc", "r") + layer("TanH", "fc", "t")


@pytest.mark.parametrize(
    ("rest", "way"),
    [
        (layer("Anchors9", "fc", "x") + layer("ReLU", "x", "y"), "--output fc leaves it out"),
        (layer("Anchors9", "fc", "x") + MORE, "--output r --output t leave it out"),
        (layer("Anchors9", "fc", "x") + layer("Nms9", "x", "y"), "--output fc leaves it out"),
        (layer("Anchors9", "fc", "fc") + layer("TanH", "data", "t"), "--output t leaves it out"),
        (layer("Anchors9", "fc", "fc"), "leaves it for you to write"),
        (
            layer("Python", "fc", "x", 'python_param { module: "m" layer: "L" }'),
            "--output fc leaves it out, or replace it by layers of Caffe",
        ),
    ],
    ids=["in the middle", "beside", "two", "in place", "all", "Python"],
)
def test_the_hint_keeps_the_most_that_can_do_without_unknown_layers(rest: str, way: str) -> None:
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse(INPUT + FC + rest)
    assert all(issue.hint.endswith(way) for issue in error.value.issues)


def test_several_outputs_of_a_hint_are_one_argument_in_python() -> None:
    with pytest.raises(Proto2NetError, match=r'outputs=\["r", "t"\]'):
        proto2net.parse(INPUT + FC + layer("Anchors9", "fc", "x") + MORE)


def test_a_label_that_no_layer_makes_is_none_that_is_needed(told: Told) -> None:
    loss = layer("SoftmaxWithLoss", "fc label", "loss") + layer("Accuracy", "fc label", "acc")
    assert types(proto2net.parse(INPUT + FC + loss)) == ["Input", "InnerProduct", "Softmax"]
    assert 'layer "loss" (SoftmaxWithLoss) became its Softmax' in told()
    with pytest.raises(Proto2NetError, match='bottom "label" is not made'):
        proto2net.parse(INPUT + FC + loss, phase="train")


def test_a_loss_whose_comparison_is_not_known_leaves_its_prediction(told: Told) -> None:
    loss = layer(
        "SoftmaxWithLoss",
        "fc label",
        "loss",
        "loss_param { by_frequency: true normalization: EACH }",
    )
    assert types(proto2net.parse(DATA + FC + loss)) == ["Input", "InnerProduct", "Softmax"]
    assert any("LossParameter" in note and "became its Softmax" in note for note in told())
    with pytest.raises(Proto2NetError, match="by_frequency"):
        proto2net.parse(DATA + FC + loss, phase="train")


@pytest.mark.parametrize(
    "param", ["softmax_param { temperature: 2 }", "softmax_param { axis: one }"]
)
def test_a_loss_whose_prediction_is_not_known_is_refused(param: str) -> None:
    with pytest.raises(Proto2NetError, match='layer "loss"'):
        proto2net.parse(DATA + FC + layer("SoftmaxWithLoss", "fc label", "loss", param))


def test_a_metric_that_cannot_be_read_is_left_out(told: Told) -> None:
    more = layer("Accuracy", "fc label", "acc", "accuracy_param { of_class: 3 top_k: five }")
    assert types(proto2net.parse(DATA + FC + more)) == ["Input", "InnerProduct"]
    assert any(note.startswith('layer "acc" (Accuracy), which cannot be') for note in told())


# ---- fields that change no result -----------------------------------------------------------


def test_fields_of_data_are_told_and_ignored_whatever_they_are(told: Told) -> None:
    text = DATA.replace("batch_size: 5", "batch_size: 5 shards: 3 labels_by: { name: 'x' }")
    text = text.replace("crop_size: 9", "crop_size: 9 jitter_of_fork: 0.5")
    graph = proto2net.parse(text.replace("data_param", "wobble_param { a: 1 } data_param") + FC)
    assert graph.inputs[0].shape == (5, 3, 9, 9)
    assert any('ignored unknown field "shards" of DataParameter' in note for note in told())
    assert any('ignored unknown field "wobble_param" of LayerParameter' in note for note in told())


def test_a_field_that_says_how_to_compute_is_told_and_ignored(told: Told) -> None:
    more = "inner_product_param { num_output: 2 cudnn_wobble: 3 weight_fixed: true }"
    proto2net.parse(f"mem_param {{ a: 1 }}\n{INPUT}{layer('InnerProduct', 'data', 'x', more)}")
    assert [note.rpartition(": ")[2] for note in told()] == [
        'ignored "mem_param" of NetParameter, which changes no result',
        'ignored "cudnn_wobble" of InnerProductParameter, which changes no result',
        'ignored "weight_fixed" of InnerProductParameter, which changes no result',
    ]


def test_a_field_of_a_fork_at_its_default_is_told_and_ignored(told: Told) -> None:
    more = "inner_product_param { num_output: 2 negative_slope: 0 relu: false soft_nms: false }"
    proto2net.parse(INPUT + layer("InnerProduct", "data", "x", more))
    assert len(told()) == 3
    assert told()[0].endswith(
        'ignored "soft_nms: false" of InnerProductParameter, an unknown field; false is taken for '
        "its default"
    )
    assert told()[1].endswith(
        'ignored "negative_slope" of InnerProductParameter, which has its default'
    )


@pytest.mark.parametrize("field", ["soft_nms: true", "bias_term: false", "soft_nms: 0"])
def test_a_field_that_is_not_known_is_refused_unless_it_is_off(field: str) -> None:
    with pytest.raises(Proto2NetError, match="is not a field of ReLUParameter"):
        proto2net.parse(INPUT + layer("ReLU", "data", "x", f"relu_param {{ {field} }}"))


ALWAYS = [
    ("Interp", "interp_param", "height: 5 width: 6 align_corners"),
    ("Pooling", "pooling_param", "pool: AVE kernel_size: 2 count_include_pad"),
    ("Convolution", "convolution_param", "num_output: 3 kernel_size: 1 use_bias"),
]


@pytest.mark.parametrize(("kind", "param", "fields"), ALWAYS)
def test_what_a_layer_always_does_may_be_said_and_not_be_denied(
    told: Told, kind: str, param: str, fields: str
) -> None:
    layers = INPUT + layer(kind, "data", "x", f"{param} {{ {fields}: %s }}")
    proto2net.parse(layers % "true")
    (note,) = told()
    assert note.endswith(f"of {kind}Parameter, which changes no result")
    with pytest.raises(Proto2NetError, match="leave it out if that is right"):
        proto2net.parse(layers % "false")


# ---- data -----------------------------------------------------------------------------------


def test_a_data_layer_that_states_its_shape_is_an_input_of_that_shape() -> None:
    shape = "input_param { shape { dim: 2 dim: 3 dim: 9 dim: 7 } }"
    text = f'layer {{ name: "d" type: "Data" top: "data" top: "label" {shape} }}\n' + FC
    assert [blob.shape for blob in proto2net.parse(text).inputs] == [(2, 3, 9, 7)]
    loss = layer("SoftmaxWithLoss", "fc label", "loss")
    train = proto2net.parse(text + loss, phase="train")
    assert [blob.shape for blob in train.inputs] == [(2, 3, 9, 7), (2,)]
    given = proto2net.parse(text, inputs={"data": (1, 3, 5, 4)})
    assert given.inputs[0].shape == (1, 3, 5, 4)


def test_data_of_an_unknown_type_is_an_input_whose_shape_is_asked_for(told: Told) -> None:
    text = 'layer { name: "d" type: "CloudData" top: "data" top: "label" cloud_param { a: 1 } }\n'
    with pytest.raises(Proto2NetError, match=r"--input data=\d+,3,224,224"):
        proto2net.parse(text + FC)
    graph = proto2net.parse(text + FC + FOCAL, inputs={"data": (2, 3, 5, 4)})
    assert types(graph) == ["Input", "InnerProduct"]
    assert any('took the unknown type "CloudData" for data' in note for note in told())


def test_a_source_of_an_unknown_type_is_an_input_if_its_shape_is_given() -> None:
    text = 'layer { name: "d" type: "Camera" top: "data" }\n' + FC
    with pytest.raises(Proto2NetError, match=r"unknown layer type(.|\n)*--input data=N,C,H,W"):
        proto2net.parse(text)
    assert proto2net.parse(text, inputs={"data": (2, 3, 5, 4)}).inputs[0].shape == (2, 3, 5, 4)


# ---- a .caffemodel alone --------------------------------------------------------------------


def test_a_trained_network_alone_is_cut_before_what_only_its_fork_can_explain(
    tmp_path: Path,
) -> None:
    fork = layer("MultiBoxLoss", "fc label", "loss", "multibox_loss_param { num_classes: 4 }")
    prior = layer("PriorBox", "fc data", "prior", "prior_box_param { min_size: 3 }")
    net, _ = read(DATA + FC + fork + prior)
    path = tmp_path / "net.caffemodel"
    path.write_bytes(net.SerializeToString())
    with pytest.raises(Proto2NetError, match='layer "prior": forks do not agree'):
        proto2net.parse(path)
    graph = proto2net.parse(path, outputs=["fc"], inputs={"data": (2, 3, 9, 7)})
    assert types(graph) == ["Input", "InnerProduct"]


# ---- what is no network ---------------------------------------------------------------------


def test_a_label_map_is_no_network() -> None:
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse('item {\n  name: "cat"\n  label: 1\n  display_name: "cat"\n}\n', file="a")
    assert str(error.value) == (
        "a:1: this is a label map, which names classes, and no network\n"
        "  hint: give the prototxt of the network"
    )
