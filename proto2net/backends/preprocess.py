"""The function that makes an image into what the network was trained on (data_transformer.cpp).

It stands in the emitted file where the definition says how its data layer transforms images,
and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

from proto2net.backends.source import INDENT, literal, plain, statement
from proto2net.graph import Graph
from proto2net.layers import Input, TransformationParameter
from proto2net.shape import Shape


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


def preprocess(graph: Graph, *, channels_last: bool) -> list[str]:
    """The lines of `def preprocess(image)`; none where the definition does not say how."""
    found = transformed(graph)
    if found is None:
        return []
    (_, channels, *_), transform = found
    steps = [
        *_cropped(transform, channels),
        *_normalised(transform),
        "return x[np.newaxis]"
        if channels_last
        else "return x.transpose(2, 0, 1)[np.newaxis]",
    ]
    mean = ", mean: np.ndarray" if transform.mean_file else ""
    return [
        f"def preprocess(image: np.ndarray{mean}) -> np.ndarray:",
        *_docstring(found, channels_last=channels_last),
        *(statement(step, 1) for step in steps),
        "",
        "",
    ]


def _docstring(found: Transformed, *, channels_last: bool) -> list[str]:
    (_, channels, height, width), transform = found
    kind = "An RGB image (H, W, 3)" if channels == 3 else "A grey image (H, W)"
    made = (height, width, channels) if channels_last else (channels, height, width)
    shape = ", ".join(map(str, (1, *made)))
    lines = [f'"""{kind} of 0 to 255 as the network takes it: ({shape}).', ""]
    does = []
    if transform.mean_file:
        name = plain(transform.mean_file.replace("\\", "/").rpartition("/")[2])
        lines.append(
            f"`mean` is the mean image of {name}, ({channels}, H, W), BGR as Caffe has it."
        )
    if channels == 3:
        does.append("Caffe's channels are in the order blue, green, red.")
    if transform.mirror:
        does.append("In training, half of the images were mirrored.")
    if not transform.crop_size:
        does.append(f"The image must be {height} x {width} already.")
    elif transform.resize_param:
        resize = transform.resize_param[0]
        does.append(f"The image must be {resize.height} x {resize.width} already.")
    return [f"{INDENT}{line}".rstrip() for line in [*lines, *does, '"""']]


def _cropped(transform: TransformationParameter, channels: int) -> list[str]:
    """Statements that take the middle of the image, and turn RGB into BGR."""
    size = transform.crop_size
    rows = columns = ":"
    lines = []
    if size:
        lines.append(
            f"top, left = (image.shape[0] - {size}) // 2, (image.shape[1] - {size}) // 2"
        )
        rows, columns = f"top : top + {size}", f"left : left + {size}"
    index = f"{rows}, {columns}, " + ("::-1" if channels == 3 else "np.newaxis")
    lines.append(f"x = image[{index}].astype(np.float32)")
    if transform.mean_file:
        crop = f"[:, {rows}, {columns}]" if size else ""
        lines.append(f"x = x - mean{crop}.transpose(1, 2, 0)")
    return lines


def _normalised(transform: TransformationParameter) -> list[str]:
    """Statements that subtract the mean values, and then scale."""
    lines = []
    if transform.mean_value:
        mean = transform.mean_value
        value = (
            f"np.array({literal(list(mean))}, np.float32)"
            if len(mean) > 1
            else literal(mean[0])
        )
        lines.append(f"x = x - {value}")
    if transform.scale != 1:
        lines.append(f"x = x * np.float32({literal(transform.scale)})")
    return lines
