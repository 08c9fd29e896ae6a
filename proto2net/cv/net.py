"""What cv2.dnn.Net is, for a network of Caffe: the same methods, answered from its graph."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from proto2net.cv import detections
from proto2net.cv.layer import Layer, shown
from proto2net.cv.opencv import opencv
from proto2net.cv.running import Running, tell
from proto2net.cv.source import Source
from proto2net.cv.structure import INPUT, Structure
from proto2net.errors import Proto2NetError, ShapeError, closest
from proto2net.graph import Blob
from proto2net.shape import Shape, dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

HELD = 512_000_000
"""How many bytes of arrays the networks have that are held for sizes and outputs seen before."""

Key = tuple[tuple[tuple[str, Shape], ...], tuple[Blob, ...]]


class Net:
    """A network of Caffe with the methods of cv2.dnn.Net, as OpenCV 4.14 has them.

    Names of layers and of blobs may both be asked for. `runtime` says where it ran last: "opencv",
    "onnxruntime" or "numpy".
    """

    def __init__(self, source: Source | None = None) -> None:
        self.runtime = ""
        self._held: Source | None = source
        self._structures: dict[tuple[tuple[str, Shape], ...], Structure] = {}
        self._feeds: dict[str, Ndarray] = {}
        self._shapes: dict[str, Shape] = {}
        self._called: dict[str, str] = {}
        self._running: OrderedDict[Key, Running] = OrderedDict()
        self._asked: dict[str, Any] = {}
        self._told: set[str] = set()
        self._seconds = 0.0

    @property
    def _source(self) -> Source:
        if self._held is None:
            raise Proto2NetError("this network is empty", "readNetFromCaffe reads one")
        return self._held

    def empty(self) -> bool:
        """Whether there are no layers."""
        return self._held is None

    # ---- inputs ---------------------------------------------------------------------------

    def setInput(self, blob: Any, name: str = "", scalefactor: float = 1.0, mean: Any = ()) -> None:
        """Set an input, the first one without a name, to scalefactor * (blob - mean)."""
        real = self._input(name)
        self._feeds[real] = _scaled(blob, scalefactor, mean)
        self._shapes[real] = self._feeds[real].shape

    def setInputsNames(self, inputBlobNames: Sequence[str]) -> None:
        """Call the inputs so, in their order."""
        inputs = self._source.graph.inputs
        if len(inputBlobNames) != len(inputs):
            raise Proto2NetError(f"{len(inputBlobNames)} names for {len(inputs)} inputs")
        self._called = {str(n): b.name for n, b in zip(inputBlobNames, inputs, strict=True)}

    def setInputShape(self, inputName: str, shape: Sequence[int]) -> None:
        """State the shape of an input before it is set."""
        name = self._input(inputName)
        self._shapes[name] = tuple(map(int, shape))
        self._feeds.pop(name, None)

    def _input(self, name: str) -> str:
        inputs = {blob.name: blob.name for blob in self._source.graph.inputs}
        named = self._called or inputs
        if name in named:
            return named[name]
        if not name and inputs:
            return next(iter(inputs))
        listed = ", ".join(f'"{each}"' for each in named)
        hint = closest(name, named) or (f"it has {listed}" if listed else "it has none")
        raise Proto2NetError(f'no input "{name}" in the network', hint)

    # ---- outputs --------------------------------------------------------------------------

    def forward(
        self,
        outputName: str | Sequence[str] | None = None,
        outputBlobs: Any = None,
        *,
        outBlobNames: Sequence[str] | None = None,
    ) -> Any:
        """The first output of a layer or the blob of this name, or a tuple for a list of names.

        Without a name it is that of the last layer. `outputBlobs` is passed over.
        """
        wanted = outputName if outBlobNames is None else outBlobNames
        if wanted is None or isinstance(wanted, str):
            name = wanted or self._now().last
            return self._results([self._now().tops(name)[:1]])[0][0]
        found = self._results([self._now().tops(str(name))[:1] for name in wanted])
        return tuple(each[0] for each in found)

    def forwardAndRetrieve(self, outBlobNames: Sequence[str]) -> tuple[tuple[Ndarray, ...], ...]:
        """All outputs of each of these layers."""
        return tuple(self._results([self._now().tops(str(name)) for name in outBlobNames]))

    def forwardAsync(self, outputName: str = "") -> NoReturn:
        """Is for Intel's Inference Engine alone."""
        _refuse("forwardAsync", "forward() waits for the result")

    def _results(self, wanted: Sequence[Sequence[Blob]]) -> list[tuple[Ndarray, ...]]:
        """The values of blobs, as OpenCV has them."""
        start = perf_counter()
        blobs = tuple(dict.fromkeys(blob for each in wanted for blob in each))
        structure = self._now()
        values = {blob: self._feed(blob) for blob in blobs if blob in structure.graph.input_set}
        made = tuple(blob for blob in blobs if blob not in values)
        if made:
            values.update(zip(made, self._run(made), strict=True))
        self._seconds = perf_counter() - start
        return [tuple(self._as_opencv(blob, values[blob]) for blob in each) for each in wanted]

    def _as_opencv(self, blob: Blob, value: Ndarray) -> Ndarray:
        node = self._now().makers[blob]
        if detections.finds(node):
            return detections.as_opencv(node, value)
        return value if value.ndim > 1 else value.reshape(-1, 1)

    def _run(self, blobs: tuple[Blob, ...]) -> list[Ndarray]:
        running = self._for(blobs)
        found = running({blob.name: self._feed(blob) for blob in running.graph.inputs})
        self.runtime = running.runtime.name if running.runtime else ""
        tell(running, self._told)
        return found

    def _for(self, blobs: tuple[Blob, ...]) -> Running:
        """The network of these outputs for the sizes of now; those of before are held."""
        key = tuple(self._shapes.items()), blobs
        if key in self._running:
            self._running.move_to_end(key)
            return self._running[key]
        graph = self._now().graph.making(blobs)
        made = Running(graph, self._source.values(graph), self._prepare)
        self._running[key] = made
        while len(self._running) > 1 and sum(r.size for r in self._running.values()) > HELD:
            self._running.popitem(last=False)
        return made

    def _feed(self, blob: Blob) -> Ndarray:
        if blob.name not in self._feeds:
            what = f'nothing is set for the input "{blob.name}" ({dims(blob.shape)})'
            raise ShapeError(what, f'net.setInput(blob, "{blob.name}") sets it')
        return self._feeds[blob.name]

    def _now(self) -> Structure:
        """The layers for the shapes that are set."""
        return self._of(self._shapes)

    def _of(self, shapes: dict[str, Shape]) -> Structure:
        key = tuple(shapes.items())
        if key not in self._structures:
            while len(self._structures) > 64:
                self._structures.pop(next(iter(self._structures)))
            self._structures[key] = Structure(self._source.graph_for(shapes))
        return self._structures[key]

    # ---- layers ---------------------------------------------------------------------------

    @property
    def _layers(self) -> Structure:
        return self._of({})

    def getLayerNames(self) -> tuple[str, ...]:
        """The names of all layers but the inputs, in order."""
        return self._layers.names if self._held else ()

    def getLayerId(self, layer: str) -> int:
        """The number of a layer, -1 if there is none of this name."""
        return self._layers.id(layer)

    def getLayer(self, layerId: int | str | None = None, *, layerName: str | None = None) -> Layer:
        """The layer of this number or name."""
        layer = layerId if layerName is None else layerName
        if self._layers.name(layer) == INPUT:
            return Layer(INPUT, "", (), self.setParam)
        node = self._layers.node(layer)
        arrays = [
            shown(node, self._source.arrays[node.name, blob])
            for blob in node.blobs
            if (node.name, blob) in self._source.arrays
        ]

        def put(index: int, array: Any) -> None:
            self.setParam(node.name, index, array)

        return Layer(self._layers.name(layer), node.layer.type, arrays, put)

    def getParam(
        self, layer: int | str | None = None, numParam: int = 0, *, layerName: str | None = None
    ) -> Ndarray:
        """A learned array of a layer."""
        node, blob = self._learned(layer if layerName is None else layerName, numParam)
        if (node.name, blob) not in self._source.arrays:
            raise Proto2NetError(f"{node} has no {blob}: the weights lack it")
        return shown(node, self._source.arrays[node.name, blob])

    def setParam(
        self,
        layer: int | str | None = None,
        numParam: int = 0,
        blob: Any = None,
        *,
        layerName: str | None = None,
    ) -> None:
        """Give a layer another array."""
        import numpy as np

        node, name = self._learned(layer if layerName is None else layerName, numParam)
        self._source.put(node, name, np.array(blob, np.float32))
        self._running.clear()

    def _learned(self, layer: Any, index: int) -> tuple[Any, str]:
        node = self._layers.node(layer)
        names = list(node.blobs)
        if not 0 <= index < len(names):
            some = f"its arrays are {', '.join(names)}" if names else "it has learned nothing"
            raise Proto2NetError(f"{node} has no array {index}", some)
        return node, names[index]

    def getLayerTypes(self) -> tuple[str, ...]:
        """The types of layers, each once."""
        return self._layers.types

    def getLayersCount(self, layerType: str) -> int:
        """How many layers are of a type."""
        return sum(row.node.layer.type == layerType for row in self._layers.rows)

    def getUnconnectedOutLayers(self) -> Ndarray:
        """The numbers of the layers that no other reads."""
        import numpy as np

        return np.array(self._layers.unconnected, np.int32)

    def getUnconnectedOutLayersNames(self) -> tuple[str, ...]:
        """The names of the layers that no other reads."""
        return tuple(map(self._layers.name, self._layers.unconnected))

    # ---- shapes and costs -----------------------------------------------------------------

    def getLayersShapes(self, netInputShapes: Any) -> tuple[Any, Any, Any]:
        """The numbers of all layers, and the shapes of what each reads and makes."""
        import numpy as np

        structure = self._shaped(netInputShapes)
        numbers = range(len(structure.rows) + 1)
        pairs = [structure.shapes(number) for number in numbers]
        ids = np.array(numbers, np.int32)
        return ids, tuple(_arrays(read) for read, _ in pairs), tuple(_arrays(m) for _, m in pairs)

    def getLayerShapes(self, netInputShapes: Any, *layer: Any, layerId: int = 0) -> tuple[Any, Any]:
        """The shapes of what a layer reads and makes; OpenCV 5 has types before its number."""
        number = layer[-1] if layer else layerId
        read, made = self._shaped(netInputShapes).shapes(int(number))
        return _arrays(read), _arrays(made)

    def getFLOPS(self, *arguments: Any, **named: Any) -> int:
        """Operations on floats for inputs of these shapes, of all layers or of one number."""
        layer, shapes = _of_one(arguments, named)
        return self._shaped(shapes).flops(layer)

    def getMemoryConsumption(self, *arguments: Any, **named: Any) -> tuple[int, int]:
        """Bytes of learned arrays, and of blobs for inputs of these shapes."""
        layer, shapes = _of_one(arguments, named)
        return self._shaped(shapes).memory(layer)

    def _shaped(self, given: Any) -> Structure:
        """The layers for inputs of this shape, or of these."""
        many = [given] if all(isinstance(n, int) or hasattr(n, "item") for n in given) else given
        many = [given] if hasattr(given, "ndim") and given.ndim == 1 else many
        shapes = [tuple(map(int, shape)) for shape in many]
        inputs = self._source.graph.inputs
        if len(shapes) != len(inputs):
            raise ShapeError(f"{len(shapes)} shapes for {len(inputs)} inputs")
        return self._of({b.name: shape for b, shape in zip(inputs, shapes, strict=True)})

    def getPerfProfile(self) -> tuple[int, Ndarray]:
        """The ticks of the last forward pass; those of single layers are not known, and are 0."""
        import numpy as np

        ticks = int(self._seconds * opencv().getTickFrequency())
        return ticks, np.zeros(len(self._layers.rows))

    def dump(self) -> str:
        """A picture of the network in Graphviz' language."""
        return self._now().dump(self.runtime)

    def dumpToFile(self, path: str) -> None:
        """Write that picture to a file."""
        Path(path).write_text(self.dump(), encoding="utf-8")

    # ---- how it is run --------------------------------------------------------------------

    def setPreferableBackend(self, backendId: int) -> None:
        """Ask OpenCV for a backend; other runtimes pass over it."""
        self._ask("setPreferableBackend", backendId)

    def setPreferableTarget(self, targetId: int) -> None:
        """Ask OpenCV for a device; other runtimes pass over it."""
        self._ask("setPreferableTarget", targetId)

    def enableFusion(self, fusion: bool) -> None:
        """Let OpenCV join layers, or not."""
        self._ask("enableFusion", fusion)

    def enableWinograd(self, useWinograd: bool) -> None:
        """Let OpenCV use Winograd's convolutions, or not."""
        self._ask("enableWinograd", useWinograd)

    def setHalideScheduler(self, scheduler: str) -> None:
        """Does nothing: Halide is no part of OpenCV 5, nor of its packages for Python."""

    def _ask(self, method: str, value: Any) -> None:
        if self._asked.get(method) != value:
            self._asked[method] = value
            self._running.clear()

    def _prepare(self, net: Any) -> None:
        for method, value in self._asked.items():
            getattr(net, method)(value)

    # ---- what is not done -----------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name in REFUSED:
            _refuse(name, REFUSED[name])
        raise AttributeError(f"a network of proto2net.cv has no {name}")

    def __repr__(self) -> str:
        name = self._held.graph.name if self._held else "empty"
        return f"< proto2net.cv.Net {name}>"


REFUSED = {
    "addLayer": "change the prototxt",
    "addLayerToPrev": "change the prototxt",
    "connect": "change the prototxt",
    "registerOutput": "forward(name) answers for every layer and blob",
    "quantize": "`proto2net convert --to onnx` writes a file that onnxruntime quantizes",
    "readFromModelOptimizer": "cv2.dnn.readNetFromModelOptimizer reads OpenVINO's files",
    "dumpToPbtxt": "dump() gives a picture in Graphviz' language",
    "getInputDetails": "the network is not quantized",
    "getOutputDetails": "the network is not quantized",
}
"""Methods of cv2.dnn.Net that are not here, and what to do instead."""


def _refuse(name: str, hint: str) -> NoReturn:
    raise Proto2NetError(f"{name} is not possible with a network of Caffe", hint)


def _of_one(arguments: Sequence[Any], named: dict[str, Any]) -> tuple[int | None, Any]:
    """The number of a layer, if there is one, and the shapes, of OpenCV's overloads."""
    layer = named.get("layerId")
    shapes = named.get("netInputShapes", named.get("netInputShape"))
    rest = list(arguments)
    if rest and isinstance(rest[0], int):
        layer = rest.pop(0)
    if rest:
        shapes = rest[0]
    if shapes is None:
        raise Proto2NetError("the shapes of the inputs are not given", "as in [1, 3, 224, 224]")
    return layer, shapes


def _arrays(shapes: Sequence[Shape]) -> tuple[Ndarray, ...]:
    import numpy as np

    return tuple(np.array(shape, np.int32) for shape in shapes)


def _scaled(blob: Any, scalefactor: float, mean: Any) -> Ndarray:
    """scalefactor * (blob - mean), where the mean has a number for each channel."""
    import numpy as np

    if not isinstance(blob, np.ndarray) and callable(getattr(blob, "get", None)):
        blob = blob.get()  # a cv2.UMat
    array = np.asarray(blob)
    if array.dtype.kind not in "fiub":
        kind = type(blob).__name__
        raise ShapeError(f"the input is {kind} of {array.dtype}", "blobFromImage makes a blob")
    array = array.astype(np.float32)  # a copy, since OpenCV makes one too
    means = [float(each) for each in np.ravel(np.asarray(mean, np.float64))]
    if any(means):
        if array.ndim < 2:
            raise ShapeError(f"a mean for each channel of a blob {array.shape}")
        channels = array.shape[1]
        each = [*means, 0.0, 0.0, 0.0, 0.0][:4]
        if len(set(each[:channels])) == 1:
            each = [each[0]] * channels
        elif channels > len(each):
            raise ShapeError(f"a mean of {len(means)} numbers for {channels} channels")
        array -= np.array(each[:channels], np.float32).reshape(-1, *(1,) * (array.ndim - 2))
    if scalefactor != 1.0:
        array *= np.float32(scalefactor)
    return np.ascontiguousarray(array)
