"""`report`: what a person attaches to an issue, without what is nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from attacks import ATTACKS, quoted
from digests import MODELS
from places import ROOT

import proto2net
from proto2net.cli import main

INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { %s } } }\n'
SIZES = "dim: 1 dim: 3 dim: 9 dim: 8"
PROBLEMS = f"""# made by Acme in /home/acme/secret
name: "acme_net"
{INPUT % SIZES}layer {{ name: "first" type: "Convolution" bottom: "data" top: "first"
  convolution_param {{ num_output: 5 kernel_size: 3 }} }}
layer {{ name: "relu" type: "ReLU" bottom: "first" top: "first" }}
layer {{
  name: "acme" type: "AcmeNorm" bottom: "first" top: "acme"
  acme_param {{ table: "/home/acme/table.bin" mode: fast factor: 0.5 }}  # ours
}}
layer {{ name: "pool" type: "Pooling" bottom: "acme" top: "pool"
  pooling_param {{ pool: MEDIAN kernel_size: 2 }} }}
layer {{ name: "unharmed" type: "TanH" bottom: "pool" top: "unharmed" }}
layer {{ name: "python" type: "Python" bottom: "unharmed" top: "python"
  python_param {{ module: "acme.layers" layer: "Special" param_str: "{{'key': 'acme'}}" }} }}
"""
TRAIN_VAL = """name: "acme_net"
layer { name: "images" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mean_file: "/data/acme/mean.binaryproto" crop_size: 8 }
  data_param { source: "/data/acme/train_lmdb" batch_size: 2 backend: LMDB } }
layer { name: "mine" type: "Mine" bottom: "data" top: "mine" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "mine" bottom: "label" top: "loss" }
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "acme" / "net.prototxt"
    path.parent.mkdir()
    path.write_text(PROBLEMS)
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(("report", *arguments))
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def text_of(definition: str | Path, **options: object) -> str:
    return str(proto2net.report(definition, **options))  # type: ignore[arg-type]  # of several types


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def fenced(text: str) -> list[str]:
    """The blocks of a text, as Markdown ends them."""
    found, fence, lines = [], "", list[str]()
    for line in text.splitlines():
        if fence and line.startswith(fence) and not line.strip("`"):
            found.append("\n".join(lines))
            fence = ""
        elif fence:
            lines.append(line)
        elif opening := re.match("(`{3,})", line):
            fence, lines = opening[1], []
    assert not fence
    return found


# ---- what it says ---------------------------------------------------------------------------


def test_a_file_that_converts_is_told_to_convert() -> None:
    text = text_of(MODELS / "lenet.prototxt")
    assert text.startswith("# A file that proto2net converts\n")
    for target in ("torch", "tf", "numpy", "onnx", "network"):
        assert f"\n{target}: converts\n" in section(text, "Problems")
    assert f"proto2net       {proto2net.__version__}\n" in section(text, "Versions")
    assert "protobuf        " in section(text, "Versions")
    assert "         2 Convolution\n" in section(text, "File")
    assert "## Layers" not in text


def test_each_problem_has_its_line_and_its_layer_as_it_stands_there(net: Path) -> None:
    text = text_of(net)
    problems = section(text, "Problems")
    assert 'net.prototxt:7: layer "acme" (AcmeNorm): unknown layer type "AcmeNorm"' in problems
    assert "net.prototxt:12: layer " in problems
    assert 'layer "python" (Python): the meaning of this layer' in problems
    assert "Lines 7 to 10, with a problem:" in text
    assert 'name: "acme" type: "AcmeNorm" bottom: "first" top: "acme"\n' in text
    assert "factor: 0.5" in text
    assert "pool: MEDIAN kernel_size: 2" in text


def test_the_layers_that_feed_a_failing_one_stand_there_too(net: Path) -> None:
    text = section(text_of(net), "Layers")
    assert "Lines 4 to 5, which feed a layer with a problem:" in text
    assert 'name: "relu"' in text
    assert 'name: "unharmed"' in text
    assert 'name: "data"' not in text  # nobody who fails reads it


def test_a_problem_of_one_target_alone_is_told_for_it(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(INPUT % SIZES + 'layer { name: "f" type: "Mine" bottom: "data" top: "f" }\n')
    text = text_of(net, holes={"f": [(1, 3)]})
    assert "\nonnx: 1 problem\n  net.prototxt:2: layer " in section(text, "Problems")
    assert "\nsummary: converts\n" in section(text, "Problems")
    assert "Line 2, with a problem, on 1 x 3 x 9 x 8:" in text
    assert "option   holes = f: 1 x 3\n" in text


def test_the_fork_that_a_file_needs_is_named(tmp_path: Path) -> None:
    known = 'layer { name: "n" type: "Normalize" bottom: "data" top: "n" }\n'
    assert "fork     SSD: Normalize\n" in text_of(INPUT % SIZES + known)
    unknown = known + 'layer { name: "f" type: "Mine" bottom: "n" top: "f" }\n'
    assert "fork     SSD: Normalize\n" in text_of(INPUT % SIZES + unknown)


def test_a_text_that_cannot_be_read_has_the_lines_around_the_problem(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    lines = [f'layer {{ name: "n{i}" type: "ReLU" bottom: "x" top: "n{i}" }}' for i in range(9)]
    net.write_text("\n".join([*lines[:5], "}", *lines[5:]]))
    text = text_of(net)
    assert 'net.prototxt:6: expected the name of a field, found "}"' in text
    assert "Around line 6:\n" in text
    (quoted,) = [each for each in fenced(text) if each.startswith("layer {")]
    assert len(quoted.splitlines()) == 5
    assert quoted.splitlines()[2] == "}"


def test_a_missing_bracket_does_not_quote_the_whole_file(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text((MODELS / "googlenet.prototxt").read_text().replace("}\n", "\n", 1))
    text = text_of(net)
    assert len(text.splitlines()) < 150
    assert '"layer" is not a field of LayerParameter (and ' in section(text, "Problems")


def test_a_file_of_something_else_is_told_to_be_that(tmp_path: Path) -> None:
    image = tmp_path / "image.prototxt"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert "this is an image" in section(text_of(image), "Problems")
    assert "No such file" in section(text_of(tmp_path / "none.prototxt"), "Problems")


def test_an_old_definition_has_its_inputs(tmp_path: Path) -> None:
    old = 'input: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 9\ninput_dim: 8\n'
    text = text_of(old + 'layers { name: "f" type: POWERFUL bottom: "data" top: "f" }\n')
    assert "Line 1, an input:\n\n```prototxt\ninput: " in text
    assert text.count("an input:") == 5


def test_a_solver_is_followed_to_its_network(tmp_path: Path, net: Path) -> None:
    solver = tmp_path / "solver.prototxt"
    solver.write_text('net: "acme/net.prototxt"\nbase_lr: 0.1\n')
    text = text_of(solver)
    assert "net.prototxt:7: layer " in section(text, "Problems")
    assert 'name: "acme" type: "AcmeNorm"' in text
    assert str(tmp_path) not in text


def test_a_fault_of_our_own_is_told_by_its_place_alone(
    net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: object, **__: object) -> None:
        raise KeyError("acme secret")

    monkeypatch.setattr("proto2net.api.parse", parse)
    text = text_of(net)
    assert "this is a bug in proto2net, and the file may be right: KeyError in " in text
    assert "acme secret" not in text


# ---- weights --------------------------------------------------------------------------------


def test_weights_that_do_not_fit_are_told_by_shape_and_type_and_never_by_value(
    tmp_path: Path,
) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(
        INPUT % SIZES + 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
        "inner_product_param { num_output: 2 } }\n"
    )
    weights = tmp_path / "acme.caffemodel"
    values = {"ip": np.full((3, 216), 7.654321, np.float32), "gone": np.ones(4, np.float32)}
    weights.write_bytes(write.current({name: [write.packed(v)] for name, v in values.items()}))
    text = text_of(net, weights=weights)
    told = section(text, "Weights")
    assert 'layer "ip": the file has 3 x 216 float32\n' in told
    assert "needs 2 x 216, 2; found 3 x 216 in acme.caffemodel" in told
    assert 'layer "gone": the file has 4 float32\n  the network has no layer of this name' in told
    assert "7.65" not in text
    assert '"gone"' not in text_of(net, weights=weights, anonymous=True)
    weights.write_bytes(b"no weights at all")
    assert "The weights cannot be read:" in section(text_of(net, weights=weights), "Weights")


# ---- what it does not say -------------------------------------------------------------------


def test_strings_comments_and_other_names_are_left_out(net: Path) -> None:
    text = text_of(net)
    for secret in ("made by", "ours", "table.bin", "acme_net", "acme.layers", "key", "fast"):
        assert secret not in text, secret
    assert 'table: "(left out)" mode: "(left out)" factor: 0.5' in text
    assert 'layer: "Special"' in text


def test_the_data_of_a_training_are_left_out(tmp_path: Path) -> None:
    net = tmp_path / "train_val.prototxt"
    net.write_text(TRAIN_VAL)
    text = text_of(net)
    assert 'source: "(left out)" batch_size: 2 backend: LMDB' in text
    assert "/data" not in text
    assert "mean.binaryproto" not in text
    assert 'unknown layer type "Mine"' in text


def test_no_path_of_the_machine_is_in_it(
    net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (net, Path("acme/net.prototxt"), Path("acme/../acme/net.prototxt")):
        for options in ({}, {"mean": str(tmp_path / "acme" / "mean.npy")}, {"layers": str(net)}):
            text = text_of(name, **options)
            assert str(tmp_path) not in text
            assert "acme/" not in text


def test_anonymous_names_no_layer_blob_or_file(net: Path) -> None:
    text = text_of(net, anonymous=True, outputs=["unharmed"])
    for name in ('acme"', "first", "relu", "unharmed", "net.prototxt", '"data"'):
        assert name not in text, name
    assert 'name: "layer4" type: "AcmeNorm" bottom: "blob2" top: "blob3"' in text
    assert 'NET:7: layer "layer4" (AcmeNorm)' in text
    assert "option   outputs = blob5\n" in text
    text = text_of(net, anonymous=True, outputs=["zq1"], inputs={"zq2": (1, 3)}, holes={"zq3": []})
    assert "zq" not in text


@pytest.mark.parametrize("net", sorted((ROOT / "tests" / "wild").glob("*.prototxt")), ids=str)
def test_no_name_of_a_real_file_is_in_an_anonymous_report(net: Path) -> None:
    given = net.read_text()
    names = set(re.findall(r'(?:name|top|bottom): "([^"]+)"', given))
    secret = given
    for name in names:
        secret = re.sub(rf'((?:name|top|bottom): )"{re.escape(name)}"', rf'\1"zq{name}qz"', secret)
    assert "zq" in secret
    assert "zq" not in text_of(secret, anonymous=True)


def test_a_report_names_no_layer_that_is_not_quoted(net: Path) -> None:
    old = INPUT % SIZES + 'layer { name: "alone" type: "ReLU" bottom: "data" top: "alone" }\n'
    unknown = 'layer { name: "f" type: "Mine" bottom: "data" top: "f" }\n'
    assert "alone" not in text_of(old + unknown)


# ---- hostile text ---------------------------------------------------------------------------

HOSTILE = [
    "```\n# a heading\n<script>window.canary = 1</script>",
    "`" * 40,
    "~~~",
    "\x1b[31m\x9b\u202e",
    "a" * 10_000,
    'with "quotes" and \\',
    *ATTACKS,
]


@pytest.mark.parametrize("anonymous", [False, True])
def test_hostile_names_are_text_and_nothing_else(anonymous: bool) -> None:
    lines = [
        f"layer {{ name: {quoted(name)} type: {quoted(kind)} bottom: {quoted(name)} "
        f"top: {quoted(name)} mine: {quoted(name)} }} # {name!r}"
        for name, kind in zip(HOSTILE, HOSTILE[::-1], strict=True)
    ]
    for definition in ("\n".join(lines), "\n".join(lines) + "\n}", lines[1] + "\n'unclosed"):
        text = text_of(definition, anonymous=anonymous)
        assert all(char.isprintable() or char == "\n" for char in text)
        assert max(map(len, text.splitlines())) < 1000
        assert len(text) < 200_000
        outside = text
        for block in fenced(text):
            outside = outside.replace(block, "")
        assert "script" not in outside
        assert "heading" not in outside
        assert outside.count("\n# ") + outside.startswith("# ") == 1


# ---- the command ----------------------------------------------------------------------------


def test_the_command_prints_the_report_and_nothing_beside(net: Path, run: Run) -> None:
    code, out, err = run(str(net), "--input", "data=1,3,9,8")
    assert (code, err) == (0, "")
    assert out.startswith("# A file that proto2net does not convert\n")
    assert "option   inputs = data: 1 x 3 x 9 x 8\n" in out.replace("blob1", "data")


def test_the_command_writes_the_report_once(net: Path, run: Run) -> None:
    code, out, err = run(str(net), "-o", "report.md")
    assert (code, out) == (0, "")
    assert err == "wrote report.md: 4 problems; read it before you send it\n"
    assert Path("report.md").read_text().startswith("# A file that proto2net does not convert\n")
    assert run(str(net), "-o", "report.md")[0] == 1
    assert run(str(net), "-o", "report.md", "--force")[0] == 0
    assert run(str(net), "-o", str(net), "--force")[0] == 1
    assert net.read_text() == PROBLEMS


def test_a_definition_on_standard_input_is_reported(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proto2net.cli.reporting.standard_text", lambda: PROBLEMS)
    code, out, _ = run("-")
    assert code == 0
    assert '<stdin>:7: layer "acme" (AcmeNorm)' in out
