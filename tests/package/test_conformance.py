"""docs/conformance.md is what the command has measured, of all models and layers that there are."""

from __future__ import annotations

import csv
from dataclasses import asdict

import conformance_layers
import conformance_page
from conformance_page import COMMAND, PAGE
from places import ROOT
from reference import REFERENCE, needs_corpus
from wanted import wanted

FOUND = conformance_page.found()


def test_nobody_has_written_on_the_page_by_hand() -> None:
    same = PAGE.read_text(encoding="utf-8") == conformance_page.page(FOUND)
    assert same, f"docs/conformance.md is not what was measured: `{COMMAND} --layers` prints it"


def test_the_page_has_every_layer_type_as_it_is_now() -> None:
    told = {row["type"]: row for row in FOUND["layers"]}
    now = {row["type"]: row for row in conformance_layers.table()}
    changed = [name for name in told.keys() | now.keys() if told.get(name) != now.get(name)]
    assert not changed, f"{', '.join(sorted(changed))}: `{COMMAND} --layers` tells them anew"


def test_every_model_of_the_list_was_run_as_it_stands_there() -> None:
    run = {row["name"]: row for row in FOUND["models"]}
    rows = {model.name: asdict(model) for model in wanted()}
    assert list(run) == list(rows)
    changed = [name for name, row in rows.items() if run[name] != run[name] | row]
    assert not changed, f"`{COMMAND} --models DIR --only NAME` runs them again"


def test_the_page_says_nothing_of_the_folders_in_which_it_was_made() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [place for place in (str(ROOT), "/tmp/", "/home/", "/work/") if place in text] == []  # noqa: S108  # no file is made


def test_a_model_is_named_once() -> None:
    names = [model.name for model in wanted()]
    assert len(set(names)) == len(names)


@needs_corpus
def test_public_files_are_where_the_list_says() -> None:
    with (REFERENCE / "corpus" / "manifest.tsv").open(encoding="utf-8", newline="") as rows:
        known = list(csv.DictReader(rows, delimiter="\t"))
    places = {(row["sha256"], row["repo"], row["repo_path"], row["commit"]) for row in known}
    hashes = {row["sha256"] for row in known}
    public = [model for model in wanted() if not model.file]
    asked = {(each.sha256, each.repository, each.path, each.commit) for each in public}
    assert asked - places == set()
    assert {model.weights for model in public if model.weights} - hashes == set()


def test_files_of_this_repository_are_there() -> None:
    ours = [model for model in wanted() if model.file]
    named = [file for model in ours for file in (model.file, model.weights) if file]
    assert [file for file in named if not (ROOT / file).is_file()] == []
