"""Text that a stranger's file may hold where a name is expected, and networks full of it.

PAYLOAD is what must never be run: it adds to `builtins.CANARY`, which `canary` looks after.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

PAYLOAD = '__import__("builtins").CANARY.append(1)'

QUOTES = (
    f"'+{PAYLOAD}+'",
    f'"+{PAYLOAD}+"',
    f"''';{PAYLOAD};'''",
    f'"""\n{PAYLOAD}\n"""',
    f"\n{PAYLOAD}\n#",
    f"\r{PAYLOAD}\r#",
    f"\u2028{PAYLOAD}\u2029\x85\x0b\x0c",
    f'")\n    {PAYLOAD}\n    print("',
    "ends in \\",
    'ends in \\"',
    "\\N{LATIN SMALL LETTER A}\\x41\\101",
    f"# coding: utf-7\n{PAYLOAD}",
)
FORMATS = (
    "{}",
    "{0}",
    "{1!r:>9999}",
    "{self}",
    "{name.__class__}",
    "{{0}}",
    "{",
    f"{{{PAYLOAD}}}",
    "%s%n%(name)s%",
    "$(touch canary)`touch canary`",
)
UNICODE = (
    "ｅｖａｌ（１）",
    "ﬁle",
    "ｎp",
    "ѕеlf",
    "\u202eretsap\u2066x\u2069",
    "zero\u200bwidth\ufeff\u2060\u00ad",
    "nul\0nul",
    "tags\U000e0041\U000e0042",
    "שלום",
    "e" + "\u0301" * 30,
)
TERMINAL = (
    "\x1b[31m\x1b]0;owned\x07",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x9b31m\x90\x9d",
    "over\x08\x08\x08\x08written\r\t",
    "\x7f",
)
WORDS = (
    "class None lambda True await match type "
    "print eval exec open type ValueError "
    "__class__ __init__ __import__ __name__ __file__ __call__ "
    "self cls np torch nn F keras layers ops tf math Path Any Callable load_file itertools "
    "WEIGHTS load preprocess forward from_pretrained training parameters rng model net layer "
    "name output input_shape fill path arrays seed inputs setup feed state_dict T_destination l O I"
).split()
PATHS = (
    "../../escape",
    "..",
    ".",
    "/etc/passwd",
    "C:\\Windows\\escape",
    "\\\\host\\share",
    "~",
    "CON",
    "-o",
    "--force",
    "a/b;c,d e",
    "import os",
)
LONG = "x" * 100_000

ATTACKS = tuple(dict.fromkeys((*QUOTES, *FORMATS, *UNICODE, *TERMINAL, *WORDS, *PATHS, LONG)))
JOINED = "".join((*QUOTES, *FORMATS, *UNICODE, *TERMINAL, *PATHS))
"""The short ones in one text."""


def harmless(text: str) -> str:
    """What an attack comes to as an identifier: a name that does the same without a fight."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def distinct(texts: Iterable[str]) -> list[str]:
    """The texts, some with a number so that they still differ when they are harmless."""
    found: dict[str, str] = {}
    for number, text in enumerate(texts):
        key = harmless(text)[:50].strip("_").lower()
        found[f"{number}{key}" if key in found else key] = (
            f"{number}{text}" if key in found else text
        )
    return list(found.values())


def quoted(text: str) -> str:
    """The text as a string of a prototxt."""
    return '"' + "".join(map(_octal, text)) + '"'


def _octal(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode())


def network(names: Sequence[str], title: str) -> str:
    """A network with a chain of layers that have these names, as have their tops and params."""
    layers = []
    below = quoted(names[0])
    layers.append(
        f"layer {{ name: {below} type: 'Input' top: {below} "
        "input_param { shape { dim: 1 dim: 3 dim: 5 dim: 4 } } }"
    )
    for index, name in enumerate(names[1:]):
        text = quoted(name)
        wires = f"name: {text} bottom: {below} top: {text}"
        if index % 3 == 0:
            layers.append(
                f"layer {{ {wires} type: 'Convolution' param {{ name: {quoted(name + '-w')} }} "
                "convolution_param { num_output: 2 kernel_size: 1 } }"
            )
        elif index % 3 == 1:
            layers.append(f"layer {{ {wires} type: 'BatchNorm' }}")
            layers.append(
                f"layer {{ name: {quoted(name + '-r')} type: 'ReLU' bottom: {text} top: {text} }}"
            )
        else:
            layers.append(f"layer {{ {wires} type: 'Pooling' pooling_param {{ kernel_size: 1 }} }}")
        below = text
    return "\n".join([f"name: {quoted(title)}", *layers])


# ---- what is held against it ----------------------------------------------------------------


@contextmanager
def canary() -> Iterator[None]:
    """Nothing in this block may run PAYLOAD."""
    found: list[int] = []
    vars(builtins)["CANARY"] = found
    yield
    assert not found, "text of the input was run"


def executed(source: str) -> str:
    """What an emitted file prints when it is run as a program."""
    with canary(), redirect_stdout(io.StringIO()) as out:
        code = compile(source, "emitted.py", "exec")
        exec(code, {"__name__": "__main__", "__file__": "emitted.py"})  # noqa: S102  # the test
    return out.getvalue()


TEXT = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def assert_same_code(attacked: str, benign: str) -> None:
    """Only what strings and comments say differs, and nothing hides in the characters."""
    assert_same_words(attacked, benign)
    shapes = (
        [line for part in parts(source) for line in part.shape] for source in (attacked, benign)
    )
    assert next(shapes) == next(shapes)


def assert_same_words(attacked: str, benign: str) -> None:
    """What is no string or comment is made of the same names, and nothing hides in characters."""
    assert_plain(attacked)
    words = []
    for source in (attacked, benign):
        found = parts(source)
        assert all(part.is_ascii for part in found)
        words.append(frozenset().union(*(part.words for part in found)))
    assert words[0] == words[1]


def assert_plain(text: str) -> None:
    """A terminal or an editor shows it as it is."""
    assert all(char.isprintable() or char == "\n" for char in text)


@dataclass(frozen=True)
class Part:
    """A statement of a file, and what stands below it up to the next; or the lines above all."""

    words: frozenset[str]
    is_ascii: bool
    """Whether it is, apart from what strings and comments say."""
    shape: list[str]
    """Its tree, with all strings empty."""


def parts(source: str) -> list[Part]:
    """The parts of a file. Files share helpers, which need not be read each time."""
    tree, lines = ast.parse(source), source.split("\n")
    first = {min(part.lineno for part in (node, *decorators(node))) - 1 for node in tree.body}
    cuts = [*sorted({0, *first}), len(lines)]
    return [_part("\n".join(lines[start:end])) for start, end in pairwise(cuts)]


def decorators(node: ast.stmt) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])


@lru_cache(maxsize=2**12)
def _part(source: str) -> Part:
    tokens = [*tokenize.generate_tokens(io.StringIO(source).readline)]
    return Part(
        frozenset(token.string for token in tokens if token.type == tokenize.NAME),
        all(token.string.isascii() or token.type in TEXT for token in tokens),
        ast.dump(_Blank().visit(ast.parse(source)), indent=1).splitlines(),
    )


class _Blank(ast.NodeTransformer):
    """Empties all strings."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node
