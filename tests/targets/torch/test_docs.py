"""The Python sessions of the documents, which load networks."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from documents import DOCUMENTS, blocks
from places import ROOT


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_sessions_print_what_they_show(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    session = "".join(block.text for block in blocks(document) if block.language == "pycon")
    example = doctest.DocTestParser().get_doctest(session, {}, document.name, document.name, 0)
    assert doctest.DocTestRunner().run(example).failed == 0
