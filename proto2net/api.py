"""The whole pipeline: text -> message -> entries -> graph -> source -> live network."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from proto2net import backends, output
from proto2net.backends.base import Backend, Emitted
from proto2net.batch import with_batch
from proto2net.errors import Proto2NetError, ShapeError
from proto2net.feeds import feeds_of, unlike_declared
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.layers import plugins
from proto2net.model import Model
from proto2net.rewrites.batch import any_batch, fixing_batch
from proto2net.shape import require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Arrays, Slot, Weights

REFERENCE = "numpy"
"""The target that the others are held against, and that fills what a network has not learned."""

Net = str | Path | Graph
"""A path of a prototxt or of a .caffemodel, which carries one; the text of a prototxt; a graph."""


def parse(
    net: Net,
    *,
    phase: str = "test",
    level: int = 0,
    stages: Sequence[str] = (),
    inputs: Mapping[str, Sequence[int | None]] | None = None,
    outputs: Sequence[str] = (),
    ignore_unknown_fields: bool = False,
    layers: str | Path | None = None,
    holes: Mapping[str, Sequence[Sequence[int]]] | None = None,
    fork: str = "",
    batch: str | int = "",
    define: Mapping[str, object] | None = None,
    mean: str | Path | float | Sequence[float] | None = None,
    scale: float | None = None,
    channels: str | None = None,
    labels: str | Path | Sequence[str] | None = None,
    transform_from: str | Path | None = None,
    resize: Sequence[int] | None = None,
    labelled: bool = False,
    root: str | Path | None = None,
    file: str = "",
) -> Graph:
    """The graph of one phase of a network definition; a solver is followed to its network.

    `inputs` gives shapes (N, C, H, W) to inputs by name, where None is a size that may be any;
    `outputs` keeps only what these blobs need. `ignore_unknown_fields` passes over fields that no
    known version of Caffe has, or that the layer does not know. `layers` is a Python file that
    declares layer types: it is run. `holes` leaves layers to be written, by name or as "type:Foo",
    with the shapes of their tops. `fork` names the fork of Caffe that the network is for, where
    forks disagree about a layer. `batch="any"` has a batch that a Reshape states as a number follow
    the input, and `batch=8` takes so many images. `define` has the values of names that a
    template has in their place, such as `$TARGET_WIDTH$`.

    `mean` (a file of the mean image, or numbers), `scale` and `channels` ("bgr" or "rgb") say how
    images are prepared, as does the transform_param of another definition, `transform_from`;
    `resize` is the height and width that they are brought to before their middle is taken.
    `labels` are what the classes are called, or a file of a line for each. A `labelled` network of
    the test phase keeps its labels, losses and metrics. `root` is where the paths of data begin, if
    a shape is to be found there. `file` is what messages call a text. What was assumed, left out or
    ignored is logged.
    """
    if isinstance(net, Graph):
        graph = net
    else:
        if layers is not None:
            plugins.load_file(layers)
        from proto2net.caffe.phase import State  # with protobuf, which a graph does not need
        from proto2net.parsing import Reading, read

        asked = Reading(
            State(phase.upper(), level, tuple(stages)),
            {name: tuple(dims) for name, dims in (inputs or {}).items()},
            outputs,
            {name: tuple(map(tuple, each)) for name, each in (holes or {}).items()},
            define,
            fork=fork,
            ignore_unknown_fields=ignore_unknown_fields,
            labelled=labelled,
            root=root,
        )
        graph = read(net, file, asked)
    graph = graph.until(outputs) if outputs else graph
    if batch == "any":
        graph = any_batch(graph)
    elif batch != "":
        known = isinstance(batch, int) and batch > 0
        require(known, f'no batch "{batch}"', "it can be any, or a number above 0")
        graph = with_batch(graph, int(batch))
    if graph is not net and graph.free_inputs:
        from proto2net.rewrites.sizes import any_size  # which most networks need not import

        graph, told = any_size(graph)
        for note in told:
            _LOG.info(note)
    if graph is not net:
        _tell_batch(graph)
    images = (mean, scale, channels, labels, transform_from, resize)
    if any(each is not None for each in images):
        from proto2net.caffe import preparing  # which most networks need not import

        graph, told = preparing.prepared(graph, preparing.Asked(*images))
        for note in told:
            _LOG.info(note)
    return graph


def mean(path: str | Path) -> Ndarray:
    """The mean image of a .binaryproto, or of a .npy as pycaffe has it: (C, H, W), float32."""
    from proto2net.caffe import preparing

    return preparing.mean_of(path)


def preprocess(
    net: Net, image: Ndarray | str | Path, *, channels_last: bool = False, **options: Any
) -> Ndarray:
    """A batch of one image as the network takes it: what `preprocess` of an emitted file gives.

    `image` is a file, or an array of 0 to 255: RGB (H, W, 3), or grey (H, W). The result is (N, C,
    H, W), or (N, H, W, C) with `channels_last`. The other options are those of `parse`.
    """
    from proto2net.preparing import preprocessor

    return preprocessor(parse(net, **options), channels_last=channels_last)(image)


def convert(net: Net, *, to: str, name: str = "", flat: bool = False, **options: Any) -> str:
    """The source text of the network for the target `to`, such as "torch" or "tf".

    `name` names its class or function. A `flat` one says each layer where it stands; else blocks
    of one structure are defined once. The other options are those of `parse`.
    """
    source: str = backends.get(to).emit(parse(net, **options), name, flat=flat).source
    return source


def save(
    net: Net | Model,
    weights: str | Path | Weights | Arrays | None = None,
    *,
    to: str,
    out: str | Path,
    overwrite: bool = False,
    name: str = "",
    flat: bool = False,
    opset: int | None = None,
    allow_missing: bool = False,
    optimized: bool = False,
    **options: Any,
) -> list[Path]:
    """Write the network for a target to `out`, and its weights; the files that were written.

    `opset` is the version of ONNX's operators. The other arguments are those of `convert`, `load`
    and `model`.
    """
    from proto2net.weights.porting import port

    target = backends.get(to)
    found = model(net, weights, allow_missing=allow_missing, optimized=optimized, **options)
    told: dict[str, Any] = {"name": name, "stem": Path(out).stem, "flat": flat}
    told |= options_of(target, opset, options.get("batch", ""))
    file = weights if isinstance(weights, str | Path) else None
    ported = port(found, target, weights=file, filled=filled, **told)
    files = ported.files(Path(out))
    given = [net, weights, *(options.get(each) for each in ("mean", "labels", "transform_from"))]
    inputs = [str(each) for each in given if isinstance(each, str | Path)]
    output.write_together(files, overwrite=overwrite, inputs=inputs)
    return list(files)


def options_of(target: Any, opset: int | None, batch: str | int) -> dict[str, Any]:
    """The options of a target beside the graph. Raises Proto2NetError for an unknown one."""
    if not target.embeds:
        if opset is not None:
            raise Proto2NetError(f"{target.name} has no opset", "it is for --to onnx")
        return {}
    told: dict[str, Any] = {"any_batch": not isinstance(batch, int)}
    return told if opset is None else {"opset": opset, **told}


def load(
    net: Net | Model,
    weights: str | Path | Weights | Arrays | None = None,
    *,
    to: str,
    allow_missing: bool = False,
    **options: Any,
) -> Any:
    """A live network: an nn.Module or a keras.Model, made by importing the emitted source.

    `weights` is the path of a .caffemodel, .caffemodel.h5, .npy or a .safetensors that proto2net
    wrote for any target, or holds arrays in Caffe's layout by layer name. Without, a .caffemodel
    gives its own, and any other network starts from its fillers, as does with `allow_missing`
    what the weights lack. A Model comes with its own. The other options are those of `parse`.
    """
    backend = _backend(to)
    found = model(net, weights, allow_missing=allow_missing, **options)
    if backend.embeds:
        found = filled(found)
    network, live = _live(backend, found.graph)
    if found.values:
        backend.runner.install(network, live.emitted.converted(found.values))
        live = dataclasses.replace(live, unread=_unread(live.emitted, found.values))
    _LIVE[network] = live
    return network


def model(
    net: Net | Model,
    weights: str | Path | Weights | Arrays | None = None,
    *,
    allow_missing: bool = False,
    optimized: bool = False,
    **options: Any,
) -> Model:
    """A network with what it has learned; the arguments are those of `load` and `parse`.

    `optimized` folds layers that only scale into those before, and leaves out what does nothing.
    """
    if isinstance(net, Model):
        if weights is not None or optimized or options:
            raise Proto2NetError("a Model already has its weights and options: give no others")
        return net
    if weights is None and not isinstance(net, Graph) and _is_caffemodel(net):
        weights = str(net)
    graph = parse(net, **options)
    if weights is None:
        return Model(graph)

    from proto2net.rewrites.optimize import optimize
    from proto2net.weights.matching import match
    from proto2net.weights.reading import read

    stored = read(weights) if isinstance(weights, str | Path) else weights
    found, notes = match(graph, stored, allow_missing=allow_missing)
    if optimized:
        found, more = optimize(found)
        notes = [*notes, *more]
    for note in notes:
        _LOG.info(note)
    return found


def filled(given: Model) -> Model:
    """The model with values for all, those of NumPy's fillers where it has none."""
    graph = given.graph
    slots = [(node, blob) for node in graph.nodes for blob in node.blobs]
    if all(slot in given.values for slot in slots):
        return given
    made = [blob for blob in graph.blobs.values() if blob not in graph.input_set]
    whole = Model(dataclasses.replace(graph, outputs=tuple(made)), given.values)
    backend = backends.get(REFERENCE)
    state = backend.runner.arrays(load(whole, to=REFERENCE))
    owned = {
        array.sources[0]: state[name] for name, array in backend.emit(whole.graph).arrays.items()
    }
    return Model(graph, {slot: owned[graph.owner(*slot)] for slot in slots})


def _is_caffemodel(net: str | Path) -> bool:
    from proto2net.weights.reading import is_caffemodel

    return is_caffemodel(net)


def blobs(network: Any, feeds: Mapping[str, Any]) -> dict[str, Ndarray]:
    """Every named blob of a network of `load`, for inputs by name.

    Names, layout (N, C, H, W) and values are Caffe's, whatever the target: a name that several
    layers write in place holds its last value.
    """
    live = _known(network)
    values = feeds_of(live.graph, feeds)
    inside, probe = live.probe
    state = live.backend.runner.arrays(network)
    held = {array: state[name] for name, array in live.emitted.arrays.items()}
    arrays = probe.emitted.converted(live.unread) | {
        name: held[array] for name, array in probe.emitted.arrays.items() if array in held
    }
    live.backend.runner.install(inside, arrays)
    found = values | probe.run(inside, values)
    for blob, by in live.graph.overwritten.items():
        found[blob.name] = found[by.name].reshape(blob.shape)
    return found


def outputs(network: Any, feeds: Mapping[str, Any]) -> dict[str, Ndarray]:
    """The outputs of a network of `load` by name, for inputs by name: arrays of Caffe's layout.

    It is one pass of the network as it is, and nothing beside; `blobs` gives what is inside too.
    """
    live = _known(network)
    return live.run(network, feeds_of(live.graph, feeds))


def _known(network: Any) -> _Live:
    """What is known of a network. Raises Proto2NetError for one that `load` has not made."""
    try:
        live = _LIVE.get(network)
    except TypeError:  # what cannot be referred to weakly, such as a number
        live = None
    if live is None:
        raise Proto2NetError("this network was not made by proto2net.load")
    return live


@dataclass(frozen=True)
class _Live:
    """What is known of a network of `load`. The network itself is not in it: see `_LIVE`."""

    graph: Graph
    backend: Backend
    emitted: Emitted
    unread: Mapping[Slot, Ndarray] = dataclasses.field(default_factory=dict)
    """Learned blobs that the network lacks, since they are for what is silenced."""

    def run(self, network: Any, values: dict[str, Ndarray]) -> dict[str, Ndarray]:
        """The outputs by name. Raises ShapeError where inputs of other shapes make it fail."""
        try:
            found = self.backend.runner.run(network, self.graph, values)
        except Exception as error:
            if not (issues := unlike_declared(self.graph, values)):
                raise
            raise ShapeError(issues) from error
        return dict(zip((blob.name for blob in self.graph.outputs), found, strict=True))

    @cached_property
    def probe(self) -> tuple[Any, _Live]:
        """A network of the same source that has every blob as an output.

        Its arrays are found by what they are made from.
        """
        made = [blob for blob in self.graph.blobs.values() if blob not in self.graph.input_set]
        return _live(self.backend, dataclasses.replace(self.graph, outputs=tuple(made)))


_LIVE: WeakKeyDictionary[Any, _Live] = WeakKeyDictionary()
"""By network, which is freed with its user's last name for it: no value may hold it."""


def _live(backend: Backend, graph: Graph) -> tuple[Any, _Live]:
    """A network of the graph, and what is known of it."""
    emitted = backend.emit(graph)
    return built(backend, emitted, graph.phase), _Live(graph, backend, emitted)


def built(backend: Backend, emitted: Emitted, phase: str) -> Any:
    """A live network of what was emitted. Raises Proto2NetError where it cannot run here."""
    try:
        return backend.runner.build(emitted, phase)
    except ImportError as error:
        raise backend.runner.missing(error) from None


def _unread(emitted: Emitted, values: Mapping[Slot, Ndarray]) -> dict[Slot, Ndarray]:
    """The values that no array of the emitted network is made from."""
    read = {source for array in emitted.arrays.values() for source in array.sources}
    return {source: value for source, value in values.items() if source not in read}


def _backend(name: str) -> Backend:
    backend = backends.get(name)
    if not isinstance(backend, Backend):
        raise Proto2NetError(f'"{name}" prints text; it cannot be loaded')
    return backend


def _tell_batch(graph: Graph) -> None:
    from proto2net.caffe.prototxt import grouped

    for note in grouped(fixing_batch(graph)):
        _LOG.info(note)


_LOG = logging.getLogger("proto2net")
