"""The command that draws networks: view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proto2net import Proto2NetError, output
from proto2net.cli.networks import STANDARD, read_graph, uncollected
from proto2net.cli.options import debug, network
from proto2net.cli.terminal import put, say

SUFFIXES = {".html": "html", ".htm": "html", ".svg": "svg"}
"""The form of a picture by the end of its file's name."""


@click.command()
@network
@click.option(
    "-o",
    "out",
    metavar="OUT",
    help="The .html or .svg file to write, or - to print HTML. Default: the name of NET with "
    ".html, in this folder.",
)
@click.option("--open", "opened", is_flag=True, help="Open all blocks.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
@uncollected()
def view(net: str, out: str | None, opened: bool, force: bool, **options: Any) -> None:
    """Draw a network: a page to look around in, or a picture.

    The page opens blocks, searches and zooms. A layer's card has its shapes and numbers, Caffe's
    text, and its lines in PyTorch and Keras. It is one file that needs no network.

    \b
    proto2net view nin.prototxt -o nin.html
    proto2net view nin.prototxt -o nin.svg
    """
    from proto2net import picture
    from proto2net.backends.source import module_name

    graph = read_graph(net, options)
    if out is None:
        out = module_name(graph.name if net == STANDARD else Path(net).stem) + ".html"
    form = "html" if out == STANDARD else SUFFIXES.get(Path(out).suffix.lower(), "")
    if not form:
        raise Proto2NetError(f"{out}: a picture is one of .html, .svg", "call it net.html")
    text = picture.view(graph, form=form, opened=opened)
    if out == STANDARD:
        put(text)
        return
    output.write_together({Path(out): text.encode()}, overwrite=force, inputs=[net])
    say(f"wrote {out}")
