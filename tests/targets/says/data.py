"""What each target prints of proto2net/layers/data.py: all that fillers make, as DummyData."""

from says import Row, refuses, says

ROWS: list[Row] = [
    says(
        "DummyData { shape { dim: 2 dim: 3 } }",
        read=0,
        torch=("DummyData(((2, 3), nn.init.zeros_))", "self.f()[0]"),
        tf='DummyData((2, 3), initializers.Zeros(), name="f")(x)',
        numpy="np.zeros((2, 3), np.float32)",
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 dim: 5 dim: 7 } }",
        read=0,
        torch=("DummyData(((2, 3, 5, 7), nn.init.zeros_))", "self.f()[0]"),
        tf=(
            'f = DummyData((2, 3, 5, 7), initializers.Zeros(), name="f_dummy_data")(x)',
            'layers.Permute((2, 3, 1), name="f_permute")(f)',
        ),
        numpy="np.zeros((2, 3, 5, 7), np.float32)",
    ),
    says(
        (
            "DummyData { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 } data_filler { value: 1 } "
            "data_filler { value: 0.5 } }"
        ),
        read=0,
        tops=2,
        torch=(
            ("DummyData(((2, 3), nn.init.ones_), ((2, 3), lambda x: nn.init.constant_(x, 0.5)))"),
            "self.f()",
        ),
        tf=(
            '(DummyData((2, 3), initializers.Ones(), name="f_dummy_data_1")(x), '
            'DummyData((2, 3), initializers.Constant(0.5), name="f_dummy_data")(x))'
        ),
        numpy="(np.ones((2, 3), np.float32), np.full((2, 3), 0.5, np.float32))",
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 } data_filler { type: 'uniform' min: -1 max: 2 } }",
        read=0,
        torch=("DummyData(((2, 3), lambda x: nn.init.uniform_(x, -1.0, 2.0)))", "self.f()[0]"),
        tf=('DummyData((2, 3), initializers.RandomUniform(minval=-1.0, maxval=2.0), name="f")(x)'),
        numpy="uniform(self.rng, (2, 3), -1.0, 2.0)",
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 } data_filler { type: 'gaussian' } }",
        read=0,
        torch=("DummyData(((2, 3), nn.init.normal_))", "self.f()[0]"),
        tf='DummyData((2, 3), initializers.RandomNormal(stddev=1.0), name="f")(x)',
        numpy="gaussian(self.rng, (2, 3))",
    ),
    says(
        (
            "DummyData { shape { dim: 2 dim: 3 } data_filler "
            "{ type: 'gaussian' mean: 1 std: 0.5 sparse: 2 } }"
        ),
        read=0,
        torch=(
            "DummyData(((2, 3), lambda x: sparse_normal_(x, 1.0, mean=1.0, std=0.5)))",
            "self.f()[0]",
        ),
        tf='DummyData((2, 3), SparseNormal(1.0, mean=1.0, stddev=0.5), name="f")(x)',
        numpy="gaussian(self.rng, (2, 3), mean=1.0, std=0.5, sparse=2)",
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 } data_filler { type: 'positive_unitball' } }",
        read=0,
        torch=("DummyData(((2, 3), positive_unitball_))", "self.f()[0]"),
        tf='DummyData((2, 3), PositiveUnitball((1,)), name="f")(x)',
        numpy="positive_unitball(self.rng, (2, 3))",
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 } data_filler { type: 'xavier' } }",
        read=0,
        torch=(
            'DummyData(((2, 3), lambda x: nn.init.kaiming_uniform_(x, nonlinearity="linear")))',
            "self.f()[0]",
        ),
        tf=(
            'DummyData((2, 3), initializers.VarianceScaling(mode="fan_out", '
            'distribution="uniform"), name="f")(x)'
        ),
        numpy="xavier(self.rng, (2, 3))",
    ),
    says(
        (
            "DummyData { shape { dim: 2 dim: 3 } data_filler "
            "{ type: 'msra' variance_norm: AVERAGE } }"
        ),
        read=0,
        torch=(
            "DummyData(((2, 3), lambda x: nn.init.normal_(x, std=0.8944271909999159)))",
            "self.f()[0]",
        ),
        tf=(
            'DummyData((2, 3), initializers.VarianceScaling(scale=2.0, mode="fan_avg", '
            'distribution="untruncated_normal"), name="f")(x)'
        ),
        numpy='msra(self.rng, (2, 3), variance_norm="AVERAGE")',
    ),
    says(
        (
            "DummyData { shape { dim: 2 dim: 3 } data_filler "
            "{ type: 'xavier' variance_norm: FAN_OUT } }"
        ),
        read=0,
        torch=(
            (
                'DummyData(((2, 3), lambda x: nn.init.kaiming_uniform_(x, mode="fan_out", '
                'nonlinearity="linear")))'
            ),
            "self.f()[0]",
        ),
        tf=('DummyData((2, 3), initializers.VarianceScaling(distribution="uniform"), name="f")(x)'),
        numpy='xavier(self.rng, (2, 3), variance_norm="FAN_OUT")',
    ),
    says(
        "DummyData { shape { dim: 2 dim: 3 dim: 4 dim: 4 } data_filler { type: 'bilinear' } }",
        read=0,
        torch=("DummyData(((2, 3, 4, 4), bilinear_))", "self.f()[0]"),
        tf=(
            'f = DummyData((2, 3, 4, 4), Bilinear((2, 3)), name="f_dummy_data")(x)',
            'layers.Permute((2, 3, 1), name="f_permute")(f)',
        ),
        numpy="bilinear((2, 3, 4, 4))",
    ),
    says(
        "HDF5Output { file_name: 'y.h5' }",
        bottoms=[(2, 3), (2,)],
        tops=0,
        torch=refuses("writing a file is not supported in torch"),
        tf=refuses("writing an HDF5 file is not possible in tf"),
        numpy=refuses("writing an HDF5 file is not possible in numpy"),
    ),
]
