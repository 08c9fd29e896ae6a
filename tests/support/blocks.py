"""Blocks and flat code are the same network: what each gives for the same arrays, to the bit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np

from proto2net import Graph, api, backends
from proto2net.backends.base import Emitted

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

SPEAKS = (ast.Module, ast.ClassDef, ast.FunctionDef)
"""What can have a docstring."""


def branches(*strides: int, dropout: bool = False) -> str:
    """A network of blocks of three branches, each of which moves by a stride."""
    text, entry = _input(17, 25), "data"
    for number, stride in enumerate(strides):
        cell = f"cell{number + 1}"
        window = f"kernel_size: 3 pad: 1 stride: {stride}"
        ways = [f"{cell}/{way}" for way in ("left", "right", "pool")]
        for way in ways[:2]:
            filler = 'weight_filler { type: "xavier" }'
            rest = f"convolution_param {{ num_output: {4 + number} {window} {filler} }}"
            text += _layer(way, "Convolution", entry, rest=rest)
            text += _layer(f"{way}_relu", "ReLU", way, top=way)
        pool = f"pooling_param {{ {window} round_mode: FLOOR }}"
        text += _layer(ways[2], "Pooling", entry, rest=pool)
        if dropout:
            text += _layer(f"{cell}/drop", "Dropout", ways[2], top=ways[2])
        text += _layer(f"{cell}/join", "Concat", *ways)
        entry = f"{cell}/join"
    return text


def scaled_twice(*names: str) -> str:
    """A network of convolutions with a BatchNorm and two layers of Scale, as Intel's files have."""
    text, entry = _input(5, 7), "data"
    for number, name in enumerate(names):
        window = f"convolution_param {{ num_output: {number + 2} kernel_size: 1 }}"
        text += _layer(name, "Convolution", entry, rest=window)
        text += _layer(f"{name}_bn", "BatchNorm", name, top=name)
        for end in ("affine", "scale"):
            bias = "scale_param { bias_term: true }"
            text += _layer(f"{name}_{end}", "Scale", name, top=name, rest=bias)
        entry = name
    return text


def preactivated(*channels: int, in_place: bool = False) -> str:
    """A network of residual blocks that begin with a ReLU, which a projection reads too.

    A block has one where it has other channels than the one before. With `in_place` the ReLU of
    such a block overwrites what the block reads.
    """
    text, entry, width = _input(5, 7), "data", 3
    for number, wanted in enumerate(channels):
        unit = f"unit{number + 1}"
        projects = wanted != width
        relu = entry if in_place and projects else f"{unit}/relu"
        text += _layer(f"{unit}/relu", "ReLU", entry, top=relu)
        read = relu
        for name in ("a", "b"):
            window = f"convolution_param {{ num_output: {wanted} kernel_size: 3 pad: 1 }}"
            text += _layer(f"{unit}/{name}", "Convolution", read, rest=window)
            read = f"{unit}/{name}"
        if projects:
            window = f"convolution_param {{ num_output: {wanted} kernel_size: 1 }}"
            text += _layer(f"{unit}/expand", "Convolution", relu, rest=window)
        joined = f"{unit}/expand" if projects else entry
        text += _layer(f"{unit}/sum", "Eltwise", read, joined)
        entry, width = f"{unit}/sum", wanted
    return text


def _input(height: int, width: int) -> str:
    shape = f"shape {{ dim: 2 dim: 3 dim: {height} dim: {width} }}"
    return _layer("data", "Input", rest=f"input_param {{ {shape} }}")


def _layer(name: str, kind: str, *bottoms: str, top: str = "", rest: str = "") -> str:
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
    return f'layer {{ name: "{name}" type: "{kind}" {read} top: "{top or name}" {rest} }}\n'


def detector(*maps: int, data: str = "data", deep: bool = False, frozen: bool = False) -> str:
    """A network of heads on feature maps of so many channels, as SSD has them.

    The heads that are `deep` are of two layers that learn. A `frozen` one does not learn.
    """
    shape = "shape { dim: 2 dim: 3 dim: 33 dim: 45 }"
    text = _layer(data, "Input", rest=f"input_param {{ {shape} }}")
    below, made = data, dict[str, list[str]]()
    for number, channels in enumerate(maps, start=4):
        window = f"num_output: {channels} kernel_size: 3 stride: 2 pad: 1"
        rest = f"convolution_param {{ {window} }}"
        text += _layer(f"conv{number}", "Convolution", below, rest=rest)
        below = f"conv{number}"
        for kind, width in {"loc": 8, "conf": 6}.items():
            name, top = f"{below}_mbox_{kind}", below
            if deep:
                lone = f"convolution_param {{ num_output: {5 + number} kernel_size: 1 }}"
                text += _layer(f"{name}_first", "Convolution", below, rest=lone)
                top = f"{name}_first"
            still = "param { lr_mult: 0 } param { lr_mult: 0 }" * (frozen and number == 5)
            window = f"convolution_param {{ num_output: {width * number} kernel_size: 3 pad: 1 }}"
            text += _layer(name, "Convolution", top, rest=f"{still} {window}")
            order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
            text += _layer(f"{name}_perm", "Permute", name, rest=order)
            text += _layer(f"{name}_flat", "Flatten", f"{name}_perm")
            made.setdefault(kind, []).append(f"{name}_flat")
        sizes = f"min_size: {4 * number}" + f" max_size: {5 * number}" * (number > 4)
        ratios = "aspect_ratio: 2 variance: 0.1"
        priors = f"prior_box_param {{ {sizes} {ratios} }}"
        text += _layer(f"{below}_mbox_priorbox", "PriorBox", below, data, rest=priors)
        made.setdefault("priorbox", []).append(f"{below}_mbox_priorbox")
    for kind, blobs in made.items():
        axis = f"concat_param {{ axis: {2 if kind == 'priorbox' else 1} }}"
        text += _layer(f"mbox_{kind}", "Concat", *blobs, rest=axis)
    return text


TREES = "ash birch cedar elm fir hazel larch maple oak pine rowan yew".split()
WORDS = [f"{tree}_{part}" for tree in TREES for part in ("root", "trunk", "leaf")]


def in_no_block(*frozen: str, preactivated: bool = False) -> str:
    """A network of convolutions with BatchNorm and ReLU whose names tell of no blocks.

    Training leaves those convolutions as they are that are `frozen`. BatchNorm and ReLU stand
    before the convolutions if they are `preactivated`, and a sum behind each.
    """
    shape = "shape { dim: 2 dim: 3 dim: 31 dim: 39 }"
    text = f'layer {{ name: "data" type: "Input" top: "data" input_param {{ {shape} }} }}\n'
    entry = "data"

    def add(name: str, kind: str, bottom: str, top: str, rest: str = "") -> str:
        wires = f'bottom: "{bottom}" top: "{top}"'
        return f'layer {{ name: "{name}" type: "{kind}" {wires} {rest} }}\n'

    for number, word in enumerate(WORDS):
        sizes = (
            f"num_output: {4 + number % 5} kernel_size: {1 + 2 * (number % 2)} pad: {number % 2}"
        )
        filler = 'bias_term: false weight_filler { type: "xavier" }'
        rest = f"convolution_param {{ {sizes} stride: {1 + (number == 2)} {filler} }}"
        if word in frozen:
            rest += " param { lr_mult: 0 }"
        value = f"{word}_norm" if preactivated else word
        conv = add(word, "Convolution", value if preactivated else entry, word, rest)
        before = entry if preactivated else word
        after = add(f"{word}_norm", "BatchNorm", before, value)
        after += add(f"{word}_factor", "Scale", value, value, "scale_param { bias_term: true }")
        after += add(f"{word}_act", "ReLU", value, value)
        text += after + conv if preactivated else conv + after
        entry = word
        if preactivated:
            entry = f"{word}_twice"
            text += add(entry, "Eltwise", f'{word}" bottom: "{word}', entry)
    return text


def outputs(graph: Graph, to: str, *, seed: int = 0) -> tuple[list[Ndarray], list[Ndarray]]:
    """The outputs of the emitted file with its blocks, and those of the flat one."""
    target = backends.get(to)
    found, flat = target.emit(graph), target.emit(graph, flat=True)
    place = {array: name for name, array in flat.arrays.items()}
    assert set(found.arrays.values()) == set(place)
    values = _arrays(graph, flat, seed)
    moved = {name: values[place[array]] for name, array in found.arrays.items()}
    feeds = _feeds(graph, seed)
    return _run(graph, to, found, moved, feeds), _run(graph, to, flat, values, feeds)


def _run(
    graph: Graph,
    to: str,
    emitted: Emitted,
    values: dict[str, Ndarray],
    feeds: dict[str, Ndarray],
) -> list[Ndarray]:
    target = backends.get(to)
    network = api.built(target, emitted, graph.phase)
    target.runner.install(network, values)
    outputs: list[Ndarray] = target.runner.run(network, graph, feeds)
    return outputs


def _arrays(graph: Graph, emitted: Emitted, seed: int) -> dict[str, Ndarray]:
    """Random arrays, small enough that deep networks neither vanish nor burst."""
    random = np.random.default_rng(seed)
    learned = {
        (node, blob): np.asarray(
            random.uniform(0.5, 1.5, shape.shape)
            if blob in ("variance", "scale_factor", "scale")
            else random.standard_normal(shape.shape) / max(np.prod(shape.shape[1:]), 1) ** 0.5,
            np.float32,
        )
        for node in graph.nodes
        for blob, shape in node.blobs.items()
    }
    return emitted.converted(learned)


def _feeds(graph: Graph, seed: int) -> dict[str, Ndarray]:
    random = np.random.default_rng(seed)
    return {
        blob.name: np.asarray(random.standard_normal(blob.shape), np.float32)
        for blob in graph.inputs
    }


def code_lines(source: str) -> int:
    """How many lines say something: no blank ones, docstrings, or what a run of the file does."""
    tree = ast.parse(source)
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, SPEAKS) and ast.get_docstring(node):
            first = node.body[0]
            silent.update(range(first.lineno, (first.end_lineno or 0) + 1))
    main = tree.body[-1]
    if isinstance(main, ast.If):
        silent.update(range(main.lineno, (main.end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(line.strip()) and number not in silent for number, line in lines)
