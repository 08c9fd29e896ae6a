"""Python's own trees as source again, with lines broken as ruff does it.

A helper of which something is left out is printed so, but only the statements that changed: the
others, and comments, are taken from its source. A test prints every helper whole, and holds that
each is as it was.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from proto2net.backends.printing import Brackets, Layout, Operator, flat, operands
from proto2net.backends.pruning.simplify import walk
from proto2net.backends.source import INDENT, WIDTH, literal

# How strongly an expression binds: of two, the looser one needs brackets.
_FOR, _LAMBDA, _CONDITIONAL, _OR, _AND, _NOT, _COMPARISON, _UNION = range(8)
_XOR, _BOTH, _SHIFT, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(8, 16)

_OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.Mult: ("*", _PRODUCT),
    ast.Div: ("/", _PRODUCT),
    ast.FloorDiv: ("//", _PRODUCT),
    ast.Mod: ("%", _PRODUCT),
    ast.MatMult: ("@", _PRODUCT),
    ast.Pow: ("**", _POWER),
    ast.BitOr: ("|", _UNION),
    ast.BitXor: ("^", _XOR),
    ast.BitAnd: ("&", _BOTH),
    ast.LShift: ("<<", _SHIFT),
    ast.RShift: (">>", _SHIFT),
    ast.Lt: ("<", _COMPARISON),
    ast.Gt: (">", _COMPARISON),
    ast.LtE: ("<=", _COMPARISON),
    ast.GtE: (">=", _COMPARISON),
    ast.Eq: ("==", _COMPARISON),
    ast.NotEq: ("!=", _COMPARISON),
    ast.In: ("in", _COMPARISON),
    ast.NotIn: ("not in", _COMPARISON),
    ast.Is: ("is", _COMPARISON),
    ast.IsNot: ("is not", _COMPARISON),
    ast.Or: ("or", _OR),
    ast.And: ("and", _AND),
    ast.USub: ("-", _SIGN),
    ast.UAdd: ("+", _SIGN),
    ast.Invert: ("~", _SIGN),
    ast.Not: ("not ", _NOT),
}


# ---- expressions ----------------------------------------------------------------------------


def laid_out(node: ast.expr) -> Layout:
    """An expression as what stands on a line."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Constant(value=value):
            return (_literal(value),)
        case ast.JoinedStr(values=values):
            return (_formatted(values),)
        case ast.Attribute(value=value, attr=name):
            return (*_bound(value, _ATOM), f".{name}")
        case ast.Call(func=function, args=[ast.GeneratorExp() as only], keywords=[]):
            inside = _comprehension(only.elt, only.generators)
            return (*_bound(function, _ATOM), Brackets("(", (inside,), ")"))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            parts = [*map(laid_out, arguments), *map(_keyword, keywords)]
            return (*_bound(function, _ATOM), Brackets("(", tuple(parts), ")"))
        case ast.Subscript(value=value, slice=index):
            items = index.elts if isinstance(index, ast.Tuple) else [index]
            shown = isinstance(index, ast.Tuple) and not _is_bare(index)
            parts = [laid_out(index)] if shown else [*map(laid_out, items)]
            return (*_bound(value, _ATOM), Brackets("[", tuple(parts), "]"))
        case ast.Slice():
            return _slice(node)
        case ast.Starred(value=value):
            return ("*", *_bound(value, _UNION))
        case ast.UnaryOp(op=operator, operand=operand):
            sign, binding = _OPERATORS[type(operator)]
            return (sign, *_bound(operand, binding))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            simple = _is_simple(left) and _is_simple(right)
            power = "**" if simple else Operator(" ** ", _POWER)
            return (*_bound(left, _ATOM), power, *_bound(right, _SIGN))
        case ast.BinOp(left=left, op=operator, right=right):
            sign, binding = _OPERATORS[type(operator)]
            return (
                *_bound(left, binding),
                Operator(f" {sign} ", binding),
                *_bound(right, binding + 1),
            )
        case ast.BoolOp(op=operator, values=values):
            sign, binding = _OPERATORS[type(operator)]
            signs = [Operator(f" {sign} ", binding)] * (len(values) - 1)
            return _joined(values, signs, binding + 1)
        case ast.Compare(left=left, ops=ops, comparators=others):
            signs = [Operator(f" {_OPERATORS[type(op)][0]} ", _COMPARISON) for op in ops]
            return _joined([left, *others], signs, _UNION)
        case ast.IfExp(test=test, body=body, orelse=other):
            return (
                *_bound(body, _OR),
                Operator(" if ", _CONDITIONAL),
                *_bound(test, _OR),
                Operator(" else ", _CONDITIONAL),
                *_bound(other, _CONDITIONAL),
            )
        case ast.Lambda(args=parameters, body=body):
            names = ", ".join(map(flat, _parameters(parameters)))
            return (f"lambda {names}: " if names else "lambda: ", *laid_out(body))
        case ast.Tuple(elts=items) if _is_bare(node):
            return tuple(_listed(map(laid_out, items)))
        case ast.Tuple(elts=[item]):
            return (Brackets("(", (laid_out(item),), ")", display=True, comma=True),)
        case ast.Tuple(elts=items):
            return (Brackets("(", tuple(map(laid_out, items)), ")", display=True),)
        case ast.List(elts=items):
            return (Brackets("[", tuple(map(laid_out, items)), "]", display=True),)
        case ast.Set(elts=items):
            return (Brackets("{", tuple(map(laid_out, items)), "}", display=True),)
        case ast.Dict(keys=keys, values=values):
            pairs = map(_pair, keys, values)
            return (Brackets("{", tuple(pairs), "}", display=True),)
        case ast.ListComp(elt=item, generators=generators):
            return (Brackets("[", (_comprehension(item, generators),), "]"),)
        case ast.SetComp(elt=item, generators=generators):
            return (Brackets("{", (_comprehension(item, generators),), "}"),)
        case ast.GeneratorExp(elt=item, generators=generators):
            return (Brackets("(", (_comprehension(item, generators),), ")"),)
        case ast.DictComp(key=key, value=value, generators=generators):
            within = _comprehension(key, generators, value)
            return (Brackets("{", (within,), "}"),)
    raise TypeError(f"a helper cannot have {ast.unparse(node)}")


def _literal(value: object) -> str:
    """A constant as ruff has it: 1e-5."""
    said = literal(value)
    if not isinstance(value, float):
        return said
    power = re.sub(r"\.?0*e([+-])0+", r"e\1", f"{value:.10e}")
    short = re.sub(r"e([+-])0+", r"e\1", said)
    return power if len(power) < len(short) - 1 and float(power) == value else short


def _formatted(values: Iterable[ast.expr]) -> str:
    """A formatted string."""
    return f"f{literal(''.join(map(_piece, values)))}"


def _piece(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return text.replace("{", "{{").replace("}", "}}")
        case ast.FormattedValue(value=inside, conversion=conversion, format_spec=None):
            sign = f"!{chr(conversion)}" if conversion > 0 else ""
            return f"{{{flat(laid_out(inside))}{sign}}}"
    raise TypeError(f"a helper cannot have {ast.unparse(value)}")


def _keyword(keyword: ast.keyword) -> Layout:
    if keyword.arg is None:
        return ("**", *_bound(keyword.value, _UNION))
    return (f"{keyword.arg}=", *laid_out(keyword.value))


def _pair(key: ast.expr | None, value: ast.expr) -> Layout:
    return (*laid_out(key), ": ", *laid_out(value)) if key else ("**", *_bound(value, _UNION))


def _is_bare(node: ast.Tuple) -> bool:
    """Whether a tuple stands without brackets, as its place in the source tells."""
    return bool(node.elts) and node.elts[0].col_offset == node.col_offset


def _is_simple(node: ast.expr) -> bool:
    """Whether ** stands without blanks beside it."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_simple(operand)
        case ast.Attribute(value=value):
            return isinstance(value, ast.Name | ast.Attribute) and _is_simple(value)
    return isinstance(node, ast.Name | ast.Constant)


def _slice(node: ast.Slice) -> Layout:
    """`1:3`; around the colons there are blanks where a part is more than a name or a number."""
    parts = [part for part in (node.lower, node.upper, node.step) if part]
    simple = all(
        isinstance(part, ast.Name | ast.Constant)
        or (isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Name | ast.Constant))
        for part in parts
    )
    blank = "" if simple else " "
    before = (*laid_out(node.lower), blank) if node.lower else ()
    behind = (blank, *laid_out(node.upper)) if node.upper else ()
    step = (f"{blank}:{blank}", *laid_out(node.step)) if node.step else ()
    return tuple(piece for piece in (*before, ":", *behind, *step) if piece)


def _comprehension(
    item: ast.expr, generators: Iterable[ast.comprehension], value: ast.expr | None = None
) -> Layout:
    layout: list[str | Operator | Brackets] = [*laid_out(item)]
    if value:
        layout += [": ", *laid_out(value)]
    for part in generators:
        layout += [Operator(" for ", _FOR), *laid_out(part.target), " in "]
        layout += _bound(part.iter, _OR)
        for test in part.ifs:
            layout += [Operator(" if ", _FOR), *_bound(test, _OR)]
    return tuple(layout)


def _joined(values: Sequence[ast.expr], signs: Iterable[Operator], least: int) -> Layout:
    first, *others = values
    layout = list(_bound(first, least))
    for sign, other in zip(signs, others, strict=True):
        layout += [sign, *_bound(other, least)]
    return tuple(layout)


def _listed(parts: Iterable[Layout]) -> Iterator[str | Operator | Brackets]:
    for index, part in enumerate(parts):
        yield from (", ", *part) if index else part


def _bound(node: ast.expr, least: int) -> Layout:
    """An expression, in brackets if it binds less than this."""
    if _binding(node) >= least:
        return laid_out(node)
    return (Brackets("(", (laid_out(node),), ")"),)


def _binding(node: ast.expr) -> int:
    match node:
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) | ast.UnaryOp(op=operator):
            return _OPERATORS[type(operator)][1]
        case ast.Compare():
            return _COMPARISON
        case ast.IfExp():
            return _CONDITIONAL
        case ast.Lambda():
            return _LAMBDA
        case ast.Constant(value=int() | float() as number) if number < 0:
            return _SIGN
        case ast.Tuple() if _is_bare(node):
            return _FOR
    return _ATOM


# ---- lines ----------------------------------------------------------------------------------


def statement_lines(before: str, value: Layout, behind: str, indent: int) -> list[str]:
    """`before value behind` as lines: on one, broken in its brackets, or in brackets of its own."""
    margin = INDENT * indent
    if len(margin + before + flat(value) + behind) <= WIDTH:
        return [margin + before + flat(value) + behind]
    if _breaks_within(value):
        place = _place(margin + before, value, behind)
        if place is not None:
            return _broken_at(place, (before, *value), indent, behind)
    inside = margin + INDENT + flat(value)
    if len(inside) <= WIDTH:
        return [f"{margin}{before}(", inside, f"{margin}){behind}"]
    parts = operands(value)
    if len(parts) > 1:
        lines = [line for part in parts for line in broken(part, indent + 1)]
        return [f"{margin}{before}(", *lines, f"{margin}){behind}"]
    return broken((before, *value), indent, behind)


def _breaks_within(value: Layout) -> bool:
    """Whether a value is broken in its own brackets rather than in others around it."""
    parts = operands(value)
    if len(parts) == 1:
        return _calls_on_calls(value) < 2  # a chain stays on a line of its own
    ends = [piece for piece in (value[0], value[-1]) if isinstance(piece, Brackets)]
    return len(parts) == 2 and any(end.parts for end in ends)


def _calls_on_calls(value: Layout) -> int:
    """How many calls are on what another call or subscript gave: `.b()` of `a().b()`."""
    return sum(
        isinstance(before, Brackets) and isinstance(piece, str) and piece.startswith(".")
        for before, piece in pairwise(value)
    )


def _place(before: str, value: Layout, behind: str) -> int | None:
    """The last brackets that there is room to open: their index behind what stands before."""
    for index in reversed(range(len(value))):
        piece = value[index]
        if isinstance(piece, Brackets) and piece.parts:
            head = before + flat(value[:index]) + piece.opening
            if len(head) <= WIDTH:
                return index + 1
    return None


def broken(layout: Layout, indent: int, end: str = "") -> list[str]:
    """A layout within brackets as lines: broken at its operators, else in its brackets."""
    margin = INDENT * indent
    if len(margin + flat(layout) + end) <= WIDTH:
        return [margin + flat(layout) + end]
    parts = operands(layout)
    if len(parts) > 1:
        *others, last = parts
        lines = [line for part in others for line in broken(part, indent)]
        return [*lines, *broken(last, indent, end)]
    place = _place(margin, layout, end)
    if place is None:  # a long name or string has no place to break
        return [margin + flat(layout) + end]
    return _broken_at(place - 1, layout, indent, end)


def _broken_at(place: int, layout: Layout, indent: int, end: str) -> list[str]:
    """A layout broken in its brackets at this place."""
    brackets = layout[place]
    assert isinstance(brackets, Brackets)  # noqa: S101  # as who calls this says
    margin = INDENT * indent
    parts, inside = brackets.parts, ", ".join(map(flat, brackets.parts)) + "," * brackets.comma
    whole = INDENT + margin + inside
    if len(parts) == 1 and not brackets.display:
        lines = broken(parts[0], indent + 1)
    elif len(whole) <= WIDTH and not brackets.display:
        lines = [whole]
    else:
        lines = [line for part in parts for line in broken(part, indent + 1, ",")]
    head = margin + flat(layout[:place]) + brackets.opening
    return [head, *lines, margin + brackets.closing + flat(layout[place + 1 :]) + end]


# ---- statements -----------------------------------------------------------------------------


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
                head = [*_decorators(node, indent), *signature(node, indent)]
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
                layout = tuple(_listed(map(_item, items)))
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
            return _of_values(f"{flat(laid_out(target))} = ", items, indent)
        case ast.Assign(targets=targets, value=value):
            names = "".join(f"{flat(laid_out(target))} = " for target in targets)
            return _of_value(names, value, indent)
        case ast.AugAssign(target=target, op=operator, value=value):
            sign, _ = _OPERATORS[type(operator)]
            return _of_value(f"{flat(laid_out(target))} {sign}= ", value, indent)
        case ast.AnnAssign(target=target, annotation=annotation, value=given):
            name = f"{flat(laid_out(target))}: {flat(laid_out(annotation))}"
            return _of_value(f"{name} = ", given, indent) if given else [INDENT * indent + name]
        case ast.Pass() | ast.Continue() | ast.Break():
            return [INDENT * indent + type(node).__name__.lower()]
        case ast.Nonlocal(names=names):
            return [f"{INDENT * indent}nonlocal {', '.join(names)}"]
    raise TypeError(f"a helper cannot have {ast.unparse(node)}")


def _of_value(before: str, value: ast.expr, indent: int) -> list[str]:
    if isinstance(value, ast.Tuple) and _is_bare(value):
        return _of_values(before, value.elts, indent)
    return statement_lines(before, laid_out(value), "", indent)


def _of_values(before: str, values: Sequence[ast.expr], indent: int) -> list[str]:
    """`before a, b`: in brackets where the line is too long."""
    parts = tuple(map(laid_out, values))
    line = INDENT * indent + before + flat(tuple(_listed(parts)))
    if len(line) <= WIDTH:
        return [line]
    return statement_lines(before, (Brackets("(", parts, ")", display=True),), "", indent)


def signature(node: ast.FunctionDef, indent: int) -> list[str]:
    """`def name(parameters) -> result:`."""
    margin = INDENT * indent
    parts = _parameters(node.args)
    within = ", ".join(map(flat, parts))
    result = f" -> {flat(laid_out(node.returns))}" if node.returns else ""
    opening, closing = f"{margin}def {node.name}(", f"){result}:"
    if len(opening + within + closing) <= WIDTH:
        return [opening + within + closing]
    if len(margin + INDENT + within) <= WIDTH and len(parts) > 1:
        return [opening, margin + INDENT + within, margin + closing]
    lines = [line for part in parts for line in broken(part, indent + 1, ",")]
    return [opening, *lines, margin + closing]


def _parameters(node: ast.arguments) -> list[Layout]:
    """The parameters of a function as they stand in its signature."""
    defaults = [None] * (len(node.args) - len(node.defaults)) + node.defaults
    parts = list(map(_parameter, node.args, defaults))
    if node.vararg:
        parts.append(("*", *_parameter(node.vararg)))
    elif node.kwonlyargs:
        parts.append(("*",))
    parts += map(_parameter, node.kwonlyargs, node.kw_defaults)
    if node.kwarg:
        parts.append(("**", *_parameter(node.kwarg)))
    return parts


def _parameter(node: ast.arg, default: ast.expr | None = None) -> Layout:
    kind: Layout = (": ", *laid_out(node.annotation)) if node.annotation else ()
    equals = " = " if node.annotation else "="
    return (node.arg, *kind, *((equals, *laid_out(default)) if default else ()))


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
