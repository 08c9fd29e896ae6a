"""What every hand-written network is: a chain that appends typed layers to one graph."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from proto2net.builder import live
from proto2net.builder.values import settled, settled_part, whole
from proto2net.errors import Issue, Location, Proto2NetError, ShapeError, closest
from proto2net.graph import Blob, Entry, Graph
from proto2net.layers import Eltwise, Input, Layer, ParamSpec
from proto2net.shape import Shape
from proto2net.wiring import Wiring

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

Sizes = Sequence[int | None]
"""A shape; None stands for a batch of any size."""


class More(TypedDict, total=False):
    """What every layer can be given beside its own parameters.

    `name` is the layer's name, one made from the method's unless given. `top` names what it makes,
    if not as the layer: a string, or one for each of several tops; the name of the input to work
    in place; () for a loss that names none. `params`, `loss_weight`, `propagate_down` and `phase`
    are Caffe's fields of every layer.
    """

    name: str
    top: str | Sequence[str]
    params: Sequence[ParamSpec]
    loss_weight: Sequence[float]
    propagate_down: Sequence[bool]
    phase: str


class Chain:
    """A network whose `setup` feeds blobs to layers, each the input of the next.

    `inputs` gives a shape to each input by name, or a tensor of TensorFlow or PyTorch, and then
    outputs are tensors at once. Without, the class's own `inputs` are taken.

    Raises ShapeError with every problem of the network, each with the line of the chain that it is
    about.
    """

    name: ClassVar[str] = ""
    """The network's name; empty: the class's."""
    inputs: ClassVar[Mapping[str, Any]] = {}
    """A shape for each input by name, where none is given to the constructor."""
    input_layer: ClassVar[str] = ""
    """The one layer that makes all the inputs; empty: each has a layer of its own name."""
    outputs: ClassVar[Sequence[str]] = ()
    """The blobs that it gives; empty: those that no layer reads."""
    phase: ClassVar[str] = "test"

    def __init__(self, inputs: Mapping[str, Any] | None = None) -> None:
        inputs = self.inputs if inputs is None else inputs
        if not isinstance(inputs, Mapping):
            what = f"the inputs are given as {type(inputs).__name__}"
            raise Proto2NetError(what, 'give each by its name, as in {"data": (…)}')
        self.terminals: list[str] = []
        """The blobs that the next layer reads, by name."""
        self._tensors = live.tensors(inputs)
        self._wiring = Wiring(self.name or type(self).__name__, _phase(self.phase))
        self._made: dict[str, tuple[str, ...]] = {}
        self._weights: tuple[str | Path, bool] | None = None
        self._values: dict[str, Any] = {}
        self._graph: Graph | None = None
        self._feed_inputs(inputs)
        try:
            self.setup()
        except Exception:
            self._wiring.graph()  # a problem above, which may be the reason, is told first
            raise
        self._graph = self._finished()

    def setup(self) -> None:
        """Write the network here: `self.feed("data").conv(...).relu()`."""
        raise NotImplementedError(f"{type(self).__name__} has no setup()")

    # ---- appending layers -----------------------------------------------------------------------

    def feed(self, *blobs: str | Blob) -> Self:
        """Begin a chain: the next layer reads these inputs, or what these layers made.

        Without any, it reads nothing, as a layer that makes data does. A name that nothing has
        is reported with the line of this call.
        """
        self.terminals = []
        for blob in blobs:
            name = blob.name if isinstance(blob, Blob) else blob
            if not isinstance(name, str):
                hint = "it takes the names of inputs and of layers above"
                self._told("", Issue(f"feed got {name!r}", hint, _caller()))
                name = ""
            tops = (name,) if self._wiring.knows(name) else self._made.get(name)
            if tops is None:
                hint = closest(name, [*self._wiring.blobs, *self._made])
                if not self._made:
                    hint = f'give the shapes of inputs: {type(self).__name__}({{"{name}": (…)}})'
                self._told(name, Issue(f'no layer "{name}" above', hint, _caller()))
            self.terminals += tops or (name,)
        return self

    def add(self, layer: Layer | None = None, **more: Unpack[More]) -> Self:
        """Append a layer of any type, such as `.add(Power(power=2.0), name="square")`.

        Without a layer, sum the inputs, which have one shape (Caffe's Eltwise). The layer's own
        docstring says what shapes it takes and makes.
        """
        if layer is None:
            return self._append("add", Eltwise(), more)
        if not isinstance(layer, Layer):
            error = ShapeError(f"add got {layer!r}", "it takes a layer, such as Power(power=2.0)")
            return self._refused("add", error, more)
        return self._append(layer.type.lower(), layer, more)

    def _append(self, form: str, layer: Layer, more: More) -> Self:
        """Append a layer to the chain, which goes on with its tops."""
        issues = [*_unknown(more), *_wrong(more)]
        named = "name" in more and not issues
        name = more["name"] if named else self._unique(form)
        issues += [] if issues else self._misplaced(layer, name, "top" in more)
        try:
            layer = settled(layer)
        except ShapeError as error:
            issues += error.issues
        if issues:
            return self._refused(form, Proto2NetError(issues), {"name": name})
        self._check_open()
        reads = layer.bottoms[1] > 0
        entry = Entry(
            name,
            layer,
            tuple(self.terminals) if reads else (),
            _tops(layer, more.get("top", (name,))),
            tuple(map(settled_part, more.get("params", ()))),
            tuple(more.get("loss_weight", ())),
            tuple(more.get("propagate_down", ())),
            _phase(more.get("phase", self.phase)),
            _caller(),
        )
        self._wiring.add(entry)
        self._made[name] = entry.tops
        self.terminals = list(entry.tops)
        return self

    def _misplaced(self, layer: Layer, name: str, has_top: bool) -> Iterator[Issue]:
        """What Caffe would take, but people hardly mean."""
        if layer.bottoms[0] and not self.terminals:
            yield Issue("it has nothing to read", "begin the chain with self.feed(...)")
        if not has_top and layer.tops[1] and self._wiring.knows(name):
            hint = f'give it a name of its own, or top="{name}" to work in place'
            yield Issue(f'"{name}" is already made by a layer above', hint)

    def _in_place(self, layer: Layer, after: str, wanted: bool | str) -> Self:
        """Append a layer that overwrites what the one before made, if it is wanted.

        It is called as that one with its own type, `conv1_relu`, or as `wanted` says.
        """
        if not isinstance(wanted, bool | str):
            what = f"{layer.type.lower()} is {wanted!r}"
            error = ShapeError(what, "it is True, False, or the name of that layer")
            return self._refused("", error, {"name": after})
        if not wanted:
            return self
        name = wanted if isinstance(wanted, str) else f"{after}_{layer.type.lower()}"
        return self._append("", layer, {"name": name, "top": tuple(self.terminals)})

    def _unique(self, form: str) -> str:
        """A name that no layer has: conv_1, conv_2, ..."""
        number = 1
        while f"{form}_{number}" in self._made or self._wiring.knows(f"{form}_{number}"):
            number += 1
        return f"{form}_{number}"

    def _last(self, more: More) -> str:
        """The name of the layer that was just appended with these."""
        return more.get("name") or next(reversed(self._made))

    def _refused(self, form: str, error: Proto2NetError, more: More) -> Self:
        """Note the problems of a layer that cannot be made, and go on with what it would make."""
        found = more.get("name")
        name = found if found and isinstance(found, str) else self._unique(form)
        self._told(name, *error.at(_caller(), f'layer "{name}"'))
        self._made[name] = (name,)
        self.terminals = [name]
        return self

    def _told(self, name: str, *issues: Issue) -> None:
        """Note problems, which are raised with all others; of a finished network at once."""
        if self._graph:
            raise ShapeError(issues)
        self._wiring.refuse(name, *issues)

    def _check_open(self) -> None:
        """Refuse a layer that would not be part of the graph."""
        if self._graph:
            what = "no layer can be added any more: the network is complete"
            raise ShapeError([Issue(what, "write all layers in setup()", _caller())])

    # ---- the result -----------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The graph that the targets are printed from, as `proto2net.parse` gives it."""
        return self._graph or self._wiring.graph()

    @property
    def layers(self) -> dict[str, Any]:
        """What each layer made, by the layer's name and by the blob's, the inputs' too.

        These are blobs with a name and a shape (N, C, H, W); or tensors, if the network was made
        with tensors.
        """
        values = self._computed() if self._tensors else self._wiring.blobs
        found: dict[str, Any] = {}
        for name, tops in self._made.items():
            made = [values[top] for top in tops if top in values]
            found[name] = made[0] if len(made) == 1 else tuple(made)
        return found | values

    def get_output(self) -> Any:
        """What the last layer of the last chain made: a blob, or a tensor; see `layers`."""
        if not self.terminals:
            raise Proto2NetError("the network has no output", "write its layers in setup()")
        return self.layers[self.terminals[-1]]

    def load(self, path: str | Path, ignore_missing: bool = False) -> Self:
        """Take learned weights from a file, for `to` and for tensors.

        It is ethereon's .npy, a .safetensors that proto2net wrote, or a .caffemodel. Raises
        WeightError with every layer that does not fit; `ignore_missing` leaves what the file lacks
        to its fillers.
        """
        from proto2net.weights.matching import match
        from proto2net.weights.reading import read

        match(self.graph, read(path), allow_missing=ignore_missing)
        self._weights = (path, ignore_missing)
        self._values = {}
        return self

    def to(self, target: str) -> Any:
        """A live network, such as an nn.Module for "torch" or a keras.Model for "tf".

        It has the weights of `load`, else it starts from its fillers. Raises UnsupportedError for
        what the target cannot say.
        """
        return self._load(self.graph, target)

    def source(self, target: str) -> str:
        """The source text of the network for a target, as `proto2net convert` writes it."""
        from proto2net import api

        return api.convert(self.graph, to=target)

    def prototxt(self) -> str:
        """The network as Caffe's own text. Raises UnsupportedError for what Caffe cannot say."""
        return self.source("prototxt")

    def __str__(self) -> str:
        """The layers as a table: output shapes, parameters and multiply-adds."""
        return str(self.graph)

    def _load(self, graph: Graph, target: str) -> Any:
        from proto2net import api

        weights, allow_missing = self._weights or (None, False)
        return api.load(graph, weights, to=target, allow_missing=allow_missing)

    def _computed(self) -> dict[str, Any]:
        """The tensor of every blob. Computed when asked for, so that `load` comes first."""
        if not self._values:
            self._values = live.computed(self.graph, self._tensors, self._load)
        return self._values

    # ---- making the graph -----------------------------------------------------------------------

    def _feed_inputs(self, inputs: Mapping[str, Any]) -> None:
        """Append the layers of the inputs."""
        shapes: dict[str, Shape] = {}
        for name, sizes in inputs.items():
            tensor = self._tensors.get(name)
            try:
                shapes[name] = tensor.shape if tensor else self._caffe_shape(_known(name, sizes))
            except ShapeError as error:
                self._wiring.refuse(name, *error.at(_caller()))
        if self.input_layer:
            self._input(self.input_layer, shapes)
        else:
            for name, shape in shapes.items():
                self._input(name, {name: shape})

    def _input(self, name: str, shapes: Mapping[str, Shape]) -> None:
        layer, phase = Input(shape=tuple(shapes.values())), _phase(self.phase)
        self._wiring.add(Entry(name, layer, tops=tuple(shapes), phase=phase, where=_caller()))
        self._made[name] = tuple(shapes)

    def _caffe_shape(self, shape: Shape) -> Shape:
        """A shape as the class's users write it, in Caffe's order."""
        return shape

    def _finished(self) -> Graph:
        outputs = (self.outputs,) if isinstance(self.outputs, str) else self.outputs
        graph = self._wiring.graph()
        return graph.until(outputs) if outputs else graph


def _known(name: str, sizes: Any) -> Shape:
    """The sizes of an input; a batch that is left open counts as 1."""
    try:
        batch, *others = sizes
        first = 1 if batch is None or batch == -1 else batch
        found = tuple(whole("a size", size, least=1) for size in (first, *others))
    except (TypeError, ValueError, ShapeError):
        raise ShapeError(
            f'the shape of input "{name}" is {sizes!r}',
            "give a number for each axis, whole and from 1 on; only the batch can be None",
        ) from None
    return found


def _unknown(more: More) -> Iterator[Issue]:
    """What a call was given that neither it nor every layer takes."""
    known = More.__annotations__
    hint = f"besides its own options, each call takes {', '.join(known)}"
    for option in more:
        if option not in known:
            yield Issue(f'no option "{option}"', closest(option, known) or hint)


def _all(kind: type, values: Any) -> bool:
    """Whether these are values of one type."""
    return isinstance(values, list | tuple) and all(isinstance(each, kind) for each in values)


_TAKES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str), "a string"),
    "top": (lambda value: isinstance(value, str) or _all(str, value), "a string, or several"),
    "params": (lambda value: _all(ParamSpec, value), "a ParamSpec for each learned blob"),
    "loss_weight": (lambda value: _all(Real, value), "a sequence: a number for each top"),
    "propagate_down": (lambda value: _all(bool, value), "a sequence: a bool for each bottom"),
    "phase": (lambda value: isinstance(value, str), '"test" or "train"'),
}
"""What each option of every layer takes, and how that is said."""


def _wrong(more: More) -> Iterator[Issue]:
    """What is wrong with the options of every layer in a call."""
    for option, value in more.items():
        fits, right = _TAKES.get(option, (lambda _: True, ""))
        if not fits(value):
            yield Issue(f"{option} is {value!r}", f"it is {right}")


def _phase(name: str) -> str:
    """A phase as graphs have it. Raises Proto2NetError for a name that is none."""
    if not isinstance(name, str) or name.upper() not in ("TEST", "TRAIN"):
        raise Proto2NetError(f'no phase "{name}"', "it is test or train")
    return name.upper()


def _tops(layer: Layer, top: str | Sequence[str]) -> tuple[str, ...]:
    """The names of what a layer makes; none if its type makes nothing."""
    if not layer.tops[1]:
        return ()
    return (top,) if isinstance(top, str) else tuple(top)


def _caller() -> Location:
    """The line of the user's code that is being run."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno)


_HERE = os.path.dirname(__file__) + os.sep
