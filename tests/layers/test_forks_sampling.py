"""Layers that read an image at computed places: what they take, and what they refuse."""

from __future__ import annotations

import pytest
from samples.sample import layer

import proto2net
from proto2net import ShapeError


def given(**shapes: tuple[int, ...]) -> str:
    """Inputs of these shapes."""
    return "\n".join(
        layer("Input", "", name, f"input_param {{ shape {{ dim: {list(shape)} }} }}", name)
        for name, shape in shapes.items()
    )


def transformer(text: str, theta: tuple[int, ...] = (2, 6)) -> str:
    inputs = given(x=(2, 3, 5, 7), theta=theta)
    return inputs + layer("SpatialTransformer", "x theta", "y", text)


def deformable(text: str, offset: tuple[int, ...] = (2, 24, 4, 5)) -> str:
    text = f"deformable_convolution_param {{ num_output: 6 kernel_h: 2 kernel_w: 3 {text} }}"
    inputs = given(x=(2, 4, 5, 7), offset=offset)
    return inputs + layer("DeformableConvolution", "x offset", "y", text)


@pytest.mark.parametrize(
    ("net", "message", "hint"),
    [
        (transformer(""), "without st_param it is XiaoxiaoGuo's", "give st_param with output_H"),
        (
            transformer("st_param { output_H: 4 theta_1_1: 0.5 }"),
            "theta (the second bottom) is 2 x 6, but 5 of its 6 numbers are not given",
            "it must be 2 x 5",
        ),
        (transformer("st_param { output_H: 4 }", (3, 6)), "is 3 x 6", "it must be 2 x 6"),
        (transformer('st_param { transform_type: "tps" }'), 'transform_type is "tps"', ""),
        (transformer("st_param { output_H: 0 }"), "output_H is 0; it must be above 0", ""),
        (
            deformable("deformable_group: 4"),
            "are 2 x 24 x 4 x 5, but there must be 12 for each place of 4 x 5",
            "with 4 deformable groups it must be 2 x 48 x 4 x 5",
        ),
        (
            deformable("", (2, 18, 4, 5)),
            "are 2 x 18 x 4 x 5",
            "with 1 deformable group it must be 2 x 12 x 4 x 5",
        ),
        (deformable("pad: 1"), "for each place of 6 x 7", "must be 2 x 24 x 6 x 7"),
        (deformable("", (2, 36, 4, 5)), "4 input channels do not divide into 3", ""),
        (deformable("axis: 2"), "axis is 2; the fork has 1 alone", ""),
    ],
)
def test_what_the_fork_cannot_compute_is_refused(net: str, message: str, hint: str) -> None:
    with pytest.raises(ShapeError) as error:
        proto2net.parse(net)
    (issue,) = error.value.issues
    assert message in issue.message
    assert hint in (issue.hint or "")


@pytest.mark.parametrize("text", ["", "deformable_group: 2"])
def test_the_offsets_tell_the_number_of_deformable_groups(text: str) -> None:
    """Forks disagree about its default, and there is one number that fits."""
    assert "offset_groups=2" in proto2net.convert(deformable(text), to="torch")


def test_theta_may_have_more_axes() -> None:
    graph = proto2net.parse(transformer("st_param { output_W: 4 }", (2, 6, 1, 1)))
    assert graph.outputs[0].shape == (2, 3, 5, 4)
