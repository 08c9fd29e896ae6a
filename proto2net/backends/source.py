"""Writing Python that a person would have written: names, literals, calls, line breaks.

What this module prints passes `ruff format --check`. Text from an input reaches the source only
through `literal` (a quoted literal), `plain` (comments and docstrings), or as an identifier
through `Namespace`, `class_name`, `function_name` or `entry_name`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Iterable, Sequence

from proto2net.backends.tree import Literal
from proto2net.errors import Proto2NetError

WIDTH = 88
INDENT = "    "
_LONGEST_NAME = 60
_AMBIGUOUS = ("l", "O", "I")  # hard to tell from digits (ruff E741)
_PRECEDENCE = ((" < ", " > "), (" + ", " - "), (" * ", " / ", " @ "))
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class Namespace:
    """Gives out identifiers: each valid, unique, no keyword, and shadowing nothing in use."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = {*keyword.kwlist, *dir(builtins), *_AMBIGUOUS, *reserved}
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def name(self, wanted: str, default: str = "blob") -> str:
        """An identifier as close to the wanted name as can be: "3x3/reduce" -> "_3x3_reduce"."""
        cleaned = (
            re.sub(r"[^A-Za-z0-9_]", "_", wanted)[:_LONGEST_NAME].lstrip("_") or default
        )
        if cleaned[0].isdigit():
            cleaned = f"_{cleaned}"
        if cleaned in self._reserved:
            cleaned = f"{cleaned}_"
        return self.unique(cleaned)

    def unique(self, cleaned: str) -> str:
        """The name itself, or with the first number that nothing has."""
        unique, number = cleaned, self._numbers.get(cleaned, 0)
        while unique in self._given or unique in self._reserved:
            number += 1
            unique = f"{cleaned}_{number}"
        self._numbers[cleaned] = number
        self._given.add(unique)
        return unique


def literal(value: object) -> str:
    """The value as a Python literal, strings in the quotes that ruff prefers."""
    if isinstance(value, Literal):  # as detection.py quotes a string for templates too
        return literal(value.value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if value is ...:
        return "..."
    if not isinstance(value, str):
        return repr(value)
    escaped = repr(value)
    if escaped[0] == '"' or value.count('"') > value.count("'"):
        return escaped
    return '"' + escaped[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return (
        repr(int(value)) + ".0"
        if value == int(value) and abs(value) < 1e15
        else repr(value)
    )


_HARMLESS = {'"': "'", "\\": "/"}
"""What stands for a character that could end a docstring, or escape another."""


def plain(text: str, longest: int = _LONGEST_NAME) -> str:
    """Text for a comment or a docstring: printable, on one line, short, closing no quotes."""
    kept = "".join(_HARMLESS.get(c, c) if c.isprintable() else "_" for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def call(function: str, *arguments: object, **options: object) -> str:
    """A call as text. An option is (value, default) and is left out where they are equal."""
    given = [a if isinstance(a, str) else literal(a) for a in arguments]
    for name, option in options.items():
        value, default = option if isinstance(option, tuple) else (option, None)
        if value != default:
            given.append(
                f"{name}={value if isinstance(value, str) else literal(value)}"
            )
    return f"{function}({', '.join(given)})"


def scaled(x: str, scale: float, shift: float) -> str:
    """`0.5 * x + 1.0`, without what changes nothing."""
    size = x if abs(scale) == 1 else f"{literal(abs(scale))} * {x}"
    if scale < 0:
        return f"{literal(shift)} - {size}" if shift else f"-{size}"
    if not shift:
        return size
    return f"{size} {'-' if shift < 0 else '+'} {literal(abs(shift))}"


def weighted_sum(terms: Sequence[str], coefficients: Sequence[float]) -> str:
    """`a - 0.5 * b` for coefficients 1 and -0.5."""
    text = ""
    for term, coefficient in zip(terms, coefficients, strict=True):
        size = abs(coefficient)
        part = term if size == 1 else f"{literal(size)} * {term}"
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {part}" if text else f"{sign.strip('+')}{part}"
    return text


def same(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all axes agree, as kernel_size=3 is read more easily than (3, 3)."""
    return values[0] if values and len(set(values)) == 1 else values


def statement(text: str, indent: int, comment: str = "") -> str:
    """A statement as lines of at most WIDTH columns, broken at its brackets as ruff does it.

    The comment is added where it fits on the line.
    """
    margin = INDENT * indent
    line = margin + text
    if len(line) <= WIDTH:
        commented = f"{line}  # {comment}"
        return commented if comment and len(commented) <= WIDTH else line
    return "\n".join(_parenthesised(text, indent) or _broken(text, indent))


def _parenthesised(text: str, indent: int) -> list[str]:
    """The lines of a long assignment whose value needs brackets of its own; none if not.

    These are a sum or a product, and a value that the target leaves no room to begin.
    """
    target, equals, value = text.partition(" = ")
    if not equals or "(" in target.removeprefix("("):
        return []
    operands = _operands(value)
    if len(operands) == 1 and len(_broken(text, indent)[0]) <= WIDTH:
        return []
    margin, inner = INDENT * indent, INDENT * (indent + 1)
    if len(inner + value) <= WIDTH:
        lines = [inner + value]
    else:
        lines = [line for operand in operands for line in _broken(operand, indent + 1)]
    return [f"{margin}{target} = (", *lines, f"{margin})"]


def _operands(text: str) -> list[str]:
    """The text broken before the operators that bind least, outside of brackets."""
    for operators in _PRECEDENCE:
        cuts, depth = [0], 0
        for index, char in _outside_strings(text):
            depth += (char in _BRACKETS) - (char in _BRACKETS.values())
            if depth == 0 and text[index : index + 3] in operators:
                cuts.append(index + 1)
        if len(cuts) > 1:
            ends = [*cuts[1:], len(text) + 1]
            return [
                text[start : end - 1] for start, end in zip(cuts, ends, strict=True)
            ]
    return [text]


def assignment(
    targets: Sequence[str], value: str, indent: int, comment: str = ""
) -> str:
    """`a, b = value`; the targets a line each where they leave no room for the value."""
    names = ", ".join(targets)
    margin, text = INDENT * indent, f"{names} = {value}"
    if len(margin + text) <= WIDTH:
        return statement(text, indent, comment)
    parts = _split(value)
    if len(parts) > 1:
        lines = [line for part in parts for line in _broken(f"{part},", indent + 1)]
        return "\n".join([f"{margin}{names} = (", *lines, f"{margin})"])
    head = value[: value.index("(") + 1] if "(" in value else value
    if len(targets) == 1 or len(f"{margin}{names} = {head}") <= WIDTH:
        return statement(text, indent, comment)
    return statement(f"({names},) = {value}", indent)


def returned(values: Sequence[str], indent: int) -> str:
    """`return a, b`, in brackets where the line is too long."""
    text = f"return {', '.join(values)}"
    if len(values) > 1 and len(INDENT * indent + text) > WIDTH:
        text = f"return ({', '.join(values)})"
    return statement(text, indent)


def signature(text: str, indent: int) -> str:
    """A `def` line, its parameters on lines of their own where they do not fit."""
    margin = INDENT * indent
    if len(margin + text) <= WIDTH:
        return margin + text
    start, end = _top_level(text)[0]
    parameters = text[start + 1 : end]
    lines = [f"{margin}{INDENT}{parameter}," for parameter in _split(parameters)]
    return "\n".join([margin + text[: start + 1], *lines, margin + text[end:]])


def class_name(text: str) -> str:
    """A class's name from a network's: "nin_imagenet" -> NinImagenet."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[0].upper() + word[1:] for word in words)[:_LONGEST_NAME]
    return name if name and name[0].isalpha() else f"Net{name}"


def entry_name(name: str, taken: Collection[str], suffix: str) -> str:
    """The name of a file's class or function: the one that is wanted, with a suffix if taken.

    Raises Proto2NetError for what Python takes for no name.
    """
    if not (name.isascii() and name.isidentifier()):
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        raise Proto2NetError(
            f'"{shown}" is not a name that a class or function can have',
            "use letters, digits and _, and begin with a letter",
        )
    if name in taken or name in keyword.kwlist or name in dir(builtins):
        return entry_name(name + suffix, taken, suffix)
    return name


def function_name(text: str) -> str:
    """A function's name from a network's: "ResNet-50" -> resnet_50."""
    name = "_".join(re.findall(r"[a-z0-9]+", text.lower()))[:_LONGEST_NAME]
    return Namespace().name(
        name if name and name[0].isalpha() else f"net_{name}".rstrip("_")
    )


def _broken(text: str, indent: int) -> list[str]:
    margin = INDENT * indent
    if len(margin + text) <= WIDTH:
        return [margin + text]
    pairs = _top_level(text)
    if not pairs:
        return [margin + text]  # a long name or string: nothing to break at
    for start, end in reversed(pairs):
        if end == start + 1:
            continue  # nothing inside to move
        if len(margin + text[: start + 1]) <= WIDTH or (start, end) == pairs[0]:
            break
    head, body, tail = text[: start + 1], text[start + 1 : end], text[end:]
    inner = INDENT * (indent + 1)
    parts = _split(body)
    display = _is_display(text[:start], text[start], parts)
    if len(inner + body) <= WIDTH and not display:
        lines = [inner + body]
    elif len(parts) == 1 and not display:
        lines = _broken(body, indent + 1)
    else:
        lines = [line for part in parts for line in _broken(f"{part},", indent + 1)]
    return [margin + head, *lines, margin + tail]


def _is_display(before: str, bracket: str, parts: list[str]) -> bool:
    """Whether this is a tuple, list or dictionary: ruff gives each of its parts a line."""
    subscript_or_call = bool(re.search(r"[\w)\]]$", before))
    return not subscript_or_call and (bracket != "(" or len(parts) > 1)


def _top_level(text: str) -> list[tuple[int, int]]:
    """Start and end of the outermost bracket pairs, strings passed over."""
    pairs, stack = [], []
    for index, char in _outside_strings(text):
        if char in _BRACKETS:
            stack.append(index)
        elif char in _BRACKETS.values():
            start = stack.pop()
            if not stack:
                pairs.append((start, index))
    return pairs


def _split(text: str) -> list[str]:
    """The parts between commas outside of brackets and strings."""
    parts, depth, start = [], 0, 0
    for index, char in _outside_strings(text):
        if char in _BRACKETS:
            depth += 1
        elif char in _BRACKETS.values():
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def _outside_strings(text: str) -> Iterable[tuple[int, str]]:
    for match in re.finditer(
        r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|(.)', text, re.DOTALL
    ):
        if match.group(1):
            yield match.start(), match.group(1)
