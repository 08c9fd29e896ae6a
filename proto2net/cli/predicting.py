"""The command that says what a network sees in images: predict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proto2net import Proto2NetError, api, output
from proto2net.cli.networks import check_weights, read_graph, weights_of, whole
from proto2net.cli.options import complete_target, debug, network, preparing, target
from proto2net.cli.terminal import put, say
from proto2net.images import prepared

if TYPE_CHECKING:
    from proto2net.prediction.found import Prediction


@click.command()
@network
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option(
    "--weights",
    metavar="FILE",
    help="Learned weights: .caffemodel, .caffemodel.h5, .npy or our own .safetensors.",
)
@click.option(
    "--to",
    "target",
    type=target,
    metavar="TARGET",
    shell_complete=complete_target,
    help="The target that runs the network: onnx, torch, tf or numpy. Default: the first of "
    "these that is installed.",
)
@preparing
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many classes to print, also for an output that may not be one of classes. Default: "
    "5 for outputs of classes.",
)
@click.option(
    "--above",
    type=float,
    metavar="X",
    default=0.5,
    show_default=True,
    help="Keep the boxes with a score above this.",
)
@click.option(
    "--priors",
    metavar="BOXES",
    default="",
    help="Prior boxes for a detector without a PriorBox layer, such as '8:10,16,24 16:32,48': "
    "each stride with the sizes of its squares (or 10x20), in pixels of the input.",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 1),
    metavar="X",
    default=0.3,
    show_default=True,
    help="The largest overlap (IoU) of a box with a better one, for --priors and R-CNN.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--draw",
    metavar="OUT",
    help="Write the image with its boxes drawn in. For several images, their names are added to "
    "OUT.",
)
@click.option("-o", "out", metavar="OUT", help="Write the outputs as arrays to this .npz file.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@debug
def predict(
    net: str,
    images: Sequence[str],
    weights: str | None,
    target: Any,
    top: int | None,
    above: float,
    priors: str,
    overlap: float,
    as_json: bool,
    draw: str | None,
    out: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Say what a network sees in images: classes, or boxes in pixels of the image.

    How images are prepared has to be known: from NET, or from --mean, --scale, --channels or
    --transform-from. --scale 1 alone feeds values of 0 to 255 in the order blue, green, red.

    \b
    proto2net predict nin.prototxt cat.jpg --weights nin.caffemodel --mean 104,117,123
    """
    from proto2net.prediction import Predictor, found

    check_weights(weights)
    graph = whole(read_graph(net, options))
    predictor = Predictor(
        api.model(graph, weights_of(net, weights)),
        to=target.name if target else "",
        top=top,
        above=above,
        overlap=overlap,
        priors=priors,
    )
    if draw and not predictor.reading.finds_boxes:
        what = "--draw draws boxes, and this network gives none"
        raise Proto2NetError(what, _PRIORS if predictor.reading.undecoded else "")
    predictions = [predictor(image) for image in images]
    files: dict[Path, bytes] = {Path(out): _arrays(predictions)} if out else {}
    if draw:
        files |= _drawn(Path(draw), predictions)
    read = [options[each] for each in ("layers", "mean", "labels", "transform_from")]
    inputs = [each for each in (net, weights, *read, *images) if isinstance(each, str)]
    output.write_together(files, overwrite=force, inputs=inputs)
    if as_json:
        put(f"{found.as_json(predictions)}\n")
    else:
        put("\n\n".join(map(str, predictions)) + "\n")
    say(f"note: ran in {predictor.target}")
    if (known := prepared(graph)) and known.doubt:
        say(f"note: {known.doubt}")
    if predictor.reading.undecoded and not priors:
        say(f"note: {_PRIORS}")
    for file in files:
        say(f"wrote {file}")


_PRIORS = (
    '--priors "8:10,16,24 16:32,48" (strides, and sizes there) makes boxes of these numbers, with '
    "the values that the network was trained with"
)


def _drawn(out: Path, predictions: Sequence[Prediction]) -> dict[Path, bytes]:
    """The images with their boxes, and where each goes."""
    from proto2net.prediction import drawing, photos

    files = [out]
    if len(predictions) > 1:
        files = [out.with_name(f"{out.stem}_{name}{out.suffix}") for name in _names(predictions)]
    return {
        file: drawing.painted(photos.photo_of(each.image), each.boxes or (), out.suffix)
        for file, each in zip(files, predictions, strict=True)
    }


def _arrays(predictions: Sequence[Prediction]) -> bytes:
    """All outputs as an .npz: by their names, behind that of their image if there are several."""
    from proto2net.prediction import npz

    several = len(predictions) > 1
    pairs = zip(_names(predictions), predictions, strict=True)
    return npz.content(
        {
            f"{stem}/{name}" if several else name: array
            for stem, each in pairs
            for name, array in each.outputs.items()
        }
    )


def _names(predictions: Sequence[Prediction]) -> list[str]:
    """A name for each image: its file's without folder and suffix, with a number if it is taken."""
    found: list[str] = []
    for each in predictions:
        stem = Path(each.image).stem
        numbered = [stem, *(f"{stem}_{number}" for number in range(2, len(found) + 2))]
        found.append(next(name for name in numbered if name not in found))
    return found
