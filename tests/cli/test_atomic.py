"""What a conversion leaves behind when it is killed, interrupted, out of space or not alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from proto2net import output
from proto2net.caffe.exporter import write_model
from proto2net.cli import main
from proto2net.weights import safetensors
from proto2net.weights.matching import match

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and devices are POSIX")

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

NET = """name: "{}"
layer {{ name: "data" type: "Input" top: "data"
        input_param {{ shape {{ dim: 2 dim: {} }} }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param {{ num_output: {} }} }}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    err: str


Run = Callable[..., Ran]


def give(name: str, inputs: int = 3, outputs: int = 2) -> tuple[str, str]:
    """Write a network and its weights; what `convert` is to be told of them."""
    from proto2net import parse

    graph = parse(NET.format(name, inputs, outputs))
    arrays = [np.full((outputs, inputs), ord(name[0])), np.zeros(outputs)]
    with open(f"{name}.caffemodel", "xb", buffering=0) as file:
        write_model(file, graph, match(graph, {"ip": arrays}).model.values)
    Path(f"{name}.prototxt").write_text(NET.format(name, inputs, outputs))
    return f"{name}.prototxt", f"--weights={name}.caffemodel"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Converts for NumPy, to out/net.py."""
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()

    def run(*arguments: str, out: str = "out/net.py") -> Ran:
        with pytest.raises(SystemExit) as end:
            main(["convert", "--to", "numpy", "-o", out, *arguments])
        return Ran(int(end.value.code or 0), capsys.readouterr().err)

    return run


def held() -> dict[str, bytes]:
    """All that is in the folder that is written to, hidden files too."""
    return {path.name: path.read_bytes() for path in Path("out").iterdir()}


# Killed

KILLED = """
import hashlib, json, os, random, signal, sys, time
from pathlib import Path
from proto2net.cli import main
import proto2net.weights.porting, proto2net.backends.numpy, proto2net.caffe.caffemodel, numpy

commands, kills = json.loads(sys.argv[1]), int(sys.argv[2])

def state():
    return [hashlib.sha1(p.read_bytes()).hexdigest() if p.exists() else None
            for p in map(Path, ("out/net.py", "out/net.safetensors"))]

def started(command):
    child = os.fork()
    if child:
        return child
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        main(command)
    finally:
        os._exit(0)

wholes = []
for command in [commands[1], *commands]:
    start = time.perf_counter()
    os.waitpid(started(command), 0)
    length = time.perf_counter() - start
    wholes.append(state())
wholes = wholes[1:]
found, died, left = [], 0, set()
draw = random.Random(0)
for turn in range(kills):
    if turn % 5 == 0:
        for name in ("out/net.py", "out/net.safetensors"):
            Path(name).unlink()
    before = state()
    command = commands[0 if before == wholes[1] else 1]
    child = started(command)
    time.sleep(draw.random() * length)
    os.kill(child, signal.SIGKILL)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    died += killed
    length *= 1.1 if killed else 0.8  # how long it takes depends on what else runs
    found.append([before, state()])
    for path in Path("out").glob(".*"):
        left.add(path.name)
        path.unlink()
    if state() not in wholes:
        os.waitpid(started(commands[0]), 0)
print(json.dumps({"wholes": wholes, "found": found, "died": died, "left": sorted(left),
                  "all": sorted(os.listdir("out"))}))
"""


def test_a_conversion_that_is_killed_leaves_the_old_files_or_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    size = 2300  # of a side: 21 MB
    given = [give(name, size, size) for name in ("first", "second")]
    options = ["--to", "numpy", "-o", "out/net.py", "--force"]
    commands = [["convert", *each, *options] for each in given]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(commands), "50"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout)
    wholes = told["wholes"]
    assert wholes[0][0] != wholes[1][0]
    assert wholes[0][1] != wholes[1][1]
    assert None not in wholes[0] + wholes[1]
    assert told["died"] > 10, "hardly any was killed before its end"
    assert told["left"], "none was killed while it was writing"
    assert all(name.startswith(".proto2net-") and name.endswith(".tmp") for name in told["left"])
    assert told["all"] == ["net.py", "net.safetensors"]
    for (old_source, old_weights), (source, weights) in told["found"]:
        new = wholes[0] if [old_source, old_weights] == wholes[1] else wholes[1]
        # Weights get their name first: a new source never stands beside old weights.
        assert [source, weights] in (
            [old_source, old_weights],
            [old_source, new[1]],
            new,
        )


# Interrupted


def test_ctrl_c_while_weights_are_written_leaves_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        assert len(held()) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(safetensors, "put", interrupted)
    assert run(*give("first")).code == 130
    assert held() == {}


def test_ctrl_c_between_the_names_of_two_files_waits(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*give("first")).code == 0
    replace, calls = Path.replace, []

    def interrupted(self: Path, target: str) -> None:
        replace(self, target)
        calls.append(target)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    before = held()
    assert run(*give("second"), "--force").code == 130
    after = held()
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in after)


# Not able to write


@pytest.mark.parametrize("fails", [1, 2], ids=["weights", "source"])
def test_files_that_belong_together_are_written_together(
    run: Run, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    assert run(*give("first")).code == 0
    before, put, calls = held(), output._put, []

    def full(stream: object, content: object) -> None:
        calls.append(content)
        if len(calls) == fails:
            raise OSError(28, "No space left on device")
        put(stream, content)  # type: ignore[arg-type]

    monkeypatch.setattr(output, "_put", full)
    ran = run(*give("second"), "--force")
    name = "net.safetensors" if fails == 1 else "net.py"
    assert ran.code == 1
    assert ran.err == (
        f"cannot write out/{name}: No space left on device\n1 problem; nothing was written\n"
    )
    assert held() == before


def test_a_limit_of_space_is_one_line(run: Run) -> None:
    arguments = give("first", 300, 200)
    limited = textwrap.dedent("""
        import resource, sys
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        from proto2net.cli import main
        main(sys.argv[1:])
    """)
    done = subprocess.run(
        [sys.executable, "-c", limited, "convert", *arguments, "--to", "numpy", "-o", "out/net.py"],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "cannot write out/net.safetensors: File too large\n1 problem; nothing was written\n"
    )
    assert held() == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_device_is_one_line(run: Run) -> None:
    ran = run(give("first")[0], out="/dev/full")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "cannot write /dev/full: No space left on device"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write in")
def test_a_folder_that_nobody_can_write_in_is_one_line(run: Run) -> None:
    ran = run(*give("first"), out="/proc/self/net.py")
    assert ran.code == 1
    assert ran.err.startswith("cannot write /proc/self/net.safetensors: ")
    assert ran.err.endswith("\n1 problem; nothing was written\n")


# Not allowed to


@pytest.mark.parametrize("there", ["net.py", "net.safetensors"])
def test_either_file_that_exists_is_kept_unless_forced(run: Run, there: str) -> None:
    Path("out", there).write_text("mine")
    ran = run(*give("first"))
    assert ran.code == 1
    assert ran.err.startswith(f"out/{there} exists already\n  hint: give --force")
    assert held() == {there: b"mine"}
    assert run("first.prototxt", "--weights=first.caffemodel", "--force").code == 0
    assert held()[there] != b"mine"


def test_a_file_that_appears_meanwhile_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write = safetensors.write

    def slow(*arguments: object, **options: object) -> None:
        write(*arguments, **options)  # type: ignore[arg-type]
        Path("out/net.py").write_text("mine")

    monkeypatch.setattr(safetensors, "write", slow)
    ran = run(*give("first"))
    assert ran.code == 1
    assert ran.err.startswith("out/net.py exists already")
    assert held() == {"net.py": b"mine"}


def test_a_link_that_leads_nowhere_is_not_followed_unless_forced(run: Run) -> None:
    Path("out/net.py").symlink_to("../elsewhere")
    assert run(give("first")[0]).code == 1
    assert not Path("elsewhere").exists()
    assert run("first.prototxt", "--force").code == 0
    assert Path("elsewhere").read_bytes() == Path("out/net.py").read_bytes()


def test_weights_and_source_cannot_be_one_file(run: Run) -> None:
    ran = run(*give("first"), "--force", out="out/net.safetensors")
    assert ran.code == 1
    assert ran.err.startswith("the weights are written to out/net.safetensors too\n  hint: ")
    assert held() == {}


# Not alone


def test_conversions_to_one_place_do_not_mix_their_bytes(run: Run) -> None:
    wholes: list[dict[str, bytes]] = []
    given = [give(name, 700, 500) for name in ("first", "second")]
    for each in given:
        assert run(*each, "--force").code == 0
        wholes.append(held())
    command = [sys.executable, "-m", "proto2net", "convert", "--to", "numpy", "-o", "out/net.py"]
    running = [
        subprocess.Popen([*command, "--force", *each], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        for each in given * 2
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    for name, content in held().items():
        assert content in (wholes[0][name], wholes[1][name])
