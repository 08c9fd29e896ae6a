"""The page of web/, as it is used, and the command line beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from proto2net.cli import cli
from proto2net.cli.terminal import Debugging

if TYPE_CHECKING:
    from playwright.sync_api import Page

START = 60_000
"""Milliseconds in which Python has started, on a machine that does much else."""


def command_line(*arguments: str | Path) -> str:
    """What `proto2net convert` prints."""
    given = ["convert", *map(str, arguments), "-o", "-"]
    result = CliRunner().invoke(cli, given, obj=Debugging(), catch_exceptions=False)
    return result.stdout


class Converter:
    """The page, as it is used."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    def start(self) -> None:
        """Wait until Python is there."""
        self.page.locator("#versions:not(:empty)").wait_for(timeout=START)

    def done(self, timeout: int = 30_000) -> None:
        """Wait until the answer to what was asked last is shown."""
        self.page.locator("#result[aria-busy=false]").wait_for(timeout=timeout)

    def give(self, *files: Path | tuple[str, str | bytes]) -> None:
        """Open files, which lie on a disk or are made of a name and what they hold."""
        if (clear := self.page.get_by_role("button", name="Clear", exact=True)).count():
            clear.click()
        contents = [
            (file.name, file.read_bytes()) if isinstance(file, Path) else file for file in files
        ]
        for name, content in contents:
            (self.folder / name).write_bytes(
                content.encode() if isinstance(content, str) else content
            )
        self.page.set_input_files("#open", [self.folder / name for name, _ in contents])
        name = contents[0][0]
        self.page.locator("#files").get_by_role("button", name=name, exact=True).wait_for()
        self.done()

    def choose(self, target: str) -> None:
        """Choose a target by its name in the package."""
        self.page.check(f"input[name=to][value={target}]", force=True)
        self.done()

    @property
    def code(self) -> str:
        """The text that is shown."""
        return self.page.locator("#code code").first.text_content() or ""

    @property
    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def messages(self, kind: str) -> list[str]:
        """The problems or notes."""
        return self.page.locator(f"#messages .{kind}").all_inner_texts()
