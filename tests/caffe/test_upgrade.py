"""Old definitions come out in the current format, as Caffe's own upgrade writes them."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from places import TESTS

from proto2net.caffe import v0
from proto2net.caffe.prototxt import read
from proto2net.caffe.schema import LINE, Message, descriptor, message_class
from proto2net.caffe.upgrade import V1_TYPES, upgrade
from proto2net.errors import Location, ParseError

GOLDEN = TESTS / "golden" / "legacy"


def parsed(text: str) -> Message:
    """The NetParameter of this text."""
    return text_format.Parse(text, message_class("NetParameter")())


def numbered(text: str) -> Message:
    """The same, with each line's one layer knowing its line."""
    net = parsed(text)
    layers = [*net.layers, *net.layer]
    lines = [n for n, line in enumerate(text.splitlines(), start=1) if line.startswith("layer")]
    for layer, line in zip(layers, lines, strict=True):
        setattr(layer, LINE, line)
    return net


def upgraded(text: str) -> Message:
    """The net of this text after its upgrade."""
    net = parsed(text)
    upgrade(net)
    return net


def refused(text: str) -> list[str]:
    """What the user is told about a net that cannot be upgraded."""
    with pytest.raises(ParseError) as error:
        upgrade(numbered(text), "net.prototxt")
    assert all(issue.where and issue.where.file == "net.prototxt" for issue in error.value.issues)
    return [str(issue) for issue in error.value.issues]


# The whole net


@pytest.mark.parametrize(
    ("case", "sentences"),
    [
        (
            "v0_padding",
            [
                "upgraded 7 layers from the V0 format to V1, "
                "folding 1 padding layer into what reads them",
                "upgraded 7 layers from the V1 format",
                'made an Input layer of the input fields "data"',
            ],
        ),
        (
            "v1_classic",
            [
                "upgraded 9 layers from the V1 format",
                'made an Input layer of the input fields "data"',
            ],
        ),
        (
            "v1_types",
            [
                "upgraded 14 layers from the V1 format",
                'made an Input layer of the input fields "data"',
            ],
        ),
        (
            "old_input_fields",
            [
                'made an Input layer of the input fields "data", "aux"',
                "set lr_mult and decay_mult of 1 BatchNorm layer to 0",
            ],
        ),
    ],
)
def test_an_old_net_becomes_what_caffe_makes_of_it(case: str, sentences: list[str]) -> None:
    net = parsed((GOLDEN / case / "net.prototxt").read_text())
    assert upgrade(net) == sentences
    assert net == parsed((GOLDEN / case / "upgraded.prototxt").read_text())


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_a_current_net_needs_no_upgrade(case: str) -> None:
    net = parsed((GOLDEN / case / "upgraded.prototxt").read_text())
    before = net.SerializeToString()
    assert upgrade(net) == []
    assert net.SerializeToString() == before


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_every_layer_keeps_its_line(case: str) -> None:
    net = parsed((GOLDEN / case / "net.prototxt").read_text())
    lines = {}
    for line, layer in enumerate([*net.layers, *net.layer], start=10):
        setattr(layer, LINE, line)
        lines[getattr(layer, "layer", layer).name or layer.name] = line
    upgrade(net)
    found = {layer.name: getattr(layer, LINE) for layer in net.layer if layer.type != "Input"}
    assert found == {name: lines[name] for name in found}
    assert len(found) >= 3


def test_other_fields_of_a_v1_net_stay() -> None:
    net = upgraded('name: "n" force_backward: true state { level: 2 } layers { name: "a" }')
    assert net == parsed('name: "n" force_backward: true state { level: 2 } layer { name: "a" }')


# The tables


def test_every_v1_type_has_a_current_name() -> None:
    enum = descriptor("V1LayerParameter").enum_types_by_name["LayerType"]
    assert set(V1_TYPES) == {value.name for value in enum.values}


def test_every_v0_field_has_a_place_in_v1() -> None:
    routes = {(field, message) for field, message in v0._COMMON.items()}
    for kind in v0._TYPES.values():
        assert kind.v1 in V1_TYPES
        routes |= {(field, kind.message) for field in kind.fields}
    v1 = descriptor("V1LayerParameter")
    for field, message in routes:
        target = v1.fields_by_name[message].message_type if message else v1
        assert v0._RENAMED.get(field, field) in target.fields_by_name


def test_every_v0_field_belongs_to_some_type() -> None:
    fields = {field.name for field in descriptor("V0LayerParameter").fields}
    taken = {field for kind in v0._TYPES.values() for field in kind.fields}
    ignored_by_caffe = {"new_num", "new_channels"}
    assert taken | set(v0._COMMON) | {"type"} == fields - ignored_by_caffe


# V0


def test_padding_layers_pad_convolutions_and_poolings() -> None:
    net = upgraded(
        """
        input: "data"
        layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "padded" }
        layers { layer { name: "conv" type: "conv" kernelsize: 3 } bottom: "padded" top: "conv" }
        layers { layer { name: "pool" type: "pool" pad: 1 } bottom: "padded" top: "pool" }
        """
    )
    conv, pool = net.layer
    assert (list(conv.bottom), list(conv.convolution_param.pad)) == (["data"], [2])
    assert (list(pool.bottom), pool.pooling_param.pad) == (["data"], 2)


def test_a_blob_made_anew_after_its_padding_layer_is_not_padded() -> None:
    net = upgraded(
        """
        input: "data"
        layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "x" }
        layers { layer { name: "conv" type: "conv" } bottom: "x" top: "x" }
        layers { layer { name: "relu" type: "relu" } bottom: "x" top: "x" }
        """
    )
    assert [list(layer.bottom) for layer in net.layer] == [["data"], ["x"]]


def test_a_v0_data_layer_gives_its_transformation_to_transform_param() -> None:
    net = upgraded(
        """
        layers {
          layer {
            name: "data" type: "images" source: "list.txt" batchsize: 5 shuffle_images: true
            new_height: 8 new_width: 9 scale: 0.5 meanfile: "mean" cropsize: 7 mirror: true
          }
          top: "data"
        }
        """
    )
    assert net == parsed(
        """
        layer {
          name: "data" type: "ImageData" top: "data"
          transform_param { scale: 0.5 mean_file: "mean" crop_size: 7 mirror: true }
          image_data_param {
            source: "list.txt" batch_size: 5 shuffle: true new_height: 8 new_width: 9
          }
        }
        """
    )


def test_a_v0_window_data_layer_keeps_its_thresholds() -> None:
    net = upgraded(
        """
        layers {
          layer {
            type: "window_data" det_fg_threshold: 0.6 det_bg_threshold: 0.4
            det_fg_fraction: 0.3 det_context_pad: 16 det_crop_mode: "square"
          }
        }
        """
    )
    assert net.layer[0].window_data_param == message_class("WindowDataParameter")(
        fg_threshold=0.6, bg_threshold=0.4, fg_fraction=0.3, context_pad=16, crop_mode="square"
    )


def test_a_v0_hdf5_output_keeps_its_message() -> None:
    net = upgraded('layers { layer { type: "hdf5_output" hdf5_output_param { file_name: "f" } } }')
    assert net.layer[0].type == "HDF5Output"
    assert net.layer[0].hdf5_output_param.file_name == "f"


def test_an_empty_message_of_v0_stays_given() -> None:
    net = upgraded('layers { layer { type: "conv" weight_filler { } } }')
    assert net.layer[0].convolution_param.HasField("weight_filler")


def test_a_parameter_that_the_v0_type_does_not_have_is_told_with_its_place() -> None:
    net = numbered(
        'input: "data"\n'
        'layers { layer { name: "relu1" type: "relu" num_output: 3 new_num: 1 }'
        ' bottom: "data" top: "r" }'
    )
    notes = upgrade(net, "net.prototxt")
    assert notes[1] == (
        'net.prototxt:2: layer "relu1" (relu): dropped num_output, new_num, '
        "as Caffe does: a V0 layer of this type has no such field"
    )
    assert [layer.name for layer in net.layer] == ["relu1"]


def test_what_a_v0_net_loses_is_told() -> None:
    net = numbered(
        'input: "data" input_shape { dim: 1 } debug_info: true\n'
        'layers { layer { name: "a" type: "relu" } bottom: "data" top: "a" include { } }\n'
        'layer { name: "new" }'
    )
    notes = upgrade(net, "net.prototxt")
    assert "dropped debug_info, input_shape, layer, as Caffe does" in notes[1]
    assert notes[2].startswith('net.prototxt:2: layer "a" (relu): dropped include, as Caffe does')
    assert net == numbered(
        '\nlayer { name: "a" type: "ReLU" bottom: "data" top: "a" }',
    )


def test_all_problems_of_a_v0_net_are_told_at_once() -> None:
    assert refused(
        'input: "data"\n'
        'layers { layer { name: "c" type: "convv" } bottom: "data" top: "c" }\n'
        'layers { layer { name: "r" type: "relu" } bottom: "dat" top: "r" }\n'
        'layers { layer { name: "z" type: "zigzag" } bottom: "r" top: "z" }\n'
    ) == [
        'net.prototxt:2: layer "c" (convv): unknown V0 layer type "convv"\n'
        '  hint: did you mean "conv"?',
        'net.prototxt:3: layer "r" (relu): bottom "dat" is not made by any layer above\n'
        '  hint: did you mean "data"?',
        'net.prototxt:4: layer "z" (zigzag): unknown V0 layer type "zigzag"\n'
        f"  hint: the types of V0 are {', '.join(v0._TYPES)}, padding",
    ]


@pytest.mark.parametrize(
    ("reader", "found", "right"),
    [
        (
            'layer { name: "r" type: "relu" } bottom: "p"',
            'layer "r" (relu): reads the padding layer "pad"',
            "only a conv or a pool layer can read a padding layer",
        ),
        (
            'layer { name: "c" type: "conv" } bottom: "p" bottom: "data"',
            'layer "c" (conv): reads the padding layer "pad" and has 2 bottoms',
            "what reads a padding layer must have 1 bottom",
        ),
        (
            'layer { name: "c" type: "conv" } bottom: "p2"',
            'layer "c" (conv): reads the padding layer "pad2", which has 2 bottoms and 1 top',
            "a padding layer must have 1 bottom and 1 top",
        ),
        (
            'layer { name: "pad3" type: "padding" } bottom: "p"',
            'layer "pad3" (padding): reads the padding layer "pad"',
            "only a conv or a pool layer can read a padding layer",
        ),
    ],
)
def test_a_padding_layer_that_cannot_be_folded_is_an_error(
    reader: str, found: str, right: str
) -> None:
    assert refused(
        'input: "data"\n'
        'layers { layer { name: "pad" type: "padding" pad: 1 } bottom: "data" top: "p" }\n'
        'layers { layer { name: "pad2" type: "padding" } bottom: "data" bottom: "data" top: "p2" }'
        f"\nlayers {{ {reader} }}"
    ) == [f"net.prototxt:4: {found}\n  hint: {right}"]


# Data transformation


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("DATA", "data_param"),
        ("IMAGE_DATA", "image_data_param"),
        ("WINDOW_DATA", "window_data_param"),
    ],
)
def test_a_v1_data_layer_gives_its_transformation_to_transform_param(
    kind: str, message: str
) -> None:
    own = 'source: "s" scale: 0.5 mean_file: "m" crop_size: 7 mirror: true'
    net = parsed(f"layers {{ type: {kind} {message} {{ {own} }} }}")
    assert upgrade(net)[0] == "moved the data transformation of 1 layer to transform_param"
    transform = 'scale: 0.5 mean_file: "m" crop_size: 7 mirror: true'
    type_name = V1_TYPES[kind]
    assert net == parsed(
        f'layer {{ type: "{type_name}" transform_param {{ {transform} }}'
        f' {message} {{ source: "s" }} }}'
    )


def test_a_current_data_layer_keeps_what_caffe_ignores() -> None:
    text = 'layer { type: "Data" data_param { scale: 0.5 crop_size: 7 } }'
    net = parsed(text)
    assert upgrade(net) == []
    assert net == parsed(text)


# V1


def test_v1_lists_become_params_and_the_longest_gives_their_number() -> None:
    net = upgraded(
        'layers { param: "w" blob_share_mode: PERMISSIVE'
        " blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0 weight_decay: 3 }"
    )
    assert net == parsed(
        'layer { param { name: "w" share_mode: PERMISSIVE lr_mult: 1 decay_mult: 1 }'
        " param { lr_mult: 2 decay_mult: 0 } param { decay_mult: 3 } }"
    )


def test_v1_parameters_losses_and_rules_are_kept() -> None:
    body = (
        'bottom: "x" bottom: "label" top: "loss" loss_weight: 0.5 include { stage: "a" } '
        "exclude { } loss_param { ignore_label: 3 } softmax_param { } transform_param { scale: 2 }"
    )
    net = upgraded(f"layers {{ type: SOFTMAX_LOSS {body} }}")
    assert net == parsed(f'layer {{ type: "SoftmaxWithLoss" {body} }}')


def test_layer_and_layers_in_one_net_are_read_in_the_order_of_their_lines() -> None:
    kinds = {"a": "layer", "b": "layers", "c": "layers", "d": "layer"}
    net, _ = read("\n".join(f'{kind} {{ name: "{name}" }}' for name, kind in kinds.items()))
    assert upgrade(net) == [
        "upgraded 2 layers from the V1 format, among 2 of the current one; "
        "Caffe reads one kind only"
    ]
    assert [layer.name for layer in net.layer] == ["a", "b", "c", "d"]


def test_layer_and_layers_in_one_line_are_an_error() -> None:
    net, _ = read('name: "n"\nlayers { name: "a" }\nlayers { name: "b" } layer { name: "c" }')
    with pytest.raises(ParseError) as error:
        upgrade(net, "net.prototxt")
    assert [str(issue) for issue in error.value.issues] == [
        "net.prototxt:2: the net has 2 `layers` (V1 format) and 1 `layer` (current); "
        "Caffe reads one kind only\n  hint: write every layer as `layer`"
    ]


# Weights


@pytest.mark.parametrize(
    "layer",
    [
        'name: "fc" type: INNER_PRODUCT blobs {{ {0} }} blobs {{ {1} }}',
        'layer {{ name: "fc" type: "innerproduct" blobs {{ {0} }} blobs {{ {1} }} }}',
    ],
    ids=["V1", "V0"],
)
def test_an_old_caffemodel_keeps_its_weights(layer: str) -> None:
    weight = "num: 1 channels: 1 height: 1 width: 3 data: [1, 2, 3] diff: 4"
    bias = "num: 1 channels: 1 height: 1 width: 1 data: 5"
    text = f'input: "data" layers {{ {layer.format(weight, bias)} bottom: "data" top: "fc" }}'
    net = message_class("NetParameter").FromString(parsed(text).SerializeToString())
    notes = upgrade(net, "net.caffemodel")
    assert notes[-1] == 'dropped the input fields "data", which give no shape'
    assert net == parsed(
        f'layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"'
        f" blobs {{ {weight} }} blobs {{ {bias} }} }}"
    )


# Input fields


def test_input_dim_gives_each_input_four_sizes() -> None:
    net = upgraded(f'input: "a" input: "b" {"".join(f"input_dim: {n} " for n in range(1, 9))}')
    assert net == parsed(
        'layer { name: "input" type: "Input" top: "a" top: "b" input_param {'
        " shape { dim: [1, 2, 3, 4] } shape { dim: [5, 6, 7, 8] } } }"
    )


def test_c3d_has_five_input_dims_for_each_input() -> None:
    dims = "".join(f"input_dim: {n} " for n in range(1, 11))
    net = upgraded(f'input: "a" input: "b" {dims} layers {{ type: POOLING3D }}')
    shapes = [list(shape.dim) for shape in net.layer[0].input_param.shape]
    assert shapes == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]


def test_input_shape_wins_over_input_dim() -> None:
    net = upgraded('input: "a" input_shape { dim: [2, 3] } input_dim: 1 layer { name: "b" }')
    assert net == parsed(
        'layer { name: "input" type: "Input" top: "a" input_param { shape { dim: [2, 3] } } }'
        'layer { name: "b" }'
    )


@pytest.mark.parametrize(
    ("fields", "found", "right"),
    [
        (
            'input: "data" input_dim: 3 input_dim: 8 input_dim: 8',
            "input_dim is given 3 times for 1 input (data)",
            "give it 4 times: N, C, H and W of each input",
        ),
        (
            'input: "a" input: "b" input_shape { dim: 2 }',
            "input_shape is given 1 time for 2 inputs (a, b)",
            "give it 2 times: one for each input",
        ),
    ],
)
def test_too_few_input_sizes_are_an_error(fields: str, found: str, right: str) -> None:
    with pytest.raises(ParseError) as error:
        upgrade(parsed(fields), "net.prototxt")
    (issue,) = error.value.issues
    assert (issue.message, issue.hint) == (found, right)
    assert issue.where == Location("net.prototxt", 0)


def test_more_input_sizes_than_caffe_reads_are_told() -> None:
    net = parsed(f'input: "video" {"input_dim: 2 " * 5}')
    _, note = upgrade(net, "net.prototxt")
    assert "input_dim is given 5 times for 1 input (video); Caffe reads the first 4" in note
    assert list(net.layer[0].input_param.shape[0].dim) == [2, 2, 2, 2]


# BatchNorm


def test_a_batch_norm_with_three_params_learns_nothing() -> None:
    net = upgraded('layer { type: "BatchNorm" param { lr_mult: 1 } param { name: "v" } param { } }')
    frozen = "lr_mult: 0 decay_mult: 0"
    assert net == parsed(
        f'layer {{ type: "BatchNorm" param {{ {frozen} }} param {{ name: "v" {frozen} }}'
        f" param {{ {frozen} }} }}"
    )


@pytest.mark.parametrize(
    "layer",
    [
        'type: "BatchNorm"',
        'type: "BatchNorm" param { lr_mult: 1 } param { lr_mult: 1 }',
        'type: "Scale" param { lr_mult: 1 } param { } param { }',
        'type: "BatchNorm"' + " param { lr_mult: 0 decay_mult: 0 }" * 3,
    ],
)
def test_other_params_stay_as_they_are(layer: str) -> None:
    net = parsed(f"layer {{ {layer} }}")
    assert upgrade(net) == []
    assert net == parsed(f"layer {{ {layer} }}")


def test_a_batch_norm_that_scales_becomes_two_layers() -> None:
    net = upgraded(
        'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" include { phase: TEST }'
        " param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }"
        " param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 2 } param { lr_mult: 3 }"
        " batch_norm_param { eps: 1e-7 scale_bias: true scale_filler { value: 2 } } }"
    )
    assert net == parsed(
        'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" include { phase: TEST }'
        " param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }"
        " param { lr_mult: 0 decay_mult: 0 }"
        " batch_norm_param { eps: 1e-5 } }"
        'layer { name: "bn_scale" type: "Scale" bottom: "y" top: "y" include { phase: TEST }'
        " param { lr_mult: 2 } param { lr_mult: 3 }"
        " scale_param { filler { value: 2 } bias_term: true } }"
    )


@pytest.mark.parametrize("text", ["scale_bias: false", "use_weight_bias: false bias_term: true"])
def test_a_batch_norm_that_does_not_scale_stays_one_layer(text: str) -> None:
    net = upgraded(f'layer {{ type: "BatchNorm" batch_norm_param {{ {text} eps: 0.5 }} }}')
    assert net == parsed('layer { type: "BatchNorm" batch_norm_param { eps: 0.5 } }')
