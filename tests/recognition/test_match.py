"""`match`: which of many definitions weights belong to."""

from __future__ import annotations

import json
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from click.testing import CliRunner
from digests import MODELS
from reference import REFERENCE, needs_corpus

import proto2net
from proto2net.cli import cli
from proto2net.recognition import Match

CORPUS_WEIGHTS = REFERENCE / "corpus" / "weights"
DATA = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 9 dim: 9 } } }
"""
CONV = """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 5 kernel_size: 3 } }
"""
PRODUCT = """layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 4 } }
"""
MORE = """layer { name: "more" type: "InnerProduct" bottom: "ip" top: "more"
  inner_product_param { num_output: 2 bias_term: false } }
"""
TRAIN = """layer { name: "images" type: "Data" top: "data" top: "label"
  include { phase: TRAIN } data_param { source: "db" batch_size: 4 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }
"""
ARRAYS = {
    "conv": [np.ones((5, 3, 3, 3), np.float32), np.ones(5, np.float32)],
    "ip": [np.ones((4, 245), np.float32), np.ones(4, np.float32)],
}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "found.caffemodel"
    path.write_bytes(
        write.current({name: list(map(write.packed, each)) for name, each in ARRAYS.items()})
    )
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "nets"
    (tree / "deep").mkdir(parents=True)
    files = {
        "whole.prototxt": DATA + CONV + PRODUCT,
        "deep/train.prototxt": TRAIN[: TRAIN.index('layer { name: "loss')]
        + CONV
        + PRODUCT
        + TRAIN[TRAIN.index('layer { name: "loss') :],
        "cut.prototxt": DATA + CONV,
        "more.prototxt": DATA + CONV + PRODUCT + MORE,
        "wider.prototxt": DATA + CONV.replace("5", "7") + PRODUCT.replace("4", "6"),
        "larger.prototxt": DATA.replace("dim: 9", "dim: 12") + CONV + PRODUCT,
        "other.prototxt": DATA + CONV.replace('"conv"', '"c"'),
        "broken.prototxt": DATA + CONV.replace("}", "", 1),
        "solver.prototxt": 'net: "whole.prototxt"\nbase_lr: 0.1\n',
        "garbage.prototxt": "\0\1\2",
        "note.txt": DATA + CONV + PRODUCT,
    }
    for name, text in files.items():
        (tree / name).write_text(text)
    return tree


def verdicts(found: Match, tree: Path) -> dict[str, str]:
    return {str(Path(each.file).relative_to(tree)): each.verdict for each in found.candidates}


def test_definitions_are_ranked_by_how_far_the_weights_fit(weights: Path, tree: Path) -> None:
    found = proto2net.match(weights, [tree])
    assert list(verdicts(found, tree).items()) == [
        ("deep/train.prototxt", "fits"),
        ("whole.prototxt", "fits"),
        ("cut.prototxt", "fits, and leaves 1 layer of the weights"),
        ("more.prototxt", "fits but for 1 array"),
        ("larger.prototxt", "fits but for 2 arrays"),
        ("broken.prototxt", "no"),
        ("other.prototxt", "no"),
        ("wider.prototxt", "no"),
    ]
    why = {Path(each.file).stem: each.reason for each in found.candidates}
    assert why["cut"] == 'the weights also have "ip"'
    assert why["more"] == (
        'layer "more" (InnerProduct): nothing in the weights for its weight (2 x 4)'
    )
    assert "found 4 x 245, 4" in why["larger"]
    assert why["other"] == "has 0 of the names of 2 layers"
    assert why["wider"] == ('num_output of "conv" is 7, and no axis of its arrays is; so of 1 more')
    assert why["broken"]


def test_the_command_prints_what_fits_and_counts_the_rest(weights: Path, tree: Path) -> None:
    ran = CliRunner().invoke(cli, ["match", str(weights), str(tree)])
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert lines[2].split() == [str(tree / "deep/train.prototxt"), "fits", "4", "of", "4"]
    assert lines[-1] == "not fitting: 3 of 8 files"
    assert ran.stderr == ""
    every = CliRunner().invoke(cli, ["match", str(weights), str(tree), "--all"])
    assert len(every.stdout.splitlines()) == 10
    found = json.loads(CliRunner().invoke(cli, ["match", str(weights), str(tree), "--json"]).stdout)
    assert found["definitions"][0]["wholly"] is True


def test_nothing_that_fits_is_exit_code_1(weights: Path, tree: Path) -> None:
    ran = CliRunner().invoke(cli, ["match", str(weights), str(tree / "other.prototxt")])
    assert ran.exit_code == 1
    assert ran.stdout == "not fitting: 1 of 1 file\n"


@pytest.mark.parametrize("target", ["torch", "numpy"])
def test_files_of_ours_are_matched_too(tree: Path, tmp_path: Path, target: str) -> None:
    out = tmp_path / "net.py"
    proto2net.save(tree / "whole.prototxt", ARRAYS, to=target, out=out)
    found = proto2net.match(out.with_suffix(".safetensors"), [tree])
    assert [Path(each.file).name for each in found.fitting][:2] == [
        "train.prototxt",
        "whole.prototxt",
    ]


def test_one_folder_need_not_be_a_list(weights: Path, tree: Path) -> None:
    assert proto2net.match(weights, str(tree)) == proto2net.match(weights, [tree])


def test_a_npy_is_matched_by_its_own_layout(tree: Path, tmp_path: Path) -> None:
    conv, product = ARRAYS["conv"], ARRAYS["ip"]
    arrays = {
        "conv": {"weights": conv[0].transpose(2, 3, 1, 0), "biases": conv[1]},
        "ip": {"weights": product[0].T, "biases": product[1]},
    }
    np.save(tmp_path / "net.npy", np.array(arrays, dtype=object))
    found = proto2net.match(tmp_path / "net.npy", [tree])
    assert "whole.prototxt" in [Path(each.file).name for each in found.fitting]


def test_a_fault_of_ours_does_not_end_the_search(
    weights: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("proto2net.api.parse", wrong)
    found = proto2net.match(weights, [tree])
    assert found.fitting == ()
    assert "a bug in proto2net: RuntimeError('no')" in [each.reason for each in found.candidates]


def test_hostile_names_are_harmless_on_a_terminal(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "\x1b[31m.prototxt").write_text(DATA + CONV + PRODUCT)
    ran = CliRunner().invoke(cli, ["match", str(weights), str(tmp_path)])
    assert "\x1b" not in ran.stdout
    assert r"\x1b[31m.prototxt" in ran.stdout


@needs_corpus
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("open_nsfw_resnet50_1by2", "deploy.prototxt"),
        ("lenet_mnist", "deploy.prototxt"),
        ("deep_landmark_1_F", "deploy.prototxt"),
    ],
)
def test_real_weights_find_their_definition(name: str, file: str) -> None:
    folder = CORPUS_WEIGHTS / name
    (model,) = folder.glob("*.caffemodel")
    found = proto2net.match(model, [CORPUS_WEIGHTS, MODELS])
    assert str(folder / file) in [each.file for each in found.candidates if each.wholly]


def test_a_folder_without_definitions_is_told(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = CliRunner().invoke(cli, ["match", str(weights), str(tmp_path / "empty")])
    assert (found.stdout, found.exit_code) == ("no definition was found to compare with\n", 1)
