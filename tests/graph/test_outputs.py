"""Which blobs of a network are its inputs and outputs, where its definition says it by idioms."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

import proto2net
from proto2net import ShapeError

Told = Callable[[], list[str]]

INPUT = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 7 } } }
"""


def layer(kind: str, bottoms: str, tops: str, more: str = "") -> str:
    """A layer that has the name of its first top."""
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    made = " ".join(f'top: "{top}"' for top in tops.split())
    name = (tops or kind.lower()).split()[0]
    return f'layer {{ name: "{name}" type: "{kind}" {read} {made} {more} }}\n'


def outputs(text: str) -> list[str]:
    return [blob.name for blob in proto2net.parse(text).outputs]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Returns the notes so far."""
    caplog.set_level(logging.INFO, "proto2net")
    return lambda: caplog.messages


# ---- Silence --------------------------------------------------------------------------------


def test_what_is_silenced_is_the_output_of_a_network_that_has_no_other(told: Told) -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("Silence", "x", "")
    assert outputs(text) == ["x"]
    assert told() == [
        'layer "silence" (Silence) does not silence "x": the network has no other outputs'
    ]


def test_what_is_silenced_stays_so_beside_an_output(told: Told) -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("TanH", "data", "y")
    assert outputs(text + layer("Silence", "x", "")) == ["y"]
    assert not told()


def test_an_input_that_is_silenced_is_no_output() -> None:
    text = INPUT + INPUT.replace('"data"', '"more"') + layer("ReLU", "data", "x")
    text += layer("Silence", "more x", "")
    assert outputs(text) == ["x"]
    assert proto2net.parse(text).nodes[-1].bottoms[0].name == "more"


def test_what_is_silenced_beside_a_loss_stays_so() -> None:
    text = INPUT + layer("ReLU", "data", "x") + layer("EuclideanLoss", "x data", "l")
    assert not outputs(text + layer("Silence", "l", ""))


# ---- shapes that the file does not state ----------------------------------------------------

TOPS = 'layer { name: "d" type: "HDF5Data" top: "data" top: "side" top: "boxes" }\n'
CONV = layer("Convolution", "data", "c", "convolution_param { num_output: 3 kernel_size: 3 }")
FC = layer("InnerProduct", "side", "fc", "inner_product_param { num_output: 3 }")
OWN_LOSS = layer("BoxesLoss", "c boxes label", "loss", "loss_weight: 1")


def inputs(text: str, given: dict[str, tuple[int, ...]], **options: object) -> list[str]:
    graph = proto2net.parse(text, inputs=given, **options)  # type: ignore[arg-type]  # of several types
    return [blob.name for blob in graph.inputs]


@pytest.mark.parametrize("phase", ["test", "train"])
def test_shapes_are_asked_for_one_by_one_and_only_of_what_a_layer_reads(phase: str) -> None:
    with pytest.raises(ShapeError) as error:
        proto2net.parse(TOPS + CONV + FC, phase=phase)
    hint = "give it, as in --input data=1,3,224,224 --input side=DIMS"
    assert [issue.hint for issue in error.value.issues] == [hint]
    with pytest.raises(ShapeError) as error:
        proto2net.parse(TOPS + CONV + FC, inputs={"data": (2, 3, 7, 5)}, phase=phase)
    assert [issue.hint for issue in error.value.issues] == ["give it, as in --input side=DIMS"]
    given = {"data": (2, 3, 7, 5), "side": (2, 4)}
    assert inputs(TOPS + CONV + FC, given, phase=phase) == ["data", "side"]


@pytest.mark.parametrize("phase", ["test", "train"])
def test_shapes_that_an_output_does_not_need_are_not_asked_for(phase: str) -> None:
    given = {"data": (2, 3, 7, 5)}
    assert inputs(TOPS + CONV + FC, given, outputs=["c"], phase=phase) == ["data"]
    more = given | {"side": (2, 4)}
    assert inputs(TOPS + CONV + FC, more, outputs=["c"], phase=phase) == ["data"]


def test_the_first_top_is_not_asked_for_if_nothing_reads_it() -> None:
    assert inputs(TOPS + FC, {"side": (2, 4)}) == ["side"]


def test_what_only_a_loss_reads_that_is_left_out_is_no_input() -> None:
    text = TOPS.replace('top: "side"', 'top: "label"') + CONV + OWN_LOSS
    assert inputs(text, {"data": (2, 3, 7, 5)}) == ["data"]


def test_a_top_that_convolutions_read_by_way_of_others_is_asked_for_as_an_image() -> None:
    text = TOPS + layer("Concat", "data side", "both") + CONV.replace('"data"', '"both"')
    with pytest.raises(ShapeError, match="--input side=1,3,224,224"):
        proto2net.parse(text)


# ---- labels ---------------------------------------------------------------------------------

POSES = 'layer { name: "d" type: "PoseData" top: "data" top: "label" }\n' + CONV
PARTS = layer("Slice", "label", "weight truth more", "slice_param { slice_point: [3, 6] }")
MASK = "eltwise_param { operation: PROD }"
SCORED = layer("Eltwise", "c weight", "masked", MASK) + layer("EuclideanLoss", "masked target", "l")
IMAGES = {"data": (2, 3, 7, 5)}


def test_what_is_made_of_labels_alone_is_a_label_and_goes_with_its_loss(told: Told) -> None:
    text = POSES + PARTS + layer("Eltwise", "truth weight", "target", MASK) + SCORED
    assert inputs(text, IMAGES) == ["data"]
    assert 'layer "weight" (Slice) was left out: it needs labels' in told()
    assert 'layer "l" (EuclideanLoss) was left out: it needs labels' in told()
    (output,) = proto2net.parse(text, inputs=IMAGES).outputs
    assert output.name == "c"


def test_a_constant_with_which_labels_are_computed_goes_with_them() -> None:
    constant = layer("DummyData", "", "one", "dummy_data_param { shape { dim: 2 dim: 3 } }")
    text = POSES + PARTS + constant + layer("Eltwise", "truth one", "target", MASK) + SCORED
    assert inputs(text, IMAGES) == ["data"]
    graph = proto2net.parse(text, inputs=IMAGES)
    assert [node.layer.type for node in graph.nodes] == ["Input", "Convolution"]


@pytest.mark.parametrize(
    "uses",
    [
        layer("Eltwise", "c weight", "masked", MASK),  # an output
        layer("Eltwise", "c weight", "masked") + layer("EuclideanLoss", "masked truth", "l"),
        layer("Eltwise", "c weight", "masked", MASK) + layer("EuclideanLoss", "masked c", "l"),
    ],
    ids=["product that nothing scores", "sum", "not scored with labels"],
)
def test_what_a_network_computes_with_stays_an_input(uses: str) -> None:
    given = IMAGES | {"label": (2, 9, 5, 3)}
    assert inputs(POSES + PARTS + uses, given) == [*given]


# ---- losses of unknown types ----------------------------------------------------------------

CONV2 = layer("Convolution", "c", "c2", "convolution_param { num_output: 3 kernel_size: 1 }")


@pytest.mark.parametrize(
    "loss",
    [
        layer("SpreadLoss", "c2 c2", "loss", "spread_param { margin: 3 }"),
        layer("Spread", "c c2", "loss", "loss_weight: 2"),
        layer("SpreadLoss", "c2", "loss") + layer("Silence", "loss", ""),
    ],
    ids=["by its type", "by its weight", "silenced"],
)
def test_a_loss_of_an_unknown_type_is_left_out_with_nothing_else(loss: str, told: Told) -> None:
    assert outputs(INPUT + CONV + CONV2 + loss) == ["c2"]
    assert any(note.startswith('layer "loss" (Spread') for note in told())
    assert any(note.endswith("was left out: it is a loss") for note in told())


@pytest.mark.parametrize(
    "rest",
    [
        layer("SpreadLoss", "c", "loss") + layer("ReLU", "loss", "y"),  # a layer computes with it
        layer("Spread", "c", "loss", "loss_weight: 0"),
        layer("SoftmaxWithLoss", "c data", "loss", "softmax_param { axis: one }"),
    ],
    ids=["read", "no weight", "known"],
)
def test_what_may_be_no_loss_is_refused(rest: str) -> None:
    with pytest.raises(proto2net.Proto2NetError, match='layer "loss"'):
        proto2net.parse(INPUT + CONV + rest)


def test_labels_beside_the_images_of_an_input_layer_go_with_an_unknown_loss() -> None:
    text = INPUT.replace('top: "data"', 'top: "data" top: "label"') + CONV
    text += layer("TimeLoss", "c label", "loss", "loss_weight: 1")
    assert inputs(text, {}) == ["data"]
    assert outputs(text) == ["c"]
