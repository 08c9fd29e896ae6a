"""How the command line behaves when something is wrong: its input, itself or its terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from places import ROOT

import proto2net
from proto2net import api, cli
from proto2net.cli import networks

PROTO2NET = [sys.executable, "-m", "proto2net"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

NET = """name: "{}"
layer {{ name: "data" type: "Input" top: "data"
        input_param {{ shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "réseau" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param {{ num_output: 4 }} }}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder that has net.prototxt, and what is no network: garbage."""
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(NET.format("tiny"))
    Path("garbage").write_bytes(bytes(range(256)) * 40)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        out, err = capsys.readouterr()
        return Ran(int(end.value.code or 0), out, err)

    return run


def process(*arguments: str, env: Mapping[str, str] | None = None, shell: str = "") -> Ran:
    """A command in a process of its own; `shell` may redirect its streams."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", *PROTO2NET, *arguments],
        capture_output=True,
        env=ENVIRONMENT | (env or {}),
        check=False,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


# Bad input


@pytest.mark.parametrize(
    "arguments",
    [
        "inspect garbage",
        "inspect .",
        "inspect net.prototxt --output nothing",
        "inspect net.prototxt --input data=0",
        "inspect net.prototxt --input data=9999999999,9999999999",
        "convert garbage --to torch",
        "convert net.prototxt --to torch --weights garbage",
        "convert net.prototxt --to torch --weights .",
        "convert net.prototxt --to torch --weights net.prototxt",
        "convert net.prototxt --to summary --weights garbage",
        "convert net.prototxt --to torch -o net.prototxt/x.py",
        "convert net.prototxt --to torch -o missing/../../x/y.py",
        "verify net.prototxt --to numpy --weights garbage",
        "verify net.prototxt --to numpy --image garbage",
        "verify net.prototxt --to summary",
        "time garbage --to numpy",
        "time garbage.py:Net --to numpy",
        "time net.prototxt --to prototxt",
    ],
)
def test_bad_input_is_a_message_and_never_a_traceback(run: Run, arguments: str) -> None:
    ran = run(*arguments.split())
    assert ran.code == 1, ran.err
    assert ran.out == ""
    assert ran.err.endswith("nothing was written\n")
    assert "Traceback" not in ran.err
    assert sorted(os.listdir()) == ["garbage", "net.prototxt"]


@pytest.mark.parametrize("at", [0, 2])
def test_debug_shows_where_an_error_was_found(run: Run, at: int) -> None:
    arguments = ["inspect", "garbage"]
    arguments.insert(at, "--debug")
    ran = run(*arguments)
    assert ran.code == 1
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert ran.err.endswith(run("inspect", "garbage").err)


def test_debug_changes_nothing_where_all_is_well(run: Run) -> None:
    assert run("inspect", "net.prototxt", "--debug") == run("inspect", "net.prototxt")


def test_every_command_has_debug() -> None:
    assert not [name for name, command in commands().items() if not option(command, "--debug")]


def test_layers_is_the_file_of_ones_own_layer_types_in_every_command() -> None:
    found = {name: option(command, "--layers") for name, command in commands().items()}
    assert {name: each.metavar for name, each in found.items() if each} == dict.fromkeys(
        "audit convert diff inspect match predict recover report survey time verify view".split(),
        "FILE.py",
    )


def commands() -> dict[str, click.Command]:
    """Every command by its name."""
    context = click.Context(cli.cli)
    found = {name: cli.cli.get_command(context, name) for name in cli.cli.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def option(command: click.Command, name: str) -> click.Parameter | None:
    """The option of this name, if the command has it."""
    return next((each for each in command.params if name in each.opts), None)


def test_a_wrong_option_cannot_steer_the_terminal(run: Run) -> None:
    for wrong in (["--\x1b[31m"], ["net.prototxt", "\x1b[31m"], ["--phase", "\x9b\u202e"]):
        ran = run("inspect", *wrong)
        assert ran.code == 2
        assert all(char.isprintable() or char == "\n" for char in ran.err)


# A fault of our own


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes reading a network fail as only a bug can."""

    def parse(*_: object, **__: object) -> None:
        raise KeyError("conv\x1b[31m\n1")

    monkeypatch.setattr(networks, "parse", parse)
    monkeypatch.setattr(api, "parse", parse)  # which inspect calls


@pytest.mark.usefixtures("broken")
def test_a_bug_is_told_in_two_lines_with_what_to_report(run: Run) -> None:
    ran = run("inspect", "a net.prototxt")
    assert ran.code == 70
    bug, report = ran.err.splitlines()
    assert bug.startswith("this is a bug in proto2net, not in your file: KeyError: ")
    assert "--debug" in bug
    assert "the issue tracker of proto2net" in report
    assert f"proto2net {proto2net.__version__}, Python 3." in report
    assert report.endswith("proto2net inspect 'a net.prototxt'")
    assert "\x1b" not in ran.err


@pytest.mark.usefixtures("broken")
def test_debug_shows_where_a_bug_is(run: Run) -> None:
    ran = run("inspect", "net.prototxt", "--debug")
    assert ran.code == 70
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert "in parse" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.usefixtures("broken")
def test_a_bug_leaves_nothing_behind(run: Run) -> None:
    assert run("convert", "net.prototxt", "--to", "torch").code == 70
    assert sorted(os.listdir()) == ["garbage", "net.prototxt"]


# The user's own interruption


@pytest.mark.parametrize("where", ["api.parse", "cli.inspecting.put", "cli.notes"])
def test_ctrl_c_ends_with_130_wherever_it_comes(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"proto2net.{where}", interrupted)
    ran = run("inspect", "net.prototxt")
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "")


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c_while_standard_input_is_read_ends_with_130() -> None:
    with subprocess.Popen(
        [*PROTO2NET, "inspect", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as running:
        assert running.stdin
        assert running.stderr
        running.stdin.write(b"# more than a pipe holds\n" * 20_000)  # so it is being read now
        running.stdin.flush()
        time.sleep(0.3)  # it waits for more
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        assert running.stderr.read().strip() == b""


# The terminal


POOR = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "TERM": "dumb", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["convert", "--help"],
        ["layers"],
        ["inspect", "net.prototxt"],
        ["convert", "net.prototxt", "--to", "prototxt", "-o", "-"],
        ["convert", "net.prototxt", "--to", "torch", "-o", "né.py"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]).strip("-"),
)
def test_a_terminal_without_colours_or_unicode_is_enough(run: Run, arguments: list[str]) -> None:
    ran = process(*arguments, env=POOR)
    assert ran.code == 0, ran.err
    assert ran.err.isascii()
    if arguments[-1] != "-":  # source has the bytes of the file that it would be in
        assert ran.out.isascii()
    assert "\x1b" not in ran.out + ran.err


def test_problems_are_told_on_a_terminal_without_unicode(run: Run) -> None:
    Path("net.prototxt").write_text(NET.format("naïve").replace("InnerProduct", "Innér"))
    ran = process("inspect", "net.prototxt", env=POOR)
    assert ran.code == 1
    assert ran.err.isascii()
    assert "nothing was written" in ran.err


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX")
@pytest.mark.parametrize("environment", [{"TERM": "xterm", "PYTHONIOENCODING": "utf-8"}, POOR])
def test_a_bar_shows_on_any_terminal(run: Run, environment: dict[str, str]) -> None:
    import pty

    import numpy as np

    from proto2net.caffe.exporter import write_model
    from proto2net.weights.matching import match

    graph = proto2net.parse(Path("net.prototxt"))
    arrays = {"réseau": [np.zeros((4, 3)), np.zeros(4)]}
    with open("net.caffemodel", "xb", buffering=0) as file:
        write_model(file, graph, match(graph, arrays).model.values)
    imports = "import sys; from proto2net.cli import main, terminal"
    command = f"{imports}; terminal.MUCH = 1; main(sys.argv[1:])"
    arguments = ["convert", "net.prototxt", "--weights", "net.caffemodel", "--to", "numpy"]
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", command, *arguments],
            stderr=theirs,
            env=ENVIRONMENT | environment,
            check=False,
            timeout=60,
        )
        os.close(theirs)
        told = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
    assert done.returncode == 0, told
    assert "wrote net.safetensors" in told
    if environment is POOR:
        assert told.isascii()


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")
@pytest.mark.parametrize("shell", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_streams_that_are_closed_are_no_bug(run: Run, shell: str) -> None:
    ran = process("inspect", "net.prototxt", shell=shell)
    assert ran.code in (0, 1)
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
@pytest.mark.parametrize("net", ["net.prototxt", "garbage"])
def test_nobody_reading_what_is_said_is_quiet(run: Run, net: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*PROTO2NET, "convert", net, "--to", "numpy"],
            stdout=subprocess.PIPE,
            stderr=writing,
            env=ENVIRONMENT,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stdout == b""
