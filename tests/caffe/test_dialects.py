"""What forks write in their own way is read, with a note, where its meaning is sure."""

from __future__ import annotations

from typing import Any

import pytest

import proto2net
from proto2net import ParseError
from proto2net.caffe.prototxt import read
from proto2net.caffe.schema import Message
from proto2net.caffe.upgrade import upgrade


def upgraded(text: str) -> tuple[Message, list[str]]:
    """The net of this text in Caffe's words, and the notes."""
    net, notes = read(text, "net.prototxt")
    return net, notes + upgrade(net, "net.prototxt")


def test_a_type_of_mycaffe_is_known_beside_other_problems() -> None:
    text = 'layer { type: "Normalization2" bottom: "x" top: "y" } layer { type: "ReLU" bottom: x }'
    with pytest.raises(ParseError) as error:
        proto2net.parse(text)
    assert "in quotes" in str(error.value)
    assert "unknown layer type" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            'layer { type: "Lstm" recurrent_param { } }',
            "read 1 layer of type Lstm with recurrent_param as LSTM, as MyCaffe does",
        ),
        (
            'layer { type: "Normalization2" }',
            "read 1 layer of type Normalization2 as Normalize, as MyCaffe does",
        ),
        (
            "layer { multiboxloss_param { } }",
            "read multiboxloss_param as multibox_loss_param, as MyCaffe does",
        ),
        (
            'layer { type: "Convolution" param { } param { } convolution_param'
            " { bias_term: false } }",
            "dropped the second param of 1 layer with bias_term: false",
        ),
        (
            'layer { type: "Eltwise" bottom: "x" top: "y" eltwise_param { coeff: 20 } }',
            "read 1 layer of type Eltwise with one bottom as Power, as FlowNet2 does",
        ),
        (
            'layer { type: "Convolution" convolution_param { fuse_type: FUSED_CONV_RELU } }',
            "split 1 Convolution layer into Convolution and ReLU",
        ),
        (
            'layer { type: "Convolution" convolution_param { relu: true } }',
            "split 1 Convolution layer into Convolution and ReLU",
        ),
        (
            'layer { type: "InnerProduct" inner_product_param { relu: true negative_slope: 0.1 } }',
            "split 1 InnerProduct layer into InnerProduct and ReLU",
        ),
        (
            'layer { type: "LRN" top: "y" lrn_param { fuse_type: FUSED_POOL_MAX } }',
            "split 1 LRN layer into LRN and Pooling",
        ),
        (
            'layer { type: "Convolution" top: "x" quantization_param { bw_layer_out: 8 } }'
            ' layer { type: "Concat" bottom: "x" concat_param { per_fla_fuse: true } }',
            "wrote out the Permute and Reshape before 1 Concat layer with per_fla_fuse, "
            "as 8 bit convolutions have them",
        ),
        (
            'layer { type: "Convolution3D" convolution_param { kernel_size: 3 kernel_depth: 2 } }',
            "read 1 layer of C3D 1.0 as of its version 1.1",
        ),
        (
            'layer { type: "Pooling" top: "p" } layer { name: "fc" type: "InnerProduct" '
            'bottom: "flatten0" top: "fc" }',
            '"fc" reads "p" in the place of "flatten0", a Flatten that MXNet2Caffe leaves out',
        ),
        (
            'layer { type: "FcRistretto" bottom: "x" top: "y" }',
            "wrote the rounding of 1 layer of Ristretto as Quantize",
        ),
        (
            'layer { type: "DenseBlock" bottom: "x" top: "y" }',
            "wrote out 1 DenseBlock layer as BatchNorm, Scale, ReLU, Convolution and Concat",
        ),
        (
            'layer { type: "TransformerBlock" bottom: "x" top: "y" }',
            "wrote out 1 TransformerBlock layer as LayerNorm, InnerProduct, CausalAttention, "
            "ReLU and Eltwise",
        ),
        (
            'layer { type: "LstmAttention" bottom: "x" top: "y" '
            "lstm_attention_param { num_output: 3 } }",
            "read 1 layer of type LstmAttention without attention as Lstm; MyCaffe stops at the "
            "end of the longest sequence",
        ),
        (
            'layer { type: "LSTM" bottom: "x" bottom: "cont" top: "y" '
            "recurrent_param { engine: CUDNN } }",
            "wrote out the layers of 1 LSTM of cuDNN, which looks at cont in the first step alone, "
            "and whose weights cannot be read",
        ),
        (
            'layer { type: "Eltwise" bottom: "x" bottom: "one" top: "y" '
            "eltwise_param { allow_single_batch_input: True } }",
            "read 1 layer of type Eltwise with allow_single_batch_input as an operation that "
            "repeats what is there for one image alone",
        ),
        (
            'layers { type: "ReLU" }',
            "net.prototxt:1: read the name of a current type among `layers` (V1 format); "
            "Caffe refuses it",
        ),
        (
            "layer { image_data_param { source: names root_folder: C:\\images\\a-1.b\n } }",
            "net.prototxt:1: read a text without quotes, as MyCaffe writes it; "
            "Caffe refuses it (and 1 more)",
        ),
    ],
)
def test_what_is_read_in_another_way_than_caffe_does_is_told(text: str, note: str) -> None:
    assert note in upgraded(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        'layer { type: "Lstm" lstm_param { } }',
        'layer { type: "Convolution" param { } param { } }',
        'layer { type: "Scale" param { } param { } }',
        'layer { type: "LstmAttention" lstm_attention_param { enable_attention: true } }',
        'layer { type: "LstmAttention" lstm_attention_param { num_output_ip: 3 } }',
        'layer { type: "RNN" bottom: "x" bottom: "c" top: "y" recurrent_param { engine: CUDNN } }',
        'layer { type: "LSTM" bottom: "x" bottom: "c" top: "y" '
        "recurrent_param { engine: CUDNN num_layers: 1000000000 } }",
        'layer { type: "LSTM" bottom: "x" bottom: "c" top: "y" recurrent_param { num_layers: 2 } }',
        'layer { type: "Eltwise" bottom: "x" bottom: "z" top: "y" '
        "eltwise_param { coeff: 1 coeff: 2 allow_single_batch_input: true } }",
        'layer { top: "p" } layer { type: "InnerProduct" bottom: "flat" }',
        'layer { top: "p" } layer { type: "Convolution" bottom: "flatten" }',
        'layer { top: "p" top: "q" } layer { type: "InnerProduct" bottom: "flatten" }',
        'layer { top: "p" } layer { type: "InnerProduct" bottom: "flatten" } layer { bottom: "p" }',
        'layer { top: "flatten" } layer { top: "p" } '
        'layer { type: "InnerProduct" bottom: "flatten" }',
        'layer { type: "InnerProduct" param { } param { } inner_product_param { } }',
        'layer { type: "Convolution" convolution_param { fuse_type: FUSED_CONV_ELTWISE } }',
        'layer { type: "LRN" top: "y" lrn_param { fuse_type: UNFUSED } }',
        'layer { type: "Convolution" top: "x" } '
        'layer { type: "Concat" bottom: "x" concat_param { per_fla_fuse: true } }',
    ],
)
def test_what_is_not_sure_stays_as_it_is(text: str) -> None:
    assert upgraded(text) == (read(text)[0], [])


def test_parameters_without_quotes_are_read_whole() -> None:
    (layer,) = upgraded(
        "layer { image_data_param { source: names root_folder: C:\\images\\a-1.b\n } }"
    )[0].layer
    found = layer.image_data_param
    assert (found.source, found.root_folder) == ("names", "C:\\images\\a-1.b")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("layer { type: Convolution }", "type is Convolution\n  hint: it must be a string"),
        ("layer { bottom: C:\\x }", r"bottom is C:\\x\n  hint: it must be a string"),
        ('layers { type: "Convolve" }', 'type is "Convolve"\n  hint: it can be NONE, ABSVAL'),
        ('layer { pooling_param { pool: "MAX" } }', 'pool is "MAX"\n  hint: it can be MAX'),
    ],
)
def test_other_values_need_their_quotes_or_lack_them(text: str, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        read(text)


def test_a_pooling_in_an_lrn_keeps_its_rules_and_the_name_of_the_top() -> None:
    net, _ = upgraded(
        'layer { name: "n" type: "LRN" bottom: "x" top: "y" include { phase: TEST }'
        " lrn_param { fuse_type: FUSED_POOL_MAX pooling_param { kernel_size: 3 } } }"
    )
    assert [described(layer) for layer in net.layer] == [
        ("n", "LRN", ["x"], ["n_unpooled"], 1),
        ("n_pool", "Pooling", ["n_unpooled"], ["y"], 1),
    ]
    assert net.layer[1].pooling_param.kernel_size == 3


def described(layer: Message) -> tuple[Any, ...]:
    return (layer.name, layer.type, [*layer.bottom], [*layer.top], len(layer.include))


def test_layers_of_c3d_have_their_parameters_where_its_later_version_has_them() -> None:
    net, _ = upgraded(
        """layers { type: VIDEO_DATA
                    image_data_param { batch_size: 2 new_length: 16 crop_size: 9 } }
           layers { type: DECONVOLUTION3D convolution_param { stride: 2 bias_term: false } }
           layers { type: POOLING3D pooling_param { pool: AVE kernel_depth: 2 } }"""
    )
    expected, _ = read(
        """layer { type: "VideoData" video_data_param { batch_size: 2 new_length: 16 }
                   transform_param { crop_size: 9 } }
           layer { type: "Deconvolution3D" convolution3d_param { stride: 2 }
                   convolution_param { bias_term: false } }
           layer { type: "Pooling3D" pooling3d_param { pool: AVE kernel_depth: 2 } }"""
    )
    for layer, right in zip(net.layer, expected.layer, strict=True):
        assert str(layer).split("line")[0] == str(right).split("line")[0]


def test_a_dense_block_is_written_out_transition_by_transition() -> None:
    net, _ = upgraded(
        """layer { name: "d" type: "DenseBlock" bottom: "x" top: "y" include { phase: TEST }
             denseblock_param { numTransition: 2 growthRate: 3 use_BC: true
               Filter_Filler { type: "msra" } use_dropout: true dropout_amount: 0.2 } }"""
    )
    assert [(layer.name, layer.type, *layer.bottom, *layer.top) for layer in net.layer[:10]] == [
        ("d_1/bottleneck/bn", "BatchNorm", "x", "d_1/bottleneck/bn"),
        ("d_1/bottleneck/scale", "Scale", "d_1/bottleneck/bn", "d_1/bottleneck/bn"),
        ("d_1/bottleneck/relu", "ReLU", "d_1/bottleneck/bn", "d_1/bottleneck/bn"),
        ("d_1/bottleneck/conv", "Convolution", "d_1/bottleneck/bn", "d_1/bottleneck/conv"),
        ("d_1/bn", "BatchNorm", "d_1/bottleneck/conv", "d_1/bn"),
        ("d_1/scale", "Scale", "d_1/bn", "d_1/bn"),
        ("d_1/relu", "ReLU", "d_1/bn", "d_1/bn"),
        ("d_1/conv", "Convolution", "d_1/bn", "d_1/conv"),
        ("d_1/dropout", "Dropout", "d_1/conv", "d_1/conv"),
        ("d_1/concat", "Concat", "x", "d_1/conv", "d_1/concat"),
    ]
    last = net.layer[-1]
    assert (last.name, *last.bottom, *last.top) == ("d_2/concat", "d_1/concat", "d_2/conv", "y")
    assert all(layer.include for layer in net.layer)
    convolutions = [layer.convolution_param for layer in net.layer if layer.type == "Convolution"]
    assert [each.num_output for each in convolutions] == [12, 3, 12, 3]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bottom: 'x' top: 'y' denseblock_param { growthRate: 0 }", "growthRate is 0; it must be"),
        ("bottom: 'x' bottom: 'z' top: 'y'", "takes 1 bottom and 1 top, but has 2 and 1"),
    ],
)
def test_a_dense_block_is_refused_where_it_stands(text: str, problem: str) -> None:
    with pytest.raises(ParseError, match=problem) as error:
        upgraded(f'layer {{ name: "d" type: "DenseBlock" {text} }}')
    assert str(error.value).startswith('net.prototxt:1: layer "d" (DenseBlock): ')


def test_each_layer_of_an_lstm_of_cudnn_reads_the_one_before() -> None:
    net, _ = upgraded(
        """layer { name: "r" type: "Lstm" bottom: "x" bottom: "cont" top: "y"
             include { phase: TEST }
             recurrent_param { engine: CUDNN num_output: 3 num_layers: 3 dropout_ratio: 0.25 } }"""
    )
    assert [(layer.name, layer.type, *layer.bottom, *layer.top) for layer in net.layer] == [
        ("r_1", "LSTM", "x", "cont", "r_1"),
        ("r_1_dropout", "Dropout", "r_1", "r_1"),
        ("r_2", "LSTM", "r_1", "cont", "r_2"),
        ("r_2_dropout", "Dropout", "r_2", "r_2"),
        ("r", "LSTM", "r_2", "cont", "y"),
    ]
    assert [layer.dropout_param.dropout_ratio for layer in net.layer[1::2]] == [0.25, 0.25]
    assert [str(layer.recurrent_param) for layer in net.layer[::2]] == ["num_output: 3\n"] * 3
    assert all(layer.include for layer in net.layer)


BLOCK = """
    layer { name: "t" type: "TransformerBlock" bottom: "x" top: "y" include { phase: TEST }
      param { lr_mult: 1 } param { lr_mult: 2 } param { lr_mult: 3 } param { lr_mult: 4 }
      transformer_block_param { embed: 6 heads: 2 block_size: 5 layers: 8 DROPOUT } }"""


def test_a_transformer_block_is_written_out() -> None:
    net, _ = upgraded(BLOCK.replace("DROPOUT", "attn_dropout: 0.5 resid_dropout: 0.25"))
    assert [(layer.name, layer.type, *layer.bottom, *layer.top) for layer in net.layer] == [
        ("t/ln1", "LayerNorm", "x", "t/ln1"),
        ("t/c_attn", "InnerProduct", "t/ln1", "t/c_attn"),
        ("t/attn", "CausalAttention", "t/c_attn", "t/attn"),
        ("t/c_proj", "InnerProduct", "t/attn", "t/c_proj"),
        ("t/c_dropout", "Dropout", "t/c_proj", "t/c_proj"),
        ("t/attended", "Eltwise", "x", "t/c_proj", "t/attended"),
        ("t/ln2", "LayerNorm", "t/attended", "t/ln2"),
        ("t/fc", "InnerProduct", "t/ln2", "t/fc"),
        ("t/act", "ReLU", "t/fc", "t/fc"),
        ("t/proj", "InnerProduct", "t/fc", "t/proj"),
        ("t/dropout", "Dropout", "t/proj", "t/proj"),
        ("t/sum", "Eltwise", "t/attended", "t/proj", "y"),
    ]
    products = [layer for layer in net.layer if layer.type == "InnerProduct"]
    assert [[each.lr_mult for each in layer.param] for layer in products] == [
        [1, 2],
        [3, 4],
        [],
        [],
    ]
    found = [layer.inner_product_param for layer in products]
    assert [(each.num_output, each.axis) for each in found] == [(18, 2), (6, 2), (24, 2), (6, 2)]
    assert [each.weight_filler.std for each in found] == pytest.approx([0.02, 0.005, 0.02, 0.005])
    attention = net.layer[2].causal_attention_param
    assert (attention.heads, attention.block_size, attention.attn_dropout) == (2, 5, 0.5)
    assert all(layer.include for layer in net.layer)


def test_a_transformer_block_without_dropout_has_no_layers_for_it() -> None:
    net, _ = upgraded(BLOCK.replace("DROPOUT", "resid_dropout: 0"))
    assert "Dropout" not in [layer.type for layer in net.layer]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("transformer_block_param { block_type: ENCODER }", "block_type is ENCODER; only CAUSAL"),
        (
            "transformer_block_param { activation: GELU }",
            "activation is GELU; only RELU is supported",
        ),
        ("transformer_block_param { heads: 5 }", r"embed \(192\) does not divide into 5 heads"),
        ("transformer_block_param { layers: 0 }", "layers is 0; it must be above 0"),
        ("top: 'z'", "takes 1 bottom and 1 top, but has 1 and 2"),
    ],
)
def test_a_transformer_block_is_refused_where_it_stands(text: str, problem: str) -> None:
    with pytest.raises(ParseError, match=problem) as error:
        upgraded(f'layer {{ name: "t" type: "TransformerBlock" bottom: "x" top: "y" {text} }}')
    assert str(error.value).startswith('net.prototxt:1: layer "t" (TransformerBlock): ')


def test_what_ristretto_rounds_is_written_out_once() -> None:
    text = """
        layer { name: "r" type: "ConvolutionRistretto" bottom: "x" top: "y"
          quantization_param { bw_layer_in: 8 fl_layer_in: 5 bw_layer_out: 6 fl_layer_out: 3 } }"""
    net, _ = upgraded(text)
    assert [(layer.name, layer.type, *layer.bottom, *layer.top) for layer in net.layer] == [
        ("r_in", "Quantize", "x", "x"),
        ("r", "ConvolutionRistretto", "x", "y"),
        ("r_out", "Quantize", "y", "y"),
    ]
    rounded = [layer.quantization_param for layer in (net.layer[0], net.layer[2])]
    assert [(each.bw_layer_out, *each.fl_layer_out) for each in rounded] == [(8, 5), (6, 3)]
    assert not upgrade(net)
    whole, notes = upgraded(text.replace("{ bw", "{ precision: INTEGER_POWER_OF_2_WEIGHTS bw"))
    assert ([layer.name for layer in whole.layer], notes) == (["r"], [])
