"""The Keras renderer of proto2net/layers/holes.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.holes import docstring, unwritten
from proto2net.backends.statements import Class, Function, Parameter, Return, Statement
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import laid_out
from proto2net.backends.tree import SELF, Expression, call, code, dotted
from proto2net.graph import Node
from proto2net.layers.holes import Hole
from proto2net.shape import Shape, dims

_REGISTERED = code('keras.saving.register_keras_serializable("proto2net")')


@renders(Hole)
def _hole(node: Node[Hole]) -> Code:
    read = bottoms(node)
    given = list(read) if len(read) > 1 else read[0]

    def definition(name: str) -> Class:
        specs = tuple(_spec(top.shape) for top in node.tops)
        methods = [
            _method("call", unwritten(node)),
            _method("compute_output_spec", Return(specs)),
        ]
        text = docstring(node, lambda shape: dims(laid_out(shape)))
        return Class(name, [dotted("layers.Layer")], text, methods, [_REGISTERED])

    return Code(call(SELF, given), code("{class}(name={name})"), definition=definition)


def _method(name: str, body: Statement) -> Statement:
    return Function(name, [Parameter("self"), Parameter("inputs")], None, [body])


def _spec(shape: Shape) -> Expression:
    """A tensor of this shape, for any size of the batch."""
    sizes = (None, *laid_out(shape)[1:]) if shape else ()
    return call("keras.KerasTensor", sizes, dtype=code("self.compute_dtype"))
