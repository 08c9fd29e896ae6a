"""The command that writes what to attach to an issue: report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proto2net import output
from proto2net.cli.networks import STANDARD, check_weights, standard_text
from proto2net.cli.options import debug, network
from proto2net.cli.terminal import put, say
from proto2net.text import counted


@click.command()
@network
@click.option("--weights", metavar="FILE", help="Learned weights: tell which arrays do not fit.")
@click.option("--anonymous", is_flag=True, help="Replace the names of all layers and blobs.")
@click.option("-o", "out", metavar="OUT", help="The Markdown file to write. Default: print it.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
def report(
    net: str, weights: str | None, anonymous: bool, out: str | None, force: bool, **options: Any
) -> None:
    """Write what to attach to an issue if NET does not convert.

    The text has versions, problems, notes, and the layers with problems. It has no weights, no
    comments, no folders, and no strings of NET but names and types. Read it before you send it.

    \b
    proto2net report nin.prototxt -o report.md
    """
    check_weights(weights)
    from proto2net.reporting import report

    inputs = [each for each in (net, weights, options["layers"]) if each]
    if out and out != STANDARD:
        output.check(Path(out), overwrite=force, inputs=inputs)
    if net == STANDARD:
        text = standard_text()
        found = report(text, weights, anonymous=anonymous, file="<stdin>", **options)
    else:
        found = report(Path(net), weights, anonymous=anonymous, **options)
    if not out or out == STANDARD:
        put(str(found))
        return
    output.write_together({Path(out): str(found).encode()}, overwrite=force, inputs=inputs)
    say(f"wrote {out}: {counted(len(found.issues), 'problem')}; read it before you send it")
