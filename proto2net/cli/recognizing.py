"""The commands for weights whose definition is lost: match and recover."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from proto2net import output
from proto2net.cli.networks import STANDARD
from proto2net.cli.options import debug, definition
from proto2net.cli.terminal import put, say
from proto2net.text import counted


@click.command()
@click.argument("weights", metavar="WEIGHTS", type=click.Path(exists=True))
@click.argument("trees", metavar="DIR", nargs=-1, required=True, type=click.Path(exists=True))
@definition
@click.option("--all", "every", is_flag=True, help="Print definitions that do not fit, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all definitions, and why not.")
@debug
def match(weights: str, trees: Sequence[str], every: bool, as_json: bool, **options: Any) -> None:
    """Tell which of the definitions under DIR weights belong to.

    It ends with exit code 1 if they fit none.

    \b
    proto2net match found.caffemodel models
    """
    from proto2net.recognition import match

    found = match(weights, trees, **_given(options))
    put(f"{found.json() if as_json else found.text(every=every)}\n")
    if not found.fitting:
        click.get_current_context().exit(1)


@click.command()
@click.argument("weights", metavar="WEIGHTS", type=click.Path(exists=True))
@definition
@click.option("-o", "out", metavar="OUT", default=STANDARD, help="The prototxt to write.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
def recover(weights: str, out: str, force: bool, **options: Any) -> None:
    """Print the definition that a .caffemodel carries, in today's words and without arrays.

    Inputs stand in the place of the data of a training. Notes name what the file does not say.

    \b
    proto2net recover found.caffemodel -o found.prototxt
    """
    from proto2net.recognition import recover

    found = recover(weights, **options)
    for note in found.notes:
        say(f"note: {note}")
    if out == STANDARD:
        put(found.text)
        return
    output.write_together({Path(out): found.text.encode()}, overwrite=force, inputs=[weights])
    say(f"wrote {out}: {counted(len(found.graph.nodes), 'layer')}")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options without the phase of those who have not asked for one, since either will do."""
    context = click.get_current_context()
    asked = context.get_parameter_source("phase") is click.core.ParameterSource.COMMANDLINE
    return options if asked else {name: x for name, x in options.items() if name != "phase"}
