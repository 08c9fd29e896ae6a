"""What each target prints of proto2net/layers/pooling.py."""

from says import DEEP, SEQUENCE, VIDEO, Row, refuses, says

LOW = (1, 3, 2, 7)
"""An image of two rows, into which few windows fit."""

POOLING: list[Row] = [
    says(
        "Pooling { kernel_size: 3 }",
        torch="F.max_pool2d(x, 3, stride=1)",
        tf='layers.MaxPooling2D(3, 1, name="f")(x)',
        numpy="max_pool(x, 3)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 }",
        torch="F.avg_pool2d(x, 3, stride=1)",
        tf='layers.AveragePooling2D(3, 1, name="f")(x)',
        numpy="average_pool(x, 3)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 }",
        torch="F.max_pool2d(x, 3, stride=2, ceil_mode=True)",
        tf=(
            'f = PadLowest(((0, 1), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 }",
        torch="F.avg_pool2d(x, 3, stride=2, ceil_mode=True)",
        tf='AveragePooling(3, 2, overhang=1, name="f")(x)',
        numpy="average_pool(x, 3, stride=2)",
    ),
    says(
        "Pooling { kernel_size: 2 stride: 2 }",
        torch="F.max_pool2d(x, 2, stride=2, ceil_mode=True)",
        tf='layers.MaxPooling2D(2, 2, padding="same", name="f")(x)',
        numpy="max_pool(x, 2, stride=2)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 2 stride: 2 }",
        torch="F.avg_pool2d(x, 2, stride=2, ceil_mode=True)",
        tf='layers.AveragePooling2D(2, 2, padding="same", name="f")(x)',
        numpy="average_pool(x, 2, stride=2)",
    ),
    says(
        "Pooling { kernel_size: 2 stride: 2 round_mode: FLOOR }",
        torch="F.max_pool2d(x, 2, stride=2)",
        tf='layers.MaxPooling2D(2, 2, name="f")(x)',
        numpy="max_pool(x, 2, stride=2, ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 4 stride: 2 pad: 1 }",
        torch="F.max_pool2d(x, 4, stride=2, padding=1, ceil_mode=True)",
        tf='layers.MaxPooling2D(4, 2, padding="same", name="f")(x)',
        numpy="max_pool(x, 4, stride=2, pad=1)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 }",
        phase="train",
        torch="F.max_pool2d(x, 3, stride=2, ceil_mode=True)",
        tf=(
            'f = PadLowest(((0, 1), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 round_mode: FLOOR }",
        torch="F.max_pool2d(x, 3, stride=2)",
        tf='layers.MaxPooling2D(3, 2, name="f")(x)',
        numpy="max_pool(x, 3, stride=2, ceil=False)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 ceil_mode: false }",
        torch="F.avg_pool2d(x, 3, stride=2)",
        tf='layers.AveragePooling2D(3, 2, name="f")(x)',
        numpy="average_pool(x, 3, stride=2, ceil=False)",
    ),
    says(
        "Pooling { kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 }",
        torch="F.max_pool2d(x, (3, 2), stride=(1, 2), ceil_mode=True)",
        tf=(
            'f = PadLowest(((0, 0), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D((3, 2), (1, 2), name="f")(f)',
        ),
        numpy="max_pool(x, (3, 2), stride=(1, 2))",
    ),
    says(
        "Pooling { global_pooling: true }",
        torch="F.adaptive_max_pool2d(x, 1)",
        tf='GlobalMaxPooling(name="f")(x)',
        numpy="max_pool(x, x.shape[2:])",
    ),
    says(
        "Pooling { pool: AVE global_pooling: true }",
        torch="F.adaptive_avg_pool2d(x, 1)",
        tf='layers.GlobalAveragePooling2D(keepdims=True, name="f")(x)',
        numpy="average_pool(x, x.shape[2:])",
    ),
    # ---- padding
    says(
        "Pooling { kernel_size: 3 pad: 1 }",
        torch="F.max_pool2d(x, 3, stride=1, padding=1)",
        tf='layers.MaxPooling2D(3, 1, padding="same", name="f")(x)',
        numpy="max_pool(x, 3, pad=1)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 pad: 1 }",
        torch="F.avg_pool2d(x, 3, stride=1, padding=1)",
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'layers.AveragePooling2D(3, 1, name="f")(f)',
        ),
        numpy="average_pool(x, 3, pad=1)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad: 1 }",
        torch="F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)",
        tf=(
            'f = PadLowest(((1, 2), (1, 2)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=1)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 1 }",
        torch="F.avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)",
        tf='AveragePooling(3, 2, padding=1, overhang=1, name="f")(x)',
        numpy="average_pool(x, 3, stride=2, pad=1)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR }",
        torch="F.max_pool2d(x, 3, stride=2, padding=1)",
        tf=(
            'f = PadLowest(((1, 1), (1, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=1, ceil=False)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR }",
        torch="F.avg_pool2d(x, 3, stride=2, padding=1)",
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'layers.AveragePooling2D(3, 2, name="f")(f)',
        ),
        numpy="average_pool(x, 3, stride=2, pad=1, ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad: 2 }",
        torch="max_pool(x, (3, 3), (2, 2), padding=(2, 2))",
        tf=(
            'f = PadLowest(((2, 2), (2, 2)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=2)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 2 }",
        torch="avg_pool(x, (3, 3), (2, 2), padding=(2, 2))",
        tf=(
            'f = layers.ZeroPadding2D(2, name="f_pad")(x)',
            'layers.AveragePooling2D(3, 2, name="f")(f)',
        ),
        numpy="average_pool(x, 3, stride=2, pad=2)",
    ),
    says(
        "Pooling { kernel_size: 3 pad_l: 1 pad_r: 2 }",
        torch='F.max_pool2d(F.pad(x, (1, 2, 0, 0), value=float("-inf")), 3, stride=1)',
        tf=(
            'f = PadLowest(((0, 0), (1, 2)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 1, name="f")(f)',
        ),
        numpy="max_pool(x, 3, pad=((0, 0), (1, 2)))",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 pad_l: 1 }",
        torch="F.avg_pool2d(F.pad(x, (1, 0, 0, 0)), 3, stride=1)",
        tf=(
            'f = layers.ZeroPadding2D(((0, 0), (1, 0)), name="f_pad")(x)',
            'layers.AveragePooling2D(3, 1, name="f")(f)',
        ),
        numpy="average_pool(x, 3, pad=((0, 0), (1, 0)))",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad_l: 1 }",
        torch=(
            'F.max_pool2d(F.pad(x, (1, 0, 0, 0), value=float("-inf")), 3, stride=2, ceil_mode=True)'
        ),
        tf=(
            'f = PadLowest(((0, 1), (1, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=((0, 0), (1, 0)))",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad_r: 1 round_mode: FLOOR }",
        torch='F.max_pool2d(F.pad(x, (0, 1, 0, 0), value=float("-inf")), 3, stride=2)',
        tf=(
            'f = PadLowest(((0, 0), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=((0, 0), (0, 1)), ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad_r: 2 round_mode: FLOOR }",
        torch='F.max_pool2d(F.pad(x, (0, 2, 0, 0), value=float("-inf")), 3, stride=2)',
        tf=(
            'f = PadLowest(((0, 0), (0, 2)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="max_pool(x, 3, stride=2, pad=((0, 0), (0, 2)), ceil=False)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 pad_r: 2 }",
        torch="avg_pool(x, (3, 3), (2, 2), padding=((0, 0), (0, 2)))",
        tf='AveragePooling(3, 2, padding=((0, 0), (0, 2)), overhang=(1, 0), name="f")(x)',
        numpy="average_pool(x, 3, stride=2, pad=((0, 0), (0, 2)))",
    ),
    says(
        "Pooling { kernel_size: 3 pad_type: 1 }",
        torch="F.max_pool2d(x, 3, stride=1, padding=1)",
        tf='layers.MaxPooling2D(3, 1, padding="same", name="f")(x)',
        numpy="max_pool(x, 3, pad=1, ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 2 pad_type: 1 }",
        torch='F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 2, stride=1)',
        tf='layers.MaxPooling2D(2, 1, padding="same", name="f")(x)',
        numpy="max_pool(x, 2, pad=((0, 1), (0, 1)), ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad_type: 1 }",
        torch='F.max_pool2d(pad_same(x, (3, 3), (2, 2), value=float("-inf")), 3, stride=2)',
        tf='layers.MaxPooling2D(3, 2, padding="same", name="f")(x)',
        numpy="max_pool(x, 3, stride=2, pad=same_pad(x, (3, 3), (2, 2)), ceil=False)",
    ),
    says(
        "Pooling { pool: AVE_EXC_PAD kernel_size: 3 pad_type: 1 }",
        torch="F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)",
        tf='layers.AveragePooling2D(3, 1, padding="same", name="f")(x)',
        numpy="average_pool(x, 3, pad=1, ceil=False, count_pad=False)",
    ),
    says(
        "Pooling { pool: AVE_EXC_PAD kernel_size: 2 pad_type: 1 }",
        torch="avg_pool_same(x, (2, 2), (1, 1))",
        tf='layers.AveragePooling2D(2, 1, padding="same", name="f")(x)',
        numpy="average_pool(x, 2, pad=((0, 1), (0, 1)), ceil=False, count_pad=False)",
    ),
    says(
        "Pooling { pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad_type: 1 }",
        torch="avg_pool_same(x, (3, 3), (2, 2))",
        tf='layers.AveragePooling2D(3, 2, padding="same", name="f")(x)',
        numpy=(
            "average_pool(x, 3, stride=2, pad=same_pad(x, (3, 3), (2, 2)), ceil=False, "
            "count_pad=False)"
        ),
    ),
    says(
        "Pooling { pool: AVE kernel_size: 3 stride: 2 pad_type: 1 }",
        torch="F.avg_pool2d(pad_same(x, (3, 3), (2, 2)), 3, stride=2)",
        tf=(
            'f = PadSame((3, 3), (2, 2), name="f_pad")(x)',
            'layers.AveragePooling2D(3, 2, name="f")(f)',
        ),
        numpy="average_pool(x, 3, stride=2, pad=same_pad(x, (3, 3), (2, 2)), ceil=False)",
    ),
    # ---- means without padding
    says(
        "Pooling { pool: AVE_EXC_PAD kernel_size: 3 stride: 2 }",
        torch="F.avg_pool2d(x, 3, stride=2, ceil_mode=True)",
        tf='AveragePooling(3, 2, overhang=1, name="f")(x)',
        numpy="average_pool(x, 3, stride=2)",
    ),
    says(
        "Pooling { pool: AVE_TF kernel_size: 3 stride: 2 pad: 1 }",
        torch=("F.avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)"),
        tf='AveragePoolingInside(3, 2, padding=1, overhang=1, name="f")(x)',
        numpy="average_pool(x, 3, stride=2, pad=1, count_pad=False)",
    ),
    says(
        "Pooling { pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad_r: 2 }",
        torch=("avg_pool(x, (3, 3), (2, 2), padding=((0, 0), (0, 2)), count_include_pad=False)"),
        tf='AveragePoolingInside(3, 2, padding=((0, 0), (0, 2)), overhang=(1, 0), name="f")(x)',
        numpy="average_pool(x, 3, stride=2, pad=((0, 0), (0, 2)), count_pad=False)",
    ),
    # ---- gaps between windows, and none at all
    says(
        "Pooling { kernel_size: 1 stride: 2 }",
        torch="max_pool(x, (1, 1), (2, 2))",
        tf='MaxPooling(1, 2, overhang=1, name="f")(x)',
        numpy="max_pool(x, 1, stride=2)",
    ),
    says(
        "Pooling { pool: AVE kernel_size: 1 stride: 2 }",
        torch="avg_pool(x, (1, 1), (2, 2))",
        tf='AveragePooling(1, 2, overhang=1, name="f")(x)',
        numpy="average_pool(x, 1, stride=2)",
    ),
    says(
        "Pooling { kernel_size: 1 stride: 2 round_mode: FLOOR }",
        torch="F.max_pool2d(x, 1, stride=2)",
        tf='layers.MaxPooling2D(1, 2, name="f")(x)',
        numpy="max_pool(x, 1, stride=2, ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 2 stride: 3 pad: 1 }",
        torch="F.max_pool2d(x, 2, stride=3, padding=1, ceil_mode=True)",
        tf=(
            'f = PadLowest(((1, 1), (1, 1)), name="f_pad")(x)',
            'layers.MaxPooling2D(2, 3, name="f")(f)',
        ),
        numpy="max_pool(x, 2, stride=3, pad=1)",
    ),
    says(
        "Pooling { kernel_size: 3 round_mode: FLOOR }",
        bottoms=[LOW],
        torch="max_pool(x, (3, 3), (1, 1), ceil_mode=False)",
        tf='MaxPooling(3, 1, name="f")(x)',
        numpy="max_pool(x, 3, ceil=False)",
    ),
    # ---- masks
    says(
        "Pooling { kernel_size: 3 stride: 2 }",
        tops=2,
        torch="max_pool_with_mask(x, (3, 3), (2, 2))",
        tf='MaxPoolingWithMask(3, 2, overhang=1, name="f")(x)',
        numpy="max_pool_with_mask(x, 3, stride=2)",
    ),
    says(
        "Pooling { kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR }",
        tops=2,
        torch="max_pool_with_mask(x, (3, 3), (2, 2), padding=(1, 1), ceil_mode=False)",
        tf='MaxPoolingWithMask(3, 2, padding=1, name="f")(x)',
        numpy="max_pool_with_mask(x, 3, stride=2, pad=1, ceil=False)",
    ),
    says(
        "Pooling { kernel_size: 3 pad_l: 1 pad_r: 2 }",
        tops=2,
        torch="max_pool_with_mask(x, (3, 3), (1, 1), padding=((0, 0), (1, 2)))",
        tf='MaxPoolingWithMask(3, 1, padding=((0, 0), (1, 2)), name="f")(x)',
        numpy="max_pool_with_mask(x, 3, pad=((0, 0), (1, 2)))",
    ),
    says(
        "Pooling { global_pooling: true }",
        tops=2,
        torch="max_pool_with_mask(x, x.shape[2:], (1, 1))",
        tf='MaxPoolingWithMask((5, 7), 1, name="f")(x)',
        numpy="max_pool_with_mask(x, x.shape[2:])",
    ),
    # ---- by chance
    says(
        "Pooling { pool: STOCHASTIC kernel_size: 3 stride: 2 }",
        torch="stochastic_pool(x, (3, 3), (2, 2), training=self.training)",
        tf='StochasticPooling(3, 2, overhang=1, name="f")(x)',
        numpy="stochastic_pool(x, 3, stride=2)",
    ),
    says(
        "Pooling { pool: STOCHASTIC kernel_size: 3 stride: 2 }",
        phase="train",
        torch="stochastic_pool(x, (3, 3), (2, 2), training=self.training)",
        tf='StochasticPooling(3, 2, overhang=1, name="f")(x)',
        numpy="stochastic_pool_draw(x, self.rng, 3, stride=2)",
    ),
    says(
        "Pooling { pool: STOCHASTIC kernel_size: 3 round_mode: FLOOR }",
        torch="stochastic_pool(x, (3, 3), (1, 1), ceil_mode=False, training=self.training)",
        tf='StochasticPooling(3, 1, name="f")(x)',
        numpy="stochastic_pool(x, 3, ceil=False)",
    ),
    says(
        "Pooling { pool: STOCHASTIC global_pooling: true }",
        torch="stochastic_pool(x, x.shape[2:], (1, 1), training=self.training)",
        tf='StochasticPooling((5, 7), 1, name="f")(x)',
        numpy="stochastic_pool(x, x.shape[2:])",
    ),
]

OTHER_POOLING: list[Row] = [
    says(
        "NdPooling { kernel_shape { dim: 2 dim: 3 dim: 3 } }",
        bottoms=[VIDEO],
        torch="F.max_pool3d(x, (2, 3, 3), stride=1)",
        tf='layers.MaxPooling3D((2, 3, 3), 1, name="f")(x)',
        numpy="nd_max_pool(x, (2, 3, 3), (1, 1, 1), (0, 0, 0))",
    ),
    says(
        (
            "NdPooling { kernel_shape { dim: 2 dim: 3 dim: 3 } stride_shape "
            "{ dim: 1 dim: 2 dim: 2 } }"
        ),
        bottoms=[VIDEO],
        torch="F.max_pool3d(x, (2, 3, 3), stride=(1, 2, 2), ceil_mode=True)",
        tf=(
            'f = PadLowest(((0, 0), (0, 1), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling3D((2, 3, 3), (1, 2, 2), name="f")(f)',
        ),
        numpy="nd_max_pool(x, (2, 3, 3), (1, 2, 2), (0, 0, 0))",
    ),
    says(
        (
            "NdPooling { kernel_shape { dim: 3 dim: 3 } stride_shape { dim: 2 dim: 2 } pad_shape "
            "{ dim: 1 dim: 1 } }"
        ),
        torch="F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)",
        tf=(
            'f = PadLowest(((1, 2), (1, 2)), name="f_pad")(x)',
            'layers.MaxPooling2D(3, 2, name="f")(f)',
        ),
        numpy="nd_max_pool(x, (3, 3), (2, 2), (1, 1))",
    ),
    says(
        "NdPooling { kernel_shape { dim: 3 dim: 3 } }",
        torch="F.max_pool2d(x, 3, stride=1)",
        tf='layers.MaxPooling2D(3, 1, name="f")(x)',
        numpy="nd_max_pool(x, (3, 3), (1, 1), (0, 0))",
    ),
    says(
        "NdPooling { kernel_shape { dim: 3 dim: 3 } pad_shape { dim: 1 dim: 1 } }",
        torch="F.max_pool2d(x, 3, stride=1, padding=1)",
        tf='layers.MaxPooling2D(3, 1, padding="same", name="f")(x)',
        numpy="nd_max_pool(x, (3, 3), (1, 1), (1, 1))",
    ),
    says(
        "NdPooling { global_pooling: true }",
        bottoms=[VIDEO],
        torch="F.adaptive_max_pool3d(x, 1)",
        tf='layers.GlobalMaxPooling3D(keepdims=True, name="f")(x)',
        numpy="np.max(x, (2, 3, 4), keepdims=True)",
    ),
    says(
        "NdPooling { global_pooling: true }",
        torch="F.adaptive_max_pool2d(x, 1)",
        tf='layers.GlobalMaxPooling2D(keepdims=True, name="f")(x)',
        numpy="np.max(x, (2, 3), keepdims=True)",
    ),
    says(
        "NdPooling { kernel_shape { dim: 3 } }",
        bottoms=[SEQUENCE],
        torch="F.max_pool1d(x, 3, stride=1)",
        tf=refuses("a pooling over 1 axes is not possible"),
        numpy="nd_max_pool(x, (3,), (1,), (0,))",
    ),
    says(
        "NdPooling { kernel_shape { dim: 2 dim: 2 dim: 2 dim: 2 } }",
        bottoms=[DEEP],
        torch=refuses("a pooling over 4 spatial axes is not supported"),
        tf=refuses("a pooling over 4 axes is not possible"),
        numpy="nd_max_pool(x, (2, 2, 2, 2), (1, 1, 1, 1), (0, 0, 0, 0))",
    ),
    says(
        "SPP { pyramid_height: 1 }",
        torch="F.adaptive_max_pool2d(x, 1)",
        tf='GlobalMaxPooling(name="f")(x)',
        numpy="spp(x, 1)",
    ),
    says(
        "SPP { pyramid_height: 1 pool: AVE }",
        torch="F.adaptive_avg_pool2d(x, 1)",
        tf='layers.GlobalAveragePooling2D(keepdims=True, name="f")(x)',
        numpy='spp(x, 1, method="AVE")',
    ),
    says(
        "SPP { pyramid_height: 2 }",
        torch="spatial_pyramid_pool(x, 2, max_pool)",
        tf='SpatialPyramidPooling(2, name="f")(x)',
        numpy="spp(x, 2)",
    ),
    says(
        "SPP { pyramid_height: 2 pool: AVE }",
        torch="spatial_pyramid_pool(x, 2, avg_pool)",
        tf='SpatialPyramidPooling(2, average=True, name="f")(x)',
        numpy='spp(x, 2, method="AVE")',
    ),
    says(
        "SPP { pyramid_height: 1 pool: STOCHASTIC }",
        torch=refuses("pool: STOCHASTIC is not supported"),
        tf=refuses("pool: STOCHASTIC is not supported"),
        numpy=refuses("pool: STOCHASTIC is not supported"),
    ),
]

VOLUMES: list[Row] = [
    says(
        "NdPooling { pool: AVE kernel_shape { dim: 2 dim: 3 } stride_shape { dim: 2 dim: 2 } }",
        torch="F.avg_pool2d(x, (2, 3), stride=2, ceil_mode=True, divisor_override=6)",
        tf=(
            'f = layers.ZeroPadding2D(((0, 1), (0, 1)), name="f_pad")(x)',
            'layers.AveragePooling2D((2, 3), 2, name="f")(f)',
        ),
        numpy="nd_average_pool(x, (2, 3), (2, 2), (0, 0))",
    ),
    says(
        "NdPooling { pool: AVE global_pooling: true }",
        bottoms=[VIDEO],
        torch="F.adaptive_avg_pool3d(x, 1)",
        tf='layers.GlobalAveragePooling3D(keepdims=True, name="f")(x)',
        numpy="np.mean(x, (2, 3, 4), keepdims=True)",
    ),
    says(
        "NdPooling { pool: AVE kernel_shape { dim: 2 } stride_shape { dim: 2 } }",
        bottoms=[(2, 3, 7)],
        torch=refuses("a mean over 1 spatial axis with a stride is not supported"),
        tf=refuses("a pooling over 1 axes is not possible"),
        numpy="nd_average_pool(x, (2,), (2,), (0,))",
    ),
    says(
        "Pooling3D { kernel_size: 2 kernel_depth: 1 stride: 2 }",
        bottoms=[VIDEO],
        torch="F.max_pool3d(x, (1, 2, 2), stride=(1, 2, 2), ceil_mode=True)",
        tf='layers.MaxPooling3D((1, 2, 2), (1, 2, 2), padding="same", name="f")(x)',
        numpy="max_pool_3d(x, (1, 2, 2), stride=(1, 2, 2))",
    ),
    says(
        "Pooling3D { pool: AVE kernel_size: 3 kernel_depth: 2 stride: 2 pad: 1 }",
        bottoms=[VIDEO],
        torch="F.avg_pool3d(x, (2, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), ceil_mode=True)",
        tf=(
            "VolumeAveragePooling((2, 3, 3), (1, 2, 2), padding=(0, 1, 1), "
            'overhang=(0, 1, 1), name="f")(x)'
        ),
        numpy=(
            "average_pool_3d(np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1), (1, 1))), "
            "(2, 3, 3), stride=(1, 2, 2))"
        ),
    ),
    says(
        "Pooling3D { pool: AVE kernel_size: 2 kernel_depth: 2 stride: 2 pad: 1 }",
        bottoms=[VIDEO],
        torch="F.avg_pool3d(F.pad(x, (1, 1, 1, 1)), 2, stride=(1, 2, 2), ceil_mode=True)",
        tf=(
            "VolumeAveragePooling((2, 2, 2), (1, 2, 2), padding=(0, 1, 1), "
            'overhang=(0, 1, 1), name="f")(x)'
        ),
        numpy=(
            "average_pool_3d(np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1), (1, 1))), "
            "(2, 2, 2), stride=(1, 2, 2))"
        ),
    ),
    says(
        "Pooling3D { kernel_size: 1 kernel_depth: 1 stride: 2 }",
        bottoms=[VIDEO],
        torch="pool_volume(x, max_pool, (1, 1, 1), (1, 2, 2))",
        tf='MaxPooling((1, 1, 1), (1, 2, 2), padding=(0, 0, 0), overhang=(0, 1, 1), name="f")(x)',
        numpy="max_pool_3d(x, (1, 1, 1), stride=(1, 2, 2))",
    ),
    says(
        "Pooling3D { kernel_size: 3 stride: 2 kernel_l: 2 stride_l: 2 }",
        bottoms=[VIDEO],
        torch="F.max_pool3d(x, (2, 3, 3), stride=2, ceil_mode=True)",
        tf=(
            'f = PadLowest(((0, 1), (0, 1), (0, 1)), name="f_pad")(x)',
            'layers.MaxPooling3D((2, 3, 3), 2, name="f")(f)',
        ),
        numpy="max_pool_3d(x, (2, 3, 3), stride=2)",
    ),
    says(
        "Pooling3D { pool: AVE kernel_size: 3 kernel_l: 1 }",
        bottoms=[VIDEO],
        torch="F.avg_pool3d(x, (1, 3, 3), stride=1)",
        tf='layers.AveragePooling3D((1, 3, 3), 1, name="f")(x)',
        numpy="average_pool_3d(x, (1, 3, 3))",
    ),
    says(
        "Pooling3D { kernel_size: 2 stride: 2 kernel_l: 2 }",
        bottoms=[VIDEO],
        tops=2,
        torch="pool_volume_with_mask(x, (2, 2, 2), (1, 2, 2))",
        tf=(
            "VolumeMaxPoolingWithMask((2, 2, 2), (1, 2, 2), padding=(0, 0, 0), "
            'overhang=(0, 1, 1), name="f")(x)'
        ),
        numpy="max_pool_3d_with_mask(x, (2, 2, 2), stride=(1, 2, 2))",
    ),
    says(
        "Pooling3D { kernel_size: 4 kernel_l: 1 pad: 3 }",
        bottoms=[VIDEO],
        torch="pool_volume(x, max_pool, (1, 4, 4), (1, 1, 1), padding=(0, 3, 3))",
        tf=(
            'f = PadLowest(((0, 0), (3, 3), (3, 3)), name="f_pad")(x)',
            'layers.MaxPooling3D((1, 4, 4), 1, name="f")(f)',
        ),
        numpy="max_pool_3d(x, (1, 4, 4), pad=(0, 3, 3))",
    ),
    says(
        "Pooling3D { kernel_size: 4 kernel_l: 1 pad: 3 stride_l: 2 }",
        bottoms=[VIDEO],
        torch=refuses(
            "padding of 0 x 3 x 3 and a stride of 2 x 1 x 1 above the kernel of 1 "
            "x 4 x 4 are not supported together"
        ),
        tf=(
            'f = PadLowest(((0, 0), (3, 3), (3, 3)), name="f_pad")(x)',
            'layers.MaxPooling3D((1, 4, 4), (2, 1, 1), name="f")(f)',
        ),
        numpy="max_pool_3d(x, (1, 4, 4), stride=(2, 1, 1), pad=(0, 3, 3))",
    ),
    says(
        "Pooling3D { pool: AVE global_pooling: true }",
        bottoms=[VIDEO],
        torch="F.adaptive_avg_pool3d(x, 1)",
        tf='layers.GlobalAveragePooling3D(keepdims=True, name="f")(x)',
        numpy="average_pool_3d(x, x.shape[2:])",
    ),
    says(
        "Pooling3D { global_pooling: true }",
        bottoms=[VIDEO],
        torch="F.adaptive_max_pool3d(x, 1)",
        tf='layers.GlobalMaxPooling3D(keepdims=True, name="f")(x)',
        numpy="max_pool_3d(x, x.shape[2:])",
    ),
]


MAXOUT: list[Row] = [
    says(
        "Maxout { num_output: 2 }",
        bottoms=[(1, 6, 3, 4)],
        torch=(
            "f = x.reshape(x.shape[0], 2, 3, *x.shape[2:4])",
            "f = F.max_pool3d(f, (3, 1, 1), stride=1)",
            "f.reshape(f.shape[0], 2, *f.shape[3:5])",
        ),
        tf=(
            'f = layers.Permute((3, 1, 2), name="f_permute")(x)',
            'f = Reshape((2, 3), axis=1, num_axes=1, name="f")(f)',
            'f = layers.Permute((2, 3, 4, 1), name="f_permute_1")(f)',
            'f = layers.MaxPooling3D((3, 1, 1), 1, name="f_1")(f)',
            'f = layers.Permute((4, 1, 2, 3), name="f_2_permute")(f)',
            'f = Reshape((2,), axis=1, num_axes=2, name="f_2")(f)',
            'layers.Permute((2, 3, 1), name="f_2_permute_1")(f)',
        ),
        numpy=(
            "f = reshape(x, (2, 3), axis=1, num_axes=1)",
            "f = nd_max_pool(f, (3, 1, 1), (1, 1, 1), (0, 0, 0))",
            "reshape(f, (2,), axis=1, num_axes=2)",
        ),
    ),
]


ROWS = [*POOLING, *OTHER_POOLING, *VOLUMES, *MAXOUT]
