"""The Keras renderer of proto2net/layers/holes.py."""

from __future__ import annotations

from proto2net.backends.base import Code, placeholders
from proto2net.backends.holes import docstring, unwritten
from proto2net.backends.source import call, literal, returned
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.graph import Node
from proto2net.layers.holes import Hole
from proto2net.shape import Shape, dims


@renders(Hole)
def _hole(node: Node[Hole]) -> Code:
    bottoms = placeholders(node)
    read = f"[{', '.join(bottoms)}]" if len(bottoms) > 1 else "{0}"

    def definition(name: str) -> str:
        lines = [
            '@keras.saving.register_keras_serializable("proto2net")',
            f"class {name}(layers.Layer):",
            *docstring(node, lambda shape: dims(laid_out(shape))),
            "    def call(self, inputs):",
            unwritten(node),
            "",
            "    def compute_output_spec(self, inputs):",
            returned([_spec(top.shape) for top in node.tops], 2),
        ]
        return "\n".join(lines)

    return Code(f"{{self}}({read})", "{class}(name={name})", definition=definition)


def _spec(shape: Shape) -> str:
    """A tensor of this shape, for any size of the batch."""
    sizes = (None, *laid_out(shape)[1:]) if shape else ()
    return call("keras.KerasTensor", literal(sizes), dtype="self.compute_dtype")
