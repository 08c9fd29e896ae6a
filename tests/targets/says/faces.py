"""What each target prints of proto2net/layers/faces.py."""

from says import FLAT, IMAGE, SEQUENCE, Row, refuses, says

ROWS: list[Row] = [
    says(
        "ChannelScale",
        bottoms=[IMAGE, (2, 1, 5, 7)],
        torch="x * y.reshape(-1, 1, *x.shape[2:])",
        tf="x * y",
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale",
        bottoms=[IMAGE, (2, 35)],
        torch="x * y.reshape(-1, 1, *x.shape[2:])",
        tf=refuses("factors of 2 x 35 for 2 x 3 x 5 x 7 are not supported"),
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale",
        bottoms=[(2, 3, 7), (2, 7)],
        torch="x * y.reshape(-1, 1, *x.shape[2:])",
        tf=refuses("factors of 2 x 7 for 2 x 3 x 7 are not supported"),
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale",
        bottoms=[(2, 3, 1, 1), (2,)],
        torch="x * y.reshape(-1, 1, *x.shape[2:])",
        tf="x * ops.reshape(y, (-1, 1, 1, 1))",
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale",
        bottoms=[(2, 3), (2,)],
        torch="x * y.reshape(-1, 1)",
        tf="x * ops.reshape(y, (-1, 1))",
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale",
        bottoms=[(2, 3), (2, 1)],
        torch="x * y.reshape(-1, 1)",
        tf="x * ops.reshape(y, (-1, 1))",
        numpy="x * y.reshape(-1, 1, *x.shape[2:])",
    ),
    says(
        "ChannelScale { do_forward: false }",
        bottoms=[IMAGE, (2, 1, 5, 7)],
        torch="x",
        tf="x",
        numpy="x",
    ),
    says(
        "GlobalLSEMargin",
        bottoms=[FLAT],
        torch=("BoundedScale(1, bias=False, low=0.0)", "self.f(x)"),
        tf='BoundedScale((1,), low=0.0, name="f")(x)',
        numpy='x * np.clip(self.f["scale"], 0.0, None)',
    ),
    says(
        "GlobalLSEMargin { min_value: 1 max_value: 20 }",
        bottoms=[FLAT],
        torch=("BoundedScale(1, bias=False, low=1.0, high=20.0)", "self.f(x)"),
        tf='BoundedScale((1,), low=1.0, high=20.0, name="f")(x)',
        numpy='x * np.clip(self.f["scale"], 1.0, 20.0)',
    ),
    says(
        "GlobalLSEMargin",
        bottoms=[(2, 3), (2,)],
        torch=refuses("a margin, which only training needs, is not supported"),
        tf=refuses("a margin, which only training needs, is not supported"),
        numpy=refuses("a margin, which only training needs, is not supported"),
    ),
    says(
        "GlobalLSEMargin",
        bottoms=[FLAT],
        phase="train",
        torch=refuses(
            "min_value and max_value change the factors in training, which is not supported"
        ),
        tf=refuses(
            "min_value and max_value change the factors in training, which is not supported"
        ),
        numpy=refuses(
            "min_value and max_value change the factors in training, which is not supported"
        ),
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false }",
        bottoms=[FLAT],
        torch=("InnerDistance(3, 4)", "self.f(x)"),
        tf='InnerDistance(4, name="f")(x)',
        numpy='inner_distance(x, self.f["weight"])',
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false distance_type: 'L1' normalize: true }",
        bottoms=[FLAT],
        torch=("InnerDistance(3, 4, p=1, normalize=True)", "self.f(x)"),
        tf='InnerDistance(4, normalize=True, squared=False, name="f")(x)',
        numpy='inner_distance(x, unit_rows(self.f["weight"]), squared=False)',
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false }",
        torch=("InnerDistance(105, 4)", "self.f(torch.flatten(x, 1))"),
        tf=(
            (
                'f = layers.Flatten(name="f_flatten")(layers.Permute((3, 1, 2), '
                'name="f_permute")(x))'
            ),
            'InnerDistance(4, name="f")(f)',
        ),
        numpy='inner_distance(x, self.f["weight"])',
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false axis: 0 }",
        bottoms=[FLAT],
        torch=("InnerDistance(6, 4)", "self.f(torch.flatten(x, 0)[None])[0]"),
        tf=refuses("an axis other than 1 is not supported"),
        numpy='inner_distance(x, self.f["weight"], axis=0)',
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false axis: 2 }",
        bottoms=[SEQUENCE],
        torch=("InnerDistance(7, 4)", "self.f(x)"),
        tf=refuses("an axis other than 1 is not supported"),
        numpy='inner_distance(x, self.f["weight"], axis=2)',
    ),
    says(
        "InnerDistance { num_output: 4 bias_term: false normalize: true }",
        bottoms=[FLAT],
        phase="train",
        torch=refuses("normalize changes the weights in training, which is not supported"),
        tf=refuses("normalize changes the weights in training, which is not supported"),
        numpy=refuses("normalize changes the weights in training, which is not supported"),
    ),
    says(
        "InnerDistance",
        bottoms=[(2, 3), (4, 3)],
        torch="distances(x, y)",
        tf='InnerDistance(name="f")([x, y])',
        numpy="inner_distance(x, y)",
    ),
    says(
        "InnerDistance { distance_type: 'L1' normalize: true }",
        bottoms=[(2, 3), (4, 3)],
        torch="distances(x, y, p=1)",
        tf='InnerDistance(squared=False, name="f")([x, y])',
        numpy="inner_distance(x, y, squared=False)",
    ),
    says(
        "InnerDistance",
        bottoms=[IMAGE, (4, 3, 5, 7)],
        torch="distances(torch.flatten(x, 1), y.flatten(1))",
        tf=(
            'InnerDistance(name="f")([layers.Flatten(name="f_flatten")(layers.Permute((3, '
            '1, 2), name="f_permute_1")(x)), ops.reshape(layers.Permute((3, 1, 2), '
            'name="f_permute")(y), (-1, 105))])'
        ),
        numpy="inner_distance(x, y)",
    ),
    says(
        "InnerDistance { axis: 0 }",
        bottoms=[(3,), (4, 3)],
        torch="distances(x[None], y)[0]",
        tf=refuses("an axis other than 1 is not supported"),
        numpy="inner_distance(x, y, axis=0)",
    ),
    says(
        "MarginInnerProduct { num_output: 4 }",
        bottoms=[FLAT],
        torch=("UnitLinear(3, 4, bias=False, eps=0.0)", "self.f(x)"),
        tf='UnitDense(4, eps=0.0, use_bias=False, name="f")(x)',
        numpy="unit_inner_product(x, **self.f, eps=0.0)",
    ),
    says(
        "MarginInnerProduct { num_output: 4 }",
        torch=("UnitLinear(105, 4, bias=False, eps=0.0)", "self.f(torch.flatten(x, 1))"),
        tf=(
            'f = layers.Flatten(name="f_flatten")(x)',
            'UnitDense(4, eps=0.0, use_bias=False, name="f")(f)',
        ),
        numpy="unit_inner_product(x, **self.f, eps=0.0)",
    ),
    says(
        "MarginInnerProduct { num_output: 4 }",
        bottoms=[(2, 3), (2,)],
        torch=refuses("a margin, which only training needs, is not supported"),
        tf=refuses("a margin, which only training needs, is not supported"),
        numpy=refuses("a margin, which only training needs, is not supported"),
    ),
]
