"""What each target prints of proto2net/layers/activation.py."""

from says import FLAT, Row, says

ROWS: list[Row] = [
    says("AbsVal", torch="torch.abs(x)", tf="ops.absolute(x)", numpy="np.abs(x)"),
    says(
        "BNLL",
        torch="F.softplus(x)",
        tf='layers.Activation("softplus", name="f")(x)',
        numpy="bnll(x)",
    ),
    says(
        "Clip { min: -1 max: 2.5 }",
        torch="torch.clamp(x, min=-1.0, max=2.5)",
        tf="ops.clip(x, -1.0, 2.5)",
        numpy="np.clip(x, -1.0, 2.5)",
    ),
    # ---- what no value is negative of, pooled
    says(
        "ReLU",
        "Pooling { kernel_size: 3 stride: 2 }",
        torch=("f = F.relu(x)", "F.max_pool2d(f, 3, stride=2, ceil_mode=True)"),
        tf=(
            'f = layers.ReLU(name="f")(x)',
            'g = layers.ZeroPadding2D(((0, 1), (0, 1)), name="g_pad")(f)',
            'layers.MaxPooling2D(3, 2, name="g")(g)',
        ),
        numpy=("f = relu(x)", "max_pool(f, 3, stride=2)"),
    ),
    says(
        "Sigmoid",
        "Pooling { kernel_size: 3 stride: 2 pad: 1 }",
        torch=("f = torch.sigmoid(x)", "F.max_pool2d(f, 3, stride=2, padding=1, ceil_mode=True)"),
        tf=(
            'f = layers.Activation("sigmoid", name="f")(x)',
            'g = layers.ZeroPadding2D(((1, 2), (1, 2)), name="g_pad")(f)',
            'layers.MaxPooling2D(3, 2, name="g")(g)',
        ),
        numpy=("f = sigmoid(x)", "max_pool(f, 3, stride=2, pad=1)"),
    ),
    # ---- dropout
    says(
        "Dropout",
        torch=("nn.Dropout(0.5)", "self.f(x)"),
        tf='layers.Dropout(0.5, name="f")(x)',
        numpy="x",
    ),
    says(
        "Dropout",
        phase="train",
        torch=("nn.Dropout(0.5)", "self.f(x)"),
        tf='layers.Dropout(0.5, name="f")(x)',
        numpy="dropout(x, self.rng)",
    ),
    says(
        "Dropout { dropout_ratio: 0.2 }",
        phase="train",
        torch=("nn.Dropout(0.2)", "self.f(x)"),
        tf='layers.Dropout(0.2, name="f")(x)',
        numpy="dropout(x, self.rng, dropout_ratio=0.2)",
    ),
    says(
        "Dropout { dropout_ratio: 0.2 scale_train: false }",
        torch=("nn.Dropout(0.2)", "0.8 * self.f(x)"),
        tf='layers.Rescaling(0.8, name="f_rescaling")(layers.Dropout(0.2, name="f")(x))',
        numpy="0.8 * x",
    ),
    says(
        "Dropout { dropout_ratio: 0.2 scale_train: false }",
        phase="train",
        torch=("nn.Dropout(0.2)", "0.8 * self.f(x)"),
        tf='layers.Rescaling(0.8, name="f_rescaling")(layers.Dropout(0.2, name="f")(x))',
        numpy="0.8 * dropout(x, self.rng, dropout_ratio=0.2)",
    ),
    says(
        "Dropout { dropout_ratio: 0.2 sample_weights_test: true }",
        torch="F.dropout(x, 0.2)",
        tf='SamplingDropout(0.2, name="f")(x)',
        numpy="dropout(x, self.rng, dropout_ratio=0.2)",
    ),
    says(
        "SeLuDropout",
        torch=("nn.AlphaDropout(0.1)", "self.f(x)"),
        tf='layers.AlphaDropout(0.1, name="f")(x)',
        numpy="x",
    ),
    says(
        "SeLuDropout",
        phase="train",
        torch=("nn.AlphaDropout(0.1)", "self.f(x)"),
        tf='layers.AlphaDropout(0.1, name="f")(x)',
        numpy="alpha_dropout(x, self.rng)",
    ),
    says(
        "SeLuDropout { dropout_ratio: 0.2 }",
        phase="train",
        torch=("nn.AlphaDropout(0.2)", "self.f(x)"),
        tf='layers.AlphaDropout(0.2, name="f")(x)',
        numpy="alpha_dropout(x, self.rng, dropout_ratio=0.2)",
    ),
    # ---- exponentials and logarithms
    says("Exp", torch="torch.exp(x)", tf="ops.exp(x)", numpy="exponential(x)"),
    says(
        "Exp { scale: 0.5 shift: 1 }",
        torch="torch.exp(0.5 * x + 1.0)",
        tf="ops.exp(0.5 * x + 1.0)",
        numpy="exponential(x, scale=0.5, shift=1.0)",
    ),
    says(
        "Exp { base: 2 }",
        torch="torch.pow(2.0, x)",
        tf="ops.power(2.0, x)",
        numpy="exponential(x, base=2.0)",
    ),
    says(
        "Exp { base: 2 scale: -1 shift: 3 }",
        torch="torch.pow(2.0, 3.0 - x)",
        tf="ops.power(2.0, 3.0 - x)",
        numpy="exponential(x, base=2.0, scale=-1.0, shift=3.0)",
    ),
    says("Log", torch="torch.log(x)", tf="ops.log(x)", numpy="logarithm(x)"),
    says(
        "Log { base: 2 }",
        torch="torch.log2(x)",
        tf="ops.log2(x)",
        numpy="logarithm(x, base=2.0)",
    ),
    says(
        "Log { base: 10 }",
        torch="torch.log10(x)",
        tf="ops.log10(x)",
        numpy="logarithm(x, base=10.0)",
    ),
    says(
        "Log { base: 3 scale: 2 shift: 1.5 }",
        torch="torch.log(2.0 * x + 1.5) / math.log(3.0)",
        tf="ops.log(2.0 * x + 1.5) / math.log(3.0)",
        numpy="logarithm(x, base=3.0, scale=2.0, shift=1.5)",
    ),
    # ---- powers
    says("Power", torch="x", tf="x", numpy="power_of(x)"),
    says(
        "Power { scale: 2 }",
        torch="2.0 * x",
        tf='layers.Rescaling(2.0, name="f")(x)',
        numpy="power_of(x, scale=2.0)",
    ),
    says("Power { scale: -1 }", torch="-x", tf="-x", numpy="power_of(x, scale=-1.0)"),
    says("Power { shift: -3 }", torch="x - 3.0", tf="x - 3.0", numpy="power_of(x, shift=-3.0)"),
    says(
        "Power { scale: 0.5 shift: -1 }",
        torch="0.5 * x - 1.0",
        tf="0.5 * x - 1.0",
        numpy="power_of(x, scale=0.5, shift=-1.0)",
    ),
    says(
        "Power { scale: -0.5 shift: 1 }",
        torch="1.0 - 0.5 * x",
        tf="1.0 - 0.5 * x",
        numpy="power_of(x, scale=-0.5, shift=1.0)",
    ),
    says(
        "Power { power: 2 }",
        torch="torch.pow(x, 2.0)",
        tf="ops.square(x)",
        numpy="power_of(x, power=2.0)",
    ),
    says(
        "Power { power: 0.5 scale: 2 shift: 1 }",
        torch="torch.pow(2.0 * x + 1.0, 0.5)",
        tf="ops.power(2.0 * x + 1.0, 0.5)",
        numpy="power_of(x, power=0.5, scale=2.0, shift=1.0)",
    ),
    says(
        "Power { power: 0 }",
        torch="torch.full_like(x, 1.0)",
        tf="ops.full_like(x, 1.0)",
        numpy="power_of(x, power=0.0)",
    ),
    says(
        "Power { scale: 0 shift: -2 power: 0.5 }",
        torch='torch.full_like(x, float("nan"))',
        tf='ops.full_like(x, float("nan"))',
        numpy="power_of(x, power=0.5, scale=0.0, shift=-2.0)",
    ),
    says(
        "Power { scale: 0 power: -1 }",
        torch='torch.full_like(x, float("inf"))',
        tf='ops.full_like(x, float("inf"))',
        numpy="power_of(x, power=-1.0, scale=0.0)",
    ),
    # ---- rectifiers
    says("ELU", torch="F.elu(x)", tf='layers.ELU(name="f")(x)', numpy="elu(x)"),
    says(
        "ELU { alpha: 0.5 }",
        torch="F.elu(x, alpha=0.5)",
        tf='layers.ELU(alpha=0.5, name="f")(x)',
        numpy="elu(x, alpha=0.5)",
    ),
    says(
        "SeLu",
        torch="F.selu(x)",
        tf='layers.Activation("selu", name="f")(x)',
        numpy="1.050700987 * elu(x, alpha=1.67326324)",
    ),
    says(
        "PReLU",
        torch=("nn.PReLU(3)", "self.f(x)"),
        tf=(
            "layers.PReLU(shared_axes=[1, 2], "
            'alpha_initializer=initializers.Constant(0.25), name="f")(x)'
        ),
        numpy="prelu(x, **self.f)",
    ),
    says(
        "PReLU",
        bottoms=[FLAT],
        torch=("nn.PReLU(3)", "torch.flatten(self.f(x[:, :, None, None]), 1)"),
        tf='layers.PReLU(alpha_initializer=initializers.Constant(0.25), name="f")(x)',
        numpy="prelu(x, **self.f)",
    ),
    says(
        "PReLU",
        bottoms=[(2, 1, 5, 7)],
        torch=("nn.PReLU()", "self.f(x)"),
        tf=(
            "layers.PReLU(shared_axes=[1, 2], "
            'alpha_initializer=initializers.Constant(0.25), name="f")(x)'
        ),
        numpy="prelu(x, **self.f)",
    ),
    says(
        "PReLU { channel_shared: true }",
        torch=("nn.PReLU()", "self.f(x)"),
        tf=(
            "layers.PReLU(shared_axes=[1, 2, 3], "
            'alpha_initializer=initializers.Constant(0.25), name="f")(x)'
        ),
        numpy="prelu(x, **self.f)",
    ),
    says(
        "PReLU { channel_shared: true }",
        bottoms=[FLAT],
        torch=("nn.PReLU()", "torch.flatten(self.f(x[:, :, None, None]), 1)"),
        tf=(
            "layers.PReLU(shared_axes=[1], "
            'alpha_initializer=initializers.Constant(0.25), name="f")(x)'
        ),
        numpy="prelu(x, **self.f)",
    ),
    says("ReLU", torch="F.relu(x)", tf='layers.ReLU(name="f")(x)', numpy="relu(x)"),
    says(
        "ReLU { negative_slope: 0.1 }",
        torch="F.leaky_relu(x, 0.1)",
        tf='layers.ReLU(negative_slope=0.1, name="f")(x)',
        numpy="leaky_relu(x, 0.1)",
    ),
    says(
        "ReLU { negative_slope: -0.1 }",
        torch="F.leaky_relu(x, -0.1)",
        tf="ops.leaky_relu(x, -0.1)",
        numpy="leaky_relu(x, -0.1)",
    ),
    says(
        "ReLU { relu6: true }",
        torch="F.relu6(x)",
        tf='layers.ReLU(max_value=6.0, name="f")(x)',
        numpy="np.minimum(relu(x), 6.0)",
    ),
    says(
        "ReLU { maximum: 5 minimum: -1 }",
        torch="torch.clamp(F.relu(x), min=-1.0, max=5.0)",
        tf="ops.maximum(ops.minimum(ops.relu(x), 5.0), -1.0)",
        numpy="np.maximum(np.minimum(relu(x), 5.0), -1.0)",
    ),
    says(
        "ReLU { relu6: true maximum: 7 }",
        torch="F.relu6(x)",
        tf='layers.ReLU(max_value=6.0, name="f")(x)',
        numpy="np.minimum(relu(x), 6.0)",
    ),
    says(
        "HardSigmoid { alpha: 0.5 }",
        torch="torch.clamp(0.5 * x + 0.5, min=0.0, max=1.0)",
        tf=(
            "f = 0.5 * x + 0.5",
            "ops.clip(f, 0.0, 1.0)",
        ),
        numpy="np.clip(power_of(x, scale=0.5, shift=0.5), 0.0, 1.0)",
    ),
    says(
        "ReLU { relu6: true negative_slope: 0.1 }",
        torch="torch.clamp(F.leaky_relu(x, 0.1), max=6.0)",
        tf='layers.ReLU(max_value=6.0, negative_slope=0.1, name="f")(x)',
        numpy="np.minimum(leaky_relu(x, 0.1), 6.0)",
    ),
    says(
        "ReLU { relu6: true negative_slope: -0.1 }",
        torch="torch.clamp(F.leaky_relu(x, -0.1), max=6.0)",
        tf="ops.minimum(ops.leaky_relu(x, -0.1), 6.0)",
        numpy="np.minimum(leaky_relu(x, -0.1), 6.0)",
    ),
    says(
        "ReLU6",
        torch="F.relu6(x)",
        tf='layers.ReLU(max_value=6.0, name="f")(x)',
        numpy="np.minimum(relu(x), 6.0)",
    ),
    says(
        "ReLU6 { threshold: 4 }",
        torch="torch.clamp(F.relu(x), max=4.0)",
        tf='layers.ReLU(max_value=4.0, name="f")(x)',
        numpy="np.minimum(relu(x), 4.0)",
    ),
    says("GradientReversal", torch="x", tf="x", numpy="x"),
    says("GradientScaler", torch="x", tf="x", numpy="x"),
    says(
        "Python { module: 'spatial_dropout' layer: 'SpatialDropoutLayer' }",
        torch="x",
        tf="x",
        numpy="x",
    ),
    says(
        "CReLU",
        torch=("f = -x", "F.relu(torch.cat((x, f), dim=1))"),
        tf=(
            "f = -x",
            'f = layers.Concatenate(name="f")([x, f])',
            'layers.ReLU(name="f_1")(f)',
        ),
        numpy=("f = power_of(x, scale=-1.0)", "relu(np.concatenate((x, f), axis=1))"),
    ),
    says(
        "ReLU6 { negative_slope: 0.1 }",
        torch="torch.clamp(F.leaky_relu(x, 0.1), max=6.0)",
        tf='layers.ReLU(max_value=6.0, negative_slope=0.1, name="f")(x)',
        numpy="np.minimum(leaky_relu(x, 0.1), 6.0)",
    ),
    # ---- curves
    says(
        "HardSwish",
        torch="F.hardswish(x)",
        tf=(
            "f = x + 3.0",
            'f = layers.ReLU(max_value=6.0, name="f")(f)',
            'f = layers.Rescaling(0.16666666666666666, name="f_2")(f)',
            'layers.Multiply(name="f_1")([x, f])',
        ),
        numpy=(
            "f = np.minimum(relu(power_of(x, shift=3.0)), 6.0)",
            "f = power_of(f, scale=0.16666666666666666)",
            "x * f",
        ),
    ),
    says(
        "Mish",
        torch="F.mish(x)",
        tf=(
            'f = layers.Activation("softplus", name="f")(x)',
            'f = layers.Activation("tanh", name="f_1")(f)',
            'layers.Multiply(name="f_2")([x, f])',
        ),
        numpy=("f = np.tanh(bnll(x))", "x * f"),
    ),
    says(
        "Sigmoid",
        torch="torch.sigmoid(x)",
        tf='layers.Activation("sigmoid", name="f")(x)',
        numpy="sigmoid(x)",
    ),
    says("Swish", torch="F.silu(x)", tf='layers.Activation("silu", name="f")(x)', numpy="swish(x)"),
    says(
        "Swish { beta: 0.5 }",
        torch="x * torch.sigmoid(0.5 * x)",
        tf='x * ops.sigmoid(layers.Rescaling(0.5, name="f")(x))',
        numpy="swish(x, beta=0.5)",
    ),
    says(
        "Swish { beta: -1 }",
        torch="x * torch.sigmoid(-1.0 * x)",
        tf="x * ops.sigmoid(-x)",
        numpy="swish(x, beta=-1.0)",
    ),
    says(
        "TanH",
        torch="torch.tanh(x)",
        tf='layers.Activation("tanh", name="f")(x)',
        numpy="np.tanh(x)",
    ),
    says(
        "Threshold",
        torch="(x > 0.0).to(x.dtype)",
        tf='ops.cast(x > 0.0, "float32")',
        numpy="threshold_at(x)",
    ),
    says(
        "Threshold { threshold: 0.5 }",
        torch="(x > 0.5).to(x.dtype)",
        tf='ops.cast(x > 0.5, "float32")',
        numpy="threshold_at(x, threshold=0.5)",
    ),
    says(
        "BReLU { minval: 0 maxval: 2.5 }",
        torch="torch.clamp(x, min=0.0, max=2.5)",
        tf="ops.clip(x, 0.0, 2.5)",
        numpy="np.clip(x, 0.0, 2.5)",
    ),
    says(
        "SignedSqrt",
        torch="torch.sign(x) * torch.sqrt(torch.abs(x))",
        tf="ops.sign(x) * ops.sqrt(ops.absolute(x))",
        numpy="np.sign(x) * np.sqrt(np.abs(x))",
    ),
]
