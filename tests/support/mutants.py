"""Makes hostile definitions out of good ones, field by field: a seed always gives the same ones."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from digests import GOLDEN, MODELS
from layer_cases import SAMPLES

import proto2net
from proto2net import Graph, Proto2NetError, backends
from proto2net.layers import LAYERS


def converted(text: str, phase: str) -> bool:
    """Whether the text is a network; then it is printed for every target that takes it."""
    try:
        graph = proto2net.parse(text + "\n", phase=phase)
    except Proto2NetError:
        return False
    for name in backends.names():
        _print(graph, name)
    return True


def _print(graph: Graph, name: str) -> None:
    target = backends.get(name)
    try:
        source = target.emit(graph).source
    except Proto2NetError:
        return
    if target.suffix == ".py":
        compile(source, name, "exec", dont_inherit=True)


@dataclass
class Field:
    """A field of a prototxt: its value is text as it stands there, or the fields of a message."""

    name: str
    value: str | list[Field]

    def copy(self) -> Field:
        value = self.value if isinstance(self.value, str) else [part.copy() for part in self.value]
        return Field(self.name, value)

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return f"{self.name}: {self.value}"
        return f"{self.name} {{ {' '.join(map(str, self.value))} }}"


_TOKEN = re.compile(
    r"""\#[^\n]* | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | [{}\[\]:,;] | [^\s{}\[\]:,;]+""",
    re.VERBOSE,
)


def tree(text: str) -> list[Field]:
    """The fields of a well-formed prototxt."""
    tokens = [token for token in _TOKEN.findall(text) if token[0] not in "#,;:"]
    return _message(iter(tokens))


def _message(tokens: Iterator[str]) -> list[Field]:
    found: list[Field] = []
    for name in tokens:
        if name == "}":
            break
        value = next(tokens)
        if value == "{":
            found.append(Field(name, _message(tokens)))
        elif value == "[":
            for each in iter(lambda: next(tokens), "]"):
                found.append(Field(name, _message(tokens) if each == "{" else each))
        else:
            found.append(Field(name, value))
    return found


def sources() -> list[str]:
    """The good definitions: those with which Caffe was asked, samples, and the shipped networks."""
    files = sorted(GOLDEN.rglob("*.prototxt")) + sorted(MODELS.glob("*.prototxt"))
    return [path.read_text() for path in files] + [sample.net for sample in SAMPLES.values()]


@cache
def _stock() -> tuple[list[Field], list[Field]]:
    """All layers of all small sources, and all fields in them."""
    layers = [part for text in sources() for part in tree(text) if isinstance(part.value, list)]
    fields: list[Field] = []
    for layer in layers:
        fields += (part for fields_ in _messages(layer) for part in fields_)
    return layers, fields


def _messages(root: Field) -> Iterator[list[Field]]:
    """The fields of every message, the outermost first."""
    if isinstance(root.value, list):
        yield root.value
        for part in root.value:
            yield from _messages(part)


NUMBERS = (
    *("0", "-0", "1", "-1", "2", "3", "7", "255", "65536", "1000000", "2147483646", "2147483647"),
    *("2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296"),
    *("9223372036854775807", "-9223372036854775808", "9223372036854775808", "1" * 50),
    *("1e38", "3.5e38", "-1e39", "1e-45", "1e999", "nan", "inf", "-inf", "0.5", "1e-300"),
    *("0x7fffffff", "017", "08", "1f", ".", "-", "1e", "true", "false", "MAX", "AVE", '"5"'),
)
"""Values at the edges, for any scalar."""

WHOLE = ("0", "1", "1", "2", "2", "3", "4", "5", "6", "8", "16")
BROKEN = ("0.5", "-0.5", "1.5", "0.001", "3", "1e-5", "-1")

STRINGS = (
    '""',
    '"' + "a" * 1000 + '"',
    r'"\000"',
    r'"\377\376"',
    '"é\\n\\"\'\\\\"',
    '\'"""\'',
    '"{0} {self} %s"',
    '"data"',
    '"label"',
    '"__class__"',
    '"../../x"',
    '"class"',
)
"""Texts that mean something to somebody."""


@dataclass
class Mutant:
    """A definition after some changes, and what they were."""

    seed: int
    text: str
    changes: list[str] = field(default_factory=list)


class _Mutator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # a seed has to give the same ones
        self.changes: list[str] = []

    def text(self, good: Sequence[str]) -> str:
        root = Field("net", tree(self.random.choice(good)))
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 8))):
            change = self.random.choice(_CHANGES)
            self.changes.append(change.__name__)
            change(self, root)
        assert isinstance(root.value, list)
        text = "\n".join(map(str, root.value))
        if self.random.random() < 0.1:
            change_text = self.random.choice(_TEXT_CHANGES)
            self.changes.append(change_text.__name__)
            text = change_text(self, text, good)
        return text

    def message(self, root: Field) -> list[Field]:
        """The fields of any message, the network's own as likely as all others together."""
        messages = [found for found in _messages(root) if found]
        return self.random.choice(messages) if messages else []

    def scalars(self, root: Field, *names: str) -> list[Field]:
        return [
            part
            for message in _messages(root)
            for part in message
            if isinstance(part.value, str) and (not names or part.name in names)
        ]


# ---- changes of fields ----------------------------------------------------------------------


def dropped(m: _Mutator, root: Field) -> None:
    if message := m.message(root):
        del message[m.random.randrange(len(message))]


def doubled(m: _Mutator, root: Field) -> None:
    if message := m.message(root):
        place = m.random.randrange(len(message))
        message.insert(m.random.randrange(len(message) + 1), message[place].copy())


def repeated(m: _Mutator, root: Field) -> None:
    if message := m.message(root):
        part = m.random.choice(message)
        message.extend(part.copy() for _ in range(m.random.choice((2, 5, 40))))


def swapped(m: _Mutator, root: Field) -> None:
    if message := m.message(root):
        a, b = m.random.randrange(len(message)), m.random.randrange(len(message))
        message[a], message[b] = message[b], message[a]


def exchanged(m: _Mutator, root: Field) -> None:
    """Two fields get each other's value."""
    if scalars := m.scalars(root):
        a, b = m.random.choice(scalars), m.random.choice(scalars)
        a.value, b.value = b.value, a.value


def another_number(m: _Mutator, root: Field) -> None:
    if scalars := [part for part in m.scalars(root) if not str(part.value).startswith(('"', "'"))]:
        m.random.choice(scalars).value = m.random.choice(NUMBERS)


def a_small_number(m: _Mutator, root: Field) -> None:
    """A number becomes one that may well be allowed."""
    if numbers := [part for part in m.scalars(root) if re.match(r"-?[0-9.]", str(part.value))]:
        part = m.random.choice(numbers)
        part.value = m.random.choice(WHOLE if str(part.value).isdigit() else BROKEN)


def another_string(m: _Mutator, root: Field) -> None:
    if scalars := m.scalars(root, "name", "type", "bottom", "top"):
        m.random.choice(scalars).value = m.random.choice(STRINGS)


def another_scalar(m: _Mutator, root: Field) -> None:
    if scalars := m.scalars(root):
        m.random.choice(scalars).value = m.random.choice((*NUMBERS, *STRINGS))


def another_type(m: _Mutator, root: Field) -> None:
    """A layer gets a type that takes as many bottoms and tops, as a rule."""
    layers = [message for message in _messages(root) if any(p.name == "bottom" for p in message)]
    if not layers:
        return
    layer = m.random.choice(layers)
    bottoms, tops = (sum(p.name == kind for p in layer) for kind in ("bottom", "top"))
    fitting = [
        name
        for name, cls in sorted(LAYERS.items())
        if cls.bottoms[0] <= bottoms <= cls.bottoms[1] and cls.tops[0] <= tops <= cls.tops[1]
    ]
    for part in layer:
        if part.name == "type":
            part.value = f'"{m.random.choice(fitting or sorted(LAYERS))}"'


def another_blob(m: _Mutator, root: Field) -> None:
    if scalars := m.scalars(root, "bottom", "top"):
        m.random.choice(scalars).value = m.random.choice(scalars).value


def another_name(m: _Mutator, root: Field) -> None:
    """A field gets the name of another, which may take other values."""
    if message := m.message(root):
        m.random.choice(message).name = m.random.choice(_stock()[1]).name


def a_field_more(m: _Mutator, root: Field) -> None:
    """A message gets a field of another net."""
    message = m.message(root)
    message.insert(m.random.randrange(len(message) + 1), m.random.choice(_stock()[1]).copy())


def a_layer_more(m: _Mutator, root: Field) -> None:
    """A layer of another net, which reads blobs of this one."""
    assert isinstance(root.value, list)
    stranger = m.random.choice(_stock()[0]).copy()
    if blobs := m.scalars(root, "top", "input"):
        for bottom in m.scalars(stranger, "bottom"):
            bottom.value = m.random.choice(blobs).value
    root.value.insert(m.random.randrange(len(root.value) + 1), stranger)


def parameters_of_another(m: _Mutator, root: Field) -> None:
    """A layer takes the type and the parameters of a layer of another net."""
    assert isinstance(root.value, list)
    layers = [part for part in root.value if isinstance(part.value, list)]
    stranger = m.random.choice(_stock()[0]).copy()
    if layers and isinstance(stranger.value, list):
        layer = m.random.choice(layers)
        assert isinstance(layer.value, list)
        wired = ("name", "bottom", "top")
        layer.value = [part for part in layer.value if part.name in wired]
        layer.value += [part for part in stranger.value if part.name not in wired]


_CHANGES: tuple[Callable[[_Mutator, Field], None], ...] = (
    *(dropped, doubled, repeated, swapped, exchanged, another_name),
    *(a_small_number, a_small_number, a_small_number, a_small_number, a_small_number),
    *(another_number, another_number, another_number, another_number, another_scalar),
    *(another_string, another_type, another_type, another_blob, another_blob),
    *(a_field_more, a_layer_more, parameters_of_another),
)


# ---- changes of the text --------------------------------------------------------------------


def cut(m: _Mutator, text: str, good: Sequence[str]) -> str:
    return text[: m.random.randrange(len(text) + 1)]


def spliced(m: _Mutator, text: str, good: Sequence[str]) -> str:
    other = m.random.choice(good)
    return cut(m, text, good) + other[m.random.randrange(len(other)) :]


def garbled(m: _Mutator, text: str, good: Sequence[str]) -> str:
    characters = list(text)
    for _ in range(m.random.choice((1, 3, 10))):
        place = m.random.randrange(len(characters) + 1)
        size = m.random.randrange(3)
        characters[place : place + size] = m.random.choice("\"'{}[]<>:#\\\0-,é1a\n")
    return "".join(characters)


_TEXT_CHANGES: tuple[Callable[[_Mutator, str, Sequence[str]], str], ...] = (cut, spliced, garbled)


def changed(text: str, seed: int) -> str:
    """A definition after some changes."""
    return _Mutator(seed).text([text])


def phase(seed: int) -> str:
    """What a mutant is converted for: every fourth for training."""
    return "train" if seed % 4 == 0 else "test"


def mutant(seed: int, good: Sequence[str]) -> Mutant:
    """One mutant of one of the good definitions."""
    mutator = _Mutator(seed)
    return Mutant(seed, mutator.text(good), mutator.changes)
