"""Who kills a training loses no more than what was learned since the last snapshot."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from places import TESTS

from proto2net.caffe.solverstate import read_state
from proto2net.weights.reading import read

DATA = TESTS / "golden" / "data"
KILLS = int(os.environ.get("PROTO2NET_KILLS", "2"))
EVERY = 3
"""How many iterations lie between snapshots."""


def latest() -> int:
    """The iteration of the last snapshot, all of which are whole."""
    found = [0]
    for path in Path().glob("cut_iter_*.solverstate"):
        state = read_state(path)
        read(path.with_suffix(".caffemodel"))
        assert json.loads(path.with_suffix(".proto2net.json").read_text())["state"]["data"]
        found.append(state.iteration)
    return max(found)


def logged() -> int:
    """How many iterations the log tells of."""
    lines = Path("log.jsonl").read_text().splitlines() if Path("log.jsonl").exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return max((row["iteration"] + 1 for row in rows if row["phase"] == "train"), default=0)


def test_a_killed_training_loses_one_interval_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train_sgd", "train_lmdb", "test_lmdb"):
        shutil.copytree(DATA / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / "train_sgd")
    solver = Path("solver.prototxt").read_text().replace("snapshot: 30", f"snapshot: {EVERY}")
    Path("solver.prototxt").write_text(solver.replace("max_iter: 60", "max_iter: 100000"))
    draws = np.random.default_rng(0)
    for _ in range(KILLS):
        begin = latest()
        command = ["train", "solver.prototxt", "--to=torch", "--snapshot-prefix=cut"]
        more = [f"--snapshot=cut_iter_{begin}.solverstate"] if begin else []
        run = [sys.executable, "-m", "proto2net", *command, "--log=log.jsonl", "--force", *more]
        with subprocess.Popen(
            run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as training:
            while latest() <= begin:
                assert training.poll() is None
                time.sleep(0.05)
            time.sleep(draws.random() / 5)
            training.send_signal(signal.SIGKILL)
        assert logged() - latest() <= EVERY
        assert latest() > begin
