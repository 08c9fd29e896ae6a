"""What `train` refuses before a framework is imported, and what `convert` makes of a solver."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT

from proto2net.cli import main

NET = """name: "twins"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 dim: 4 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
LMDB = """name: "far"
layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "lost" backend: LMDB batch_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
FIXED = 'base_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 3\n'
SOLVER = FIXED + 'net: "net.prototxt"\n'

Run = Callable[..., tuple[str, int]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command beside net.prototxt and solver.prototxt: what is said, and the exit code."""
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(NET)
    Path("lmdb.prototxt").write_text(LMDB)
    Path("noloss.prototxt").write_text(NET.rpartition("layer")[0])
    Path("solver.prototxt").write_text(SOLVER)

    def run(*arguments: str) -> tuple[str, int]:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        return capsys.readouterr().err, int(end.value.code or 0)

    return run


def written() -> list[str]:
    given = {"net.prototxt", "lmdb.prototxt", "noloss.prototxt", "solver.prototxt"}
    return sorted({str(path) for path in Path().rglob("*")} - given)


# ---- train -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solver", "told"),
    [
        (FIXED, ":1: a solver names one network to train; this one names 0\n  hint: it is one of "
         "train_net_param, train_net, net_param, net"),
        (SOLVER + 'train_net: "net.prototxt"',
         ":1: a solver names one network to train; this one names 2"),
        (FIXED + 'net: "lost.prototxt"',
         ':4: the network "lost.prototxt" of this solver does not exist'),
        ('net: "net.prototxt"\nlr_policy: "cosine"', ':2: no lr_policy "cosine"\n  hint: there '
         "are fixed, step, exp, inv, multistep, poly, sigmoid, multifixed"),
        (SOLVER + 'type: "Lamb"', ':5: no solver "Lamb"'),
        (SOLVER + "test_iter: 1", ":5: test_interval is 0; with a test_iter it must be above 0"),
        (SOLVER + 'test_net: "net.prototxt" test_interval: 1',
         ": networks to test with: 1; test_iter is given for 0"),
        (SOLVER + "test_iter: 1 test_interval: 1 test_state {} test_state {}",
         ":5: networks to test with: 1; test_state is given for 2"),
        (SOLVER + "iter_size: 0", ":5: iter_size is 0; it must be 1 or more"),
        (SOLVER + "average_loss: 0", ":5: average_loss is 0; it must be 1 or more"),
        (SOLVER + "debug_info: true", ":5: debug_info is not written here"),
        (SOLVER + 'type: "RMSProp" momentum: 0.5', ":5: RMSProp has no momentum; it is 0.5"),
        (SOLVER + 'type: "RMSProp" rms_decay: 1',
         ":5: rms_decay is 1; it must be at least 0 and below 1"),
        (SOLVER + 'regularization_type: "L3"', ':5: no regularization_type "L3"'),
        ('net: "net.prototxt"\nlr_policy: "step" gamma: -1',
         ': the lr_policy "step" needs a stepsize above 0; it is 0'),
        ('net: "net.prototxt"\nlr_policy: "step" gamma: -1',
         ":2: gamma is -1; it must be 0 or more"),
        ('net: "net.prototxt"\nlr_policy: "poly"',
         ': the lr_policy "poly" needs a max_iter above 0; it is 0'),
        (NET, ":1: this is a network, and no solver\n  hint: give the solver that names it"),
        ("net:", ":2: expected a value, found the end of the file"),
    ],
)  # fmt: skip
def test_a_solver_that_caffe_would_refuse_is_told(solver: str, told: str, run: Run) -> None:
    Path("solver.prototxt").write_text(f"{solver}\n")
    said, code = run("train", "solver.prototxt", "--to", "torch")
    assert f"solver.prototxt{told}" in said
    assert "nothing was written" in said
    assert code == 1
    assert written() == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("lost.prototxt --to torch", 1, "lost.prototxt: No such file or directory"),
        (". --to torch", 1, ".: Is a directory"),
        ("solver.prototxt", 2, "Missing option '--to'"),
        ("solver.prototxt --to numpy", 2, "'numpy' is not one of 'torch', 'tf'"),
        ("solver.prototxt --to torch --iterations 0", 2, "0 is not in the range x>=1"),
        ("solver.prototxt --to torch --workers -1", 2, "-1 is not in the range x>=0"),
        (
            "solver.prototxt --to torch --weights a --snapshot b",
            2,
            "--snapshot has weights of its own: leave out --weights",
        ),
        (
            "solver.prototxt --to torch --plot a.jpg",
            1,
            "a.jpg: a picture is one of .svg, .png, .pdf",
        ),
    ],
)
def test_a_wrong_command_line_is_told(arguments: str, code: int, told: str, run: Run) -> None:
    said, found = run("train", *arguments.split())
    assert told in said
    assert found == code
    assert written() == []


@pytest.mark.parametrize(
    ("net", "told"),
    [
        ("noloss", "noloss.prototxt: no layer of the train phase is a loss"),
        ("lmdb", 'lmdb.prototxt:2: layer "data" (Data): "lost" is not there'),
    ],
)
def test_a_network_that_cannot_be_trained_is_told(net: str, told: str, run: Run) -> None:
    Path("solver.prototxt").write_text(f'{FIXED}net: "{net}.prototxt"\n')
    said, code = run("train", "solver.prototxt", "--to", "torch")
    assert said.startswith(told)
    assert code == 1
    assert written() == []


# ---- convert ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ("--to torch", ["net.py", "train_net.py"]),
        ("--to tf", ["net.py", "train_net.py"]),
        ("--to torch -o here/mine.py", ["here/mine.py", "here/train_mine.py"]),
    ],
)
def test_a_solver_becomes_a_network_and_what_trains_it(
    arguments: str, files: list[str], run: Run
) -> None:
    Path("here").mkdir()
    said, code = run("convert", "solver.prototxt", *arguments.split())
    assert said.endswith(f"wrote {files[1]}\nwrote {files[0]}: 25 parameters\n")
    assert code == 0
    assert [file for file in written() if file != "here"] == files
    network, training = (Path(file).read_text() for file in files)
    assert "twins" in network.lower()
    assert "def optimizer_of(" in training
    assert f"from {Path(files[0]).stem} import " in training


def test_what_trains_it_finds_the_solver_from_where_it_is(run: Run) -> None:
    Path("here").mkdir()
    assert run("convert", "solver.prototxt", "--to", "torch", "-o", "here/mine.py")[1] == 0
    assert '"../solver.prototxt"' in Path("here/train_mine.py").read_text()


def test_the_network_of_a_solver_gets_the_name_that_is_asked_for(run: Run) -> None:
    assert run("convert", "solver.prototxt", "--to", "torch", "--name", "Mine")[1] == 0
    assert "class Mine(" in Path("net.py").read_text()
    assert "from net import Mine" in Path("train_net.py").read_text()


def test_a_network_that_a_solver_holds_is_called_as_the_solver(run: Run) -> None:
    for field in ("net_param", "train_net_param"):
        Path("solver.prototxt").write_text(f"{FIXED}{field} {{\n{NET}}}\n")
        said, code = run("convert", "solver.prototxt", "--to", "torch", "--force")
        assert said.endswith("wrote train_solver.py\nwrote solver.py: 25 parameters\n")
        assert code == 0


@pytest.mark.parametrize("there", ["net.py", "train_net.py"])
def test_neither_file_is_replaced_unasked(there: str, run: Run) -> None:
    Path(there).write_text("mine")
    said, code = run("convert", "solver.prototxt", "--to", "torch")
    assert said.startswith(f"{there} exists already\n  hint: give --force to replace it")
    assert code == 1
    assert written() == [there]
    assert Path(there).read_text() == "mine"
    assert run("convert", "solver.prototxt", "--to", "torch", "--force")[1] == 0
    assert Path(there).read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (
            "-o my-net.py",
            1,
            "the training could not import my-net.py\n  hint: call OUT as a module, such as net.py",
        ),
        ("-o numpy.py", 1, "Python would import numpy.py in the place of the module numpy"),
        ("-o solver.prototxt --force", 1, "solver.prototxt is an input, which is not replaced"),
        (
            "--fork ssd --mean 3",
            2,
            "a solver's training does not take --fork, --mean; with --phase test or --phase "
            "train its network alone is written",
        ),
        ("--phase test --weights lost.caffemodel", 1, "lost.caffemodel: No such file"),
    ],
)
def test_what_convert_cannot_make_of_a_solver_is_told(
    arguments: str, code: int, told: str, run: Run
) -> None:
    said, found = run("convert", "solver.prototxt", "--to", "torch", *arguments.split())
    assert told in said
    assert found == code
    assert written() == []


def test_a_solver_whose_data_are_elsewhere_takes_their_shape(run: Run) -> None:
    Path("solver.prototxt").write_text(f'{FIXED}net: "lmdb.prototxt"\n')
    said, code = run("convert", "solver.prototxt", "--to", "torch", "-o", "far.py")
    assert said.startswith('lmdb.prototxt:2: layer "data" (Data): "lost" is not there')
    assert "hint: without the data, --input NAME=N,C,H,W gives their shape" in said
    assert code == 1
    shape = ("--input", "data=3,1,4,4")
    assert run("convert", "solver.prototxt", "--to", "torch", "-o", "far.py", *shape)[1] == 0
    assert "def optimizer_of(" in Path("train_far.py").read_text()


@pytest.mark.parametrize("phase", ["test", "train"])
def test_with_a_phase_the_network_alone_is_written(phase: str, run: Run) -> None:
    said, code = run("convert", "solver.prototxt", "--to", "torch", "--phase", phase)
    assert "solver.prototxt:4: this is a solver; took its network, net.prototxt" in said
    assert code == 0
    assert written() == ["solver.py"]


@pytest.mark.parametrize("target", ["numpy", "prototxt", "summary", "network"])
def test_a_target_that_trains_nothing_takes_the_network_of_the_solver(
    target: str, run: Run
) -> None:
    said, code = run("convert", "solver.prototxt", "--to", target, "-o", "alone.py")
    assert "this is a solver; took its network" in said
    assert code == 0
    assert written() == ["alone.py"]


def test_converting_a_solver_imports_no_framework(run: Run) -> None:
    code = (
        "import sys; from proto2net.cli import cli; "
        "cli(['convert', 'solver.prototxt', '--to', 'torch'], standalone_mode=False); "
        "print([name for name in ('torch', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_multipliers_that_a_training_heeds_are_not_said_to_be_unused(run: Run) -> None:
    faster = NET.replace('top: "ip"', 'top: "ip" param { lr_mult: 7 decay_mult: 3 }')
    Path("net.prototxt").write_text(faster)
    said, _ = run("convert", "net.prototxt", "--phase", "train", "--to", "torch")
    assert "lr_mult" in said
    said, code = run("convert", "solver.prototxt", "--to", "torch", "-o", "trained.py")
    assert (code, "lr_mult" in said) == (0, False)
