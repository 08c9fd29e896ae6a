"""The function that makes an image into what the network was trained on (data_transformer.cpp).

It stands in the emitted file where the definition says how its data layer transforms images,
and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap

from proto2net.backends.source import INDENT, WIDTH
from proto2net.backends.statements import (
    Assignment,
    Evaluation,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
)
from proto2net.backends.tree import Expression, Name, Variable, call, code, dotted, method
from proto2net.graph import Graph
from proto2net.images import Prepared, prepared
from proto2net.shape import dims
from proto2net.text import plain

MEAN = "mean image"
"""What the mean image is called in a .safetensors file.

No array of a layer has such a name: there is a dot or a slash in each, or it is an identifier.
"""

READ_MEAN = f"""with safe_open(path, "numpy") as file:
    mean = file.get_tensor("{MEAN}")"""
"""What reads it."""


def transform_told(graph: Graph) -> dict[str, str]:
    """How images were prepared, for what a file says of itself; nothing where it is not known."""
    found = prepared(graph)
    if found is None:
        return {}
    fields = {k: v for k, v in vars(found.transform).items() if v}
    if found.usage.mean:
        fields["mean_file"] = found.mean_file
    sizes = {"resize": found.resize, "crop": () if found.transform.crop else found.crop}
    said = {"color_order": found.order, **{k: v for k, v in sizes.items() if v}, **fields}
    return {"transform_param": json.dumps(said, default=vars)}  # forks' parts are nested


def labels_told(graph: Graph) -> dict[str, str]:
    """What the classes are called, for what a file says of itself; nothing where it is not told."""
    names = graph.usage.labels
    return {"labels": json.dumps(names)} if names else {}


def has_mean(graph: Graph, weights: str) -> bool:
    """Whether the file of weights beside a source has a mean image too."""
    return bool(weights and graph.usage.mean and prepared(graph))


def without_mean(arrays: str) -> Statement:
    """What leaves the mean image out of arrays that were read: then they are those of layers."""
    return Evaluation(method(Variable(arrays), "pop", MEAN, None))


def labels(graph: Graph) -> list[Statement]:
    """What the classes are called, where that is told."""
    names = graph.usage.labels
    return [Assignment(("LABELS",), code("{names}", names=names))] if names else []


def preprocess(graph: Graph, *, channels_last: bool, weights: str = "") -> list[Statement]:
    """The function `preprocess(image)`; none where nothing says how.

    The mean image is read from the file of weights where it is in there.
    """
    found = prepared(graph)
    if found is None:
        return []
    array = dotted("np.ndarray")
    parameters = [Parameter("image", code("np.ndarray | str | Path"))]
    beside = has_mean(graph, weights)
    if beside:
        parameters.append(Parameter("path", code("str | Path"), Name("WEIGHTS")))
    elif found.transform.mean_file:
        parameters.append(Parameter("mean", array))
    last, first = code("x[np.newaxis]"), code("x.transpose(2, 0, 1)[np.newaxis]")
    body = [
        *([Verbatim(READ_MEAN.splitlines(), ["safe_open"])] if beside else []),
        *_read(found),
        *_normalised(found),
        Return((last if channels_last else first,)),
    ]
    docstring = _docstring(found, channels_last=channels_last, beside=beside)
    return [Function("preprocess", parameters, array, body, docstring)]


def _docstring(found: Prepared, *, channels_last: bool, beside: bool) -> list[str]:
    size = found.crop or found.resize or found.fixed or ("H", "W")
    made = (*size, found.channels) if channels_last else (found.channels, *size)
    shape = ", ".join(map(str, (1, *made)))
    lines = [
        line
        for said in _said(found, beside=beside)
        for line in wrap(said, WIDTH - len(INDENT), break_on_hyphens=False)
    ]
    return [f'"""An image as the network takes it: ({shape}).', "", *lines, '"""']


def _said(found: Prepared, *, beside: bool) -> Iterator[str]:
    """What is said of an image and of a mean image, each from a line of its own."""
    kind = "an RGB array (H, W, 3)" if found.channels == 3 else "a grey array (H, W)"
    reads = f"It is {kind} of 0 to 255, or a file, which OpenCV reads"
    if found.resize:
        yield f"{reads}. OpenCV resizes it to {dims(found.resize)}."
    elif found.mean_file:
        yield f"{reads}. OpenCV resizes it to the size of the mean image."
    elif found.crop:
        yield f"{reads}. How large it was in the training is not known."
    elif found.fixed:
        yield f"{reads}. It must be {dims(found.fixed)} already."
    else:
        yield f"{reads}."
    if found.reversed:
        yield "Caffe's channels are in the order blue, green, red."
    if mean := found.mean_file:
        usage = found.usage
        size = ", ".join(map(str, usage.mean.shape)) if usage.mean else f"{found.channels}, H, W"
        order = "RGB as the network has it" if usage.rgb else "BGR as Caffe has it"
        if beside:
            yield f"The mean image of {plain(mean)} is in the file of weights: ({size})."
        else:
            yield f"`mean` is the mean image of {plain(mean)}: ({size}), {order}."
    if found.transform.mirror:
        yield "In training, half of the images were mirrored."


def _read(found: Prepared) -> Iterator[Statement]:
    """Statements that make the image an array of the right size, in the order of channels."""
    image = Variable("image")
    read = "read_grey_image" if found.channels == 1 else "read_image"
    yield Assignment(("image",), call(read, image))
    if found.resize:
        yield Assignment(("image",), call("resize_image", image, *found.resize))
    elif found.transform.mean_file:
        yield Assignment(("image",), code("resize_image(image, *mean.shape[1:])"))
    taken: Expression = image
    if found.channels == 1:
        taken = code("image[..., np.newaxis]")
    elif found.reversed:
        taken = code("image[..., ::-1]")
    yield Assignment(("x",), method(taken, "astype", dotted("np.float32")))


def _normalised(found: Prepared) -> Iterator[Statement]:
    """Statements that subtract the mean, take the middle, and scale."""
    transform = found.transform
    if transform.mean_file:
        yield Assignment(("x",), code("x - mean.transpose(1, 2, 0)"))
    if found.crop:
        yield Assignment(("x",), call("center_crop", Variable("x"), *found.crop))
    if transform.mean_value:
        mean = transform.mean_value
        means = code("np.array({mean}, np.float32)", mean=list(mean))
        yield Assignment(("x",), code("x - {mean}", mean=means if len(mean) > 1 else mean[0]))
    if transform.scale != 1:
        yield Assignment(("x",), code("x * np.float32({scale})", scale=transform.scale))
