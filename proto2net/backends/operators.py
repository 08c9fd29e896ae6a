"""Python's operators: their signs, and how strongly what they make binds."""

from __future__ import annotations

import ast

# Of two, the looser one needs brackets.
FOR, LAMBDA, CONDITIONAL, OR, AND, NOT, COMPARISON, UNION = range(8)
XOR, BOTH, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(8, 16)

SIGNS: dict[type[ast.AST], str] = {
    ast.Or: "or",
    ast.And: "and",
    ast.Lt: "<",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
}
"""The signs of operators between operands."""

BINDING = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("<", ">", "<=", ">=", "==", "!=", "in", "not in", "is", "is not"), COMPARISON),
    "|": UNION,
    "^": XOR,
    "&": BOTH,
    **dict.fromkeys(("<<", ">>"), SHIFT),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "//", "%", "@"), PRODUCT),
    "**": POWER,
}
"""How strongly what these signs make binds."""

UNARY: dict[type[ast.unaryop], tuple[str, int]] = {
    ast.Not: ("not ", NOT),
    ast.USub: ("-", SIGN),
    ast.UAdd: ("+", SIGN),
    ast.Invert: ("~", SIGN),
}
"""Operators before an operand, and how strongly what they make binds."""
