"""What a survey of a tree counts, tells and outlives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from reference import CORPUS, needs_corpus

from proto2net import Proto2NetError
from proto2net.survey import Survey, survey
from proto2net.survey.found import grouped
from proto2net.survey.task import BUG, Task

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
"""
POOL = 'layer { name: "p" type: "Pooling" bottom: "dat" top: "p" pooling_param { kernel_size: 2 } }'
RELU = 'layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }'

STRANGE = """
import os, time
from dataclasses import dataclass
from proto2net.layers import Layer, layer

@layer("Strange", param="strange_param")
@dataclass(frozen=True)
class Strange(Layer):
    does: str = ""

    def infer(self, bottoms, tops):
        if self.does == "hang":
            time.sleep(1000)
        if self.does == "end":
            os._exit(7)
        return bottoms + self.does
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with two networks, of which one is wrong, and three files that are none."""
    folder = tmp_path / "zoo"
    for name, text in {
        "a/good.prototxt": NET,
        "a/solver.prototxt": 'net: "good.prototxt"',
        "b/wrong.prototxt": NET + POOL,
        "b/template.prototxt": "name: {{ name }}\n",
        "c/deploy.pt": NET,
        "c/old.prototxt.txt": NET + RELU,
        "c/notes.prototxt.txt": "not a network",
        "c/part.prototxt": 'bottom: "x"\n',
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "c" / "model.pt").write_bytes(b"PK\3\4\0\nlayer {")
    return folder


def of(found: Survey) -> dict[str, object]:
    """What is printed as JSON."""
    result: dict[str, object] = json.loads(found.json())
    return result


def test_a_table_has_a_line_a_network(tree: Path) -> None:
    found = survey([tree / "a", tree / "b"], jobs=2)
    lines = found.table().splitlines()
    assert [line.split() for line in lines[::2]] == [
        "network layers parameters million macs inputs converts to why not".split(),
        [str(tree / "a/good.prototxt"), "0", "0", "0", *"data 2 x 3 torch, tf".split()],
    ]
    assert lines[3].split() == [
        str(tree / "b/wrong.prototxt"),
        *'bottom "dat" is not made by any layer above'.split(),
    ]
    assert found.csv().splitlines() == [
        "file,layers,parameters,macs,inputs,targets,reason",
        f"{tree / 'a/good.prototxt'},0,0,0,data 2 x 3,torch; tf,",
        f'{tree / "b/wrong.prototxt"},,,,,,"bottom ""dat"" is not made by any layer above"',
    ]


def test_no_cell_of_csv_is_a_formula(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "=1+1.prototxt").write_text(NET)
    monkeypatch.chdir(tree)
    found = survey(["=1+1.prototxt"], to=["numpy"], jobs=1)
    assert found.csv().splitlines()[1].startswith("'=1+1.prototxt,")


def test_networks_are_counted_by_target_and_what_is_none_apart(tree: Path) -> None:
    found = of(survey([tree], jobs=2))
    assert found["files"] == 7
    assert found["networks"] == 4
    assert found["converted"] == {"torch": 3, "tf": 3}
    assert found["others"] == [
        {"file": str(tree / "a" / "solver.prototxt"), "reason": "this is a solver, and no network"},
        {
            "file": str(tree / "b" / "template.prototxt"),
            "reason": 'this is a template, and no network: it has "{{ name }}" to fill in',
        },
        {
            "file": str(tree / "c" / "part.prototxt"),
            "reason": 'this is a part of a network: "bottom" stands outside of any layer',
        },
    ]
    wrong = str(tree / "b" / "wrong.prototxt")
    error = f'{wrong}:3: layer "p" (Pooling): bottom "dat" is not made by any layer above'
    failed = {"file": wrong, "error": f'{error}\n  hint: did you mean "data"?'}
    assert found["failed"] == [{**failed, "target": target} for target in ("torch", "tf")]


def test_a_file_stands_for_itself_and_a_solver_for_its_network(tree: Path) -> None:
    assert of(survey([tree / "a" / "solver.prototxt"], to=["numpy"]))["converted"] == {"numpy": 1}


def test_reasons_are_ranked_with_an_example(tree: Path) -> None:
    (tree / "b" / "wrong_too.prototxt").write_text(NET + POOL.replace('"dat"', '"datum"'))
    lines = str(survey([tree], to=["torch"])).splitlines()
    assert lines[:2] == [
        "8 files: 5 networks, and 3 that are none",
        "torch: 3 of 5 networks convert",
    ]
    assert f'    2  bottom "…" is not made by any layer above  torch   {tree}' in lines[5]
    assert lines[5].endswith("wrong.prototxt:3")


def test_a_kind_of_networks_alone_is_counted(tree: Path) -> None:
    (tree / "a" / "train.prototxt").write_text(
        NET + 'layer { name: "l" type: "EuclideanLoss" bottom: "data" bottom: "data" top: "l" }'
    )
    found = of(survey([tree / "a"], to=["torch"], kinds=["train_val"]))
    assert found["converted"] == {"torch": 1}


def test_nothing_ends_the_run(tree: Path, tmp_path: Path) -> None:
    layers = tmp_path / "strange.py"
    layers.write_text(STRANGE)
    for does in ("hang", "end", "raise"):
        (tree / f"{does}.prototxt").write_text(
            f'{NET}layer {{ name: "s" type: "Strange" bottom: "data" top: "s" '
            f'strange_param {{ does: "{does}" }} }}'
        )
    command = [sys.executable, "-c", RUN, str(tree), str(layers)]
    printed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    found = json.loads(printed)
    errors = {Path(each["file"]).stem: each["error"] for each in found["failed"]}
    assert found["converted"] == {"torch": 3}
    assert "bug in proto2net: no end after 4 s" in errors["hang"]
    assert "bug in proto2net: the process ended with code 7" in errors["end"]
    assert "bug in proto2net: TypeError in strange.py:16" in errors["raise"]


RUN = """
import sys
from proto2net.survey import survey

if __name__ == "__main__":
    print(survey([sys.argv[1]], to=["torch"], jobs=2, limit=4, layers=sys.argv[2]).json())
"""


SPOILT = """
from dataclasses import dataclass
from proto2net.backends.numpy import backend as numpy
from proto2net.backends.base import Code
from proto2net.backends.tree import code
from proto2net.layers import Layer, layer

@layer("Spoilt")
@dataclass(frozen=True)
class Spoilt(Layer):
    def infer(self, bottoms, tops):
        return bottoms

@numpy.renders(Spoilt)
def _spoilt(node):
    return Code(code("{self}.run({0})"), code("missing.Spoilt()"))
"""


def test_a_network_that_cannot_be_built_converts_only_where_it_is_not_run(
    tree: Path, tmp_path: Path
) -> None:
    layers = tmp_path / "spoilt.py"
    layers.write_text(SPOILT)
    (tree / "spoilt.prototxt").write_text(
        NET + 'layer { name: "s" type: "Spoilt" bottom: "data" top: "s" }'
    )
    converted = survey([tree], to=["numpy"], jobs=1, layers=layers)
    built = survey([tree], to=["numpy"], jobs=1, layers=layers, run=True)
    assert str(converted).splitlines()[1] == "numpy: 4 of 5 networks convert"
    assert str(built).splitlines()[1] == "numpy: 3 of 5 networks convert, and are built"
    errors = {Path(failure.file).stem: failure.error for failure in built.failed}
    assert "bug in proto2net: NameError" in errors["spoilt"]
    assert (of(converted).get("run"), of(built).get("run")) == (None, True)


def test_templates_are_filled_in_where_they_have_the_name(tree: Path) -> None:
    side = NET.replace("dim: 3", "dim: $SIDE$")
    (tree / "a" / "sized.prototxt").write_text(side)
    found = survey([tree / "a"], to=["numpy"], jobs=1, define={"SIDE": "5"})
    assert found.converted == {"numpy": 2}
    with pytest.raises(Proto2NetError, match="SIDE cannot be '5 }'"):
        survey([tree], define={"SIDE": "5 }"})


def test_a_label_map_and_a_mean_image_are_no_networks(tmp_path: Path) -> None:
    (tmp_path / "labelmap.prototxt").write_text('item {\n  name: "cat"\n  label: 1\n}\n')
    mean = tmp_path / "mean.binaryproto"
    mean.write_bytes(b"\x08\x01\x10\x03\x18\x02\x20\x02\x2a\x30" + bytes(48))
    found = survey([tmp_path, mean], to=["numpy"], jobs=1)
    assert [other.issue.message for other in found.others] == [
        "this is a label map, which names classes, and no network",
        "this is a .binaryproto, one array such as a mean image, and no network",
    ]


def test_shapes_are_tried_in_turn_where_a_file_states_none(tmp_path: Path) -> None:
    for side in (5, 8, 11):
        text = NET.replace("input_param { shape { dim: 2 dim: 3 } }", "")
        (tmp_path / f"{side}.prototxt").write_text(
            f'{text}layer {{ name: "r" type: "Reshape" bottom: "data" top: "r" '
            f"reshape_param {{ shape {{ dim: 1 dim: {side} dim: {side} }} }} }}"
        )
    found = survey([tmp_path], to=["numpy"], jobs=1, shapes=[(1, 1, 5, 5), (1, 1, 8, 8)])
    assert found.converted == {"numpy": 2}
    (failure,) = found.failed
    assert Path(failure.file).name == "11.prototxt"
    assert "1 x 1 x 5 x 5 (25 elements) cannot become 1 x 11 x 11" in failure.error


SHAPES = [
    *((1, 3, 224, 224), (1, 1, 28, 28), (1, 2, 28, 28), (1, 1, 41, 41), (1, 3, 416, 416)),
    *((64, 3, 32, 128), (523, 1, 32, 128), (512, 3, 32, 128), (48, 3, 224, 224)),
]
"""Of images that public definitions read from files, and so do not state."""


@needs_corpus
def test_almost_all_public_networks_convert_and_the_others_say_which_layer_does_not(
    tmp_path: Path,
) -> None:
    with tarfile.open(CORPUS) as archive:
        archive.extractall(tmp_path, filter="data")
    stages = ["unfactored", "val", "test-on-test"]  # where a file's layers must be chosen
    trees = [tmp_path, CORPUS.parent / "weights"]
    found = survey(trees, shapes=SHAPES, stages=stages, limit=100)  # however busy the machine is
    assert min(found.converted.values()) >= 0.99 * found.networks > 700
    for failure in found.failed:
        assert BUG not in failure.error
        for issue in failure.issues:
            assert issue.where is not None
            assert issue.where.line > 0
            assert issue.layer, issue


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes are POSIX")
def test_what_has_no_end_or_is_huge_is_no_trouble(tree: Path) -> None:
    os.mkfifo(tree / "pipe.prototxt")
    for name in ("zero.prototxt", "zero.pt"):
        (tree / name).symlink_to("/dev/zero")
    for name in ("sparse.prototxt", "sparse.pbtxt"):
        with open(tree / name, "wb") as file:
            file.truncate(3 * 2**30)
    (tree / "gone.prototxt").symlink_to("nowhere")
    found = survey([tree], to=["numpy"], jobs=2, limit=20)
    others = {Path(file).name: issue.message for file, issue in found.others}
    failed = {Path(each.file).name: each.error for each in found.failed}
    special = "this is a device or a pipe, and no plain file"
    assert {others.get(name) for name in ("pipe.prototxt", "zero.prototxt")} == {special}
    assert "this is too long for a definition" in failed["sparse.prototxt"]
    assert "No such file" in failed["gone.prototxt"]
    assert set(failed) == {"sparse.prototxt", "gone.prototxt", "wrong.prototxt"}
    assert not any("zero.pt" in file or "sparse.pbtxt" in file for file in found.files)


@pytest.mark.parametrize(
    "text",
    [
        "layer" + "\n" * 200_000,
        "\n" * 200_000 + "layer",
        "layer:" + " \n" * 100_000,
        "include" + " " * 200_000,
        "include: " + " " * 200_000,
        "type:" + " " * 200_000,
        "type: " + "data" * 50_000 + "_",
        "type: " * 40_000,
        "include\n" * 40_000,
    ],
    ids=lambda text: repr(text[:9]),
)
def test_no_text_is_looked_at_for_long(tmp_path: Path, text: str) -> None:
    file = tmp_path / "net.pt"
    file.write_text(text)
    started = time.process_time()
    Task(["numpy"], {}).examine(str(file))
    grouped(text)
    assert time.process_time() - started < 1


def test_a_folder_without_networks_is_no_trouble(tmp_path: Path) -> None:
    assert str(survey([tmp_path])).startswith("0 files: 0 networks")


def test_a_target_or_a_file_of_layers_that_is_not_there_is_told_at_once(tree: Path) -> None:
    with pytest.raises(Proto2NetError, match='no target "torsch"'):
        survey([tree], to=["torsch"])
    with pytest.raises(Proto2NetError, match="No such file"):
        survey([tree], layers="none.py")


def test_the_files_of_a_tree_come_in_order(tree: Path) -> None:
    assert [Path(file).name for file in survey([tree], to=["numpy"]).files] == [
        "good.prototxt", "solver.prototxt", "template.prototxt", "wrong.prototxt",
        "deploy.pt", "old.prototxt.txt", "part.prototxt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "group"),
    [
        (
            'bottom "conv1" is not made by any layer above',
            'bottom "…" is not made by any layer above',
        ),
        ('unknown layer type "Foo"', 'unknown layer type "Foo"'),
        ('"foo3" is not a field of LayerParameter', '"foo3" is not a field of LayerParameter'),
        ("the bottom (2 x 3 x 5) has 3 axes", "the bottom (#) has # axes"),
    ],
)
def test_like_sentences_are_one_group(sentence: str, group: str) -> None:
    assert grouped(sentence) == group
