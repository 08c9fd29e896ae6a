"""The command that times networks: time."""

from __future__ import annotations

import re
from typing import Any

import click
from click.core import ParameterSource

from proto2net import Graph
from proto2net.cli.networks import read_graph, whole
from proto2net.cli.options import debug, network, target_names
from proto2net.cli.terminal import bar, put


@click.command()
@network
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    required=True,
    callback=target_names,
    help="The targets to time, such as torch,tf.",
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="The batch size. Default: as in NET.",
)
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    default=20,
    show_default=True,
    help="How many iterations are timed.",
)
@click.option(
    "--warmup",
    type=click.IntRange(min=1),
    metavar="N",
    default=3,
    show_default=True,
    help="How many iterations run before, without being timed.",
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where."
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="How many threads on the CPU."
)
@click.option("--compile", "compiled", is_flag=True, help="Use torch.compile, and XLA in tf.")
@click.option("--each-layer", is_flag=True, help="Also time the forward pass of each layer alone.")
@click.option("--steps", is_flag=True, help="Also print how long each step took.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which has each step.")
@debug
def time(
    net: str,
    targets: list[str],
    batch: int | None,
    iterations: int,
    warmup: int,
    device: str,
    threads: int | None,
    compiled: bool,
    each_layer: bool,
    steps: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Time a network's forward and backward pass in targets.

    NET can also be FILE.py:CLASS, a network class of your own. For comparison,
    a matrix product of as many multiply-adds is timed in the same framework. Weights start from
    their fillers.

    \b
    proto2net time nin.prototxt --to torch,tf --batch 32
    """
    if not targets:
        raise click.UsageError("nothing to time: --to names no target")
    from proto2net.timing import measure

    graph = _own_class(net, options) or whole(read_graph(net, options))
    with bar("timing") as progress:
        found = measure(
            graph,
            to=targets,
            batch=batch,
            iterations=iterations,
            warmup=warmup,
            device=device,
            threads=threads,
            compiled=compiled,
            layers=each_layer,
            progress=progress,
        )
    if as_json:
        put(f"{found.json()}\n")
    else:
        put("\n\n".join([str(found), *([found.steps()] if steps else [])]) + "\n")


def _own_class(net: str, options: dict[str, Any]) -> Graph | None:
    """The graph of FILE.py:CLASS; None if NET is something else."""
    found = re.fullmatch(r"(.+\.py):(\w+)", net)
    if not found:
        return None
    from proto2net.handwritten import hand_written

    source = click.get_current_context().get_parameter_source
    own = ("inputs", "outputs")
    if any(source(name) is ParameterSource.COMMANDLINE for name in options if name not in own):
        raise click.UsageError("a class takes only --input and --output of the options of NET")
    return hand_written(found[1], found[2], **{name: options[name] for name in own})
