"""The file that the PyTorch backend emits: one nn.Module, blobs as variables in forward."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from proto2net.backends.base import Array, Code, Step
from proto2net.backends.blocks import PROJECT, Block
from proto2net.backends.file import SourceFile, from_pretrained, result_type
from proto2net.backends.head import CLASSES, Head, ends_in_softmax
from proto2net.backends.preprocess import MEAN, without_mean
from proto2net.backends.printing import text
from proto2net.backends.scope import Scope
from proto2net.backends.source import WIDTH
from proto2net.backends.statements import (
    Assignment,
    Class,
    Compound,
    Evaluation,
    Function,
    Parameter,
    Return,
    Statement,
    Verbatim,
)
from proto2net.backends.torch.fillers import initialisation, parameter_name, zeros
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Literal,
    Name,
    Variable,
    call,
    code,
    dotted,
    filled,
    method,
    weighted_sum,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Graph

IMPORTS = {
    "math": "import math",
    "Callable": "from collections.abc import Callable",
    "Path": "from pathlib import Path",
    "Any": "from typing import Any",
    "np": "import numpy as np",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "safe_open": "from safetensors import safe_open",
    "load_file": "from safetensors.torch import load_file",
    "load_model": "from safetensors.torch import load_model",
    "nn": "from torch import nn",
}
"""What the emitted file may import, in order."""

LOAD_SHARED = f"""missing, unexpected = load_model(net, path, strict=False)
wrong = {{*missing, *unexpected}} - {{"{MEAN}"}}
if wrong:
    raise ValueError(f"missing or unexpected: {{sorted(wrong)}}")"""
"""What loads shared arrays from a file that has a mean image too."""

_TENSOR = dotted("torch.Tensor")

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

    own = "self."
    reserved = frozenset({"self"})
    reserved_objects = MODULE_ATTRIBUTES | {"from_pretrained", "logits"}
    indent = 2
    stopped = code("{0}.detach()")

    shares = False
    """Whether two layers have one parameter, which the state then has by both names."""

    def __init__(
        self, graph: Graph, steps: Sequence[Step], taken: Collection[str], block: Block | None
    ) -> None:
        self.softmax: Step | None = None
        """What `forward` does to the logits, where a network has these."""
        if block is None and ends_in_softmax(steps, graph.outputs):
            *steps, self.softmax = steps
        super().__init__(graph, steps, taken, block, self.softmax.bottoms if self.softmax else ())

    def object(self, step: Step) -> Expression:
        return Variable(f"self.{self.objects.get(step.node, '')}")

    def methods(self, classes: Parameter | None) -> list[Statement]:
        """`__init__` and what fills its objects, where there are any, and the forward pass."""
        forward = self._forwards()
        objects = self.made()
        if not objects:
            return forward
        start = [Evaluation(code("super().__init__()")), *objects]
        fillings = initialisation(self.steps, self.objects, self.arrays)
        if fillings:
            start.append(Evaluation(code("self.reset_parameters()")))
        parameters = [Parameter("self"), *([classes] if classes else [])]
        init = Function("__init__", parameters, Literal(None), start)
        if not fillings:
            return [init, *forward]
        doc = '"""Initialize the parameters with the fillers of the definition."""'
        reset = Function("reset_parameters", [Parameter("self")], Literal(None), fillings, [doc])
        return [init, reset, *forward]

    def module(self, title: str, block: Block) -> Class:
        """The class of the block whose scope this is."""
        forward = self._forward("forward")
        kept = (Assignment((f"{self.own}{name}",), Variable(name)) for name in block.kept(self.own))
        start = [Evaluation(code("super().__init__()")), *kept, *self.made()]
        parameters = [Parameter("self"), *block.parameters]
        init = Function("__init__", parameters, Literal(None), start)
        return Class(title, [dotted("nn.Module")], [block.said], [init, forward])

    def made(self) -> list[Statement]:
        """Statements that make the layer objects; also collects their arrays."""
        made: list[Statement] = []
        for optional, steps in self.parted():
            objects = [line for step in steps for line in self.made_of(step)]
            if optional and objects:
                objects = [Compound("if", Variable(PROJECT), objects)]
            made += objects
        return made

    def made_of(self, step: Step) -> Iterator[Statement]:
        name = self.objects.get(step.node)
        if name is None or name in self._known or step.code.init is None:
            return
        self._known.add(name)
        whole, frozen = self.frozen(step)
        value = step.code.init
        if whole:
            value = method(value, "requires_grad_", False)
        yield Assignment((f"self.{name}",), value, self.caffe_name(name, step))
        arrays = step.code.arrays.items()
        for (parameter, array), owned in zip(arrays, self.owned(step), strict=True):
            reached = parameter_name(name, parameter)
            first, place = self._shared.setdefault(owned.sources, (array, reached))
            if place == reached:
                self.arrays[reached] = owned
            else:
                _check_shareable(step, array, first)
                self.shares = True
                yield Assignment((f"self.{reached}",), Variable(f"self.{place}"))
            if parameter in frozen and not whole:
                still = method(Variable(f"self.{reached}"), "requires_grad_", False)
                yield Evaluation(still)

    @cached_property
    def _known(self) -> set[str]:
        """The objects that are made."""
        return set()

    @cached_property
    def _shared(self) -> dict[Any, tuple[Array, str]]:
        """The first array that is made of each learned blob, and its parameter."""
        return {}

    def _forwards(self) -> list[Statement]:
        """`forward`; where it ends in Softmax, `logits` has all but that."""
        if self.softmax is None:
            return [self._forward("forward")]
        logits = self._forward("logits")
        return [logits, self._forward("forward", [self._probabilities(self.softmax)])]

    def _probabilities(self, softmax: Step) -> Statement:
        read = method(Name("self"), "logits", *map(self.variable, self.inputs))
        return Return((filled(softmax.code.forward or BOTTOM, {0: read}),))

    def said(self) -> Iterator[tuple[Step, list[Statement]]]:
        yield from super().said()
        if self.softmax:
            yield self.softmax, [self._probabilities(self.softmax)]

    def _forward(self, name: str, body: Sequence[Statement] = ()) -> Statement:
        """A method from the inputs to the outputs; without a body it has that of the scope."""
        inputs = [self.variables.define(blob) for blob in self.inputs]
        parameters = [Parameter("self"), *(Parameter(name, _TENSOR) for name in inputs)]
        result = result_type(_TENSOR, len(self.outputs), FEW)
        return Function(name, parameters, result, body or self.body())


class TorchFile(SourceFile[TorchScope]):
    """The emitted file of one graph: a module with its parameters, and its forward."""

    imports = IMPORTS

    folds = True
    folds_units = True
    loops_heads = True
    own = "self."
    functions: ClassVar = {
        dotted("nn.Conv1d"): ("in_channels", "out_channels"),
        dotted("nn.Conv2d"): ("in_channels", "out_channels"),
        dotted("nn.Conv3d"): ("in_channels", "out_channels"),
        dotted("nn.ConvTranspose1d"): ("in_channels", "out_channels"),
        dotted("nn.ConvTranspose2d"): ("in_channels", "out_channels"),
        dotted("nn.ConvTranspose3d"): ("in_channels", "out_channels"),
        dotted("nn.Linear"): ("in_channels", "out_channels"),
        dotted("nn.BatchNorm1d"): ("in_channels",),
        dotted("nn.BatchNorm2d"): ("in_channels",),
        dotted("nn.BatchNorm3d"): ("in_channels",),
        dotted("nn.PReLU"): ("in_channels",),
        dotted("Scale"): ("in_channels",),
    }

    def scoped(
        self, steps: Sequence[Step], taken: Collection[str], block: Block | None = None
    ) -> TorchScope:
        return TorchScope(self.graph, steps, taken, block)

    def block(self, title: str, block: Block, scope: TorchScope) -> Statement:
        return scope.module(title, block)

    def use(self, title: str, block: Block, index: int) -> Code:
        return Code(call(SELF, BOTTOM), block.call(title, index))

    def kept(self, made: list[Expression]) -> Expression:
        return call("nn.ModuleList", made)

    def stage(self, uses: Sequence[Code]) -> Code | None:
        from proto2net.backends.rows import in_a_row  # which a flat file does without

        made = in_a_row([use.init for use in uses if use.init])
        return Code(call(SELF, BOTTOM), call("nn.Sequential", *made)) if made else None

    def body(self) -> list[Statement]:
        methods = [*self.scope.methods(self._classes), *self._from_pretrained()]
        return [Class(self.entry, [dotted("nn.Module")], self.docstring(1), methods)]

    @property
    def _classes(self) -> Parameter | None:
        """The parameter that says how many classes there are."""
        if self.head is None:
            return None
        return Parameter(CLASSES, Name("int"), Literal(self.head.classes))

    def notes(self) -> list[str]:
        """The same, and what training minimises, where it is not just the sum of the losses."""
        weights = [weight for weight, _ in self.graph.losses]
        notes = super().notes()
        if set(weights) <= {1.0}:
            return notes
        read = [(blob, self.scope.variable(blob)) for _, blob in self.graph.losses]
        terms = [code("{x}.sum()", x=x) if blob.shape else x for blob, x in read]
        loss = f"Loss: {text(weighted_sum(terms, weights))}."
        return [*notes, *textwrap.wrap(loss, WIDTH - 4)]

    def _from_pretrained(self) -> list[Statement]:
        if not self.weights:
            return []
        net, strict = Variable("net"), (not self.partial, True)
        training = self.graph.phase == "TRAIN"
        head = self.head if not self.scope.shares else None
        made: list[Statement] = [
            Assignment(("net",), code("cls(num_classes)") if head else code("cls()"))
        ]
        if self.scope.shares and self.has_mean and not self.partial:
            loads: Statement = Verbatim(LOAD_SHARED.splitlines(), ["load_model"])
        elif self.scope.shares:  # its state has more names than the file has arrays
            loads = Evaluation(call("load_model", net, Variable("path"), strict=strict))
        else:
            weights: Expression = code("load_file(path)")
            if head or self.has_mean:
                made.append(Assignment(("weights",), weights))
                weights = Variable("weights")
            made += [without_mean("weights")] if self.has_mean else []
            made += self._own_head(head) if head else []
            loads = Evaluation(method(net, "load_state_dict", weights, strict=strict))
        end = Return((net if training else code("net.eval()"),))
        classes = self._classes if head else None
        return [from_pretrained(self.entry, [*made, loads, end], classes)]

    def _own_head(self, head: Head) -> list[Statement]:
        """Statements that leave a head of another size as it starts."""
        name = self.scope.objects[head.step.node]
        own = method(Variable(f"net.{name}"), "state_dict", prefix=f"{name}.")
        other = code("num_classes != {classes}", classes=head.classes)
        return [Compound("if", other, [Evaluation(method(Variable("weights"), "update", own))])]

    def main(self) -> list[Statement]:
        inputs = [
            call("torch.tensor", info) if info else zeros(self.tried_shape(blob))
            for blob in self.graph.inputs
            for info in [self.image_info(blob)]
        ]
        shown = self.print_shapes(call("net", *inputs), code("tuple(output.shape)"))
        made = code("{net}().eval()", net=Name(self.entry))
        return [
            Assignment(("net",), self.loaded(made)),
            Compound("with", code("torch.no_grad()"), shown),
        ]


def _check_shareable(step: Step, array: Array, first: Array) -> None:
    """Refuse two layers that share an array but need it in different shapes."""
    needed, found = (
        (a.convert, [node.blobs[blob].shape for node, blob in a.sources]) for a in (array, first)
    )
    if needed != found:
        node, blob = array.sources[0]
        owner, _ = first.sources[0]
        error = UnsupportedError(
            f'{blob} is shared with layer "{owner.name}", which has it in another shape: torch '
            "does not support this",
            "use --to numpy",
        )
        raise UnsupportedError(error.at(node.where, str(node)))
