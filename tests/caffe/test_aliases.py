"""What forks call otherwise than Caffe is read, with a note, as what it is."""

from __future__ import annotations

import logging

import pytest

import proto2net
from proto2net import ParseError

DATA = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 4 dim: 9 dim: 11 } } }
"""


def of(text: str) -> proto2net.Graph:
    """The network of the layers in this text, which read "data"."""
    return proto2net.parse(DATA + text, file="net.prototxt")


@pytest.mark.parametrize(
    ("fork", "caffe"),
    [
        (
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 3 hole: 2 }',
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 3 dilation: 2 }',
        ),
        (
            'type: "HoleConvolution" convolution_param'
            " { num_output: 3 kernel_size: 3 hole_h: 2 hole_w: 3 }",
            'type: "Convolution" convolution_param'
            " { num_output: 3 kernel_size: 3 dilation: 2 dilation: 3 }",
        ),
        (
            'type: "ConvolutionDeeplab" convolution_deeplab_param'
            " { num_output: 3 kernel_size: 3 hole: 2 }",
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 3 dilation: 2 }',
        ),
        (
            'type: "CuDNNDeconvolution" convolution_param { num_output: 3 kernel_size: 4 }',
            'type: "Deconvolution" convolution_param { num_output: 3 kernel_size: 4 }',
        ),
        (
            'type: "HardSigmoid" hardsigmoid_param { alpha: 0.125 beta: 0.25 }',
            'type: "HardSigmoid" hard_sigmoid_param { alpha: 0.125 beta: 0.25 }',
        ),
        (
            'type: "ConvolutionFixed" convolution_param { num_output: 3 kernel_size: 4 }'
            " fixed_param { fixed_method: DIFF_S bit_width: 8 }",
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 4 }',
        ),
        (
            'type: "ConvolutionRistretto" convolution_param { num_output: 3 kernel_size: 4 }'
            " quantization_param { bw_layer_in: 8 th_layer_in: 150.8 th_params: 0.39 }",
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 4 }',
        ),
        (
            'type: "CConvolution" convolution_param { num_output: 3 kernel_size: 4 }'
            " cconvolution_param { gamma: 0.00002 weight_mask_filler { value: 1 } }",
            'type: "Convolution" convolution_param { num_output: 3 kernel_size: 4 }',
        ),
        (
            'type: "EltwiseAffine" eltwise_affine_param { slope_filler { value: 2 }'
            " bias_filler { value: 3 } }",
            'type: "Scale" scale_param { filler { value: 2 } bias_term: true'
            " bias_filler { value: 3 } }",
        ),
        (
            'type: "EltwiseAffine" eltwise_affine_param { channel_shared: true }',
            'type: "Scale" scale_param { num_axes: 0 bias_term: true }',
        ),
        (
            'type: "Convolution" param { lr_mult: 1 kernel_shape_decay_mult: 0'
            " block_group_lasso { xdimen: 121 } } bottom_mlu_dtype { type: DT_INT8 }"
            " sparsity: 0.0 external_output: true"
            " convolution_param { num_output: 3 kernel_size: 4 }",
            'type: "Convolution" param { lr_mult: 1 }'
            " convolution_param { num_output: 3 kernel_size: 4 }",
        ),
        (
            'type: "Upsample" upsample_param { scale: 2 nearestneighbor_mode: true }',
            'type: "Upsample" upsample_param { scale: 2 }',
        ),
    ],
)
def test_a_layer_of_a_fork_is_that_of_caffe(fork: str, caffe: str) -> None:
    read, expected = (
        proto2net.convert(
            of(f'layer {{ name: "f" bottom: "data" top: "f" {layer} }}'), to="prototxt"
        )
        for layer in (fork, caffe)
    )
    assert read == expected


def test_an_old_definition_of_deeplab_is_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse("""
        input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 11
        layers { name: "f" type: CONVOLUTION bottom: "data" top: "f" strict_dim: false
          convolution_param { num_output: 3 kernel_size: 3 hole: 2 } }
        layers { name: "mat" type: MAT_WRITE bottom: "f" include: { phase: TEST }
          mat_write_param { prefix: "fc8/" source: "val.txt" strip: 0 period: 1 } }""")
    assert graph.outputs[0].shape == (1, 3, 5, 7)
    assert "read hole as dilation" in caplog.text
    assert 'layer "mat" (MatWrite) was left out: it writes files' in caplog.text


def test_a_hole_beside_a_dilation_is_no_other_name_of_it() -> None:
    window = "convolution_param { num_output: 3 kernel_size: 3 hole: 2 dilation: 2 }"
    with pytest.raises(ParseError, match='"hole" of ConvolutionParameter is not known'):
        of(f'layer {{ name: "f" type: "Convolution" bottom: "data" top: "f" {window} }}')


def test_a_layer_to_be_written_by_hand_keeps_its_type() -> None:
    text = 'layer { name: "f" type: "HoleConvolution" bottom: "data" top: "f" }'
    graph = proto2net.parse(DATA + text, holes={"type:HoleConvolution": [(2, 3)]})
    assert graph.outputs[0].shape == (2, 3)
    assert "HoleConvolution" in proto2net.convert(graph, to="torch")


def test_a_crop_has_a_height_and_a_width(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse("""
        layer { name: "data" type: "Data" top: "data" top: "label" data_param { batch_size: 2 }
          transform_param { crop_height: 14 crop_width: 6 mean_value: [1, 2, 3] } }
        layer { name: "f" type: "ReLU" bottom: "data" top: "f" }""")
    assert graph.outputs[0].shape == (2, 3, 14, 6)
    assert "read crop_height as crop_h" in caplog.text


def test_the_rounding_that_is_left_out_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = of("""
        layer { name: "data_fixed" type: "FixedNeuron" bottom: "data" top: "data"
          param { lr_mult: 0 } fixed_param { bit_width: 8 } }
        layer { name: "f" type: "InnerProductFixed" bottom: "data" top: "f"
          inner_product_param { num_output: 3 } fixed_param { bit_width: 8 } }
        layer { name: "f_fixed" type: "FixedNeuron" bottom: "f" top: "f_fixed"
          param { lr_mult: 0 } fixed_param { bit_width: 8 } }""")
    assert [node.layer.type for node in graph.nodes] == ["Input", "InnerProduct", "Split"]
    assert [blob.name for blob in graph.outputs] == ["f_fixed"]
    assert "left out 2 layers of type FixedNeuron: a quantised network rounds there" in caplog.text
    assert "read 1 layer of type InnerProductFixed as InnerProduct, without the rou" in caplog.text
    told = 'net.prototxt:5: ignored "fixed_param" of LayerParameter: the rounding of a quantised '
    assert f"{told}network is left out (and 2 more)" in caplog.text


def test_an_old_layer_may_have_a_norm_for_training() -> None:
    proto2net.parse("""
        input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 11
        layers { name: "f" type: CONVOLUTION bottom: "data" top: "f" max_norm: 4 max_norm: 0
          convolution_param { num_output: 3 kernel_size: 3 } }""")


def test_the_same_word_in_a_layers_own_parameters_may_mean_more() -> None:
    with pytest.raises(ParseError, match='"max_norm" is not a field of InnerProductParameter'):
        of("""layer { name: "f" type: "InnerProduct" bottom: "data" top: "f"
              inner_product_param { num_output: 3 max_norm: 4 } }""")
