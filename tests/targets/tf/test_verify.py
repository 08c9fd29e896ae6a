"""`verify` runs TensorFlow and PyTorch from one command."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest
from digests import MODELS
from places import ROOT


@pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not here")
@pytest.mark.parametrize("targets", ["torch,tf", "tf,torch"])
def test_one_command_compares_both_frameworks(targets: str) -> None:
    command = [sys.executable, "-m", "proto2net", "verify", str(MODELS / "lenet.prototxt")]
    done = subprocess.run(
        [*command, "--to", targets, "--input", "data=2,1,28,28"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verdict = f"{targets.replace(',', ' and ')}: every blob is within 0.0001 of numpy"
    assert done.stdout.splitlines()[-1] == verdict
