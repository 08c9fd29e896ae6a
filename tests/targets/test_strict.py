"""Emitted networks refuse weights that are not their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from porting_cases import NARROW, loaded, written
from safetensors.numpy import load_file, save_file

REFUSED = {"torch": RuntimeError, "tf": ValueError, "numpy": ValueError}
LACKS = {"torch": 'Missing key.*"fc.bias"', "tf": r"missing: \['fc/bias'\]; unexpected: \[\]"}
LACKS["numpy"] = LACKS["tf"].replace("/", ".")
HAS = {"torch": 'Unexpected key.*"other"', "tf": r"missing: \[\]; unexpected: \['other'\]"}
HAS["numpy"] = HAS["tf"]


@pytest.mark.parametrize("lacks", [True, False])
def test_a_file_that_lacks_or_has_too_much_is_refused(
    target: str, lacks: bool, tmp_path: Path
) -> None:
    file = written(NARROW, tmp_path, target)
    state = load_file(tmp_path / "narrow.safetensors")
    if lacks:
        state.pop("fc/bias" if target == "tf" else "fc.bias")
    else:
        state["other"] = np.zeros(1, np.float32)
    save_file(state, tmp_path / "changed.safetensors")
    with pytest.raises(REFUSED[target], match=f"(?s){(LACKS if lacks else HAS)[target]}"):
        loaded(file, target, tmp_path / "changed.safetensors")
