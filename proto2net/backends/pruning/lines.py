"""Python's own trees as source again, with lines broken as ruff does it.

A helper of which something is left out is printed so, but only the statements that changed: the
others, and comments, are taken from its source. A test prints every helper whole, and holds that
each is as it was.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

from proto2net.backends.breaking import (
    Layout,
    flat,
    listed,
    signature_lines,
    statement_lines,
    values_lines,
)
from proto2net.backends.operators import SIGNS
from proto2net.backends.pruning.expressions import is_bare, laid_out, parameters
from proto2net.backends.pruning.trees import walk
from proto2net.backends.source import INDENT, WIDTH


class Source:
    """The source of a helper, and its tree, of which parts may be left out."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.tree = ast.parse(text).body[0]

    @cached_property
    def _own(self) -> set[int]:
        """The statements that the source has."""
        return {id(node) for node in walk(self.tree) if isinstance(node, ast.stmt)}

    @cached_property
    def unread(self) -> set[str]:
        """The parameters that the source does not read itself."""
        parameters = {part.arg for part in walk(self.tree) if isinstance(part, ast.arg)}
        return parameters - {part.id for part in walk(self.tree) if isinstance(part, ast.Name)}

    def said(self, node: ast.stmt, indent: int = 0, *, anew: bool = False) -> list[str]:
        """The lines of a statement: those of the source if it stood there so, or `anew`."""
        begins = self.lines[node.lineno - 1].lstrip()
        moved = node.col_offset != len(INDENT) * indent or begins.startswith("elif ")
        if id(node) in self._own and not anew and not moved:
            return self.lines[_start(node) - 1 : node.end_lineno]
        match node:
            case ast.FunctionDef(body=body):
                head = [*_decorators(node, indent), *_signature(node, indent)]
                return [*head, *self._block(body, indent + 1, anew)]
            case ast.ClassDef(body=body):
                head = [*_decorators(node, indent), _class(node, indent)]
                return [*head, *self._block(body, indent + 1, anew)]
            case ast.If():
                return self._if("if", node, indent, anew)
            case ast.For(target=target, iter=values, body=body):
                layout = (*laid_out(target), " in ", *laid_out(values))
                head = self._commented(statement_lines("for ", layout, ":", indent), node, indent)
                return [*head, *self._block(body, indent + 1, anew)]
            case ast.While(test=test, body=body):
                head = statement_lines("while ", laid_out(test), ":", indent)
                return [*self._commented(head, node, indent), *self._block(body, indent + 1, anew)]
            case ast.With(items=items, body=body):
                layout = tuple(listed(map(_item, items)))
                head = self._commented(statement_lines("with ", layout, ":", indent), node, indent)
                return [*head, *self._block(body, indent + 1, anew)]
        return self._commented(_simple(node, indent), node, indent)

    def _if(self, word: str, node: ast.If, indent: int, anew: bool) -> list[str]:
        head = statement_lines(f"{word} ", laid_out(node.test), ":", indent)
        lines = [*self._commented(head, node, indent), *self._block(node.body, indent + 1, anew)]
        match node.orelse:
            case []:
                return lines
            case [ast.If() as other]:
                return [*lines, *self._if("elif", other, indent, anew)]
        return [*lines, f"{INDENT * indent}else:", *self._block(node.orelse, indent + 1, anew)]

    def _block(self, body: Sequence[ast.stmt], indent: int, anew: bool) -> list[str]:
        lines: list[str] = []
        for index, node in enumerate(body):
            above = self._above(node, indent)
            lines += above[above[:1] == [""] and index == 0 :]
            if index == 0 and _is_docstring(node):
                lines += self._docstring(node, indent)
            else:
                lines += self.said(node, indent, anew=anew)
        return lines

    def _docstring(self, node: ast.stmt, indent: int) -> list[str]:
        """The docstring as the source has it, or what is left of it."""
        if id(node) in self._own or not isinstance(node, ast.Expr):
            return self.lines[node.lineno - 1 : node.end_lineno]
        assert isinstance(node.value, ast.Constant)  # noqa: S101  # as a docstring is
        margin = INDENT * indent
        first, *others = str(node.value.value).splitlines()
        if not others:
            return [f'{margin}"""{first}"""']
        lines = [f'"""{first}', *others, '"""']
        return [margin + line if line else "" for line in lines]

    def _above(self, node: ast.stmt, indent: int) -> list[str]:
        """The comments and the blank line above a statement."""
        first = start = _start(node) - 1
        while first and _is_remark(self.lines[first - 1]):
            first -= 1
        remarks = (line.strip() for line in self.lines[first:start])
        return [f"{INDENT * indent}{line}" if line else "" for line in remarks]

    def _commented(self, lines: list[str], node: ast.stmt, indent: int) -> list[str]:
        """Lines with the comment that the source has behind them; above if there is no room."""
        last = node.body[0].lineno - 1 if hasattr(node, "body") else node.end_lineno
        found = (_remark(line) for line in self.lines[node.lineno - 1 : last])
        comment = "  ".join(filter(None, found))
        if not comment:
            return lines
        behind = f"{lines[-1]}  {comment}"
        if len(lines) == 1 and len(behind) <= WIDTH:
            return [behind]
        return [f"{INDENT * indent}{comment}", *lines]


def _simple(node: ast.stmt, indent: int) -> list[str]:
    """A statement that holds no others."""
    match node:
        case ast.Return(value=None):
            return [f"{INDENT * indent}return"]
        case ast.Return(value=ast.expr() as value):
            return _of_value("return ", value, indent)
        case ast.Expr(value=value):
            return statement_lines("", laid_out(value), "", indent)
        case ast.Raise(exc=ast.expr() as error):
            return statement_lines("raise ", laid_out(error), "", indent)
        case ast.Assign(targets=[ast.Tuple() as target], value=ast.Tuple(elts=items)):
            return values_lines(f"{flat(laid_out(target))} = ", [*map(laid_out, items)], indent)
        case ast.Assign(targets=targets, value=value):
            names = "".join(f"{flat(laid_out(target))} = " for target in targets)
            return _of_value(names, value, indent)
        case ast.AugAssign(target=target, op=operator, value=value):
            sign = SIGNS[type(operator)]
            return _of_value(f"{flat(laid_out(target))} {sign}= ", value, indent)
        case ast.AnnAssign(target=target, annotation=annotation, value=given):
            name = f"{flat(laid_out(target))}: {flat(laid_out(annotation))}"
            return _of_value(f"{name} = ", given, indent) if given else [INDENT * indent + name]
        case ast.Pass() | ast.Continue() | ast.Break():
            return [INDENT * indent + type(node).__name__.lower()]
        case ast.Import(names=[ast.alias(name=module, asname=None)]):
            return [f"{INDENT * indent}import {module}"]
        case ast.Nonlocal(names=names):
            return [f"{INDENT * indent}nonlocal {', '.join(names)}"]
    raise TypeError(f"a helper cannot have {ast.unparse(node)}")


def _of_value(before: str, value: ast.expr, indent: int) -> list[str]:
    if isinstance(value, ast.Tuple) and is_bare(value):
        return values_lines(before, [*map(laid_out, value.elts)], indent)
    return statement_lines(before, laid_out(value), "", indent)


def _signature(node: ast.FunctionDef, indent: int) -> list[str]:
    """`def name(parameters) -> result:`."""
    result = f" -> {flat(laid_out(node.returns))}" if node.returns else ""
    return signature_lines(f"def {node.name}", parameters(node.args), f"{result}:", indent)


def _decorators(node: ast.FunctionDef | ast.ClassDef, indent: int) -> list[str]:
    return [f"{INDENT * indent}@{flat(laid_out(each))}" for each in node.decorator_list]


def _class(node: ast.ClassDef, indent: int) -> str:
    bases = ", ".join(flat(laid_out(base)) for base in node.bases)
    head = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
    return INDENT * indent + head


def _item(node: ast.withitem) -> Layout:
    named = (" as ", *laid_out(node.optional_vars)) if node.optional_vars else ()
    return (*laid_out(node.context_expr), *named)


def _start(node: ast.stmt) -> int:
    """The first line of a statement, that of its decorators."""
    decorators = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno


def _is_docstring(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _is_remark(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _remark(line: str) -> str:
    """The comment behind what stands on a line; no string of a helper has a # with blanks."""
    _, sign, comment = line.partition("  # ")
    return f"# {comment}" if sign else ""
