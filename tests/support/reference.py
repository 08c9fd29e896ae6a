"""Reference material that is too large or not ours to ship: tests that need it skip without it.

The folder is named by the environment variable PROTO2NET_REFERENCE, or stands beside the
repository as `shared`. It holds golden/ (what Caffe computed) and corpus/ (public definitions).
"""

from __future__ import annotations

import csv
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

REFERENCE = Path(os.environ.get("PROTO2NET_REFERENCE", ROOT.parent / "shared"))
CORPUS = REFERENCE / "corpus" / "prototxt.tar.xz"
NETS = REFERENCE / "golden" / "nets"

needs_nets = pytest.mark.skipif(
    not (NETS.is_dir() and CORPUS.is_file()), reason="the reference definitions are not here"
)
needs_corpus = pytest.mark.skipif(not CORPUS.is_file(), reason="the corpus is not here")


def corpus(kinds: set[str]) -> Iterator[tuple[str, str, str]]:
    """The path, the first 12 digits of the sha256, and the text of each file of these kinds."""
    with (REFERENCE / "corpus" / "manifest.tsv").open(newline="") as rows:
        wanted = {
            row["path"]: row["sha256"][:12]
            for row in csv.DictReader(rows, delimiter="\t")
            if row["kind"] in kinds
        }
    for path, sha in wanted.items():
        file_beside = CORPUS.parent / path
        if file_beside.is_file():
            yield path, sha, file_beside.read_text(errors="replace")
    with tarfile.open(CORPUS) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            path = member.name.removeprefix("./")
            if file and path in wanted:
                yield path, wanted[path], file.read().decode(errors="replace")
