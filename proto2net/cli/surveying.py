"""The command that tells about whole folders: survey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from proto2net.cli.options import debug, definition, shape, target_names
from proto2net.cli.terminal import bar, put


@click.command()
@click.argument("trees", metavar="DIR", nargs=-1, required=True, type=click.Path(exists=True))
@definition
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="torch,tf",
    show_default=True,
    callback=target_names,
    help="The targets to convert to.",
)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(["deploy", "train_val"]),
    multiple=True,
    help="Only networks of this kind: deploy (fed by the caller), or train_val (with data or "
    "labels). Repeatable.",
)
@click.option(
    "--shape",
    "shapes",
    type=shape,
    metavar="DIMS",
    multiple=True,
    help="A shape to try, such as 1,3,224,224, for inputs whose shape a file does not state. "
    "Repeatable: the first that fits counts.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes. Default: one per core.",
)
@click.option(
    "--run", is_flag=True, help="Also run the emitted code, as far as it builds the network."
)
@click.option("--table", "form", flag_value="table", help="Print a line for each network.")
@click.option("--csv", "form", flag_value="csv", help="Print the table as CSV.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@debug
def survey(
    trees: Sequence[str],
    targets: list[str],
    kinds: Sequence[str],
    jobs: int | None,
    run: bool,
    form: str | None,
    **options: Any,
) -> None:
    """Tell how many networks under DIR convert, and why the others do not.

    Solvers, templates and other files are counted apart. Nothing is written.

    \b
    proto2net survey models --to torch
    """
    from proto2net import survey

    with bar("converting") as progress:
        found = survey.survey(
            trees,
            to=targets,
            kinds=kinds or survey.KINDS,
            jobs=jobs,
            run=run,
            progress=progress,
            **options,
        )
    forms = {"table": found.table, "csv": found.csv, "json": found.json}
    put(f"{forms[form]() if form else found}\n")
