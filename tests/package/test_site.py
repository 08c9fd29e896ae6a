"""The documentation becomes a site without a warning, and names all that is public."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from places import ROOT

import proto2net

DOCS = ROOT / "docs"


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", "trees", DOCS, "site"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    pages = {path.stem for path in (tmp_path / "site").glob("*.html")}
    assert {path.stem for path in DOCS.glob("*.md")} <= pages
    text = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    assert 'class="sig-return"' in text, "no function says what it returns"
    commands = (tmp_path / "site" / "commands.html").read_text(encoding="utf-8")
    assert "--weights" in commands
    assert ".. option::" not in commands, "directives stand in the page as text"
    assert re.findall(r'<(?:script|img)[^>]*src="https?:', text) == [], "it asks another host"


def test_the_page_of_python_has_every_public_name() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"\.\. auto(?:function|class):: (\w+)", text)
    assert sorted(listed) == sorted(proto2net.__all__)
