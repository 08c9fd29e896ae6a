"""Public definitions, also those for forks, compute in a framework what they do in NumPy."""

from __future__ import annotations

from reference import needs_corpus
from sample_cases import SIZE, deviation, sample


@needs_corpus
def test_definitions_of_the_sample_agree_with_numpy(target: str) -> None:
    found = {path: deviation(graph, target) for path, graph in sample()}
    assert len(found) == SIZE
    assert {path: value for path, value in found.items() if not value <= 5e-5} == {}
