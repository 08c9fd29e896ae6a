"""`plot` reads our logs and those of Caffe of any age, and draws their curves over each other."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT, TESTS

from proto2net import Proto2NetError
from proto2net.cli import main
from proto2net.training import curves, logs
from proto2net.training.logs import Log, Output

CAFFE = TESTS / "golden" / "data" / "train_sgd" / "run.log"

OLD = """Log file created at: 2014/01/23 12:34:56
I0123 12:34:56.700000  1234 solver.cpp:61] Creating training net.
I0123 12:34:56.789012  1234 solver.cpp:207] Iteration 0, Testing net (#0)
I0123 12:34:57.100000  1234 solver.cpp:246] Test score #0: 0.0625
I0123 12:34:57.200000  1234 solver.cpp:246] Test score #1: 2.5
I0123 12:34:57.300000  1234 solver.cpp:160] Iteration 0, loss = 2.5
I0123 12:34:57.400000  1234 solver.cpp:403] Iteration 0, lr = 0.01
I0123 12:34:58.300000  1234 solver.cpp:160] Iteration 20, loss = 1.25e-05
"""
NVIDIA = """I0123 12:34:56.78  77 solver.cpp:352] Iteration 100 (5.2 iter/s, 19.2s/100 iter), \
3.1/20ep, loss = 2.5
I0123 12:34:56.78  77 sgd_solver.cpp:170] Iteration 100, lr = 0.001, m = 0.9, wd = 0.0005, gs = 1
"""


def test_a_log_of_caffe_is_read() -> None:
    log = logs.read(CAFFE)
    assert log.losses == {
        0: 2.40029, 10: 2.11734, 20: 1.33045, 30: 0.603223, 40: 0.348367, 50: 0.630867
    }  # fmt: skip
    assert log.rates == {0: 0.05, 10: 0.05, 20: 0.025, 30: 0.025, 40: 0.0125, 50: 0.0125}
    assert log.tests == {
        Output("accuracy"): {0: 0.133333, 20: 0.646667, 40: 0.74},
        Output("loss", is_loss=True): {0: 2.38876, 20: 1.31102, 40: 0.641846},
    }
    assert log.notes == []


@pytest.mark.parametrize(
    ("text", "losses", "rates", "tests"),
    [
        (
            OLD,
            {0: 2.5, 20: 1.25e-05},
            {0: 0.01},
            {Output("score 0"): {0: 0.0625}, Output("score 1"): {0: 2.5}},
        ),
        (NVIDIA, {100: 2.5}, {100: 0.001}, {}),
        ("Iteration 20 (29.4 iter/s, 0.34s/10 iters), loss = 1.33\n", {20: 1.33}, {}, {}),
        (  # of two networks, an output of several values
            "Iteration 5, Testing net (#0)\n    Test net output #0: each = 0.25\n"
            "    Test net output #1: each = 0.5\nIteration 5, Testing net (#1)\n"
            "    Test net output #0: each = 1\n",
            {},
            {},
            {Output("each"): {5: 0.25}, Output("each", 0, 1): {5: 0.5}, Output("each", 1): {5: 1}},
        ),
        ("Iteration 1, loss = 2\nIteration 2, loss = 1.", {1: 2}, {}, {}),  # it may be 1.5
        ("Iteration 1, loss = 2\nIteration 2, loss =\n", {1: 2}, {}, {}),
        (  # it went on from a snapshot of iteration 20, and the loss of 30 is of no network
            "Iteration 10, loss = 5\nIteration 20, loss = 4\nIteration 30, loss = 3\n"
            "Iteration 20, loss = 2\nIteration 25, loss = 1\n",
            {10: 5, 20: 2, 25: 1},
            {},
            {},
        ),
        (
            '{"phase": "train", "iteration": 0, "loss": 4, "mean_loss": 3, "lr": 0.5}\n'
            '{"phase": "train", "iteration": 1, "loss": 2}\n'
            '{"phase": "test", "iteration": 2, "network": 1, "outputs": {"a": 1, "b": [[2, 3]]},'
            ' "losses": {"a": 0.5}}\n{"phase": "snapshot", "iteration": 2, "files": ["a"]}\n',
            {0: 3},
            {0: 0.5},
            {Output("a", 1, 0, True): {2: 1}, Output("b", 1): {2: 2}, Output("b", 1, 1): {2: 3}},
        ),
    ],
)
def test_logs_of_each_age_are_read(
    text: str,
    losses: dict[int, float],
    rates: dict[int, float],
    tests: dict[Output, dict[int, float]],
    tmp_path: Path,
) -> None:
    (tmp_path / "a.log").write_text(text)
    log = logs.read(tmp_path / "a.log")
    assert (log.losses, log.rates, log.tests) == (losses, rates, tests)


def test_what_went_back_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("Iteration 30, loss = 3\nIteration 20, loss = 2\n")
    (note,) = logs.read(tmp_path / "a.log").notes
    assert note.endswith(
        "a.log: goes back from iteration 30 to 20, and what was logged from there on is left out"
    )


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-1.#IND", "1.#QNAN", "-nan(ind)"])
def test_a_loss_that_is_lost_is_told(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"Iteration 0, loss = 2\nIteration 20, loss = {value}\n")
    log = logs.read(tmp_path / "a.log")
    assert not math.isfinite(log.losses[20])
    assert log.notes[0].endswith("a.log: the loss is no finite number at iteration 20")
    axes = curves.draw([log]).axes[0]
    assert [line.get_marker() for line in axes.get_lines()] == ["None", "x"]


@pytest.mark.parametrize(
    "line",
    [
        "{", "{}", '{"phase": "train", "iteration": "1", "loss": 1}',
        '{"phase": "train", "iteration": 1}', '{"phase": "test", "iteration": 1}',
        '{"phase": "train", "iteration": true, "loss": 1}',
        '{"phase": "train", "iteration": 1, "loss": 1' + 400 * "0" + "}",
        '{"phase": "test", "iteration": 1, "outputs": 1}', 99999 * '{"a":',
        '{"phase": "test", "iteration": 1, "outputs": {"a": "b"}}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_record_is_told(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"Iteration 0, loss = 2\n{line}\nIteration 1, loss = 1\n")
    log = logs.read(tmp_path / "a.log")
    assert log.losses == {0: 2, 1: 1}
    assert [note.partition("a.log")[2] for note in log.notes] == [
        ":2: this line is no record, and left out"
    ]


# ---- pictures ------------------------------------------------------------------------------


def log(name: str, **more: dict[int, float]) -> Log:
    return Log(name, **more)  # type: ignore[arg-type]  # fields of several types


def test_the_panels_are_those_of_which_something_is_known() -> None:
    labels = [axes.get_ylabel() for axes in curves.draw([logs.read(CAFFE)]).axes]
    assert labels == ["loss", "test output", "learning rate"]
    labels = [axes.get_ylabel() for axes in curves.draw([log("a", losses={0: 2, 1: 1})]).axes]
    assert labels == ["loss"]


def test_the_legend_names_the_files_and_reads_no_formula_in_them() -> None:
    axes = curves.draw([log("_$x$", losses={0: 2}), log("b", each={0: 2})]).axes[0]
    texts = axes.get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["train, _$x$", "train, b"]
    assert not any(text.get_parse_math() for text in texts)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/far/a/run.log", "b.log"], ["run.log", "b.log"]),
        (["x/a/run.log", "x/b/run.log"], ["a/run.log", "b/run.log"]),
        (["a.log", "a.log"], ["a.log", "a.log"]),
        (["b/a.log", "a.log"], ["b/a.log", "a.log"]),
        ([""], [""]),
    ],
)
def test_paths_are_as_long_as_it_takes_to_tell_files_apart(
    paths: list[str], names: list[str]
) -> None:
    drawn = curves.draw([log(path, losses={0: 2}) for path in paths])
    shown = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert shown == [f"train, {name}" for name in names]


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ({0: 2, 1: 1}, "linear"), ({0: 5, 1: 0.01}, "log"), ({0: 5, 1: 0}, "linear"),
        ({0: 5, 1: math.nan, 2: 0.01}, "log"), ({0: math.nan}, "linear"),
    ],
)  # fmt: skip
def test_a_loss_over_decades_has_a_logarithmic_scale(losses: dict[int, float], scale: str) -> None:
    assert curves.draw([log("a", losses=losses)]).axes[0].get_yscale() == scale


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e308, 1e308, 0.0, 1e-308])
def test_whatever_a_loss_is_there_is_a_picture(value: float, tmp_path: Path) -> None:
    far = 10**30
    curves.write([log("a", losses={0: value, far: -value}, rates={far: value})], tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


def test_of_very_many_losses_the_band_is_drawn() -> None:
    each = {n: 2.0 + n % 2 for n in range(5000)}
    axes = curves.draw([log("a", each=each, losses={0: 2.0, 4000: 2.5})]).axes[0]
    (band,) = axes.collections
    lowest, highest = band.get_paths()[0].get_extents().intervaly
    assert (lowest, highest) == (2, 3)


# ---- the command ---------------------------------------------------------------------------

Run = Callable[..., tuple[str, int]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `plot` beside caffe.log: what is said, and the exit code."""
    monkeypatch.chdir(tmp_path)
    Path("caffe.log").write_text(CAFFE.read_text())

    def run(*arguments: str) -> tuple[str, int]:
        with pytest.raises(SystemExit) as end:
            main(["plot", *arguments])
        return capsys.readouterr().err, int(end.value.code or 0)

    return run


@pytest.mark.parametrize(
    ("file", "begin"), [("c.svg", b"<?xml"), ("c.PNG", b"\x89PNG"), ("c.pdf", b"%PDF")]
)
def test_curves_are_drawn_and_replaced_only_if_asked(file: str, begin: bytes, run: Run) -> None:
    assert run("caffe.log", "-o", file) == (f"wrote {file}\n", 0)
    first = Path(file).read_bytes()
    assert first.startswith(begin)
    assert run("caffe.log", "-o", file)[0].startswith(f"{file} exists already")
    assert run("caffe.log", "-o", file, "--force") == (f"wrote {file}\n", 0)
    assert Path(file).read_bytes() == first
    assert not list(Path().glob(".proto2net-*"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("caffe.log -o c.jpg", "c.jpg: a picture is one of .svg, .png, .pdf"),
        ("caffe.log -o c", "c: a picture is one of .svg, .png, .pdf"),
        ("lost.log -o c.svg", "lost.log: No such file or directory"),
        (". -o c.svg", ".: Is a directory"),
        ("/dev/null -o c.svg", "/dev/null: this is a device or a pipe, and no plain file"),
        ("empty.log -o c.svg", "empty.log: no loss, learning rate or test is logged in it"),
        ("caffe.log -o lost/c.svg", "cannot write lost/c.svg: No such file or directory"),
        ("log.svg -o log.svg --force", "log.svg is an input, which is not replaced"),
    ],
)
def test_what_cannot_be_drawn_is_told(arguments: str, told: str, run: Run) -> None:
    Path("empty.log").write_text("hello\n")
    Path("log.svg").write_text(CAFFE.read_text())
    said, code = run(*arguments.split())
    assert said.startswith(told)
    assert code == 1
    assert not Path("c.svg").exists()


def test_without_matplotlib_it_is_told_what_installs_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said, code = run("caffe.log", "-o", "c.svg")
    assert said.startswith("matplotlib, which draws curves, is not installed")
    assert "`pip install matplotlib` installs it" in said
    assert code == 1


def test_reading_a_log_imports_neither_matplotlib_nor_a_framework() -> None:
    code = (
        "import sys; from proto2net.training import logs; "
        f"logs.read({str(CAFFE)!r}); "
        "print([name for name in ('matplotlib', 'torch', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_nothing_is_drawn_of_nothing() -> None:
    with pytest.raises(Proto2NetError, match="nothing to draw"):
        curves.draw([Log("a")])


def test_what_is_written_is_what_is_read_back(tmp_path: Path) -> None:
    record = {"phase": "train", "iteration": 3, "loss": math.nan, "mean_loss": 0.5, "lr": 0.25}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    found = logs.read(tmp_path / "a.jsonl")
    assert (found.losses, found.rates) == ({3: 0.5}, {3: 0.25})
    assert math.isnan(found.each[3])
