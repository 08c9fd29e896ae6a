"""Small networks with what Caffe computes for them, and how a target is held against that.

Most cases were recorded from Caffe (golden/layers) or from a fork of it (golden/forks). SAMPLES
has those that were not: its edges, and layers that were not recorded, with values worked out from
the layers' definitions. Nothing here knows a framework.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from places import TESTS
from samples import (
    bilinear,
    combine,
    crf,
    dialects,
    faces,
    flow,
    forks,
    loss,
    mnc,
    normalize,
    rcnn,
    recurrent,
    ristretto,
    sampling,
    space,
    ssd,
    synopsys,
    upsample,
    videos,
    vision,
    yolo,
)
from samples.sample import Sample, layer, sample

import proto2net
from proto2net import Graph, backends
from proto2net.backends.base import Emitted
from proto2net.graph import Blob
from proto2net.layers import DataLayer, HDF5Output, Layer, Python
from proto2net.weights.matching import match

FAMILIES = (
    vision,
    normalize,
    combine,
    loss,
    recurrent,
    space,
    ssd,
    forks,
    rcnn,
    mnc,
    yolo,
    faces,
    flow,
    videos,
    crf,
    dialects,
    synopsys,
    upsample,
    bilinear,
    ristretto,
    sampling,
)
SAMPLES = {name: found for family in FAMILIES for name, found in family.SAMPLES.items()}

Ndarray = np.ndarray[Any, np.dtype[Any]]
Arrays = dict[str, Ndarray]
Weights = dict[str, list[Ndarray]]

GOLDEN = TESTS / "golden" / "layers"
FORKS = GOLDEN.parent / "forks"
RECORDED = {path.name: path for folder in (GOLDEN, FORKS) for path in folder.glob("*")}
"""The folder of each recorded case."""
GOLDEN_NAMES = sorted(RECORDED)
CORNERS = GOLDEN.parent / "corners"
"""Cases that some target once had wrong, or that Caffe itself has: the file tells more."""
NAMES = [*GOLDEN_NAMES, *SAMPLES]
"""The names of all cases, as pytest shows them."""

RECORDED_CORNERS = [
    "tf_bn_shared_train_update_order",
    "tf_conv_two_batch_axes_second_size",
    "tf_ip_axis2_second_size",
    "tf_power_then_helper_layer/fuzz_902_0068",
    "tf_power_then_helper_layer/fuzz_903_0172",
    "tf_recurrent_static_one_sequence",
]
"""Corners that every target computes as Caffe does."""
OF_TWO_SIZES = [name for name in RECORDED_CORNERS if (CORNERS / name / "blobs2.npz").exists()]

NO_GRADIENT = {
    "net_inplace_chain": "its Power overwrites what its ReLU's backward pass reads in Caffe"
}
"""Recorded cases whose gradients mean nothing, and why."""

TRAINED = """
    bn_train bn_train_fraction bn_train_single_value bn_train_before_scale
    bn_pspnet_training bn_segnet_training bn_ctpn_training
""".split()
"""Cases in which training keeps statistics of the batch."""

UNSUPPORTED: dict[str, dict[str, str]] = {
    "onnx": {
        **dict.fromkeys(TRAINED, "the statistics that training keeps"),
        "multi_stage_meanfield": "a lattice whose points depend on the colours",
        "compact_bilinear": "a circular convolution",
        "compact_bilinear_of_each_pixel": "a circular convolution",
    },
    "tf": {
        "detection_output_eta": "with eta",
        "ip_transpose_shared": "shares some of its learned blobs with another layer",
    },
}
"""Cases that a target cannot say, and what is told of them."""

FORKS_OF = {"ov_interp_zoom2": "openvino", "ov_interp_zoom3": "openvino"}
"""Recorded cases of which only the user can say the fork."""

WRITTEN_OUT = ("ocr_denseblock", "transformer_block")
"""What cases begin with whose one layer is several here, with blobs between them."""

LOWEST = np.finfo(np.float32).min
"""What Caffe's MAX pooling gives for a window without elements."""

Differentiate = Callable[[Any, Graph, Arrays, list[Ndarray]], tuple[Arrays, Arrays]]
"""The gradients of sum(c * output) for coefficients c: of the inputs and the target's arrays.

What has no gradient may be left out.
"""


@dataclass(frozen=True)
class Case:
    """A network, what it is fed, and what Caffe computes with it."""

    name: str
    net: str | Path
    phase: str
    fork: str
    inputs: Arrays
    blobs: Arrays
    """Every named blob after the forward pass."""
    weights: Weights = field(default_factory=dict)
    after: Weights = field(default_factory=dict)
    """The learned blobs of the layers whose statistics the forward pass changed."""
    top_diff: Arrays = field(default_factory=dict)
    """What was fed into the outputs' gradients; loss weights come on top of it."""
    gradients: Arrays | None = None
    """The gradients of the inputs; None where there is no backward pass."""
    weight_gradients: Weights = field(default_factory=dict)

    @cached_property
    def graph(self) -> Graph:
        """The network's graph in the phase of the case."""
        return proto2net.parse(self.net, phase=self.phase, fork=self.fork)


@cache
def case(name: str) -> Case:
    """The case of this name."""
    return _by_hand(name, SAMPLES[name]) if name in SAMPLES else recorded(RECORDED[name])


@cache
def corner(name: str) -> Case:
    """The case of this folder of golden/corners."""
    return recorded(CORNERS / name)


def at_another_size(name: str) -> Case:
    """The corner of this name, with what was recorded of images of another size."""
    arrays = _arrays(CORNERS / name / "blobs2.npz")
    inputs, blobs = part(arrays, "in"), _named(part(arrays, "out"))
    return dataclasses.replace(corner(name), inputs=inputs, blobs=blobs)


def passes(name: str) -> list[Case]:
    """The corner's forward passes, one after the other; `after` is what the last one leaves."""
    arrays = _arrays(CORNERS / name / "blobs3.npz")
    return [
        dataclasses.replace(
            corner(name),
            inputs=part(arrays, f"in{n}"),
            blobs=part(arrays, f"out{n}"),
            after=learned(arrays, "after"),
        )
        for n in range(3)
    ]


def _by_hand(name: str, sample: Sample) -> Case:
    def arrays(values: Mapping[str, Any]) -> Arrays:
        return {key: np.asarray(value, np.float32) for key, value in values.items()}

    def lists(values: Mapping[str, Iterable[Any]]) -> Weights:
        return {k: [np.asarray(a, np.float32) for a in v] for k, v in values.items()}

    inputs = arrays(sample.inputs)
    return Case(
        name,
        sample.net,
        sample.phase,
        sample.fork,
        inputs,
        inputs | arrays(sample.blobs),
        lists(sample.weights),
        lists(sample.after),
        arrays(sample.top_diff),
        None if sample.gradients is None else arrays(sample.gradients),
        lists(sample.weight_gradients),
    )


def recorded(folder: Path) -> Case:
    """The case whose definition and arrays are in this folder."""
    arrays = _arrays(folder / "blobs.npz")
    meta = json.loads(str(arrays["meta"]))
    net = folder / "net.prototxt"
    # Without it Caffe passes over layers from which no learned blob gets a gradient.
    forced = "force_backward: true" in net.read_text()
    differentiated = meta["backward"] and forced and folder.name not in NO_GRADIENT

    return Case(
        folder.name,
        net,
        meta["phase"],
        FORKS_OF.get(folder.name, ""),
        part(arrays, "in"),
        _named(part(arrays, "out")),
        learned(arrays, "param"),
        learned(arrays, "after"),
        part(arrays, "top_diff"),
        part(arrays, "grad") if differentiated else None,
        learned(arrays, "param_grad"),
    )


def _arrays(path: Path) -> Arrays:
    with np.load(path) as file:
        return dict(file)


def part(arrays: Arrays, folder: str) -> Arrays:
    """The arrays under this folder, by what follows it."""
    start = f"{folder}/"
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


def learned(arrays: Arrays, folder: str) -> Weights:
    """The arrays under this folder as the learned blobs of each layer."""
    lists: Weights = {}
    for key, array in part(arrays, folder).items():  # "layer/0", in order
        lists.setdefault(key.rpartition("/")[0], []).append(array)
    return lists


def _named(blobs: Arrays) -> Arrays:
    """The blobs without Caffe's own copies."""
    return {name: array for name, array in blobs.items() if "_split_" not in name}


def check_blobs(case: Case, to: str) -> Any:
    """Every blob that has a name is what Caffe computed, and of the shape that Caffe gave it.

    The network is given back, and was not run: `blobs` runs another.
    """
    network = proto2net.load(case.graph, case.weights, to=to)
    found = proto2net.blobs(network, case.inputs)
    inner = {blob for blob in found if case.name.startswith(WRITTEN_OUT) and "/" in blob}
    assert set(found) - inner == set(case.blobs)
    by_value = {
        top.name for node in case.graph.nodes if node.layer.sizes_by_value for top in node.tops
    }
    for name, right in case.blobs.items():
        assert_close(found[name], right, 1e-5, f'blob "{name}"')
        assert name in by_value or case.graph.blobs[name].shape == right.shape
    return network


def check_after(case: Case, to: str) -> None:
    """After a forward pass the learned blobs hold what they hold in Caffe."""
    backend = backends.get(to)
    network = proto2net.load(case.graph, case.weights, to=to)
    backend.runner.run(network, case.graph, case.inputs)
    found = backend.runner.arrays(network)
    for name, right in converted(case.graph, to, case.weights | case.after).items():
        assert_close(found[name], right, 1e-5, name)


def check_passes(name: str, to: str) -> None:
    """Forward passes that follow each other compute, and leave, what they do in Caffe."""
    cases = passes(name)
    graph, backend = cases[0].graph, backends.get(to)
    network = proto2net.load(graph, cases[0].weights, to=to)
    for found in cases:
        check_outputs(found, backend.runner.run(network, graph, found.inputs))
    arrays = backend.runner.arrays(network)
    for array, right in converted(graph, to, cases[-1].after).items():
        assert_close(arrays[array], right, 1e-5, array)


def check_outputs(case: Case, tops: list[Ndarray]) -> None:
    """These are the case's outputs."""
    for blob, top in zip(case.graph.outputs, tops, strict=True):
        assert_close(top, case.blobs[blob.name], 1e-5, blob.name)


def check_gradients(case: Case, to: str, network: Any, differentiate: Differentiate) -> None:
    """The gradients of the inputs and of the learned arrays are what Caffe computed.

    The network is one that was not run.
    """
    assert case.gradients is not None
    objective = _objective(case)
    graph = dataclasses.replace(case.graph, outputs=tuple(objective))
    if graph.outputs != case.graph.outputs:
        network = proto2net.load(graph, case.weights, to=to)
    of_inputs, of_arrays = differentiate(network, graph, case.inputs, list(objective.values()))
    for name, right in case.gradients.items():
        if name not in _labels(case.graph) or right.any():
            found = of_inputs.get(name, np.zeros_like(right))
            assert_close(found, right, 1e-4, f'gradient of "{name}"')
    for name, right in converted(graph, to, case.weight_gradients).items():
        found = of_arrays.get(name, np.zeros_like(right))
        assert_close(found, right, 1e-4, f"gradient of {name}")


def _objective(case: Case) -> dict[Blob, Ndarray]:
    """The coefficients of what Caffe differentiates: what it was fed, and loss weights."""
    by_name = {blob.name: blob for blob in case.graph.outputs}
    objective = {by_name[name]: diff for name, diff in case.top_diff.items()}
    for node in case.graph.nodes:
        for top, weight in zip(node.tops, node.loss_weight, strict=False):
            if weight:
                given = objective.get(top, np.zeros(top.shape, np.float32))
                objective[top] = np.asarray(given + np.float32(weight))
    return objective


def _labels(graph: Graph) -> set[str]:
    """The inputs that are labels and nothing else: Caffe refuses to differentiate by them."""
    uses: dict[str, list[bool]] = {}
    for node in graph.nodes:
        for index, bottom in enumerate(node.bottoms):
            uses.setdefault(bottom.name, []).append(index in node.layer.labels)
    return {blob.name for blob in graph.inputs if all(uses.get(blob.name, [False]))}


def converted(graph: Graph, to: str, weights: Weights) -> Arrays:
    """Learned blobs, or their gradients, as the arrays of the target."""
    emitted: Emitted = backends.get(to).emit(graph)
    return emitted.converted(match(graph, weights).model.values)


def assert_close(found: Ndarray, right: Ndarray, tolerance: float, what: str) -> None:
    """Equal within a share of the largest magnitude; NaN and the lowest float exactly."""
    assert found.shape == right.shape, f"{what} is {found.shape}, not {right.shape}"
    assert found.dtype == right.dtype, f"{what} is {found.dtype}, not {right.dtype}"
    special = ~(np.abs(right) < -LOWEST)
    np.testing.assert_array_equal(found[special], right[special], what)
    size = np.abs(right[~special]).max(initial=0) or 1
    error = np.abs(found[~special] - right[~special]).max(initial=0) / size
    assert error <= tolerance, f"{what} is off by {error:.1e} of its largest magnitude"


def twin_lstms() -> str:
    """Two LSTMs that share all that they have learned."""
    names = "".join(f'param {{ name: "{name}" }} ' for name in ("w", "b", "h"))
    options = f'{names} recurrent_param {{ num_output: 3 weight_filler {{ type: "xavier" }} }}'
    inputs = {"a": (3, 2, 4), "b": (3, 2, 4), "cont": (3, 2)}
    return sample(
        layer("LSTM", "a cont", "y", options, "one"),
        layer("LSTM", "b cont", "z", options, "two"),
        inputs={name: np.zeros(shape) for name, shape in inputs.items()},
    ).net


def computes(kind: type[Layer]) -> bool:
    """Whether a network computes anything with this layer type."""
    return not (issubclass(kind, DataLayer | HDF5Output | Python) or kind.unrendered)


@cache
def covered() -> frozenset[type[Layer]]:
    """The layer types that some case has."""
    return frozenset(type(node.layer) for name in NAMES for node in case(name).graph.nodes)
