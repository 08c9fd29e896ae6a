"""Runs tests that need no framework with other versions of what proto2net needs.

`python tests/versions.py lowest` does so quickly with the lowest versions that setup.py allows;
`python tests/versions.py protobuf` takes some minutes for each version of protobuf's runtime, and
`python tests/versions.py pythons` for each Python on this machine that setup.py allows.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from run import PYTEST, ROOT

PROTOBUF = ["protobuf==4.25.0", "protobuf==5.*", "protobuf==6.*", "protobuf==7.*"]
NEEDED = """
build click h5py hypothesis numpy pytest pytest-xdist rich ruff safetensors scikit-learn setuptools
""".split()

QUICK = [
    f"tests/{folder}/test_{name}.py"
    for folder, names in {
        "caffe": "injection prototxt upgrade",
        "cli": "atomic cli manners",
        "graph": "phase",
        "targets": "layers porting",
        "weights": "porting safetensors",
    }.items()
    for name in names.split()
]
"""The test files that show what the dependencies are used for."""
NOT_WITH_THE_LOWEST = [
    # NumPy 1 makes a double of one float32 times a number of Python's; only what reads a loss,
    # a blob without axes, can meet that.
    "tests/targets/test_layers.py::test_layer_agrees_with_caffe[loss_that_is_read]",
]


def required() -> list[str]:
    """What setup.py needs."""
    (needed,) = re.findall(
        r"install_requires=\[(.*?)\]", (ROOT / "setup.py").read_text(), re.DOTALL
    )
    return re.findall(r'"(.+?)"', needed)


def lowest() -> list[str]:
    """What setup.py needs at least, each as a requirement of just that version."""
    return [bound.replace(">=", "==") for bound in required()]


def pythons() -> dict[str, Path]:
    """The Pythons of this machine that setup.py allows, by version: in PATH and pyenv's."""
    (least,) = re.findall(r'python_requires=">=3\.(\d+)"', (ROOT / "setup.py").read_text())
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    folders = [*os.get_exec_path(), *map(str, pyenv.glob("versions/*/bin"))]
    found: dict[str, Path] = {}
    for folder in folders:
        for path in Path(folder).glob("python3.*"):
            minor = re.fullmatch(r"python3\.(\d+)", path.name)
            if minor and int(minor[1]) >= int(least) and (version := version_of(path)):
                found.setdefault(version, path)
    return dict(sorted(found.items(), key=lambda item: [*map(int, item[0].split("."))]))


def version_of(python: Path) -> str:
    """Its version, such as 3.12; empty for what is no Python, such as pyenv's link to nothing."""
    say = "import sys, venv, ensurepip; print(*sys.version_info[:2], sep='.')"
    asked = subprocess.run([python, "-c", say], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def passes(
    pinned: Sequence[str],
    needed: Sequence[str],
    tests: Sequence[str],
    interpreter: str | Path = sys.executable,
) -> bool:
    """Run tests with these versions, and the tests' own versions of what else is needed.

    Another Python has the newest version of each that there is for it.
    """
    names = {requirement.partition("==")[0] for requirement in pinned}
    locked = (ROOT / "requirements-test.txt").read_text().splitlines()
    kept = [line for line in locked if line.partition("==")[0] not in names]
    with tempfile.TemporaryDirectory() as folder:
        constraints, venv = Path(folder, "constraints.txt"), Path(folder, "venv")
        constraints.write_text("\n".join(kept) if interpreter == sys.executable else "")
        subprocess.run([interpreter, "-m", "venv", venv], check=True)
        python = venv / "bin" / "python"
        install = ["pip", "install", "--quiet", "-c", constraints, *pinned, *needed]
        subprocess.run([python, "-m", *install], check=True)
        return subprocess.run([python, "-m", *tests], cwd=ROOT, check=False).returncode == 0


def passes_lowest() -> bool:
    """Run the quick tests with the lowest versions of all."""
    left_out = [f"--deselect={test}" for test in NOT_WITH_THE_LOWEST]
    tests = [*PYTEST, *left_out, *QUICK]
    print(f"\n== {', '.join(lowest())}", flush=True)
    return passes(lowest(), ["pytest", "pytest-xdist"], tests)


def passes_protobuf() -> bool:
    """Run the tests with each version of protobuf."""
    return all_pass({each: partial(passes, [each], NEEDED, PYTEST) for each in PROTOBUF})


def passes_pythons() -> bool:
    """Run the tests with each Python."""
    return all_pass(
        {
            f"Python {version}": partial(passes, [], [*required(), *NEEDED], PYTEST, python)
            for version, python in pythons().items()
        }
    )


def all_pass(checks: Mapping[str, Callable[[], bool]]) -> bool:
    """Run each, and tell at the end which failed."""
    failed = []
    for name, check in checks.items():
        print(f"\n== {name}", flush=True)
        if not check():
            failed.append(name)
    print(f"failed: {', '.join(failed) or 'none'}")
    return not failed


if __name__ == "__main__":
    checks = {"lowest": passes_lowest, "protobuf": passes_protobuf, "pythons": passes_pythons}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(f"say which: {' or '.join(checks)}")
    passed = checks[sys.argv[1]]()
    print(f"\n{'All passed.' if passed else 'Failed.'}")
    sys.exit(not passed)
