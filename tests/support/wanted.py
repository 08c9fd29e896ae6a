"""The models of the page of conformance, and where their files are: found by what is in them."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conforming import Run
from digests import GOLDEN, digest
from places import ROOT

TABLE = ROOT / "benchmarks" / "conformance.tsv"

Files = dict[str, Path]
"""Files by the SHA-256 of what is in them; recordings by their names."""


@dataclass(frozen=True)
class Wanted:
    """A row of TABLE: a model of this repository, or one that is public and not ours to ship."""

    kind: str
    name: str
    file: str
    """Where it is in this repository; else it is known by `sha256`."""
    sha256: str
    repository: str
    path: str
    commit: str
    weights: str
    """The SHA-256 of trained weights, or their file in this repository."""
    recording: str
    """The name of what was recorded of Caffe."""
    inputs: str
    """Shapes that the file does not state, or smaller ones: `data=1,3,224,224;rois=8,5`."""

    def run(self, files: Files, reference: Path) -> Run | None:
        """What is to be run, as far as its files are there; None: the definition is not."""
        definition = ROOT / self.file if self.file else files.get(self.sha256)
        if definition is None:
            return None
        weights = ROOT / self.weights if self.file and self.weights else files.get(self.weights)
        recording = files.get(self.recording)
        return Run(
            str(definition),
            digest(recording)["net"] if recording else self.sha256[:12] or Path(self.file).stem,
            str(reference),
            str(weights or ""),
            str(recording or ""),
            self.shapes,
        )

    @property
    def shapes(self) -> dict[str, list[int]]:
        """The shapes of `inputs`."""
        pairs = (each.split("=") for each in self.inputs.split(";") if each)
        return {name: [int(size) for size in sizes.split(",")] for name, sizes in pairs}


def wanted() -> list[Wanted]:
    """All rows, in their order."""
    with TABLE.open(encoding="utf-8", newline="") as rows:
        return [Wanted(**row) for row in csv.DictReader(rows, delimiter="\t")]


def found(models: Iterable[Wanted], folders: Iterable[Path]) -> Files:
    """The files of these models that are in the folders, at any depth."""
    models = list(models)
    hashes = {each for model in models for each in (model.sha256, model.weights) if each}
    names = {model.recording for model in models if model.recording}
    files: Files = {}
    for folder in (GOLDEN / "zoo", *folders):
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            if path.suffix == ".json":
                if path.stem in names:
                    files.setdefault(path.stem, path)
            elif path.suffix != ".npz":
                with path.open("rb") as content:
                    sha256 = hashlib.file_digest(content, "sha256").hexdigest()
                if sha256 in hashes:
                    files.setdefault(sha256, path)
    return files
