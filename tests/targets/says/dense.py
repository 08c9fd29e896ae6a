"""What each target prints of proto2net/layers/dense.py."""

from says import FLAT, IMAGE, SEQUENCE, VIDEO, Row, refuses, says

INNER_PRODUCT: list[Row] = [
    says(
        "InnerProduct { num_output: 4 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 bias_term: false }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4, bias=False)", "self.f(x)"),
        tf='layers.Dense(4, use_bias=False, name="f")(x)',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        torch=("nn.Linear(105, 4)", "self.f(torch.flatten(x, 1))"),
        tf='layers.Dense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        bottoms=[(2, 3, 1, 1)],
        torch=("nn.Linear(3, 4)", "self.f(torch.flatten(x, 1))"),
        tf='layers.Dense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        bottoms=[SEQUENCE],
        torch=("nn.Linear(21, 4)", "self.f(torch.flatten(x, 1))"),
        tf='layers.Dense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 transpose: true }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f, transpose=True)",
    ),
    says(
        "InnerProduct { num_output: 4 transpose: true }",
        torch=("nn.Linear(105, 4)", "self.f(torch.flatten(x, 1))"),
        tf='layers.Dense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="inner_product(x, **self.f, transpose=True)",
    ),
    says(
        "InnerProduct { num_output: 4 transpose: true } param { name: 'w' }",
        bottoms=[FLAT],
        torch=("TransposedLinear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f, transpose=True)",
    ),
    says(
        "InnerProduct { num_output: 4 transpose: true } param { lr_mult: 2 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f, transpose=True)",
    ),
    says(
        "InnerProduct { num_output: 4 } param { name: 'w' }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f)",
    ),
    # ---- axes
    says(
        "InnerProduct { num_output: 4 axis: 0 }",
        bottoms=[FLAT],
        torch=("nn.Linear(6, 4)", "self.f(torch.flatten(x, 0))"),
        tf='layers.Dense(4, name="f")(ops.reshape(x, (1, 6)))[0]',
        numpy="inner_product(x, **self.f, axis=0)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: 2 }",
        bottoms=[SEQUENCE],
        torch=("nn.Linear(7, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f, axis=2)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: 2 }",
        torch=("nn.Linear(35, 4)", "self.f(torch.flatten(x, 2))"),
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = layers.Reshape((-1, 35), name="f_reshape")(f)',
            'layers.Dense(4, name="f")(f)',
        ),
        numpy="inner_product(x, **self.f, axis=2)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: -1 }",
        torch=("nn.Linear(7, 4)", "self.f(x)"),
        tf=(
            ('f = layers.Dense(4, name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))'),
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="inner_product(x, **self.f, axis=3)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: 3 }",
        bottoms=[VIDEO],
        torch=("nn.Linear(35, 4)", "self.f(torch.flatten(x, 3))"),
        tf=(
            'f = layers.Permute((4, 1, 2, 3), name="f_permute")(x)',
            'f = Reshape((35,), axis=3, name="f_reshape")(f)',
            'f = layers.Dense(4, name="f")(f)',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="inner_product(x, **self.f, axis=3)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: 0 }",
        torch=("nn.Linear(210, 4)", "self.f(torch.flatten(x, 0))"),
        tf=(
            'layers.Dense(4, name="f")(ops.reshape(layers.Permute((3, 1, 2), '
            'name="f_permute")(x), (1, 210)))[0]'
        ),
        numpy="inner_product(x, **self.f, axis=0)",
    ),
    # ---- with a ReLU
    says(
        "InnerProduct { num_output: 4 }",
        "ReLU",
        bottoms=[FLAT],
        in_place=True,
        torch=("nn.Linear(3, 4)", "F.relu(self.f(x))"),
        tf='layers.Dense(4, activation="relu", name="f")(x)',
        numpy="relu(inner_product(x, **self.f))",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        "ReLU { negative_slope: 0.1 }",
        bottoms=[FLAT],
        in_place=True,
        torch=("nn.Linear(3, 4)", "F.leaky_relu(self.f(x), 0.1)"),
        tf=('f = layers.Dense(4, name="f")(x)', 'layers.ReLU(negative_slope=0.1, name="g")(f)'),
        numpy="leaky_relu(inner_product(x, **self.f), 0.1)",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        "ReLU { relu6: true }",
        bottoms=[FLAT],
        in_place=True,
        torch=("nn.Linear(3, 4)", "F.relu6(self.f(x))"),
        tf='layers.Dense(4, activation="relu6", name="f")(x)',
        numpy="np.minimum(relu(inner_product(x, **self.f)), 6.0)",
    ),
    says(
        "InnerProduct { num_output: 4 }",
        "ReLU",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "f = self.f(x)", "F.relu(f)"),
        tf=('f = layers.Dense(4, name="f")(x)', 'layers.ReLU(name="g")(f)'),
        numpy=("f = inner_product(x, **self.f)", "relu(f)"),
    ),
    # ---- of forks
    says(
        "InnerProduct { num_output: 4 min_top_axes: 4 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)[..., None, None]"),
        tf=(
            "layers.Permute((2, 3, 1), "
            'name="f_permute")(ops.expand_dims(layers.Dense(4, name="f")(x), [2, 3]))'
        ),
        numpy="inner_product(x, **self.f)[..., None, None]",
    ),
    says(
        "InnerProduct { num_output: 4 min_top_axes: 3 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)[..., None]"),
        tf='ops.expand_dims(layers.Dense(4, name="f")(x), [2])',
        numpy="inner_product(x, **self.f)[..., None]",
    ),
    says(
        "InnerProduct { num_output: 4 min_top_axes: 2 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 axis: 2 min_top_axes: 4 }",
        torch=("nn.Linear(35, 4)", "self.f(torch.flatten(x, 2))[..., None]"),
        tf=(
            "layers.Permute((2, 3, 1), "
            'name="f_permute_1")(ops.expand_dims(layers.Dense(4, '
            'name="f")(layers.Reshape((-1, 35), name="f_reshape")(layers.Permute((3, 1, '
            '2), name="f_permute")(x))), [3]))'
        ),
        numpy="inner_product(x, **self.f, axis=2)[..., None]",
    ),
    says(
        "InnerProduct { num_output: 4 enable_noise: true }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy='inner_product(x, self.f["weight"], bias=self.f["bias"])',
    ),
    says(
        "InnerProduct { num_output: 4 enable_noise: true bias_term: false }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4, bias=False)", "self.f(x)"),
        tf='layers.Dense(4, use_bias=False, name="f")(x)',
        numpy='inner_product(x, self.f["weight"])',
    ),
    says(
        "InnerProduct { num_output: 4 enable_noise: true }",
        bottoms=[FLAT],
        phase="train",
        torch=refuses("enable_noise is not supported in training"),
        tf=refuses("enable_noise is not supported in training"),
        numpy=refuses("enable_noise is not supported in training"),
    ),
    says(
        "InnerProduct { num_output: 4 normalize: true bias_term: false }",
        bottoms=[FLAT],
        torch=("UnitLinear(3, 4, bias=False)", "self.f(x)"),
        tf='UnitDense(4, use_bias=False, name="f")(x)',
        numpy="unit_inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 normalize: true }",
        torch=("UnitLinear(105, 4)", "self.f(torch.flatten(x, 1))"),
        tf='UnitDense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="unit_inner_product(x, **self.f)",
    ),
    says(
        "InnerProduct { num_output: 4 normalize: true }",
        bottoms=[FLAT],
        phase="train",
        torch=refuses("normalize changes the weights in training, which is not supported"),
        tf=refuses("normalize changes the weights in training, which is not supported"),
        numpy=refuses("normalize changes the weights in training, which is not supported"),
    ),
    says(
        "InnerProduct { bias_term: false }",
        bottoms=[(2, 3), (4, 3)],
        torch="F.linear(x, y)",
        tf="ops.matmul(x, ops.transpose(y))",
        numpy="inner_product(x, flatten(y))",
    ),
    says(
        "InnerProduct { bias_term: false }",
        bottoms=[IMAGE, (4, 3, 5, 7)],
        torch="F.linear(torch.flatten(x, 1), y.flatten(1))",
        tf=(
            'ops.matmul(layers.Flatten(name="f_flatten")(layers.Permute((3, 1, 2), '
            'name="f_permute_1")(x)), ops.transpose(ops.reshape(layers.Permute((3, 1, '
            '2), name="f_permute")(y), (-1, 105))))'
        ),
        numpy="inner_product(x, flatten(y))",
    ),
    says(
        "InnerProduct { bias_term: false axis: 2 }",
        bottoms=[(2, 3, 7), (4, 7)],
        torch="F.linear(x, y)",
        tf=refuses("an axis other than 1 is not supported"),
        numpy="inner_product(x, flatten(y), axis=2)",
    ),
    says(
        "InnerProduct { bias_term: false }",
        "ReLU",
        bottoms=[(2, 3), (4, 3)],
        in_place=True,
        torch="F.relu(F.linear(x, y))",
        tf="ops.relu(ops.matmul(x, ops.transpose(y)))",
        numpy="relu(inner_product(x, flatten(y)))",
    ),
    says(
        "SparseInnerProduct { num_output: 4 }",
        bottoms=[FLAT],
        torch=("nn.Linear(3, 4)", "self.f(x)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="inner_product(x, **self.f)",
    ),
]

EMBED: list[Row] = [
    says(
        "Embed { input_dim: 9 num_output: 4 }",
        bottoms=[(2,)],
        torch=("Embed(9, 4)", "self.f(x.long())"),
        tf='BiasedEmbedding(9, 4, name="f")(x)',
        numpy="embed(x, **self.f)",
    ),
    says(
        "Embed { input_dim: 9 num_output: 4 bias_term: false }",
        bottoms=[(2,)],
        torch=("nn.Embedding(9, 4)", "self.f(x.long())"),
        tf='layers.Embedding(9, 4, name="f")(x)',
        numpy="embed(x, **self.f)",
    ),
    says(
        "Embed { input_dim: 9 num_output: 4 }",
        bottoms=[SEQUENCE],
        torch=("Embed(9, 4)", "self.f(x.long())"),
        tf=(
            'f = BiasedEmbedding(9, 4, name="f")(x)',
            'layers.Permute((2, 3, 1), name="f_permute")(f)',
        ),
        numpy="embed(x, **self.f)",
    ),
    says(
        "Embed { input_dim: 9 num_output: 4 bias_term: false }",
        torch=("nn.Embedding(9, 4)", "self.f(x.long())"),
        tf=(
            (
                'f = layers.Embedding(9, 4, name="f")(layers.Permute((3, 1, 2), '
                'name="f_permute")(x))'
            ),
            'layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
        ),
        numpy="embed(x, **self.f)",
    ),
]

ROWS = [*INNER_PRODUCT, *EMBED]
