"""An ONNX graph of a network: the operators of its layers, with names, shapes and arrays.

Inputs, outputs and values have the names of Caffe's blobs, operators those of its layers. A blob
that a layer overwrites in place is several values here: the last has the name, as in Caffe.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proto2net.backends.base import Array, Emitted, Step
from proto2net.backends.onnx import container
from proto2net.backends.onnx.container import Put, Told, tell
from proto2net.backends.onnx.schema import Message, message_class
from proto2net.backends.onnx.values import (
    BOOL,
    FLOAT,
    INT32,
    INT64,
    Bottom,
    Constant,
    Learned,
    Operator,
    Rendered,
    Result,
    Value,
    constant,
)
from proto2net.backends.outputs import needed, no_outputs, with_losses
from proto2net.backends.preprocess import labels_told, transform_told
from proto2net.backends.scope import shown_name
from proto2net.backends.sizes import check_sizes, said
from proto2net.batch import following, sized_by_value, walk
from proto2net.errors import ShapeError, UnsupportedError
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph
from proto2net.lowering import lowered
from proto2net.shape import Shape
from proto2net.text import plain
from proto2net.version import VERSION

Write = Callable[[BinaryIO], None]
"""Puts a file on an unbuffered stream."""

if TYPE_CHECKING:
    from proto2net.backends.base import Backend

_LOG = logging.getLogger("proto2net")

IR_VERSION = 8
"""That of the file: opsets 13 to 21 may stand in it, and readers of 2022 know it."""

_LONGEST = 500
"""More characters no name has."""

BATCH = "N"
"""What the size of a batch is called that may be any."""

ACTIVATIONS = ("Elu", "HardSigmoid", "HardSwish", "Mul", "Sigmoid", "Tanh")
"""What OpenCV 5 overlooks as it folds a BatchNormalization into a convolution before it.

With an Identity between them it does not.
"""

TYPES = {"float32": FLOAT, "int64": INT64, "int32": INT32, "bool": BOOL}


@dataclass(frozen=True)
class OnnxEmitted(Emitted):
    """A graph whose learned arrays are initializers without their data; they come as it is written.

    So `files` has no bytes of it.
    """

    model: Message = None

    def written(self, path: Path, put: Put, told: Told) -> dict[Path, tuple[Write, int]]:
        """What writes each file, and about how many bytes that writes.

        `put` writes the array of a name, and what is `told` stands in the file too.
        """
        size = container.size(self.model)
        if size <= container.LARGEST:
            whole = partial(container.write, model=self.model, put=put, told=told)
            return {path: (whole, size)}
        beside = path.with_name(f"{path.name}.data")
        arrays = partial(container.write_arrays, model=self.model, put=put)
        model = container.with_arrays_in(self.model, beside.name)
        graph = partial(container.write, model=model, put=put, told=told)
        return {beside: (arrays, size), path: (graph, model.ByteSize())}

    @property
    def portable(self) -> str:
        return b64encode(self.model.SerializeToString()).decode()


class OnnxFile:
    """The graph of a network, as messages."""

    def __init__(
        self, backend: Backend, graph: Graph, name: str, opset: int, any_batch: bool
    ) -> None:
        self.opset = opset
        self.name = name
        graph = with_losses(graph)
        found = lowered(graph, backend.renders_itself)
        self.graph = found.graph
        self._lowered = found
        self.steps = backend.steps(found)
        if graph.free:
            check_sizes(backend, graph, found, self.steps)
        if not self.graph.outputs:
            raise UnsupportedError(no_outputs(graph))
        self.steps = needed(self.steps, self.graph.outputs)
        tell_of_states(self.steps)
        self.sizes = Open(
            self.graph, of_twice(backend, self.graph, self.steps) if any_batch else {}
        )
        self.arrays: dict[str, Array] = {}
        self._owned: dict[Array, str] = {}
        self._constants: dict[tuple[str, Shape, bytes], str] = {}
        self._makers: dict[str, str] = {}
        self._taken = Taken()
        self._taken_by_nodes = Taken()
        self._message = message_class("GraphProto")(name=readable(name))
        self._roots = self._aliased()
        self._names = self._of_blobs()

    def emitted(self) -> OnnxEmitted:
        """The whole graph."""
        for blob in self.graph.inputs:
            self._message.input.append(self._info(self._names[blob], blob))
        for step in self.steps:
            if isinstance(step.code.forward, Rendered):
                self._write(step, step.code.forward)
        self._outputs()
        model = message_class("ModelProto")(
            ir_version=IR_VERSION, producer_name="proto2net", producer_version=VERSION
        )
        model.doc_string = f"{plain(self.name) or 'A network'}, converted from Caffe by proto2net."
        if self.graph.usage.mean:
            _LOG.info("an .onnx file cannot hold the mean image, only its name")
        told = {**transform_told(self.graph), **labels_told(self.graph)}
        tell(model, {"phase": self.graph.phase.lower(), **told})
        model.opset_import.add(domain="", version=self.opset)
        model.graph.CopyFrom(self._message)
        origin = self._lowered.origin
        arrays = {
            name: Array(tuple((origin(node), blob) for node, blob in array.sources), array.convert)
            for name, array in self.arrays.items()
        }
        return OnnxEmitted({".onnx": b""}, self.name, arrays, model=model)

    # ---- names --------------------------------------------------------------------------------

    def _aliased(self) -> dict[Blob, Blob]:
        """Each blob that is another under a new name."""
        roots: dict[Blob, Blob] = {}
        for step in self.steps:
            if step.alias:
                root = roots.get(step.bottoms[0], step.bottoms[0])
                roots.update(dict.fromkeys(step.tops, root))
        return roots

    def _root(self, blob: Blob) -> Blob:
        return self._roots.get(blob, blob)

    def _of_blobs(self) -> dict[Blob, str]:
        """The name of each value that a layer makes, and of the inputs."""
        makers = {top: step for step in self.steps for top in step.tops}
        names = {blob: self._taken.unique(_called(blob)) for blob in self.graph.inputs}
        last = [blob for blob in self.graph.blobs.values() if blob in makers]
        for blob in sorted(last, key=lambda blob: blob in self._roots):  # its own name comes first
            root = self._root(blob)
            if root not in names:
                names[root] = self._taken.unique(_called(blob))
        for top, step in makers.items():
            if top not in names and top not in self._roots:
                names[top] = self._taken.unique(f"{_called(top)}/{step.name}")
        return names

    # ---- operators ----------------------------------------------------------------------------

    def _write(self, step: Step, rendered: Rendered) -> None:
        """Append the operators of a layer."""
        read = [self._names[self._root(blob)] for blob in step.bottoms]
        made: dict[tuple[Operator, int], str] = {}
        for top, each in zip(step.tops, rendered.tops, strict=False):
            if isinstance(each, Result):
                made.setdefault((each.operator, each.index), self._names[top])
        last = rendered.tops[0].operator if isinstance(rendered.tops[0], Result) else None

        def name(each: Value | None) -> str:
            match each:
                case Result(operator, index):
                    return made[operator, index]
                case Bottom(index):
                    return read[index]
                case Learned():
                    return self._array(step, each)
                case Constant():
                    return self._constant(step, each)
            return ""

        for operator in rendered.operators:
            for index in range(operator.outputs):
                if (operator, index) not in made:
                    made[operator, index] = self._taken.unique(f"{step.name}/{operator.type}")
            inputs = list(map(name, operator.inputs))
            outputs = [made[operator, index] for index in range(operator.outputs)]
            called = step.name if operator is last else f"{step.name}/{operator.type}"
            self._operator(called, operator, inputs, outputs)
        for top, one in zip(step.tops, rendered.tops, strict=False):
            if name(one) != self._names[top]:
                self._identity(step.name, name(one), self._names[top])
            if isinstance(one, Result) and top not in self.graph.output_set:
                self._message.value_info.append(self._info(self._names[top], top))

    def _operator(
        self, called: str, each: Operator, inputs: list[str], outputs: Sequence[str]
    ) -> None:
        attributes = dict(each.attributes)
        moved = self.opset >= 18 or each.type == "ReduceSum"
        if each.type.startswith("Reduce") and moved and "axes" in attributes:
            axes = constant(attributes.pop("axes"))
            inputs = [*inputs, self._named_constant(f"{called}/axes", axes)]
        while inputs and not inputs[-1]:
            inputs.pop()
        if each.type == "BatchNormalization" and self._makers.get(inputs[0]) in ACTIVATIONS:
            behind = self._taken.unique(f"{called}/Identity")
            self._identity(called, inputs[0], behind)
            inputs = [behind, *inputs[1:]]
        self._makers.update(dict.fromkeys(outputs, each.type))
        node = self._message.node.add(
            name=self._taken_by_nodes.unique(called),
            op_type=each.type,
            input=inputs,
            output=outputs,
        )
        for key, told in sorted(attributes.items()):
            _tell(node.attribute.add(name=key), told)

    def _identity(self, called: str, source: str, target: str) -> None:
        self._operator(f"{called}/Identity", Operator("Identity", (), {}), [source], [target])

    # ---- arrays -------------------------------------------------------------------------------

    def _array(self, step: Step, each: Learned) -> str:
        """The name of a learned array; layers that share it have one."""
        owned = Array(
            tuple(self.graph.owner(*source) for source in each.array.sources), each.array.convert
        )
        if owned not in self._owned:
            name = self._taken.unique(f"{step.name}/{each.name}")
            self._owned[owned] = name
            self.arrays[name] = owned
            self._message.initializer.add(name=name, dims=each.shape, data_type=FLOAT)
        return self._owned[owned]

    def _constant(self, step: Step, each: Constant) -> str:
        return self._named_constant(f"{step.name}/constant", each)

    def _named_constant(self, wanted: str, each: Constant) -> str:
        """The name of a constant; equal ones are one."""
        if each.key not in self._constants:
            name = self._taken.unique(wanted)
            self._constants[each.key] = name
            self._message.initializer.append(initializer(name, each))
        return self._constants[each.key]

    # ---- inputs and outputs -------------------------------------------------------------------

    def _outputs(self) -> None:
        written: set[str] = set()
        inputs = {each.name for each in self._message.input}
        for blob in self.graph.outputs:
            name = self._names[self._root(blob)]
            wanted = _called(blob)
            if name in inputs or name in written or (name != wanted and wanted not in self._taken):
                source, name = name, self._taken.unique(wanted)
                self._identity(shown_name(blob), source, name)
            written.add(name)
            self._message.output.append(self._info(name, blob))

    def _info(self, name: str, blob: Blob) -> Message:
        """What is known of a value: its type and shape."""
        info = message_class("ValueInfoProto")(name=name)
        tensor = info.type.tensor_type
        tensor.elem_type = FLOAT
        tensor.shape.SetInParent()
        for size in self.sizes.of(blob):
            dim = tensor.shape.dim.add()
            if isinstance(size, int):
                dim.dim_value = size
            elif size:
                dim.dim_param = size
        return info


class Taken(dict[str, int]):
    """Names that are taken, each with the last number that one like it has got."""

    def unique(self, wanted: str) -> str:
        """The name itself, or with the first number that nothing has."""
        name = wanted = readable(wanted)
        while name in self:
            self[wanted] += 1
            name = f"{wanted}_{self[wanted]}"
        self[name] = 1
        return name


class Open:
    """Which sizes of a graph may be any."""

    def __init__(self, graph: Graph, doubled: Mapping[Blob, Shape]) -> None:
        self.graph = graph
        self._unknown = sized_by_value(graph)
        self._doubled = doubled

    def of(self, blob: Blob) -> Iterator[int | str]:
        """Its shape: a number, "N" for the batch, or "" for a size that is not known."""
        doubled = self._doubled.get(blob, blob.shape)
        free = self.graph.free.get(blob, ())
        for axis, (size, twice) in enumerate(zip(blob.shape, doubled, strict=True)):
            if blob in self._unknown or axis in free:
                yield ""
            elif size != twice:
                yield BATCH if axis == 0 and size == self.graph.batch else ""
            else:
                yield size


def tell_of_states(steps: Sequence[Step]) -> None:
    """Tell of what a file cannot keep from run to run."""
    for step in steps:
        if step.node.layer.continues(len(step.bottoms)):
            _LOG.info(
                f"{step.node} starts each run from zeros; in Caffe it goes on from the run before "
                "where cont is not 0 at the first step"
            )


def of_twice(backend: Backend, graph: Graph, steps: Sequence[Step]) -> dict[Blob, Shape]:
    """The shapes for twice as many images; none where other operators are written for these."""
    if not following(graph):
        return {}
    doubled = walk(graph).doubled
    try:
        other = graph.fed(lambda top: doubled[top])
    except ShapeError:  # a layer that takes one image
        return {}
    twice = lowered(other, backend.renders_itself)
    others = needed(backend.steps(twice), twice.graph.outputs)
    for step, again in zip(steps, others, strict=False):
        if said(step) != said(again):
            _LOG.info(
                f"the file takes batches of {graph.batch} only: {step.node} is written for "
                "this size"
            )
            return {}
    return doubled if len(steps) == len(others) else {}


def initializer(name: str, each: Constant) -> Message:
    """An array that the graph holds."""
    tensor = message_class("TensorProto")(name=name, dims=each.shape)
    tensor.data_type = TYPES[each.type]
    tensor.raw_data = each.content
    return tensor


def _called(blob: Blob) -> str:
    """What a blob is called, as readers take it."""
    return readable(shown_name(blob))


def readable(name: str) -> str:
    """The name as readers take it: it is not empty, nor endless, and has no control characters."""
    kept = "".join(c if c.isprintable() else "_" for c in name) or "_"
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST]}…"


def _tell(attribute: Message, told: Any) -> None:
    """Set the value of an attribute by its type."""
    kinds = attribute.DESCRIPTOR.enum_types_by_name["AttributeType"].values_by_name
    match told:
        case int():
            attribute.i, kind = told, "INT"
        case float():
            attribute.f, kind = told, "FLOAT"
        case str():
            attribute.s, kind = told.encode(), "STRING"
        case [float(), *_]:
            attribute.floats.extend(told)
            kind = "FLOATS"
        case _:
            attribute.ints.extend(told)
            kind = "INTS"
    attribute.type = kinds[kind].number
