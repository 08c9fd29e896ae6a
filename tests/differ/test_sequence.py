"""Sequences are aligned alike with NumPy and without."""

from __future__ import annotations

import numpy as np
import pytest

from proto2net.differ import sequence


@pytest.mark.parametrize("cells", [2**22, 8], ids=["at once", "halved"])
def test_without_numpy_the_same_pairs_are_found(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence, "_CELLS", cells)
    rng = np.random.default_rng(3)
    for _ in range(60):
        a, b = (rng.integers(-1, 4, (n, 3)).tolist() for n in (7, 11))
        found = []
        for has_numpy in (True, False):
            monkeypatch.setattr(sequence, "has_numpy", lambda has_numpy=has_numpy: has_numpy)
            found.append(sequence.align(a, b, ((4, 2, 1), 3)))
        assert found[0] == found[1]
