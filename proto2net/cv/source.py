"""A definition with its arrays, and its graph for inputs of any shape."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import api
from proto2net.batch import walk
from proto2net.caffe.definition import is_text
from proto2net.errors import Issue, ParseError, Proto2NetError, ShapeError, WeightError
from proto2net.graph import Graph, Node
from proto2net.model import Slot, Weights
from proto2net.rewrites.batch import any_batch
from proto2net.rewrites.feeding import UNSTATED
from proto2net.shape import Shape, count, dims
from proto2net.weights import reading
from proto2net.weights.matching import match

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Buffer = bytes | bytearray | memoryview | Any
"""What a file holds: bytes, or an array of them."""

EXAMPLE = (1, 3, 224, 224)
"""The shape of an input that neither the file nor a blob has stated yet."""

SUFFIXES = (".prototxt", ".caffemodel", ".pbtxt.caffe")


def is_caffe(model: Any, config: Any, framework: Any) -> bool:
    """Whether these arguments of cv2.dnn.readNet are files of Caffe."""
    if framework:
        return str(framework).lower() == "caffe"
    return any(str(each).endswith(SUFFIXES) for each in (model, config) if each)


class Source:
    """A definition with the arrays of its layers, by layer and place."""

    def __init__(
        self, net: str | Path, file: str, weights: Weights | None, options: Mapping[str, Any]
    ) -> None:
        self._net = net
        self._file = file
        self._options = dict(options)
        self.graph = self._declared()
        self.arrays: dict[tuple[str, str], Ndarray] = {}
        if weights is not None:
            found, _ = match(self.graph, weights, allow_missing=True)
            self.arrays = {(node.name, blob): a for (node, blob), a in found.values.items()}

    @classmethod
    def read(cls, definition: Any, weights: Any, options: Mapping[str, Any]) -> Source:
        """The source that a script names by paths, or holds as bytes."""
        net, file = _definition(definition)
        if weights is None or (isinstance(weights, str) and not weights):
            carried = isinstance(net, Path) and reading.is_caffemodel(net)
            return cls(net, file, reading.read(net) if carried else None, options)
        return cls(net, file, _weights(weights), options)

    def _parsed(self, inputs: Mapping[str, Shape]) -> Graph:
        options = {"ignore_unknown_fields": True, **self._options}
        shapes = {**options.pop("inputs", {}), **inputs}
        return api.parse(self._net, file=self._file, inputs=shapes or None, **options)

    def _declared(self) -> Graph:
        """The graph for the shapes that the file states, or for examples."""
        try:
            return self._parsed({})
        except ShapeError as error:
            try:
                return self._parsed({UNSTATED: EXAMPLE})
            except Proto2NetError:
                raise error from None

    def graph_for(self, shapes: Mapping[str, Shape]) -> Graph:
        """The graph for inputs of these shapes, with a batch that follows them."""
        declared = {blob.name: blob.shape for blob in self.graph.inputs}
        if all(declared[name] == shape for name, shape in shapes.items()):
            return self.graph
        same = {
            name: (*declared[name][:1], *shape[1:]) if shape and declared[name] else shape
            for name, shape in shapes.items()
        }
        if same == shapes:
            return self._parsed(shapes)
        try:
            graph = self._parsed(same)
            graph = any_batch(graph) if walk(graph).fixed else graph
            return graph.fed(lambda top: shapes.get(top.name, top.shape))
        except Proto2NetError:
            return self._parsed(shapes)  # which tells what is wrong, if anything is

    def values(self, graph: Graph) -> dict[Slot, Ndarray]:
        """The array of each learned blob. Raises WeightError for what lacks or does not fit."""
        found: dict[Slot, Ndarray] = {}
        issues = []
        for node in graph.nodes:
            for blob, learned in node.blobs.items():
                array = self.arrays.get((node.name, blob))
                if array is None:
                    issues.append(_lacks(node, blob, learned.shape))
                elif array.size != count(learned.shape) or not _same(array.shape, learned.shape):
                    issues.append(_unlike(node, blob, learned.shape, array.shape))
                else:
                    found[node, blob] = array.reshape(learned.shape)
        if issues:
            raise WeightError(issues)
        return found

    def put(self, node: Node[Any], blob: str, array: Ndarray) -> None:
        """Take in another array, for all layers that share it."""
        learned = node.blobs[blob]
        if array.size != count(learned.shape):
            raise WeightError([_unlike(node, blob, learned.shape, array.shape)])
        owner = self.graph.owner(node, blob)
        for sharer in (node, *self.graph.sharers(node)):
            for each in sharer.blobs:
                if self.graph.owner(sharer, each) == owner:
                    self.arrays[sharer.name, each] = array.reshape(sharer.blobs[each].shape)


def _definition(given: Any) -> tuple[str | Path, str]:
    """A path, or a text and what messages call it."""
    if isinstance(given, os.PathLike) or (isinstance(given, str) and not is_text(given)):
        return Path(given), str(given)
    if isinstance(given, str):
        return given, "<text>"
    text = _bytes(given, "prototxt").decode("utf-8-sig", errors="replace")
    if is_text(text):
        return text, "<buffer>"
    if isinstance(given, bytes):  # a path, as in cv2
        return Path(os.fsdecode(given)), os.fsdecode(given)
    raise ParseError([Issue("this buffer holds no prototxt", "give the text of the network")])


def _weights(given: Any) -> Weights:
    if isinstance(given, str | os.PathLike):
        return reading.read(Path(given))
    content = _bytes(given, "caffemodel")
    if isinstance(given, bytes) and len(content) < 4096 and os.path.isfile(content):
        return reading.read(os.fsdecode(content))
    return reading.of_bytes(content, "<buffer>")


def _bytes(given: Any, what: str) -> bytes:
    try:
        return bytes(memoryview(given).cast("B"))
    except (TypeError, BufferError):
        kind = type(given).__name__
        hint = "give a path, bytes, or an array of uint8"
        raise Proto2NetError(f"the {what} is given as {kind}", hint) from None


def _lacks(node: Node[Any], blob: str, shape: Shape) -> Issue:
    what = f"it has no {blob} ({dims(shape)}): the weights lack it"
    hint = "give the .caffemodel that belongs to the prototxt, or setParam"
    return Issue(what, hint, node.where, str(node))


def _unlike(node: Node[Any], blob: str, right: Shape, found: Shape) -> Issue:
    what = f"its {blob} is {dims(found)}, and {dims(right)} is needed"
    hint = "what it reads has another size than the weights were learned for"
    return Issue(what, hint, node.where, str(node))


def _same(found: Shape, right: Shape) -> bool:
    """Whether two shapes are the same beside axes of size 1."""
    return [n for n in found if n != 1] == [n for n in right if n != 1]
