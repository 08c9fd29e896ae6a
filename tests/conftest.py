"""What holds for every run of pytest here."""

from __future__ import annotations

import signal

import pytest


def pytest_configure() -> None:
    """Heed Ctrl-C, which a shell has its background jobs ignore, and all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse both frameworks in one process: their native libraries get in each other's way."""
    files = {item.path.name for item in items}
    if all(any(name.startswith(p) for name in files) for p in ("test_torch_", "test_tf_")):
        raise pytest.UsageError(
            "PyTorch and TensorFlow do not share a process: "
            "`python tests/run.py` runs everything, each in its own"
        )
