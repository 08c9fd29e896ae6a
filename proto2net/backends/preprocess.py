"""The function that makes an image into what the network was trained on (data_transformer.cpp).

It stands in the emitted file where the definition says how its data layer transforms images,
and nowhere else.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from textwrap import wrap
from typing import NamedTuple

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
from proto2net.backends.tree import Name, Variable, code, dotted, indexed, method, span
from proto2net.graph import Graph
from proto2net.layers import Input, TransformationParameter
from proto2net.shape import Shape
from proto2net.text import plain
from proto2net.usage import Usage

MEAN = "mean image"
"""What the mean image is called in a .safetensors file.

No array of a layer has such a name: there is a dot or a slash in each, or it is an identifier.
"""

READ_MEAN = f"""with safe_open(path, "numpy") as file:
    mean = file.get_tensor("{MEAN}")"""
"""What reads it."""


class Transformed(NamedTuple):
    """An image input and how its data layer transforms it."""

    shape: Shape
    transform: TransformationParameter
    usage: Usage

    @property
    def reversed(self) -> bool:
        """Whether the channels are in another order than those of an RGB image."""
        return self.shape[1] == 3 and not self.usage.rgb

    @property
    def order(self) -> str:
        """What the mean image's order of channels is called."""
        return "RGB" if self.usage.rgb else "BGR"


def transformed(graph: Graph) -> Transformed | None:
    """The first input with 4 axes whose definition has a transform_param."""
    for node in graph.nodes:
        if isinstance(node.layer, Input) and node.layer.transform_param is not None:
            shape = node.tops[0].shape
            if len(shape) == 4 and shape[1] in (1, 3):
                return Transformed(shape, node.layer.transform_param, graph.usage)
    return None


def transform_told(graph: Graph) -> dict[str, str]:
    """How images were prepared, for what a file says of itself; nothing where it is not known."""
    found = transformed(graph)
    if found is None:
        return {}
    fields = {k: v for k, v in vars(found.transform).items() if v}
    if found.usage.mean:
        fields["mean_file"] = PurePath(found.usage.mean.file).name
    order = {"color_order": found.order}
    return {"transform_param": json.dumps(order | fields, default=vars)}  # forks' parts are nested


def labels_told(graph: Graph) -> dict[str, str]:
    """What the classes are called, for what a file says of itself; nothing where it is not told."""
    names = graph.usage.labels
    return {"labels": json.dumps(names)} if names else {}


def has_mean(graph: Graph, weights: str) -> bool:
    """Whether the file of weights beside a source has a mean image too."""
    return bool(weights and graph.usage.mean and transformed(graph))


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
    found = transformed(graph)
    if found is None:
        return []
    array = dotted("np.ndarray")
    parameters = [Parameter("image", array)]
    beside = has_mean(graph, weights)
    if beside:
        parameters.append(Parameter("path", code("str | Path"), Name("WEIGHTS")))
    elif found.transform.mean_file:
        parameters.append(Parameter("mean", array))
    last, first = code("x[np.newaxis]"), code("x.transpose(2, 0, 1)[np.newaxis]")
    body = [
        *([Verbatim(READ_MEAN.splitlines(), ["safe_open"])] if beside else []),
        *_cropped(found),
        *_normalised(found.transform),
        Return((last if channels_last else first,)),
    ]
    docstring = _docstring(found, channels_last=channels_last, beside=beside)
    return [Function("preprocess", parameters, array, body, docstring)]


def _docstring(found: Transformed, *, channels_last: bool, beside: bool) -> list[str]:
    (_, channels, height, width), transform, usage = found
    kind = "An RGB image (H, W, 3)" if channels == 3 else "A grey image (H, W)"
    made = (height, width, channels) if channels_last else (channels, height, width)
    shape = ", ".join(map(str, (1, *made)))
    lines = [f'"""{kind} of 0 to 255 as the network takes it: ({shape}).', ""]
    does = []
    if transform.mean_file:
        name = plain(transform.mean_file.replace("\\", "/").rpartition("/")[2])
        size = ", ".join(map(str, usage.mean.shape)) if usage.mean else f"{channels}, H, W"
        order = "RGB as the network has it" if usage.rgb else "BGR as Caffe has it"
        mean = f"`mean` is the mean image of {name}: ({size}), {order}."
        if beside:
            mean = f"The mean image of {name} is in the file of weights: ({size})."
        lines += wrap(mean, WIDTH - len(INDENT))
    if found.reversed:
        does.append("Caffe's channels are in the order blue, green, red.")
    if transform.mirror:
        does.append("In training, half of the images were mirrored.")
    if usage.mean:
        does.append(f"The image must be {usage.mean.shape[1]} x {usage.mean.shape[2]} already.")
    elif not transform.crop_size:
        does.append(f"The image must be {height} x {width} already.")
    elif transform.resize_param:
        resize = transform.resize_param[0]
        does.append(f"The image must be {resize.height} x {resize.width} already.")
    return [*lines, *does, '"""']


def _cropped(found: Transformed) -> list[Statement]:
    """Statements that take the middle of the image, and turn RGB into BGR."""
    (_, channels, *_), transform, _ = found
    size, mean = transform.crop_size, code("mean")
    lines: list[Statement] = []
    rows = columns = span(None, None)
    if size:
        middle = code("(image.shape[0] - {size}) // 2, (image.shape[1] - {size}) // 2", size=size)
        lines.append(Assignment(("top", "left"), middle))
        rows = span(Name("top"), code("top + {size}", size=size))
        columns = span(Name("left"), code("left + {size}", size=size))
        mean = code("mean[:, {rows}, {columns}]", rows=rows, columns=columns)
    taken = image = code("image")
    if channels == 1:
        taken = indexed(image, rows, columns, code("np.newaxis"))
    elif found.reversed:
        taken = indexed(image, rows, columns, span(None, None, -1))
    elif size:
        taken = indexed(image, rows, columns)
    lines.append(Assignment(("x",), code("{x}.astype(np.float32)", x=taken)))
    if transform.mean_file:
        subtracted = code("x - {mean}.transpose(1, 2, 0)", mean=mean)
        lines.append(Assignment(("x",), subtracted))
    return lines


def _normalised(transform: TransformationParameter) -> list[Statement]:
    """Statements that subtract the mean values, and then scale."""
    lines: list[Statement] = []
    if transform.mean_value:
        mean = transform.mean_value
        means = code("np.array({mean}, np.float32)", mean=list(mean))
        lines.append(
            Assignment(("x",), code("x - {mean}", mean=means if len(mean) > 1 else mean[0]))
        )
    if transform.scale != 1:
        scaled = code("x * np.float32({scale})", scale=transform.scale)
        lines.append(Assignment(("x",), scaled))
    return lines
