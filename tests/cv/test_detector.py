"""The script of docs/jobs/leave-opencv.md, with the import that it had in OpenCV 4 too."""

from __future__ import annotations

import subprocess
import sys

import pytest
from documents import blocks
from places import ROOT

pytest.importorskip("cv2", reason="OpenCV 4 is the judge", exc_type=ImportError)

NEW = "import proto2net.cv as dnn"


@pytest.mark.parametrize("line", [NEW, "from cv2 import dnn"])
def test_the_script_finds_the_same_digits_with_the_old_import_and_the_new(line: str) -> None:
    job = ROOT / "docs" / "jobs" / "leave-opencv.md"
    (script,) = (block.text for block in blocks(job) if block.language == "python")
    assert NEW in script
    found = subprocess.run(
        [sys.executable, "-c", script.replace(NEW, line)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == ["zero 1.0", "six 1.0", "three 1.0"]
