"""The table of a network: aligned, plain, and adding up."""

from __future__ import annotations

import pytest
from digests import MODELS

import proto2net
from proto2net import backends
from proto2net.backends.base import Backend
from proto2net.backends.summary import support
from proto2net.layers import LAYERS

NET = """
name: "twins"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "cut" type: "Slice" bottom: "data" top: "a" top: "b"
        slice_param { slice_point: 1 } }
layer { name: "left" type: "InnerProduct" bottom: "data" top: "left"
        param { name: "w" } param { name: "b" } inner_product_param { num_output: 1000 } }
layer { name: "right" type: "InnerProduct" bottom: "data" top: "right"
        param { name: "w" } inner_product_param { num_output: 1000 } }
layer { name: "relu" type: "ReLU" bottom: "right" top: "right" }
layer { name: "quiet" type: "Silence" bottom: "a" bottom: "b" }
"""  # noqa: E501


def test_the_table_has_a_row_for_each_layer_and_totals_that_count_shared_parameters_once() -> None:
    graph = proto2net.parse(NET)
    assert str(graph).split("\n") == [
        "twins (test phase)",
        "",
        "layer  type          output shape                  parameters  multiply-adds",
        "-----  ------------  ----------------------------  ----------  -------------",
        "data   Input         2 x 3 x 9 x 8                          0              0",
        "cut    Slice         2 x 1 x 9 x 8, 2 x 2 x 9 x 8           0              0",
        "left   InnerProduct  2 x 1000                         217,000        216,000",
        "right  InnerProduct  2 x 1000                           1,000        216,000",
        "relu   ReLU          2 x 1000                               0              0",
        "quiet  Silence                                              0              0",
        "",
        "layers         6",
        "parameters     218,000 (0.9 MB as float32)",
        "multiply-adds  432,000 per image",
    ]
    assert proto2net.convert(graph, to="summary") == f"{graph}\n"


@pytest.mark.parametrize("batch", [1, 10])
def test_multiply_adds_are_those_of_an_image_whatever_the_batch_of_the_file(batch: int) -> None:
    net = (MODELS / "googlenet.prototxt").read_text()
    graph = proto2net.parse(net, inputs={"data": (batch, 3, 224, 224)})
    assert str(graph).endswith("multiply-adds  1,582,671,872 per image")
    assert str(graph) == backends.get("summary").emit(graph).source.rstrip()


RECURRENT = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 7 dim: 2 dim: 5 } } }
layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 7 dim: 2 } } }
layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "lstm"
        recurrent_param { num_output: 3 } }
"""
REGIONS = """
layer { name: "rois" type: "Input" top: "rois" input_param { shape { dim: 6 dim: 5 } } }
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool"
        roi_pooling_param { pooled_h: 1 pooled_w: 1 spatial_scale: 1 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
        inner_product_param { num_output: 4 } }
"""


@pytest.mark.parametrize(
    ("net", "each"),
    [
        (RECURRENT, 2 * (4 * 3 * 5 + 4 * 3 * 3)),  # a step of both sequences
        (REGIONS, 6 * 3 * 4 // 2),  # the regions of an image
    ],
)
def test_where_no_axis_is_a_batch_the_first_axis_counts_or_that_of_the_images(
    net: str, each: int
) -> None:
    assert str(proto2net.parse(net)).endswith(f"multiply-adds  {each} per image")


def test_a_scalar_is_shown_as_one() -> None:
    net = 'layer { name: "r" type: "Reduction" bottom: "data" top: "r" }'
    assert "r      Reduction  scalar" in str(
        proto2net.parse(
            NET.split("\nlayer")[0]
            + f"""
        layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 3 }} }} }}
        {net}"""
        )
    )


@pytest.mark.parametrize(
    ("name", "millions"),
    [("alexnet", 60.97), ("googlenet", 7.0), ("vgg16", 138.36), ("squeezenet_v1.1", 1.24)],
)
def test_known_networks_have_their_known_numbers_of_parameters(name: str, millions: float) -> None:
    found = proto2net.parse(MODELS / f"{name}.prototxt").parameters
    assert found / 1e6 == pytest.approx(millions, abs=0.01)


def test_a_network_of_odd_names_keeps_its_columns_and_plain_characters() -> None:
    long = "x" * 300
    net = NET.replace('"left"', r'"l\033[31m\n\351\235\223\342\200\256"').replace(
        '"quiet"', f'"{long}"'
    )
    lines = str(proto2net.parse(net.replace('"twins"', r'"\007 tw\303\255ns"'))).split("\n")
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert lines[0] == "_ tw?ns (test phase)"
    rows = lines[4 : lines.index("", 2)]
    assert len(rows) == 6
    assert len({len(row) for row in rows}) == 1
    assert max(map(len, rows)) < 140


def test_the_phase_is_named() -> None:
    graph = proto2net.parse(MODELS / "nin_train_val.prototxt", phase="train")
    assert str(graph).startswith("nin_imagenet (train phase)\n")


def test_support_lists_every_layer_type_for_every_target() -> None:
    lines = support().split("\n")
    targets = [name for name in backends.names() if isinstance(backends.get(name), Backend)]
    assert lines[0].split() == ["layer", "type", *targets, "fork", "held", "to"]
    cells = {line.split()[0]: line.split()[1:] for line in lines[2 : lines.index("")]}
    assert sorted(cells) == sorted(LAYERS)
    for name, said in cells.items():
        for target, cell in zip(targets, said[: len(targets)], strict=True):
            right = "yes" if backends.get(target).supports(LAYERS[name]) else "no"
            assert cell in (right, "input")
    assert cells["Convolution"][targets.index("torch")] == "yes"
    assert set(cells["HDF5Data"]) == {"input"}


def test_support_gives_a_targets_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = type(backends.get("torch"))
    monkeypatch.setattr(torch, "unsupported", {LAYERS["Filter"]: "has a size that data decides"})
    assert "Filter in torch: has a size that data decides" in support().split("\n")
