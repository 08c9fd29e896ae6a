"""The command that makes a page to file: audit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proto2net import output
from proto2net.cli.networks import STANDARD, check_weights, read_graph
from proto2net.cli.options import debug, network, target_names
from proto2net.cli.terminal import say
from proto2net.text import counted


@click.command()
@network
@click.option("--weights", metavar="FILE", help="Learned weights.")
@click.option("--allow-missing", is_flag=True, help="Accept weights that lack some arrays.")
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="",
    callback=target_names,
    help="The targets to compare with NumPy, such as torch,tf. Default: the first of these two "
    "that is installed.",
)
@click.option("--no-verify", is_flag=True, help="Skip the comparison, which takes the most time.")
@click.option("-o", "out", metavar="OUT", required=True, help="The page to write, report.html.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
def audit(
    net: str,
    weights: str | None,
    allow_missing: bool,
    targets: list[str],
    no_verify: bool,
    out: str,
    force: bool,
    **options: Any,
) -> None:
    """Write a page about a network, to keep: what it is, what it is made from, what is odd.

    It has the files with their hashes, the layers, what was assumed, which fork is needed, how far
    targets are from NumPy, the learned arrays, and what the files say of licences.

    \b
    proto2net audit nin.prototxt --weights nin.caffemodel -o nin.html
    """
    check_weights(weights)
    if no_verify and targets:
        raise click.UsageError("--to and --no-verify are both given")
    from proto2net.auditing import audit

    output.check(Path(out), overwrite=force, inputs=[net, weights or net])
    to = [] if no_verify else targets or None
    if net == STANDARD:
        found = audit(read_graph(net, options), weights, to=to, allow_missing=allow_missing)
    else:
        found = audit(Path(net), weights, to=to, allow_missing=allow_missing, **options)
    inputs = [each.path for each in found.files]
    output.write_together({Path(out): found.page().encode()}, overwrite=force, inputs=inputs)
    odd = counted(len(found.warnings), "warning") if found.arrays is not None else "no weights"
    say(f"wrote {out}: {counted(len(found.graph.nodes), 'layer')}, {odd}")
