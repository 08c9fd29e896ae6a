"""Networks to draw: some that are known, one that attacks, and some by chance."""

from __future__ import annotations

import random
from collections.abc import Iterator

from attacks import ATTACKS, distinct, network
from places import ROOT

import proto2net
from proto2net import Graph

SHIPPED = ("alexnet", "googlenet_train_val", "mobilenet", "resnet50", "squeezenet_v1.1", "vgg16")

MARKUP = (
    "</script><script>window.canary = 1</script>",
    "<img src=x onerror=window.canary=1>",
    "]]><svg onload=window.canary=1>",
    "\"><b>'&amp;",
    "right\u202eto left",
    "line\u2028separators\u2029",
    "control\x01\x08\x1f\x7f\x9b",
    "half \ufffe of \uffff nothing",
    "n" * 10_000,
)


def shipped(name: str) -> Graph:
    """A network of ours."""
    return proto2net.parse(ROOT / "models" / "prototxt" / f"{name}.prototxt")


def hostile() -> Graph:
    """A network of which each name would be something else if it were not only a text."""
    return proto2net.parse(network(distinct((*MARKUP, *ATTACKS)), "</title><script>"))


def by_chance(seed: int, layers: int = 60) -> Graph:
    """A network that reads from near and from far, and joins what is alike."""
    draw = random.Random(seed)  # noqa: S311  # any numbers do
    lines = ["input: 'x0' input_dim: 2 input_dim: 3 input_dim: 5 input_dim: 4"]
    for number in range(1, layers):
        far = draw.random() < 0.3
        reads = draw.sample(range(number), min(number, draw.randint(1, 3)))
        reads = reads if far else [max(number - draw.randint(1, 3), 0)]
        bottoms = " ".join(f"bottom: 'x{read}'" for read in reads)
        kind = "Eltwise" if len(reads) > 1 else draw.choice(["ReLU", "Pooling", "TanH"])
        size = "pooling_param { kernel_size: 1 }" if kind == "Pooling" else ""
        lines.append(
            f"layer {{ name: 'l{number}' type: '{kind}' {bottoms} top: 'x{number}' {size} }}"
        )
    return proto2net.parse("\n".join(lines) + "\n")


def ssd(features: int = 4) -> Graph:
    """A detector: each feature map is read by heads, whose outputs are joined far below."""

    def conv(name: str, bottom: str, width: int, more: str = "") -> str:
        return (
            f"layer {{ name: '{name}' type: 'Convolution' bottom: '{bottom}' top: '{name}' "
            f"convolution_param {{ num_output: {width} kernel_size: 3 pad: 1 {more} }} }}"
        )

    def flat(name: str) -> str:
        return (
            f"layer {{ name: '{name}_perm' type: 'Permute' bottom: '{name}' top: '{name}_perm' "
            "permute_param { order: 0 order: 2 order: 3 order: 1 } }"
            f"layer {{ name: '{name}_flat' type: 'Flatten' bottom: '{name}_perm' "
            f"top: '{name}_flat' }}"
        )

    def joined(what: str, axis: int) -> str:
        ends = "" if what == "prior" else "_flat"
        bottoms = " ".join(f"bottom: 'conv{n}_{what}{ends}'" for n in range(1, features + 1))
        return (
            f"layer {{ name: '{what}' type: 'Concat' {bottoms} top: '{what}' "
            f"concat_param {{ axis: {axis} }} }}"
        )

    lines = ["name: 'ssd' input: 'data' input_dim: 1 input_dim: 3 input_dim: 64 input_dim: 48"]
    below = "data"
    for number in range(1, features + 1):
        name = f"conv{number}"
        lines += [
            conv(name, below, 8 * number, "stride: 2"),
            f"layer {{ name: 'relu{number}' type: 'ReLU' bottom: '{name}' top: '{name}' }}",
            conv(f"{name}_loc", name, 8),
            flat(f"{name}_loc"),
            conv(f"{name}_conf", name, 6),
            flat(f"{name}_conf"),
            f"layer {{ name: '{name}_prior' type: 'PriorBox' bottom: '{name}' bottom: 'data' "
            f"top: '{name}_prior' prior_box_param {{ min_size: {8 * number} aspect_ratio: 2 "
            "flip: false } }",
        ]
        below = name
    lines += [joined("loc", 1), joined("conf", 1), joined("prior", 2)]
    return proto2net.parse("\n".join(lines) + "\n")


def all_of_them() -> Iterator[tuple[str, Graph]]:
    """Each network by a name."""
    yield from ((name, shipped(name)) for name in SHIPPED)
    yield "hostile", hostile()
    yield "ssd", ssd()
    yield from ((f"chance{seed}", by_chance(seed)) for seed in range(6))
