"""What the documents say is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, blocks, run
from places import ROOT

from proto2net.cli.training import train


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_document_holds_from_top_to_bottom(document: Path, tmp_path: Path) -> None:
    run(document, tmp_path)


def test_the_readme_test_command_is_what_ci_runs() -> None:
    commands = [block.text for block in blocks(ROOT / "README.md") if block.language == "sh"]
    assert len(commands) == 2
    assert (ROOT / ".ci" / "run").read_text().endswith("\n\n" + commands[1])


def headings(document: Path) -> set[str]:
    """What links to a document can have behind their `#`, as GitHub and MyST make it."""
    titles = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
            place = document.parent / link if link else document
            assert place.exists(), f"{document.name}: {link}"
            assert not heading or heading in headings(place), f"{document.name}: {link}#{heading}"


def test_each_option_of_train_is_explained() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    options = [param.opts[0] for param in train.params if param.opts[0].startswith("--")]
    assert [option for option in options if f"| `{option}" not in text] == []


def test_the_readme_map_names_what_exists() -> None:
    places = re.findall(r"^\| `([^`]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(places) == 26
    assert [place for place in places if not (ROOT / place).exists()] == []
