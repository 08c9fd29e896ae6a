"""The file that the PyTorch backend emits: one nn.Module, blobs as variables in forward."""

from __future__ import annotations

import textwrap

from proto2net.backends.base import Array, Step
from proto2net.backends.file import SourceFile
from proto2net.backends.source import (
    WIDTH,
    returned,
    signature,
    statement,
    weighted_sum,
)
from proto2net.backends.torch.fillers import initialisation, parameter_name, zeros
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


class TorchFile(SourceFile):
    """The emitted file of one graph: a module with its parameters, and its forward."""

    imports = IMPORTS
    reserved = frozenset({"self"})
    reserved_objects = MODULE_ATTRIBUTES | {"from_pretrained"}
    indent = 2
    stopped = "{0}.detach()"

    def body(self) -> list[str]:
        forward = self._forward()
        return [
            f"class {self.entry}(nn.Module):",
            *self.docstring(1),
            *self._init(),
            "",
            *forward,
            *self._from_pretrained(),
        ]

    def object(self, step: Step) -> str:
        return f"self.{self.objects.get(step.node, '')}"

    def notes(self) -> list[str]:
        """What training minimises, where it is not just the sum of the losses."""
        weights = [weight for weight, _ in self.graph.losses]
        if set(weights) <= {1.0}:
            return []
        terms = [
            self.variables[blob] + (".sum()" if blob.shape else "")
            for _, blob in self.graph.losses
        ]
        return textwrap.wrap(f"Loss: {weighted_sum(terms, weights)}.", WIDTH - 4)

    def _init(self) -> list[str]:
        lines = self._objects()
        if not lines:
            return []
        fillings = initialisation(self.steps, self.objects, self.arrays)
        if fillings:
            lines += [
                "        self.reset_parameters()",
                "",
                "    def reset_parameters(self) -> None:",
                '        """Start from the fillers of the definition."""',
                *fillings,
            ]
        start = ["    def __init__(self) -> None:", "        super().__init__()"]
        return ["", *start, *lines]

    def _objects(self) -> list[str]:
        """Statements that make the layer objects; also collects their arrays."""
        lines: list[str] = []
        shared: dict[object, tuple[Array, str]] = {}
        made: set[str] = set()
        for step in self.steps:
            name = self.objects.get(step.node)
            if name is None or name in made:
                continue
            made.add(name)
            text = f"self.{name} = {step.code.init}"
            lines.append(statement(text, 2, self.caffe_name(name, step)))
            arrays = step.code.arrays.items()
            for (parameter, array), owned in zip(arrays, self.owned(step), strict=True):
                reached = parameter_name(name, parameter)
                first, place = shared.setdefault(owned.sources, (array, reached))
                if place == reached:
                    self.arrays[reached] = owned
                else:
                    _check_shareable(step, array, first)
                    lines.append(statement(f"self.{reached} = self.{place}", 2))
        return lines

    def _forward(self) -> list[str]:
        inputs = [self.variables.define(blob) for blob in self.graph.inputs]
        written = self.statements()
        outputs = [self.variables[blob] for blob in self.graph.outputs]
        parameters = ", ".join(["self", *(f"{name}: torch.Tensor" for name in inputs)])
        result = ", ".join(["torch.Tensor"] * len(outputs))
        if len(outputs) > 1:
            many = len(outputs) > FEW
            result = "tuple[torch.Tensor, ...]" if many else f"tuple[{result}]"
        return [
            signature(f"def forward({parameters}) -> {result}:", 1),
            *(line.lines(2) for line in written),
            returned(outputs, 2),
        ]

    def _from_pretrained(self) -> list[str]:
        if not self.weights:
            return []
        mode = "net" if self.graph.phase == "TRAIN" else "net.eval()"
        return [
            "",
            "    @classmethod",
            f'    def from_pretrained(cls, path: str | Path = WEIGHTS) -> "{self.entry}":',
            '        """The network with the learned weights of a file."""',
            "        net = cls()",
            "        net.load_state_dict(net.state_dict() | load_file(path))",
            f"        return {mode}",
        ]

    def _loaded(self) -> str:
        """The network, with its weights if their file is there."""
        made = f"{self.entry}().eval()"
        if not self.weights:
            return made
        return f"{self.entry}.from_pretrained() if WEIGHTS.exists() else {made}"

    def main(self) -> list[str]:
        inputs = ", ".join(zeros(blob.shape) for blob in self.graph.inputs)
        shapes = self.print_shapes(f"net({inputs})", "tuple({}.shape)".format)
        return [
            f"    net = {self._loaded()}",
            "    with torch.no_grad():",
            *(statement(line, 2) for line in shapes),
        ]


def _check_shareable(step: Step, array: Array, first: Array) -> None:
    """Refuse two layers that share an array but need it in different shapes."""
    needed, found = (
        (a.convert, [node.blobs[blob].shape for node, blob in a.sources])
        for a in (array, first)
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
