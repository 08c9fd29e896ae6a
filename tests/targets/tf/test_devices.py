"""Several devices that train together do what one does with batches as large as all of theirs."""

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


def trained(solver: str, prefix: str, *more: str) -> list[dict[str, Any]]:
    options = ["--weights=start.caffemodel", "--iterations=8", f"--snapshot-prefix={prefix}"]
    command = [sys.executable, "-m", "proto2net", "train", solver, "--to=tf", *options]
    run = [*command, f"--log={prefix}.jsonl", *more]
    subprocess.run(run, check=True, capture_output=True)
    return [json.loads(line) for line in Path(f"{prefix}.jsonl").read_text().splitlines()]


def test_two_devices_are_one_with_twice_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train_sgd", "train_lmdb", "test_lmdb"):
        shutil.copytree(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / "train_sgd")
    half = Path("train_test.prototxt").read_text()
    Path("double.prototxt").write_text(half.replace("batch_size: 32", "batch_size: 64"))
    solver = Path("solver.prototxt").read_text()
    Path("double_solver.prototxt").write_text(solver.replace("train_test", "double"))
    one, two = (
        trained("double_solver.prototxt", "one"),
        trained("solver.prototxt", "two", "--devices=2"),
    )
    for alone, together in zip(one, two, strict=True):
        assert together["phase"] == alone["phase"]
        if together["phase"] != "snapshot":
            losses = [row.get("outputs", row)["loss"] for row in (together, alone)]
            assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    layers = (read(f"{name}_iter_8.caffemodel").layers for name in ("one", "two"))
    for a, b in zip(*layers, strict=True):
        for x, y in zip(a.arrays, b.arrays, strict=True):
            assert x
            assert y
            assert abs(x.array - y.array).max() <= 1e-5 * abs(x.array).max()
