"""The commands that show what there is: inspect, verify, layers and mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proto2net import api, output
from proto2net.cli.networks import STANDARD, check_weights, read_graph, weights_of, whole
from proto2net.cli.options import debug, network, target_names
from proto2net.cli.terminal import put, say
from proto2net.shape import dims


@click.command()
@network
@click.option("--flat", is_flag=True, help="Print the layers alone, without blocks.")
@click.option("--wide", is_flag=True, help="Print receptive fields, strides and memory too.")
@click.option(
    "--weights", metavar="FILE", help="Also print what is in each of these learned arrays."
)
@click.option("--csv", "form", flag_value="csv", help="Print CSV: the arrays, or the layers.")
@click.option("--json", "form", flag_value="json", help="Print JSON: all that is known.")
@debug
def inspect(
    net: str, flat: bool, wide: bool, weights: str | None, form: str | None, **options: Any
) -> None:
    """Print a network's layers, shapes and sizes.

    A block that repeats, such as an inception module, has a line with the sums of its layers, which
    follow below it. NET may be a file of weights: then the definition in it is shown, or its arrays
    if it has none.

    \b
    proto2net inspect nin.prototxt --weights nin.caffemodel --json
    """
    check_weights(weights)
    from proto2net import inspection

    if net == STANDARD:
        found = inspection.inspect(read_graph(net, options), weights)
    else:
        found = inspection.inspect(Path(net), weights, **options)
    for issue in found.why[:1]:
        where = f"{issue.layer}: " * bool(issue.layer)
        more = f" (and {len(found.why) - 1:,} more)" * (len(found.why) > 1)
        hint = f"; {issue.hint}" if issue.hint else ""
        say(f"note: the definition in it cannot be read: {where}{issue.message}{hint}{more}")
    if form:
        put(found.json() + "\n" if form == "json" else found.csv())
        return
    put(f"{found.text(flat=flat, wide=wide)}\n")


@click.command()
@network
@click.option("--weights", metavar="FILE", help="Learned weights. Default: the fillers make them.")
@click.option("--allow-missing", is_flag=True, help="Let the fillers make what the weights lack.")
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="",
    callback=target_names,
    help="The targets to compare, such as torch,tf.",
)
@click.option(
    "--rewrites", "optimized", is_flag=True, help="Compare the network that --optimize makes, too."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    metavar="X",
    default=1e-4,
    show_default=True,
    help="The largest difference allowed, in units of the largest magnitude of a blob.",
)
@click.option(
    "--image",
    metavar="FILE",
    help="Feed this .npy array (N, C, H, W or C, H, W) instead of random numbers.",
)
@debug
def verify(
    net: str,
    weights: str | None,
    allow_missing: bool,
    targets: list[str],
    optimized: bool,
    tolerance: float,
    image: str | None,
    **options: Any,
) -> None:
    """Compare a network's blobs in targets with those in NumPy.

    It ends with exit code 1 if a blob is past the tolerance. In the train phase, layers that draw
    random numbers (Dropout) differ.

    \b
    proto2net verify nin.prototxt --weights nin.caffemodel --to torch,tf
    """
    check_weights(weights)
    if not targets and not optimized:
        raise click.UsageError("nothing to compare: give --to or --rewrites")
    from proto2net.verify import compare, read_image

    found = compare(
        whole(read_graph(net, options)),
        weights_of(net, weights),
        to=targets,
        tolerance=tolerance,
        image=read_image(image) if image else None,
        optimized=optimized,
        allow_missing=allow_missing,
    )
    put(f"{found}\n")
    if found.divergent:
        click.get_current_context().exit(1)


@click.command()
@debug
def layers() -> None:
    """Print which layer types each target renders."""
    from proto2net.backends.summary import support

    put(f"{support()}\n")


@click.command()
@click.argument("file", metavar="FILE")
@click.option("-o", "out", metavar="OUT", help="The .npy file to write: (C, H, W), float32.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@debug
def mean(file: str, out: str | None, force: bool) -> None:
    """Print the shape of a mean image and the means of its channels, or write it as .npy.

    \b
    proto2net mean imagenet_mean.binaryproto -o mean.npy
    """
    import io

    import numpy as np

    array = api.mean(file)
    if not out:
        axes = tuple(range(1, array.ndim))
        means = ", ".join(f"{value:.6g}" for value in array.mean(axis=axes, dtype="f8"))
        put(f"{dims(array.shape)}; the means of its channels: {means}\n")
        return
    np.save(stream := io.BytesIO(), np.ascontiguousarray(array), allow_pickle=False)
    written = {Path(out): stream.getvalue()}
    output.write_together(written, overwrite=force, inputs=[file])
    say(f"wrote {out}: {dims(array.shape)}")
