"""Emitted Python files read well, import little, and are the same each time."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from digests import MODELS
from layer_cases import NAMES, UNSUPPORTED, case
from places import ROOT

import proto2net
from proto2net import Graph, backends
from proto2net.errors import UnsupportedError

IMPORTS = {
    "numpy": {"collections", "math", "numpy", "pathlib", "safetensors", "typing"},
    "torch": {"collections", "math", "numpy", "pathlib", "safetensors", "torch", "typing"},
    "tf": {"itertools", "keras", "math", "numpy", "pathlib", "safetensors", "tensorflow", "typing"},
}
"""What the files of each target may import."""
TARGETS = pytest.mark.parametrize("target", IMPORTS)
RULES = "--select=E,F,W,I,UP,B,SIM,C4,RUF,PIE,RET,PL,D1"
KEPT = "--ignore=D102,D107,RUF100,PLR09,PLR2004,PLC0415"
"""PLR09 and PLR2004 count what a network has many of: arguments, statements and numbers.

PLC0415 is about imports in functions: `preprocess` imports OpenCV where it needs it, so that a file
can be used without it.
"""


@cache
def graphs(phase: str) -> dict[str, Graph]:
    """Every network of models/, and of every layer's case that has this phase."""
    found = {
        file.stem.replace(".", "_"): proto2net.parse(file, phase=phase)
        for file in MODELS.glob("*.prototxt")
    }
    for name in NAMES:
        try:
            graph = proto2net.parse(case(name).net, phase=phase, fork=case(name).fork)
        except UnsupportedError:
            assert phase == "train", name
            continue
        found[f"case_{name}"] = graph
    return found


@cache
def sources(target: str) -> dict[str, str]:
    """The sources of every network of models/ and of every layer's case, in both phases."""
    found = {}
    for phase in ("test", "train"):
        for name, graph in graphs(phase).items():
            try:
                found[f"{name}_{phase}"] = proto2net.convert(graph, to=target)
            except UnsupportedError:
                case_name = name.removeprefix("case_")
                assert phase == "train" or case_name in UNSUPPORTED.get(target, {}), name
                continue
            if not name.startswith("case_"):
                emitted = backends.get(target).emit(graph, weights="learned.safetensors")
                found[f"{name}_{phase}_with_weights"] = emitted.source
    return found


@TARGETS
def test_source_passes_ruff(target: str, tmp_path: Path) -> None:
    for name, source in sources(target).items():
        tmp_path.joinpath(f"{name}.py").write_text(source)
    for command in (["check", "--no-fix", RULES, KEPT], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", tmp_path]
        result = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-3000:]


@TARGETS
def test_source_compiles_and_imports_no_other_package(target: str) -> None:
    for name, source in sources(target).items():
        tree = ast.parse(source)
        assert set(_imported(tree.body)) <= IMPORTS[target], name
        assert set(_imported(ast.walk(tree))) <= IMPORTS[target] | {"cv2"}, name
        compile(tree, name, "exec")


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


@TARGETS
def test_source_is_the_same_each_time(target: str) -> None:
    program = (
        "import sys, proto2net\n"
        "for file in sys.argv[1:]:\n"
        f"    print(proto2net.convert(file, to={target!r}), end='')\n"
    )
    files = sorted(MODELS.glob("*.prototxt"))
    made = {
        subprocess.run(
            [sys.executable, "-c", program, *files],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_what_is_loaded_says_its_types_as_the_printed_file_does() -> None:
    """So a name that a file does not import is missed by what is loaded too."""
    network = proto2net.load(MODELS / "lenet.prototxt", to="numpy")
    assert type(network).__call__.__annotations__["return"] is np.ndarray


@TARGETS
def test_a_docstring_says_what_the_columns_of_boxes_are(target: str) -> None:
    folder = ROOT / "tests" / "golden" / "forks" / "detection_output_ssd"
    source = proto2net.convert(folder / "net.prototxt", to=target)
    columns = "image, label, score, xmin, ymin, xmax, ymax (in fractions of the image)"
    assert f"rows of {columns}." in " ".join(source.split())
    assert "rows of" not in proto2net.convert(MODELS / "lenet.prototxt", to=target)
