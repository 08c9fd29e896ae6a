"""What each target prints of proto2net/layers/space.py."""

from says import Row, says

AROUND = "paddings: [0, 0, 0, 0, 1, 2, 3, 4]"

ROWS: list[Row] = [
    says(
        f"Pad {{ {AROUND} }}",
        torch="F.pad(x, (3, 4, 1, 2))",
        tf="ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0)))",
        numpy="np.pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)))",
    ),
    says(
        "Pad { paddings: [1, 0, 0, 0, 0, 0, 0, 0] constant_values: 2 }",
        torch="F.pad(x, (0, 0, 0, 0, 0, 0, 1, 0), value=2.0)",
        tf="ops.pad(x, ((1, 0), (0, 0), (0, 0), (0, 0)), constant_values=2.0)",
        numpy="np.pad(x, ((1, 0), (0, 0), (0, 0), (0, 0)), constant_values=2.0)",
    ),
    says(
        f"MirrorPad {{ {AROUND} }}",
        torch="F.pad(x, (3, 4, 1, 2))",
        tf="ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0)))",
        numpy="np.pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)))",
    ),
    says(
        f'MirrorPad {{ {AROUND} mode: "REFLECT" }}',
        torch='mirror_pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)), "reflect")',
        tf='ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0)), "reflect")',
        numpy='np.pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)), "reflect")',
    ),
    says(
        f'MirrorPad {{ {AROUND} mode: "EDGE" }}',
        torch='mirror_pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)), "edge")',
        tf='EdgePad(((0, 0), (1, 2), (3, 4), (0, 0)), name="f")(x)',
        numpy='np.pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)), "edge")',
    ),
    says(
        "SpaceToBatchND { block_shape: [2, 5] paddings: [1, 0, 0, 0] }",
        torch="space_to_batch(x, (2, 5), ((1, 0), (0, 0)))",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = SpaceToBatch((2, 5), ((1, 0), (0, 0)), name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="space_to_batch(x, (2, 5), ((1, 0), (0, 0)))",
    ),
    says(
        "BatchToSpaceND { block_shape: 2 crops: [0, 1] }",
        torch="batch_to_space(x, (2,), ((0, 1),))",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = BatchToSpace((2,), ((0, 1),), name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="batch_to_space(x, (2,), ((0, 1),))",
    ),
    says(
        'DepthToSpace { block_size: 2 data_format: "CRD" }',
        bottoms=[(2, 12, 5, 7)],
        torch="F.pixel_shuffle(x, 2)",
        tf='PixelShuffle(2, name="f")(x)',
        numpy="pixel_shuffle(x, 2)",
    ),
    says(
        'DepthToSpace { block_size: 2 data_format: "NCHW" }',
        bottoms=[(2, 12, 5, 7)],
        torch="F.pixel_shuffle(shuffle_channel(x, 4), 2)",
        tf=('f = ShuffleChannel(4, name="f")(x)', 'PixelShuffle(2, name="f_1")(f)'),
        numpy="pixel_shuffle(shuffle_channel(x, 4), 2)",
    ),
    says(
        "DepthToSpace { block_size: 2 }",
        bottoms=[(2, 5, 7, 12)],
        torch=(
            "f = F.pixel_shuffle(shuffle_channel(x.permute(0, 3, 1, 2), 4), 2)",
            "f.permute(0, 2, 3, 1)",
        ),
        tf=(
            'f = layers.Permute((3, 1, 2), name="f")(x)',
            'f = ShuffleChannel(4, name="f_1")(f)',
            'f = PixelShuffle(2, name="f_2")(f)',
            'layers.Permute((2, 3, 1), name="f_3")(f)',
        ),
        numpy=(
            "f = pixel_shuffle(shuffle_channel(x.transpose(0, 3, 1, 2), 4), 2)",
            "f.transpose(0, 2, 3, 1)",
        ),
    ),
    says(
        'SpaceToDepth { block_size: 2 data_format: "NCHW" }',
        bottoms=[(2, 3, 4, 6)],
        torch="shuffle_channel(im2col(x, (2, 2), (2, 2), (0, 0), (1, 1)), 3)",
        tf=(
            'f = Im2col((2, 2), strides=(2, 2), name="f")(x)',
            'ShuffleChannel(3, name="f_1")(f)',
        ),
        numpy="shuffle_channel(im2col(x, (2, 2), stride=2), 3)",
    ),
    says(
        "Unsqueeze { dim: -1 }",
        bottoms=[(2, 3, 7)],
        torch="x.reshape(*x.shape[:3], 1)",
        tf=(
            'f = layers.Reshape((3, -1, 1), name="f")(x)',
            'layers.Permute((2, 3, 1), name="f_permute")(f)',
        ),
        numpy="reshape(x, (1,), axis=3, num_axes=0)",
    ),
    says(
        "Pad { pad_u: 1 pad_d: 2 pad_l: 3 pad_r: 4 }",
        torch="F.pad(x, (3, 4, 1, 2))",
        tf="ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0)))",
        numpy="np.pad(x, ((0, 0), (0, 0), (1, 2), (3, 4)))",
    ),
    says(
        "Padding { pad_beg: -1 pad_end: 2 }",
        torch="F.pad(x[:, :, 1:, 1:], (0, 2, 0, 2))",
        tf=(
            'f = layers.Cropping2D(((1, 0), (1, 0)), name="f")(x)',
            "ops.pad(f, ((0, 0), (0, 2), (0, 2), (0, 0)))",
        ),
        numpy="np.pad(x[:, :, 1:, 1:], ((0, 0), (0, 0), (0, 2), (0, 2)))",
    ),
    says(
        "CropCenter { crop_size: [0, 0, 2, 2] }",
        torch="x[:, :, 2:-2, 2:-2]",
        tf='layers.Cropping2D(2, name="f")(x)',
        numpy="x[:, :, 2:-2, 2:-2]",
    ),
]
