"""The command that shows a mean image, or writes it for numpy: mean."""

from __future__ import annotations

from pathlib import Path

import click

from proto2net import output
from proto2net.cli.options import debug
from proto2net.cli.terminal import put, say
from proto2net.shape import dims


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

    from proto2net.caffe.preparing import mean_of

    array = mean_of(file)
    if not out:
        axes = tuple(range(1, array.ndim))
        means = ", ".join(f"{value:.6g}" for value in array.mean(axis=axes, dtype="f8"))
        put(f"{dims(array.shape)}; the means of its channels: {means}\n")
        return
    np.save(stream := io.BytesIO(), np.ascontiguousarray(array), allow_pickle=False)
    written = {Path(out): stream.getvalue()}
    output.write_together(written, overwrite=force, inputs=[file])
    say(f"wrote {out}: {dims(array.shape)}")
