"""No module of the folder that one stands in is run, whatever its name, by any command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

NAMES = (
    "multiprocessing pickle signal json random math typing queue threading tempfile subprocess "
    "logging dataclasses ast symtable glob opcode sitecustomize usercustomize "
    "numpy click rich google safetensors h5py matplotlib torch keras tensorflow proto2net"
).split()
"""Modules of Python itself and of others, which commands import in this process and in others."""

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param { num_output: 4 } }
"""
OWN = """from proto2net import Network

class Own(Network):
    inputs = {"data": (2, 3)}

    def setup(self):
        self.feed("data").relu(name="relu")
"""

COMMANDS = [
    "convert net.prototxt --to torch",
    "convert net.prototxt --to tf",
    "convert net.prototxt --to numpy --weights net.npy",
    "convert net.prototxt --to prototxt -o new.prototxt --weights net.npy",
    "inspect net.prototxt",
    "layers",
    "plot run.log -o new.svg",
    "survey .",
    "survey . --to numpy --jobs 2",
    "time net.prototxt --to numpy --iterations 1 --warmup 1",
    "time own.py:Own --to numpy --iterations 1 --warmup 1",
    "verify net.prototxt --to numpy",
    "--help",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of somebody else's: a network, its weights, and a module of each name."""
    here = tmp_path / "here"
    here.mkdir()
    weights = {"ip": {"weights": np.ones((3, 4), "f4"), "biases": np.ones(4, "f4")}}
    np.save(here / "net.npy", np.array(weights, dtype=object), allow_pickle=True)
    (here / "net.prototxt").write_text(NET)
    (here / "own.py").write_text(OWN)
    (here / "run.log").write_text("Iteration 0, loss = 2\nIteration 20, loss = 1\n")
    ran = str(here / "ran")
    for name in NAMES:
        code = f"open({ran!r}, 'a').write(__name__ + ' ')\n"
        (here / f"{name}.py").write_text(code)
    return here


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command as pip installs it: a script in a folder of its own."""
    script = tmp_path / "bin" / "proto2net"
    script.parent.mkdir()
    script.write_text("import sys\nfrom proto2net.cli import main\nsys.exit(main())\n")
    return script


def check(folder: Path, *command: str | Path, path: str = str(ROOT)) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert not (folder / "ran").exists(), (folder / "ran").read_text()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_no_module_of_the_folder_is_run(folder: Path, program: Path, command: str) -> None:
    check(folder, program, *command.split())


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.split()[0] in ("survey", "time")])
def test_nor_by_what_a_program_in_another_folder_asks_for(
    folder: Path, program: Path, command: str
) -> None:
    """A program that has the folder on its path, and has imported its own modules before."""
    program.write_text(
        "import sys\n"
        "from proto2net import cli, survey, timing\n"
        "import numpy, h5py, safetensors, rich.progress, google.protobuf\n"
        "sys.path[:0] = ['', sys.argv.pop(1), '.']\n"
        "cli.main()\n"
    )
    check(folder, program, folder, *command.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_nor_by_python_m(folder: Path, command: str) -> None:
    (folder / "proto2net.py").unlink()  # Python itself would run it
    check(folder, "-m", "proto2net", *command.split())
