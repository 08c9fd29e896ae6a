"""What is told of two networks, pair by pair, as those who compare them would have it."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from digests import MODELS

import proto2net
from proto2net import Proto2NetError
from proto2net.differ import Difference, diff
from proto2net.differ.fields import OUTPUTS

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 16 dim: 18 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "pool" type: "Pooling" bottom: "conv2" top: "pool"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
  inner_product_param { num_output: 10 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


def told(found: Difference) -> dict[str, list[str]]:
    """By state, the layers that are not the same."""
    states = ("added", "removed", "renamed", "changed")
    return {state: names for state in states if (names := [x.name for x in found.of_state(state)])}


def changes(found: Difference, about: str = OUTPUTS) -> list[tuple[str, str, object, object]]:
    return [
        (each.name, x.field, x.a, x.b)
        for each in found.layers
        for x in each.changes
        if x.about == about
    ]


def renamed(text: str, names: dict[str, str]) -> str:
    return re.sub(r'"([^"]+)"', lambda found: f'"{names.get(found[1], found[1])}"', text)


def inserted(text: str, after: str, name: str = "new") -> str:
    """The text with a Convolution of as many channels behind a layer with a blob of its name."""
    layer = (
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{after}" top: "{name}"\n'
        "  convolution_param { num_output: 4 kernel_size: 1 } }\n"
    )
    head, _, tail = text.partition(f'layer {{ name: "{after}"')
    own, _, rest = tail.partition("layer {")
    rest = rest.replace(f'bottom: "{after}"', f'bottom: "{name}"')
    return f'{head}layer {{ name: "{after}"{own}{layer}layer {{{rest}'


# ---- what is the same -----------------------------------------------------------------------


def test_a_network_is_the_same_as_itself() -> None:
    found = diff(NET, NET)
    assert found.equal
    assert str(found) == "the first → the second\nthe same: 8 layers"


def test_old_and_new_formats_of_a_network_do_not_differ() -> None:
    old = """name: "small" input: "data" input_dim: 2 input_dim: 3 input_dim: 16 input_dim: 18
layers { name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 blobs_lr: 1
  weight_decay: 1 weight_decay: 1 convolution_param { num_output: 4 kernel_size: 3 } }
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers { name: "conv2" type: CONVOLUTION bottom: "conv1" top: "conv2"
  convolution_param { num_output: 4 kernel_h: 3 kernel_w: 3 weight_filler { type: "constant" } } }
layers { name: "relu2" type: RELU bottom: "conv2" top: "conv2" }
layers { name: "pool" type: POOLING bottom: "conv2" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layers { name: "ip" type: INNER_PRODUCT bottom: "pool" top: "ip"
  inner_product_param { num_output: 10 } }
layers { name: "prob" type: SOFTMAX bottom: "ip" top: "prob" }
"""
    found = diff(NET, old)
    assert found.equal, str(found)


def test_what_is_the_default_need_not_be_said() -> None:
    said = NET.replace("pool: MAX ", "").replace("kernel_size: 3 }", "kernel_size: 3 stride: 1 }")
    assert diff(NET, said).equal
    a = 'layer { name: "bn" type: "BatchNorm" bottom: "prob" top: "bn" %s }'
    stated = "batch_norm_param { use_global_stats: true }"
    assert diff(NET + a % "", NET + a % stated).equal  # as it is in tests


def test_the_order_of_branches_and_of_what_is_summed_is_of_no_consequence() -> None:
    branch = (
        'layer { name: "%s" type: "Convolution" bottom: "pool" top: "%s"\n'
        "  convolution_param { num_output: %d kernel_size: %d pad: %d } }\n"
    )
    first, second = branch % ("a", "a", 6, 1, 0), branch % ("b", "b", 6, 3, 1)
    total = 'layer { name: "sum" type: "Eltwise" bottom: "%s" bottom: "%s" top: "sum" }\n'
    left = NET + first + second + total % ("a", "b")
    right = NET + second + first + total % ("b", "a")
    assert diff(left, right).equal
    weighed = "eltwise_param { coeff: 1 coeff: -1 } }\n"
    left, right = (x.replace(' top: "sum" }\n', f' top: "sum" {weighed}') for x in (left, right))
    assert changes(diff(left, right)) == [("sum", "bottom", ("a", "b"), ("b", "a"))]


# ---- one difference -------------------------------------------------------------------------


def test_one_layer_inserted_is_one_difference() -> None:
    found = diff(NET, inserted(NET, "pool"))
    assert told(found) == {"added": ["new"]}
    assert "  + new  Convolution  between pool and ip; num_output: 4; kernel_size: 1" in str(found)
    assert told(diff(inserted(NET, "pool"), NET)) == {"removed": ["new"]}


def test_one_layer_inserted_behind_which_names_are_numbered_on_is_one_difference() -> None:
    rows = ["data"] + [f"c{number}" for number in range(1, 21)]
    text = "\n".join(NET.splitlines()[:3])
    text = text.replace("16 dim: 18", "64 dim: 66") + "\n"
    for before, name in pairwise(rows):
        number = int(name[1:])
        text += (
            f'layer {{ name: "{name}" type: "Convolution" bottom: "{before}" top: "{name}"\n'
            f"  convolution_param {{ num_output: {3 + number} kernel_size: 1 }} }}\n"
        )
    longer = inserted(text, "c9").replace(
        'num_output: 4 kernel_size: 1 } }\nlayer { name: "c10',
        'num_output: 77 kernel_size: 1 } }\nlayer { name: "c10',
    )
    names = {f"c{n}": f"c{n + 1}" for n in range(10, 21)} | {"new": "c10"}
    found = diff(text, renamed(longer, names))
    assert told(found) == {"added": ["c10"], "renamed": [f"c{n}" for n in range(11, 22)]}
    assert "c10 … c20 → c11 … c21  11 layers" in str(found)


def test_causes_are_told_apart_from_the_shapes_that_follow() -> None:
    wider = NET.replace("num_output: 4", "num_output: 6", 1)
    found = diff(NET, wider)
    assert changes(found) == [("conv1", "num_output", 4, 6)]
    assert {x.name: x.follows for x in found.layers if x.follows} == {
        "relu1": "conv1",
        "conv2": "conv1",
    }
    assert (
        str(found)
        == """the first → the second
7 of 8 layers are the same, 1 changed

What is computed:
  ~ conv1  Convolution  num_output: 4 → 6

Because of conv1, 2 layers more have other shapes; one of them learns arrays of other shapes:
  conv2  Convolution  weight: 4 x 4 x 3 x 3 → 4 x 6 x 3 x 3

  parameters     1,950 → 2,078
  multiply-adds  50,064 → 74,256 per image
  weights        by name, those of the first fit 1 of 3 layers of the second"""
    )


def test_another_batch_is_told_as_such() -> None:
    found = diff(NET, NET.replace("dim: 2", "dim: 5"))
    assert told(found) == {"changed": ["data"]}
    assert "~ data  Input  shape: 2 x 3 x 16 x 18 → 5 x 3 x 16 x 18" in str(found)
    assert "Because of data, 7 layers more have other shapes, in the batch alone." in str(found)


def test_another_size_of_images_tells_which_weights_no_longer_fit() -> None:
    found = diff(NET, NET.replace("dim: 16", "dim: 20"))
    told_of = "Because of data, 6 layers more have other shapes; one of them learns arrays"
    assert told_of in str(found)
    assert "ip  InnerProduct  weight: 10 x 168 → 10 x 224" in str(found)


def test_another_type_in_the_same_place_is_a_change_of_type() -> None:
    for name in ("relu1", "prelu1"):
        other = NET.replace('"relu1" type: "ReLU"', f'"{name}" type: "PReLU"')
        found = diff(NET, other)
        assert changes(found) == [(name, "type", "ReLU", "PReLU")]
        assert told(found) == {"changed": [name]}


def test_a_layer_that_was_moved_is_one_difference() -> None:
    alexnet, caffenet = MODELS / "alexnet.prototxt", MODELS / "caffenet.prototxt"
    found = diff(alexnet, caffenet, ignore=["training"])
    assert [each[:2] for each in changes(found)] == [("norm1", "bottom"), ("norm2", "bottom")]


def test_other_bottoms_are_told_by_blob_and_layer() -> None:
    early = NET.replace('type: "Pooling" bottom: "conv2"', 'type: "Pooling" bottom: "conv1"')
    assert changes(diff(NET, early)) == [("pool", "bottom", "conv2 of relu2", "conv1 of relu1")]
    assert "bottom: conv2 of relu2 → conv1 of relu1" in str(diff(NET, early))


def test_arrays_that_are_shared_are_a_difference_if_others_are() -> None:
    shared = NET.replace('top: "conv2"\n', 'top: "conv2" param { name: "w" }\n')
    assert diff(NET, shared).equal  # with nobody
    text = NET.replace('top: "conv1" }', 'top: "conv1" }\n', 1)
    twin = 'layer {{ name: "twin" type: "Convolution" bottom: "conv1" top: "twin" {}\n'
    twin += "  convolution_param {{ num_output: 4 kernel_size: 3 }} }}\n"
    alone, both = text + twin.format(""), shared + twin.format('param { name: "w" }')
    assert changes(diff(alone, both)) == [("twin", "weight.shared_with", None, "conv2")]


def test_a_blob_that_is_an_output_of_one_network_alone_is_told() -> None:
    graph = proto2net.parse(NET)
    both = proto2net.parse(NET, outputs=["prob", "ip"])
    assert changes(diff(graph, both)) == [("ip", "output", False, True)]


def test_a_change_that_leaves_shapes_alone_is_no_reason_for_other_shapes() -> None:
    other = NET.replace("dim: 2", "dim: 5").replace("kernel_size: 3 }", "kernel_size: 3 group: 1 }")
    other = inserted(other.replace("num_output: 4 ", "num_output: 4 bias_term: false "), "pool")
    found = diff(NET, other)
    assert told(found) == {"added": ["new"], "changed": ["data", "conv1", "conv2"]}
    assert {x.follows for x in found.layers if x.b and x.name not in ("data", "new")} == {"data"}
    assert "Because of data, 7 layers more have other shapes, in the batch alone." in str(found)


def test_a_type_that_takes_another_number_of_bottoms_is_told() -> None:
    text = NET + 'layer { name: "j" type: "Eltwise" bottom: "conv1" bottom: "conv1" top: "j" }'
    other = text.replace("dim: 2", "dim: 5").replace(
        '"Eltwise" bottom: "conv1" bottom: "conv1"', '"Concat" bottom: "conv1"'
    )
    assert told(diff(text, other)) == {"changed": ["data", "j"]}
    slices = other.replace('type: "Concat"', 'type: "Slice"').replace(
        'top: "j"', 'top: "j" top: "k"'
    )
    assert told(diff(text, slices)) == {"changed": ["data", "j"]}
    assert told(diff(slices, text)) == {"changed": ["data", "j"]}


def test_what_was_added_again_and_again_is_told_in_a_line() -> None:
    plain, normed = (chain(30, normed=normed) for normed in (False, True))
    lines = str(diff(plain, normed)).splitlines()
    assert "60 added" in lines[1]
    assert [line for line in lines if line.startswith("  +")] == [
        "  + bn0, bn1, bn2 … bn29 (30)  BatchNorm  between a Convolution and a Scale",
        "  + sc0, sc1, sc2 … sc29 (30)  Scale      between a BatchNorm and a ReLU; bias_term: true",
    ]
    whole = diff(plain, normed).text(whole=True)
    assert "  + bn7   BatchNorm  between c7 and sc7\n" in whole


def chain(number: int, *, normed: bool) -> str:
    """Convolutions, each with its ReLU, and before that a BatchNorm and a Scale."""
    text, last = "\n".join(NET.splitlines()[1:3]) + "\n", "data"
    for index in range(number):
        text += CONVOLUTION % (f"c{index}", last, f"c{index}", 5 + index) + "\n"
        parts = [("bn", "BatchNorm", ""), ("sc", "Scale", "scale_param { bias_term: true }")]
        for name, kind, given in [*(parts if normed else []), ("r", "ReLU", "")]:
            blobs = f'bottom: "c{index}" top: "c{index}"'
            text += f'layer {{ name: "{name}{index}" type: "{kind}" {blobs} {given} }}\n'
        last = f"c{index}"
    return text


def residual(names: str, *, projection_first: bool, join: str) -> str:
    """A residual block whose layers are called by these letters, and whose join is of a type."""
    a, b, c, p, s, r = names
    main = [CONVOLUTION % (a, "data", a, 6), CONVOLUTION % (b, a, b, 8)]
    projection = [CONVOLUTION % (p, "data", p, 8)]
    branches = projection + main if projection_first else main + projection
    text = "\n".join([*NET.splitlines()[1:3], *branches])
    text += f'\nlayer {{ name: "{s}" type: "{join}" bottom: "{p}" bottom: "{b}" top: "{s}" }}\n'
    text += f'layer {{ name: "{r}" type: "ReLU" bottom: "{s}" top: "{s}" }}\n'
    return text + CONVOLUTION % (c, s, c, 3)


def test_branches_listed_in_another_order_are_found_though_all_names_differ() -> None:
    first = residual("abcpsr", projection_first=True, join="Eltwise")
    second = residual("uvwxyz", projection_first=False, join="Maximum")
    found = diff(first, second)
    pairs = {x.a.name: x.b.name for x in found.layers if x.a and x.b}
    assert pairs == {"data": "data", **dict(zip("abcpsr", "uvwxyz", strict=True))}
    assert changes(found) == [("y", "type", "Eltwise", "Maximum")]


# ---- names ----------------------------------------------------------------------------------


def test_a_network_whose_layers_all_have_other_names_is_the_same_renamed() -> None:
    graph = proto2net.parse(MODELS / "googlenet.prototxt")
    blobs = sorted({x for node in graph.nodes for x in (node.name, *(t.name for t in node.tops))})
    names = {name: f"x{number * 37 % 1009}" for number, name in enumerate(blobs)}
    other = renamed((MODELS / "googlenet.prototxt").read_text(), names)
    found = diff(graph, other)
    assert set(told(found)) == {"renamed"}
    assert len(found.of_state("renamed")) == len(graph.nodes)
    assert all(names[x.a.name] == x.b.name for x in found.layers if x.a and x.b)
    assert "9 blocks, 126 layers" in str(found)
    assert diff(graph, other, ignore=["names"]).equal


def test_names_with_another_end_are_told_in_one_line() -> None:
    names = {name: f"net/{name}" for name in "conv1 relu1 conv2 relu2 pool ip prob".split()}
    found = diff(NET, renamed(NET, names))
    assert "* → net/*  7 layers" in str(found)


def test_in_place_or_not_is_a_matter_of_names_alone() -> None:
    apart = NET.replace('bottom: "conv2" top: "conv2" }', 'bottom: "conv2" top: "relu2" }')
    apart = apart.replace('bottom: "conv2" top: "pool"', 'bottom: "relu2" top: "pool"')
    found = diff(NET, apart)
    assert changes(found) == []
    assert changes(found, "names") == [("relu2", "in place", True, False)]
    assert diff(NET, apart, ignore=["names"]).equal


def test_what_an_input_layer_is_called_is_of_no_consequence() -> None:
    assert diff(NET, NET.replace('name: "data"', 'name: "images"')).equal


# ---- what is not computed -------------------------------------------------------------------


def test_fillers_and_multipliers_are_about_training_and_told_once() -> None:
    trained = NET.replace(
        "kernel_size: 3 }", 'kernel_size: 3 weight_filler { type: "gaussian" std: 0.01 } }'
    ).replace('top: "conv2"\n', 'top: "conv2" param { lr_mult: 0 }\n')
    found = diff(NET, trained)
    assert changes(found) == []
    assert str(found).splitlines()[3:] == [
        "How it is trained:",
        "  weight_filler: not given → gaussian {std: 0.01}  conv1, conv2 (2 layers)",
        "  weight.lr_mult: 1 → 0                            conv2",
    ]
    assert diff(NET, trained, ignore=["training"]).equal
    assert str(diff(NET, trained, ignore=["training"])).endswith(
        "but for how it is trained: 8 layers"
    )
    more = trained.replace("std: 0.01", "std: 0.02", 1)
    assert changes(diff(trained, more), "training") == [("conv1", "weight_filler.std", 0.01, 0.02)]


def test_train_val_and_deploy_compute_the_same_but_for_the_batch_and_the_name_of_the_end() -> None:
    pair = MODELS / "nin_train_val.prototxt", MODELS / "nin.prototxt"
    found = diff(*pair, inputs={"data": (1, 3, 224, 224)}, ignore=["training", "images"])
    assert found.equal, str(found)
    trained = diff(*pair, phase="train", inputs={"data": (1, 3, 224, 224)})
    assert {"label", "loss"} <= {x.name for x in trained.of_state("removed")} | {
        x.name for x in trained.of_state("changed")
    }


def test_engines_are_about_how_caffe_runs_it() -> None:
    engine = NET.replace('top: "prob" }', 'top: "prob" softmax_param { engine: CAFFE } }')
    assert changes(diff(NET, engine), "running") == [("prob", "engine", "DEFAULT", "CAFFE")]
    assert diff(NET, engine, ignore=["running"]).equal


def test_a_dropout_ratio_is_about_training_where_it_does_nothing() -> None:
    drop = 'layer { name: "d" type: "Dropout" bottom: "prob" top: "d" dropout_param { %s } }'
    a, b = NET + drop % "dropout_ratio: 0.5", NET + drop % "dropout_ratio: 0.4"
    assert changes(diff(a, b), "training") == [("d", "dropout_ratio", 0.5, 0.4)]
    assert changes(diff(a, b, phase="train")) == [("d", "dropout_ratio", 0.5, 0.4)]


def test_what_can_be_ignored_is_told() -> None:
    with pytest.raises(Proto2NetError, match="these can: training, images, running, names"):
        diff(NET, NET, ignore=["outputs"])


# ---- families of networks -------------------------------------------------------------------


def test_resnets_of_50_and_101_layers_are_aligned_by_blocks() -> None:
    found = diff(MODELS / "resnet50.prototxt", MODELS / "resnet101.prototxt")
    blocks = {re.sub(r"^[a-z]+|_.*", "", x.name) for x in found.of_state("added")}
    assert blocks == {f"4b{number}" for number in range(6, 23)}
    assert not found.of_state("removed")
    assert [x.name for x in found.of_state("changed")] == ["conv1"]
    lines = str(found).splitlines()
    assert "  ~ conv1             Convolution  bias_term: true → false" in lines
    assert any(line.startswith("  + res4b6 … res4b22  17 blocks    221 layers: ") for line in lines)
    assert "  res3b … res4f → res3b1 … res4b5  8 blocks, 104 layers" in lines


def test_vggs_differ_in_three_convolutions() -> None:
    found = diff(MODELS / "vgg16.prototxt", MODELS / "vgg19.prototxt")
    assert told(found) == {
        "added": ["conv3_4", "relu3_4", "conv4_4", "relu4_4", "conv5_4", "relu5_4"]
    }


def test_networks_that_have_nothing_in_common_are_told_whole() -> None:
    found = diff(MODELS / "lenet.prototxt", MODELS / "squeezenet_v1.1.prototxt")
    items = [len(side) for side in found.items]
    pairs = [each for each in found.layers if each.a and each.b]
    assert len(found.layers) == sum(items) - len(pairs)
    assert [x.index for x in found.items[0]] == list(range(items[0]))
    assert not found.equal


@pytest.mark.parametrize("way", ["inserted", "renamed", "other"])
def test_ten_thousand_layers_take_seconds(way: str) -> None:
    def long(name: str, width: int, *, new: bool) -> str:
        text = NET.splitlines()[1:3]
        last = "data"
        for number in range(10_000):
            if new and number == 5_000:
                text.append(CONVOLUTION % ("new", last, "new", 99))
                last = "new"
            own = f"{name}{number}"
            text.append(CONVOLUTION % (own, last, own, width + number % 3))
            last = own
        return "\n".join(text)

    first = proto2net.parse(long("c", 4, new=False))
    kinds = {"inserted": ("c", 4), "renamed": ("x", 4), "other": ("x", 7)}
    second = proto2net.parse(long(*kinds[way], new=way != "other"))
    start = time.process_time()
    found = diff(first, second)
    took = time.process_time() - start
    assert len(found.of_state("added")) == (way != "other")
    assert len(found.of_state("changed")) == 10_000 * (way == "other")
    assert took < 20  # it is 2 to 5 on a quiet machine


CONVOLUTION = (
    'layer { name: "%s" type: "Convolution" bottom: "%s" top: "%s" '
    "convolution_param { num_output: %d kernel_size: 1 } }"
)


def test_paths_of_definitions_are_what_networks_are_called(tmp_path: Path) -> None:
    file = tmp_path / "a.prototxt"
    file.write_text(NET)
    assert diff(file, proto2net.parse(file)).names == (str(file), str(file))


def test_an_input_that_became_a_layer_is_told() -> None:
    data = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 6 dim: 8 } } }
"""
    fed = """layer { name: "w" type: "Input" top: "w"
  input_param { shape { dim: 1 dim: 3 dim: 6 dim: 8 } } }
"""
    pooled = """layer { name: "w" type: "Pooling" bottom: "data" top: "w"
  pooling_param { kernel_size: 3 pad: 1 stride: 1 } }
"""
    both = 'layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "w" top: "sum" }\n'
    for a, b in ((fed, pooled), (pooled, fed)):
        found = diff(data + a + both, data + b + both)
        assert ("w", "type") in [(name, field) for name, field, *_ in changes(found)]
        assert str(found)


def test_a_slice_into_other_parts_is_told() -> None:
    def net(outputs: int, parts: int) -> str:
        tops = " ".join(f'top: "s{index}"' for index in range(parts))
        return f"""layer {{ name: "data" type: "Input" top: "data"
  input_param {{ shape {{ dim: 2 dim: 3 dim: 7 dim: 9 }} }} }}
layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: {outputs} kernel_size: 3 }} }}
layer {{ name: "parts" type: "Slice" bottom: "conv" {tops} }}
"""

    assert "num_output: 12 → 18" in str(diff(net(12, 2), net(18, 3)))


def test_images_of_any_size_are_called_so() -> None:
    text = NET.split('layer { name: "ip"')[0]
    open_size = proto2net.parse(text, inputs={"data": (2, 3, None, None)})
    found = diff(text, open_size)
    assert changes(found)[0] == ("data", "shape", (2, 3, 16, 18), (2, 3, "any", "any"))
    assert [field for _, field, *_ in changes(found)] == ["shape"]
    assert "2 x 3 x any x any" in str(found)
