"""The outline: which blocks are found, and that they are blocks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from digests import MODELS
from places import ROOT
from reference import NETS, corpus, needs_corpus, needs_nets

import proto2net
from proto2net import Graph
from proto2net.graph import Node
from proto2net.layers import Layer
from proto2net.outline import Outline, Part, Region, Stage, outline
from proto2net.outline.units import units, words


def regions(found: Outline) -> list[Region]:
    """The regions in order, those of stages too."""
    return [
        region
        for part in found.parts
        if not isinstance(part, Node)
        for region in (part.regions if isinstance(part, Stage) else (part,))
    ]


def nodes(part: Part) -> list[Node[Layer]]:
    if isinstance(part, Node):
        return [part]
    whole = part.regions if isinstance(part, Stage) else (part,)
    return [node for region in whole for node in region.nodes if node is not None]


def check(graph: Graph) -> Outline:
    """The outline, of which everything that is promised holds."""
    found = outline(graph)
    whole = [node for part in found.parts for node in nodes(part)]
    assert list(map(id, whole)) == list(map(id, graph.nodes))
    assert list(found.kinds) == list(dict.fromkeys(region.kind for region in regions(found)))
    titles = [kind.title for kind in found.kinds]
    assert len(set(titles)) == len(titles)
    for kind in found.kinds:
        mine = [region for region in regions(found) if region.kind is kind]
        assert len(mine) >= 2
        assert len({region.key for region in mine}) == len(mine)
        assert len(set(kind.roles)) == len(kind.roles)
        assert len(kind.templates) in (0, len(kind.roles))
        assert len(kind.steps) in (0, len(kind.templates))
        assert all(kind.roles)
        assert any(None not in region.nodes for region in mine)
        assert bool(kind.optional) == any(None in region.nodes for region in mine)
    for region in regions(found):
        check_region(graph, region)
    for stage in found.parts:
        if isinstance(stage, Stage):
            check_stage(graph, stage)
    return found


def check_region(graph: Graph, region: Region) -> None:
    kind = region.kind
    names = kind.names(region.key) or [node.name if node else "" for node in region.nodes]
    for index, (name, node) in enumerate(zip(names, region.nodes, strict=True)):
        assert index in kind.optional if node is None else name == node.name
    inside = nodes(region)
    made = {top for node in inside for top in node.tops}
    assert {blob for node in inside for blob in node.bottoms} - made == {region.entry}
    assert region.exit in made
    readers = {reader for blob in made for reader in graph.consumers.get(blob, ())}
    read = {blob for node in readers - set(inside) for blob in node.bottoms}
    assert (read | graph.output_set) & made == {region.exit}
    assert not any(graph.sharers(node) or any(node.loss_weight) for node in inside)
    assert not any(isinstance(node.layer, proto2net.layers.Input) for node in inside)


def check_stage(graph: Graph, stage: Stage) -> None:
    assert len(stage.regions) == len(stage.keys) == len(set(stage.keys)) > 1
    for before, after in zip(stage.regions, stage.regions[1:], strict=False):
        assert after.entry == before.exit
        assert set(graph.consumers[before.exit]) <= set(nodes(after))
        assert before.exit not in graph.output_set


def own() -> list[Path]:
    return sorted((ROOT / "models" / "prototxt").glob("*.prototxt"))


def model(name: str) -> Graph:
    path = ROOT / "models" / "prototxt" / f"{name}.prototxt"
    inputs = {"*": (1, 3, 224, 224)} if "train_val" in name else None
    return proto2net.parse(path, inputs=inputs)


@pytest.mark.parametrize("path", own(), ids=lambda path: path.stem)
def test_blocks_of_the_classics_are_blocks(path: Path) -> None:
    check(model(path.stem))


def public() -> Iterator[Graph]:
    """The networks of which Caffe's shapes were recorded."""
    wanted = {path.stem for path in NETS.glob("*.json")}
    for path, sha, text in corpus({"deploy", "train_val"}):
        if sha in wanted:
            yield proto2net.parse(text, file=path)


@needs_nets
def test_blocks_of_public_networks_are_blocks() -> None:
    found = [check(graph) for graph in public()]
    assert len(found) > 100
    assert sum(bool(each.kinds) for each in found) >= 50


def told(found: Outline) -> list[str]:
    """The kinds, as "16 Bottleneck"."""
    return [
        f"{sum(region.kind is kind for region in regions(found))} {kind.title}"
        for kind in found.kinds
    ]


FOUND = {
    "alexnet": [],
    "googlenet": ["9 Inception"],
    "mobilenet": ["13 DepthwiseSeparable"],
    "resnet50": ["16 Bottleneck"],
    "resnet101": ["33 Bottleneck"],
    "resnet152": ["50 Bottleneck"],
    "squeezenet_v1.1": ["8 Fire"],
}


@pytest.mark.parametrize("name", FOUND)
def test_these_blocks_are_found(name: str) -> None:
    assert told(check(model(name))) == FOUND[name]


_ZOO = "prototxt/soeaver__caffe-model/cls__"
_YOLO = "prototxt/eric612__MobileNet-YOLO/models__"

FOUND_IN_PUBLIC = {
    f"{_ZOO}densenet__deploy_densenet121.prototxt": ["58 DenseLayer"],
    f"{_ZOO}inception__deploy_inception-v3.prototxt": [
        *("3 InceptionA", "4 InceptionB", "18 ConvBlock"),
    ],
    f"{_ZOO}resnet-v2__deploy_resnet152-v2.prototxt": ["49 Bottleneck"],
    f"{_ZOO}vgg__deploy_vgg16bn-pytorch.prototxt": ["13 ConvBlock"],
    f"{_YOLO}darknet_yolov3__yolov3-spp.prototxt": ["27 ConvBlock", "23 ResidualBlock"],
    f"{_YOLO}mobilenetv2_voc__ssd_lite__deploy.prototxt": [
        *("15 ConvBlock", "10 InvertedResidual", "5 DepthwiseSeparable", "10 Head"),
    ],
    "prototxt/daijifeng001__R-FCN/models__rfcn_prototxts__ResNet-50L_OHEM_res3a__test.prototxt": [
        *("3 FrozenBottleneck", "13 Bottleneck"),
    ],
    "prototxt/chuanqi305__MobileNet-SSD/deploy.prototxt": [
        *("9 ConvBlock", "13 DepthwiseSeparable", "12 Head"),
    ],
    "prototxt/hujie-frank__SENet/models__SE-ResNet-50.prototxt": ["16 SEBottleneck"],
    "prototxt/PaddlePaddle__X2Paddle/test_benchmark__Caffe__ShuffleNet__shufflenet_v2_x0.5"
    ".prototxt": ["3 ShuffleUnit", "13 ShuffleUnit2"],
    "prototxt/shicai__MobileNet-Caffe/mobilenet_v2_deploy.prototxt": [
        *("7 InvertedBottleneck", "10 InvertedResidual"),
    ],
    "prototxt/wy1iu__sphereface/train__model_lib__Sphereface-64__sphereface_64_deploy.prototxt": [
        "29 ResidualBlock"
    ],
    "weights/ultraface_rfb320/deploy.prototxt": ["9 DepthwiseSeparable"],
}


@needs_corpus
def test_these_blocks_are_found_in_public_networks() -> None:
    found = {
        path: told(check(proto2net.parse(text, file=path)))
        for path, _, text in corpus({"deploy"})
        if path in FOUND_IN_PUBLIC
    }
    assert found == FOUND_IN_PUBLIC


def squeezenet(*changes: tuple[str, str, str]) -> Graph:
    """SqueezeNet, in which layers of these names say something else."""
    text = (ROOT / "models" / "prototxt" / "squeezenet_v1.1.prototxt").read_text(encoding="utf-8")
    for layer, old, new in changes:
        start = text.index(f'name: "{layer}"')
        end = text.index("\n}", start)
        assert old in text[start:end]
        text = text[:start] + text[start:end].replace(old, new) + text[end:]
    return proto2net.parse(text)


SHARED = ('type: "Convolution"', 'type: "Convolution" param { name: "w" }')

OF_ANOTHER_KIND = {
    "kernel": [("fire5/expand3x3", "kernel_size: 3 pad: 1", "kernel_size: 5 pad: 2")],
    "bias": [("fire5/expand3x3", "pad: 1", "pad: 1 bias_term: false")],
    "filler": [("fire5/expand3x3", "pad: 1", 'pad: 1 weight_filler { type: "xavier" }')],
    "frozen": [("fire5/expand3x3", SHARED[0], f"{SHARED[0]} param {{ lr_mult: 0 }}")],
    "no gradient": [
        ("fire5/concat", 'type: "Concat"', 'type: "Concat" propagate_down: [true, false]')
    ],
    "another activation": [("fire5/relu_expand1x1", '"ReLU"', '"Sigmoid"')],
    "order": [
        ("fire5/concat", 'bottom: "fire5/expand1x1"', 'bottom: "a"'),
        ("fire5/concat", 'bottom: "fire5/expand3x3"', 'bottom: "fire5/expand1x1"'),
        ("fire5/concat", 'bottom: "a"', 'bottom: "fire5/expand3x3"'),
    ],
    "other names": [("fire5/expand3x3", 'name: "fire5/expand3x3"', 'name: "fire5/other"')],
    "names of two keys": [
        ("fire5/expand3x3", 'name: "fire5/expand3x3"', 'name: "fire55/expand3x3"')
    ],
    "a loss": [("fire5/concat", 'type: "Concat"', 'type: "Concat" loss_weight: 1')],
}


@pytest.mark.parametrize("what", OF_ANOTHER_KIND)
def test_a_block_that_differs_in_more_than_numbers_is_not_of_the_kind(what: str) -> None:
    found = check(squeezenet(*OF_ANOTHER_KIND[what]))
    assert told(found) == ["7 Fire"]
    assert "fire5" not in {region.name for region in regions(found)}


def test_blocks_differ_in_numbers() -> None:
    changes = [
        ("fire5/expand3x3", "pad: 1", "pad: 2 dilation: 2"),
        ("fire5/squeeze1x1", "kernel_size: 1", "kernel_size: 1 weight_filler { value: 3 }"),
    ]
    assert told(check(squeezenet(*changes))) == ["8 Fire"]


def test_layers_that_share_learned_blobs_are_in_no_block() -> None:
    shared = [(f"fire{i}/expand1x1", *SHARED) for i in (2, 3)]
    assert told(check(squeezenet(*shared))) == ["6 Fire"]


def test_a_value_that_is_read_from_outside_is_in_no_block() -> None:
    graph = squeezenet()
    assert told(check(graph.until(["fire5/squeeze1x1", "prob"]))) == ["7 Fire"]
    assert told(check(graph.until(["fire5/concat", "prob"]))) == ["8 Fire"]


def test_layers_of_a_block_are_called_as_in_caffe_without_what_tells_the_block() -> None:
    first = regions(outline(model("googlenet")))[0]
    assert (first.name, first.key) == ("inception_3a", "3a")
    assert first.kind.templates[:2] == ("inception_{}/1x1", "inception_{}/relu_1x1")
    assert first.kind.roles[:4] == ("1x1", "relu_1x1", "3x3_reduce", "relu_3x3_reduce")
    assert (first.entry.name, first.exit.name) == ("pool2/3x3_s2", "inception_3a/output")


def test_projections_are_a_part_that_not_every_block_has() -> None:
    found = outline(model("resnet50"))
    (kind,) = found.kinds
    assert [kind.roles[i] for i in kind.optional] == ["branch1", "bn_branch1", "scale_branch1"]
    projecting = [region.name for region in regions(found) if None not in region.nodes]
    assert projecting == ["res2a", "res3a", "res4a", "res5a"]


def test_blocks_in_a_row_are_stages() -> None:
    stages = {s.name: s.keys for s in outline(model("resnet50")).parts if isinstance(s, Stage)}
    assert stages == {
        "res2": tuple("abc"),
        "res3": tuple("abcd"),
        "res4": tuple("abcdef"),
        "res5": tuple("abc"),
    }
    stages = {s.name: s.keys for s in outline(model("resnet152")).parts if isinstance(s, Stage)}
    assert stages["res3"] == ("a", *(f"b{i}" for i in range(1, 8)))


def test_a_stage_leaves_a_layer_its_name() -> None:
    text = (MODELS / "resnet50.prototxt").read_text().replace('"fc1000"', '"res4"')
    graph = proto2net.parse(text)
    names = [part.name for part in outline(graph).parts if isinstance(part, Stage)]
    assert names == ["res2", "res3", "res4a_to_4f", "res5"]
    source = proto2net.convert(graph, to="torch")
    assert "self.res4 = nn.Linear(2048, num_classes)" in source


def chain(*names: str) -> Graph:
    """Convolutions and ReLUs in place by turns, of these names."""
    layers = [
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: [1, 3, 8, 9] } } }'
    ]
    bottom = "x"
    for index, name in enumerate(names):
        if index % 2:
            layers.append(
                f'layer {{ name: "{name}" type: "ReLU" bottom: "{bottom}" top: "{bottom}" }}'
            )
            continue
        layers.append(
            f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "y{index}" '
            "convolution_param { num_output: 3 kernel_size: 1 } }"
        )
        bottom = f"y{index}"
    return proto2net.parse("\n".join(layers))


def test_names_that_count_on_are_told_by_the_first_number() -> None:
    names = [
        name
        for i in range(1, 40, 6)
        for name in (f"a{i}", f"b{i}_", f"a{i + 2}", f"c{i + 1}", f"a{i + 3}", f"d{i + 5}")
    ]
    found = check(chain(*names))
    (kind,) = found.kinds
    assert kind.steps == (0, 0, 2, 1, 3, 5)
    assert [region.key for region in regions(found)] == [str(i) for i in range(1, 40, 6)]
    assert kind.names("7") == ("a7", "b7_", "a9", "c8", "a10", "d12")


@pytest.mark.parametrize("name", ["", "{}", "{0}", "9" * 5000, "conv" * 5000, "²", "a{b", "-1-"])
def test_any_names_will_do(name: str) -> None:
    same = chain(*[name] * 40)
    assert check(same).kinds == ()
    for texts in ("{0}a{1}", "{1}{0}", "{0}/{1}/{0}"):
        check(chain(*(texts.format(name, i // 4) for i in range(40))))
        check(chain(*(texts.format(name, i) for i in range(40))))


def test_units_are_what_a_person_writes_once() -> None:
    graph = proto2net.parse(MODELS / "mobilenet.prototxt")
    found = {tuple(words(alike[0])): len(alike) for alike in units(graph)}
    assert found["Conv", "BN", "ReLU"] == 27
    assert found["BN", "ReLU"] == 27
    assert not any("Conv" in each[1:] and each[0] == "Conv" for each in found)


def test_what_others_read_too_is_in_no_unit() -> None:
    text, entry = 'input: "data" input_shape { dim: 2 dim: 3 dim: 5 dim: 7 }\n', "data"
    for number in range(4):
        text += f"""layer {{ name: "c{number}" type: "Convolution"
            bottom: "{entry}" top: "c{number}"
            convolution_param {{ num_output: 4 kernel_size: 1 }} }}
            layer {{ name: "r{number}" type: "ReLU" bottom: "c{number}" top: "r{number}" }}\n"""
        entry = f"r{number}"
    assert len(units(proto2net.parse(text))) == 1
    assert units(proto2net.parse(text, outputs=["c0", "c1", "c2", "r3"])) == []


def test_with_every_value_as_an_output_there_are_no_blocks() -> None:
    graph = model("googlenet")
    assert outline(graph.until(list(graph.blobs))).kinds == ()


SAME = """
import sys, proto2net
from proto2net.outline import outline
print(outline(proto2net.parse(sys.argv[1])))
"""


def test_the_outline_is_the_same_in_every_process() -> None:
    path = ROOT / "models" / "prototxt" / "resnet50.prototxt"
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME, path],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(told) == 1
