"""Definitions of Python layers, and of the blobs that they are given."""

from __future__ import annotations


def given(name: str, *dims: int) -> str:
    sizes = " ".join(f"dim: {size}" for size in dims)
    return (
        f'layer {{ name: "{name}" type: "Input" top: "{name}" '
        f"input_param {{ shape {{ {sizes} }} }} }}\n"
    )


def python(module: str, name: str, param_str: str, bottoms: str, tops: str) -> str:
    wires = [f'bottom: "{b}"' for b in bottoms.split()] + [f'top: "{t}"' for t in tops.split()]
    return (
        f'layer {{ name: "{name.lower()}" type: "Python" {" ".join(wires)} python_param {{ '
        f'module: "{module}" layer: "{name}" param_str: "{param_str}" }} }}\n'
    )
