"""The page of web/, built once for what is in this checkout, and served as files."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM
from places import ROOT


@pytest.fixture(scope="session")
def dist() -> Path:
    """The folder of the page; the tests are skipped where it cannot be built."""
    if not CHROMIUM:  # who would look at it
        pytest.skip("Chromium is not installed: apt-get install chromium")
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed, which the page is built with")
    folder = Path(tempfile.gettempdir()) / "proto2net-web"
    folder.mkdir(exist_ok=True)
    built = folder / contents()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several of pytest's workers may want it
        if not built.exists():
            shutil.rmtree(folder / "old", ignore_errors=True)
            command = [sys.executable, ROOT / "web" / "build.py", "--out", built]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode == 3:
                pytest.skip(result.stderr.strip())
            assert result.returncode == 0, result.stderr
    return built


def contents() -> str:
    """A hash of all that the page is made of."""
    digest = hashlib.sha256()
    for folder in ("web", "proto2net", "models/prototxt"):
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not {"dist", ".fetched", "__pycache__"}.intersection(parts):
                digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def site(dist: Path) -> Iterator[str]:
    """The address of the page."""
    handler = functools.partial(Quiet, directory=str(dist))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
