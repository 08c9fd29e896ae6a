"""How images are prepared, and the names of classes, if a definition does not say them.

The source is options, by a mean image, by a list of labels, or by another definition that has a
transform_param.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proto2net import limits, plain
from proto2net.caffe import binaryproto, definition, fields
from proto2net.caffe.phase import State
from proto2net.caffe.schema import LINE, Message
from proto2net.caffe.wire import mapped
from proto2net.errors import Issue, Location, Proto2NetError, ShapeError, WeightError
from proto2net.graph import Blob, Graph, Node
from proto2net.images import Prepared, is_of_images
from proto2net.layers import TransformationParameter
from proto2net.layers.base import Layer
from proto2net.model import Format, as_float32, format_of
from proto2net.results import Best, Boxes, Classes, Result, results
from proto2net.shape import Shape, dims, require
from proto2net.usage import MeanImage

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

ORDERS = ("bgr", "rgb")
"""The orders that channels can have."""

_SYNSET = re.compile(r"n[0-9]{8}\s+(?=\S)")
"""What a line of ImageNet's synset_words.txt begins with."""


class Asked(NamedTuple):
    """The options, as `proto2net.parse` has them."""

    mean: str | Path | float | Sequence[float] | None
    scale: float | None
    channels: str | None
    labels: str | Path | Sequence[str] | None
    transform_from: str | Path | None
    resize: Sequence[int] | None

    @property
    def transforms(self) -> bool:
        """Whether an image is asked about, and not only labels."""
        images = (self.mean, self.scale, self.channels, self.transform_from, self.resize)
        return any(each is not None for each in images)


def prepared(graph: Graph, asked: Asked) -> tuple[Graph, list[str]]:
    """The graph that knows what is asked for, and the messages about it. Raises Proto2NetError."""
    notes: list[str] = []
    if asked.transforms:
        graph, told = _transformed(graph, asked)
        notes += told
    if asked.labels is not None:
        labels, told = _labels(asked.labels)
        _check_labels(labels, graph)
        graph = replace(graph, usage=replace(graph.usage, labels=labels))
        notes += told
    return graph, notes


# ---- images ---------------------------------------------------------------------------------


def _transformed(graph: Graph, asked: Asked) -> tuple[Graph, list[str]]:
    """The graph whose first input of images has a transform_param as it is asked for."""
    node = _of_images(graph)
    image = node.tops[0]
    notes: list[str] = []
    usage = graph.usage
    known: Any = node.layer
    transform = known.transform_param or TransformationParameter()
    if asked.transform_from is not None:
        transform, new_size, where = _transform_of(Path(asked.transform_from))
        usage = replace(usage, mean=None, new_size=new_size)
        notes.append(f'{where}: took its transform_param for "{image.name}"')
    if asked.scale is not None:
        require(isfinite(asked.scale), f"scale is {asked.scale}; it must be a finite number")
        transform = replace(transform, scale=float(asked.scale))
    require(
        asked.channels in (None, *ORDERS),
        f'no order of channels "{asked.channels}"',
        f"it is {' or '.join(ORDERS)}",
    )
    _check_size(transform, graph, node)
    if asked.channels is not None:
        usage = replace(usage, rgb=asked.channels == "rgb")
    if asked.resize is not None:
        usage = replace(usage, resize=_size(asked.resize))
    if asked.mean is not None:
        transform, found = _with_mean(transform, asked.mean, image)
        usage = replace(usage, mean=found)
    transform.check(image.shape[1])
    images = Prepared(image.name, image.shape, _open_size(graph, image), transform, usage)
    _check_resize(images)
    if usage.mean:
        _check_mean(usage.mean, images)
    layer = replace(known, transform_param=transform)
    nodes = tuple(replace(node, layer=layer) if each is node else each for each in graph.nodes)
    return replace(graph, nodes=nodes, usage=usage), notes


def _of_images(graph: Graph) -> Node[Layer]:
    """The first input of images: the one that has a transform_param, if one does."""
    images = [node for node in graph.nodes if is_of_images(node)]
    known = [node for node in images if getattr(node.layer, "transform_param", None)]
    if images:
        return (known or images)[0]
    shown = [f'"{blob.name}" ({dims(blob.shape)})' for blob in graph.inputs]
    raise ShapeError(
        "the options say how images are prepared, but no input takes images",
        "an input for images has 4 axes, and 1 or 3 channels; the inputs are "
        f"{', '.join(shown) or 'none'}",
    )


def _open_size(graph: Graph, image: Blob) -> tuple[int | None, ...]:
    return graph.open_shape(image)[2:]


def _check_size(transform: TransformationParameter, graph: Graph, node: Node[Layer]) -> None:
    """Refuse a crop of another size than the input has."""
    size, image = transform.size, node.tops[0]
    pairs = zip(size or (), _open_size(graph, image), strict=False)
    require(
        all(own in (None, asked) for asked, own in pairs),
        f'images are cropped to {dims(size or ())}, but "{image.name}" is {dims(image.shape)}',
        f"--input {image.name}={','.join(map(str, (*image.shape[:2], *(size or ()))))} "
        "gives it that size",
    )


def _size(given: Sequence[int]) -> Shape:
    """The height and width that images are resized to."""
    known = isinstance(given, Sequence) and len(given) == 2
    known = known and all(isinstance(size, int) and size > 0 for size in given)
    require(known, f"no size of images: {given}", "it is a height and a width, such as 256,256")
    return tuple(given)


def _check_resize(images: Prepared) -> None:
    """Refuse a size of which the middle cannot be taken, or that is not the network's."""
    asked, crop = images.usage.resize, images.crop
    if not asked:
        return
    found = f"images are resized to {dims(asked)}"
    fits = all(size >= own for size, own in zip(asked, crop, strict=False))
    require(fits, f"{found}, which is smaller than the crop, {dims(crop)}")
    pairs = zip(asked, images.sizes, strict=True)
    fits = bool(crop) or all(own in (None, size) for size, own in pairs)
    require(fits, f'{found}, but "{images.name}" is {dims((*images.shape[:2], *images.sizes))}')


def _with_mean(
    transform: TransformationParameter, given: str | Path | float | Sequence[float], image: Blob
) -> tuple[TransformationParameter, MeanImage | None]:
    """The same with this mean in the place of its own: numbers, or the image of a file."""
    channels = image.shape[1]
    if isinstance(given, str | Path):
        array = mean_of(given)
        if array.ndim == 3:
            other = replace(transform, mean_value=(), mean_file=str(given))
            means = tuple(map(float, array.mean(axis=(1, 2), dtype="f8")))
            return other, MeanImage(str(given), tuple(array.shape), means)
        values = tuple(map(float, array))
    else:
        numbers = given if isinstance(given, Iterable) else (given,)
        try:
            values = tuple(map(float, numbers))
        except (TypeError, ValueError):
            what = "a mean is numbers, or the file of a mean image"
            raise ShapeError(what, "--mean 104,117,123 in Python is mean=(104, 117, 123)") from None
    require(
        len(values) in (1, channels) and all(map(isfinite, values)),
        f'the mean has {len(values)} numbers, but "{image.name}" has {channels} channels',
        "give one finite number, or one for each channel",
    )
    return replace(transform, mean_value=values, mean_file=None), None


def _check_mean(mean: MeanImage, images: Prepared) -> None:
    """Refuse a mean image that images before the crop do not have the size of."""
    found = f"{mean.file}: the mean image is {dims(mean.shape)}"
    channels, *size = mean.shape
    fits = channels == images.channels
    require(fits, f'{found}, but "{images.name}" is {dims(images.shape)}')
    if images.crop:
        smaller = any(own < taken for own, taken in zip(size, images.crop, strict=True))
        require(not smaller, f"{found}, which is smaller than the crop, {dims(images.crop)}")
        resized = images.resize in ((), tuple(size))
        require(resized, f"{found}, but images are resized to {dims(images.resize)}")
        return
    pairs = [(own or given, given) for given, own in zip(size, images.sizes, strict=True)]
    values = ",".join(f"{value:g}" for value in mean.means)
    hint = f"--mean {values} are the means of its channels"
    if all(own <= given for own, given in pairs):
        asked = ",".join(map(str, size))
        hint = f"--resize {asked} brings images to its size, and the crop is their middle; {hint}"
    require(
        all(own == given for own, given in pairs),
        f'{found}, but images of "{images.name}" are {dims(images.shape[1:])}',
        hint,
    )


def mean_of(path: str | Path) -> Ndarray:
    """The mean image of a .binaryproto or a .npy, or the means of channels of the latter."""
    import numpy as np

    where = Location(str(path), 0)
    try:
        head = bytes(mapped(path)[:8])
    except WeightError as error:
        raise WeightError(error.at(where)) from None
    if format_of(head) is not Format.NPY:
        return binaryproto.mean(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, OverflowError) as error:
        raise WeightError([Issue(f"no array of numbers: {error}", where=where)]) from None
    if array.ndim not in (1, 3) or array.dtype.kind not in "fiu" or not array.size:
        found = f"{array.dtype.name} of {dims(array.shape) or 'no axes'}"
        what = f"a mean is numbers of channels, or of channels, height and width; this is {found}"
        raise WeightError([Issue(what, where=where)])
    return as_float32(np.asarray(array))


def _transform_of(path: Path) -> tuple[TransformationParameter, Shape, str]:
    """The transform_param of a definition, the size that images are brought to before, and where.

    That of the test phase goes before.
    """
    for phase in ("TEST", "TRAIN"):
        found = definition.read(path, str(path), State(phase, 0, ()))
        for layer in found.layers:
            if layer.HasField("transform_param"):
                where = Location(found.file, getattr(layer, LINE))
                try:
                    transform = fields.read(TransformationParameter, layer.transform_param)
                except Proto2NetError as error:
                    raise type(error)(error.at(where, f'layer "{layer.name}"')) from None
                said = f'{where}: layer "{layer.name}" ({layer.type})'
                return transform, _new_size(layer), said
    raise Proto2NetError(
        f"{path}: no layer has a transform_param",
        "the definition that a network was trained with has one, such as train_val.prototxt",
    )


def _new_size(layer: Message) -> Shape:
    """The size that a data layer brings images to, if it does."""
    params = [getattr(layer, param) for param in _RESIZING]
    sizes = [(param.new_height, param.new_width) for param in params]
    return next((size for size in sizes if min(size)), ())


_RESIZING = ("image_data_param", "dense_image_data_param", "video_data_param")
"""What has a new_height and a new_width."""


# ---- labels ---------------------------------------------------------------------------------


def _labels(given: str | Path | Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """What the classes are called, and the messages about that."""
    if not isinstance(given, str | Path):
        return tuple(map(str, given)), []
    lines = _lines(Path(given))
    if not all(map(_SYNSET.match, lines)):
        return tuple(lines), []
    kept = tuple(_SYNSET.sub("", line, count=1) for line in lines)
    return kept, [f'{given}: took what follows the synset ids as labels, such as "{kept[0]}"']


def _lines(path: Path) -> list[str]:
    """The lines of a file of labels, of which none is empty. Raises Proto2NetError."""
    content = plain.content(path, limits.TEXT_BYTES, "labels")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Proto2NetError(f"{path}:{line}: this is no text in UTF-8") from None
    lines = [line.strip() for line in text.rstrip().split("\n")]
    if "" in lines:
        raise Proto2NetError(
            f"{path}:{lines.index('') + 1}: this line is empty", "a label is a line for each class"
        )
    return lines


def _check_labels(labels: Sequence[str], graph: Graph) -> None:
    """Refuse more or fewer labels than an output has classes."""
    known = results(graph)
    classes = {blob: _classes(blob.shape, known.get(blob)) for blob in graph.outputs}
    if len(labels) in classes.values():
        return
    found = [f'the output "{blob.name}" has {n} classes' for blob, n in classes.items() if n]
    raise ShapeError(
        f"there are {len(labels):,} labels, but {', '.join(found) or 'no output has classes'}",
        "give a label for each class, in their order",
    )


def _classes(shape: Shape, result: Result | None) -> int:
    """How many classes an output tells of; 0: it has none."""
    if isinstance(result, Boxes):
        return result.rows.classes
    if isinstance(result, Classes | Best):
        return result.number
    return shape[1] if result is None and len(shape) > 1 else 0
