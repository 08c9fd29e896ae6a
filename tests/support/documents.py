"""Runs the documents: every block of README.md, its neighbours and docs/*.md, from top to bottom.

| block | what is done with it |
|---|---|
| its first line is `# NAME.EXT` | it is written to that file |
| `console` | each command after `$ ` is run, and must print what follows it, if anything does |
| `python` that proto2net emits | it must be the file that the command before has written |
| `pycon` | its lines after `>>> ` are run, and must print what follows (test_docs.py of torch) |
| `sh` | how to set up: run by .ci/run, and by test_package.py |
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from places import ROOT
from reference import REFERENCE

TRAINED = {"ultraface": REFERENCE / "corpus" / "weights" / "ultraface_rfb320"}
"""Folders that documents speak of, with trained networks that are not ours to ship."""

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+\.\w+)\n")
_EMITTED = "converted from Caffe by proto2net"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document: its language and its text."""

    language: str
    text: str


def blocks(document: Path) -> list[Block]:
    """The blocks of a document, in order."""
    return [Block(*found) for found in _BLOCK.findall(document.read_text(encoding="utf-8"))]


def run(document: Path, folder: Path) -> None:
    """Do in this folder what the document says."""
    for name in ("examples", "models", "tests"):
        (folder / name).symlink_to(ROOT / name)
    lacking = {name for name, place in TRAINED.items() if not place.is_dir()}
    for name in TRAINED.keys() - lacking:
        (folder / name).symlink_to(TRAINED[name])
    left_out = set[str]()
    for block in blocks(document):
        needed = {name for name in lacking if re.search(rf"\b{name}\b", block.text)}
        left_out |= needed
        if not needed:
            _run(block, folder)
    if left_out:
        pytest.skip(f"all holds but what needs {' and '.join(left_out)}, which is not here")


def _run(block: Block, folder: Path) -> None:
    if file := _FILE.match(block.text):
        (folder / file[1]).write_text(block.text, encoding="utf-8")
    elif block.language == "console":
        _run_commands(block.text, folder)
    elif block.language == "python" and _EMITTED in block.text:
        newest = max(folder.glob("*.py"), key=lambda path: path.stat().st_mtime_ns)
        assert newest.read_text(encoding="utf-8") == block.text
    else:
        assert block.language in ("pycon", "sh"), f"nothing would run this block:\n{block.text}"


def _run_commands(text: str, folder: Path) -> None:
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = step.partition("\n")
        result = subprocess.run(
            ["bash", "-c", command],  # noqa: S607  # documents are written for a shell
            cwd=folder,
            env=_environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        failed = result.returncode != 0
        assert failed == ("nothing was written" in printed), f"{command}\n{result.stdout}"
        assert not printed or result.stdout == printed, command


def _environment(folder: Path) -> dict[str, str]:
    """One with this interpreter, its proto2net, and its pip, which installs into the folder."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    for name, module in {"python": "", "proto2net": "-m proto2net", "pip": "-m pip"}.items():
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
        script.chmod(0o755)
    installed = folder / "installed"
    return os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}",
        "PIP_TARGET": str(installed),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # 0 is pip's way to say yes here
    }
