"""Runs all checks, each in a process of its own, and tells at the end which of them failed.

PyTorch and TensorFlow do not share a process: tests/conftest.py tells which tests need which.
OpenCV 5, which does not go with OpenCV 4, is installed beside, once.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

# One thread for each of pytest's workers, and no device but the CPU.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
}

# Neighbours stay together, so that a worker has what the tests of a file share.
PYTEST = ["pytest", "-q", "--numprocesses=auto", "--dist=worksteal"]
OPENCV_5 = Path(sys.prefix) / "opencv5"
CHECKS = {
    "OpenCV 5": [
        *("pip", "install", "-q", "--no-deps", "--target", str(OPENCV_5)),
        "opencv-python-headless==5.0.0.93",
    ],
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "tests": PYTEST,
    "ONNX tests": [*PYTEST, "--target=onnx"],
    "PyTorch tests": [*PYTEST, "--target=torch"],
    "TensorFlow tests": [*PYTEST, "--target=tf"],
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
    if OPENCV_5.exists():
        del CHECKS["OpenCV 5"]
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    print(f"\n{'Failed: ' + ', '.join(failed) if failed else 'All checks passed.'}")
    sys.exit(bool(failed))
