"""What each target prints of proto2net/layers/axes.py."""

from says import FLAT, IMAGE, SEQUENCE, VIDEO, Row, says

TURNED: list[Row] = [
    says(
        "Permute { order: 0 order: 2 order: 3 order: 1 }",
        torch="x.permute(0, 2, 3, 1)",
        tf='layers.Permute((2, 3, 1), name="f")(x)',
        numpy="x.transpose(0, 2, 3, 1)",
    ),
    says(
        "Permute { order: 0 order: 3 order: 2 }",
        torch="x.permute(0, 3, 2, 1)",
        tf='layers.Permute((1, 3, 2), name="f")(x)',
        numpy="x.transpose(0, 3, 2, 1)",
    ),
    says(
        "Permute { order: 1 order: 0 }",
        torch="x.permute(1, 0, 2, 3)",
        tf="ops.transpose(x, (3, 1, 2, 0))",
        numpy="x.transpose(1, 0, 2, 3)",
    ),
    says(
        "Permute { order: 0 order: 2 }",
        bottoms=[SEQUENCE],
        torch="x.permute(0, 2, 1)",
        tf='layers.Permute((2, 1), name="f")(x)',
        numpy="x.transpose(0, 2, 1)",
    ),
    says("Permute", torch="x.permute(0, 1, 2, 3)", tf="x", numpy="x.transpose(0, 1, 2, 3)"),
    says(
        "Permute { order: 0 order: 2 order: 3 order: 1 }",
        "Flatten",
        torch=("f = x.permute(0, 2, 3, 1)", "torch.flatten(f, 1)"),
        tf='layers.Flatten(name="f")(x)',
        numpy=("f = x.transpose(0, 2, 3, 1)", "flatten(f)"),
    ),
    says(
        "Permute { order: 0 order: 2 order: 3 order: 1 }",
        "Flatten { end_axis: 2 }",
        torch=("f = x.permute(0, 2, 3, 1)", "torch.flatten(f, 1, end_dim=2)"),
        tf='Reshape((-1,), axis=1, num_axes=2, name="f")(x)',
        numpy=("f = x.transpose(0, 2, 3, 1)", "flatten(f, end_axis=2)"),
    ),
    says(
        "Permute { order: 0 order: 2 order: 3 order: 1 }",
        "Flatten { axis: 3 }",
        torch="x.permute(0, 2, 3, 1)",
        tf='layers.Permute((2, 3, 1), name="f")(x)',
        numpy=("f = x.transpose(0, 2, 3, 1)", "flatten(f, axis=3)"),
    ),
    says(
        "Reshape { pixelshuffler: 2 }",
        bottoms=[(2, 12, 5, 7)],
        torch="F.pixel_shuffle(x, 2)",
        tf='PixelShuffle(2, name="f")(x)',
        numpy="pixel_shuffle(x, 2)",
    ),
    says(
        "Permute { order: 0 order: 2 order: 3 order: 1 }",
        "Reshape { shape { dim: 0 dim: -1 dim: 3 } }",
        torch=("f = x.permute(0, 2, 3, 1)", "f.reshape(f.shape[0], -1, 3)"),
        tf='layers.Reshape((-1, 3), name="f")(x)',
        numpy=("f = x.transpose(0, 2, 3, 1)", "reshape(f, (0, -1, 3))"),
    ),
    says(
        "Permute { order: 1 order: 0 }",
        "Reshape { shape { dim: 0 dim: 2 dim: -1 } }",
        torch=("f = x.permute(1, 0, 2, 3)", "f.reshape(f.shape[0], 2, -1)"),
        tf='layers.Reshape((2, -1), name="f")(ops.transpose(x, (3, 0, 1, 2)))',
        numpy=("f = x.transpose(1, 0, 2, 3)", "reshape(f, (0, 2, -1))"),
    ),
    says(
        "Transpose { dim: 1 dim: 0 dim: 3 dim: 2 }",
        torch="x.permute(1, 0, 3, 2)",
        tf="ops.transpose(x, (3, 2, 1, 0))",
        numpy="x.transpose(1, 0, 3, 2)",
    ),
    says(
        "Reverse",
        torch="torch.flip(x, (0,))",
        tf="ops.flip(x, axis=[0])",
        numpy="np.flip(x, (0,))",
    ),
    says(
        "Reverse { axis: 1 axis: 3 }",
        torch="torch.flip(x, (1, 3))",
        tf="ops.flip(x, axis=[3, 2])",
        numpy="np.flip(x, (1, 3))",
    ),
    says("Flip", torch="torch.flip(x, (3,))", tf="ops.flip(x, axis=[2])", numpy="np.flip(x, (3,))"),
    says(
        "Flip { flip_width: false flip_height: true }",
        torch="torch.flip(x, (2,))",
        tf="ops.flip(x, axis=[1])",
        numpy="np.flip(x, (2,))",
    ),
    says(
        "Flip { flip_height: true }",
        torch="torch.flip(x, (2, 3))",
        tf="ops.flip(x, axis=[1, 2])",
        numpy="np.flip(x, (2, 3))",
    ),
    says("Flip { flip_width: false }", torch="x", tf="x", numpy="x"),
    says("Flip", bottoms=[FLAT], torch="x", tf="x", numpy="x"),
    says(
        "ShuffleChannel { group: 2 }",
        bottoms=[(2, 6, 5, 7)],
        torch="shuffle_channel(x, 2)",
        tf='ShuffleChannel(2, name="f")(x)',
        numpy="shuffle_channel(x, 2)",
    ),
    says(
        "ShuffleChannel { group: 2 }",
        bottoms=[(3, 6, 5)],
        torch="shuffle_channel(x, 2)",
        tf='ShuffleChannel(2, axis=1, name="f")(x)',
        numpy="shuffle_channel(x, 2)",
    ),
    says("ShuffleChannel", torch="x", tf="x", numpy="shuffle_channel(x, 1)"),
]

RESHAPED: list[Row] = [
    says(
        "Flatten",
        torch="torch.flatten(x, 1)",
        tf='layers.Flatten(name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
        numpy="flatten(x)",
    ),
    says("Flatten", bottoms=[FLAT], torch="x", tf="x", numpy="flatten(x)"),
    says(
        "Flatten",
        bottoms=[SEQUENCE],
        torch="torch.flatten(x, 1)",
        tf='layers.Flatten(name="f")(x)',
        numpy="flatten(x)",
    ),
    says(
        "Flatten { axis: 0 }",
        torch="torch.flatten(x, 0)",
        tf='Reshape((-1,), name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
        numpy="flatten(x, axis=0)",
    ),
    says(
        "Flatten { axis: 2 }",
        torch="torch.flatten(x, 2)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'layers.Reshape((3, -1), name="f")(f)',
        ),
        numpy="flatten(x, axis=2)",
    ),
    says(
        "Flatten { end_axis: 2 }",
        torch="torch.flatten(x, 1, end_dim=2)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'Reshape((-1,), axis=1, num_axes=2, name="f")(f)',
        ),
        numpy="flatten(x, end_axis=2)",
    ),
    says(
        "Flatten { axis: 2 }",
        bottoms=[VIDEO],
        torch="torch.flatten(x, 2)",
        tf=(
            'f = layers.Permute((4, 1, 2, 3), name="f_permute")(x)',
            'layers.Reshape((3, -1), name="f")(f)',
        ),
        numpy="flatten(x, axis=2)",
    ),
    says(
        "Flatten { axis: 1 end_axis: 0 }",
        torch="torch.unsqueeze(x, 1)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = Reshape((1,), axis=1, num_axes=0, name="f")(f)',
            'layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
        ),
        numpy="flatten(x, end_axis=0)",
    ),
    says(
        "Flatten { axis: 1 end_axis: 0 }",
        bottoms=[FLAT],
        torch="torch.unsqueeze(x, 1)",
        tf='layers.Reshape((1, 3), name="f")(x)',
        numpy="flatten(x, end_axis=0)",
    ),
    says(
        "Reshape { shape { dim: 0 dim: -1 } }",
        torch="torch.flatten(x, 1)",
        tf=('layers.Reshape((-1,), name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))'),
        numpy="reshape(x, (0, -1))",
    ),
    says(
        "Reshape { shape { dim: 0 dim: 3 dim: 35 } }",
        torch="x.reshape(x.shape[0], 3, 35)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'layers.Reshape((3, 35), name="f")(f)',
        ),
        numpy="reshape(x, (0, 3, 35))",
    ),
    says(
        "Reshape { shape { dim: 0 dim: 0 dim: -1 } }",
        torch="torch.flatten(x, 2)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'layers.Reshape((3, -1), name="f")(f)',
        ),
        numpy="reshape(x, (0, 0, -1))",
    ),
    says(
        "Reshape { shape { dim: 0 dim: 5 dim: -1 dim: 3 } }",
        torch="x.reshape(x.shape[0], 5, -1, 3)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = layers.Reshape((5, -1, 3), name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="reshape(x, (0, 5, -1, 3))",
    ),
    says(
        "Reshape { shape { dim: 2 dim: 105 } }",
        torch="x.reshape(2, 105)",
        tf='Reshape((2, 105), name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
        numpy="reshape(x, (2, 105))",
    ),
    says(
        "Reshape { shape { dim: -1 dim: 0 } }",
        bottoms=[FLAT],
        torch="x.reshape(-1, x.shape[1])",
        tf='Reshape((-1, 0), name="f")(x)',
        numpy="reshape(x, (-1, 0))",
    ),
    says(
        "Reshape { shape { dim: -1 dim: 3 } }",
        torch="x.reshape(-1, 3)",
        tf='Reshape((-1, 3), name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
        numpy="reshape(x, (-1, 3))",
    ),
    says(
        "Reshape { shape { dim: 0 dim: 0 } }",
        bottoms=[FLAT],
        torch="x",
        tf='layers.Reshape((3,), name="f")(x)',
        numpy="reshape(x, (0, 0))",
    ),
    says(
        "Reshape { shape { dim: -1 } axis: 1 num_axes: 2 }",
        torch="x.reshape(x.shape[0], -1, x.shape[3])",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'Reshape((-1,), axis=1, num_axes=2, name="f")(f)',
        ),
        numpy="reshape(x, (-1,), axis=1, num_axes=2)",
    ),
    says(
        "Reshape { shape { dim: 1 dim: 3 } axis: 1 num_axes: 1 }",
        torch="x.reshape(x.shape[0], 1, 3, *x.shape[2:4])",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = Reshape((1, 3), axis=1, num_axes=1, name="f")(f)',
            'layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
        ),
        numpy="reshape(x, (1, 3), axis=1, num_axes=1)",
    ),
    says(
        "Reshape { shape { dim: 1 } axis: -1 num_axes: 0 }",
        torch="x.reshape(*x.shape[:4], 1)",
        tf=(
            ('f = Reshape((1,), axis=4, name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))'),
            'layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
        ),
        numpy="reshape(x, (1,), axis=4, num_axes=0)",
    ),
    says(
        "Reshape { shape { dim: 1 } num_axes: 0 }",
        torch="x.reshape(1, *x.shape[:4])",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = Reshape((1,), num_axes=0, name="f")(f)',
            'layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
        ),
        numpy="reshape(x, (1,), num_axes=0)",
    ),
    says(
        "Reshape { shape { dim: 0 dim: -1 dim: 1 } axis: 1 }",
        torch="x.reshape(*x.shape[:2], -1, 1)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = layers.Reshape((3, -1, 1), name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="reshape(x, (0, -1, 1), axis=1)",
    ),
    says(
        "Reshape { }",
        bottoms=[(1, 1)],
        torch="x.reshape(())",
        tf='Reshape((), name="f")(x)',
        numpy="reshape(x, ())",
    ),
    says(
        "Reshape { shape { dim: 3 dim: 0 dim: 2 } }",
        bottoms=[(2, 1, 3)],
        torch="x.reshape(3, x.shape[1], 2)",
        tf='Reshape((3, 0, 2), name="f")(x)',
        numpy="reshape(x, (3, 0, 2))",
    ),
    says(
        "Squeeze",
        bottoms=[(2, 3, 1, 1)],
        torch="x.reshape(*x.shape[:2])",
        tf=('layers.Reshape((3,), name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))'),
        numpy="reshape(x, (), axis=2, num_axes=2)",
    ),
    says(
        "Squeeze { axis: 1 axis: 3 }",
        bottoms=[(2, 1, 5, 1)],
        torch=("f = x.reshape(*x.shape[:3])", "f.reshape(f.shape[0], f.shape[2])"),
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = layers.Reshape((1, -1), name="f")(f)',
            'layers.Reshape((-1,), name="f_1")(f)',
        ),
        numpy="reshape(reshape(x, (), axis=3, num_axes=1), (), axis=1, num_axes=1)",
    ),
    says(
        "Squeeze",
        bottoms=[(1, 3, 7)],
        torch="x.reshape(*x.shape[1:3])",
        tf='Reshape((), num_axes=1, name="f")(x)',
        numpy="reshape(x, (), num_axes=1)",
    ),
    says("Squeeze", torch="x", tf="x", numpy="x"),
    says(
        "Tile { tiles: 2 }",
        torch="torch.tile(x, (1, 2, 1, 1))",
        tf="ops.tile(x, (1, 1, 1, 2))",
        numpy="np.concatenate([x] * 2, axis=1)",
    ),
    says(
        "Tile { tiles: 2 axis: -1 }",
        torch="torch.tile(x, (1, 1, 1, 2))",
        tf="ops.tile(x, (1, 1, 2, 1))",
        numpy="np.concatenate([x] * 2, axis=3)",
    ),
    says(
        "Tile { tiles: 3 axis: 0 }",
        bottoms=[FLAT],
        torch="torch.tile(x, (3, 1))",
        tf="ops.tile(x, (3, 1))",
        numpy="np.concatenate([x] * 3, axis=0)",
    ),
    says("Tile { tiles: 1 }", torch="x", tf="x", numpy="np.concatenate([x] * 1, axis=1)"),
]

CUT: list[Row] = [
    says(
        "Crop",
        bottoms=[IMAGE, (2, 3, 4, 6)],
        torch="x[:, :, : y.shape[2], : y.shape[3]]",
        tf='Crop((1, 2), (0, 0), name="f")([x, y])',
        numpy="crop(x, y)",
    ),
    says(
        "Crop { offset: 1 }",
        bottoms=[IMAGE, (2, 3, 4, 6)],
        torch="x[:, :, 1 : 1 + y.shape[2], 1 : 1 + y.shape[3]]",
        tf='Crop((1, 2), (1, 1), name="f")([x, y])',
        numpy="crop(x, y, offset=1)",
    ),
    says(
        "Crop { offset: 1 offset: 0 }",
        bottoms=[IMAGE, (2, 3, 4, 6)],
        torch="x[:, :, 1 : 1 + y.shape[2], : y.shape[3]]",
        tf='Crop((1, 2), (1, 0), name="f")([x, y])',
        numpy="crop(x, y, offset=(1, 0))",
    ),
    says(
        "Crop { axis: 1 offset: 1 offset: 0 offset: 2 }",
        bottoms=[IMAGE, (9, 2, 4, 5)],
        torch="x[:, 1 : 1 + y.shape[1], : y.shape[2], 2 : 2 + y.shape[3]]",
        tf='Crop((1, 2, 3), (0, 2, 1), name="f")([x, y])',
        numpy="crop(x, y, axis=1, offset=(1, 0, 2))",
    ),
    says(
        "Crop { axis: 0 }",
        bottoms=[(4, 3), (2, 1)],
        torch="x[: y.shape[0], : y.shape[1]]",
        tf='Crop((0, 1), (0, 0), name="f")([x, y])',
        numpy="crop(x, y, axis=0)",
    ),
    says(
        "Crop { axis: 3 offset: 2 }",
        bottoms=[IMAGE, (2, 3, 4, 5, 6)],
        torch="x[:, :, :, 2 : 2 + y.shape[3]]",
        tf=('Crop((2,), (2,), name="f")([x, layers.Permute((1, 2, 4, 3), name="f_permute")(y)])'),
        numpy="crop(x, y, axis=3, offset=2)",
    ),
    says(
        "Crop { axis: 1 }",
        bottoms=[(2, 3, 7), IMAGE],
        torch="x[:, : y.shape[1], : y.shape[2]]",
        tf=('Crop((1, 2), (0, 0), name="f")([x, layers.Permute((3, 1, 2), name="f_permute")(y)])'),
        numpy="crop(x, y, axis=1)",
    ),
]

REDUCED: list[Row] = [
    says("Reduction", torch="torch.sum(x)", tf="ops.sum(x)", numpy="np.sum(x)"),
    says(
        "Reduction { axis: 1 }",
        torch="torch.sum(x, dim=(1, 2, 3))",
        tf="ops.sum(x, axis=(1, 2, 3))",
        numpy="np.sum(x, axis=(1, 2, 3))",
    ),
    says(
        "Reduction { operation: ASUM axis: 1 }",
        torch="torch.sum(torch.abs(x), dim=(1, 2, 3))",
        tf="ops.sum(ops.absolute(x), axis=(1, 2, 3))",
        numpy="np.sum(np.abs(x), axis=(1, 2, 3))",
    ),
    says(
        "Reduction { operation: SUMSQ axis: 2 coeff: 0.5 }",
        torch="0.5 * torch.sum(torch.square(x), dim=(2, 3))",
        tf='layers.Rescaling(0.5, name="f")(ops.sum(ops.square(x), axis=(1, 2)))',
        numpy="0.5 * np.sum(np.square(x), axis=(2, 3))",
    ),
    says(
        "Reduction { operation: MEAN axis: -1 coeff: 2 }",
        torch="2.0 * torch.mean(x, dim=(3,))",
        tf=(
            'f = layers.Permute((2, 1), name="f_permute")(ops.mean(x, axis=(2,)))',
            'layers.Rescaling(2.0, name="f_rescaling")(f)',
        ),
        numpy="2.0 * np.mean(x, axis=(3,))",
    ),
    says(
        "Reduction { operation: MEAN }",
        bottoms=[FLAT],
        torch="torch.mean(x)",
        tf="ops.mean(x)",
        numpy="np.mean(x)",
    ),
    says(
        "Reduction { axis: 4 }",
        bottoms=[VIDEO],
        torch="torch.sum(x, dim=(4,))",
        tf="ops.sum(x, axis=(3,))",
        numpy="np.sum(x, axis=(4,))",
    ),
    says(
        "ArgMax",
        torch="arg_max(x)",
        tf=(
            'f = ArgMax(name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="argmax(x)",
    ),
    says(
        "ArgMax { top_k: 3 out_max_val: true }",
        torch="arg_max(x, top_k=3, out_max_val=True)",
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = ArgMax(top_k=3, out_max_val=True, name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="argmax(x, top_k=3, out_max_val=True)",
    ),
    says(
        "ArgMax { axis: 1 }",
        torch="arg_max(x, axis=1)",
        tf='ArgMax(axis=3, name="f")(x)',
        numpy="argmax_along(x, 1)",
    ),
    says(
        "ArgMax { axis: -1 top_k: 2 out_max_val: true }",
        torch="arg_max(x, top_k=2, axis=3, out_max_val=True)",
        tf='ArgMax(top_k=2, axis=2, out_max_val=True, name="f")(x)',
        numpy="argmax_along(x, -1, top_k=2, out_max_val=True)",
    ),
    says(
        "ArgMax { out_max_val: true }",
        bottoms=[FLAT],
        torch="arg_max(x, out_max_val=True)",
        tf='ArgMax(out_max_val=True, name="f")(x)',
        numpy="argmax(x, out_max_val=True)",
    ),
    says(
        "Gather { axis: 1 indices: [2, 0] shape: 2 }",
        torch="x[:, [2, 0]]",
        tf="ops.take(x, [2, 0], axis=-1)",
        numpy="x[:, [2, 0]]",
    ),
    says(
        "Gather { axis: -1 indices: [2, 0] shape: [2, 1] }",
        torch="x[:, :, :, [[2], [0]]]",
        tf=(
            "layers.Permute((2, 3, 4, 1), "
            'name="f_permute_1")(ops.take(layers.Permute((3, 1, 2), '
            'name="f_permute")(x), [[2], [0]], axis=3))'
        ),
        numpy="x[:, :, :, [[2], [0]]]",
    ),
    says(
        "Gather { indices: 1 shape: 0 }",
        torch="x[1]",
        tf='ops.take(layers.Permute((3, 1, 2), name="f")(x), 1, axis=0)',
        numpy="x[1]",
    ),
]

ROWS = [*TURNED, *RESHAPED, *CUT, *REDUCED]
