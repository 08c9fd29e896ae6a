"""How learned blobs start matters where they are trained, and not where weights are read."""

from __future__ import annotations

import logging

import pytest

import proto2net
from proto2net import Proto2NetError

DATA = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 4 dim: 9 dim: 11 } } }
"""


def of(layer: str, **options: str) -> proto2net.Graph:
    """The network of one layer that reads "data"."""
    text = f'layer {{ name: "f" bottom: "data" top: "f" {layer} }}'
    return proto2net.parse(DATA + text, file="net.prototxt", **options)


def convolution(filler: str) -> str:
    return (
        'type: "Convolution" convolution_param { num_output: 3 kernel_size: 3 '
        f"weight_filler {{ {filler} }} }}"
    )


UNKNOWN = [
    (convolution('type: "identity" diag_val: 1'), "identity needs a square matrix"),
    (convolution('type: "file" file: "w.txt"'), '"file" is not a field of FillerParameter'),
    (convolution('type: "gaussian" spread: 2'), '"spread" is not a field of FillerParameter'),
    (
        convolution("") + ' weight_filler { type: "msra" }',
        '"weight_filler" is not a field of Layer',
    ),
    (
        'type: "Scale" scale_param { slope_filler { value: 1 } }',
        '"slope_filler" is not a field of ScaleParameter',
    ),
]


@pytest.mark.parametrize(("layer", "problem"), UNKNOWN)
def test_an_unknown_filler_is_told_where_nothing_is_trained(
    layer: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = of(layer)
    assert "net.prototxt:3: " in caplog.text
    for target in ("torch", "numpy", "tf"):
        proto2net.convert(graph, to=target)


@pytest.mark.parametrize(("layer", "problem"), UNKNOWN)
def test_an_unknown_field_of_a_filler_is_refused_in_training(layer: str, problem: str) -> None:
    with pytest.raises(Proto2NetError, match=problem):
        of(layer, phase="train")


def test_a_filler_of_forks_is_told_in_training_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    proto2net.convert(of(convolution('type: "orthogonal"'), phase="train"), to="torch")
    assert 'the place of the filler "orthogonal", which only a fork has' in caplog.text


def test_what_takes_the_place_of_a_filler_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    both = 'weight_filler { type: "lsuv" } bias_filler { type: "file" file: "b.txt" }'
    of(f'type: "InnerProduct" inner_product_param {{ num_output: 3 {both} }}')
    place = "the place of the filler"
    assert f'without weights, xavier takes {place} "lsuv", which only a fork has' in caplog.text
    assert f'without weights, zeros take {place} "file", which only a fork has' in caplog.text
    told = 'ignored unknown field "file" of FillerParameter, which says how training starts'
    assert told in caplog.text


@pytest.mark.parametrize("filler", ['type: "he"', 'type: "gaussian" spread: 2'])
def test_a_filler_of_data_is_refused_where_it_is_unknown(filler: str) -> None:
    text = f"""
        layer {{ name: "a" type: "DummyData" top: "a"
          dummy_data_param {{ shape {{ dim: 2 }} data_filler {{ {filler} }} }} }}
        layer {{ name: "b" type: "Input" top: "b" input_param {{ shape {{ dim: 2 }} }} }}
        layer {{ name: "c" type: "Eltwise" bottom: "a" bottom: "b" top: "c" }}"""
    with pytest.raises(Proto2NetError, match=r'unknown filler "he"|"spread" is not a field'):
        proto2net.parse(text)


def test_a_filler_that_no_fork_has_is_refused_as_in_caffe() -> None:
    with pytest.raises(Proto2NetError, match='unknown filler "he"'):
        of(convolution('type: "he"'))


def test_a_program_is_told_of_the_filler_that_it_misspells() -> None:
    def setup(net: proto2net.Network) -> None:
        net.feed("data").fc(3, weight_filler="xavior")

    misspelt = type("Net", (proto2net.Network,), {"setup": setup})
    with pytest.raises(Proto2NetError, match=r'unknown filler "xavior"(?s:.)*mean "xavier"'):
        misspelt({"data": (1, 4)})
