"""Mutants of good networks compute in a framework what they compute in NumPy.

`python benchmarks/mutants.py` runs many more.
"""

from __future__ import annotations

from mutants_run import differing


def test_mutants_compute_what_they_compute_in_numpy(target: str) -> None:
    found = differing(range(300), target)
    assert len(found) >= 40
    assert {seed: differs for seed, differs in found.items() if differs} == {}
