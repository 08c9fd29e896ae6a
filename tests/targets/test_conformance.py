"""Small networks of docs/conformance.md are still as near to what is right as the page says."""

from __future__ import annotations

from pathlib import Path

import conformance_page
import pytest
from conforming import TOLERANCE, measured
from wanted import found, wanted

MODELS = {model.name: model for model in wanted()}
SMALL = [
    "Digits",
    "LeNet",
    "CIFAR-10 full",
    "Network in Network, CIFAR-10",
    "SqueezeNet v1.1",
]


@pytest.mark.parametrize("name", SMALL)
def test_what_the_page_says_to_work_works(name: str, target: str, tmp_path: Path) -> None:
    (row,) = (row for row in conformance_page.found()["models"] if row["name"] == name)
    assert conformance_page.works(row[target]), (
        f"the page says {conformance_page.said(row[target])}"
    )

    run = MODELS[name].run(found([MODELS[name]], []), tmp_path / "blobs.npz")
    assert run is not None
    cell = measured(run, "numpy")
    if target != "numpy":
        cell = measured(run, target)
        assert cell["difference"] <= TOLERANCE
    assert cell.get("past", {}) == {}
