"""What each target prints of proto2net/layers/ristretto.py."""

from says import Row, refuses, says

ROWS: list[Row] = [
    says(
        "Quantize { bw_layer_out: 8 fl_layer_out: 4 }",
        torch="fixed_point(x, 8, 4)",
        tf='FixedPoint(8, 4, name="f")(x)',
        numpy="fixed_point(x, 8, 4)",
    ),
    says(
        "Quantize { precision: MINIFLOAT mant_bits: 4 exp_bits: 5 }",
        torch="minifloat(x, 4, 5)",
        tf=(
            'f = Minifloat(4, 5, name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))',
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="minifloat(x, 4, 5)",
    ),
    says(
        "ConvolutionRistretto { num_output: 4 kernel_size: 3 } "
        "quantization_param { bw_layer_in: 8 fl_layer_in: 5 }",
        torch=(
            "nn.Conv2d(3, 4, kernel_size=3)",
            "x = fixed_point(x, 8, 5)",
            "fixed_point(self.f(x), 32, 16)",
        ),
        tf=(
            'x_1 = FixedPoint(8, 5, name="f_in")(x)',
            'f = layers.Conv2D(4, 3, name="f")(x_1)',
            'FixedPoint(32, 16, name="f_out")(f)',
        ),
        numpy=("x = fixed_point(x, 8, 5)", "fixed_point(convolution(x, **self.f), 32, 16)"),
    ),
    says(
        "FcRistretto { num_output: 4 } "
        "quantization_param { precision: INTEGER_POWER_OF_2_WEIGHTS }",
        torch=("nn.Linear(105, 4)", "self.f(torch.flatten(x, 1))"),
        tf='layers.Dense(4, name="f")(layers.Flatten(name="f_flatten")(x))',
        numpy="inner_product(x, **self.f)",
    ),
    says(
        "DeconvolutionRistretto { num_output: 4 kernel_size: 3 } "
        "quantization_param { precision: MINIFLOAT }",
        torch=(
            "nn.ConvTranspose2d(3, 4, kernel_size=3)",
            "x = minifloat(x, 23, 8)",
            "minifloat(self.f(x), 23, 8)",
        ),
        tf=(
            'x_1 = layers.Permute((3, 1, 2), name="f_in_permute")(x)',
            'x_1 = Minifloat(23, 8, name="f_in")(x_1)',
            'x_1 = layers.Permute((2, 3, 1), name="f_in_permute_1")(x_1)',
            'f = layers.Conv2DTranspose(4, 3, name="f")(x_1)',
            'f = layers.Permute((3, 1, 2), name="f_out_permute")(f)',
            'f = Minifloat(23, 8, name="f_out")(f)',
            'layers.Permute((2, 3, 1), name="f_out_permute_1")(f)',
        ),
        numpy=("x = minifloat(x, 23, 8)", "minifloat(deconvolution(x, **self.f), 23, 8)"),
    ),
    says(
        "FcRistretto { num_output: 4 } "
        "quantization_param { precision: INTEGER_POWER_OF_2_WEIGHTS }",
        phase="train",
        torch=refuses("rounds at random in training, which is not supported"),
        tf=refuses("rounds at random in training, which is not supported"),
        numpy=refuses("rounds at random in training, which is not supported"),
    ),
]
