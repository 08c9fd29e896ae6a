"""What each target prints of proto2net/layers/normalize.py."""

from says import DEEP, FLAT, IMAGE, SEQUENCE, VIDEO, Row, refuses, says

NO_BATCH = "add_eps_before_sqrt: false with the statistics of a batch is not supported"

BATCH_NORM: list[Row] = [
    says(
        "BatchNorm",
        torch=("nn.BatchNorm2d(3, affine=False)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm",
        phase="train",
        torch=("BatchNorm(3)", "self.f(x)"),
        tf='BatchNorm(name="f")(x)',
        numpy="batch_norm_of_batch(x, **self.f)",
    ),
    says(
        "BatchNorm { use_global_stats: true }",
        phase="train",
        torch=("BatchNorm(3, use_global_stats=True)", "self.f(x)"),
        tf=(
            "layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, trainable=False, "
            'name="f")(x)'
        ),
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm { use_global_stats: false }",
        torch=("BatchNorm(3, use_global_stats=False)", "self.f(x)"),
        tf='BatchNorm(use_global_stats=False, name="f")(x)',
        numpy="batch_norm_of_batch(x, **self.f)",
    ),
    says(
        "BatchNorm { eps: 0.001 moving_average_fraction: 0.9 }",
        torch=("nn.BatchNorm2d(3, eps=0.001, affine=False)", "self.f(x)"),
        tf='layers.BatchNormalization(center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f, eps=0.001)",
    ),
    says(
        "BatchNorm { eps: 0.001 moving_average_fraction: 0.9 }",
        phase="train",
        torch=("BatchNorm(3, eps=0.001, moving_average_fraction=0.9)", "self.f(x)"),
        tf='BatchNorm(fraction=0.9, epsilon=0.001, name="f")(x)',
        numpy="batch_norm_of_batch(x, **self.f, eps=0.001, moving_average_fraction=0.9)",
    ),
    says(
        "BatchNorm { eps: 0 }",
        torch=("nn.BatchNorm2d(3, eps=0.0, affine=False)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=0.0, center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f, eps=0.0)",
    ),
    says(
        "BatchNorm { eps: 0 }",
        phase="train",
        torch=refuses("eps is 0, which PyTorch cannot take with the statistics of a batch"),
        tf='BatchNorm(epsilon=0.0, name="f")(x)',
        numpy="batch_norm_of_batch(x, **self.f, eps=0.0)",
    ),
    # Synopsys' fork divides by eps then, since its variance is still 0.
    says(
        "BatchNorm { add_eps_before_sqrt: false use_global_stats: false }",
        torch=refuses(NO_BATCH),
        tf=refuses(NO_BATCH),
        numpy=refuses(NO_BATCH),
    ),
    says(
        "BatchNorm { add_eps_before_sqrt: false }",
        torch=(
            "nn.BatchNorm2d(3, eps=0.0, affine=False)",
            "self.f(x)",
        ),
        tf='layers.BatchNormalization(epsilon=0.0, center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f, add_eps_before_sqrt=False)",
    ),
    says(
        "BatchNorm",
        bottoms=[FLAT],
        torch=("nn.BatchNorm1d(3, affine=False)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm",
        bottoms=[SEQUENCE],
        torch=("nn.BatchNorm1d(3, affine=False)", "self.f(x)"),
        tf=(
            "layers.BatchNormalization(axis=1, epsilon=1e-05, center=False, scale=False, "
            'name="f")(x)'
        ),
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm",
        bottoms=[VIDEO],
        torch=("nn.BatchNorm3d(3, affine=False)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm",
        bottoms=[DEEP],
        torch=("BatchNorm(3)", "self.f(x)"),
        tf=(
            "layers.BatchNormalization(axis=1, epsilon=1e-05, center=False, scale=False, "
            'name="f")(x)'
        ),
        numpy="batch_norm(x, **self.f)",
    ),
    says(
        "BatchNorm",
        bottoms=[SEQUENCE],
        phase="train",
        torch=("BatchNorm(3)", "self.f(x)"),
        tf='BatchNorm(axis=1, name="f")(x)',
        numpy="batch_norm_of_batch(x, **self.f)",
    ),
    # ---- with a Scale
    says(
        "BatchNorm",
        "Scale { bias_term: true }",
        torch=("nn.BatchNorm2d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, name="f")(x)',
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true }",
        in_place=True,
        torch=("nn.BatchNorm2d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, name="f")(x)',
        numpy="scaled(batch_norm(x, **self.f), **self.g)",
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true }",
        phase="train",
        torch=("BatchNorm(3, affine=True)", "self.f(x)"),
        tf=('f = BatchNorm(name="f")(x)', 'Scale((3,), use_bias=True, name="g")(f)'),
        numpy=("f = batch_norm_of_batch(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm { use_global_stats: true }",
        "Scale { bias_term: true }",
        phase="train",
        torch=("BatchNorm(3, affine=True, use_global_stats=True)", "self.f(x)"),
        tf=(
            (
                "f = layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, "
                'trainable=False, name="f")(x)'
            ),
            'Scale((3,), use_bias=True, name="g")(f)',
        ),
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm { use_global_stats: false }",
        "Scale { bias_term: true }",
        torch=("BatchNorm(3, affine=True, use_global_stats=False)", "self.f(x)"),
        tf=(
            'f = BatchNorm(use_global_stats=False, name="f")(x)',
            'Scale((3,), use_bias=True, name="g")(f)',
        ),
        numpy=("f = batch_norm_of_batch(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm { eps: 0.001 }",
        "Scale { bias_term: true }",
        bottoms=[SEQUENCE],
        torch=("nn.BatchNorm1d(3, eps=0.001)", "self.f(x)"),
        tf='layers.BatchNormalization(axis=1, name="f")(x)',
        numpy=("f = batch_norm(x, **self.f, eps=0.001)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true }",
        bottoms=[DEEP],
        torch=("BatchNorm(3, affine=True)", "self.f(x)"),
        tf='layers.BatchNormalization(axis=1, epsilon=1e-05, name="f")(x)',
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm",
        "Scale",
        torch=(
            "self.f = nn.BatchNorm2d(3, affine=False)",
            "self.g = Scale(3, bias=False)",
            "f = self.f(x)",
            "self.g(f)",
        ),
        tf='layers.BatchNormalization(epsilon=1e-05, center=False, name="f")(x)',
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true axis: 2 }",
        torch=(
            "self.f = nn.BatchNorm2d(3, affine=False)",
            "self.g = Scale(5, axis=2)",
            "f = self.f(x)",
            "self.g(f)",
        ),
        tf=(
            'f = layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
            'Scale((5, 1, 1), use_bias=True, name="g")(f)',
        ),
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g, axis=2)"),
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true num_axes: 2 }",
        torch=(
            "self.f = nn.BatchNorm2d(3, affine=False)",
            "self.g = Scale(3, 5)",
            "f = self.f(x)",
            "self.g(f)",
        ),
        tf=(
            'f = layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
            'Scale((5, 1, 3), use_bias=True, name="g")(f)',
        ),
        numpy=("f = batch_norm(x, **self.f)", "scaled(f, **self.g)"),
    ),
    says(
        "BatchNorm",
        "Scale { bias_term: true min_value: 0.5 }",
        torch=(
            "self.f = nn.BatchNorm2d(3, affine=False)",
            "self.g = BoundedScale(3, low=0.5)",
            "f = self.f(x)",
            "self.g(f)",
        ),
        tf=(
            'f = layers.BatchNormalization(epsilon=1e-05, center=False, scale=False, name="f")(x)',
            'BoundedScale((3,), low=0.5, use_bias=True, name="g")(f)',
        ),
        numpy=("f = batch_norm(x, **self.f)", "bounded_scaled(f, **self.g, low=0.5)"),
    ),
]

BN: list[Row] = [
    says(
        "BN { slope_filler { value: 1 } }",
        torch=("nn.BatchNorm2d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, name="f")(x)',
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { eps: 0.001 momentum: 0.8 }",
        phase="train",
        torch=("BN(3, eps=0.001, momentum=0.8)", "self.f(x)"),
        tf=('layers.BatchNormalization(momentum=0.8, gamma_initializer="zeros", name="f")(x)'),
        numpy="bn_of_batch(x, **self.f, eps=0.001, momentum=0.8)",
    ),
    says(
        "BN { frozen: true }",
        phase="train",
        torch=("BN(3, frozen=True)", "self.f(x)"),
        tf=(
            "layers.BatchNormalization(momentum=0.9, epsilon=1e-05, trainable=False, "
            'gamma_initializer="zeros", name="f")(x)'
        ),
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { frozen: true }",
        torch=("nn.BatchNorm2d(3)", "self.f(x)"),
        tf=('layers.BatchNormalization(epsilon=1e-05, gamma_initializer="zeros", name="f")(x)'),
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { eps: 0.001 }",
        torch=("nn.BatchNorm2d(3, eps=0.001)", "self.f(x)"),
        tf='layers.BatchNormalization(gamma_initializer="zeros", name="f")(x)',
        numpy="bn(x, **self.f, eps=0.001)",
    ),
    says(
        "BN { eps: 0 }",
        phase="train",
        torch=refuses("eps is 0, which PyTorch cannot take with the statistics of a batch"),
        tf=(
            "layers.BatchNormalization(momentum=0.9, epsilon=0.0, "
            'gamma_initializer="zeros", name="f")(x)'
        ),
        numpy="bn_of_batch(x, **self.f, eps=0.0, momentum=0.9)",
    ),
    says(
        "BN { slope_filler { value: 1 } }",
        bottoms=[FLAT],
        torch=("nn.BatchNorm1d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, name="f")(x)',
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { slope_filler { value: 1 } }",
        bottoms=[SEQUENCE],
        torch=("nn.BatchNorm1d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(axis=1, epsilon=1e-05, name="f")(x)',
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { slope_filler { value: 1 } }",
        bottoms=[VIDEO],
        torch=("nn.BatchNorm3d(3)", "self.f(x)"),
        tf='layers.BatchNormalization(epsilon=1e-05, name="f")(x)',
        numpy="bn(x, **self.f)",
    ),
    says(
        "BN { slope_filler { value: 1 } }",
        bottoms=[DEEP],
        torch=refuses("a BN of 6 axes is not supported"),
        tf='layers.BatchNormalization(axis=1, epsilon=1e-05, name="f")(x)',
        numpy="bn(x, **self.f)",
    ),
    # ---- SegNet's
    says(
        "BN { bn_mode: LEARN }",
        torch=("nn.BatchNorm2d(3, eps=1e-09, track_running_stats=False)", "self.f(x)"),
        tf='BatchStatistics(epsilon=1e-09, name="f")(x)',
        numpy="bn_of_batch(x, **self.f, eps=1e-09)",
    ),
    says(
        "BN { bn_mode: LEARN }",
        phase="train",
        torch=("nn.BatchNorm2d(3, eps=1e-09, track_running_stats=False)", "self.f(x)"),
        tf='BatchStatistics(epsilon=1e-09, name="f")(x)',
        numpy="bn_of_batch(x, **self.f, eps=1e-09)",
    ),
    says(
        "BN { bn_mode: LEARN }",
        bottoms=[SEQUENCE],
        torch=("nn.BatchNorm1d(3, eps=1e-09, track_running_stats=False)", "self.f(x)"),
        tf='BatchStatistics(axis=1, epsilon=1e-09, name="f")(x)',
        numpy="bn_of_batch(x, **self.f, eps=1e-09)",
    ),
    says(
        "BN { bn_mode: LEARN }",
        tops=3,
        torch=refuses("the batch's mean and variance as tops are not supported"),
        tf=refuses("the batch's mean and variance as tops are not supported"),
        numpy=refuses("the batch's mean and variance as tops are not supported"),
    ),
    says(
        "BN { bn_mode: INFERENCE }",
        torch=("Scale(3)", "self.f(x)"),
        tf='Scale((3,), use_bias=True, name="f")(x)',
        numpy="affine(x, **self.f)",
    ),
    says(
        "BN { bn_mode: INFERENCE }",
        bottoms=[SEQUENCE],
        torch=("Scale(3)", "self.f(x)"),
        tf='Scale((3, 1), use_bias=True, name="f")(x)',
        numpy="affine(x, **self.f)",
    ),
    # ---- CTPN's
    says(
        "BN { decay: 0.25 }",
        torch=("nn.BatchNorm2d(3, eps=1e-10, track_running_stats=False)", "self.f(x)"),
        tf='BatchStatistics(epsilon=1e-10, name="f")(x)',
        numpy="bn_of_batch(x, **self.f, eps=1e-10)",
    ),
    says(
        "BN { var_eps: 0.00001 }",
        torch=("nn.BatchNorm2d(3, track_running_stats=False)", "self.f(x)"),
        tf='BatchStatistics(name="f")(x)',
        numpy="bn_of_batch(x, **self.f)",
    ),
    says(
        "BN { var_eps: 0.001 }",
        phase="train",
        torch=("BN(3, eps=0.001, momentum=0.95)", "self.f(x)"),
        tf=('layers.BatchNormalization(momentum=0.95, gamma_initializer="zeros", name="f")(x)'),
        numpy="bn_of_batch(x, **self.f, eps=0.001, momentum=0.95)",
    ),
    says(
        "BN { moving_average: true }",
        torch=("nn.BatchNorm2d(3, eps=1e-10)", "self.f(x)"),
        tf=('layers.BatchNormalization(epsilon=1e-10, gamma_initializer="zeros", name="f")(x)'),
        numpy="bn(x, **self.f, eps=1e-10)",
    ),
    says(
        "BN { moving_average: true decay: 0.25 }",
        phase="train",
        torch=("BN(3, eps=1e-10, momentum=0.75)", "self.f(x)"),
        tf=(
            "layers.BatchNormalization(momentum=0.75, epsilon=1e-10, "
            'gamma_initializer="zeros", name="f")(x)'
        ),
        numpy="bn_of_batch(x, **self.f, eps=1e-10, momentum=0.75)",
    ),
]

SCALE: list[Row] = [
    says(
        "Scale",
        torch=("Scale(3, bias=False)", "self.f(x)"),
        tf='Scale((3,), name="f")(x)',
        numpy="scaled(x, **self.f)",
    ),
    says(
        "Scale { bias_term: true }",
        torch=("Scale(3)", "self.f(x)"),
        tf='Scale((3,), use_bias=True, name="f")(x)',
        numpy="scaled(x, **self.f)",
    ),
    says(
        "Scale { bias_term: true }",
        bottoms=[FLAT],
        torch=("Scale(3)", "self.f(x)"),
        tf='Scale((3,), use_bias=True, name="f")(x)',
        numpy="scaled(x, **self.f)",
    ),
    says(
        "Scale { axis: 2 }",
        torch=("Scale(5, axis=2, bias=False)", "self.f(x)"),
        tf='Scale((5, 1, 1), name="f")(x)',
        numpy="scaled(x, **self.f, axis=2)",
    ),
    says(
        "Scale { axis: 0 bias_term: true }",
        torch=("Scale(2, axis=0)", "self.f(x)"),
        tf='Scale((2, 1, 1, 1), use_bias=True, name="f")(x)',
        numpy="scaled(x, **self.f, axis=0)",
    ),
    says(
        "Scale { axis: -1 }",
        torch=("Scale(7, axis=3, bias=False)", "self.f(x)"),
        tf='Scale((7, 1), name="f")(x)',
        numpy="scaled(x, **self.f, axis=3)",
    ),
    says(
        "Scale { num_axes: 2 }",
        torch=("Scale(3, 5, bias=False)", "self.f(x)"),
        tf='Scale((5, 1, 3), name="f")(x)',
        numpy="scaled(x, **self.f)",
    ),
    says(
        "Scale { axis: 0 num_axes: -1 }",
        torch=("Scale(2, 3, 5, 7, axis=0, bias=False)", "self.f(x)"),
        tf='Scale((2, 5, 7, 3), name="f")(x)',
        numpy="scaled(x, **self.f, axis=0)",
    ),
    says(
        "Scale { num_axes: 0 bias_term: true }",
        torch=("Scale()", "self.f(x)"),
        tf='Scale((), use_bias=True, name="f")(x)',
        numpy="scaled(x, **self.f)",
    ),
    says(
        "Scale { axis: 2 num_axes: 0 }",
        torch=("Scale(bias=False)", "self.f(x)"),
        tf='Scale((), name="f")(x)',
        numpy="scaled(x, **self.f, axis=2)",
    ),
    says(
        "Scale { min_value: 0.5 }",
        torch=("BoundedScale(3, bias=False, low=0.5)", "self.f(x)"),
        tf='BoundedScale((3,), low=0.5, name="f")(x)',
        numpy="bounded_scaled(x, **self.f, low=0.5)",
    ),
    says(
        "Scale { min_value: 0.5 max_value: 2 bias_term: true }",
        torch=("BoundedScale(3, low=0.5, high=2.0)", "self.f(x)"),
        tf='BoundedScale((3,), low=0.5, high=2.0, use_bias=True, name="f")(x)',
        numpy="bounded_scaled(x, **self.f, low=0.5, high=2.0)",
    ),
    says(
        "Scale { max_value: 2 axis: 2 }",
        torch=("BoundedScale(5, axis=2, bias=False, high=2.0)", "self.f(x)"),
        tf='BoundedScale((5, 1, 1), high=2.0, name="f")(x)',
        numpy="bounded_scaled(x, **self.f, axis=2, high=2.0)",
    ),
    says(
        "Scale { min_value: 0.5 }",
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
    # ---- by a second bottom
    says(
        "Scale",
        bottoms=[IMAGE, (3,)],
        torch="x * y[..., None, None]",
        tf="x * y",
        numpy="scaled(x, y)",
    ),
    says(
        "Scale { axis: 0 }",
        bottoms=[IMAGE, (2, 3)],
        torch="x * y[..., None, None]",
        tf="x * ops.expand_dims(y, [1, 2])",
        numpy="scaled(x, y, axis=0)",
    ),
    says(
        "Scale { axis: 0 }",
        bottoms=[IMAGE, (2, 3, 5)],
        torch="x * y[..., None]",
        tf='x * ops.expand_dims(layers.Permute((2, 1), name="f")(y), [2])',
        numpy="scaled(x, y, axis=0)",
    ),
    says(
        "Scale { axis: 2 }",
        bottoms=[IMAGE, (5, 7)],
        torch="x * y",
        tf="x * ops.expand_dims(y, [0, 3])",
        numpy="scaled(x, y, axis=2)",
    ),
    says(
        "Scale { axis: 3 }",
        bottoms=[IMAGE, (7,)],
        torch="x * y",
        tf="x * ops.expand_dims(y, [0, 1, 3])",
        numpy="scaled(x, y, axis=3)",
    ),
    says(
        "Scale { axis: 0 }",
        bottoms=[IMAGE, IMAGE],
        torch="x * y",
        tf="x * y",
        numpy="scaled(x, y, axis=0)",
    ),
    says("Scale", bottoms=[IMAGE, ()], torch="x * y", tf="x * y", numpy="scaled(x, y, axis=0)"),
    says(
        "Scale { axis: 0 }",
        bottoms=[VIDEO, (2, 3, 4, 5)],
        torch="x * y[..., None]",
        tf="x * ops.expand_dims(y, [3])",
        numpy="scaled(x, y, axis=0)",
    ),
    says(
        "Scale { axis: 1 }",
        bottoms=[VIDEO, (3, 4, 5, 7)],
        torch="x * y",
        tf="x * ops.transpose(y, (3, 1, 2, 0))",
        numpy="scaled(x, y)",
    ),
    says(
        "Scale { axis: 0 }",
        bottoms=[(2, 3), (2,)],
        torch="x * y[..., None]",
        tf="x * ops.expand_dims(y, [1])",
        numpy="scaled(x, y, axis=0)",
    ),
    says(
        "Scale { bias_term: true }",
        bottoms=[IMAGE, (3,)],
        torch=("nn.Parameter(torch.zeros(3, 1, 1))", "x * y[..., None, None] + self.f"),
        tf='Bias((3,), name="f")(x * y)',
        numpy="scaled(x, y, **self.f)",
    ),
    says(
        "Scale { axis: 2 bias_term: true }",
        bottoms=[IMAGE, (5, 7)],
        torch=("nn.Parameter(torch.zeros(5, 7))", "x * y + self.f"),
        tf='Bias((5, 7, 1), name="f")(x * ops.expand_dims(y, [0, 3]))',
        numpy="scaled(x, y, **self.f, axis=2)",
    ),
]

BIAS: list[Row] = [
    says(
        "Bias",
        torch=("nn.Parameter(torch.zeros(3, 1, 1))", "x + self.f"),
        tf='Bias((3,), name="f")(x)',
        numpy="shifted(x, **self.f)",
    ),
    says(
        "Bias",
        bottoms=[FLAT],
        torch=("nn.Parameter(torch.zeros(3))", "x + self.f"),
        tf='Bias((3,), name="f")(x)',
        numpy="shifted(x, **self.f)",
    ),
    says(
        "Bias",
        bottoms=[SEQUENCE],
        torch=("nn.Parameter(torch.zeros(3, 1))", "x + self.f"),
        tf='Bias((3, 1), name="f")(x)',
        numpy="shifted(x, **self.f)",
    ),
    says(
        "Bias { axis: 0 }",
        torch=("nn.Parameter(torch.zeros(2, 1, 1, 1))", "x + self.f"),
        tf='Bias((2, 1, 1, 1), name="f")(x)',
        numpy="shifted(x, **self.f, axis=0)",
    ),
    says(
        "Bias { axis: 2 num_axes: 2 }",
        torch=("nn.Parameter(torch.zeros(5, 7))", "x + self.f"),
        tf='Bias((5, 7, 1), name="f")(x)',
        numpy="shifted(x, **self.f, axis=2)",
    ),
    says(
        "Bias { num_axes: 0 }",
        torch=("nn.Parameter(torch.zeros(()))", "x + self.f"),
        tf='Bias((), name="f")(x)',
        numpy="shifted(x, **self.f)",
    ),
    says(
        "Bias",
        bottoms=[IMAGE, (3,)],
        torch="x + y[..., None, None]",
        tf="y + x",
        numpy="shifted(x, y)",
    ),
    says(
        "Bias { axis: 0 }",
        bottoms=[IMAGE, (2, 3)],
        torch="x + y[..., None, None]",
        tf="ops.expand_dims(y, [1, 2]) + x",
        numpy="shifted(x, y, axis=0)",
    ),
    says(
        "Bias { axis: 3 }",
        bottoms=[IMAGE, (7,)],
        torch="x + y",
        tf="ops.expand_dims(y, [0, 1, 3]) + x",
        numpy="shifted(x, y, axis=3)",
    ),
    says("Bias", bottoms=[IMAGE, ()], torch="x + y", tf="y + x", numpy="shifted(x, y, axis=0)"),
]

OTHERS: list[Row] = [
    says(
        "LRN",
        torch="F.local_response_norm(x, 5, alpha=1.0)",
        tf='LRN(5, name="f")(x)',
        numpy="lrn_across_channels(x)",
    ),
    says(
        "LRN { local_size: 3 alpha: 0.0001 beta: 0.5 k: 2 }",
        torch="F.local_response_norm(x, 3, beta=0.5, k=2.0)",
        tf='LRN(3, alpha=0.0001, beta=0.5, k=2.0, name="f")(x)',
        numpy="lrn_across_channels(x, local_size=3, alpha=0.0001, beta=0.5, k=2.0)",
    ),
    says(
        "LRN { local_size: 9 alpha: 0.5 }",
        torch="F.local_response_norm(x, 7, alpha=0.3888888888888889)",
        tf='LRN(9, alpha=0.5, name="f")(x)',
        numpy="lrn_across_channels(x, local_size=9, alpha=0.5)",
    ),
    says(
        "LRN { norm_region: WITHIN_CHANNEL }",
        torch="lrn_within_channel(x, 5)",
        tf='LRNWithinChannel(5, name="f")(x)',
        numpy="lrn_within_channel(x)",
    ),
    says(
        "LRN { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.5 beta: 0.5 k: 2 }",
        torch="lrn_within_channel(x, 3, alpha=0.5, beta=0.5)",
        tf='LRNWithinChannel(3, alpha=0.5, beta=0.5, name="f")(x)',
        numpy="lrn_within_channel(x, local_size=3, alpha=0.5, beta=0.5)",
    ),
    says("MVN", torch="mean_variance_norm(x, (2, 3))", tf='MVN(name="f")(x)', numpy="mvn(x)"),
    says(
        "MVN { across_channels: true }",
        torch="mean_variance_norm(x, (1, 2, 3))",
        tf='MVN(across_channels=True, name="f")(x)',
        numpy="mvn(x, across_channels=True)",
    ),
    says(
        "MVN { normalize_variance: false }",
        torch="x - x.mean((2, 3), keepdim=True)",
        tf='MVN(normalize_variance=False, name="f")(x)',
        numpy="mvn(x, normalize_variance=False)",
    ),
    says(
        "MVN { normalize_variance: false across_channels: true }",
        torch="x - x.mean((1, 2, 3), keepdim=True)",
        tf='MVN(normalize_variance=False, across_channels=True, name="f")(x)',
        numpy="mvn(x, normalize_variance=False, across_channels=True)",
    ),
    says(
        "MVN { eps: 0.001 }",
        torch="mean_variance_norm(x, (2, 3), eps=0.001)",
        tf='MVN(eps=0.001, name="f")(x)',
        numpy="mvn(x, eps=0.001)",
    ),
    says(
        "MVN",
        bottoms=[FLAT],
        torch="mean_variance_norm(x[..., None, None], (2, 3))",
        tf=(
            'f = layers.Permute((2, 3, 1), name="f_permute")(ops.expand_dims(x, [2, 3]))',
            'MVN(name="f")(f)',
        ),
        numpy="mvn(x)",
    ),
    says(
        "MVN { normalize_variance: false }",
        bottoms=[SEQUENCE],
        torch="x[..., None] - x[..., None].mean((2, 3), keepdim=True)",
        tf=(
            'f = layers.Permute((2, 3, 1), name="f_permute")(ops.expand_dims(x, [3]))',
            'MVN(normalize_variance=False, name="f")(f)',
        ),
        numpy="mvn(x, normalize_variance=False)",
    ),
    says(
        "Softmax",
        torch="F.softmax(x, dim=1)",
        tf='layers.Softmax(dtype="float32", name="f")(x)',
        numpy="softmax(x)",
    ),
    says(
        "Softmax { axis: 2 }",
        torch="F.softmax(x, dim=2)",
        tf='layers.Softmax(axis=1, dtype="float32", name="f")(x)',
        numpy="softmax(x, axis=2)",
    ),
    says(
        "Softmax { axis: -1 }",
        torch="F.softmax(x, dim=3)",
        tf='layers.Softmax(axis=2, dtype="float32", name="f")(x)',
        numpy="softmax(x, axis=-1)",
    ),
    says(
        "Softmax",
        bottoms=[FLAT],
        torch="F.softmax(x, dim=1)",
        tf='layers.Softmax(dtype="float32", name="f")(x)',
        numpy="softmax(x)",
    ),
    says(
        "Softmax",
        bottoms=[SEQUENCE],
        torch="F.softmax(x, dim=1)",
        tf='layers.Softmax(axis=1, dtype="float32", name="f")(x)',
        numpy="softmax(x)",
    ),
    says(
        "Softmax",
        bottoms=[VIDEO],
        torch="F.softmax(x, dim=1)",
        tf='layers.Softmax(dtype="float32", name="f")(x)',
        numpy="softmax(x)",
    ),
    says(
        "Softmax",
        bottoms=[DEEP],
        torch="F.softmax(x, dim=1)",
        tf=refuses("a softmax of 6 axes is not possible"),
        numpy="softmax(x)",
    ),
    says(
        "LayerNorm",
        torch=("nn.LayerNorm((3, 5, 7))", "self.f(x)"),
        tf='layers.LayerNormalization(axis=(1, 2, 3), epsilon=1e-05, name="f")(x)',
        numpy="layer_norm(x, **self.f)",
    ),
    says(
        "LayerNorm { eps: 0.1 elementwise_affine: false }",
        bottoms=[(2, 3)],
        torch=("nn.LayerNorm(3, eps=0.1, elementwise_affine=False)", "self.f(x)"),
        tf='layers.LayerNormalization(epsilon=0.1, center=False, scale=False, name="f")(x)',
        numpy="layer_norm(x, eps=0.1)",
    ),
    says(
        "LayerNorm { epsilon: 0.1 }",
        bottoms=[(2, 3, 5)],
        torch=("nn.LayerNorm(5, eps=0.1, elementwise_affine=False)", "self.f(x)"),
        tf='layers.LayerNormalization(epsilon=0.1, center=False, scale=False, name="f")(x)',
        numpy="layer_norm(x, eps=0.1, axis=2)",
    ),
    says(
        "LayerNorm { enable_cuda_impl: true }",
        torch="F.layer_norm(x, x.shape[2:], eps=1e-10)",
        tf="layers.LayerNormalization(axis=(1, 2), epsilon=1e-10, center=False, scale=False, "
        'name="f")(x)',
        numpy="layer_norm(x, eps=1e-10, axis=2)",
    ),
    says(
        "L2Normalize",
        torch="l2_normalize(x)",
        tf='L2Normalize(name="f")(x)',
        numpy="l2_normalize(x)",
    ),
    says(
        "L2Normalize",
        bottoms=[(2, 3)],
        torch="l2_normalize(x.reshape(-1, 3, 1, 1))",
        tf=(
            'f = layers.Permute((2, 3, 1), name="f_permute")(ops.expand_dims(x, [2, 3]))',
            'L2Normalize(name="f")(f)',
        ),
        numpy="l2_normalize(x.reshape(-1, 3, 1, 1))",
    ),
    says(
        "Normalization",
        torch="l2_normalize(x, eps=0.0)",
        tf='L2Normalize(eps=0.0, name="f")(x)',
        numpy="l2_normalize(x, eps=0.0)",
    ),
]

ROWS = [*BATCH_NORM, *BN, *SCALE, *BIAS, *OTHERS]
