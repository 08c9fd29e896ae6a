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
from proto2net.backends.tree import Expression, Name, Variable, code, dotted, indexed, method, span
from proto2net.graph import Graph
from proto2net.images import Prepared, prepared
from proto2net.shape import Shape, dims
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
    """Whether the file of weights beside a source has a mean image too, which `preprocess` reads.

    A network in training has none: it is fed by data layers, which also mirror and crop at random.
    """
    return bool(weights and graph.usage.mean and prepared(graph) and graph.phase == "TEST")


def without_mean(arrays: str) -> Statement:
    """What leaves the mean image out of arrays that were read: then they are those of layers."""
    return Evaluation(method(Variable(arrays), "pop", MEAN, None))


def labels(graph: Graph) -> list[Statement]:
    """The names of the classes, if they are known."""
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
    body = [
        *([Verbatim(READ_MEAN.splitlines(), ["safe_open"])] if beside else []),
        *_read(found),
        *_normalised(found),
        Return((_batch(found, channels_last=channels_last),)),
    ]
    docstring = _docstring(found, channels_last=channels_last, beside=beside)
    return [Function("preprocess", parameters, array, body, docstring)]


def _docstring(found: Prepared, *, channels_last: bool, beside: bool) -> list[str]:
    size = found.crop or found.resize or found.fixed or ("H", "W")
    made = (*size, found.channels) if channels_last else (found.channels, *size)
    shape = ", ".join(map(str, (1, *made)))
    order = f", {found.order}" if found.channels == 3 else ""
    lines = [
        line
        for said in _said(found, beside=beside)
        for line in wrap(said, WIDTH - len(INDENT), break_on_hyphens=False)
    ]
    return [f'"""An image as the network takes it: ({shape}){order}.', "", *lines, '"""']


def _said(found: Prepared, *, beside: bool) -> Iterator[str]:
    """What is said of an image and of a mean image, each from a line of its own."""
    kind = "an RGB array (H, W, 3)" if found.channels == 3 else "a grey array (H, W)"
    said = f"It is {kind} of 0 to 255, or a file."
    if found.doubt:
        said += " How large it was in the training is not known."
    elif found.fixed and not (found.resize or found.mean_file):
        said += f" It must be {dims(found.fixed)} already."
    yield said
    if mean := found.mean_file:
        usage = found.usage
        size = ", ".join(map(str, usage.mean.shape)) if usage.mean else f"{found.channels}, H, W"
        order = "RGB as the network has it" if usage.rgb else "BGR as Caffe has it"
        if beside:
            yield f"The mean image of {plain(mean)} is in the file of weights: ({size})."
        else:
            yield f"`mean` is the mean image of {plain(mean)}: ({size}), {order}."


_READ = """if isinstance(image, str | Path):
    import cv2  # pip install opencv-python-headless

    image = {decode}"""

_READ_AND_RESIZE = """if isinstance(image, str | Path) or image.shape[:2] != ({height}, {width}):
    import cv2  # pip install opencv-python-headless

    if isinstance(image, str | Path):
        image = {decode}
    image = cv2.resize(image, ({width}, {height}))"""

_DECODE = "cv2.imdecode(np.fromfile(image, np.uint8), cv2.IMREAD_{way})"
_TO_RGB = "image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)"


def _read(found: Prepared) -> Iterator[Statement]:
    """Statements that make the image an array of the right size, which need OpenCV for files."""
    height, width = found.resize or ("height", "width")
    sized = bool(found.resize or found.mean_file)
    if sized and not found.resize:
        yield Assignment(("height", "width"), code("mean.shape[1:]"))
    decode = _DECODE.format(way="GRAYSCALE" if found.channels == 1 else "COLOR")
    if found.channels == 3:
        decode += f"\n{INDENT * (1 + sized)}{_TO_RGB}"
    text = (_READ_AND_RESIZE if sized else _READ).format(decode=decode, height=height, width=width)
    yield Verbatim(text.splitlines(), ["isinstance", "np"])


def _normalised(found: Prepared) -> Iterator[Statement]:
    """Statements that subtract the mean, take the middle, and scale."""
    transform = found.transform
    image = code("image[..., ::-1]") if found.reversed else Variable("image")
    yield Assignment(("x",), method(image, "astype", dotted("np.float32")))
    if transform.mean_file:
        grey = found.channels == 1
        mean = code("x - mean[0]") if grey else code("x - mean.transpose(1, 2, 0)")
        yield Assignment(("x",), mean)
    if found.crop and found.crop != found.resize:
        yield from _middle(found.crop, found.resize)
    if transform.mean_value:
        values = transform.mean_value
        means = code("np.array({mean}, np.float32)", mean=list(values))
        yield Assignment(("x",), code("x - {mean}", mean=means if len(values) > 1 else values[0]))
    if transform.scale != 1:
        yield Assignment(("x",), code("x * np.float32({scale})", scale=transform.scale))


def _middle(crop: Shape, size: Shape) -> Iterator[Statement]:
    """Statements that take the middle of `x`, which has this size, if it is known."""
    rests = [own - taken for own, taken in zip(size, crop, strict=False)]
    if rests and min(rests) >= 0:
        pairs = zip(rests, crop, strict=True)
        slices = [span(rest // 2, rest // 2 + taken) for rest, taken in pairs]
        yield Assignment(("x",), indexed(Variable("x"), *slices))
        return
    sides = {"height": crop[0], "width": crop[1]}
    middle = code("(x.shape[0] - {height}) // 2, (x.shape[1] - {width}) // 2", **sides)
    yield Assignment(("top", "left"), middle)
    error = f'raise ValueError(f"the image is smaller than {dims(crop)}: {{x.shape}}")'
    yield Verbatim(["if min(top, left) < 0:", f"{INDENT}{error}"])
    yield Assignment(("x",), code("x[top : top + {height}, left : left + {width}]", **sides))


def _batch(found: Prepared, *, channels_last: bool) -> Expression:
    """The array `x` as a batch of one."""
    if found.channels == 1:
        last, first = code("x[np.newaxis, ..., np.newaxis]"), code("x[np.newaxis, np.newaxis]")
    else:
        last, first = code("x[np.newaxis]"), code("x.transpose(2, 0, 1)[np.newaxis]")
    return last if channels_last else first
