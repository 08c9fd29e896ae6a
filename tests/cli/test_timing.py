"""`time` tells what a network takes, and in a sentence why it cannot be timed; never the times."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from digests import MODELS

import proto2net
from proto2net import Proto2NetError, ShapeError, stopwatch, timing
from proto2net.backends.base import Backend
from proto2net.backends.runner import Runner
from proto2net.batch import with_batch
from proto2net.cli import main
from proto2net.handwritten import hand_written
from proto2net.stopwatch import milliseconds
from proto2net.timing import Times, alone, matrices, measure

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 4 } }
"""
ROIS = (
    NET
    + """
layer { name: "rois" type: "Input" top: "rois" input_param { shape { dim: 6 dim: 5 } } }
layer { name: "area" type: "InnerProduct" bottom: "rois" top: "area"
        inner_product_param { num_output: 1 } }
"""
)
TRAIN = (
    NET
    + """
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
"""
)
SQUARE = """name: "square"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "add" type: "Eltwise" bottom: "data" bottom: "data" top: "add" }
"""

Run = Callable[..., tuple[str, str, int]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Times tiny.prototxt, or another NET, in NumPy: what is printed and said, and the code."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.prototxt").write_text(NET)

    def run(*options: str, net: str = "tiny.prototxt", to: str = "numpy") -> tuple[str, str, int]:
        with pytest.raises(SystemExit) as end:
            main(["time", net, "--to", to, "--iterations", "1", "--warmup", "1", *options])
        return (*capsys.readouterr(), int(end.value.code or 0))

    return run


# What is printed


def test_a_row_a_target_with_what_it_can_do(run: Run) -> None:
    out, err, code = run("--batch", "6")
    assert (err, code) == ("", 0)
    title, _, head, rule, row, _, *totals = out.splitlines()
    assert title == "tiny (test phase), batch 6"
    assert re.split(" {2,}", head) == [
        *("target", "device", "forward ms", "+-", "images/s"),
        *("forward-backward ms", "+-", "images/s", "product ms", "ratio"),
    ]
    assert len(rule) >= len(head)
    number = r"[\d,]+\.\d+"
    assert re.fullmatch(
        rf"numpy \S+ +cpu +{number} +0\.000 +{number} +- +- +- +{number} +{number}", row
    )
    assert totals[:2] == ["iterations     1", "multiply-adds  6,510 per image"]


def test_a_row_a_layer_in_the_order_of_the_network(run: Run) -> None:
    out, _, _ = run("--each-layer")
    head, _, *rows = [re.split(" {2,}", line) for line in out.splitlines()[-5:]]
    assert head == ["layer", "type", "numpy ms", "numpy %"]
    assert [row[:2] for row in rows] == [
        ["conv", "Convolution"],
        ["relu", "ReLU"],
        ["ip", "InnerProduct"],
    ]
    assert sum(float(row[3]) for row in rows) == pytest.approx(100, abs=0.2)


def test_json_has_all_of_it(run: Run) -> None:
    found = json.loads(run("--json", "--each-layer", "--iterations", "2", "--threads", "1")[0])
    numpy = found["targets"].pop("numpy")
    assert found == {
        "net": "tiny",
        "phase": "TEST",
        "batch": 2,
        "multiply_adds": 6510,
        "iterations": 2,
        "targets": {},
    }
    layers = numpy.pop("layers")
    assert [(layer["name"], layer["type"]) for layer in layers] == [
        ("conv", "Convolution"),
        ("relu", "ReLU"),
        ("ip", "InnerProduct"),
    ]
    for times in (numpy["forward"], numpy["matrix_product"], *(one["forward"] for one in layers)):
        assert set(times) == {"mean_ms", "std_ms", "steps_ms"}
        assert times["mean_ms"] > 0
        assert sum(times["steps_ms"]) == pytest.approx(2 * times["mean_ms"])
    assert numpy["start_ms"] > 0
    assert numpy["build_ms"] > 0
    assert numpy["forward_backward"] is None
    assert numpy["device"] == "cpu"


def test_steps_tell_how_long_each_took(run: Run) -> None:
    out, _, _ = run("--steps", "--iterations", "2")
    table = [re.split(" {2,}", line) for line in out[out.index("step ") :].splitlines()]
    assert table[0] == ["step", "numpy ms"]
    steps = ["start", "build", "forward 1", "forward 2", "product 1", "product 2"]
    assert [row[0] for row in table[2:]] == steps
    assert all(float(row[1].replace(",", "")) > 0 for row in table[2:])


def test_a_step_that_a_target_does_not_have_is_a_dash() -> None:
    times = Times.of([2.0])
    found = timing.Timing(
        *("tiny", "TEST", 1, 1, 1),
        {
            "numpy": timing.TargetTimes("2", "cpu", times, None, times),
            "torch": timing.TargetTimes("2", "cpu", times, times, times),
        },
    )
    assert found.steps().splitlines()[-2:] == [
        "forward-backward 1         -     2.000",
        "product 1              2.000     2.000",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_shows_how_far_it_is_where_somebody_looks_on(
    run: Run, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    _, err, code = run()
    assert code == 0
    assert ("timing" in err) == terminal


def test_the_bar_is_full_at_the_end() -> None:
    told: list[tuple[int, int]] = []
    measure(
        proto2net.parse(NET),
        to=["numpy"],
        iterations=1,
        layers=True,
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(step, 7) for step in range(1, 8)]


def test_a_network_without_products_has_no_yardstick(run: Run, tmp_path: Path) -> None:
    (tmp_path / "square.prototxt").write_text(SQUARE)
    out, _, _ = run(net="square.prototxt")
    assert re.search(r" -  +-$", out.splitlines()[4])
    assert json.loads(run("--json", net="square.prototxt")[0])["multiply_adds"] == 0


def test_a_network_for_training_is_fed_labels() -> None:
    found = measure(
        proto2net.parse(TRAIN, phase="train"), to=["numpy"], iterations=1, layers=True, batch=7
    )
    assert (found.phase, found.batch) == ("TRAIN", 7)
    assert [layer.name for layer in found.targets["numpy"].layers][-2:] == ["loss", "accuracy"]


def test_targets_take_turns_and_their_problems_are_told_together() -> None:
    said = []

    def target(name: str, steps: int, problem: str = "") -> timing.Turns:
        for step in range(steps):
            said.append(f"{name}{step}")
            yield
        if problem:
            raise Proto2NetError(problem)
        return timing.TargetTimes(name, "cpu", Times(1, 0), None, None)

    found = timing._by_turns([target("a", 2), target("b", 3)])
    assert said == ["a0", "b0", "a1", "b1", "b2"]
    assert [times.version for times in found] == ["a", "b"]
    with pytest.raises(Proto2NetError) as told:
        timing._by_turns([target("a", 1, "first"), target("b", 1, "second"), target("c", 2)])
    assert str(told.value) == "first\nsecond"


# The clock


def test_runs_to_warm_up_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    lengths = iter([5.0, 4.0, 0.25, 0.5])
    monkeypatch.setattr(stopwatch, "perf_counter", lambda: now[0])

    def work() -> None:
        now[0] += next(lengths)

    assert milliseconds(work, warmup=2, iterations=2) == [250, 500]


def test_times_are_the_mean_and_the_standard_deviation() -> None:
    assert Times.of([1, 2, 3, 6]) == Times(3, pytest.approx(3.5**0.5), (1, 2, 3, 6))
    assert Times.of([2.5]) == Times(2.5, 0, (2.5,))


@pytest.mark.parametrize("macs", [1, 7, 1000, 39060, 10**6, 10**9, 2**30, 5 * 10**9, 495 * 10**9])
def test_the_matrices_have_as_many_multiply_adds(macs: int) -> None:
    sizes = matrices(macs)
    assert sizes is not None
    rows, inner, columns, repeats = sizes
    assert rows * inner * columns * repeats == pytest.approx(macs, rel=0.3 if macs < 100 else 0.05)
    assert max(rows, inner, columns) <= 4096
    assert repeats == 1 or inner == columns == 1024


# What is timed


def test_every_input_of_the_batch_is_resized() -> None:
    resized = with_batch(proto2net.parse(TRAIN, phase="train"), 7)
    assert [blob.shape for blob in resized.inputs] == [(7, 3, 9, 8), (7,)]
    assert resized.blobs["ip"].shape == (7, 4)
    assert resized.phase == "TRAIN"
    assert resized.nodes[-2].loss_weight == (1,)


def test_regions_keep_their_number() -> None:
    resized = with_batch(proto2net.parse(ROIS), 7)
    assert [blob.shape for blob in resized.inputs] == [(7, 3, 9, 8), (6, 5)]


def test_a_chosen_output_stays_the_only_one() -> None:
    graph = proto2net.parse(NET, outputs=["conv"])
    resized = with_batch(graph, 7)
    assert [blob.shape for blob in resized.outputs] == [(7, 5, 7, 6)]
    assert [node.name for node in resized.nodes] == ["data", "conv", "relu"]
    assert with_batch(graph, 2) == graph


def test_a_batch_that_does_not_fit_names_the_layer() -> None:
    fixed = NET + (
        'layer { name: "fixed" type: "Reshape" bottom: "ip" top: "fixed"'
        " reshape_param { shape { dim: 2 dim: 4 } } }"
    )
    with pytest.raises(ShapeError, match=r'<text>:9: layer "fixed" \(Reshape\)'):
        with_batch(proto2net.parse(fixed), 7)


def test_a_network_without_inputs_has_no_batch_to_change() -> None:
    dummy = 'layer { name: "a" type: "DummyData" top: "a" dummy_data_param { shape { dim: 2 } } }'
    with pytest.raises(Proto2NetError, match="the network has no input whose batch"):
        with_batch(proto2net.parse(dummy), 7)


def test_each_layer_is_a_network_of_its_own() -> None:
    conv, relu, ip = alone(proto2net.parse(NET))
    assert [node.name for node in ip.nodes] == ["conv", "ip"]
    assert [blob.shape for blob in ip.inputs] == [(2, 5, 7, 6)]
    assert [blob.shape for blob in ip.outputs] == [(2, 4)]
    assert relu.nodes[-1].in_place
    assert conv.nodes[-1].blobs == proto2net.parse(NET).nodes[1].blobs


def test_a_blob_that_is_read_twice_is_one_input() -> None:
    (add,) = alone(proto2net.parse(SQUARE))  # nothing is timed where nothing is made
    assert [blob.name for blob in add.inputs] == ["data"]
    assert len(add.nodes[-1].bottoms) == 2


@pytest.mark.parametrize("net", ["lenet", "googlenet", "resnet50", "mobilenet"])
def test_every_layer_of_well_known_networks_can_stand_alone(net: str) -> None:
    graph = proto2net.parse(MODELS / f"{net}.prototxt")
    parts = alone(graph)
    assert [part.nodes[-1].name for part in parts] == [node.name for node in graph.nodes[1:]]
    assert sum(node.macs for part in parts for node in part.nodes) == sum(
        node.macs for node in graph.nodes
    )


# What cannot be timed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "cuda"], "numpy runs on the CPU only"),
        (["--compile"], "numpy has no compiler"),
    ],
)
def test_what_numpy_cannot_do_is_a_sentence(run: Run, options: list[str], message: str) -> None:
    out, err, code = run(*options)
    assert (out, code) == ("", 1)
    assert err.startswith(f"{message}\n  hint: leave it out of --to")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--to", "torhc"], 'did you mean "torch"?'),
        (["--to", ","], "names no target"),
        (["--batch", "0"], "--batch"),
        (["--iterations", "0"], "--iterations"),
        (["--warmup", "0"], "--warmup"),
        (["--threads", "0"], "--threads"),
        (["--device", "tpu"], "--device"),
    ],
)
def test_wrong_usage_is_told_by_code_2(run: Run, wrong: list[str], message: str) -> None:
    out, err, code = run(*wrong)
    assert (out, code) == ("", 2)
    assert message in err


def test_a_target_that_prints_cannot_be_timed(run: Run) -> None:
    assert run(to="summary")[1].startswith('"summary" prints text; it cannot be timed\n')


def test_a_target_of_another_package_may_have_no_timing() -> None:
    with pytest.raises(Proto2NetError, match='the target "theirs" cannot be timed'):
        Runner("theirs").bench("cpu", compiled=False)


def test_a_target_of_another_package_may_only_print() -> None:
    class Theirs(Backend):
        name = "theirs"

    with pytest.raises(Proto2NetError, match='the target "theirs" cannot run what it prints'):
        _ = Theirs().runner


Stub = Callable[[str, str], None]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Puts a module that runs a text in front of a framework, for processes that begin now."""
    folder = tmp_path / "stubs"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def write(name: str, code: str) -> None:
        folder.joinpath(f"{name}.py").write_text(code)

    return write


def test_frameworks_that_are_not_installed_are_told_with_pip(run: Run, stub: Stub) -> None:
    for name in ("torch", "tensorflow"):
        stub(name, f"raise ImportError('No module named {name}')")
    out, err, code = run(to="torch,numpy,tf")
    assert (out, code) == ("", 1)
    assert err.splitlines() == [
        'the target "torch" cannot run here: No module named torch',
        "  hint: `pip install torch` installs it; a much smaller one for the CPU alone comes with "
        "--index-url https://download.pytorch.org/whl/cpu",
        'the target "tf" cannot run here: No module named tensorflow',
        "  hint: `pip install tensorflow` installs it",
        "2 problems; nothing was written",
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no memory:\\n\\n  too big')", "RuntimeError: no memory: too big"),
        (
            "import os; os.write(2, b'no such instruction\\n'); os.abort()",
            "the process ended with code -6 after: no such instruction",
        ),
        ("import os; os._exit(3)", "the process ended with code 3"),
        ("import os, signal; os.kill(os.getpid(), 9)", "the process ended with code -9"),
    ],
    ids=["raises", "aborts", "ends", "is killed"],
)
def test_a_framework_that_crashes_is_a_line(run: Run, stub: Stub, code: str, reason: str) -> None:
    stub("torch", code)
    _, err, ended = run(to="torch")
    assert (err.splitlines()[0], ended) == (f"timing torch stopped: {reason}", 1)


def test_what_a_framework_prints_does_not_matter(run: Run, stub: Stub) -> None:
    stub("torch", "print('[1, null]', flush=True); raise ImportError('not here')")
    assert run(to="torch")[1].startswith('the target "torch" cannot run here: not here\n')


# Networks written by hand

HAND_WRITTEN = f'''
import proto2net


class Tiny:
    inputs = {{"data": (2, 3, 9, 8)}}
    net = """{NET}"""

    def __init__(self, inputs=None):
        self.graph_ = proto2net.parse(self.net, inputs=inputs or self.inputs)

    @property
    def graph(self):
        return self.graph_


class Open(Tiny):
    inputs = {{}}


class Broken(Tiny):
    def __init__(self):
        self.made_up


class Other:
    pass
'''
BROKEN = 1 + HAND_WRITTEN.splitlines().index("        self.made_up")


def test_a_network_class_of_ones_own_is_timed(run: Run) -> None:
    Path("mine.py").write_text(HAND_WRITTEN)
    out, err, code = run("--batch", "4", "--output", "conv", net="mine.py:Tiny")
    assert (err, code) == ("", 0)
    assert out.startswith("tiny (test phase), batch 4\n")


def test_a_class_gets_the_inputs_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HAND_WRITTEN)
    for name in ("Tiny", "Open"):
        graph = hand_written(str(tmp_path / "mine.py"), name, inputs={"data": (7, 3, 11, 10)})
        assert graph.inputs[0].shape == (7, 3, 11, 10)


def test_a_class_gets_numbers_alone(run: Run) -> None:
    Path("mine.py").write_text(HAND_WRITTEN)
    _, err, code = run("--input", "data=1,3,any,any", net="mine.py:Open")
    assert code == 1
    assert err.startswith("mine.py: a size of the inputs of the class Open is any\n  hint: give ")


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("nowhere.py:Tiny", "nowhere.py: No such file or directory"),
        ("mine.py:Tinny", 'mine.py: there is no class Tinny\n  hint: did you mean "Tiny"?'),
        ("mine.py:proto2net", "mine.py: there is no class proto2net"),
        ("mine.py:Other", "mine.py: the class Other is no network\n  hint: it must be a"),
        (
            "mine.py:Open",
            "mine.py: the class Open does not say what shapes its inputs have\n"
            "  hint: give them, as in --input data=",
        ),
        ("mine.py:Broken", f"mine.py:{BROKEN}: AttributeError: 'Broken' object has no"),
        ("wrong.py:Tiny", "wrong.py:2: ZeroDivisionError: division by zero"),
        ("typo.py:Tiny", "typo.py:3: "),
    ],
)
def test_what_is_wrong_with_a_class_is_told(run: Run, net: str, message: str) -> None:
    Path("mine.py").write_text(HAND_WRITTEN)
    Path("wrong.py").write_text("\n1 / 0\n")
    Path("typo.py").write_text("\n\nclass Tiny\n")
    out, err, code = run(net=net)
    assert (out, code) == ("", 1)
    assert err.startswith(message), err


def test_options_of_a_prototxt_do_not_go_with_a_class(run: Run) -> None:
    Path("mine.py").write_text(HAND_WRITTEN)
    _, err, code = run("--phase", "train", net="mine.py:Tiny")
    assert code == 2
    assert "a class takes only --input and --output" in err


def test_reading_a_class_leaves_the_modules_of_others_alone(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(HAND_WRITTEN)
    before: Any = json
    hand_written(str(tmp_path / "json.py"), "Tiny")
    import json as after

    assert after is before
