"""Trainings go as they went in Caffe: losses, rates and weights, iteration by iteration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import TESTS

import proto2net
from proto2net.caffe.solverstate import read_state
from proto2net.training import loop

DATA = TESTS / "golden" / "data"
TRAININGS = ("train_sgd", "train_adam", "train_finetune", "train_sgd_hdf5")
CASES = {path.name: path for path in sorted((TESTS / "golden" / "solver").iterdir())}
ADAPTIVE = ("AdaGrad", "RMSProp", "AdaDelta", "Adam")
NET = """name: "twins"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 dim: 4 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 3 } } }
layer { name: "hidden" type: "InnerProduct" bottom: "data" top: "hidden"
  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "old" type: "InnerProduct" bottom: "hidden" top: "old"
  param { lr_mult: 0 } param { lr_mult: 0 }
  inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
layer { name: "new" type: "InnerProduct" bottom: "hidden" top: "new"
  param { lr_mult: 10 } param { lr_mult: 20 }
  inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
layer { name: "loss_old" type: "SoftmaxWithLoss" bottom: "old" bottom: "label" top: "loss_old"
  loss_weight: 0.3 }
layer { name: "loss_new" type: "SoftmaxWithLoss" bottom: "new" bottom: "label" top: "loss_new" }
"""


class Trajectory:
    """What Caffe recorded of a training: data, losses, and weights after some iterations."""

    def __init__(self, case: Path) -> None:
        with np.load(case / "trajectory.npz") as file:
            self.recorded = dict(file)

    def weights(self, when: str) -> dict[str, list[np.ndarray]]:
        found: dict[str, list[np.ndarray]] = {}
        for name in sorted(self.recorded):
            before, _, place = name.partition("/")
            if before == when:
                found.setdefault(place.rpartition("/")[0], []).append(self.recorded[name])
        return found


@pytest.mark.parametrize("case", CASES)
def test_losses_rates_and_weights_are_those_of_caffe(case: str, target: str) -> None:
    recorded = Trajectory(CASES[case])
    trainer = proto2net.Trainer(
        CASES[case] / "solver.prototxt", recorded.weights("start"), to=target
    )
    right, solver = recorded.recorded, trainer.solver
    for iteration, (data, label) in enumerate(zip(right["data"], right["label"], strict=True), 1):
        assert trainer.rate == pytest.approx(solver.rate(iteration - 1), rel=1e-6)
        loss = trainer.step({"data": data, "label": label})
        assert loss == pytest.approx(right["loss"][iteration - 1], rel=1e-5, abs=1e-5)
        found = trainer.arrays()
        within = 1e-4 if solver.type in ADAPTIVE and iteration > 5 else 1e-5
        for layer, arrays in recorded.weights(f"after{iteration}").items():
            for place, array in enumerate(arrays):
                error = np.abs(found[layer][place] - array).max()
                assert error <= within * np.abs(array).max(), f"{layer}/{place} after {iteration}"


SOLVER = 'net: "net.prototxt"\nbase_lr: 0.1\nlr_policy: "{}"\nmax_iter: 9\n{}'


def trained(folder: Path, target: str, policy: str, more: str = "") -> Any:
    (folder / "net.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(SOLVER.format(policy, more))
    return proto2net.Trainer(folder / "solver.prototxt", to=target)


def batch(seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {"data": random.normal(size=(3, 4)).astype("f4"), "label": random.integers(6, size=3)}


def test_several_losses_are_added_with_their_weights(tmp_path: Path, target: str) -> None:
    trainer = trained(tmp_path, target, "fixed")
    start = trainer.arrays()
    feeds = batch()
    loss = trainer.step(feeds)
    hidden = feeds["data"] @ start["hidden"][0].T + start["hidden"][1]

    def of(layer: str) -> float:
        scores = hidden @ start[layer][0].T + start[layer][1]
        shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        return float(-np.log(shares[range(3), feeds["label"]]).mean())

    assert loss == pytest.approx(0.3 * of("old") + of("new"), rel=1e-5)


def test_what_is_frozen_stays_and_what_is_new_learns_faster(tmp_path: Path, target: str) -> None:
    trainer = trained(tmp_path, target, "step", "gamma: 0.5 stepsize: 2 momentum: 0.5")
    start = trainer.arrays()
    trainer.step(batch())
    found = trainer.arrays()
    for before, after in zip(start["old"], found["old"], strict=True):
        np.testing.assert_array_equal(before, after)
    moved = {name: np.abs(found[name][0] - start[name][0]).max() for name in ("hidden", "new")}
    assert moved["new"] > 2 * moved["hidden"] > 0


STAGES = "stagelr: 0.1 stagelr: 0.01 stagelr: 0.2 stageiter: 2 stageiter: 4 stageiter: 6"


def test_a_layer_that_is_called_as_its_array_keeps_its_own_rate(
    tmp_path: Path, target: str
) -> None:
    inputs = NET.partition('layer { name: "hidden"')[0]
    (tmp_path / "net.prototxt").write_text(
        f"""{inputs}
        layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
          param {{ lr_mult: 1 }} param {{ lr_mult: 2 }} inner_product_param {{ num_output: 6 }} }}
        layer {{ name: "bias" type: "Bias" bottom: "ip" top: "ip" param {{ lr_mult: 6 }} }}
        layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }}"""
    )
    (tmp_path / "solver.prototxt").write_text(SOLVER.format("fixed", ""))
    trainer = proto2net.Trainer(tmp_path / "solver.prototxt", to=target)
    start = trainer.arrays()
    trainer.step(batch())
    found = trainer.arrays()
    moved = {name: found[name][-1] - start[name][-1] for name in ("ip", "bias")}
    assert np.abs(moved["bias"]).max() > 0
    # Both are added to the same scores, and so have the same gradient.
    np.testing.assert_allclose(3 * moved["ip"], moved["bias"], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", ["L1", "L2"])
def test_the_decay_heeds_its_multipliers(tmp_path: Path, target: str, kind: str) -> None:
    decay = f'weight_decay: 0.1 regularization_type: "{kind}"'
    plain = trained(tmp_path, target, "fixed")
    start = plain.arrays()
    plain.step(batch())
    trained(tmp_path, target, "fixed", decay)
    decayed = proto2net.Trainer(tmp_path / "solver.prototxt", start, to=target)
    decayed.step(batch())
    (weight, bias), (right, other) = decayed.arrays()["hidden"], plain.arrays()["hidden"]
    before = start["hidden"][0]
    force = before if kind == "L2" else np.sign(before)
    np.testing.assert_allclose(weight, right - 0.1 * 0.1 * force, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(bias, other, rtol=1e-6)  # its decay_mult is 0


def test_a_seed_gives_the_same_start(tmp_path: Path, target: str) -> None:
    starts = [trained(tmp_path, target, "fixed", seed).arrays() for seed in SEEDS]
    same, other = (np.abs(starts[0]["new"][0] - start["new"][0]).max() for start in starts[1:])
    assert same == 0 < other


SEEDS = ("random_seed: 5", "random_seed: 5", "random_seed: 6")


def test_a_fork_has_rates_for_stages(tmp_path: Path, target: str) -> None:
    trainer = trained(tmp_path, target, "multifixed", STAGES)
    rates = []
    for trainer.iteration in range(8):
        rates.append(round(trainer.rate, 6))
    assert rates == [0.1, 0.1, 0.1, 0.01, 0.01, 0.2, 0.2, 0.2]


def test_a_training_goes_on_where_its_history_says(tmp_path: Path, target: str) -> None:
    for number, more in enumerate(
        [
            "momentum: 0.9",
            'type: "Nesterov" momentum: 0.9',
            'type: "AdaGrad"',
            'type: "RMSProp" rms_decay: 0.9',
            'type: "AdaDelta" momentum: 0.9 delta: 1e-3',
            'type: "Adam" momentum: 0.9',
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        first = trained(folder, target, "inv", f"{more}\ngamma: 0.1 power: 0.75 weight_decay: 0.01")
        for seed in range(3):
            first.step(batch(seed))
        second = proto2net.Trainer(folder / "solver.prototxt", first.arrays(), to=target)
        second.iteration = first.iteration
        second.learner.remember(first.iteration, first.learner.history())
        for seed in range(3, 6):
            assert second.step(batch(seed)) == pytest.approx(first.step(batch(seed)), rel=1e-6)


# ---- whole trainings -----------------------------------------------------------------------


def begun(case: str, target: str) -> proto2net.Trainer:
    folder = DATA / case
    return proto2net.Trainer(folder / "solver.prototxt", folder / "start.caffemodel", to=target)


def after(recorded: Any, begin: str) -> dict[str, np.ndarray]:
    names = [name for name in recorded.files if name.startswith(begin)]
    return {name.removeprefix(begin): recorded[name] for name in names}


def assert_learned(trainer: proto2net.Trainer, right: dict[str, np.ndarray]) -> None:
    found = trainer.arrays()
    assert right
    for name, array in right.items():
        layer, _, place = name.rpartition("/")
        error = np.abs(found[layer][int(place)] - array).max()
        assert error <= 1e-5 * np.abs(array).max(), name


@pytest.mark.parametrize("case", TRAININGS)
def test_a_training_from_a_database_goes_as_in_caffe(
    case: str, target: str, tmp_path: Path
) -> None:
    recorded = np.load(DATA / case / "expected.npz")
    trainer = begun(case, target)
    prefix, suffix = tmp_path / "snap", ".h5" if case.endswith("hdf5") else ""
    tests, files = [], (DATA / case).glob(f"snap_iter_*.solverstate{suffix}")
    # The last one is of another training in Caffe, which went on from the first.
    states = {state.iteration: state for state in map(read_state, sorted(files)[:1])}
    for event in loop.run(trainer, len(recorded["loss"]), str(prefix)):
        if isinstance(event, loop.Done | loop.Shown):
            assert event.loss == pytest.approx(recorded["loss"][event.iteration], rel=1e-4)
        elif isinstance(event, loop.Kept) and event.iteration in states:
            ours = read_state(event.files[1])
            theirs = states[event.iteration]
            assert (ours.iteration, ours.step) == (theirs.iteration, theirs.step)
            for mine, right in zip(ours.history, theirs.history, strict=True):
                assert mine.shape == right.shape
                np.testing.assert_allclose(mine, right, atol=1e-4 * np.abs(right).max())
        elif isinstance(event, loop.Tested):
            values = [float(value) for value in event.outputs.values()]
            tests += [[event.iteration, place, value] for place, value in enumerate(values)]
    assert_learned(trainer, after(recorded, f"after{trainer.iteration}/"))
    if "run/tests" in recorded.files:
        for right, ours in zip(json.loads(str(recorded["run/tests"])), tests, strict=False):
            assert ours == [right[0], ours[1], pytest.approx(right[2], rel=1e-4)]


@pytest.mark.parametrize(
    ("case", "state"),
    [
        ("train_sgd", "snap_iter_30.solverstate"),
        ("train_adam", "snap_iter_20.solverstate"),
        ("train_sgd_hdf5", "snap_iter_30.solverstate.h5"),
    ],
)
def test_a_training_that_was_begun_in_caffe_goes_on_here(
    case: str, state: str, target: str
) -> None:
    recorded = np.load(DATA / case / "expected.npz")
    trainer = proto2net.Trainer(DATA / case / "solver.prototxt", to=target)
    trainer.restore(DATA / case / state)
    for right in recorded["resumed/loss"]:
        assert trainer.step() == pytest.approx(right, rel=1e-4)
    assert_learned(trainer, after(recorded, f"resumed/after{trainer.iteration}/"))


def test_a_training_that_was_cut_off_goes_on_exactly(target: str, tmp_path: Path) -> None:
    first = begun("train_adam", target)
    for _ in range(7):
        first.step()
    first.test()
    first.snapshot(tmp_path / "cut")
    second = proto2net.Trainer(DATA / "train_adam" / "solver.prototxt", to=target)
    second.restore(tmp_path / "cut_iter_7.solverstate")
    for _ in range(5):
        assert second.step() == first.step()
    assert second.test() == first.test()
    for layer, arrays in first.arrays().items():
        for one, other in zip(arrays, second.arrays()[layer], strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_snapshot_of_another_target_without_a_test_goes_on(
    target: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = begun("train_sgd", target)
    first.step()
    *_, own = first.snapshot(tmp_path / "cut")
    kept = json.loads(own.read_text())
    kept["state"]["random"] = {"other": 3}
    own.write_text(json.dumps(kept))
    second = proto2net.Trainer(DATA / "train_sgd" / "solver.prototxt", to=target)
    with caplog.at_level("INFO"):
        second.restore(tmp_path / "cut_iter_1.solverstate")
    assert second.step() == first.step()
    assert f"random numbers begin anew, since it has none of {target}" in caplog.text


@pytest.mark.parametrize(
    ("part", "kept", "words"),
    [
        ("data", [], '"data" is no dict'),
        ("data", {"seed": 1}, "no state of a reader of data"),
        ("tests", [3], "no state of a reader of data"),
        ("tests", [{}, {}], "it has 2 networks to test with, and the solver has 1"),
        ("tests", 3, '"tests" is no list'),
        ("random", 3, '"random" is no dict'),
        ("random", {"torch": "no base 64", "tf": 5}, "its random numbers cannot be taken"),
    ],
)
def test_what_is_wrong_beside_a_state_is_told(
    part: str, kept: object, words: str, target: str, tmp_path: Path
) -> None:
    trainer = begun("train_sgd", target)
    *_, own = trainer.snapshot(tmp_path / "cut")
    said = json.loads(own.read_text())
    said["state"][part] = kept
    own.write_text(json.dumps(said))
    with pytest.raises(proto2net.Proto2NetError, match=rf"cut_iter_0\.proto2net\.json: .*{words}"):
        trainer.restore(tmp_path / "cut_iter_0.solverstate")


def test_the_definition_may_change_while_a_training_runs(target: str, tmp_path: Path) -> None:
    for name in ("train_sgd", "train_lmdb", "test_lmdb"):
        shutil.copytree(DATA / name, tmp_path / name)
    trainer = proto2net.Trainer(tmp_path / "train_sgd" / "solver.prototxt", to=target)
    trainer.check_snapshots(str(tmp_path / "net"))
    (tmp_path / "train_sgd" / "train_test.prototxt").write_text("no network")
    assert len(trainer.snapshot(tmp_path / "net")) == 3


def test_the_command_and_what_convert_writes_train_alike(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train_sgd", "train_lmdb", "test_lmdb"):
        shutil.copytree(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / "train_sgd")
    command = [sys.executable, "-m", "proto2net"]
    options = ["--weights", "start.caffemodel", "--iterations", "12"]
    subprocess.run([*command, "convert", "solver.prototxt", "--to", target], check=True)
    outputs = []
    for prefix, begin in (
        ("a", [*command, "train", "solver.prototxt", "--to", target]),
        ("b", [sys.executable, "train_train_test.py"]),
    ):
        run = [*begin, *options, "--snapshot-prefix", prefix, "--log", f"{prefix}.jsonl"]
        outputs.append(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert outputs[0].replace("a_iter", "b_iter") == outputs[1]
    right = (DATA / "train_sgd" / "run.log").read_text()
    for line in outputs[0].splitlines():
        if "Iteration 0, " in line or "Iteration 10, lr" in line:
            assert re.sub("loss = .*", "", line) in right
    rows = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    recorded = np.load("expected.npz")["loss"]
    losses = [row["loss"] for row in rows if row["phase"] == "train"]
    assert losses == pytest.approx(list(recorded[:12]), rel=1e-4)
    assert Path("a_iter_12.caffemodel").read_bytes() == Path("b_iter_12.caffemodel").read_bytes()


def test_the_shape_of_data_is_found_where_their_paths_begin(target: str, tmp_path: Path) -> None:
    for name in ("solver", "train_test"):
        shutil.copy(DATA / "train_sgd" / f"{name}.prototxt", tmp_path)
    root = DATA / "train_sgd"
    trainer = proto2net.Trainer(tmp_path / "solver.prototxt", to=target, root=root)
    assert trainer.step() > 0
    assert trainer.test()


DUMMIES = """net_param { name: "dummies"
  layer { name: "data" type: "DummyData" top: "data" top: "target" top: "unread"
    dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } shape { dim: 5 }
      data_filler { value: 0.5 } data_filler { value: 2 } data_filler { value: 7 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
    num_output: 2 weight_filler { type: "constant" value: 1 } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "target" top: "loss" } }
base_lr: 0.1 lr_policy: "fixed" max_iter: 3
"""


def test_a_network_whose_only_data_are_of_fillers_trains(target: str, tmp_path: Path) -> None:
    (tmp_path / "solver.prototxt").write_text(DUMMIES)
    trainer = proto2net.Trainer(tmp_path / "solver.prototxt", to=target)
    # By hand: e = 3 w / 2 + b - 2 is -0.5 at first, and e squared the loss. Of each output the
    # gradient of w is e / 2, and of b it is e. So a step makes e - 0.1 (3 / 4 + 1) e of e.
    assert [trainer.step() for _ in range(3)] == pytest.approx(
        [0.25 * 0.825 ** (2 * iteration) for iteration in range(3)], rel=1e-5
    )
    weight, bias = trainer.arrays()["ip"]
    assert weight == pytest.approx(np.full((2, 3), 1 + 0.025 * (1 + 0.825 + 0.825**2)), rel=1e-5)
    assert bias == pytest.approx(np.full(2, 0.05 * (1 + 0.825 + 0.825**2)), rel=1e-5)
    own = {"data": np.zeros((4, 3)), "target": np.zeros((4, 2)), "unread": np.zeros(5)}
    assert trainer.step(own) == pytest.approx(float(bias @ bias) / 2)  # of arrays of one's own


def test_what_fillers_draw_for_a_training_goes_on_exactly(target: str, tmp_path: Path) -> None:
    solver = tmp_path / "solver.prototxt"
    solver.write_text(DUMMIES.replace("value: 0.5", 'type: "gaussian" std: 0.2'))
    whole = proto2net.Trainer(solver, to=target)
    whole.step()
    whole.snapshot(tmp_path / "random")
    losses = [whole.step() for _ in range(3)]
    other = proto2net.Trainer(solver, to=target)
    other.restore(tmp_path / "random_iter_1.solverstate")
    assert [other.step() for _ in range(3)] == losses
    assert len({whole.step() for _ in range(3)}) == 3


# ---- what is wrong -------------------------------------------------------------------------


def test_a_network_without_a_loss_is_told(tmp_path: Path, target: str) -> None:
    (tmp_path / "net.prototxt").write_text(NET.partition('layer { name: "loss_old"')[0])
    (tmp_path / "solver.prototxt").write_text(SOLVER.format("fixed", ""))
    with pytest.raises(proto2net.UnsupportedError, match="no layer of the train phase is a loss"):
        proto2net.Trainer(tmp_path / "solver.prototxt", to=target)


def test_a_target_that_does_not_train_is_told() -> None:
    with pytest.raises(proto2net.Proto2NetError, match=re.escape('"numpy" trains no networks')):
        proto2net.Trainer(CASES["adam"] / "solver.prototxt", to="numpy")


def test_bfloat16_learns_nearly_the_same(target: str) -> None:
    exact = begun("train_sgd", target)
    folder = DATA / "train_sgd"
    start, solver = folder / "start.caffemodel", folder / "solver.prototxt"
    short = proto2net.Trainer(solver, start, to=target, bfloat16=True)
    for _ in range(5):
        assert short.step() == pytest.approx(exact.step(), rel=0.02)
    assert short.arrays()["conv1"][0].dtype == np.float32


def test_a_process_of_pytorch_has_one_device(target: str) -> None:
    if target == "torch":
        with pytest.raises(proto2net.UnsupportedError, match="one device in PyTorch"):
            proto2net.Trainer(DATA / "train_sgd" / "solver.prototxt", to=target, devices=2)
