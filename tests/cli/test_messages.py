"""What a user is told, by what was wrong: where it is, what was found, what would be right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from digests import GOLDEN

from proto2net import blobs, convert, load, parse
from proto2net.cli import main
from proto2net.errors import Proto2NetError, ShapeError, WeightError
from proto2net.handwritten import hand_written
from proto2net.rewrites.feeding import UNNAMED
from proto2net.survey import survey
from proto2net.weights.matching import match
from proto2net.weights.reading import read

NET = """name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
        inner_product_param { num_output: 4 } }
"""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder that has tiny.prototxt; what is told is given."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.prototxt").write_text(NET)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        return int(end.value.code or 0), capsys.readouterr().err

    return run


# ---- names of targets -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "target"), [("pytorch", "torch"), ("tensorflow", "tf"), ("keras", "tf")]
)
def test_other_names_of_frameworks_simply_work(run: Run, alias: str, target: str) -> None:
    assert convert(NET, to=alias) == convert(NET, to=target)
    assert run("convert", "tiny.prototxt", "--to", alias) == (
        0,
        f"wrote tiny.py: {'Tiny' if target == 'torch' else 'tiny'}, 984 parameters\n",
    )
    assert convert("tiny.prototxt", to=target) == Path("tiny.py").read_text()


def test_a_target_that_is_named_twice_is_one(run: Run) -> None:
    found = survey(["."], to=["keras", "pytorch", "tf", "torch"], jobs=1)
    assert found.converted == {"tf": 1, "torch": 1}


# ---- files that are something else ----------------------------------------------------------

PIXELS = bytes(range(64))
MEAN = b"\x08\x01\x10\x03\x18\x04\x20\x05\x2a\xf0\x01" + bytes(240)

SOMETHING_ELSE = {
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "Git LFS's pointer to the file",
        "run `git lfs pull`",
    ),
    "page": (b"\n<!DOCTYPE html>\n<html><body>", "a web page", "download the file itself"),
    "page without type": (b"<html lang=en>", "a web page", "download the file itself"),
    "UTF-16": (b"\xff\xfe" + NET.encode("utf-16-le"), "text in UTF-16", "save it as UTF-8"),
    "UTF-16 without a mark": (NET.encode("utf-16-be"), "text in UTF-16", "save it as UTF-8"),
    "mean": (MEAN, "a .binaryproto, one array such as a mean image", "give the"),
    "zip": (b"PK\x03\x04" + PIXELS, "a zip archive, as PyTorch's .pth", "unpack it first"),
    "gzip": (b"\x1f\x8b\x08" + PIXELS, "a gzip archive", "unpack it first"),
    "pickle": (b"\x80\x02}q\x00(X" + PIXELS, "a pickle of Python", "give the"),
    "png": (b"\x89PNG\r\n\x1a\n" + PIXELS, "an image", "give the"),
    "jpeg": (b"\xff\xd8\xff\xe0" + PIXELS, "an image", "give the"),
    "bmp": (b"BM\x36\0\x01\0" + bytes(4) + PIXELS, "an image", "give the"),
    "solverstate": (
        b"\x08\x90\x4e\x12\x18lenet_iter_10000.caffemodel\x1a" + PIXELS,
        "a .solverstate, the state of a solver",
        "give the",
    ),
    "onnx": (b"\x08\x07\x12\x07pytorch\x1a\x031.9" + PIXELS, "an ONNX model", "give the"),
}


@pytest.mark.parametrize("kind", SOMETHING_ELSE)
def test_a_file_that_is_something_else_is_told_by_name(run: Run, kind: str) -> None:
    content, name, hint = SOMETHING_ELSE[kind]
    Path("net.prototxt").write_bytes(content)
    code, told = run("convert", "net.prototxt", "--to", "torch")
    assert (code, told.count("\n")) == (1, 3)
    assert told.startswith(f"net.prototxt: this is {name}")
    assert ", and no network\n  hint: " in told
    assert hint in told


def test_a_survey_counts_files_that_are_something_else_apart(run: Run) -> None:
    kinds = ("pointer", "page", "UTF-16", "mean")
    for kind in kinds:
        Path(f"{kind}.prototxt").write_bytes(SOMETHING_ELSE[kind][0])
    found = survey(["."], jobs=1, to=["torch"])
    assert found.converted == {"torch": 1}
    others = {other.file: other.issue.message for other in found.others}
    assert others == {
        f"./{kind}.prototxt": f"this is {SOMETHING_ELSE[kind][1]}, and no network" for kind in kinds
    }


@pytest.mark.parametrize("kind", [kind for kind in SOMETHING_ELSE if "UTF-16" not in kind])
def test_weights_that_are_something_else_are_told_by_name(run: Run, kind: str) -> None:
    content, name, hint = SOMETHING_ELSE[kind]
    Path("net.caffemodel").write_bytes(content)
    code, told = run(
        "convert", "tiny.prototxt", "--weights", "net.caffemodel", "--to", "torch", "-o", "x.py"
    )
    assert (code, told.count("\n")) == (1, 3)
    assert told.startswith(f"net.caffemodel: this is {name}")
    assert ", and no file of weights\n  hint: " in told
    assert (hint if hint != "give the" else "weights come as .caffemodel") in told
    assert not Path("x.py").exists()


def test_marks_of_a_conflict_are_told_with_their_line(run: Run) -> None:
    ours, theirs = ("".join(NET.splitlines(keepends=True)[i : i + 2]) for i in (3, 5))
    text = f"{NET}<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    Path("net.prototxt").write_text(text)
    assert run("convert", "net.prototxt", "--to", "torch") == (
        1,
        "net.prototxt:8: Git left the marks of a conflict here\n"
        "  hint: decide between the lines from <<<<<<< to ======= and those to >>>>>>>, "
        "and delete the marks\n"
        "1 problem; nothing was written\n",
    )


def test_a_caffemodel_as_the_network_says_that_its_own_definition_is_taken(run: Run) -> None:
    model = str(GOLDEN / "layers" / "net_bn_scale_relu" / "net.caffemodel")
    _, told = run("convert", model, "--to", "torch", "--input", "data=1,3,9,8", "-o", "x.py")
    assert f"note: {model}: this is a .caffemodel; the definition that it carries is taken" in told


# ---- shapes of inputs -----------------------------------------------------------------------


def test_a_stated_shape_is_overridden_by_a_flag_and_it_is_told(run: Run) -> None:
    for flag in ("1,3,20,24", "data=1,3,20,24"):
        assert run("convert", "tiny.prototxt", "--to", "torch", "--input", flag, "--force") == (
            0,
            'note: tiny.prototxt:2: "data" is 1 x 3 x 20 x 24, as asked for; '
            "the file has 2 x 3 x 9 x 8\n"
            "wrote tiny.py: Tiny, 8,064 parameters\n",
        )
        assert "data (N, 3, 20, 24)" in Path("tiny.py").read_text()
    _, told = run("convert", "tiny.prototxt", "--to", "torch", "--input", "2,3,9,8", "--force")
    assert "note" not in told


TWO = """input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 8 }
input: "im_info" input_shape { dim: 1 dim: 3 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "s" type: "Silence" bottom: "im_info" }
"""


def test_a_shape_without_a_name_is_for_the_inputs_of_as_many_axes(run: Run) -> None:
    inputs = [blob.shape for blob in parse(TWO, inputs={UNNAMED: (1, 3, 20, 24)}).inputs]
    assert inputs == [(1, 3, 20, 24), (1, 3)]
    Path("two.prototxt").write_text(TWO)
    assert run("convert", "two.prototxt", "--to", "torch", "--input", "7,3,20") == (
        1,
        "the shape 7 x 3 x 20 is for an input of 3 axes, and none has as many: "
        '"data" (1 x 3 x 9 x 8), "im_info" (1 x 3)\n'
        "  hint: name one, as in --input data=7,3,20\n"
        "1 problem; nothing was written\n",
    )


def test_a_shape_without_a_name_is_only_for_inputs_without_one_if_there_are_any() -> None:
    text = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 5 dim: 4 } } }\n'
    text += 'layer { name: "y" type: "Input" top: "y" }\n'
    text += 'layer { name: "r" type: "InnerProduct" bottom: "x" top: "r" inner_product_param { '
    text += 'num_output: 3 } }\nlayer { name: "s" type: "Sigmoid" bottom: "y" top: "s" }\n'
    inputs = [blob.shape for blob in parse(text, inputs={UNNAMED: (7, 6)}).inputs]
    assert inputs == [(5, 4), (7, 6)]


def test_a_shape_without_a_name_is_for_the_only_input_of_a_class(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from proto2net import Network\n\n"
        "class One(Network):\n"
        "    inputs = {'images': (1, 9, 8, 3)}\n"
        "    def setup(self):\n"
        "        self.feed('images').relu()\n\n"
        "class Two(Network):\n"
        "    inputs = {'a': (1, 9), 'b': (1, 9)}\n"
        "    def setup(self):\n"
        "        self.feed('a', 'b').add()\n"
    )
    graph = hand_written(str(file), "One", inputs={UNNAMED: (2, 19, 18, 3)})
    assert [(blob.name, blob.shape) for blob in graph.inputs] == [("images", (2, 3, 19, 18))]
    with pytest.raises(Proto2NetError, match="has no name, and the inputs of the class are a, b"):
        hand_written(str(file), "Two", inputs={UNNAMED: (2, 19)})


# ---- layers that are not known --------------------------------------------------------------


def test_every_unknown_python_layer_is_told_at_once(run: Run) -> None:
    layer = 'layer { name: "%s" type: "Python" bottom: "%s" top: "%s" python_param { %s } }\n'
    text = NET.replace('bottom: "conv"', 'bottom: "b"')
    text += layer % ("a", "conv", "a", 'module: "mine" layer: "First"')
    text += layer % ("b", "a", "b", 'module: "mine" layer: "Second"')
    lines = text.splitlines(keepends=True)
    Path("net.prototxt").write_text("".join([*lines[:5], *lines[7:], *lines[5:7]]))
    hint = (
        "  hint: --layers FILE.py declares it, --holes NAME=DIMS leaves it for you to write, "
        "--output conv leaves it out, or replace it by layers of Caffe\n"
    )
    own = "(Python): the meaning of this layer is in the user's own code, mine"
    assert run("convert", "net.prototxt", "--to", "torch") == (
        1,
        f'net.prototxt:6: layer "a" {own}.First\n{hint}'
        f'net.prototxt:7: layer "b" {own}.Second\n{hint}'
        "2 problems; nothing was written\n"
        "`proto2net report NET` writes what to attach to an issue, without your weights\n",
    )
    Path("net.prototxt").write_text(
        Path("net.prototxt").read_text() + 'layer { name: "c" type: "Gelu" bottom: "a" top: "c" }\n'
    )
    told = run("convert", "net.prototxt", "--to", "torch")[1]
    assert "\n3 problems; nothing was written\n" in told
    assert 'layer "c" (Gelu): unknown layer type "Gelu"\n  hint: --layers FILE.py declares' in told
    holes = ("--holes", "c=2,5,7,6", "--holes", "a=2,5,7,6", "--holes", "b=2,5,7,6")
    assert run("convert", "net.prototxt", "--to", "torch", *holes)[0] == 0


# ---- weights --------------------------------------------------------------------------------


def test_weights_of_another_num_output_are_told_with_caffes_own_recipe() -> None:
    weights = {
        "conv": [np.ones((5, 3, 3, 3)), np.ones(5)],
        "ip": [np.ones((9, 210)), np.ones(9)],
    }
    with pytest.raises(WeightError) as error:
        match(parse(NET, file="net.prototxt"), weights)
    assert str(error.value) == (
        'net.prototxt:6: layer "ip" (InnerProduct): needs 4 x 210, 4; found 9 x 210, 9 in the '
        "weights\n  hint: for another num_output give the layer another name, as fine-tuning in "
        "Caffe does; then --allow-missing lets its fillers make it\n"
        "in Python: allow_missing=True"
    )
    renamed = parse(NET.replace('"ip"', '"ip_mine"'))
    assert len(match(renamed, weights, allow_missing=True).model.values) == 2
    weights["ip"] = [np.ones((4, 200)), np.ones(4)]
    with pytest.raises(WeightError, match=r"found 4 x 200, 4 in the weights$"):
        match(parse(NET), weights)


@pytest.mark.parametrize("command", ["convert", "verify"])
def test_an_empty_name_of_weights_is_told(run: Run, command: str) -> None:
    code, told = run(command, "tiny.prototxt", "--to", "torch", "--weights", "")
    assert code == 2
    assert told.endswith("Error: --weights names no file: it is empty\n")
    assert not Path("tiny.py").exists()


# ---- live networks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feeds", "told"),
    [
        ({}, 'nothing is given for the input "data" (2 x 3 x 9 x 8)'),
        (
            {"dat": np.zeros((2, 3, 9, 8))},
            'nothing is given for the input "data" (2 x 3 x 9 x 8)\n  hint: given are dat',
        ),
        (
            np.zeros((2, 3, 9, 8)),
            'the inputs are given as ndarray\n  hint: give each by its name, as in {"data":',
        ),
        (
            {"data": np.zeros((3, 9, 8))},
            'the input "data" is 3 x 9 x 8; the network is for 2 x 3 x 9 x 8\n'
            "  hint: images are (N, C, H, W), where N is 1 for one alone",
        ),
        (
            {"data": np.zeros((2, 9, 8, 3))},
            'the input "data" is 2 x 9 x 8 x 3; the network is for 2 x 3 x 9 x 8\n'
            "  hint: this is (N, H, W, C): .transpose(0, 3, 1, 2) puts it in Caffe's order",
        ),
        (
            {"data": np.zeros((2, 3, 19, 8))},
            'the input "data" is 2 x 3 x 19 x 8; the network is for 2 x 3 x 9 x 8\n'
            "  hint: images are (N, C, H, W), where N is 1 for one alone",
        ),
        (
            {"data": np.full((2, 3, 9, 8), "x")},
            'the input "data" is of <U1\n  hint: it must be of numbers',
        ),
        ({"data": [[1.0], [1.0, 2.0]]}, 'the input "data" is no array: setting an array element'),
    ],
)
def test_what_blobs_cannot_be_fed_with_is_told(feeds: Any, told: str) -> None:
    with pytest.raises(ShapeError) as error:
        blobs(load(NET, to="numpy"), feeds)
    assert str(error.value).startswith(told)


def test_blobs_takes_numbers_of_any_kind_and_another_batch_and_names_beside() -> None:
    network = load(NET, to="numpy")
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 9, 8), np.uint8)
    found = blobs(network, {"data": images, "label": 3})
    assert found["ip"].shape == (5, 4)
    for kind in (np.float64, np.int64, np.float16):
        assert (blobs(network, {"data": images.astype(kind)})["ip"] == found["ip"]).all()


def test_blobs_takes_networks_of_load_alone() -> None:
    for network in (5, object()):
        with pytest.raises(Proto2NetError, match=r"not made by proto2net\.load"):
            blobs(network, {})


def test_a_numpy_network_says_which_axis_of_its_input_is_wrong() -> None:
    network = load(NET, to="numpy")
    with pytest.raises(ValueError, match=r"\(2, 9, 8, 3\) should have 3 channels in axis 1"):
        network(np.zeros((2, 9, 8, 3)))
    with pytest.raises(ValueError, match=r"\(2, 510\) should have 210 values in its last axis"):
        network(np.zeros((2, 3, 19, 8)))


@pytest.mark.parametrize(("target", "package"), [("torch", "torch"), ("keras", "tensorflow")])
def test_a_framework_that_is_missing_is_told_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, target: str, package: str
) -> None:
    for name in ("torch", "tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    name = "torch" if target == "torch" else "tf"
    with pytest.raises(Proto2NetError) as error:
        load(NET, to=target)
    (issue,) = error.value.issues
    assert issue.message.startswith(f'the target "{name}" cannot run here: ')
    assert f"`pip install {package}` installs it" in issue.hint


def test_weights_whose_header_begins_like_a_pickle_are_read(run: Run) -> None:
    header = b'{"__metadata__":{"target":"torch","caffe":"{}"}}'
    content = (0x280).to_bytes(8, "little") + header.ljust(0x280)
    Path("net.safetensors").write_bytes(content)
    assert content[:2] == b"\x80\x02"
    assert read("net.safetensors").target == "torch"
    told = run("convert", "net.safetensors", "--to", "torch")[1]
    assert "pickle" not in told


# ---- options in Python ----------------------------------------------------------------------

IN_PYTHON = {
    "--allow-missing lets its fillers make it": "allow_missing=True",
    "give --force to replace it": "overwrite=True",
    "give it: --input data=6,3,9,any.": 'inputs={"data": (6, 3, 9, any)}',
    "; --batch any lets it follow the input": 'batch="any"',
    "--fork ssd or --fork pwc-net, or --fork ssd": 'fork="ssd", fork="pwc-net"',
    "is there one with --phase train?": 'phase="train"',
    "with --stage seen and no --stage gone": 'stages=["seen"]',
    "--define SIDE=VALUE": 'define={"SIDE": VALUE}',
    "--layers FILE.py declares it, --holes NAME=DIMS leaves it for you to write": (
        'layers="FILE.py", holes={"NAME": [(DIMS)]}'
    ),
    "--root FOLDER says where its paths begin": 'root="FOLDER"',
    "--resize H,W does, --output fc leaves it out": 'resize=(H, W), outputs=["fc"]',
    "use --device cpu, or leave the layer out with --output": "",
}


@pytest.mark.parametrize("hint", IN_PYTHON)
def test_an_error_says_how_the_options_of_its_hints_are_written_in_python(hint: str) -> None:
    said = str(Proto2NetError("a problem", hint)).splitlines()
    written = [f"in Python: {IN_PYTHON[hint]}"] if IN_PYTHON[hint] else []
    assert said == ["a problem", f"  hint: {hint}", *written]


def test_a_command_says_hints_as_options_alone(run: Run) -> None:
    Path("net.prototxt").write_text(NET)
    assert run("convert", "net.prototxt", "--to", "torch")[0] == 0
    code, said = run("convert", "net.prototxt", "--to", "torch")
    assert (code, "give --force" in said, "in Python" in said) == (1, True, False)
