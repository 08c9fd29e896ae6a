"""What the documents say is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, blocks, run
from places import ROOT

from proto2net.cli.training import train


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
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


def stem(path: Path) -> str:
    return path.stem


JOBS = sorted((ROOT / "docs" / "jobs").glob("*.md"))


def test_each_job_has_a_page_that_the_index_names() -> None:
    (index,) = (page for page in JOBS if page.stem == "index")
    named = re.findall(r"\]\(([\w-]+\.md)\)", index.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(page.name for page in JOBS if page != index)
    assert len(named) == 10


@pytest.mark.parametrize("job", [page for page in JOBS if page.stem != "index"], ids=stem)
def test_a_job_begins_with_a_shipped_file_and_takes_at_most_five_commands(job: Path) -> None:
    text = job.read_text(encoding="utf-8")
    sections = ["What you have", "What you do", "What you own now", "What can go wrong", "More"]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == sections
    (given,) = re.findall(r"## What you have\n(.*?)## What you do", text, re.DOTALL)
    begun = re.findall(r"`((?:models|examples|tests)/[^`]*)`", given)
    assert begun
    assert [each for each in begun if not (ROOT / each).exists()] == []
    commands = [block.text for block in blocks(job) if block.language == "console"]
    assert 1 <= len(re.findall(r"^\$ ", "".join(commands), re.MULTILINE)) <= 5


def test_each_option_of_train_is_explained() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    options = [param.opts[0] for param in train.params if param.opts[0].startswith("--")]
    assert [option for option in options if f"| `{option}" not in text] == []


def test_the_readme_map_names_what_exists() -> None:
    places = re.findall(r"^\| `([^`]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(places) == 26
    assert [place for place in places if not (ROOT / place).exists()] == []
