"""The commands that show what there is: inspect, verify, layers and mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proto2net import api, output
from proto2net.cli.networks import check_weights, read_graph, weights_of, whole
from proto2net.cli.options import debug, network, target_names
from proto2net.cli.terminal import put, say
from proto2net.images import prepared
from proto2net.output import printable
from proto2net.shape import dims


@click.command()
@network
@click.option("--flat", is_flag=True, help="Print the layers alone, without blocks.")
@debug
def inspect(net: str, flat: bool, **options: Any) -> None:
    """Print a network's layers, shapes and sizes.

    Layers that stand together again and again, such as an inception module, are below a line of
    their own, which has their sums.
    """
    from proto2net.outline.table import table
    from proto2net.results import results

    graph = read_graph(net, options)
    put(f"{graph if flat else table(graph)}\n")
    if images := prepared(graph):
        put(f"{'images':<15}{printable(f'{images.name}: {images}')}\n")
    for blob, result in results(graph).items():
        put(f"{'output':<15}{printable(f'{blob.name}: {result}')}\n")


@click.command()
@network
@click.option("--weights", metavar="FILE", help="Learned weights. Without, the fillers make them.")
@click.option("--allow-missing", is_flag=True, help="Leave to its fillers what the weights lack.")
@click.option(
    "--to",
    "targets",
    metavar="TARGETS",
    default="",
    callback=target_names,
    help="What to compare, such as torch,tf.",
)
@click.option("--rewrites", "optimized", is_flag=True, help="Compare what --optimize makes too.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    metavar="X",
    default=1e-4,
    show_default=True,
    help="The largest difference, in units of the largest magnitude of a blob.",
)
@click.option(
    "--image",
    metavar="FILE",
    help="What to feed instead of random numbers: a .npy array (N, C, H, W or C, H, W).",
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
