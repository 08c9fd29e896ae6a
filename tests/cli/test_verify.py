"""`verify` tells blob by blob how far a target is from NumPy, and names the first that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from caffemodels import current, packed
from digests import MODELS

import proto2net
from proto2net import Graph, Proto2NetError, WeightError
from proto2net.backends import BUILT_IN
from proto2net.backends.numpy.backend import Numpy
from proto2net.backends.numpy.backend import backend as numpy_backend
from proto2net.backends.numpy.runner import NumpyRunner
from proto2net.cli import main
from proto2net.model import Model
from proto2net.verify import Comparison, compare, read_image

Ndarray = np.ndarray[Any, np.dtype[Any]]

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
layer { name: "relu" type: "ReLU" bottom: "bn" top: "bn" }
layer { name: "ip" type: "InnerProduct" bottom: "bn" top: "ip"
        inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
"""
RNG = np.random.default_rng(7)
WEIGHTS: dict[str, list[Ndarray]] = {
    name: [RNG.random(shape, dtype=np.float32) + 0.5 for shape in shapes]
    for name, shapes in {
        "conv": [(5, 3, 3, 3), (5,)],
        "bn": [(5,), (5,), (1,)],
        "ip": [(4, 210), (4,)],
    }.items()
}


class Crooked(Numpy):
    """The target that a `CrookedRunner` runs."""

    name = "crooked"

    def __init__(self) -> None:
        super().__init__()
        self.renderers = numpy_backend.renderers

    @cached_property
    def runner(self) -> CrookedRunner:
        return CrookedRunner(self.name)


class CrookedRunner(NumpyRunner):
    """NumPy that gets the blobs of `changes` wrong, and keeps what it was fed."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.changes: dict[str, Callable[[Ndarray], Ndarray]] = {}
        self.fed: dict[str, Ndarray] = {}

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        self.fed = feeds
        outputs = zip(graph.outputs, super().run(network, graph, feeds), strict=True)
        return [self.changes.get(blob.name, np.copy)(value) for blob, value in outputs]


CROOKED = Crooked()


@pytest.fixture(autouse=True)
def crooked(monkeypatch: pytest.MonkeyPatch) -> CrookedRunner:
    """What runs the target "crooked", which is right at first."""
    monkeypatch.setitem(BUILT_IN, "crooked", f"{__name__}:CROOKED")
    CROOKED.runner.changes.clear()
    return CROOKED.runner


def relative(found: Comparison, target: int = 0) -> dict[str, float | None]:
    return {
        row.blob: row.differences[target] and row.differences[target].relative for row in found.rows
    }


# What is compared


def test_every_blob_is_listed_in_the_order_of_the_network() -> None:
    found = compare(NET, WEIGHTS, to=["crooked"])
    shapes = {row.blob: row.shape for row in found.rows}
    assert list(shapes.items()) == [
        ("data", (2, 3, 9, 8)),
        ("conv", (2, 5, 7, 6)),
        ("bn", (2, 5, 7, 6)),
        ("ip", (2, 4)),
    ]
    assert set(relative(found).values()) == {0.0}
    assert found.divergent is None


def test_the_first_blob_past_the_tolerance_is_named_with_the_layers_that_made_it(
    crooked: CrookedRunner,
) -> None:
    crooked.changes = {"bn": lambda x: x * 1.01, "ip": lambda x: x * 2, "conv": lambda x: x * 1.001}
    found = compare(NET, WEIGHTS, to=["numpy", "crooked"], tolerance=0.005)
    assert relative(found, 0) == {"data": 0, "conv": 0, "bn": 0, "ip": 0}
    assert relative(found, 1) == pytest.approx(
        {"data": 0, "conv": 0.001, "bn": 0.01, "ip": 1}, rel=1e-3
    )
    assert found.divergent is not None
    assert found.divergent.blob == "bn"
    assert found.verdict == (
        'crooked: the first blob past 0.005 is "bn", '
        'made by layer "bn" (BatchNorm), layer "relu" (ReLU)'
    )


def test_a_difference_is_told_in_units_of_the_largest_magnitude(crooked: CrookedRunner) -> None:
    right = compare(NET, WEIGHTS, to=["crooked"])
    assert right.divergent is None
    crooked.changes = {"ip": lambda x: x + np.float32(0.5) * (np.arange(x.size) == 3).reshape(2, 4)}
    (difference,) = compare(NET, WEIGHTS, to=["crooked"]).rows[-1].differences
    network = proto2net.load(NET, WEIGHTS, to="numpy")
    largest = np.abs(proto2net.blobs(network, {"data": crooked.fed["data"]})["ip"]).max()
    assert difference is not None
    assert difference.absolute == pytest.approx(0.5, rel=1e-4)
    assert difference.relative == pytest.approx(0.5 / largest, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda x: np.where(x == x.max(), np.nan, x), True),
        (lambda x: np.where(x == x.max(), np.inf, x), True),
        (lambda x: x[:, :1], True),
        (lambda x: np.zeros_like(x), True),
        (lambda x: x.astype(np.float64), False),
    ],
    ids=["nan", "infinite", "another shape", "zeros", "double"],
)
def test_what_is_not_the_same_differs(
    crooked: CrookedRunner, change: Callable[[Ndarray], Ndarray], differs: bool
) -> None:
    crooked.changes = {"ip": change}
    assert bool(compare(NET, WEIGHTS, to=["crooked"]).divergent) is differs


def test_not_a_number_and_infinity_equal_their_like(crooked: CrookedRunner) -> None:
    logs = NET + 'layer { name: "log" type: "Log" bottom: "data" top: "log" }'
    with np.errstate(all="ignore"):
        image = np.where(np.indices((3, 9, 8)).sum(0) % 3, -1, 0)  # logs of NaN and -inf
        found = compare(logs, WEIGHTS, to=["crooked"], image=image)
        assert relative(found)["log"] == 0
        crooked.changes = {"log": np.negative}
        assert relative(compare(logs, WEIGHTS, to=["crooked"], image=image))["log"] == np.inf


# What is fed


def test_the_input_is_uniform_and_the_same_for_one_seed(crooked: CrookedRunner) -> None:
    fed = []
    for seed in (0, 0, 1):
        compare(NET, to=["crooked"], seed=seed)
        fed.append(crooked.fed["data"])
    assert (fed[0] == fed[1]).all()
    assert (fed[0] != fed[2]).any()
    assert fed[0].dtype == np.float32
    assert -1 <= fed[0].min() < -0.9
    assert 0.9 < fed[0].max() < 1


def test_labels_are_the_first_class(crooked: CrookedRunner) -> None:
    train = (
        NET
        + """
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 dim: 1 } } }
layer { name: "flat" type: "Reshape" bottom: "label" top: "flat"
        reshape_param { shape { dim: 2 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "flat" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "flat" top: "accuracy" }
"""
    )
    found = compare(train, to=["crooked"], phase="train")
    assert found.divergent is None
    assert not crooked.fed["label"].any()
    assert crooked.fed["data"].all()


@pytest.mark.parametrize("shape", [(3, 9, 8), (1, 3, 9, 8), (2, 3, 9, 8)])
def test_an_image_is_fed_to_the_whole_batch(crooked: CrookedRunner, shape: tuple[int, ...]) -> None:
    image = RNG.random(shape)
    compare(NET, WEIGHTS, to=["crooked"], image=image)
    assert (crooked.fed["data"] == image.astype(np.float32)).all()
    assert crooked.fed["data"].shape == (2, 3, 9, 8)


def test_an_image_of_another_size_is_told() -> None:
    with pytest.raises(Proto2NetError) as told:
        compare(NET, WEIGHTS, to=["crooked"], image=np.zeros((3, 11, 10)))
    assert str(told.value) == (
        "the image is 3 x 11 x 10, which fits no input of the network: "
        '"data" (2 x 3 x 9 x 8)\n'
        "  hint: give the input its shape: --input data=1,3,11,10\n"
        'in Python: inputs={"data": (1, 3, 11, 10)}'
    )


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n", np.array([{}, {}]), np.array(["a"])], ids=str
)
def test_a_file_that_is_no_array_is_told(tmp_path: Path, content: bytes | Ndarray) -> None:
    path = tmp_path / "image.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(Proto2NetError, match=r"image\.npy: this is no \.npy file of numbers"):
        read_image(path)


# Weights


@pytest.mark.parametrize("model", ["lenet", "cifar10_full"])
def test_without_weights_all_targets_have_those_of_the_fillers(model: str) -> None:
    found = compare(MODELS / f"{model}.prototxt", to=["crooked"])
    assert set(relative(found).values()) == {0.0}


def test_shared_and_silenced_layers_have_the_same_weights_too() -> None:
    conv = """layer { name: "%s" type: "Convolution" bottom: "data" top: "%s" param { name: "%s" }
        convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
    """
    silenced = (
        NET
        + conv % ("a", "a", "shared")
        + conv % ("b", "b", "shared")
        + conv % ("c", "c", "alone")
        + 'layer { name: "silence" type: "Silence" bottom: "c" }'
    )
    found = relative(compare(silenced, to=["crooked"]))
    assert {"a", "b", "c"} <= set(found)
    assert set(found.values()) == {0.0}


def test_weights_that_do_not_fit_are_told_and_missing_ones_allowed() -> None:
    partial = {"conv": WEIGHTS["conv"], "bn": WEIGHTS["bn"]}
    with pytest.raises(WeightError, match='layer "ip"'):
        compare(NET, partial, to=["crooked"])
    assert compare(NET, partial, to=["crooked"], allow_missing=True).divergent is None


# Rewrites


def test_the_optimized_network_is_held_against_the_original() -> None:
    found = compare(NET, WEIGHTS, optimized=True)
    differences = relative(found)
    assert differences["conv"] is None  # it is folded
    assert differences["bn"] is not None
    assert 0 < differences["bn"] < 1e-5
    assert found.divergent is None
    assert found.verdict == "optimized: every blob is within 0.0001 of numpy"


def test_a_rewrite_that_changes_the_result_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(model: Model) -> Any:
        twice = {"ip": 2}
        values = {
            (node, blob): twice.get(node.name, 1) * array
            for (node, blob), array in model.values.items()
        }
        return Model(model.graph, values), []

    monkeypatch.setattr("proto2net.verify.optimize", wrong)
    found = compare(NET, WEIGHTS, optimized=True)
    assert found.divergent is not None
    assert found.divergent.layers == ('layer "ip" (InnerProduct)',)


# The command


@pytest.fixture
def verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs `proto2net verify` in a folder with tiny.prototxt and tiny.caffemodel."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.prototxt").write_text(NET)
    layers = {name: [packed(array) for array in arrays] for name, arrays in WEIGHTS.items()}
    Path("tiny.caffemodel").write_bytes(current(layers))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["verify", *arguments])
        return int(end.value.code or 0), *capsys.readouterr()

    return run


Verify = Callable[..., tuple[int, str, str]]


def test_the_table_and_the_verdict_are_printed(verify: Verify, crooked: CrookedRunner) -> None:
    crooked.changes = {"bn": lambda x: x * 0}
    arguments = ["tiny.prototxt", "--weights", "tiny.caffemodel", "--to", "crooked,numpy"]
    code, out, err = verify(*arguments)
    rows = [line.split() for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert rows[0] == "blob shape crooked absolute crooked relative".split() + (
        "numpy absolute numpy relative".split()
    )
    assert rows[3] == "conv 2 x 5 x 7 x 6 0 0 0 0".split()
    assert rows[4][:8] == "bn 2 x 5 x 7 x 6".split()
    assert rows[4][-3:] == ["1.0e+00", "0", "0"]
    assert out.endswith(
        '\n\ncrooked: the first blob past 0.0001 is "bn", '
        'made by layer "bn" (BatchNorm), layer "relu" (ReLU)\n'
    )


def test_agreement_ends_with_code_0(verify: Verify) -> None:
    code, out, err = verify("tiny.prototxt", "--to", "crooked")
    assert (code, err) == (0, "")
    assert out.endswith("\n\ncrooked: every blob is within 0.0001 of numpy\n")


def test_the_tolerance_can_be_set(verify: Verify, crooked: CrookedRunner) -> None:
    crooked.changes = {"ip": lambda x: x * 1.01}
    assert verify("tiny.prototxt", "--to", "crooked", "--tolerance", "0.02")[0] == 0
    assert verify("tiny.prototxt", "--to", "crooked", "--tolerance", "0.005")[0] == 1


def test_rewrites_are_compared_on_their_own(verify: Verify) -> None:
    code, out, _ = verify("tiny.prototxt", "--weights", "tiny.caffemodel", "--rewrites")
    assert code == 0
    assert "optimized: every blob is within" in out
    assert out.splitlines()[3].split()[-2:] == ["-", "-"]


def test_an_image_and_the_part_of_the_network_can_be_given(verify: Verify) -> None:
    np.save("image.npy", RNG.random((3, 11, 10)))
    arguments = ["--to", "crooked", "--image", "image.npy", "--output", "conv"]
    code, out, _ = verify("tiny.prototxt", *arguments, "--input", "data=1,3,11,10")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["data", "conv"]
    assert "1 x 5 x 9 x 8" in out
    code, _, err = verify("tiny.prototxt", *arguments)
    assert code == 1
    assert "fits no input" in err
    assert verify("tiny.prototxt", "--to", "numpy", "--image", "no.npy")[2].startswith(
        "no.npy: No such file"
    )


def test_a_target_that_cannot_run_here_is_told(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(CrookedRunner, "build", missing)
    code, out, err = verify("tiny.prototxt", "--to", "crooked")
    assert (code, out) == (1, "")
    assert "the target \"crooked\" cannot run here: No module named 'torch'" in err


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([], "nothing to compare: give --to or --rewrites"),
        (["--to", ","], "nothing to compare"),
        (["--to", "numpy,torhc"], 'did you mean "torch"?'),
        (["--to", "numpy", "--tolerance", "-1"], "--tolerance"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_by_code_2(verify: Verify, wrong: list[str], told: str) -> None:
    code, out, err = verify("tiny.prototxt", *wrong)
    assert (code, out) == (2, "")
    assert told in err


def test_a_target_that_is_only_text_is_told(verify: Verify) -> None:
    code, _, err = verify("tiny.prototxt", "--to", "summary")
    assert code == 1
    assert '"summary" prints text' in err


def test_names_cannot_steer_the_terminal(verify: Verify, crooked: CrookedRunner) -> None:
    evil = r"\033]0;owned\007\r\n\302\233\342\200\256"
    Path("tiny.prototxt").write_text(NET.replace('"ip"', f'"{evil}"'))
    (name,) = {blob.name for blob in proto2net.parse(Path("tiny.prototxt")).outputs}
    crooked.changes = {name: np.zeros_like}
    code, out, err = verify("tiny.prototxt", "--to", "crooked")
    assert code == 1
    assert all(c.isprintable() or c == "\n" for c in out + err)


# What is not finite


@pytest.mark.filterwarnings("ignore:invalid value")
def test_values_that_are_not_finite_are_counted_and_named() -> None:
    broken = WEIGHTS | {"bn": [WEIGHTS["bn"][0], np.full(5, -1e9, np.float32), WEIGHTS["bn"][2]]}
    found = compare(NET, broken, to=["crooked"])
    assert found.divergent is None
    assert found.not_finite == (
        '2 of 4 blobs have values that are not finite, though the input is; the first is "bn", '
        'made by layer "bn" (BatchNorm), layer "relu" (ReLU): of its 420 values 420 in numpy, '
        "420 in crooked"
    )
    assert "within 0.0001 of numpy, and what is not finite is so in both" in str(found)


def test_a_target_that_is_not_finite_alone_fails(crooked: CrookedRunner) -> None:
    crooked.changes["ip"] = lambda value: np.where(value == value[0, 0], np.nan, value)
    found = compare(NET, WEIGHTS, to=["crooked"])
    assert found.divergent is not None
    assert found.divergent.blob == "ip"
    assert "0 in numpy, 1 in crooked" in found.not_finite


def test_a_finite_network_says_nothing_of_it() -> None:
    assert "finite" not in str(compare(NET, WEIGHTS, to=["crooked"]))


def test_an_image_that_is_not_finite_is_refused() -> None:
    image = np.zeros((3, 9, 8))
    image[0, 0, :2] = np.nan, 1e300
    with pytest.raises(Proto2NetError, match="2 of the image's 216 values are not finite"):
        compare(NET, WEIGHTS, to=["crooked"], image=image)
