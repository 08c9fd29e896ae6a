"""What Caffe refuses is refused, with the place, what was found and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from digests import GOLDEN

import proto2net
from proto2net import Proto2NetError
from proto2net.cli import main

REJECT = GOLDEN / "reject"

# For each case the layer that is at fault, its line, and words of the problem and its hint.
CASES = {
    "axis_out_of_range": ("s", 2, "axis is 7 .* 4 axes .* -4 to 3"),
    "bilinear_rectangular": ("d", 2, "square kernel .* 2 x 4 .* kernel_size"),
    "bottom_defined_later": ("a", 2, '"b" is not made by any layer above'),
    "concat_mismatch": ("cat", 4, "all axes but axis 1 .* 2 x 3 x 8 x 8, 2 x 3 x 7 x 7"),
    "crop_too_large": ("c", 3, "axis 2 .* from 4 to 8 at offset 0"),
    "duplicate_top": ("a", 3, 'top "a" is already made .* name of its own'),
    "eltwise_coeff_count": ("e", 2, "2 bottoms .* coeff .* 3 given"),
    "eltwise_mismatch": ("e", 3, "one shape .* 2 x 3 x 8 x 8, 2 x 2"),
    "eltwise_one_bottom": ("e", 2, "at least 2 bottoms, but 1 given"),
    "global_pooling_with_kernel": ("p", 2, "global_pooling .* kernel of 2 .* one or the other"),
    "group_does_not_divide": ("c", 2, "3 input channels .* 2 groups"),
    "inplace_relu_wrong_top": ("e", 2, 'top "data" overwrites .* name of its own'),
    "input_without_shape": ("x", 2, "not state .* shape .* --input x=1,3,224,224"),
    "kernel_larger_than_input": ("c", 2, "11 x 11 .* fit .* 8 x 8 .* pad 0 x 0"),
    "lrn_even": ("n", 2, "local_size is 4; it must be odd"),
    "negative_num_output": ("c", 2, "num_output is -2 .* from 0 to"),
    "no_kernel_size": ("c", 2, "kernel_size .* 0 times .* 2 spatial axes .* give kernel_size"),
    "no_num_output": ("c", 2, "num_output is missing .* above 0"),
    "not_prototxt": ("", 2, 'name of a field, found "{"'),
    "pad_not_smaller_than_kernel": ("p", 2, "pad 2 x 2 .* smaller than the kernel 2 x 2"),
    "power_unknown_field": ("p", 2, '"exponent" is not a field of PowerParameter'),
    "reshape_impossible": ("r", 2, r"2 x 3 x 8 x 8 \(384 elements\) .* 14 .* 0 x 7 x -1"),
    "reshape_two_minus_ones": ("r", 2, "-1 x -1; only one dim"),
    "shared_weights_shape_mismatch": ("b", 3, r'2 x 2\) .* "w" of layer "a" \(2 x 192'),
    "slice_not_divisible": ("s", 2, "2 x 3 x 8 x 8 .* 2 equal tops .* slice_point"),
    "slice_point_count": ("s", 2, "2 tops need 1 slice point.* 2 given"),
    "softmax_loss_label_count": ("l", 3, "need 2 labels, but the labels are 2 x 3 x 8 x 8"),
    "string_for_number": ("c", 2, 'num_output is "two" .* whole number'),
    "too_many_tops": ("r", 2, "takes 1 top, but 2 given"),
    "two_includes_and_exclude": ("a", 2, "include rules .* exclude rules .* one kind"),
    "unknown_bottom": ("c", 2, '"nowhere" is not made by any layer above'),
    "unknown_filler": ("d", 2, 'filler "he" .* xavier'),
    "unknown_type": ("u", 2, '"Convolutoin" .* "Convolution"'),
    "wrong_enum": ("p", 2, "pool is MEDIAN .* MAX, AVE, STOCHASTIC"),
    "zero_stride": ("c", 2, "stride of 0 x 0; each must be above 0"),
}


def test_every_recorded_case_is_tested() -> None:
    assert sorted(path.name for path in REJECT.iterdir()) == sorted(CASES)


@pytest.mark.parametrize("case", CASES)
def test_the_problem_is_told_with_its_place(case: str) -> None:
    layer, line, words = CASES[case]
    file = REJECT / case / "net.prototxt"
    with pytest.raises(Proto2NetError, match=words.replace(" .* ", r"(?s:.)*")) as error:
        proto2net.parse(file)
    (issue,) = error.value.issues
    assert issue.where is not None
    assert (issue.where.file, issue.where.line) == (str(file), line)
    assert issue.layer.startswith(f'layer "{layer}" (' if layer else "")
    assert bool(issue.layer) == bool(layer)


@pytest.mark.parametrize("case", CASES)
def test_the_command_tells_it_and_writes_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["convert", str(REJECT / case / "net.prototxt"), "--to", "torch"])
    out, err = capsys.readouterr()
    assert end.value.code == 1
    assert out == ""
    assert err.startswith(f"{REJECT / case / 'net.prototxt'}:{CASES[case][1]}: ")
    assert err.endswith("\n1 problem; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_without_the_parameters_that_it_needs_is_told_which() -> None:
    net = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 } } }
             layer { name: "c" type: "Clip" bottom: "data" top: "c" }"""
    with pytest.raises(Proto2NetError) as error:
        proto2net.parse(net, file="net.prototxt")
    assert str(error.value) == (
        'net.prototxt:2: layer "c" (Clip): needs "min"\n  hint: give it in clip_param'
    )
