"""The PyTorch renderer of proto2net/layers/holes.py."""

from __future__ import annotations

from proto2net.backends.base import Code, placeholders
from proto2net.backends.holes import arguments, docstring, unwritten
from proto2net.backends.source import signature
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers.holes import Hole


@renders(Hole)
def _hole(node: Node[Hole]) -> Code:
    tops = ", ".join(["torch.Tensor"] * len(node.tops))
    result = f"tuple[{tops}]" if len(node.tops) > 1 else tops
    taken = ", ".join(["self", *(f"{name}: torch.Tensor" for name in arguments(node))])

    def definition(name: str) -> str:
        lines = [
            f"class {name}(nn.Module):",
            *docstring(node),
            signature(f"def forward({taken}) -> {result}:", 1),
            unwritten(node),
        ]
        return "\n".join(lines)

    return Code(
        f"{{self}}({', '.join(placeholders(node))})", "{class}()", definition=definition
    )
