"""What each target prints of proto2net/layers/combine.py."""

from says import FLAT, IMAGE, VIDEO, Row, refuses, says

TWO = [IMAGE, IMAGE]

JOINED: list[Row] = [
    says(
        "Concat",
        bottoms=[IMAGE, (2, 4, 5, 7)],
        torch="torch.cat((x, y), dim=1)",
        tf='layers.Concatenate(name="f")([x, y])',
        numpy="np.concatenate((x, y), axis=1)",
    ),
    says(
        "Concat { axis: 2 }",
        bottoms=[IMAGE, (2, 3, 4, 7), (2, 3, 6, 7)],
        torch="torch.cat((x, y, z), dim=2)",
        tf='layers.Concatenate(axis=1, name="f")([x, y, z])',
        numpy="np.concatenate((x, y, z), axis=2)",
    ),
    says(
        "Concat { axis: -1 }",
        bottoms=TWO,
        torch="torch.cat((x, y), dim=3)",
        tf='layers.Concatenate(axis=2, name="f")([x, y])',
        numpy="np.concatenate((x, y), axis=3)",
    ),
    says(
        "Concat { concat_dim: 0 }",
        bottoms=[(2, 3), (4, 3)],
        torch="torch.cat((x, y), dim=0)",
        tf='layers.Concatenate(axis=0, name="f")([x, y])',
        numpy="np.concatenate((x, y), axis=0)",
    ),
    says(
        "Concat",
        bottoms=[(2, 3), (2, 4)],
        torch="torch.cat((x, y), dim=1)",
        tf='layers.Concatenate(name="f")([x, y])',
        numpy="np.concatenate((x, y), axis=1)",
    ),
    says("Concat", torch="x", tf="x", numpy="x"),
    says("Eltwise", bottoms=TWO, torch="x + y", tf='layers.Add(name="f")([x, y])', numpy="x + y"),
    says(
        "Eltwise",
        bottoms=[IMAGE] * 3,
        torch="x + y + z",
        tf='layers.Add(name="f")([x, y, z])',
        numpy="x + y + z",
    ),
    says("Eltwise { coeff: 1 coeff: -1 }", bottoms=TWO, torch="x - y", tf="x - y", numpy="x - y"),
    says(
        "Eltwise { coeff: 1 coeff: 1 }",
        bottoms=TWO,
        torch="x + y",
        tf='layers.Add(name="f")([x, y])',
        numpy="x + y",
    ),
    says(
        "Eltwise { coeff: -1 coeff: 0.5 coeff: -2 }",
        bottoms=[IMAGE] * 3,
        torch="-x + 0.5 * y - 2.0 * z",
        tf="-x + 0.5 * y - 2.0 * z",
        numpy="-x + 0.5 * y - 2.0 * z",
    ),
    says(
        "Eltwise { coeff: 0.5 coeff: -2 }",
        bottoms=TWO,
        torch="0.5 * x - 2.0 * y",
        tf=(
            'layers.Rescaling(0.5, name="f_rescaling_1")(x) + layers.Rescaling(-2.0, '
            'name="f_rescaling")(y)'
        ),
        numpy="0.5 * x - 2.0 * y",
    ),
    says(
        "Eltwise { operation: PROD }",
        bottoms=TWO,
        torch="x * y",
        tf='layers.Multiply(name="f")([x, y])',
        numpy="x * y",
    ),
    says(
        "Eltwise { operation: PROD }",
        bottoms=[IMAGE] * 3,
        torch="x * y * z",
        tf='layers.Multiply(name="f")([x, y, z])',
        numpy="x * y * z",
    ),
    says(
        "Eltwise { operation: MAX }",
        bottoms=TWO,
        torch="elementwise_max(x, y)",
        tf='layers.Maximum(name="f")([y, x])',
        numpy="eltwise_max(x, y)",
    ),
    says(
        "Eltwise { operation: MAX }",
        bottoms=[IMAGE] * 3,
        torch="elementwise_max(x, y, z)",
        tf='layers.Maximum(name="f")([y, x, z])',
        numpy="eltwise_max(x, y, z)",
    ),
    says("Mul", bottoms=TWO, torch="x * y", tf="x * y", numpy="x * y"),
    says(
        "Mul",
        bottoms=[IMAGE, (7,)],
        torch="x * y",
        tf='x * layers.Permute((2, 3, 1), name="f")(ops.expand_dims(y, [0, 1, 2]))',
        numpy="x * y",
    ),
    says(
        "Mul",
        bottoms=[(5, 7), IMAGE],
        torch="x * y",
        tf='layers.Permute((2, 3, 1), name="f")(ops.expand_dims(x, [0, 1])) * y',
        numpy="x * y",
    ),
    says(
        "Mul",
        bottoms=[VIDEO, (4, 5, 1)],
        torch="x * y",
        tf='x * layers.Permute((2, 3, 4, 1), name="f")(ops.expand_dims(y, [0, 1]))',
        numpy="x * y",
    ),
    says(
        "Axpy",
        bottoms=[(2, 3, 1, 1), IMAGE, IMAGE],
        torch="x * y + z",
        tf="x * y + z",
        numpy="x * y + z",
    ),
    says(
        "Axpy",
        bottoms=[(2, 3), IMAGE, IMAGE],
        torch="x[..., None, None] * y + z",
        tf="ops.expand_dims(x, [1, 2]) * y + z",
        numpy="spread(x, 2) * y + z",
    ),
    says(
        "Axpy",
        bottoms=[(2, 3), (2, 3, 7), (2, 3, 7)],
        torch="x[..., None] * y + z",
        tf="ops.expand_dims(x, [2]) * y + z",
        numpy="spread(x, 1) * y + z",
    ),
    says(
        "Axpy",
        bottoms=[(2, 3), (2, 3), (2, 3)],
        torch="x * y + z",
        tf="x * y + z",
        numpy="x * y + z",
    ),
]

CUT: list[Row] = [
    says(
        "Slice",
        bottoms=[(2, 6, 5, 7)],
        tops=2,
        torch="torch.chunk(x, 2, dim=1)",
        tf="ops.split(x, 2, axis=-1)",
        numpy="np.split(x, 2, axis=1)",
    ),
    says(
        "Slice { slice_point: 1 }",
        tops=2,
        torch="torch.tensor_split(x, [1], dim=1)",
        tf="ops.split(x, [1], axis=-1)",
        numpy="np.split(x, (1,), axis=1)",
    ),
    says(
        "Slice { slice_point: 1 slice_point: 4 axis: 3 }",
        tops=3,
        torch="torch.tensor_split(x, [1, 4], dim=3)",
        tf="ops.split(x, [1, 4], axis=2)",
        numpy="np.split(x, (1, 4), axis=3)",
    ),
    says(
        "Slice { axis: 0 }",
        bottoms=[FLAT],
        tops=2,
        torch="torch.chunk(x, 2)",
        tf="ops.split(x, 2)",
        numpy="np.split(x, 2)",
    ),
    says(
        "Slice { slice_dim: 0 slice_point: 1 }",
        tops=2,
        torch="torch.tensor_split(x, [1])",
        tf="ops.split(x, [1])",
        numpy="np.split(x, (1,))",
    ),
    says(
        "Slice { axis: 2 }",
        bottoms=[(2, 3, 6)],
        tops=3,
        torch="torch.chunk(x, 3, dim=2)",
        tf="ops.split(x, 3, axis=-1)",
        numpy="np.split(x, 3, axis=2)",
    ),
    says("Slice", torch="x", tf="x", numpy="x"),
    says(
        "Filter",
        bottoms=[IMAGE, (2,)],
        torch="x[y != 0]",
        tf='Filter(name="f")([x, y])[0]',
        numpy="np.compress(y.ravel() != 0, x, axis=0)",
    ),
    says(
        "Filter",
        bottoms=[IMAGE, (2, 3), (2, 1, 1, 1)],
        tops=2,
        torch="x[z.flatten() != 0], y[z.flatten() != 0]",
        tf='Filter(name="f")([x, y, z])',
        numpy="(np.compress(z.ravel() != 0, x, axis=0), np.compress(z.ravel() != 0, y, axis=0))",
    ),
    says(
        "BatchReindex",
        bottoms=[IMAGE, (4,)],
        torch="x[y.long()]",
        tf='ops.take(x, ops.cast(y, "int32"), axis=0)',
        numpy="np.take(x, y.astype(int), axis=0)",
    ),
]

OTHERS: list[Row] = [
    says(
        "Parameter { shape { dim: 2 dim: 3 } }",
        read=0,
        torch=("nn.Parameter(torch.zeros(2, 3))", "self.f"),
        tf='Parameter((2, 3), name="f")(x)',
        numpy='self.f["weight"]',
    ),
    says(
        "Parameter { shape { dim: 2 dim: 3 dim: 5 dim: 7 } }",
        read=0,
        torch=("nn.Parameter(torch.zeros(2, 3, 5, 7))", "self.f"),
        tf='Parameter((2, 5, 7, 3), name="f")(x)',
        numpy='self.f["weight"]',
    ),
    says("Split", torch="x", tf="x", numpy="x"),
    says("Split", tops=2, torch="x, x", tf="x, x", numpy="x, x"),
    says(
        "Silence",
        tops=0,
        torch=refuses("the network has no output: nothing leaves it"),
        tf=refuses("the network has no output: nothing leaves it"),
        numpy=refuses("the network has no output: nothing leaves it"),
    ),
]

ROWS = [*JOINED, *CUT, *OTHERS]
