"""The command diff: how it ends, its JSON and its page, and names that want to do harm."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Visit
from digests import MODELS
from places import ROOT

from proto2net.cli import main
from proto2net.differ import IGNORABLE, diff

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 9 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
WIDER = NET.replace("num_output: 4", "num_output: 6")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs diff in a folder with a.prototxt, same.prototxt and b.prototxt, which differs."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("a", NET), ("same", NET), ("b", WIDER)):
        Path(f"{name}.prototxt").write_text(text)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["diff", *arguments])
        assert isinstance(end.value.code, int | None)
        return end.value.code or 0, *capsys.readouterr()

    return run


# ---- exit codes -----------------------------------------------------------------------------


def test_the_exit_code_is_that_of_diff(run: Run) -> None:
    assert run("a.prototxt", "same.prototxt")[0] == 0
    assert run("a.prototxt", "b.prototxt")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.prototxt", "none.prototxt"), "none.prototxt: No such file or directory"),
        (("a.prototxt",), "Missing argument 'B'"),
        (("a.prototxt", "b.prototxt", "--ignore", "outputs"), "is not one of 'names'"),
        (("a.prototxt", "b.prototxt", "--weights-a", "x"), "give --weights-b too"),
        (("a.prototxt", "b.prototxt", "--weights-a", ""), "a file has no name"),
        (("-", "-"), "A and B are both standard input"),
        (("a.prototxt", "bad.prototxt"), "bad.prototxt:1"),
        (("a.prototxt", "b.prototxt", "--html", "a.prototxt"), "a.prototxt is an input"),
    ],
)
def test_where_nothing_can_be_compared_the_exit_code_is_2(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    Path("bad.prototxt").write_text('layer { name: "x" type: "Foo" top: "x" }')
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_other_commands_end_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["inspect", "none.prototxt"])
    assert end.value.code == 1


def test_a_page_that_exists_is_not_replaced(run: Run) -> None:
    Path("out.html").write_text("mine")
    code, out, err = run("a.prototxt", "b.prototxt", "--html", "out.html")
    assert (code, out) == (2, "")
    assert "out.html exists already" in err
    assert Path("out.html").read_text() == "mine"
    assert run("a.prototxt", "b.prototxt", "--html", "out.html", "--force")[0] == 1
    assert Path("out.html").read_text().startswith("<!DOCTYPE html>")


def test_what_can_be_ignored_is_what_the_library_says(run: Run) -> None:
    _, out, _ = run("--help")
    (kinds,) = re.findall(r"--ignore \[(.*?)\]", out.replace("\n", ""))
    assert set(kinds.split("|")) == set(IGNORABLE)


# ---- text -----------------------------------------------------------------------------------


def test_all_lists_what_else_is_cut_short(run: Run) -> None:
    names = {f'"l{n}"' for n in range(40)}
    chain = NET
    for number in range(40):
        before = f"l{number - 1}" if number else "conv"
        chain += f'layer {{ name: "l{number}" type: "AbsVal" bottom: "{before}" top: "l{number}" }}'
    Path("c.prototxt").write_text(chain)
    other = re.sub(r'"l(\d+)"', lambda x: f'"m{int(x[1]) * 7 % 41}"', chain)
    Path("d.prototxt").write_text(other)
    _, short, _ = run("c.prototxt", "d.prototxt")
    assert "more, which --all lists" in short
    _, whole, _ = run("c.prototxt", "d.prototxt", "--all")
    assert "--all" not in whole
    assert len(whole.splitlines()) > len(names)


def test_there_are_colours_only_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("a.prototxt", "b.prototxt")[1]
    command = [sys.executable, "-m", "proto2net", "diff", "a.prototxt", "b.prototxt"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    assert "\x1b[33m  ~ conv" in seen_on_a_terminal(command, environment)
    assert "\x1b" not in seen_on_a_terminal(command, {**environment, "NO_COLOR": "1"})


def seen_on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += (piece := os.read(ours, 65536))
            except OSError:  # nobody writes any more
                break
            if not piece:
                break
    os.close(ours)
    return seen.decode()


def test_a_terminal_without_unicode_is_enough(run: Run) -> None:
    Path("c.prototxt").write_text(
        NET.replace('"conv"', '"ä"').replace("num_output: 4", "num_output: 7")
    )
    command = [sys.executable, "-m", "proto2net", "diff", "a.prototxt", "c.prototxt"]
    poor = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=os.environ | poor, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert b"num_output: 4 -> 7" in ran.stdout
    assert b"conv -> \\xe4" in ran.stdout
    assert ran.stdout.isascii()


# ---- JSON -----------------------------------------------------------------------------------


def test_the_keys_of_the_json(run: Run) -> None:
    code, out, _ = run("a.prototxt", "b.prototxt", "--json")
    found = json.loads(out)
    assert code == 1
    assert list(found) == ["format", "equal", "ignored", "a", "b", "counts", "layers"]
    assert found["format"] == 1
    assert found["equal"] is False
    assert found["a"] == {
        "file": "a.prototxt",
        "name": "a",
        "phase": "test",
        "layers": 3,
        "parameters": 112,
        "multiply_adds": 4536,
        "inputs": [{"name": "data", "shape": [1, 3, 8, 9]}],
        "outputs": [{"name": "conv", "shape": [1, 4, 6, 7]}],
    }
    assert found["counts"] == {
        "same": 2,
        "changed": 1,
        "renamed": 0,
        "added": 0,
        "removed": 0,
        "reshaped": 1,
    }
    conv, relu = found["layers"]
    assert conv == {
        "state": "changed",
        "a": {
            "name": "conv",
            "type": "Convolution",
            "file": "a.prototxt",
            "line": 3,
            "bottoms": ["data"],
            "tops": [{"name": "conv", "shape": [1, 4, 6, 7]}],
            "learned": {"weight": [4, 3, 3, 3], "bias": [4]},
        },
        "b": {
            "name": "conv",
            "type": "Convolution",
            "file": "b.prototxt",
            "line": 3,
            "bottoms": ["data"],
            "tops": [{"name": "conv", "shape": [1, 6, 6, 7]}],
            "learned": {"weight": [6, 3, 3, 3], "bias": [6]},
        },
        "renamed": False,
        "changes": [{"field": "num_output", "a": 4, "b": 6, "about": "outputs"}],
        "reshaped": True,
        "because_of": None,
    }
    assert (relu["state"], relu["reshaped"], relu["because_of"]) == ("same", True, "conv")


def test_sizes_that_may_be_any_are_null_in_the_json(run: Run) -> None:
    _, out, _ = run("a.prototxt", "b.prototxt", "--json", "--input", "data=1,3,any,any")
    found = json.loads(out)
    assert found["a"]["inputs"] == [{"name": "data", "shape": [1, 3, None, None]}]
    assert found["layers"][0]["b"]["tops"] == [{"name": "conv", "shape": [1, 6, None, None]}]


def test_the_keys_of_weights_in_the_json(run: Run) -> None:
    folder = MODELS.parent / "digits"
    net, weights = str(folder / "digits.prototxt"), str(folder / "digits.caffemodel")
    code, out, _ = run(net, net, "--weights-a", weights, "--weights-b", weights, "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found["weights"][0]) == [
        "layer_a",
        "layer_b",
        "blob",
        "shape_a",
        "shape_b",
        "equal",
        "norm_a",
        "norm_b",
        "lost_a",
        "lost_b",
        "largest",
        "relative",
        "cosine",
    ]


# ---- names that want to do harm -------------------------------------------------------------

EVIL = [
    "</script><script>document.title='run'</script>",
    "<img src=x onerror=document.title='run'>",
    "\\\"'><b>bold&amp;",
    "\\033[31mred\\007\\r\\n",
    "\\342\\200\\250line\\342\\200\\256turned",
    "{{7*7}}${7*7}",
    "long" * 2_500,
]


def hostile(kind: str) -> str:
    text, last = NET, "conv"
    for name in EVIL:
        text += f'layer {{ name: "{name}" type: "{kind}" bottom: "{last}" top: "{name}" }}\n'
        last = name
    return text


def test_names_steer_no_terminal_and_break_no_json(run: Run) -> None:
    Path("c.prototxt").write_text(hostile("ReLU"))
    Path("d.prototxt").write_text(hostile("TanH").replace('"conv"', '"<i>\\033"'))
    for second in ("a.prototxt", "d.prototxt"):
        for arguments in ((), ("--all",), ("--json",)):
            code, out, err = run("c.prototxt", second, *arguments)
            assert code == 1
            assert all(c.isprintable() or c == "\n" for c in out + err)
            assert max(map(len, out.splitlines())) < 12_000
    layers = json.loads(run("a.prototxt", "c.prototxt", "--json")[1])["layers"]
    assert {"long" * 2_500, "\u2028line\u202eturned"} <= {each["b"]["name"] for each in layers}


class Elements(HTMLParser):
    """Counts elements, and keeps text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


def test_names_are_only_text_in_a_page() -> None:
    page = parsed(diff(hostile("ReLU"), hostile("TanH")).html())
    assert page.tags.count("script") == 2  # page.js and diff.js
    assert not {"img", "b", "i"} & set(page.tags)
    assert "<img src=x onerror=" in page.text
    assert "\x1b" not in page.text
    assert "\u2028" not in page.text


# ---- the page in a browser ------------------------------------------------------------------


def shown(visit: Visit, tmp_path: Path, page: str) -> Path:
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    visit.open(file)
    return file


def in_order(visit: Visit, file: Path) -> None:
    assert visit.errors == []
    assert visit.asked_elsewhere(file.as_uri()) == []


def test_a_page_of_two_resnets_shows_what_differs_and_all_of_it(
    visit: Visit, tmp_path: Path
) -> None:
    found = diff(MODELS / "resnet50.prototxt", MODELS / "resnet101.prototxt")
    file = shown(visit, tmp_path, found.html())
    page = visit.page
    assert "res4b6 … res4b22" in page.inner_text(".story")
    differ = len(found.layers) - len(found.of_state("same"))
    assert page.inner_text("#place") == f"{differ} differ"
    assert page.locator(".pair:visible").count() == differ
    page.check("#all")
    assert page.locator(".pair:visible").count() == len(found.layers)
    page.uncheck("#all")
    page.keyboard.press("n")
    assert page.inner_text("#place") == f"1 of {differ}"
    assert "conv1" in page.inner_text(".pair:focus .title")
    lines = page.locator(".pair:focus pre").all_inner_texts()
    assert "pad: 3" in lines[0]
    assert "pad: 3" in lines[1]
    assert page.inner_text(".pair:focus pre .added").strip() == "bias_term: false"
    page.click("#next")
    page.click("#previous")
    page.click("#previous")
    assert page.inner_text("#place") == f"{differ} of {differ}"
    page.fill("#search", "RES4B22_branch2c")
    assert page.locator(".pair:visible .title strong").all_inner_texts() == ["res4b22_branch2c"]
    page.fill("#search", "pool5")  # which is the same
    assert page.locator(".pair:visible .title strong").all_inner_texts() == ["pool5"]
    page.fill("#search", "")
    page.locator(".run summary").first.click()
    assert page.locator(".pair:visible").count() > differ
    in_order(visit, file)


def test_lines_that_belong_together_stand_at_one_height(visit: Visit, tmp_path: Path) -> None:
    found = diff(MODELS / "alexnet.prototxt", MODELS / "caffenet.prototxt")
    file = shown(visit, tmp_path, found.html())
    pair = visit.page.locator(".pair", has_text="bias.lr_mult").first
    heights = [
        pair.locator(f".sides > div:nth-child({side}) span", has_text="kernel_size").bounding_box()[
            "y"
        ]  # type: ignore[index]  # each is in sight
        for side in (1, 2)
    ]
    assert heights[0] == heights[1]
    in_order(visit, file)


def test_a_page_of_very_many_layers_has_the_texts_of_those_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("proto2net.differ.pages._TEXTS", 2)
    page = parsed(diff(NET, WIDER).html())
    assert "Caffe's text is shown of 2 of 3 layers, those that differ first." in page.text
    assert page.text.count('name: "conv"') == 2
    assert page.text.count('name: "relu"') == 0


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_of_hostile_names_runs_nothing(visit: Visit, tmp_path: Path, dark: bool) -> None:
    visit.again(dark=dark, width=400)
    found = diff(hostile("ReLU"), hostile("TanH"))
    file = shown(visit, tmp_path, found.html())
    assert visit.page.title() == "the first → the second"
    assert visit.page.locator(".pair:visible").count() == len(EVIL)
    width = visit.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 400  # a name of 10,000 letters makes the page no wider
    visit.page.fill("#search", "<IMG")
    assert visit.page.locator(".pair:visible").count() == 1
    in_order(visit, file)


def test_a_page_of_weights_alone_is_a_table(visit: Visit, tmp_path: Path) -> None:
    import numpy as np

    for name in "ab":
        values = {"<b>": {"weights": np.full((2, 3), ord(name), np.float32)}}
        np.save(tmp_path / f"{name}.npy", values, allow_pickle=True)  # type: ignore[arg-type]  # a dict, as ethereon's
    found = diff(tmp_path / "a.npy", tmp_path / "b.npy")
    file = shown(visit, tmp_path, found.html())
    assert "<b>" in visit.page.inner_text("table")
    in_order(visit, file)
