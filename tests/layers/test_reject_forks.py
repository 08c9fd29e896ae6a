"""What forks of Caffe refuse is refused, with the place, what was found and what would be right."""

from __future__ import annotations

import pytest
from digests import GOLDEN

import proto2net
from proto2net import Proto2NetError

REJECT = GOLDEN / "reject-forks"

# For each case the layer that is at fault, its line, and words of the problem and its hint.
CASES: dict[str, tuple[str, int, str]] = {
    # MS-CNN, Cascade R-CNN and other detectors
    "clustered_counts": ("layer", 4, "width is given 2 times, height 1 times .* for each box"),
    "clustered_img_size_twice": (
        "layer",
        4,
        "img_size and img_h and img_w cannot be given together",
    ),
    "clustered_no_width": ("layer", 4, "width is missing .* pixels of the image"),
    "syn_priorbox_box_counts": ("layer", 4, "box_width is given 2 times, box_height 1 times"),
    "syn_detout_no_num_classes": ("layer", 5, "num_classes is missing or 0"),
    "syn_detout_no_permute_conf_shape": ("layer", 5, "need .* 1 x 4 x 2 x 12, .* 1 x 3 x 2 x 12"),
    "syn_detout_priors_do_not_match": ("layer", 5, "5 prior boxes need 20 locations .* are 16"),
    "boxgroup_box_channels": ("layer", 4, "1 x 4 x 3 x 4 .* but they are 1 x 8 x 3 x 4"),
    "boxgroup_field_counts": ("layer", 4, "field_h is given 2 times, field_w 1 times .* both once"),
    "boxgroup_group_count": ("layer", 4, "given 2 times for 2 bottoms .* once for each pair"),
    "boxgroup_odd_bottoms": ("layer", 3, "given 1 times for 1 bottoms .* once for each pair"),
    "boxgroup_std_zero": ("layer", 4, "bbox_std has 0; each must be above 0"),
    "boxoutput_field_count": ("layer", 3, "field_h is given 2 times for 1 bottoms .* once for"),
    "boxoutput_no_rate": ("layer", 3, "downsample_rate is given 0 times for 1 bottoms .* once for"),
    "boxoutput_three_means": ("layer", 3, "bbox_mean is given 3 times .* x, y, width and height"),
    "decode_bbox_channels": ("layer", 4, "must be N x 8, but they are 3 x 4"),
    "decode_bbox_counts": ("layer", 4, "shifts for 3 boxes, but 4 regions .* as many of both"),
    "frcnn_agnostic_channels": ("layer", 6, "cls_aware: false.* must be N x 8, but .* 3 x 16"),
    "frcnn_cls_aware_channels": ("layer", 6, "cls_aware: true.* must be N x 16, but .* 3 x 8"),
    # Synopsys
    "syn_batchnorm_lr_mult": ("layer", 3, "param 1 has lr_mult 1 .* must be 0"),
    "syn_bilinear_two_flags": ("layer", 3, "align_corners and half_pixel contradict"),
    "syn_conv_3d_pad_l": ("layer", 3, "needs 2 spatial axes, but there are 3"),
    "syn_conv_pad_and_pad_l": ("layer", 3, "pad is given, and pad_l"),
    "syn_conv_pad_and_pad_type": ("layer", 3, "pad_type is 1, and a pad is given too"),
    "syn_mul_in_place": ("layer", 4, "cannot run in place"),
    "syn_mul_incompatible": ("layer", 4, "2 x 3 x 4 and 2 x 2 x 4 do not fit together"),
    "syn_nearest_two_flags": ("layer", 3, "align_corners and half_pixel contradict"),
    "syn_pixelshuffler_indivisible": ("layer", 3, "4 channels do not divide into images of 3 x 3"),
    "syn_pool_3_axes": ("layer", 3, "needs 4 axes"),
    "syn_pool_pad_and_pad_l": ("layer", 3, "pad is given, and pad_l"),
    "syn_pool_pad_and_pad_type": ("layer", 3, "pad_type is 1, and a pad is given too"),
    "syn_pool_pad_h_and_pad_type": ("layer", 3, "pad_type is 1, and a pad is given too"),
    "syn_pool_pad_type_2": ("layer", 3, "pad_type is 2; it can only be 0, or 1"),
    "syn_pool_pad_type_and_pad_b": ("layer", 3, "pad_type is 1, and a pad is given too"),
    "syn_squeeze_axis_not_one": ("layer", 3, "axis 1 of the bottom .* has 4 elements"),
    "syn_squeeze_axis_too_large": ("layer", 3, "axis is 7 .* has 4 axes"),
    "syn_squeeze_in_place": ("layer", 3, "cannot run in place"),
    # volumes, Unpooling and Local
    "conv3d_filter_group": ("layer", 3, "num_output 5 does not divide into filter_group 2"),
    "conv3d_no_num_output": ("layer", 3, "num_output is missing or 0"),
    "denseblock_param_given": ("layer", 3, "has param, which a DenseBlock refuses"),
    "interp_pad_positive": ("layer", 3, "pad_beg is 1 and pad_end 0; they only cut off"),
    "interp_zoom_zero": ("layer", 3, "zoom_factor is 0; it must be above 0"),
    "local_kernel_too_large": ("layer", 3, "a kernel of 9 x 9 is larger than the input, 8 x 9"),
    "local_no_num_output": ("layer", 3, "num_output is missing or 0; it must be above 0"),
    "p3d_4_axes": ("layer", 3, r"needs 5 axes \(N, C, L, H, W\), but the bottom is 1 x 4 x 8 x 9"),
    "p3d_global_with_kernel": ("layer", 3, "global_pooling takes the whole volume, but a kernel"),
    "p3d_no_kernel_l": ("layer", 3, "the kernel's depth is missing .* give kernel_depth"),
    "p3d_pad_not_below_kernel": ("layer", 3, "pad 0 x 2 x 2 must be smaller than the kernel"),
    "pool3d_mask_top": ("layer", 3, "with kernel_depth, which is C3D's, there is one top"),
    "pool3d_max_pad": ("layer", 3, "pad is 1, but C3D's MAX pooling cannot be padded"),
    "unpool_ave_with_mask": ("layer", 4, "only MAX unpooling reads a mask; this one is AVE"),
    "unpool_both_sizes": ("layer", 3, "unpool_size is given, and unpool_h or unpool_w too"),
    "unpool_no_kernel": ("layer", 3, "kernel_size is missing"),
    "unpool_pad": ("layer", 3, "pad is 1; unpooling has none"),
    # optical flow
    "flowwarp_sizes": ("layer", 4, "the flow .* is 1 x 2 x 4 x 6, but the image is 1 x 2 x 4 x 5"),
    "lite_warp_coords_channels": ("layer", 4, "must be 1 x 2 x 4 x 5"),
    "syn_correlation_even_kernel": ("layer", 4, "kernel_size is 2; it must be odd"),
    "syn_correlation_no_max_displacement": ("layer", 4, "max_displacement is missing"),
    "syn_correlation_shapes": ("layer", 4, "must be of one size"),
    "syn_correlation_too_small": ("layer", 4, "nothing is left of 8 pixels"),
    "syn_flowwarp_three_channels": ("layer", 4, "the flow .* is 1 x 3 x 4 x 5"),
    "syn_resample_area": ("layer", 3, "type AREA is not supported"),
    "syn_resample_no_size": ("layer", 3, "height and width are missing"),
    # Synopsys, as TensorFlow
    "syn_mirror_pad_too_few": ("layer", 3, "paddings is given 2 times for 4 axes"),
    "syn_pad_odd": ("layer", 3, "paddings is given 1 times for 1 axes"),
    "syn_pad_too_few": ("layer", 3, "paddings is given 2 times for 4 axes"),
    "syn_space_to_batch_indivisible": ("layer", 3, "block_shape 3 does not divide axis 1"),
}


def test_every_recorded_case_is_tested() -> None:
    assert sorted(path.name for path in REJECT.glob("*")) == sorted(CASES)


@pytest.mark.parametrize("case", CASES)
def test_the_problem_is_told_with_its_place(case: str) -> None:
    layer, line, words = CASES[case]
    file = REJECT / case / "net.prototxt"
    with pytest.raises(Proto2NetError, match=words.replace(" .* ", r"(?s:.)*")) as error:
        proto2net.parse(file)
    (issue,) = error.value.issues
    assert issue.where is not None
    assert (issue.where.file, issue.where.line) == (str(file), line)
    assert issue.layer.startswith(f'layer "{layer}" (')
