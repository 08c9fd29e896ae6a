"""Networks written by hand: the same graphs as from prototxt, and errors at the user's own line."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builder_cases import needs_published, published
from digests import GOLDEN, MODELS

import proto2net
from proto2net import (
    CaffeNetwork,
    Network,
    Proto2NetError,
    ShapeError,
    WeightError,
)
from proto2net.builder import Chain
from proto2net.layers import (
    LRN,
    BatchNorm,
    Convolution,
    Crop,
    Deconvolution,
    DummyData,
    Eltwise,
    Filler,
    ParamSpec,
    Pooling,
    Power,
    ReLU,
    Scale,
    Slice,
    Softmax,
)


class Small(Network):
    inputs = {"data": (None, 13, 11, 4)}  # noqa: RUF012  # as people write it

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(5, 3, 6, 2, 2, name="conv1")
            .max_pool(3, 3, 2, 2, padding="VALID", name="pool1")
            .fc(10, relu=False, name="ip1")
            .softmax(name="prob")
        )


def shapes(net: Chain) -> dict[str, tuple[int, ...]]:
    return {name: blob.shape for name, blob in net.graph.blobs.items()}


def built(setup: Any, base: type[Chain] = Network, **inputs: tuple[int, ...]) -> Any:
    """A network with this setup."""
    return type("Net", (base,), {"setup": setup})(inputs or {"data": (1, 9, 7, 4)})


def last(setup: Any, base: type[Chain] = Network, **inputs: tuple[int, ...]) -> Any:
    """The last layer of a network with this setup."""
    return built(setup, base, **inputs).graph.nodes[-1].layer


# ---- what a user does first -----------------------------------------------------------------


def test_a_network_has_shapes_a_table_and_text() -> None:
    net = Small()
    assert shapes(net) == {
        "data": (1, 4, 13, 11),
        "conv1": (1, 6, 7, 6),
        "pool1": (1, 6, 3, 2),
        "ip1": (1, 10),
        "prob": (1, 10),
    }
    assert "conv1       Convolution   1 x 6 x 7 x 6" in str(net)
    assert "class Small(nn.Module):" in net.source("torch")
    assert "layers.Conv2D(" in net.source("tf")
    assert net.get_output().name == "prob"
    assert net.layers["pool1"].shape == (1, 6, 3, 2)


def test_the_shape_of_an_input_can_be_given_to_the_constructor() -> None:
    assert shapes(Small({"data": (5, 17, 19, 3)}))["conv1"] == (5, 6, 9, 10)


def test_the_graph_is_the_one_that_the_same_prototxt_gives() -> None:
    class LeNet(CaffeNetwork):
        inputs = {"data": (64, 1, 28, 28)}  # noqa: RUF012
        bias_filler = Filler("constant")

        def setup(self) -> None:
            xavier = Filler("xavier")
            params = (ParamSpec(lr_mult=1), ParamSpec(lr_mult=2))
            (
                self.feed("data")
                .conv(20, kernel=5, stride=1, weight_filler=xavier, params=params, name="conv1")
                .max_pool(kernel=2, stride=2, name="pool1")
                .conv(50, kernel=5, stride=1, weight_filler=xavier, params=params, name="conv2")
                .max_pool(kernel=2, stride=2, name="pool2")
                .fc(500, relu="relu1", weight_filler=xavier, params=params, name="ip1")
                .fc(10, weight_filler=xavier, params=params, name="ip2")
                .softmax(name="prob")
            )

    assert LeNet().graph == proto2net.parse(MODELS / "lenet.prototxt")


def test_layers_get_names_as_ethereon_gave_them() -> None:
    def setup(net: Any) -> None:
        net.feed("data").conv(3, 3, 4, 1, 1).conv(3, 3, 4, 1, 1).relu().max_pool(2, 2, 2, 2)

    names = [node.name for node in built(setup).graph.nodes]
    assert names == [
        "data",
        "conv_1",
        "conv_1_relu",
        "conv_2",
        "conv_2_relu",
        "relu_1",
        "max_pool_1",
    ]


def test_a_chain_can_be_fed_by_layer_name_by_blob_and_by_several() -> None:
    def setup(net: Any) -> None:
        net.feed("data").conv(1, 1, 4, 1, 1, name="a").dropout(0.5, name="drop", top="a")
        net.feed("data").conv(1, 1, 4, 1, 1, name="b")
        net.feed("drop", net.get_output()).add(name="sum")

    (node,) = [n for n in built(setup).graph.nodes if n.name == "sum"]
    assert [blob.name for blob in node.bottoms] == ["a", "b"]
    assert node.layer == Eltwise()


def test_layers_that_make_data_begin_a_chain() -> None:
    def setup(net: Any) -> None:
        net.add(DummyData(shape=((2, 3, 5, 4),)), name="noise").conv(3, 3, 6, 1, 1, name="c")

    assert shapes(built(setup))["c"] == (2, 6, 5, 4)


def test_loops_and_functions_are_blocks() -> None:
    def block(net: Network, name: str) -> Network:
        (shortcut,) = net.terminals
        net.conv(3, 3, 4, 1, 1, name=name)
        return net.feed(shortcut, name).add(name=f"{name}_sum")

    class Residual(Network):
        def setup(self) -> None:
            self.feed("data")
            for number in range(3):
                block(self, f"res{number}")

    graph = Residual({"data": (2, 9, 7, 4)}).graph
    assert [blob.name for blob in graph.outputs] == ["res2_sum"]


# ---- what each call means -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kernel", "stride", "right"),
    [
        ((3, 3), (1, 1), {"kernel": (3,), "pad": (1,)}),
        ((5, 3), (1, 1), {"kernel": (5, 3), "pad": (2, 1)}),
        ((1, 1), (2, 2), {"kernel": (1,), "stride": (2,)}),
        ((3, 3), (2, 2), {"kernel": (3,), "stride": (2,), "pad_type": 1}),
        ((2, 3), (1, 1), {"kernel": (2, 3), "pad_type": 1}),
    ],
)
def test_same_padding_is_caffes_own_where_that_is_the_same_at_every_size(
    kernel: tuple[int, int], stride: tuple[int, int], right: dict[str, Any]
) -> None:
    layer = last(lambda net: net.feed("data").conv(*kernel, 6, *stride, relu=False))
    assert layer == Convolution(num_output=6, weight_filler=Filler("xavier"), **right)


@pytest.mark.parametrize(
    ("padding", "right"),
    [
        ("SAME", Pooling(kernel=(3,), stride=(2,), pad_type=1)),
        ("VALID", Pooling(kernel=(3,), stride=(2,), round_mode="FLOOR")),
        (1, Pooling(kernel=(3,), stride=(2,), pad=(1,))),
        ((0, 1), Pooling(kernel=(3,), stride=(2,), pad=(0, 1))),
    ],
)
def test_max_pool_pads_in_tensorflows_words_or_in_numbers(padding: Any, right: Pooling) -> None:
    assert last(lambda net: net.feed("data").max_pool(3, 3, 2, 2, padding=padding)) == right


def test_average_pooling_never_takes_caffes_padding_for_same() -> None:
    layer = last(lambda net: net.feed("data").avg_pool(3, 3, 1, 1))
    assert layer == Pooling("AVE_EXC_PAD", (3,), pad_type=1)


def test_arguments_of_tensorflow_become_those_of_caffe() -> None:
    assert last(lambda net: net.feed("data").lrn(2, 2e-5, 0.75)) == LRN(5, 1e-4, 0.75)
    assert last(lambda net: net.feed("data").dropout(0.7)).dropout_ratio == 0.3
    joined = last(lambda net: net.feed("data", "data").concat(3))
    assert joined.axis == 1
    joined = last(lambda net: net.feed("data", "data").concat(1))
    assert joined.axis == 2
    assert last(lambda net: net.feed("data").softmax(axis=-1)) == Softmax(axis=1)
    cut = last(lambda net: net.feed("data").slice(3, points=(1,), top=("a", "b")))
    assert cut == Slice(axis=1, slice_point=(1,))


def test_batch_normalization_brings_its_scale_and_relu_in_place() -> None:
    graph = built(
        lambda net: net.feed("data").batch_normalization(name="bn", relu=True, eps=1e-3)
    ).graph
    assert [(n.name, n.layer, n.in_place) for n in graph.nodes[1:]] == [
        ("bn", BatchNorm(eps=1e-3), False),
        ("bn_scale", Scale(bias_term=True), True),
        ("bn_relu", ReLU(), True),
    ]


def test_a_string_names_the_layer_that_is_appended() -> None:
    net = built(lambda net: net.feed("data").conv(3, 3, 4, 1, 1, relu="relu0", name="conv1"))
    assert [node.name for node in net.graph.nodes] == ["data", "conv1", "relu0"]


def test_axes_of_the_caffe_style_are_caffes() -> None:
    joined = last(lambda net: net.feed("data", "data").concat(2), CaffeNetwork, data=(1, 4, 9, 7))
    assert joined.axis == 2


def test_the_caffe_style_rounds_pooling_up() -> None:
    pooled = built(
        lambda net: net.feed("data").max_pool(3, 2, name="pool"), CaffeNetwork, data=(1, 4, 10, 8)
    )
    assert shapes(pooled)["pool"] == (1, 4, 5, 4)


def test_upsampling_is_caffes_bilinear_deconvolution() -> None:
    net = built(lambda net: net.feed("data").upsample(3, name="up"))
    assert shapes(net)["up"] == (1, 4, 27, 21)
    node = net.graph.nodes[-1]
    assert node.layer == Deconvolution(
        num_output=4,
        kernel=(5,),
        stride=(3,),
        pad=(1,),
        group=4,
        bias_term=False,
        weight_filler=Filler("bilinear"),
    )
    assert node.params == (ParamSpec(lr_mult=0.0, decay_mult=0.0),)


@pytest.mark.parametrize(("kernel", "stride", "pad"), [(4, 2, 1), (3, 1, 1), (2, 2, 0)])
def test_a_deconvolution_with_same_padding_enlarges_by_its_stride(
    kernel: int, stride: int, pad: int
) -> None:
    net = built(
        lambda net: net.feed("data").deconv(
            kernel, kernel, 5, stride, stride, padding="SAME", name="up", relu=False
        )
    )
    assert shapes(net)["up"] == (1, 5, 9 * stride, 7 * stride)
    assert net.graph.nodes[-1].layer.pad == (pad,)


def test_the_other_short_forms_make_their_layers() -> None:
    def setup(net: Any) -> None:
        net.feed("data").prelu(name="p").elu(0.5, name="e").sigmoid(name="s").tanh(name="t")
        net.power(2.0, name="square").scale(name="scaled")
        net.feed("p", "e").eltwise("PROD", name="product")
        net.feed("p", "e").eltwise("MAX", name="maximum")
        net.feed("p", "e").eltwise("SUM", coeff=(1, -1), name="difference")
        net.feed("p").slice(top=("left", "right")).concat(name="again")
        net.feed("data").flatten(name="flat").reshape(0, 2, -1, name="shaped")
        net.feed("data").max_pool(2, 2, 2, 2, name="half")
        net.feed("data", "half").crop(2, offset=(1, 2), name="cropped")
        net.feed("data").permute(0, 2, 3, 1, name="turned")
        net.feed("data").global_avg_pool(name="mean").global_max_pool(name="max")

    net = built(setup, data=(2, 9, 7, 4))
    found = shapes(net)
    assert found["difference"] == (2, 4, 9, 7)
    assert found["left"] == (2, 2, 9, 7)
    assert found["again"] == (2, 4, 9, 7)
    assert found["flat"] == (2, 252)
    assert found["shaped"] == (2, 2, 126)
    assert found["cropped"] == found["half"] == (2, 4, 5, 4)
    assert found["turned"] == (2, 9, 7, 4)
    assert found["max"] == (2, 4, 1, 1)
    assert net.graph.nodes[-4].layer == Crop(2, (1, 2))


def test_recurrent_layers_read_a_sequence_and_where_it_begins() -> None:
    def setup(net: Any) -> None:
        net.feed("x", "cont").lstm(6, weight_filler=Filler("uniform"), name="lstm")
        net.feed("lstm", "cont").rnn(3, name="rnn")

    net = built(setup, CaffeNetwork, x=(5, 2, 7), cont=(5, 2))
    assert shapes(net)["lstm"] == (5, 2, 6)
    assert shapes(net)["rnn"] == (5, 2, 3)


def test_a_loss_and_an_accuracy_read_scores_and_labels() -> None:
    class Classifier(CaffeNetwork):
        phase = "train"
        inputs = {"data": (6, 4, 5, 3), "label": (6,)}  # noqa: RUF012

        def setup(self) -> None:
            self.feed("data").fc(7, name="scores")
            self.feed("scores", "label").softmax_loss(name="loss")
            self.feed("scores", "label").accuracy(top_k=2, name="accuracy", phase="test")
            self.feed("scores", "label").hinge_loss("L2", name="hinge")
            self.feed("scores", "scores").sigmoid_cross_entropy_loss(name="cross")
            self.feed("scores", "scores").euclidean_loss(name="euclidean")

    graph = Classifier().graph
    assert graph.phase == "TRAIN"
    assert [blob.name for _, blob in graph.losses] == ["loss", "hinge", "cross", "euclidean"]


def test_lists_ints_and_doubles_are_settled_as_a_file_would_have_them() -> None:
    def setup(net: Any) -> None:
        net.feed("data").add(Power(power=2, scale=0.1 + 0.2), name="p")  # type: ignore[arg-type]
        net.add(Convolution(num_output=2, kernel=3, pad=[1, 1]), name="c")  # type: ignore[arg-type]

    net = built(setup)
    assert net.graph.nodes[1].layer == Power(power=2.0, scale=0.3)
    assert net.graph.nodes[2].layer == Convolution(num_output=2, kernel=(3,), pad=(1, 1))
    assert proto2net.parse(net.prototxt(), file="Net.prototxt") == net.graph


# ---- problems -------------------------------------------------------------------------------


class Wrong(Network):
    def setup(self) -> None:
        (
            self.feed("data")
            .conv(3, 3, 8, 1, 1, group=3, name="grouped")
            .lrn(2, 2e-5, 0.75, name="after")
        )
        self.feed("dat").softmax()
        self.feed("data").deconv(3, 3, 8, 2, 2, padding="SAME", name="up")
        self.feed("data").max_pool(2, 2, 2, 2, padding="same", name="pool")


def test_every_problem_is_told_with_the_line_of_the_chain() -> None:
    with pytest.raises(ShapeError) as caught:
        Wrong({"data": (None, 9, 7, 4)})
    lines, start = inspect.getsourcelines(Wrong)

    def line(part: str) -> int:
        return start + next(i for i, text in enumerate(lines) if part in text)

    where = [(Path(i.where.file).name, i.where.line) for i in caught.value.issues if i.where]
    here = Path(__file__).name
    assert where == [
        (here, line('name="grouped"')),
        (here, line('"dat"')),
        (here, line('name="up"')),
        (here, line('name="pool"')),
    ]
    text = str(caught.value)
    assert 'layer "grouped" (Convolution): 4 input channels do not divide into 3 groups' in text
    assert 'no layer "dat" above\n  hint: did you mean "data"?' in text
    assert "padding" in caught.value.issues[-1].message


@pytest.mark.parametrize(
    ("inputs", "word"),
    [
        ({"data": (None, None, 7, 4)}, "(None, None, 7, 4)"),
        ({"data": 5}, "is 5"),
        ({"data": ("a", 3)}, "('a', 3)"),
    ],
)
def test_a_shape_that_is_none_is_refused(inputs: dict[str, Any], word: str) -> None:
    with pytest.raises(ShapeError, match="give a number for each axis") as caught:
        Small(inputs)
    assert word in str(caught.value)


def test_an_array_of_numpy_is_no_tensor() -> None:
    with pytest.raises(proto2net.Proto2NetError, match="a tensor of TensorFlow or PyTorch"):
        Small({"data": np.zeros((2, 13, 11, 4))})


class Slips(Network):
    def setup(self) -> None:
        self.relu(name="unfed")
        self.feed("data").conv(3, 3, 4, 1, 1, name="twice").conv(3, 3, 4, 1, 1, name="twice")
        self.feed("data").add(Power)  # type: ignore[arg-type]


def test_the_usual_slips_are_told() -> None:
    with pytest.raises(proto2net.Proto2NetError) as caught:
        Slips({"data": (1, 9, 7, 4)})
    text = str(caught.value)
    assert "begin the chain with self.feed(...)" in text
    assert '"twice" is already made by a layer above' in text
    assert "it takes a layer, such as Power(power=2.0)" in text
    assert len(caught.value.issues) == 3


def test_a_filler_can_be_named() -> None:
    layer = last(lambda net: net.feed("data").conv(1, 1, 3, 1, 1, weight_filler="msra", relu=False))
    assert layer.weight_filler == Filler("msra")


def test_a_network_without_setup_says_so() -> None:
    with pytest.raises(NotImplementedError, match="has no setup"):
        Network({"data": (1, 2, 3, 4)})


def test_weights_that_do_not_fit_are_refused_when_they_are_loaded(tmp_path: Path) -> None:
    case = GOLDEN / "layers" / "net_bn_scale_relu"
    net = Small()
    with pytest.raises(WeightError, match="nothing in"):
        net.load(case / "net.caffemodel")
    assert net.load(case / "net.caffemodel", ignore_missing=True) is net


def test_an_option_that_no_call_has_is_refused() -> None:
    def setup(net: Network) -> None:
        net.feed("data").conv(3, 3, 5, 1, 1, nmae="conv1", pad=1)  # type: ignore[call-arg]

    with pytest.raises(ShapeError) as caught:
        built(setup)
    first, second = caught.value.issues
    assert (first.message, first.hint) == ('no option "nmae"', 'did you mean "name"?')
    assert second.message == 'no option "pad"'
    assert second.hint.startswith("besides its own options, each call takes name, top, params")


def test_a_phase_that_is_none_is_refused() -> None:
    with pytest.raises(Proto2NetError, match='no phase "training"\n  hint: it is test or train'):
        type("Net", (Small,), {"phase": "training"})()


def test_a_setup_that_fails_over_a_problem_above_tells_the_problem() -> None:
    def setup(net: Network) -> None:
        net.feed("data").conv(30, 30, 5, 1, 1, padding="VALID", name="conv1")
        net.layers["conv1"].shape  # noqa: B018  # there is none

    with pytest.raises(ShapeError, match="30 x 30 does not fit"):
        built(setup)


# ---- documentation --------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Network, CaffeNetwork])
def test_every_public_method_says_what_it_does(cls: type[Chain]) -> None:
    forms = dict(inspect.getmembers(cls, inspect.isfunction))
    silent = [name for name, method in forms.items() if name[0] != "_" and not method.__doc__]
    assert silent == []


# ---- ethereon's classes ---------------------------------------------------------------------


@needs_published
@pytest.mark.parametrize("name", ["nin", "googlenet"])
def test_a_class_written_for_ethereons_tool_runs_with_another_import(name: str) -> None:
    net = published(name)({"data": (None, 224, 224, 3)})
    assert net.get_output().name == "prob"
    assert net.get_output().shape[1] == 1000
