"""The command that tells what two networks do not have in common: diff."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from proto2net import output
from proto2net.cli.networks import STANDARD, read_graph
from proto2net.cli.options import debug, definition
from proto2net.cli.terminal import put, say

TROUBLE = 2
"""The exit code where nothing could be compared; 1 says that there is a difference, as of diff."""

_COLOURS = {"+": "green", "-": "red", "~": "yellow"}


@click.command(
    epilog="""\b
    Exit codes, as those of diff(1): 0 no difference; 1 some; 2 nothing was
    compared, since a file or the command line is at fault.
    """
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@definition
@click.option("--weights-a", metavar="FILE", help="Learned weights of A.")
@click.option("--weights-b", metavar="FILE", help="Learned weights of B.")
@click.option(
    "--ignore",
    type=click.Choice(["names", "training", "images", "running"]),
    multiple=True,
    help="Leave out differences in what layers and blobs are called; in fillers and multipliers; "
    "in how images are prepared; in engine. Repeatable.",
)
@click.option("--all", "whole", is_flag=True, help="Print all lists in full.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: its keys are in docs/diff.md.")
@click.option("--html", metavar="OUT", help="Write a page that has both side by side.")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@debug
def diff(
    a: str,
    b: str,
    weights_a: str | None,
    weights_b: str | None,
    ignore: tuple[str, ...],
    whole: bool,
    as_json: bool,
    html: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Print the differences of two networks, layer by layer.

    A and B are prototxts, or .caffemodels, whose weights are compared too. Layers are aligned by
    name and by structure. Causes come first, then the shapes that follow from them.

    \b
    proto2net diff train_val.prototxt deploy.prototxt --ignore training
    proto2net diff old.caffemodel new.caffemodel
    """
    ctx = click.get_current_context()
    ctx.obj.at_fault = TROUBLE
    _check(a, b, weights_a, weights_b)
    from proto2net import differ

    if html is not None:
        inputs = [each for each in (a, b, weights_a, weights_b) if each]
        output.check(Path(html), overwrite=force, inputs=inputs)
    nets = [read_graph(net, options) if net == STANDARD else Path(net) for net in (a, b)]
    found = differ.diff(*nets, weights_a=weights_a, weights_b=weights_b, ignore=ignore, **options)
    if html is not None:
        output.write(Path(html), found.html().encode(), overwrite=force)
        say(f"wrote {html}")
    if as_json:
        put(f"{json.dumps(found.json(), indent=1, allow_nan=False)}\n")
    else:
        lines = found.text(whole=whole).splitlines()
        put(_known("\n".join(map(_coloured, lines) if _has_colours() else lines)) + "\n")
    if not found.equal:
        ctx.exit(1)


def _check(a: str, b: str, weights_a: str | None, weights_b: str | None) -> None:
    """Refuse what cannot be compared whatever the files hold."""
    if a == b == STANDARD:
        raise click.UsageError("A and B are both standard input")
    if "" in (a, b, weights_a, weights_b):
        raise click.UsageError("a file has no name: it is empty")
    from proto2net.weights.reading import is_caffemodel

    has = [
        bool(w) or (net != STANDARD and is_caffemodel(Path(net)))
        for net, w in ((a, weights_a), (b, weights_b))
    ]
    if (weights_a or weights_b) and not all(has):
        lacking = "--weights-b" if has[0] else "--weights-a"
        raise click.UsageError(f"weights are compared with weights: give {lacking} too")


def _has_colours() -> bool:
    """Whether standard output is a terminal that shows colours, and they are not unwanted."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _coloured(line: str) -> str:
    """The line in the colour of its mark, if it has one."""
    colour = _COLOURS.get(line[2:3]) if line[:2] == "  " and line[3:4] == " " else None
    return click.style(line, fg=colour) if colour else line


def _known(text: str) -> str:
    """The text in characters that standard output has."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace("→", "->").replace("…", "...")
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text
