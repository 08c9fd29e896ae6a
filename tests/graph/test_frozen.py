"""lr_mult: 0 freezes what is learned in the train phase; what else is said of training is told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from layer_cases import CORNERS
from samples.sample import layer

import proto2net

SHAPE = "input_param { shape { dim: 2 dim: 3 dim: 5 dim: 6 } }"
DATA = layer("Input", "", "data", SHAPE, "data")
FC = "inner_product_param { num_output: 4 }"


def net(*layers: str) -> str:
    return "\n".join([DATA, *layers])


def params(*rates: float | str) -> str:
    return " ".join(f"param {{ lr_mult: {rate} }}" for rate in rates)


def notes(caplog: pytest.LogCaptureFixture, text: str | Path, phase: str = "train") -> list[str]:
    with caplog.at_level(logging.INFO, "proto2net"):
        proto2net.parse(text, phase=phase, file="net.prototxt")
    return caplog.messages


def test_a_frozen_layer_is_written_so() -> None:
    corner = CORNERS / "grad_frozen_lr_mult" / "net.prototxt"
    source = proto2net.convert(corner, to="torch", phase="train")
    assert "self.fc = nn.Linear(27, 2).requires_grad_(False)\n" in source
    assert source.count("requires_grad_") == 1
    source = proto2net.convert(corner, to="tf", phase="train")
    assert '        name="fc",\n        trainable=False,\n' in source
    assert source.count("trainable") == 1


@pytest.mark.parametrize(("rates", "array"), [((0, 2), "weight"), ((1, 0), "bias")])
def test_a_layer_of_which_one_array_is_frozen(rates: tuple[int, int], array: str) -> None:
    text = net(layer("InnerProduct", "data", "y", params(*rates) + FC, "fc"))
    source = proto2net.convert(text, to="torch", phase="train")
    assert f"        self.fc.{array}.requires_grad_(False)\n" in source
    source = proto2net.convert(text, to="tf", phase="train")
    variable = {"weight": "kernel"}.get(array, array)
    assert f'    model.get_layer("fc").{variable}.trainable = False\n' in source
    assert "trainable=False" not in source


def test_the_test_phase_freezes_nothing_and_says_how_to(caplog: pytest.LogCaptureFixture) -> None:
    text = net(layer("InnerProduct", "data", "y", params(0, 0) + FC, "fc"))
    assert notes(caplog, text, "test") == [
        'net.prototxt: lr_mult and decay_mult (blobs_lr and weight_decay) of layer "fc" are not '
        "used: they are for training; lr_mult: 0 freezes with --phase train"
    ]
    for to in ("torch", "tf"):
        source = proto2net.convert(text, to=to)
        assert "requires_grad_" not in source
        assert "trainable" not in source


def test_a_shared_array_is_frozen_where_any_of_its_sharers_says_so() -> None:
    first = 'param { name: "w" } param { name: "b" }'
    second = 'param { name: "w" lr_mult: 0 } param { name: "b" lr_mult: 0 }'
    text = net(
        layer("InnerProduct", "data", "y", first + FC, "one"),
        layer("InnerProduct", "data", "z", second + FC, "two"),
    )
    source = proto2net.convert(text, to="torch", phase="train")
    assert "self.one = nn.Linear(90, 4).requires_grad_(False)\n" in source


def test_statistics_are_not_frozen_since_nothing_trains_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = net(
        layer("BatchNorm", "data", "y", params(0, 0, 0), "bn"),
        layer("Scale", "y", "y", "scale_param { bias_term: true }", "scale"),
    )
    for to in ("torch", "tf"):
        source = proto2net.convert(text, to=to, phase="train")
        assert "requires_grad_(" not in source
        assert "trainable=False, name" not in source
        assert ".trainable" not in source
    assert not [note for note in notes(caplog, text) if "freezes" in note or "not used" in note]


USUAL = [
    "param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }",
    "param { lr_mult: 1 } param { lr_mult: 2 }",
    "param { lr_mult: 1 } param { lr_mult: 1 }",
    "",
]


@pytest.mark.parametrize("text", USUAL)
def test_the_usual_multipliers_are_passed_over(text: str, caplog: pytest.LogCaptureFixture) -> None:
    fc = net(layer("InnerProduct", "data", "y", text + FC, "fc"))
    assert notes(caplog, fc) == notes(caplog, fc, "test") == []


def test_other_multipliers_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    layers = [
        layer("InnerProduct", "data", f"y{rate}", params(rate, 2 * rate) + FC, f"fc{rate}")
        for rate in (10, 1, 5)
    ]
    told = (
        "net.prototxt: lr_mult and decay_mult (blobs_lr and weight_decay) of 2 layers "
        '(the first is "fc10") are not used: '
    )
    assert notes(caplog, net(*layers)) == [f"{told}only lr_mult: 0 is, which freezes"]
    caplog.clear()
    assert notes(caplog, net(*layers), "test") == [f"{told}they are for training"]


def test_a_solvers_own_values_are_told_as_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "net.prototxt").write_text(net(layer("ReLU", "data", "y")))
    solver = tmp_path / "solver.prototxt"
    solver.write_text('net: "net.prototxt"\nbase_lr: 0.01\nweight_decay: 5e-4\ntype: "Adam"\n')
    with caplog.at_level(logging.INFO, "proto2net"):
        proto2net.parse(solver, phase="train")
    assert caplog.messages[1] == (
        f"{solver}: these fields of the solver are not used: base_lr, weight_decay, type"
    )


IN_PLACE = {
    "BNLL": ("", True),
    "Clip": ("clip_param { min: -1 max: 1 }", True),
    "ELU": ("", False),
    "Log": ("", True),
    "Power": ("power_param { power: 2 }", True),
    "ReLU": ("", False),
}


@pytest.mark.parametrize("kind", IN_PLACE)
def test_a_gradient_that_caffe_gets_wrong_in_place_is_told(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, wrong = IN_PLACE[kind]
    what = "runs in place, for which Caffe's own gradient is wrong; here it is right"
    told = notes(caplog, net(layer("TanH", "data", "x"), layer(kind, "x", "x", text, "l")))
    assert told == ([f"net.prototxt:3: {kind} {what}"] if wrong else [])
