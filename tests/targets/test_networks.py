"""Emitted networks in every target: as programs, over many calls, by chance, and when they go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from digests import MODELS
from layer_cases import Ndarray, assert_close, case
from live_cases import check_that_looking_inside_renders_once, check_that_networks_are_freed
from samples.sample import layer, sample, values
from targets import of_sizes, seed

import proto2net
from proto2net import Graph, backends

NOT_NEEDED = {
    "numpy": ["proto2net", "torch", "tensorflow", "google"],
    "torch": ["proto2net", "tensorflow"],
    "tf": ["proto2net"],
}
"""What the files of each target have to run without."""


def test_source_runs_as_a_program_without_us(target: str, tmp_path: Path) -> None:
    file = tmp_path / "lenet.py"
    file.write_text(proto2net.convert(MODELS / "lenet.prototxt", to=target))
    program = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({NOT_NEEDED[target]}))\n"
        f"runpy.run_path({str(file)!r}, run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "prob (1, 10)\n"


def test_networks_that_are_no_longer_used_are_freed(target: str) -> None:
    check_that_networks_are_freed(target)


def test_looking_inside_a_network_again_renders_nothing_again(target: str) -> None:
    check_that_looking_inside_renders_once(target)


# ---- states ---------------------------------------------------------------------------------


def run(network: Any, graph: Graph, arrays: Sequence[Ndarray], target: str) -> Ndarray:
    """The first output of a network that is fed with these arrays."""
    feeds = {blob.name: array for blob, array in zip(graph.inputs, arrays, strict=True)}
    return backends.get(target).runner.run(network, graph, feeds)[0]


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_a_recurrent_layer_goes_on_where_its_last_call_ended(kind: str, target: str) -> None:
    found = case(kind)
    x = np.random.default_rng(3).standard_normal((8, 2, 3), np.float32)
    cont = np.ones((8, 2), np.float32)
    cont[0] = 0
    network = of_sizes(found.graph, found.weights, [x.shape, cont.shape], target)
    at_once = run(network, found.graph, [x, cont], target)
    parts = [
        run(network, found.graph, [x[steps], cont[steps]], target)
        for steps in (slice(3), slice(3, None))
    ]
    np.testing.assert_allclose(np.concatenate(parts), at_once, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_a_recurrent_layer_takes_any_number_of_steps_and_sequences(kind: str, target: str) -> None:
    found = case(kind)
    fed = [np.tile(array, [1, 3, 1][: array.ndim]) for array in found.inputs.values()]
    network = of_sizes(found.graph, found.weights, [array.shape for array in fed], target)
    right = np.tile(found.blobs["out"], (1, 3, 1))
    assert_close(run(network, found.graph, fed, target), right, 1e-5, "out")
    fewer = [array[:3] for array in fed]
    assert_close(run(network, found.graph, fewer, target), right[:3], 1e-5, "out")


# ---- chance ---------------------------------------------------------------------------------


def live(text: str, x: Ndarray, target: str, phase: str = "test") -> tuple[Any, Graph]:
    """A network with this layer, for arrays like x."""
    graph = proto2net.parse(sample(text, inputs={"x": x}).net, phase=phase)
    return proto2net.load(graph, to=target), graph


def test_dropout_in_training_drops_its_share_and_scales_up_the_rest(target: str) -> None:
    seed(target)
    x = np.ones((2000, 50), np.float32)
    text = layer("Dropout", "x", "y", "dropout_param { dropout_ratio: 0.2 }")
    network, graph = live(text, x, target, "train")
    found, other = (run(network, graph, [x], target) for _ in range(2))
    assert (found == 0).mean() == pytest.approx(0.2, abs=0.01)
    assert found.max() == np.float32(1) / np.float32(0.8)
    assert not np.array_equal(found, other)


def test_stochastic_pooling_draws_in_training_and_expects_in_testing(target: str) -> None:
    seed(target)
    text = layer("Pooling", "x", "y", "pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }")
    x = np.tile(np.array([[1, 3], [0, 4]], np.float32), (20, 1, 20, 10))
    expected = run(*live(text, x, target), [x], target)
    np.testing.assert_allclose(expected, np.full((20, 1, 20, 10), (1 + 9 + 16) / 8), rtol=1e-6)
    draws = run(*live(text, x, target, "train"), [x], target)
    found, counts = np.unique(draws, return_counts=True)
    np.testing.assert_array_equal(found, [1, 3, 4])
    np.testing.assert_allclose(counts / draws.size, [1 / 8, 3 / 8, 4 / 8], atol=0.05)


def test_random_dummy_data_is_new_for_each_call(target: str) -> None:
    fillers = 'data_filler { type: "uniform" min: 3 max: 4 } data_filler { value: 2 }'
    shapes = "shape { dim: 30 dim: 40 } shape { dim: 3 }"
    text = layer("DummyData", "", "noise label", f"dummy_data_param {{ {shapes} {fillers} }}")
    x = values(2, 3).astype(np.float32)
    network, graph = live(text, x, target)
    first, second = (
        dict(
            zip(
                (blob.name for blob in graph.outputs),
                backends.get(target).runner.run(network, graph, {"x": x}),
                strict=True,
            )
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first["label"], np.full(3, 2, np.float32))
    assert first["noise"].shape == (30, 40)
    assert 3 <= first["noise"].min() < 3.1
    assert 3.9 < first["noise"].max() <= 4
    assert not np.array_equal(first["noise"], second["noise"])
