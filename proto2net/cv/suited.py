"""What OpenCV's readers of ONNX compute wrong without saying so, or crash at.

What they refuse is no part of this: that is seen when it is read. A network with something of this
is run elsewhere (running.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Wrong = Callable[[Any, dict[str, Any], str], bool]
"""Whether it is so for an operator with these attributes, behind an operator of this type."""


def _always(node: Any, attributes: dict[str, Any], before: str) -> bool:
    return True


WRONG: dict[str, tuple[Wrong, str]] = {
    "MaxRoiPool": (_always, "OpenCV has no MaxRoiPool"),
    "MaxPool": (
        lambda node, told, before: len(node.output) > 1 and before == "Pad",
        "its places of maxima are wrong in padding",
    ),
    "Softplus": (_always, "its Softplus overflows"),
}
"""In OpenCV 5, by operator."""

RIGHT_IN_4 = """
Abs Add AveragePool BatchNormalization Clip Concat Conv ConvTranspose Div Elu Exp Flatten Gemm
GlobalAveragePool Identity LRN LeakyRelu Log Max MaxPool Mul PRelu Pad Pow ReduceMean Relu Reshape
Resize Sigmoid Slice Softmax Split Sqrt Sub Tanh Transpose
"""
"""The operators that OpenCV 4 has right, but for WRONG_IN_4. Of others many are wrong there."""

WRONG_IN_4: dict[str, tuple[Wrong, str]] = {
    "ConvTranspose": (
        lambda node, told, before: max(told.get("dilations", [1])) > 1,
        "its ConvTranspose passes over dilations",
    ),
    "MaxPool": (lambda node, told, before: len(node.output) > 1, "its places of maxima are wrong"),
    "ReduceMean": (
        lambda node, told, before: told.get("axes", []) != [2, 3] or told.get("keepdims", 1) != 1,
        "its means over other axes than height and width are wrong",
    ),
}
"""In OpenCV 4 beside those, by operator."""


def reason(model: Any, major: int) -> str:
    """Why OpenCV of this version is not to run a model; an empty string if it may."""
    types = {name: node.op_type for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        told = {each.name: _value(each) for each in node.attribute}
        tables = [WRONG] if major >= 5 else [WRONG, WRONG_IN_4]
        for table in tables:
            wrong, why = table.get(node.op_type, (None, ""))
            if wrong and wrong(node, told, types.get(node.input[0] if node.input else "", "")):
                return why
        if major < 5 and node.op_type not in RIGHT_IN_4.split():
            return f"OpenCV 4 is not known to compute {node.op_type} right"
    return ""


def _value(attribute: Any) -> Any:
    return list(attribute.ints) or attribute.i
