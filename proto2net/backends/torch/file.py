"""The file that the PyTorch backend emits: one nn.Module, blobs as variables in forward."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence

from proto2net.backends.base import Array, Step
from proto2net.backends.file import SourceFile, from_pretrained, result_type
from proto2net.backends.printing import text
from proto2net.backends.scope import Scope
from proto2net.backends.source import WIDTH
from proto2net.backends.statements import (
    Assignment,
    Block,
    Class,
    Evaluation,
    Function,
    Parameter,
    Return,
    Statement,
)
from proto2net.backends.torch.fillers import initialisation, parameter_name, zeros
from proto2net.backends.tree import (
    Expression,
    Literal,
    Name,
    Variable,
    call,
    code,
    dotted,
    method,
    weighted_sum,
)
from proto2net.errors import UnsupportedError

IMPORTS = {
    "math": "import math",
    "Callable": "from collections.abc import Callable",
    "Path": "from pathlib import Path",
    "np": "import numpy as np",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "load_file": "from safetensors.torch import load_file",
    "nn": "from torch import nn",
}
"""What the emitted file may import, in order."""

FEW = 4
"""Up to so many outputs the type of each is written out."""

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


class TorchScope(Scope):
    """The methods of a module: what makes its layer objects, and its forward."""

    reserved = frozenset({"self"})
    reserved_objects = MODULE_ATTRIBUTES | {"from_pretrained"}
    indent = 2
    stopped = code("{0}.detach()")

    def object(self, step: Step) -> Expression:
        return Variable(f"self.{self.objects.get(step.node, '')}")

    def methods(self) -> list[Statement]:
        """`__init__` and what fills its objects, where there are any, and `forward`."""
        forward = self._forward()
        return [*self._init(), forward]

    def _init(self) -> list[Statement]:
        """The methods that make the layer objects and fill them."""
        objects = self._objects()
        if not objects:
            return []
        start = [Evaluation(code("super().__init__()")), *objects]
        fillings = initialisation(self.steps, self.objects, self.arrays)
        if not fillings:
            return [_method("__init__", start)]
        doc = '"""Start from the fillers of the definition."""'
        start.append(Evaluation(code("self.reset_parameters()")))
        return [_method("__init__", start), _method("reset_parameters", fillings, doc)]

    def _objects(self) -> list[Statement]:
        """Statements that make the layer objects; also collects their arrays."""
        lines: list[Statement] = []
        shared: dict[object, tuple[Array, str]] = {}
        made: set[str] = set()
        for step in self.steps:
            name = self.objects.get(step.node)
            if name is None or name in made or step.code.init is None:
                continue
            made.add(name)
            whole, frozen = self.frozen(step)
            value = step.code.init
            if whole:
                value = method(value, "requires_grad_", False)
            comment = self.caffe_name(name, step)
            lines.append(Assignment((f"self.{name}",), value, comment))
            arrays = step.code.arrays.items()
            for (parameter, array), owned in zip(arrays, self.owned(step), strict=True):
                reached = parameter_name(name, parameter)
                first, place = shared.setdefault(owned.sources, (array, reached))
                if place == reached:
                    self.arrays[reached] = owned
                else:
                    _check_shareable(step, array, first)
                    other = Variable(f"self.{place}")
                    lines.append(Assignment((f"self.{reached}",), other))
                if parameter in frozen and not whole:
                    still = method(Variable(f"self.{reached}"), "requires_grad_", False)
                    lines.append(Evaluation(still))
        return lines

    def _forward(self) -> Statement:
        tensor = dotted("torch.Tensor")
        inputs = [self.variables.define(blob) for blob in self.graph.inputs]
        body: list[Statement] = [*self.statements()]
        body.append(Return(tuple(map(self.variable, self.graph.outputs))))
        parameters = [Parameter("self"), *(Parameter(name, tensor) for name in inputs)]
        result = result_type(tensor, len(self.graph.outputs), FEW)
        return Function("forward", parameters, result, body)


class TorchFile(SourceFile[TorchScope]):
    """The emitted file of one graph: a module with its parameters, and its forward."""

    imports = IMPORTS

    def scoped(self, steps: Sequence[Step], taken: Collection[str]) -> TorchScope:
        return TorchScope(self.graph, steps, taken)

    def body(self) -> list[Statement]:
        methods = [*self.scope.methods(), *self._from_pretrained()]
        return [Class(self.entry, [dotted("nn.Module")], self.docstring(1), methods)]

    def notes(self) -> list[str]:
        """What training minimises, where it is not just the sum of the losses."""
        weights = [weight for weight, _ in self.graph.losses]
        if set(weights) <= {1.0}:
            return []
        read = [(blob, self.scope.variable(blob)) for _, blob in self.graph.losses]
        terms = [code("{x}.sum()", x=x) if blob.shape else x for blob, x in read]
        return textwrap.wrap(f"Loss: {text(weighted_sum(terms, weights))}.", WIDTH - 4)

    def _from_pretrained(self) -> list[Statement]:
        if not self.weights:
            return []
        trains = self.graph.phase == "TRAIN"
        made = [
            Assignment(("net",), code("cls()")),
            Evaluation(code("net.load_state_dict(net.state_dict() | load_file(path))")),
            Return((code("net") if trains else code("net.eval()"),)),
        ]
        return [from_pretrained(self.entry, made)]

    def main(self) -> list[Statement]:
        inputs = [zeros(blob.shape) for blob in self.graph.inputs]
        shown = self.print_shapes(call("net", *inputs), code("tuple(output.shape)"))
        made = code("{net}().eval()", net=Name(self.entry))
        return [
            Assignment(("net",), self.loaded(made)),
            Block("with", code("torch.no_grad()"), shown),
        ]


def _method(name: str, body: Sequence[Statement], doc: str = "") -> Statement:
    return Function(name, [Parameter("self")], Literal(None), body, [doc] if doc else [])


def _check_shareable(step: Step, array: Array, first: Array) -> None:
    """Refuse two layers that share an array but need it in different shapes."""
    needed, found = (
        (a.convert, [node.blobs[blob].shape for node, blob in a.sources]) for a in (array, first)
    )
    if needed != found:
        node, blob = array.sources[0]
        owner, _ = first.sources[0]
        error = UnsupportedError(
            f'{blob} is shared with layer "{owner.name}", which has it in another shape: '
            "this has no rendering in torch",
            "use --to numpy",
        )
        raise UnsupportedError(error.at(node.where, str(node)))
