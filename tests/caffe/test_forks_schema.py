"""Prototxt of Caffe's forks is read; what is not known is told at once, or passed over."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from proto2net import Graph, ParseError, parse
from proto2net.caffe.prototxt import read
from proto2net.caffe.schema import FORKS, descriptor, is_repeated, message_class
from proto2net.caffe.upgrade import upgrade
from proto2net.layers import Crop

# The parameters of the best known forks, as their files give them.
PARAMETERS = """
    annotated_data_param { batch_sampler { sampler { min_scale: 0.3 max_aspect_ratio: 2 }
      sample_constraint { min_jaccard_overlap: 0.1 } max_sample: 1 max_trials: 50 }
      label_map_file: "labelmap.prototxt" anno_type: BBOX }
    batch_norm_param { scale_bias: true use_weight_bias: true bias_term: true filler { value: 1 }
      bias_filler { value: 0 } update_global_stats: true stats_batch_size: 32 relu: false }
    bn_param { slope_filler { value: 1 } bias_filler { value: 0 } scale_filler { value: 1 }
      shift_filler { value: 0 } momentum: 0.95 eps: 1e-5 frozen: true bn_mode: INFERENCE
      engine: CUDNN }
    box_annotator_ohem_param { roi_per_img: 128 ignore_label: -1 }
    convolution_param { engine: MKL2017 pad_l: 1 pad_r: 2 kernel_shape { dim: 3 dim: 3 dim: 3 } }
    data_param { backend: LMDB shuffle: true cache: true }
    dense_image_data_param { source: "a.txt" batch_size: 4 shuffle: true }
    detection_evaluate_param { num_classes: 21 background_label_id: 0 overlap_threshold: 0.5
      evaluate_difficult_gt: false name_size_file: "sizes.txt" resize_param { height: 300 } }
    detection_output_param { num_classes: 21 share_location: true background_label_id: 0
      nms_param { nms_threshold: 0.45 top_k: 400 eta: 0.9 } code_type: CENTER_SIZE keep_top_k: 200
      save_output_param { output_directory: "out" output_name_prefix: "comp4_" }
      variance_encoded_in_target: false confidence_threshold: 0.01 visualize: true
      visualize_threshold: 0.6 save_file: "out.mp4" }
    dropout_param { scale_train: false sample_weights_test: true }
    flip_param { flip_width: true flip_height: false }
    interp_param { height: 60 width: 70 zoom_factor: 8 shrink_factor: 2 pad_beg: 0 pad_end: -1 }
    loss_param { weight_by_label_freqs: true class_weighting: 0.5 class_weighting: 2
      normalization: PRE_FIXED pre_fixed_normalizer: 128 }
    multibox_loss_param { loc_loss_type: SMOOTH_L1 conf_loss_type: LOGISTIC loc_weight: 1
      num_classes: 21 match_type: BIPARTITE use_prior_for_matching: true use_difficult_gt: true
      do_neg_mining: true neg_pos_ratio: 3 neg_overlap: 0.5 code_type: CORNER_SIZE
      encode_variance_in_target: false map_object_to_agnostic: false bp_inside: false
      ignore_cross_boundary_bbox: false mining_type: HARD_EXAMPLE nms_param { top_k: 10 }
      sample_size: 64 use_prior_for_nms: false }
    norm_param { across_spatial: false scale_filler { value: 20 } channel_shared: false eps: 1e-9 }
    permute_param { order: 0 order: 2 order: 3 order: 1 }
    pooling_param { ceil_mode: false }
    prior_box_param { min_size: 30 min_size: 60 max_size: 60 aspect_ratio: 2 flip: true clip: false
      variance: 0.1 variance: 0.2 img_size: 300 img_h: 300 img_w: 300 step: 8 step_h: 8 step_w: 8
      offset: 0.5 }
    proposal_param { feat_stride: 16 base_size: 16 min_size: 16 ratio: 0.5 ratio: 1 scale: 8
      pre_nms_topn: 6000 post_nms_topn: 300 nms_thresh: 0.7 }
    psroi_pooling_param { spatial_scale: 0.0625 output_dim: 21 group_size: 7 }
    region_loss_param { side: 13 num_class: 20 num: 5 coords: 4 biases: 1.3 biases: 1.7 softmax: 1 }
    relu6_param { negative_slope: 0.1 }
    reorg_param { stride: 2 reverse: true }
    roi_pooling_param { pooled_h: 6 pooled_w: 7 spatial_scale: 0.0625 }
    shuffle_channel_param { group: 3 }
    smooth_l1_loss_param { sigma: 3 }
    transform_param { crop_h: 3 crop_w: 4 resize_param { prob: 1 resize_mode: WARP height: 300
      width: 200 interp_mode: [LINEAR, AREA, NEAREST, CUBIC, LANCZOS4] } noise_param { prob: 0.5 }
      emit_constraint { emit_type: CENTER } distort_param { hue_prob: 0.5 hue_delta: 18 }
      expand_param { prob: 0.5 max_expand_ratio: 4 } }
    upsample_param { scale: 2 scale_h: 2 scale_w: 2 pad_out_h: true pad_out_w: false upsample_h: 45
      upsample_w: 60 }
    video_data_param { video_type: VIDEO device_id: 1 video_file: "a.mp4" skip_frames: 2 }
    yolov3_detection_output_param { num_classes: 20 num_box: 3 confidence_threshold: 0.01
      nms_threshold: 0.45 biases: 10 anchors_scale: 32 mask_group_num: 2 mask: 3
      gaussian_box: false }
"""

DEFAULTS = {
    "NormalizeParameter": {"across_spatial": True, "channel_shared": True, "eps": 1e-10},
    "PriorBoxParameter": {"flip": True, "clip": False, "offset": 0.5},
    "NonMaximumSuppressionParameter": {"nms_threshold": 0.3, "eta": 1.0},
    "DetectionOutputParameter": {"share_location": True, "code_type": 1, "keep_top_k": -1},
    "MultiBoxLossParameter": {"overlap_threshold": 0.5, "match_type": 1, "neg_pos_ratio": 3.0},
    "ROIPoolingParameter": {"pooled_h": 0, "pooled_w": 0, "spatial_scale": 1.0},
    "SmoothL1LossParameter": {"sigma": 1.0},
    "DropoutParameter": {"scale_train": True},
    "BNParameter": {"momentum": 0.9, "eps": 1e-5, "frozen": False},
    "PoolingParameter": {"ceil_mode": True},
    "ShuffleChannelParameter": {"group": 1},
    "Yolov3DetectionOutputParameter": {"num_classes": 20, "num_box": 3, "mask_group_num": 2},
}

DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }'


def problems(text: str, **options: Any) -> list[str]:
    with pytest.raises(ParseError) as error:
        parse(text, file="net.prototxt", **options)
    return [str(issue) for issue in error.value.issues]


def notes(caplog: pytest.LogCaptureFixture, text: str, **options: Any) -> tuple[Graph, list[str]]:
    with caplog.at_level(logging.INFO, "proto2net"):
        graph = parse(text, file="net.prototxt", **options)
    return graph, [record.getMessage() for record in caplog.records]


def test_the_parameters_of_forks_are_read() -> None:
    net, ignored = read(f"layer {{ {PARAMETERS} }}")
    assert not ignored
    (layer,) = net.layer
    assert list(layer.permute_param.order) == [0, 2, 3, 1]
    assert layer.detection_output_param.nms_param.top_k == 400
    assert not layer.dropout_param.scale_train
    assert [size.width for size in layer.transform_param.resize_param] == [200]


@pytest.mark.parametrize(("message", "expected"), DEFAULTS.items(), ids=DEFAULTS)
def test_the_defaults_of_forks(message: str, expected: dict[str, Any]) -> None:
    found = message_class(message)()
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)
    assert not any(found.HasField(name) for name in expected)


def test_what_is_a_list_in_one_fork_is_a_list() -> None:
    fields = descriptor("PriorBoxParameter").fields_by_name
    assert is_repeated(fields["min_size"])
    assert fields["step"].type == FieldDescriptor.TYPE_FLOAT


def test_old_layers_of_forks_are_upgraded() -> None:
    net, _ = read(
        """layers { name: "roi" type: ROI_POOLING bottom: "x" bottom: "rois" top: "y"
                    roi_pooling_param { pooled_h: 6 pooled_w: 7 } }
           layers { name: "bn" type: BN bottom: "y" top: "z" bn_param { bn_mode: INFERENCE } }"""
    )
    upgrade(net)
    assert [layer.type for layer in net.layer] == ["ROIPooling", "BN"]
    assert net.layer[0].roi_pooling_param.pooled_w == 7


def test_unknown_fields_and_unknown_types_are_told_at_once() -> None:
    assert problems(
        f"""{DATA}
layer {{ name: "a" type: "Softmaxx" bottom: "data" top: "a" softmaxx_param {{ axis: 1 }} }}
layer {{ name: "b" type: "ReLU" bottom: "a" top: "b" relu_param {{ negative_slop: 1 }} }}
layer {{ name: "c" type: "Wobble" bottom: "b" top: "c" include {{ phase: TRAIN }} }}"""
    ) == [
        'net.prototxt:2: layer "a" (Softmaxx): "softmaxx_param" is not a field of LayerParameter\n'
        '  hint: did you mean "softmax_param"?',
        'net.prototxt:2: layer "a" (Softmaxx): unknown layer type "Softmaxx"\n'
        '  hint: did you mean "Softmax"?',
        'net.prototxt:3: layer "b" (ReLU): "negative_slop" is not a field of ReLUParameter\n'
        '  hint: did you mean "negative_slope"?',
    ]


def test_unknown_fields_are_ignored_if_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    graph, told = notes(
        caplog,
        f"""{DATA}
layer {{ name: "a" type: "ReLU" bottom: "data" top: "a" relu_param {{ new: {{ x: [1, 2] }} }} }}
layer {{ name: "b" type: "ReLU" bottom: "a" top: "b" relu_param {{ new: 2 new: 3 }} }}
wobble: 3""",
        ignore_unknown_fields=True,
    )
    assert [node.name for node in graph.nodes] == ["data", "a", "b"]
    assert told == [
        'net.prototxt:2: ignored unknown field "new" of ReLUParameter (and 2 more)',
        'net.prototxt:4: ignored unknown field "wobble" of NetParameter',
    ]


FUSED = f"""{DATA}
layer {{ name: "a" type: "InnerProduct" bottom: "data" top: "a"
  inner_product_param {{ num_output: 4 negative_slope: 0.5 engine: MKLDNN }} engine: "CAFFE" }}
default_forward_type: FLOAT16"""


def test_a_forks_parameter_that_a_layer_does_not_know_is_refused() -> None:
    assert problems(FUSED) == [
        'net.prototxt:2: layer "a" (InnerProduct): "negative_slope" of InnerProductParameter '
        "is not known for InnerProduct: a fork of Caffe has added it\n"
        "  hint: if it changes no result, --ignore-unknown-fields ignores it; else --holes "
        "NAME=DIMS leaves the layer for you to write"
    ]


def test_it_is_ignored_if_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    _, told = notes(caplog, FUSED, ignore_unknown_fields=True)
    assert told == [
        'net.prototxt: ignored "default_forward_type" of NetParameter',
        'net.prototxt:2: ignored "engine" of InnerProductParameter',
        'net.prototxt:2: ignored "negative_slope" of InnerProductParameter',
        'net.prototxt:2: ignored "engine" of LayerParameter',
    ]


IMAGES = DATA.replace("dim: 3 }", "dim: 3 dim: 5 dim: 7 }")
NEUTRAL = f"""{IMAGES}
layer {{ name: "a" type: "Convolution" bottom: "data" top: "a" freeze: true convolution_param {{
  num_output: 4 kernel_size: 1 input_scale: 1 output_zero_point: 0 saturate: None dilation_h: 2
  sparse_ratio: 0.5 weight_regularizer: L1 }} }}
layer {{ name: "b" type: "Pooling" bottom: "a" top: "b"
  pooling_param {{ kernel_size: 1 avg_include_pad: true }} }}"""


def test_what_changes_no_result_is_told(caplog: pytest.LogCaptureFixture) -> None:
    graph, told = notes(caplog, NEUTRAL)
    assert graph.nodes[1].layer.dilation == (2, 1)
    assert [note.partition(": ignored ")[2] for note in told] == [
        '"freeze" of LayerParameter, which changes no result',
        '"input_scale: 1" of ConvolutionParameter, which changes no result',
        '"output_zero_point: 0" of ConvolutionParameter, which changes no result',
        '"saturate: None" of ConvolutionParameter, which changes no result',
        '"sparse_ratio" of ConvolutionParameter, which changes no result',
        '"weight_regularizer" of ConvolutionParameter, which changes no result',
        '"avg_include_pad" of PoolingParameter, which has its default',
    ]


@pytest.mark.parametrize("given", ["input_scale: 0.5", "saturate: Signed", "output_zero_point: 3"])
def test_whole_numbers_are_refused(given: str) -> None:
    (problem,) = problems(NEUTRAL.replace("input_scale: 1", given, 1))
    assert f'"{given.partition(":")[0]}" is not a field of ConvolutionParameter' in problem


def test_a_crop_may_give_its_offset_by_height_and_width() -> None:
    net = f"""{IMAGES}
layer {{ name: "c" type: "Crop" bottom: "data" bottom: "data" top: "c"
  crop_param {{ offset_width: 0 offset_height: 0 }} }}"""
    assert parse(net).nodes[-1].layer == Crop(offset=(0, 0))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'base_lr: 0.1\nnet: "train_val.prototxt"\nmax_iter: 5',
            'net.prototxt:2: the network "train_val.prototxt" of this solver does not exist\n'
            "  hint: give the network itself",
        ),
        (
            'name: "a"\ntype: "ReLU"\nbottom: "x"\n',
            'net.prototxt:3: this is a part of a network: "bottom" stands outside of any layer\n'
            "  hint: write each layer as layer { … }",
        ),
        (
            "name: 'a'\nlayer {{\n  name: 'b'\n}}",
            'net.prototxt:2: this is a template, and no network: it has "{{" to fill in\n'
            "  hint: give the file that is made from it",
        ),
        (
            "layer {\n inner_product_param { num_output: {{ n }} } }",
            'net.prototxt:2: this is a template, and no network: it has "{{ n }}" to fill in\n'
            "  hint: --define n=VALUE",
        ),
        (
            "layer {\n inner_product_param { num_output: $n } }",
            'net.prototxt:2: this is a template, and no network: it has "$n" to fill in\n'
            "  hint: --define n=VALUE",
        ),
    ],
    ids=["solver", "part", "doubled braces", "double braces", "dollar"],
)
def test_what_is_no_network_is_told_in_one_sentence(text: str, sentence: str) -> None:
    assert problems(f"{text}\n") == [sentence]


def test_a_binary_file_is_not_read_with_the_numbers_of_forks(tmp_path: Any) -> None:
    net, _ = read(
        """layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }
           layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
                   inner_product_param { num_output: 4 negative_slope: 0.5 } }"""
    )
    path = tmp_path / "net.caffemodel"
    path.write_bytes(net.SerializeToString())
    number = descriptor("InnerProductParameter").fields_by_name["negative_slope"].number
    assert number >= FORKS
    with pytest.raises(ParseError, match=rf"that Caffe does not know \({number}\)"):
        parse(path)
