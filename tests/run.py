"""Runs all checks, each in a process of its own, and tells at the end which of them failed.

PyTorch and TensorFlow do not share a process, so the name of a test file says what it needs:
test_torch_*.py and test_tf_*.py their framework, every other file neither.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = sorted(ROOT.glob("tests/test_*.py"))

# One thread for each of pytest's workers, and no device but the CPU.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
}


def pytest(prefix: str) -> list[str]:
    """The command that runs the test files of this prefix."""
    files = [str(path) for path in TESTS if kind(path) == prefix]
    missing = f"tests/{prefix}*.py"  # pytest without a file would run them all
    return ["pytest", "-q", "--numprocesses=auto", *(files or [missing])]


def kind(path: Path) -> str:
    """The prefix of a test file's name that says which framework it needs."""
    return next((p for p in ("test_torch_", "test_tf_") if path.name.startswith(p)), "test_")


CHECKS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "tests": pytest("test_"),
    "PyTorch tests": pytest("test_torch_"),
    "TensorFlow tests": pytest("test_tf_"),
}


def passes(name: str, command: list[str]) -> bool:
    """Run one check."""
    print(f"\n== {name}", flush=True)
    start = time.perf_counter()
    code = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=ENVIRONMENT | os.environ, check=False
    ).returncode
    print(f"== {name}: {'failed' if code else 'passed'} in {time.perf_counter() - start:.0f} s")
    return code == 0


if __name__ == "__main__":
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    print(f"\n{'Failed: ' + ', '.join(failed) if failed else 'All checks passed.'}")
    sys.exit(bool(failed))
