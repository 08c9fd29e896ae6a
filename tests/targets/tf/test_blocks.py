"""Emitted Keras files have the functions that a person would have written."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from digests import MODELS

import proto2net
from proto2net import Graph, backends

SIZES = {"googlenet": 224, "mobilenet": 96, "resnet50": 224, "squeezenet_v1.1": 97}
"""Networks with blocks, and the smallest images that they take."""


def parsed(name: str) -> Graph:
    shape = (1, 3, SIZES[name], SIZES[name])
    return proto2net.parse(MODELS / f"{name}.prototxt", inputs={"data": shape})


def net(*layers: str, size: int = 6) -> str:
    """A definition of these layers, which read a blob called data."""
    shape = f"input_param {{ shape {{ dim: 2 dim: 3 dim: {size} dim: {size + 1} }} }}"
    return "\n".join([f'layer {{ name: "data" type: "Input" top: "data" {shape} }}', *layers])


def conv(
    name: str, bottom: str, fields: str = "num_output: 3 kernel_size: 1", rest: str = ""
) -> str:
    return (
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" {rest} '
        f"convolution_param {{ {fields} }} }}"
    )


def module(name: str, bottom: str, *, head: str = "{}", rest: str = "", width: int = 4) -> str:
    """Four convolutions side by side and their sum, which are named after the module."""
    names = [f"{head.format(name)}/{side}" for side in "abcd"]
    fields = f"num_output: {width} kernel_size: 3 pad: 1"
    wires = " ".join(f'bottom: "{each}"' for each in names) + f' top: "{name}/sum"'
    total = f'layer {{ name: "{name}/sum" type: "Eltwise" {wires} }}'
    return "\n".join([*(conv(each, bottom, fields, rest) for each in names), total])


def modules(count: int, first: str = "data", **options: Any) -> list[str]:
    """So many modules in a row."""
    return [module(f"m{i}", f"m{i - 1}/sum" if i else first, **options) for i in range(count)]


def said(text: str, *, phase: str = "test") -> str:
    return backends.get("tf").emit(proto2net.parse(text, phase=phase), "network").source


@pytest.mark.parametrize("name", SIZES)
def test_layers_and_arrays_are_called_what_they_are_called_in_the_flat_file(name: str) -> None:
    graph, target = parsed(name), backends.get("tf")
    found, flat = target.emit(graph), target.emit(graph, flat=True)
    assert found.source != flat.source
    assert found.arrays == flat.arrays
    arrays = target.runner.arrays(proto2net.load(graph, to="tf"))
    learned = {name for name in arrays if not name.endswith("seed_generator_state")}
    assert learned == set(found.arrays)


def test_a_block_gets_what_its_layers_names_begin_with() -> None:
    source = proto2net.convert(MODELS / "googlenet.prototxt", to="tf")
    assert 'x = inception(x, 64, 96, 128, 16, 32, 32, name="inception_3a")' in source
    assert 'name=f"{name}_3x3_reduce"' in source


def test_a_block_gets_its_key_where_names_begin_differently() -> None:
    source = proto2net.convert(MODELS / "resnet50.prototxt", to="tf")
    assert 'x = bottleneck(x, 128, strides=2, project=True, name="3a")' in source
    assert 'name=f"bn{name}_branch2a"' in source


def test_blocks_in_a_row_whose_names_count_on_are_a_loop() -> None:
    source = proto2net.convert(MODELS / "resnet152.prototxt", to="tf")
    assert 'for index in range(1, 36):\n        x = bottleneck(x, 256, name=f"4b{index}")' in source
    source = proto2net.convert(MODELS / "resnet50.prototxt", to="tf")
    assert 'for letter in "bcdef":\n        x = bottleneck(x, 256, name=f"4{letter}")' in source


def test_what_counts_on_in_a_row_is_said_by_the_number() -> None:
    first, *widths = [5, 14, 20, 26, 32, 7]
    blocks = [
        module(f"m{index}", f"m{index - 1}/sum", width=width)
        for index, width in enumerate(widths, 1)
    ]
    source = said(net(module("m0", "data", width=first), *blocks))
    assert "for index in range(1, 5):" in source
    assert '(x, 8 + 6 * index, name=f"m{index}")' in source


def test_what_is_read_once_more_keeps_a_variable() -> None:
    source = said(net(module("m", "data")))
    assert 'layers.Add(name="m_sum")([m_a, m_b, m_c, m_d])' in source


def test_a_name_that_another_layer_has_stays_out_of_blocks() -> None:
    text = net(conv("m1_a", "data"), *modules(5, "m1_a"))
    graph, target = proto2net.parse(text), backends.get("tf")
    source = target.emit(graph).source
    assert 'name=f"{name}_a"' in source
    assert 'name="m1_a_1"' in source
    assert target.emit(graph).arrays == target.emit(graph, flat=True).arrays
    names = {layer.name for layer in proto2net.load(graph, to="tf").layers}
    assert {"m0_a", "m1_a", "m1_a_1", "m4_b"} <= names


@pytest.mark.parametrize("rates", [(0, 0), (1, 0)])
def test_layers_of_blocks_are_frozen(rates: tuple[int, int]) -> None:
    rest = " ".join(f"param {{ lr_mult: {rate} }}" for rate in rates)
    text = net(*modules(6, rest=rest), conv("last", "m5/sum"))
    assert 'name=f"{name}_a"' in said(text, phase="train")
    model = proto2net.load(proto2net.parse(text, phase="train"), to="tf")
    trained = {variable.path for variable in model.trainable_variables}
    kernels = {f"m{i}_{side}/kernel" for i in range(6) for side in "abcd"}
    assert trained == {"last/kernel", "last/bias"} | (kernels if rates[0] else set())


def filled(deviations: str) -> str:
    """Modules whose first convolutions are drawn with these standard deviations, one a module."""
    return net(
        *(
            block.replace("pad: 1", f'pad: 1 weight_filler {{ type: "gaussian" std: {std} }}', 1)
            for block, std in zip(modules(5, width=40), deviations.split(), strict=True)
        )
    )


def deviation(kernel: Any) -> float:
    return float(np.std(kernel))


@pytest.mark.parametrize("deviations", ["0.5 0.5 0.5 0.5 0.5", "0.5 0.5 0.1 0.5 0.5"])
def test_layers_of_blocks_start_as_the_definition_says(deviations: str) -> None:
    arrays = backends.get("tf").runner.arrays(proto2net.load(filled(deviations), to="tf"))
    for index, std in enumerate(map(float, deviations.split())):
        assert deviation(arrays[f"m{index}_a/kernel"]) == pytest.approx(std, rel=0.1)
    assert deviation(arrays["m2_b/kernel"]) < 0.1


def test_a_block_says_how_its_layers_start_where_all_do_alike() -> None:
    alike, apart = said(filled("2 2 2 2 2")), said(filled("2 2 1 2 2"))
    assert 'name=f"{name}_a", **GAUSSIAN)' in alike
    assert "fill(" not in alike
    assert 'name=f"{name}_a")' in apart
    assert 'model.get_layer("m2_a").kernel, initializers.RandomNormal(stddev=1.0)' in apart


def test_no_gradient_goes_into_a_block_where_the_definition_stops_it() -> None:
    blocks = [
        block.replace('/a" type', '/a" propagate_down: false type') for block in modules(6, "first")
    ]
    source = said(net(conv("first", "data"), *blocks), phase="train")
    assert 'name=f"{name}_a")(ops.stop_gradient(x))' in source
    assert 'name=f"{name}_b")(x)' in source
    assert 'x = m(x, name=f"m{index}")' in source


def test_text_of_names_stays_text() -> None:
    blocks = modules(4, head='{} {{x}} \\"')
    source = said(net(*blocks))
    assert 'name=f"{name}__x____a"' in source
    model = proto2net.load(proto2net.parse(net(*blocks)), to="tf")
    assert "m3__x____a" in {layer.name for layer in model.layers}


def test_a_classifier_takes_the_number_of_its_classes() -> None:
    source = proto2net.convert(MODELS / "squeezenet_v1.1.prototxt", to="tf")
    assert "    classes: int = 1000,\n" in source
    made: dict[str, Any] = {}
    exec(source, made)  # noqa: S102  # it is our own
    model = made["squeezenet_v1_1"](input_shape=(65, 65, 3), classes=7)
    assert model.output_shape[-1] == 7


def test_a_classifier_can_have_other_classes(tmp_path: Path) -> None:
    file = tmp_path / "lenet.py"
    file.write_text(proto2net.convert(MODELS / "lenet.prototxt", to="tf"))
    scope = runpy.run_path(str(file))
    assert scope["lenet"]().output_shape == (None, 10)
    assert scope["lenet"](classes=3).output_shape == (None, 3)
