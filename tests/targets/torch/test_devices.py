"""Several processes that train together do what one does with batches as large as all of theirs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import TESTS

from proto2net.weights.reading import read

DATA = TESTS / "golden" / "data"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("train_sgd", "train_lmdb", "test_lmdb"):
        shutil.copytree(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / "train_sgd")
    return tmp_path / "train_sgd"


def trained(prefix: str, *command: str) -> list[dict[str, Any]]:
    options = ["--weights=start.caffemodel", "--iterations=12", f"--snapshot-prefix={prefix}"]
    run = [sys.executable, "-m", *command, *options, f"--log={prefix}.jsonl"]
    subprocess.run(run, check=True, capture_output=True)
    return [json.loads(line) for line in Path(f"{prefix}.jsonl").read_text().splitlines()]


def test_two_processes_are_one_with_twice_the_batch(folder: Path) -> None:
    half = (folder / "train_test.prototxt").read_text()
    (folder / "double.prototxt").write_text(half.replace("batch_size: 32", "batch_size: 64"))
    solver = (folder / "solver.prototxt").read_text()
    (folder / "double_solver.prototxt").write_text(solver.replace("train_test", "double"))
    convert = ["proto2net", "convert", "solver.prototxt", "--to", "torch"]
    subprocess.run([sys.executable, "-m", *convert], check=True)
    one = trained("one", "proto2net", "train", "double_solver.prototxt", "--to", "torch")
    run = ["torch.distributed.run", "--nproc-per-node=2", "--", "train_train_test.py"]
    two = trained("two", *run)
    for alone, together in zip(one, two, strict=True):
        assert together["phase"] == alone["phase"]
        if together["phase"] != "snapshot":
            losses = [row.get("outputs", row)["loss"] for row in (together, alone)]
            assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    pairs = zip(
        *(read(f"{name}_iter_12.caffemodel").layers for name in ("one", "two")), strict=True
    )
    for alone, together in pairs:
        for a, b in zip(alone.arrays, together.arrays, strict=True):
            assert a is not None
            assert b is not None
            assert abs(a.array - b.array).max() <= 1e-5 * abs(a.array).max()
