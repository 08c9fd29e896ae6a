"""What holds for every run of pytest here, and which tests a run has.

PyTorch and TensorFlow do not share a process: their native libraries get in each other's way. So
`pytest` runs what needs neither of them, `pytest --target torch` and `pytest --target tf` the rest.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser import Visit
    from playwright.sync_api import Browser

TARGETS = Path(__file__).parent / "targets"
FRAMEWORKS = ("torch", "tf")
ALL = ("numpy", *FRAMEWORKS)
FOLDERS = {"torch": ("torch",), "tf": ("tf",), "onnx": ("onnx",), "frameworks": FRAMEWORKS}
"""The folders of `TARGETS` that are not run with numpy."""
OF_ONNX = [
    f"test_{name}.py"
    for name in (
        *("any_size", "conformance", "detectors", "edges", "in_place", "layers", "outputs"),
        *("predicting", "pretrained", "wild", "zoo"),
    )
]
"""The files there that are run with onnx too, which prints no Python and trains nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        choices=[*ALL, "onnx"],
        default="numpy",
        help="run the tests of this target; the default is numpy, with all that have no target",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Heed Ctrl-C, which a shell has its background jobs ignore, and all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for argument in config.args:
        path = config.invocation_params.dir / argument.partition("::")[0]
        if is_left_out(path, config):
            one_of = " or ".join(f"--target {target}" for target in targets(path))
            raise pytest.UsageError(f"{argument} is run with {one_of}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return is_left_out(collection_path, config) or None


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what lasts as long as the run, and come less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def is_left_out(path: Path, config: pytest.Config) -> bool:
    """Whether nothing of a file or folder is run with the target that was asked for."""
    return config.getoption("target") not in targets(path.resolve())


def targets(path: Path) -> tuple[str, ...]:
    """The targets that tests of a file or folder are run with."""
    of_onnx = ("onnx",) if path.name in OF_ONNX and TARGETS in path.parents else ()
    if path == TARGETS or path in TARGETS.parents:
        return (*ALL, "onnx")
    if path.parent == TARGETS and path.is_file():
        return (*ALL, *of_onnx)
    folder = path.relative_to(TARGETS).parts[0] if TARGETS in path.parents else ""
    found = FOLDERS.get(folder, ("numpy",))
    return (*found, "onnx") if folder == "frameworks" and (of_onnx or path.is_dir()) else found


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Forgets the layer types that a test declares: for those after it they are unknown."""
    from proto2net.caffe import schema
    from proto2net.layers import LAYERS, PYTHON_LAYERS

    layers, python_layers = dict(LAYERS.others), dict(PYTHON_LAYERS.others)
    yield
    if (layers, python_layers) != (LAYERS.others, PYTHON_LAYERS.others):
        LAYERS.others, PYTHON_LAYERS.others = layers, python_layers
        schema.refresh()


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> str:
    """The target whose tests are run."""
    return str(request.config.getoption("target"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    from browser import started

    with started() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Pages to look at: the test fails if one of them writes an error or a warning."""
    from browser import Visit

    visit = Visit(chromium)
    yield visit
    visit.close()
    assert visit.errors == []
