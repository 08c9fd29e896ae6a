"""`audit`: a page to file, of what is known of a network."""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser
from pathlib import Path

import caffemodels as write
import numpy as np
import pytest
from attacks import ATTACKS, quoted
from browser import Visit
from click.testing import CliRunner
from digests import MODELS
from places import ROOT

import proto2net
from proto2net import Proto2NetError
from proto2net.auditing import Audit, files
from proto2net.auditing.pages import short
from proto2net.cli import cli
from proto2net.page import visible

DIGITS = ROOT / "models" / "digits"
NET = """# Copyright (c) 2014 <Somebody & Others>
# Licensed under "some" terms.

# An unimportant remark.
name: "tiny"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" # (c) in a line of its own only
  convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "norm" type: "Normalize" bottom: "conv" top: "norm"
  norm_param { across_spatial: false channel_shared: false } }
layer { name: "ip" type: "InnerProduct" bottom: "norm" top: "ip"
  inner_product_param { num_output: 4 bias_term: false } }
"""
HOSTILE = [
    "</script><script>window.canary = 1</script>",
    "<img src=x onerror='window.canary = 1'>",
    "\"onmouseover='window.canary = 1'",
    "\u202eright to left\u2066",
    "x" * 10_000,
    "two\nlines",
    *ATTACKS[:40],
]


class Page(HTMLParser):
    """The text of a page by sections, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.tags: list[str] = []
        self._section, self._skipped = "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._skipped = tag in ("script", "style")
        if tag == "section":
            self._section = dict(attrs).get("id") or ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.sections[self._section] = self.sections.get(self._section, "") + data + "|"


def made(net: Path | str, *arguments: object, **options: object) -> tuple[Audit, Page]:
    found = proto2net.audit(net, *arguments, **{"to": (), **options})  # type: ignore[arg-type]  # of several types
    return found, Page(found.page())


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "net.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    arrays = {
        "conv": [np.ones((5, 3, 3, 3), np.float32), np.array([1, np.nan, 0, 1e-40, 2], np.float32)],
        "norm": [np.ones(5, np.float32)],
        "ip": [np.zeros((4, 210), np.float32)],
    }
    arrays["conv"][0][1] = 0
    path = tmp_path / "net.caffemodel"
    path.write_bytes(
        write.current({name: list(map(write.packed, each)) for name, each in arrays.items()})
    )
    return path


def test_the_files_have_their_names_and_hashes(net: Path, weights: Path) -> None:
    found, page = made(net, weights)
    assert [each.what for each in found.files] == ["definition", "weights"]
    for path in (net, weights):
        assert f"{path.name}|" in page.sections["files"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() in page.sections["files"]
    assert str(net.parent) not in found.page().replace(str(net), "")  # only where notes name a line
    assert f"proto2net {proto2net.__version__} on {found.date}" in page.sections[""]


def test_the_facts_stand_there_with_and_without_weights(net: Path, weights: Path) -> None:
    found, page = made(net)
    assert found.arrays is None
    assert "No weights were given." in page.sections["learned-arrays"]
    for each in ("input data|2 x 3 x 9 x 8", "multiply-adds|", "activations|", "a training takes|"):
        assert each in page.sections["the-network"]
    assert "conv|Convolution|2 x 5 x 7 x 6|140|" in page.sections["layers"]
    assert "3 x 3|1 x 1|8|" in page.sections["layers"]
    assert "SSD|Normalize|" in page.sections["forks-of-caffe"]


def test_what_is_odd_about_arrays_is_told(net: Path, weights: Path) -> None:
    found, page = made(net, weights)
    assert found.warnings == [
        "conv/weight: 1 filter of zeros alone",
        "conv/bias: 1 NaN and 0 infinite numbers",
        "conv/bias: 1 denormal number",
        "ip/weight: all zeros",
    ]
    for warning in found.warnings:
        assert f"{warning}|" in page.sections["learned-arrays"]
    assert "3 learned arrays" not in page.sections["in-short"]
    assert "4 learned arrays: 4 warnings." in page.sections["in-short"]


def test_every_note_is_there(tmp_path: Path) -> None:
    old = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
    old += 'layers { name: "d" type: DROPOUT bottom: "data" top: "d" }\n'
    old += 'layers { name: "more" type: POWER bottom: "d" top: "p" blobs_lr: 1 }\n'
    net = tmp_path / "old.prototxt"
    net.write_text(old.replace(" blobs_lr: 1", ""))
    found, page = made(net)
    for note in found.notes:
        assert f"{note}|" in page.sections["what-was-assumed"]
    assert found.notes


def test_licences_are_quoted_from_comments_and_from_files_beside(net: Path) -> None:
    (net.parent / "LICENSE.txt").write_text("<b>Do</b> as you like.\n" * 100)
    (net.parent / "licensed_things.py").write_text("no licence")
    (net.parent / "COPYING").mkdir()
    found, page = made(net)
    comment, beside = found.licences
    assert (comment.line, comment.text.splitlines()[0]) == (
        1,
        "# Copyright (c) 2014 <Somebody & Others>",
    )
    assert len(comment.text.splitlines()) == 2
    assert beside.text.splitlines() == ["<b>Do</b> as you like."] * files.MOST_LINES
    assert beside.more == 40
    text = page.sections["licences"]
    assert 'Licensed under "some" terms.' in text
    assert "LICENSE.txt|" in text
    assert "… and 40 lines more" in text
    assert "b" not in page.tags


def test_the_line_of_a_licence_is_that_of_an_editor(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    text = '\ufeff# copyright\n\n# a page\f\x85 and\u2028 more\n\nname: "x"\r\n# licence\r\n' + NET
    net.write_bytes(text.encode())
    found = list(files.licences([str(net)]))
    assert [(each.line, each.text.splitlines()[0]) for each in found] == [
        (1, "# copyright"),
        (6, "# licence"),
    ]


def test_licences_are_found_by_the_usual_names(tmp_path: Path) -> None:
    names = "LICENSE LICENSE-2.0.txt LICENSE_MIT MIT-LICENSE licence.md LICENSE.Apache NOTICES"
    (tmp_path / "net.prototxt").write_text('name: "x"')
    for name in [*names.split(), "license_plates.prototxt", "licensed.txt", "license_plate.py"]:
        (tmp_path / name).write_text("words")
    found = files.licences([str(tmp_path / "net.prototxt")])
    assert {files.name_of(each.file) for each in found} == set(names.split())


def test_what_a_target_cannot_say_is_told_with_its_reason(tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n'
        'layer { name: "f" type: "Mine" bottom: "x" top: "f" }\n'
    )
    found, page = made(net, holes={"f": [(1, 3)]}, to=["numpy"])
    assert found.verified.why == "some of its layers are holes, which nobody has written yet"
    (onnx,) = (each for each in found.exported if each.target == "onnx")
    assert onnx.issues
    assert "onnx" in page.sections["in-short"]
    told = str(onnx.issues[0])
    assert told.startswith(f"{tmp_path}/net.prototxt:2: ")
    assert f"|{told.removeprefix(f'{tmp_path}/')}|" in page.sections["targets"]


def test_targets_are_compared_with_numpy() -> None:
    found, page = made(DIGITS / "digits.prototxt", DIGITS / "digits.caffemodel", to=["numpy"])
    assert found.verified.comparison
    assert "numpy: every blob is within 0.0001 of numpy." in page.sections["comparison"]
    assert "conv1|1 x 8 x 8 x 8|0.0e+00|" in page.sections["comparison"]


def test_a_caffemodel_alone_is_definition_and_weights() -> None:
    found, page = made(DIGITS / "digits.caffemodel")
    assert [each.what for each in found.files] == ["definition"]
    assert len(found.arrays or ()) == 6
    assert "the definition that it carries is taken|" in page.sections["what-was-assumed"]


def test_a_text_has_no_file() -> None:
    found, page = made(NET)
    assert found.files == ()
    assert "given as a text" in page.sections["files"]


def test_weights_that_do_not_fit_are_refused_and_nothing_is_written(
    net: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.html"
    wrong = tmp_path / "wrong.caffemodel"
    wrong.write_bytes(write.current({"conv": [write.packed(np.ones((2, 2), np.float32))]}))
    ran = CliRunner().invoke(cli, ["audit", str(net), "--weights", str(wrong), "-o", str(out)])
    assert isinstance(ran.exception, Proto2NetError)
    assert not out.exists()


def test_the_command_writes_the_page_once(net: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    command = ["audit", str(net), "--weights", str(weights), "-o", str(out), "--no-verify"]
    ran = CliRunner().invoke(cli, command)
    assert ran.exit_code == 0, ran.output
    assert f"wrote {out}: 4 layers, 4 warnings\n" in ran.stderr
    assert out.read_text().startswith("<!DOCTYPE html>")
    assert "exists already" in str(CliRunner().invoke(cli, command).exception)
    assert CliRunner().invoke(cli, [*command, "--force"]).exit_code == 0
    assert "is an input" in str(
        CliRunner().invoke(cli, [*command[:4], "-o", str(net), "--force"]).exception
    )


def hostile() -> str:
    lines = ['layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }']
    lines += [
        f"layer {{ name: {quoted(name)} type: 'InnerProduct' bottom: 'x' "
        f"top: {quoted(name)} inner_product_param {{ num_output: 2 }} }}"
        for name in HOSTILE
    ]
    return "\n".join([f"# licence: {HOSTILE[0]}", f"name: {quoted(HOSTILE[1])}", *lines])


def test_hostile_names_are_text_and_nothing_else(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, out = tmp_path / "net.prototxt", tmp_path / "out.html"
    net.write_text(hostile())
    (tmp_path / "LICENSE").write_text(HOSTILE[0])
    monkeypatch.chdir(tmp_path)
    arrays = {name: [np.zeros((2, 3)), np.zeros(2)] for name in HOSTILE}
    graph = proto2net.parse(net)
    out.write_text(proto2net.audit(graph, arrays, to=()).page())
    page = visit.open(out)
    assert visit.asked_elsewhere(out.as_uri()) == []
    assert page.evaluate("window.canary") is None
    assert page.locator("#layers tbody tr td:first-child").all_text_contents()[1:] == [
        visible(short(name)) for name in HOSTILE
    ]
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("document.documentElement.scrollHeight") < 25_000


@pytest.mark.parametrize(
    ("net", "blocks"),
    [
        (MODELS / "googlenet.prototxt", 9),
        (MODELS / "resnet152.prototxt", 50),
        (ROOT / "tests" / "wild" / "sort_in_onnx_ssd.prototxt", 0),
    ],
    ids=lambda each: getattr(each, "stem", ""),
)
def test_the_page_has_the_picture_and_a_row_a_layer_and_a_block(
    visit: Visit, tmp_path: Path, net: Path, blocks: int
) -> None:
    out = tmp_path / "out.html"
    found = proto2net.audit(net, to=())
    out.write_text(found.page())
    visit.again(width=400)
    page = visit.open(out)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    visit.again(dark=True)
    page = visit.open(out)
    assert page.locator("#layers tbody tr").count() == len(found.graph.nodes) + blocks
    assert page.locator("#layers tbody tr.block").count() == blocks
    assert page.locator("h2").count() == 11
    assert page.locator("#picture svg.net .name").count() > 5
    wide = page.evaluate("document.querySelector('#picture svg').getBoundingClientRect().width")
    assert 0 < wide <= 1280
    assert visit.asked_elsewhere(out.as_uri()) == []
