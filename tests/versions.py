"""Runs tests that need no framework with other versions of what proto2net needs.

`python tests/versions.py lowest` does so quickly with the lowest versions that setup.py allows;
`python tests/versions.py protobuf` takes some minutes for each version of protobuf's runtime.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from run import ROOT, pytest

PROTOBUF = ["protobuf==4.25.0", "protobuf==5.*", "protobuf==6.*", "protobuf==7.*"]
NEEDED = (
    "build click h5py hypothesis numpy pytest pytest-xdist rich ruff safetensors setuptools".split()
)

QUICK = (
    "atomic cli injection manners numpy_layers phase porting prototxt upgrade weights_safetensors"
).split()
"""The test files that show what the dependencies are used for."""
NOT_WITH_THE_LOWEST = [
    # NumPy 1 makes a double of one float32 times a number of Python's; only what reads a loss,
    # a blob without axes, can meet that.
    "tests/test_numpy_layers.py::test_layer_agrees_with_caffe[loss_that_is_read]",
]


def lowest() -> list[str]:
    """What setup.py needs at least, each as a requirement of just that version."""
    (needed,) = re.findall(
        r"install_requires=\[(.*?)\]", (ROOT / "setup.py").read_text(), re.DOTALL
    )
    return [bound.replace(">=", "==") for bound in re.findall(r'"(.+?)"', needed)]


def passes(pinned: Sequence[str], needed: Sequence[str], tests: Sequence[str]) -> bool:
    """Run tests with these versions, and the tests' own versions of what else is needed."""
    print(f"\n== {', '.join(pinned)}", flush=True)
    names = {requirement.partition("==")[0] for requirement in pinned}
    locked = (ROOT / "requirements-test.txt").read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        constraints, venv = Path(folder, "constraints.txt"), Path(folder, "venv")
        constraints.write_text(
            "\n".join(line for line in locked if line.partition("==")[0] not in names)
        )
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        python = venv / "bin" / "python"
        install = ["pip", "install", "--quiet", "-c", constraints, *pinned, *needed]
        subprocess.run([python, "-m", *install], check=True)
        return subprocess.run([python, "-m", *tests], cwd=ROOT, check=False).returncode == 0


def passes_lowest() -> bool:
    """Run the quick tests with the lowest versions of all."""
    files = [f"tests/test_{name}.py" for name in QUICK]
    left_out = [f"--deselect={test}" for test in NOT_WITH_THE_LOWEST]
    tests = ["pytest", "-q", "--numprocesses=auto", *left_out, *files]
    return passes(lowest(), ["pytest", "pytest-xdist"], tests)


def passes_protobuf() -> bool:
    """Run the tests with each version of protobuf."""
    failed = [each for each in PROTOBUF if not passes([each], NEEDED, pytest("test_"))]
    print(f"failed: {', '.join(failed) or 'none'}")
    return not failed


if __name__ == "__main__":
    checks = {"lowest": passes_lowest, "protobuf": passes_protobuf}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(f"say which: {' or '.join(checks)}")
    passed = checks[sys.argv[1]]()
    print(f"\n{'All passed.' if passed else 'Failed.'}")
    sys.exit(not passed)
