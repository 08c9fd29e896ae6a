"""A CRF as RNN as a network of its own."""

from __future__ import annotations

from samples.sample import layer

GIVEN = {"scores": (2, 4, 5, 7), "start": (2, 4, 5, 7), "image": (2, 3, 5, 7)}


def net(text: str = "num_iterations: 3", **shapes: tuple[int, ...]) -> str:
    fed = "\n".join(
        layer(
            "Input",
            "",
            name,
            f"input_param {{ shape {{ {' '.join(f'dim: {n}' for n in shape)} }} }}",
            name,
        )
        for name, shape in (GIVEN | shapes).items()
    )
    param = f"multi_stage_meanfield_param {{ {text} }}"
    return f"{fed}\n{layer('MultiStageMeanfield', 'scores start image', 'y', param, 'crf')}"
