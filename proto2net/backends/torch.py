"""PyTorch: one nn.Module, layers with parameters in __init__, blobs as variables in forward.

PyTorch's layout is Caffe's own (N, C, H, W), and so is that of its weights.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proto2net.backends.base import (
    Array,
    Backend,
    Code,
    Emitted,
    Step,
    Transposed,
    Variables,
    assemble,
    choose,
    docstring,
    fill,
    passes_once,
    running_statistics,
    same_array,
    shown,
)
from proto2net.backends.source import (
    Namespace,
    assignment,
    call,
    class_name,
    literal,
    plain,
    returned,
    same,
    signature,
    statement,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Graph, Node
from proto2net.layers import (
    LRN,
    BatchNorm,
    Concat,
    Convolution,
    Dropout,
    Eltwise,
    Filler,
    InnerProduct,
    Input,
    Pooling,
    ReLU,
    Scale,
    Sigmoid,
    Silence,
    Softmax,
    Split,
    TanH,
)
from proto2net.shape import Shape, canonical_axis, count

if TYPE_CHECKING:
    from proto2net.backends.base import Ndarray

IMPORTS = {
    "math": "import math",
    "np": "import numpy as np",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
}
"""What the emitted file may import, in order."""

# What an nn.Module already has: a layer of such a name would overwrite it.
MODULE_ATTRIBUTES = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "reset_parameters",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)


class Torch(Backend):
    """The table of PyTorch renderers, and the file around them."""

    name = "torch"
    title = "PyTorch"
    helpers_file = "torch_helpers.py"

    def emit(self, graph: Graph, name: str = "") -> Emitted:
        """An importable file with one nn.Module."""
        return _File(self, graph, self.steps(graph), name).emitted()

    def build(self, module: Any, emitted: Emitted, phase: str) -> Any:
        network = getattr(module, emitted.entry)()
        return network.train(phase == "TRAIN")

    def install(self, network: Any, arrays: dict[str, Ndarray]) -> None:
        import numpy as np
        import torch

        state = network.state_dict()
        with torch.no_grad():
            for name, array in arrays.items():
                state[name].copy_(torch.from_numpy(np.ascontiguousarray(array)))

    def arrays(self, network: Any) -> dict[str, Ndarray]:
        return {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}

    def run(self, network: Any, graph: Graph, feeds: dict[str, Ndarray]) -> list[Ndarray]:
        import torch

        with torch.no_grad():
            outputs = network(*(torch.as_tensor(feeds[blob.name]) for blob in graph.inputs))
        return [
            tensor.detach().cpu().numpy()
            for tensor in (outputs if isinstance(outputs, tuple) else (outputs,))
        ]


class _File:
    """The emitted file of one graph."""

    def __init__(self, backend: Torch, graph: Graph, steps: list[Step], name: str) -> None:
        self.backend = backend
        self.graph = graph
        self.steps = [step for step in steps if step.code.forward]
        self.entry = name or class_name(graph.name)
        self.arrays: dict[str, Array] = {}
        self._variables = Variables(Namespace({*IMPORTS, *backend.helpers, self.entry, "self"}))
        self._attributes = self._name_attributes()

    def emitted(self) -> Emitted:
        forward = self._forward()
        body = [
            f"class {self.entry}(nn.Module):",
            *docstring(self.graph, ncdims, 1),
            *self._init(),
            *self._reset(),
            "",
            *forward,
        ]
        source = assemble(self.backend, self.graph, IMPORTS, body, self._main())
        return Emitted(source, self.entry, self.arrays)

    def _name_attributes(self) -> dict[Node[Any], str]:
        """The attribute of each layer object; layers that share all arrays share the object."""
        namespace = Namespace(MODULE_ATTRIBUTES)
        names: dict[Node[Any], str] = {}
        owners: dict[tuple[object, ...], str] = {}
        for step in self.steps:
            if not step.code.init:
                continue
            key = (step.code.init, *self._owned(step))
            if len(key) == 1 or key not in owners:
                owners[key] = names[step.node] = namespace.name(step.node.name, "layer")
            else:
                names[step.node] = owners[key]
        return names

    def _owned(self, step: Step) -> list[Array]:
        """The step's arrays with each source replaced by the blob that owns it."""
        return [
            Array(tuple(self.graph.owner(*source) for source in array.sources), array.convert)
            for array in step.code.arrays.values()
        ]

    def _init(self) -> list[str]:
        lines: list[str] = []
        shared: dict[Array, str] = {}
        made: set[str] = set()
        for step in self.steps:
            if not step.code.init or self._attributes[step.node] in made:
                continue
            attribute = self._attributes[step.node]
            made.add(attribute)
            comment = "" if attribute == step.node.name else literal(plain(step.node.name))
            lines.append(statement(f"self.{attribute} = {step.code.init}", 2, comment))
            for name, array in zip(step.code.arrays, self._owned(step), strict=True):
                if array in shared:
                    lines.append(statement(f"self.{attribute}.{name} = {shared[array]}", 2))
                else:
                    shared[array] = f"self.{attribute}.{name}"
                    self.arrays[f"{attribute}.{name}"] = array
        if not lines:
            return []
        return ["", "    def __init__(self) -> None:", "        super().__init__()", *lines]

    def _reset(self) -> list[str]:
        lines = initialisation(self.steps, self._attributes)
        if not lines:
            return []
        self_call = "        self.reset_parameters()"
        return [
            self_call,
            "",
            "    def reset_parameters(self) -> None:",
            '        """Start from the fillers of the definition."""',
            *lines,
        ]

    def _forward(self) -> list[str]:
        inputs = [self._variables.define(blob) for blob in self.graph.inputs]
        written: list[_Assignment] = []
        for step in self.steps:
            if isinstance(step.node.layer, Input):
                continue
            if step.alias:
                for top in step.tops:
                    self._variables.alias(top, step.bottoms[0])
                continue
            written.append(self._assignment(step, written))
        outputs = [self._variables[blob] for blob in self.graph.outputs]
        parameters = ", ".join(["self", *(f"{name}: torch.Tensor" for name in inputs)])
        result = ", ".join(["torch.Tensor"] * len(outputs))
        result = f"tuple[{result}]" if len(outputs) > 1 else result or "None"
        return [
            signature(f"def forward({parameters}) -> {result}:", 1),
            *(assignment(line.targets, line.value, 2, line.comment) for line in written),
            *([returned(outputs, 2)] if outputs else [] if written else ["        pass"]),
        ]

    def _assignment(self, step: Step, written: list[_Assignment]) -> _Assignment:
        """The statement of a step; an in-place one takes in its producer's where that fits."""
        read = [self._variables[blob] for blob in step.bottoms]
        attribute = self._attributes.get(step.node, "")
        targets = tuple(self._variables.define(top) for top in step.tops)
        comment = shown(step.tops[-1].shape)
        if step.bottoms and step.tops[0].shape == step.bottoms[0].shape:
            comment = ""
        last = written[-1] if written else None
        if last and last.targets == targets == tuple(read) and passes_once(step.code.forward):
            value = fill(step.code.forward, [last.value], self=f"self.{attribute}")
            nested = assignment(targets, value, 2)
            if "\n" not in nested:
                written.pop()
                return _Assignment(targets, value, comment or last.comment)
        value = fill(step.code.forward, read, self=f"self.{attribute}")
        return _Assignment(targets, value, comment)

    def _main(self) -> list[str]:
        """The block that runs the network once and prints the shapes of its outputs."""
        zeros = [call("torch.zeros", *blob.shape) for blob in self.graph.inputs]
        names = [blob.name for blob in self.graph.outputs]
        lines = [f"    net = {self.entry}().eval()", "    with torch.no_grad():"]
        if len(names) == 1:
            lines.append(statement(f"output = net({', '.join(zeros)})", 2))
            lines.append(statement(f"print({literal(names[0])}, tuple(output.shape))", 1))
        else:
            lines.append(statement(f"outputs = net({', '.join(zeros)})", 2))
            lines.append(statement(f"names = {literal(names)}", 1))
            lines.append("    for name, output in zip(names, outputs):")
            lines.append("        print(name, tuple(output.shape))")
        return lines


@dataclass(frozen=True)
class _Assignment:
    targets: tuple[str, ...]
    value: str
    comment: str


def ncdims(shape: Shape) -> str:
    """A shape of any batch size in Caffe's order: (N, 3, 224, 224)."""
    return f"({', '.join(['N', *map(str, shape[1:])])})" if shape else "()"


# ---- how the network starts ---------------------------------------------------------------

# Parameters that PyTorch starts with the same value as Caffe does by default.
STARTS_ALIKE = {
    ("nn.BatchNorm2d", "weight"): Filler(value=1.0),
    ("nn.BatchNorm2d", "bias"): Filler(),
    ("nn.PReLU", "weight"): Filler(value=0.25),
}
_OFTEN = 3
"""From this many layers of one class on, they are filled in a loop."""


def initialisation(steps: list[Step], attributes: dict[Node[Any], str]) -> list[str]:
    """Statements that fill each parameter as Caffe would.

    What most layers of a class have in common stands in one loop; the others follow it.
    """
    classes: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for step in steps:
        if step.code.init:
            module = step.code.init.partition("(")[0]
            classes.setdefault(module, []).append((attributes[step.node], _fillings(module, step)))
    loop: list[str] = []
    single: list[str] = []
    for module, layers in classes.items():
        usual = _usual([fillings for _, fillings in layers]) if len(layers) >= _OFTEN else {}
        if any(usual.values()):
            loop.append(f"            if isinstance(module, {module}):")
        for parameter, filling in usual.items():
            lines = [filling.format(f"module.{parameter}")] if filling else []
            if lines and any(parameter not in fillings for _, fillings in layers):
                lines = [f"if module.{parameter} is not None:", f"    {lines[0]}"]
            loop += ["                " + line for line in lines]
        for attribute, fillings in layers:
            for parameter, filling in fillings.items():
                if filling and filling != usual.get(parameter):
                    text = filling.format(f"self.{attribute}.{parameter}")
                    single.append(statement(text, 2))
    if loop:
        loop.insert(0, "        for module in self.modules():")
    return loop + single


def _usual(layers: list[dict[str, str]]) -> dict[str, str]:
    """The commonest filling of each parameter."""
    parameters = dict.fromkeys(name for fillings in layers for name in fillings)
    return {
        name: Counter(f[name] for f in layers if name in f).most_common(1)[0][0]
        for name in parameters
    }


def _fillings(module: str, step: Step) -> dict[str, str]:
    """A statement with {} for each parameter of a layer; empty where PyTorch starts alike."""
    fillings = {}
    for name, array in step.code.arrays.items():
        if len(array.sources) == 1:
            node, blob = array.sources[0]
            filler = node.blobs[blob].filler
            alike = STARTS_ALIKE.get((module, name)) == filler
            fillings[name] = "" if alike else filling(filler, node.blobs[blob].shape, array)
    return fillings


def filling(filler: Filler, shape: Shape, array: Array) -> str:
    """The statement, with {} for the parameter, that draws it as Caffe's filler.hpp does."""
    if filler.type == "constant":
        special = {0.0: "nn.init.zeros_({})", 1.0: "nn.init.ones_({})"}
        return special.get(filler.value) or call("nn.init.constant_", "{}", filler.value)
    if filler.type == "uniform":
        return call("nn.init.uniform_", "{}", filler.min, filler.max)
    if filler.type == "gaussian" and filler.sparse < 0:
        return call("nn.init.normal_", "{}", mean=(filler.mean, 0.0), std=(filler.std, 1.0))
    if filler.type in ("xavier", "msra"):
        return _fan_filling(filler, shape, array)
    options = {"sparse": (filler.sparse, -1), "mean": (filler.mean, 0.0), "std": (filler.std, 1.0)}
    return call(f"{filler.type}_", "{}", **options)


def _fan_filling(filler: Filler, shape: Shape, array: Array) -> str:
    """xavier and msra; PyTorch has their fans too, but for the mean of both under msra."""
    fan_in, fan_out = count(shape) / shape[0], count(shape) / (shape[1] if len(shape) > 1 else 1)
    fan = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "AVERAGE": (fan_in + fan_out) / 2}
    if len(shape) < 2 or filler.variance_norm == "AVERAGE":
        width = math.sqrt((3 if filler.type == "xavier" else 2) / fan[filler.variance_norm])
        if filler.type == "xavier":
            return call("nn.init.uniform_", "{}", -width, width)
        return call("nn.init.normal_", "{}", std=width)
    swapped = array.convert is not None  # Caffe counts along the axes as its file has them
    out = (filler.variance_norm == "FAN_OUT") != swapped
    return call(
        "nn.init.kaiming_uniform_" if filler.type == "xavier" else "nn.init.kaiming_normal_",
        "{}",
        mode=('"fan_out"' if out else '"fan_in"', '"fan_in"'),
        nonlinearity='"linear"' if filler.type == "xavier" else '"relu"',
    )


# ---- the table ------------------------------------------------------------------------------

backend = Torch()
renders = backend.renders


@renders(Input)
@renders(Silence)
def _nothing(node: Node[Any]) -> Code:
    return Code("")


@renders(Split)
def _same(node: Node[Any]) -> Code:
    return Code("{0}")


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    window = layer.window(bottom)
    (_, channels, size) = layer.split(bottom)
    if layer.axis % len(bottom) != 1 or not 1 <= len(size) <= 3 or len(node.bottoms) > 1:
        raise UnsupportedError("only one bottom, with channels on axis 1, is rendered so far")
    init = call(
        f"nn.Conv{len(size)}d",
        channels,
        layer.num_output,
        kernel_size=same(window.kernel),
        stride=(same(window.stride), 1),
        padding=(same(window.pad), 0),
        dilation=(same(window.dilation), 1),
        groups=(layer.group, 1),
        bias=(layer.bias_term, True),
    )
    return Code("{self}({0})", init, {name: same_array(node, name) for name in node.blobs})


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    function = choose(node, "pool", MAX="max", AVE="avg")
    if layer.global_pooling:
        return Code(f"F.adaptive_{function}_pool2d({{0}}, 1)")
    window = layer.window(bottom)
    fits = all(
        s <= k and 2 * p <= k
        for k, s, p in zip(window.kernel, window.stride, window.pad, strict=True)
    )
    if not fits or len(node.tops) > 1:
        raise UnsupportedError("this window has no rendering so far")
    ceil = layer.round_mode == "CEIL" and set(window.stride) != {1}
    return Code(
        call(
            f"F.{function}_pool2d",
            "{0}",
            same(window.kernel),
            stride=(same(window.stride), None),
            padding=(same(window.pad), 0),
            ceil_mode=(ceil, False),
        )
    )


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    if layer.norm_region == "WITHIN_CHANNEL":
        return Code(
            call(
                "lrn_within_channel",
                "{0}",
                layer.local_size,
                alpha=(layer.alpha, 1.0),
                beta=(layer.beta, 0.75),
            )
        )
    return Code(
        call(
            "F.local_response_norm",
            "{0}",
            layer.local_size,
            alpha=(layer.alpha, 1e-4),
            beta=(layer.beta, 0.75),
            k=(layer.k, 1.0),
        )
    )


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    if node.phase == "TEST":
        return Code("{0}")
    return Code("{self}({0})", call("nn.Dropout", node.layer.dropout_ratio))


@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    flat = "{0}" if axis == len(bottom) - 1 else f"torch.flatten({{0}}, {axis})"
    init = call("nn.Linear", count(bottom[axis:]), layer.num_output, bias=(layer.bias_term, True))
    arrays = {name: same_array(node, name) for name in node.blobs}
    if layer.transpose:
        arrays["weight"] = same_array(node, "weight", Transposed((1, 0)))
    return Code(f"{{self}}({flat})", init, arrays)


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope = node.layer.negative_slope
    return Code(call("F.leaky_relu", "{0}", slope) if slope else "F.relu({0})")


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return Code("torch.sigmoid({0})")


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return Code("torch.tanh({0})")


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(f"F.softmax({{0}}, dim={axis})")


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    bottoms = [f"{{{index}}}" for index in range(len(node.bottoms))]
    if len(bottoms) == 1:
        return Code("{0}")
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(f"torch.cat(({', '.join(bottoms)}), dim={axis})")


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    bottoms = [f"{{{index}}}" for index in range(len(node.bottoms))]
    operation = choose(node, "operation", SUM="+", PROD="*", MAX="max")
    if operation == "max":
        result = bottoms[0]
        for bottom in bottoms[1:]:
            result = f"torch.maximum({result}, {bottom})"
        return Code(result)
    if operation == "+" and node.layer.coeff:
        return Code(weighted_sum(bottoms, node.layer.coeff))
    return Code(f" {operation} ".join(bottoms))


def weighted_sum(terms: list[str], coefficients: tuple[float, ...]) -> str:
    """`a - 0.5 * b` for coefficients 1 and -0.5."""
    text = ""
    for term, coefficient in zip(terms, coefficients, strict=True):
        size = abs(coefficient)
        part = term if size == 1 else f"{literal(size)} * {term}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {part}" if text else f"{sign.strip('+')}{part}"
    return text


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    return _normalisation(node, None)


@renders(BatchNorm, Scale)
def _batch_norm_and_scale(node: Node[BatchNorm], scale: Node[Scale]) -> Code | None:
    if canonical_axis(scale.layer.axis, scale.bottoms[0].shape) != 1 or scale.layer.num_axes != 1:
        return None
    return _normalisation(node, scale)


def _normalisation(node: Node[BatchNorm], scale: Node[Scale] | None) -> Code:
    bottom = node.bottoms[0].shape
    if node.layer.batch_statistics(node.phase) or len(bottom) != 4:
        raise UnsupportedError("only 4-axis stored statistics are rendered so far")
    init = call(
        "nn.BatchNorm2d",
        bottom[1],
        eps=(node.layer.eps, 1e-5),
        affine=(scale is not None, True),
    )
    arrays = running_statistics(node)
    if scale is not None:
        arrays["weight"] = same_array(scale, "weight")
        if scale.layer.bias_term:
            arrays["bias"] = same_array(scale, "bias")
    return Code("{self}({0})", init, arrays)


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    raise UnsupportedError("a Scale that follows no BatchNorm is not rendered so far")
