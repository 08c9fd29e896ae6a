"""The command `train`: what it writes, what it never replaces, and how it goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from proto2net.cli import main
from proto2net.training import logs
from proto2net.training.events import Events

NET = """name: "tiny"
layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "files.txt" batch_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST } }
"""
SOLVER = """base_lr: 0.1 lr_policy: "fixed" max_iter: 4 display: 2 snapshot_prefix: "snap"
test_iter: 2 test_interval: 2
"""

Run = Callable[..., tuple[str, str, int]]


@pytest.fixture
def run(
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs `train` beside a small network and its data: what is printed and said, and the code."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    with h5py.File("data.h5", "w") as file:
        file["data"] = random.normal(size=(7, 4)).astype("f4")
        file["label"] = random.integers(5, size=7).astype("f4")
    Path("files.txt").write_text("data.h5\n")
    Path("net.prototxt").write_text(NET)
    Path("solver.prototxt").write_text(f'{SOLVER}net: "net.prototxt"\n')

    def run(*arguments: str) -> tuple[str, str, int]:
        with pytest.raises(SystemExit) as end:
            main(["train", "solver.prototxt", "--to", target, *arguments])
        out, err = capsys.readouterr()
        return out, err, int(end.value.code or 0)

    return run


def test_a_training_goes_on_with_its_log_and_curves_and_replaces_nothing(run: Run) -> None:
    out, _, code = run("--log", "a.jsonl", "--plot", "a.svg")
    assert code == 0
    assert [line for line in out.splitlines() if "Iteration" in line and "lr" not in line] == [
        "Iteration 0, Testing net (#0)",
        *(line for line in out.splitlines() if line.startswith("Iteration 0, loss = ")),
        "Iteration 2, Testing net (#0)",
        *(line for line in out.splitlines() if line.startswith("Iteration 2, loss = ")),
        "Iteration 4, Testing net (#0)",
    ]
    first, drawn = Path("a.jsonl").read_text(), Path("a.svg").read_bytes()
    log = logs.read("a.jsonl")
    assert (list(log.each), list(log.losses), list(log.rates)) == ([0, 1, 2, 3], [0, 2], [0, 2])
    assert {found.name: (list(x), found.is_loss) for found, x in log.tests.items()} == {
        "loss": ([0, 2, 4], True),
        "accuracy": ([0, 2, 4], False),
    }
    printed = Path("printed.log")
    printed.write_text(out)
    assert logs.read(printed).losses == pytest.approx(log.losses, rel=1e-5)

    for arguments, told in (
        (["--log", "a.jsonl"], "a.jsonl exists already\n  hint: give --force to replace it"),
        (["--plot", "a.svg"], "a.svg exists already"),
        ([], "snap_iter_4.caffemodel exists already"),
        (["--log", "net.prototxt", "--snapshot-prefix", "b"], "net.prototxt exists already"),
        (["--log", "solver.prototxt", "--force"], "solver.prototxt is an input"),
        (["--snapshot", "snap_iter_4.solverstate"], "max_iter is 4, and 4 iterations are done\n"
         "  hint: --iterations N trains for N more"),
        (["--snapshot-prefix", "lost/b", "--log", "b.jsonl"],
         'the snapshots have no folder: "lost" does not exist'),
    ):  # fmt: skip
        _, err, code = run(*arguments)
        assert told in err
        assert code == 1
    assert not Path("b.jsonl").exists()
    assert (Path("a.jsonl").read_text(), Path("a.svg").read_bytes()) == (first, drawn)

    more = ("--log", "a.jsonl", "--plot", "a.svg", "--iterations", "2")
    assert run("--snapshot", "snap_iter_4.solverstate", *more)[2] == 0
    assert Path("a.jsonl").read_text().startswith(first)
    assert list(logs.read("a.jsonl").each) == [0, 1, 2, 3, 4, 5]
    assert Path("a.svg").read_bytes() != drawn
    assert Path("snap_iter_6.solverstate").exists()


def test_curves_that_cannot_be_written_end_no_training(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        from proto2net import Proto2NetError

        raise Proto2NetError("cannot write a.svg: No space left on device")

    monkeypatch.setattr("proto2net.training.curves.write", full)
    _, err, code = run("--plot", "a.svg")
    assert "note: no curves are drawn: cannot write a.svg: No space left on device" in err
    assert code == 0
    assert Path("snap_iter_4.caffemodel").exists()


def test_a_network_that_the_solver_holds_is_trained(run: Run) -> None:
    Path("solver.prototxt").write_text(f"{SOLVER}net_param {{\n{NET}}}\n")
    Path("net.prototxt").unlink()
    out, _, code = run()
    assert "    Test net output #0: " in out
    assert code == 0


def test_data_that_are_not_there_leave_no_log(run: Run) -> None:
    Path("data.h5").unlink()
    _, err, code = run("--log", "a.jsonl")
    assert '"data.h5" is not there' in err
    assert code == 1
    given = {"files.txt", "net.prototxt", "solver.prototxt"}
    assert {path.name for path in Path().iterdir()} == given


def test_each_loss_is_logged_as_a_line_of_json(run: Run) -> None:
    assert run("--log", "a.jsonl", "--iterations", "1")[2] == 0
    rows = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    assert [row["phase"] for row in rows] == ["test", "train", "snapshot"]
    assert rows[0]["losses"] == {"loss": 1}
    assert set(rows[0]["outputs"]) == {"accuracy", "loss"}
    assert rows[1]["lr"] == pytest.approx(0.1)
    assert rows[2]["files"][0] == "snap_iter_1.caffemodel"


SHOWN = """
import json, sys
sys.modules["tensorflow"] = None  # which TensorBoard can do without
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
shown = EventAccumulator(sys.argv[1]).Reload()
tags = shown.Tags()["scalars"]
print(json.dumps({tag: [(x.step, x.value) for x in shown.Scalars(tag)] for tag in tags}))
"""


def events(folder: str) -> dict[str, list[list[float]]]:
    """The scalars that TensorBoard shows of a folder, by their tags."""
    command = [sys.executable, "-c", SHOWN, folder]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, list[list[float]]] = json.loads(out)
    return found


def test_tensorboard_shows_losses_rates_and_tests(run: Run) -> None:
    pytest.importorskip("tensorboard", reason="it packs events")
    _, said, code = run("--tensorboard", "runs/a", "--log", "a.jsonl")
    assert code == 0, said
    rows = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    trained = [row for row in rows if row["phase"] == "train"]
    tests = [row for row in rows if row["phase"] == "test"]
    found = events("runs/a")
    assert set(found) == {"train/loss", "train/lr", "test/accuracy", "test/loss"}
    single = np.float32
    assert found["train/loss"] == [[row["iteration"], single(row["loss"])] for row in trained]
    assert found["train/lr"] == [[n, single(0.1)] for n in range(4)]
    for name in ("accuracy", "loss"):
        right = [[row["iteration"], single(row["outputs"][name])] for row in tests]
        assert found[f"test/{name}"] == right
        assert [iteration for iteration, _ in right] == [0, 2, 4]


def test_events_of_a_training_that_goes_on_follow_those_before(run: Run) -> None:
    pytest.importorskip("tensorboard", reason="it packs events")
    assert run("--tensorboard", "runs", "--iterations", "2")[2] == 0
    _, said, code = run("--tensorboard", "runs", "--iterations", "2", "--snapshot-prefix", "b")
    assert (code, said.splitlines()[0]) == (1, "runs has the events of a training")
    rest = ("--iterations", "3", "--snapshot", "snap_iter_2.solverstate")
    assert run("--tensorboard", "runs", *rest)[2] == 0
    assert [step for step, _ in events("runs")["train/loss"]] == [0, 1, 2, 3, 4]
    assert len(list(Path("runs").iterdir())) == 2
    assert run("--tensorboard", "runs", "--iterations", "1", "--force")[2] == 0
    assert [step for step, _ in events("runs")["train/loss"]] == [0]


def test_without_tensorboard_nothing_is_trained(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proto2net.training.events.find_spec", lambda name: None)
    out, said, code = run("--tensorboard", "runs")
    assert (out, code) == ("", 1)
    assert said.splitlines()[:2] == [
        "tensorboard, which packs events, is not installed",
        "  hint: `pip install tensorboard` installs it",
    ]
    assert not Path("runs").exists()


def test_each_value_and_each_network_of_a_test_has_its_curve(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="it packs events")
    written = Events(tmp_path / "runs")
    assert not list(tmp_path.iterdir())
    outputs = {"loss": np.array(2.5), "scores": np.array([[0.25, 0.5]])}
    written.tested(7, [outputs, {"loss": np.array([np.nan])}])
    written.tested(9, [outputs])
    found = events(str(tmp_path / "runs"))
    assert found.pop("test1/loss")[0] == pytest.approx([7, np.nan], nan_ok=True)
    assert found == {
        "test/loss": [[7, 2.5], [9, 2.5]],
        "test/scores[0]": [[7, 0.25], [9, 0.25]],
        "test/scores[1]": [[7, 0.5], [9, 0.5]],
    }
