"""The command that draws: what it writes, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

import proto2net
from proto2net import cli

NET = str(ROOT / "models" / "prototxt" / "lenet.prototxt")


def view(*arguments: str) -> int:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as end:
        cli.main(["view", *arguments])
    return int(end.value.code or 0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_name_it_writes_a_page_named_as_the_network(here: Path) -> None:
    assert view(NET) == 0
    assert [file.name for file in here.iterdir()] == ["lenet.html"]
    assert (here / "lenet.html").read_text() == proto2net.view(Path(NET))


@pytest.mark.parametrize("opened", [False, True])
def test_the_end_of_the_name_tells_the_form(here: Path, opened: bool) -> None:
    net = str(ROOT / "models" / "prototxt" / "googlenet.prototxt")
    assert view(net, "-o", "net.svg", *["--open"] * opened) == 0
    assert (here / "net.svg").read_text() == proto2net.view(Path(net), form="svg", opened=opened)


def test_another_end_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert view(NET, "-o", "net.png") == 1
    assert "net.png: a picture is one of .html, .svg" in capsys.readouterr().err
    assert not [*here.iterdir()]


def test_nothing_is_replaced_unasked(here: Path) -> None:
    (here / "net.html").write_text("mine")
    assert view(NET, "-o", "net.html") == 1
    assert (here / "net.html").read_text() == "mine"
    assert view(NET, "-o", "net.html", "--force") == 0
    assert (here / "net.html").read_text() != "mine"


def test_the_definition_is_never_replaced(here: Path) -> None:
    (here / "net.svg").write_text(Path(NET).read_text())
    assert view("net.svg", "-o", "net.svg", "--force") == 1
    assert (here / "net.svg").read_text() == Path(NET).read_text()


def test_what_cannot_be_parsed_is_told_and_nothing_written(here: Path) -> None:
    (here / "net.prototxt").write_text("layer { type: 'Nope' }")
    assert view("net.prototxt") == 1
    assert [file.name for file in here.iterdir()] == ["net.prototxt"]


def test_standard_input_and_output_are_for_pipes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proto2net", "view", "-", "-o", "-"],
        input=Path(NET).read_text(),
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert '"where":"\\u003cstdin\\u003e:' in done.stdout


def test_it_imports_no_framework() -> None:
    code = f"""
import sys, proto2net
proto2net.view({NET!r})
print(sorted({{"torch", "tensorflow", "keras", "onnx", "matplotlib"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(proto2net.Proto2NetError, match="these are: html, svg"):
        proto2net.view(NET, form="png")
