"""The function that makes an image into what the network was trained on (data_transformer.cpp).

It stands in the emitted file where the definition says how its data layer transforms images,
and nowhere else.
"""

from __future__ import annotations

import json
from textwrap import wrap
from typing import NamedTuple

from proto2net.backends.source import INDENT, WIDTH
from proto2net.backends.statements import (
    Assignment,
    Function,
    Parameter,
    Return,
    Statement,
)
from proto2net.backends.tree import Name, code, dotted, indexed, span
from proto2net.graph import Graph
from proto2net.layers import Input, TransformationParameter
from proto2net.shape import Shape
from proto2net.text import plain


class Transformed(NamedTuple):
    """An image input and how its data layer transforms it."""

    shape: Shape
    transform: TransformationParameter


def transformed(graph: Graph) -> Transformed | None:
    """The first input with 4 axes whose definition has a transform_param."""
    for node in graph.nodes:
        if isinstance(node.layer, Input) and node.layer.transform_param is not None:
            shape = node.tops[0].shape
            if len(shape) == 4 and shape[1] in (1, 3):
                return Transformed(shape, node.layer.transform_param)
    return None


def transform_told(graph: Graph) -> dict[str, str]:
    """How images were prepared, for what a file says of itself; nothing where it is not known."""
    found = transformed(graph)
    if found is None:
        return {}
    fields = {k: v for k, v in vars(found.transform).items() if v}
    told = json.dumps({"color_order": "BGR", **fields}, default=vars)  # parts of forks' are nested
    return {"transform_param": told}


def preprocess(graph: Graph, *, channels_last: bool) -> list[Statement]:
    """The function `preprocess(image)`; none where the definition does not say how."""
    found = transformed(graph)
    if found is None:
        return []
    (_, channels, *_), transform = found
    array = dotted("np.ndarray")
    parameters = [Parameter("image", array)]
    if transform.mean_file:
        parameters.append(Parameter("mean", array))
    last, first = code("x[np.newaxis]"), code("x.transpose(2, 0, 1)[np.newaxis]")
    body = [
        *_cropped(transform, channels),
        *_normalised(transform),
        Return((last if channels_last else first,)),
    ]
    docstring = _docstring(found, channels_last=channels_last)
    return [Function("preprocess", parameters, array, body, docstring)]


def _docstring(found: Transformed, *, channels_last: bool) -> list[str]:
    (_, channels, height, width), transform = found
    kind = "An RGB image (H, W, 3)" if channels == 3 else "A grey image (H, W)"
    made = (height, width, channels) if channels_last else (channels, height, width)
    shape = ", ".join(map(str, (1, *made)))
    lines = [f'"""{kind} of 0 to 255 as the network takes it: ({shape}).', ""]
    does = []
    if transform.mean_file:
        name = plain(transform.mean_file.replace("\\", "/").rpartition("/")[2])
        mean = f"`mean` is the mean image of {name}: ({channels}, H, W), BGR as Caffe has it."
        lines += wrap(mean, WIDTH - len(INDENT))
    if channels == 3:
        does.append("Caffe's channels are in the order blue, green, red.")
    if transform.mirror:
        does.append("In training, half of the images were mirrored.")
    if not transform.crop_size:
        does.append(f"The image must be {height} x {width} already.")
    elif transform.resize_param:
        resize = transform.resize_param[0]
        does.append(f"The image must be {resize.height} x {resize.width} already.")
    return [*lines, *does, '"""']


def _cropped(transform: TransformationParameter, channels: int) -> list[Statement]:
    """Statements that take the middle of the image, and turn RGB into BGR."""
    size, mean = transform.crop_size, code("mean")
    lines: list[Statement] = []
    rows = columns = span(None, None)
    if size:
        middle = code("(image.shape[0] - {size}) // 2, (image.shape[1] - {size}) // 2", size=size)
        lines.append(Assignment(("top", "left"), middle))
        rows = span(Name("top"), code("top + {size}", size=size))
        columns = span(Name("left"), code("left + {size}", size=size))
        mean = code("mean[:, {rows}, {columns}]", rows=rows, columns=columns)
    last = span(None, None, -1) if channels == 3 else code("np.newaxis")
    taken = indexed(code("image"), rows, columns, last)
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
