"""A graph printed as a hand-written network gives the same graph when it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from blocks import branches, code_lines
from digests import GOLDEN, MODELS
from hypothesis import strategies as st
from reference import NETS, corpus, needs_nets

import proto2net
from proto2net import Graph, Network, Proto2NetError
from proto2net.backends import get
from proto2net.graph import Entry
from proto2net.layers import (
    ELU,
    LRN,
    BatchNorm,
    Concat,
    Convolution,
    Deconvolution,
    Dropout,
    Eltwise,
    Filler,
    Flatten,
    InnerProduct,
    Input,
    Layer,
    ParamSpec,
    Pooling,
    Power,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Slice,
    Softmax,
    Tile,
    shortest,
)
from proto2net.wiring import wire

FILES = sorted([*MODELS.glob("*.prototxt"), *GOLDEN.glob("layers/*/*.prototxt")])


def printed(graph: Graph, *, flat: bool = False) -> str:
    """The class of the graph, once it is sure that running it gives the graph again."""
    source = proto2net.convert(graph, to="network", flat=flat)
    assert run(source).graph == graph
    return source


def run(source: str) -> Network:
    """The network of a printed class."""
    namespace: dict[str, Any] = {"__name__": "printed"}
    exec(compile(source, "printed.py", "exec"), namespace)  # noqa: S102  # what we printed
    net: Network = list(namespace.values())[-1]()
    return net


def in_both_phases(net: Any, **options: Any) -> Iterator[Graph]:
    """The graphs of a definition, which may be valid in one phase only."""
    for phase in ("test", "train"):
        try:
            yield proto2net.parse(net, phase=phase, **options)
        except Proto2NetError:
            continue


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(file.parts[-2:]))
def test_a_printed_network_gives_the_same_graph(file: Path) -> None:
    for graph in in_both_phases(file):
        assert printed(graph) == proto2net.convert(graph, to="network")  # it never changes


@needs_nets
def test_every_public_definition_gives_the_same_graph() -> None:
    recorded = {path.stem for path in NETS.glob("*.json")}
    wrong, seen = [], set()
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha not in recorded:
            continue
        seen.add(sha)
        graph = proto2net.parse(text, file=path)
        if run(proto2net.convert(graph, to="network")).graph != graph:
            wrong.append(path)
    assert seen == recorded
    assert wrong == []


def test_a_part_of_a_network_is_printed_with_its_outputs() -> None:
    graph = proto2net.parse(MODELS / "googlenet.prototxt", outputs=["pool2/3x3_s2", "pool1/norm1"])
    assert 'outputs = ("pool2/3x3_s2", "pool1/norm1")' in printed(graph)


LENET = '''\
"""LeNet, converted from Caffe by proto2net."""

from typing import ClassVar

from proto2net import Network
from proto2net.layers import Filler, ParamSpec


class LeNet(Network):
    """LeNet, converted from Caffe by proto2net."""

    inputs: ClassVar = {"data": (64, 28, 28, 1)}
    bias_filler = Filler()
    params = (ParamSpec(lr_mult=1), ParamSpec(lr_mult=2))

    def setup(self) -> None:
        (
            self.feed("data")
            .conv(5, 5, 20, padding="VALID", relu=False, name="conv1")
            .max_pool(2, 2, 2, 2, padding=0, name="pool1")
            .conv(5, 5, 50, padding="VALID", relu=False, name="conv2")
            .max_pool(2, 2, 2, 2, padding=0, name="pool2")
            .fc(500, relu="relu1", name="ip1")
            .fc(10, relu=False, name="ip2")
            .softmax(name="prob")
        )


if __name__ == "__main__":
    print(LeNet())
'''


def test_the_text_is_as_people_write_it() -> None:
    assert proto2net.convert(MODELS / "lenet.prototxt", to="network") == LENET


@pytest.mark.parametrize("name", ["googlenet", "mobilenet", "resnet152", "squeezenet_v1.1"])
def test_a_flat_network_is_much_longer_and_the_same_graph(name: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    assert code_lines(printed(graph, flat=True)) > 2 * code_lines(printed(graph))


FIRE = '''\
    def fire(self, name: str, channels: int) -> "SqueezeNetV11":
        """fire2 to fire9, 8 blocks of the definition."""
        self.conv_relu(name, "squeeze1x1", 1, 1, channels)
        self.conv_relu(name, "expand1x1", 1, 1, 4 * channels)
        self.feed(f"{name}/squeeze1x1").conv_relu(name, "expand3x3", 3, 3, 4 * channels)
        return self.feed(f"{name}/expand1x1", f"{name}/expand3x3").concat(
            name=f"{name}/concat"
        )

    def conv_relu(self, block: str, name: str, *sizes: int) -> "SqueezeNetV11":
        """Convolution and ReLU, 24 times in the definition."""
        return self.conv(*sizes, relu=f"{block}/relu_{name}", name=f"{block}/{name}")
'''


def test_a_block_is_a_method_that_feeds_and_chains() -> None:
    source = proto2net.convert(MODELS / "squeezenet_v1.1.prototxt", to="network")
    assert FIRE in source
    assert '            .fire("fire9", 64)\n' in source


def test_a_projection_is_there_where_it_is_asked_for() -> None:
    source = proto2net.convert(MODELS / "resnet50.prototxt", to="network")
    assert '.bottleneck("3a", 128, stride=2, project=True)\n' in source
    assert '.bottleneck("3b", 128)\n' in source
    assert '            shortcut = f"res{name}_branch1"\n' in source


def test_what_a_block_says_again_and_again_is_a_method_too() -> None:
    source = proto2net.convert(MODELS / "mobilenet.prototxt", to="network")
    assert "from typing import Any, ClassVar\n" in source
    assert "from proto2net.layers import Filler, ParamSpec\n" in source
    assert '            .conv_bn_relu("1", 3, 3, 32, 2, padding=1)\n' in source
    assert '        return self.conv_bn_relu(f"{name}/sep", 1, 1, out_channels)\n' in source
    assert "def conv_bn_relu(self, name: str, *sizes: int, **options: Any)" in source


def test_a_number_in_a_filler_is_mostly_what_it_mostly_is() -> None:
    source = proto2net.convert(MODELS / "googlenet.prototxt", to="network")
    assert "block: str, name: str, *sizes: int, std: float = 0.03" in source
    assert 'self.feed(x).conv_relu(name, "5x5_reduce", 1, 1, n5x5_reduce, std=0.2)' in source
    assert '            .conv_relu("conv2", "3x3", 3, 3, 192)\n' in source


def chain(*names: tuple[str, str], filler: str = "") -> str:
    """A network of convolutions with a ReLU each, of these names."""
    text, entry = 'input: "data" input_shape { dim: 2 dim: 3 dim: 5 dim: 7 }\n', "data"
    for number, (name, relu) in enumerate(names):
        text += f"""layer {{ name: "{name}" type: "Convolution" bottom: "{entry}" top: "{name}"
            convolution_param {{ num_output: {number + 2} kernel_size: 3 pad: 1 {filler}
            weight_filler {{ type: "gaussian" std: 0.{number + 1} }} }} }}
            layer {{ name: "{relu}" type: "ReLU" bottom: "{name}" top: "{name}" }}\n"""
        entry = name
    return text


@pytest.mark.parametrize(
    ("name", "relu", "call"),
    [
        ("a{0}/x{1}", "a{0}/relu_x{1}", '.conv_relu("a3", "x9", 3, 3, 5, std=0.4)'),
        ("conv{0}_{1}", "relu{0}_{1}", '.conv_relu("3_9", 3, 3, 5, std=0.4)'),
        ("{{}}c{1}", "{{}}r{1}", '.conv_relu("9", 3, 3, 5, std=0.4)'),
        ("'{1}", "'{1}'act", """.conv_relu("'9", 3, 3, 5, std=0.4)"""),
    ],
)
def test_names_of_a_unit_are_made_of_what_it_is_called_with(
    name: str, relu: str, call: str
) -> None:
    numbers = [(i, i * i) for i in range(8)]
    names = [(name.format(*each), relu.format(*each)) for each in numbers]
    assert call in printed(proto2net.parse(chain(*names)))


def test_names_that_have_nothing_in_common_make_no_unit() -> None:
    names = [(f"{first}p", f"{first}q") for first in "abcdefgh"]
    assert source_has_no_method(printed(proto2net.parse(chain(*names))))


def source_has_no_method(source: str) -> bool:
    return source.count("    def ") == 1


def test_a_padding_that_differs_in_words_alone_is_a_number() -> None:
    """SAME is a padding of 1 in Caffe where the stride is 1, and none of its own where it is 2."""
    source = printed(proto2net.parse(branches(1, 2, 1, 1, 2)))
    assert '.cell("cell2", 5, stride=2)' in source
    assert source.count("padding=1") == 2
    assert "SAME" not in source


def test_names_of_blocks_are_quoted() -> None:
    text = branches(1, 2, 1, 1, 2).replace("cell", r"c{x}\'\\\"l\n")
    source = printed(proto2net.parse(text))
    assert "def " in source.partition("def setup")[2]


def test_what_is_asked_for_inside_a_block_opens_that_block_alone() -> None:
    net = MODELS / "googlenet.prototxt"
    source = printed(proto2net.parse(net, outputs=["inception_4a/3x3_reduce", "prob"]))
    assert '"inception_4a/3x3_reduce"' in source
    assert "inception_4b/3x3_reduce" not in source


def test_layers_without_a_name_stay_without_one() -> None:
    printed(
        proto2net.parse(
            """input: "data" input_shape { dim: 2 dim: 3 }
            layer { name: "" type: "ReLU" bottom: "data" top: "a" }
            layer { type: "TanH" bottom: "a" top: "b" }"""
        )
    )


def test_names_from_a_file_are_quoted() -> None:
    definition = r"""
    name: "\"); import os  # \\"
    layer { name: "a\"\n" type: "Input" top: "a\"\n" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "'''\"\"\"" type: "ReLU" bottom: "a\"\n" top: "{0}" }
    """
    printed(proto2net.parse(definition))


def test_a_tuple_of_one_long_value_is_still_a_tuple() -> None:
    """`(x,)` keeps its comma where it is broken over lines."""
    shared = "weights_that_are_shared_under_a_name_of_many_letters"
    source = printed(
        proto2net.parse(
            f'''input: "data" input_shape {{ dim: 2 dim: 3 }}
            layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
            param {{ name: "{shared}" lr_mult: 2 decay_mult: 0.5 }}
            inner_product_param {{ num_output: 4 bias_term: false }} }}'''
        )
    )
    assert "        ),\n    )\n" in source


def test_a_network_called_as_a_layer_type_is_renamed() -> None:
    definition = """
    name: "Scale"
    layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 } } }
    """
    assert "class ScaleNet(Network):" in printed(proto2net.parse(definition))


def test_weights_are_written_in_ethereons_layout_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proto2net.weights.matching import match
    from proto2net.weights.porting import port
    from proto2net.weights.reading import read

    case = GOLDEN / "layers" / "net_bn_scale_relu"
    graph = proto2net.parse(case / "net.prototxt")
    model = match(graph, read(case / "net.caffemodel")).model
    arrays = port(model, get("network"), stem="net").beside
    assert arrays
    with (tmp_path / "net.safetensors").open("wb", buffering=0) as stream:
        arrays.write(stream)
    monkeypatch.chdir(tmp_path)
    found = read("net.safetensors")
    stored = {layer.name: layer.arrays[0].array.shape for layer in found.layers if layer.arrays[0]}
    assert stored["conv/weights"] == (3, 3, 4, 6)
    assert set(stored) >= {"bn/mean", "bn/variance", "scale/scale", "scale/offset"}
    right = statistics(match(graph, read(case / "net.caffemodel")).model.values)
    for slot, array in statistics(match(graph, found).model.values).items():
        assert array == pytest.approx(right[slot], rel=1e-6)


def statistics(values: dict[Any, Any]) -> dict[str, Any]:
    """Learned blobs by layer and name; means and variances with their factor put in."""
    found = {f"{node.name}/{blob}": array for (node, blob), array in values.items()}
    factor = found.pop("bn/scale_factor")
    return found | {name: found[name] / factor for name in ("bn/mean", "bn/variance")}


# ---- random graphs --------------------------------------------------------------------------

small = st.integers(1, 4)
floats = st.floats(-2, 2, width=32).map(shortest)
sides = st.one_of(st.tuples(small), st.tuples(small, small).filter(lambda s: s[0] != s[1]))
fillers = st.sampled_from([Filler(), Filler("xavier"), Filler("gaussian", std=0.25)])
windows = {"kernel": sides, "stride": sides, "pad": st.sampled_from([(0,), (1,), (1, 2)])}
LAYERS: list[st.SearchStrategy[Layer]] = [
    st.builds(
        Convolution,
        num_output=st.sampled_from([2, 4, 6]),
        **windows,
        dilation=st.sampled_from([(1,), (2,), (1, 2)]),
        group=st.sampled_from([1, 2]),
        bias_term=st.booleans(),
        weight_filler=fillers,
    ),
    st.builds(Deconvolution, num_output=small, **windows, bias_filler=fillers),
    st.builds(
        Pooling,
        pool=st.sampled_from(["MAX", "AVE", "STOCHASTIC"]),
        **windows,
        round_mode=st.sampled_from(["CEIL", "FLOOR"]),
    ),
    st.just(Pooling("AVE", global_pooling=True)),
    st.builds(
        InnerProduct, num_output=small, axis=st.sampled_from([1, -1]), bias_term=st.booleans()
    ),
    st.builds(LRN, local_size=st.sampled_from([1, 3, 5]), alpha=floats, beta=floats, k=floats),
    st.builds(BatchNorm, use_global_stats=st.sampled_from([None, True]), eps=floats),
    st.builds(Scale, bias_term=st.booleans(), axis=st.sampled_from([1, 0])),
    st.builds(Dropout, dropout_ratio=st.floats(0, 0.75, width=32).map(shortest)),
    st.builds(ReLU, negative_slope=st.sampled_from([0.0, 0.1])),
    st.builds(PReLU, channel_shared=st.booleans()),
    st.builds(ELU, alpha=floats),
    st.builds(Power, power=st.sampled_from([1.0, 2.0]), scale=floats, shift=floats),
    st.builds(Eltwise, operation=st.sampled_from(["SUM", "PROD", "MAX"])),
    st.builds(Concat, axis=st.sampled_from([None, 1, 2, -1])),
    st.builds(Slice, axis=st.sampled_from([None, 0, 1, 3])),
    st.builds(Softmax, axis=st.sampled_from([1, 2, -1])),
    st.builds(Flatten, axis=st.sampled_from([1, 2])),
    st.builds(Reshape, shape=st.sampled_from([(0, -1), (0, 0, -1), (2, -1, 3)])),
    st.builds(Tile, axis=st.sampled_from([1, 2]), tiles=small),
]
PADDED: list[st.SearchStrategy[Layer]] = [
    st.builds(Convolution, num_output=small, kernel=sides, stride=sides, pad_type=st.just(1)),
    st.builds(
        Pooling,
        pool=st.sampled_from(["MAX", "AVE_EXC_PAD"]),
        kernel=sides,
        stride=sides,
        pad_type=st.just(1),
    ),
]
"""What only a network by hand can say."""

names = st.text("abc/-_.0\"'", min_size=1, max_size=4)


@st.composite
def graphs(draw: st.DrawFn, layers: list[st.SearchStrategy[Layer]] = LAYERS) -> Graph:
    """A network of random layers; those that do not fit are left out."""
    phase = draw(st.sampled_from(["TEST", "TRAIN"]))
    first = draw(st.sampled_from(["data", "in"]))
    entries = [Entry(first, Input(shape=((2, 4, 9, 7),)), tops=("data",), phase=phase)]
    for number in range(draw(st.integers(0, 8))):
        layer = draw(st.one_of(layers))
        known = [top for entry in entries for top in entry.tops]
        least, most = layer.bottoms
        bottoms = draw(st.lists(st.sampled_from(known[-4:]), min_size=least, max_size=min(most, 3)))
        name = f"{draw(names)}{number}"
        tops = {"own": (name,), "in place": bottoms[:1], "two": (f"{name}a", f"{name}b")}
        wanted = draw(st.sampled_from(["own", "own", "in place", "two"]))
        params = draw(st.sampled_from([(), (), (ParamSpec(lr_mult=2.0),)]))
        entry = Entry(name, layer, tuple(bottoms), tuple(tops[wanted]), params, phase=phase)
        try:
            wire("net", [*entries, entry], phase)
        except Proto2NetError:
            continue
        entries.append(entry)
    return wire(draw(names), entries, phase)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(graphs([*LAYERS, *PADDED]))
def test_a_random_network_gives_the_same_graph(graph: Graph) -> None:
    printed(graph)


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(graphs())
def test_a_random_network_survives_caffes_text(graph: Graph) -> None:
    text = proto2net.convert(graph, to="prototxt")
    assert proto2net.parse(text, phase=graph.phase.lower(), file=f"{graph.name}.prototxt") == graph
