"""An emitted NumPy network refuses weights that are not its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_cases import NAMES, case
from porting_cases import imported
from safetensors.numpy import load_file, save_file

import proto2net
from proto2net import api, backends, output
from proto2net.backends.numpy.helpers.common import array_paths
from proto2net.weights.porting import port

NARROW = """name: "Narrow"
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 7
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 6 } }
"""

NUMPY = backends.get("numpy")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("fc.bias"), r"missing: \['fc.bias'\]; unexpected: \[\]"),
        (
            lambda state: state.update(other=state.pop("conv.bias")),
            r"missing: \['conv.bias'\]; unexpected: \['other'\]",
        ),
    ],
)
def test_a_file_that_lacks_or_has_too_much_is_refused(
    change: Any, words: str, tmp_path: Path
) -> None:
    graph = proto2net.parse(NARROW)
    values = {
        node.name: [np.ones(blob.shape, np.float32) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    ported = port(api.model(graph, values), NUMPY, stem="narrow")
    output.write_together(ported.files(tmp_path / "narrow.py"))
    written = imported(tmp_path / "narrow.py")
    assert (written.Narrow.from_pretrained().conv["weight"] == 1).all()
    state = load_file(tmp_path / "narrow.safetensors")
    change(state)
    save_file(state, tmp_path / "changed.safetensors")
    with pytest.raises(ValueError, match=words):
        written.Narrow.from_pretrained(tmp_path / "changed.safetensors")


@pytest.mark.parametrize("name", [name for name in NAMES if case(name).weights])
def test_a_network_has_just_the_arrays_that_its_file_has(name: str) -> None:
    found = case(name)
    network = proto2net.load(found.graph, found.weights, to="numpy")
    assert array_paths(network) == NUMPY.emit(found.graph).arrays.keys()
