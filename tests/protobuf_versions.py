"""Runs the tests that need no framework with other versions of protobuf, each in its own venv.

`python tests/protobuf_versions.py` takes some minutes; versions can be named, as .ci/run does.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from run import ROOT, pytest

VERSIONS = ["4.25.0", "5.*", "6.*", "7.*"]
NEEDED = (
    "build click h5py hypothesis numpy pytest pytest-xdist rich ruff safetensors setuptools".split()
)


def passes(version: str, folder: Path) -> bool:
    """Run the tests with this version of protobuf."""
    print(f"\n== protobuf {version}", flush=True)
    locked = (ROOT / "requirements-test.txt").read_text().splitlines()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(line for line in locked if not line.startswith("protobuf==")))
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    install = ["pip", "install", "--quiet", "-c", constraints, f"protobuf=={version}", *NEEDED]
    subprocess.run([python, "-m", *install], check=True)
    tests = subprocess.run([python, "-m", *pytest("test_")], cwd=ROOT, check=False)
    return tests.returncode == 0


def main() -> int:
    """Run the tests with each version asked for, or with all."""
    failed = []
    for version in sys.argv[1:] or VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            if not passes(version, Path(folder)):
                failed.append(version)
    print(f"\n{'Failed with protobuf ' + ', '.join(failed) if failed else 'All passed.'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
