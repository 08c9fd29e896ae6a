"""What each target prints of proto2net/layers/vision.py."""

from says import DEEP, FLAT, IMAGE, SEQUENCE, VIDEO, Row, refuses, says

LOW = (1, 3, 2, 7)
"""An image of two rows, into which few windows fit."""

CONVOLUTION: list[Row] = [
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        (
            "Convolution { num_output: 4 kernel_h: 1 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 "
            "pad_w: 1 }"
        ),
        torch=("nn.Conv2d(3, 4, kernel_size=(1, 3), stride=(2, 1), padding=(0, 1))", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D((0, 1), name="f_pad")(x)',
            'layers.Conv2D(4, (1, 3), strides=(2, 1), name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=(2, 1), pad=(0, 1))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 bias_term: false }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, bias=False)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, use_bias=False, name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=1)", "self.f(x)"),
        tf='layers.Conv2D(4, 1, name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 stride: 2 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=2)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, strides=2, name="f")(x)',
        numpy="convolution(x, **self.f, stride=2)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 dilation: 2 }",
        bottoms=[(2, 3, 6, 7)],
        torch=("nn.Conv2d(3, 4, kernel_size=3, dilation=2)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, dilation_rate=2, name="f")(x)',
        numpy="convolution(x, **self.f, dilation=2)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 stride: 2 dilation: 2 pad: 2 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=2, padding=2, dilation=2)", "self.f(x)"),
        tf=(
            'layers.Conv2D(4, 3, dilation_rate=2, name="f")(layers.ZeroPadding2D(2, '
            'name="f_pad")(x))[:, ::2, ::2]'
        ),
        numpy="convolution(x, **self.f, stride=2, pad=2, dilation=2)",
    ),
    # ---- padding
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, padding=1)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, padding="same", name="f")(x)',
        numpy="convolution(x, **self.f, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'layers.Conv2D(4, 3, strides=2, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad_h: 1 pad_w: 2 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, padding=(1, 2))", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D((1, 2), name="f_pad")(x)',
            'layers.Conv2D(4, 3, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, pad=(1, 2))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad_l: 1 pad_r: 2 pad_t: 3 pad_b: 4 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "self.f(F.pad(x, (1, 2, 3, 4)))"),
        tf=(
            'f = layers.ZeroPadding2D(((3, 4), (1, 2)), name="f_pad")(x)',
            'layers.Conv2D(4, 3, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, pad=((3, 4), (1, 2)))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad_type: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, padding=1)", "self.f(x)"),
        tf='layers.Conv2D(4, 3, padding="same", name="f")(x)',
        numpy="convolution(x, **self.f, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 2 pad_type: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=2)", "self.f(F.pad(x, (0, 1, 0, 1)))"),
        tf='layers.Conv2D(4, 2, padding="same", name="f")(x)',
        numpy="convolution(x, **self.f, pad=((0, 1), (0, 1)))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 stride: 2 pad_type: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=2)", "self.f(pad_same(x, (3, 3), (2, 2)))"),
        tf='layers.Conv2D(4, 3, strides=2, padding="same", name="f")(x)',
        numpy="convolution(x, **self.f, stride=2, pad=same_pad(x, (3, 3), (2, 2)))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 dilation: 2 pad_type: 1 }",
        torch=("nn.Conv2d(3, 4, kernel_size=3, dilation=2)", "self.f(F.pad(x, (1, 3, 1, 3)))"),
        tf=(
            'f = layers.ZeroPadding2D(((1, 3), (1, 3)), name="f_pad")(x)',
            'layers.Conv2D(4, 3, dilation_rate=2, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, pad=((1, 3), (1, 3)), dilation=2)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 stride: 2 }",
        bottoms=[LOW],
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=2)", "self.f(pad_to(x, (3, 3)))"),
        tf=('f = PadTo((3, 3), name="f_pad")(x)', 'layers.Conv2D(4, 3, strides=2, name="f")(f)'),
        numpy="convolution(x, **self.f, stride=2)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 6 stride: 3 pad: 1 }",
        bottoms=[LOW],
        torch=("nn.Conv2d(3, 4, kernel_size=6, stride=3, padding=1)", "self.f(pad_to(x, (4, 4)))"),
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad_1")(PadTo((4, 4), name="f_pad")(x))',
            'layers.Conv2D(4, 6, strides=3, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=3, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 4 stride: 2 }",
        bottoms=[LOW],
        torch=(
            "nn.Conv2d(3, 4, kernel_size=4, stride=2)",
            "cut_windows(self.f(pad_to(x, (4, 4))), x, (4, 4), (2, 2))",
        ),
        tf=(
            'CutWindows((4, 4), (2, 2), name="f_cut")([layers.Conv2D(4, 4, strides=2, '
            'name="f")(PadTo((4, 4), name="f_pad")(x)), x])'
        ),
        numpy="convolution(x, **self.f, stride=2)",
    ),
    # ---- groups
    says(
        "Convolution { num_output: 6 kernel_size: 3 group: 2 }",
        bottoms=[(2, 4, 5, 7)],
        torch=("nn.Conv2d(4, 6, kernel_size=3, groups=2)", "self.f(x)"),
        tf='layers.Conv2D(6, 3, groups=2, name="f")(x)',
        numpy="convolution(x, **self.f, group=2)",
    ),
    says(
        "Convolution { num_output: 3 kernel_size: 3 group: 3 }",
        torch=("nn.Conv2d(3, 3, kernel_size=3, groups=3)", "self.f(x)"),
        tf='layers.DepthwiseConv2D(3, name="f")(x)',
        numpy="convolution(x, **self.f, group=3)",
    ),
    says(
        "Convolution { num_output: 6 kernel_size: 3 group: 3 }",
        torch=("nn.Conv2d(3, 6, kernel_size=3, groups=3)", "self.f(x)"),
        tf='layers.DepthwiseConv2D(3, depth_multiplier=2, name="f")(x)',
        numpy="convolution(x, **self.f, group=3)",
    ),
    says(
        "Convolution { num_output: 6 kernel_size: 3 group: 3 stride_h: 1 stride_w: 2 }",
        torch=("nn.Conv2d(3, 6, kernel_size=3, stride=(1, 2), groups=3)", "self.f(x)"),
        tf='layers.Conv2D(6, 3, strides=(1, 2), groups=3, name="f")(x)',
        numpy="convolution(x, **self.f, stride=(1, 2), group=3)",
    ),
    says(
        "DepthwiseConvolution { num_output: 6 kernel_size: 3 }",
        torch=("nn.Conv2d(3, 6, kernel_size=3, groups=3)", "self.f(x)"),
        tf='layers.DepthwiseConv2D(3, depth_multiplier=2, name="f")(x)',
        numpy="convolution(x, **self.f, group=3)",
    ),
    says(
        "ConvolutionDepthwise { num_output: 3 kernel_size: 3 pad: 1 stride: 2 }",
        torch=("nn.Conv2d(3, 3, kernel_size=3, stride=2, padding=1, groups=3)", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'layers.DepthwiseConv2D(3, strides=2, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=2, pad=1, group=3)",
    ),
    # ---- other axes
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        bottoms=[IMAGE, IMAGE],
        tops=2,
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "self.f(x), self.f(y)"),
        tf=('f_layer = layers.Conv2D(4, 3, name="f")', "(f_layer(x), f_layer(y))"),
        numpy="(convolution(x, **self.f), convolution(y, **self.f))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad: 1 stride: 2 }",
        bottoms=[SEQUENCE],
        torch=("nn.Conv1d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.Permute((2, 1), name="f_permute")(x)',
            'f = layers.ZeroPadding1D(1, name="f_pad")(f)',
            'f = layers.Conv1D(4, 3, strides=2, name="f")(f)',
            'layers.Permute((2, 1), name="f_permute_1")(f)',
        ),
        numpy="convolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad: 1 stride: 2 }",
        bottoms=[VIDEO],
        torch=("nn.Conv3d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding3D(1, name="f_pad")(x)',
            'layers.Conv3D(4, 3, strides=2, name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Convolution { num_output: 6 kernel_size: 3 group: 3 }",
        bottoms=[VIDEO],
        torch=("nn.Conv3d(3, 6, kernel_size=3, groups=3)", "self.f(x)"),
        tf='layers.Conv3D(6, 3, groups=3, name="f")(x)',
        numpy="convolution(x, **self.f, group=3)",
    ),
    says(
        "NdConvolution { num_output: 4 kernel_shape { dim: 1 dim: 3 dim: 2 } }",
        bottoms=[VIDEO],
        torch=("nn.Conv3d(3, 4, kernel_size=(1, 3, 2))", "self.f(x)"),
        tf='layers.Conv3D(4, (1, 3, 2), name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        (
            "NdConvolution { num_output: 4 kernel_shape { dim: 3 dim: 3 } stride_shape "
            "{ dim: 2 dim: 1 } pad_shape { dim: 1 dim: 1 } }"
        ),
        torch=("nn.Conv2d(3, 4, kernel_size=3, stride=(2, 1), padding=1)", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'layers.Conv2D(4, 3, strides=(2, 1), name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=(2, 1), pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 axis: 0 }",
        bottoms=[(3, 5, 7)],
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "self.f(x)"),
        tf=(
            'f = Reshape((1, 3), num_axes=1, name="f_reshape")(x)',
            'f = layers.Permute((2, 3, 1), name="f_permute")(f)',
            'f = layers.Conv2D(4, 3, name="f")(f)',
            'f = layers.Permute((3, 1, 2), name="f_permute_1")(f)',
            'Reshape((), num_axes=1, name="f_reshape_1")(f)',
        ),
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 axis: 2 }",
        bottoms=[VIDEO],
        torch=(
            "nn.Conv2d(4, 4, kernel_size=3)",
            "self.f(x.flatten(0, 1)).unflatten(0, x.shape[:2])",
        ),
        tf=(
            (
                'f = Unflatten(2, name="f_unflatten")([layers.Permute((3, 1, 2), '
                'name="f_permute_3")(layers.Conv2D(4, 3, name="f")(layers.Permute((2, 3, '
                '1), name="f_permute_2")(Reshape((-1, 4), num_axes=3, '
                'name="f_reshape")(layers.Permute((4, 1, 2, 3), name="f_permute_1")(x))))), '
                'layers.Permute((4, 1, 2, 3), name="f_permute")(x)])'
            ),
            'layers.Permute((2, 3, 4, 1), name="f_permute_4")(f)',
        ),
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 pad: 1 axis: 2 }",
        bottoms=[(2, 3, 4, 7)],
        torch=(
            "nn.Conv1d(4, 4, kernel_size=3, padding=1)",
            "self.f(x.flatten(0, 1)).unflatten(0, x.shape[:2])",
        ),
        tf=(
            (
                'f = Unflatten(2, name="f_unflatten")([layers.Permute((2, 1), '
                'name="f_permute_3")(layers.Conv1D(4, 3, padding="same", '
                'name="f")(layers.Permute((2, 1), name="f_permute_2")(Reshape((-1, 4), '
                'num_axes=3, name="f_reshape")(layers.Permute((3, 1, 2), '
                'name="f_permute_1")(x))))), layers.Permute((3, 1, 2), '
                'name="f_permute")(x)])'
            ),
            'layers.Permute((2, 3, 1), name="f_permute_4")(f)',
        ),
        numpy="convolution(x, **self.f, pad=1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 1 }",
        bottoms=[FLAT],
        torch=("nn.Conv1d(3, 4, kernel_size=1)", "self.f(x.unsqueeze(-1)).squeeze(-1)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 bias_term: false }",
        bottoms=[FLAT],
        torch=("nn.Conv1d(3, 4, kernel_size=1, bias=False)", "self.f(x.unsqueeze(-1)).squeeze(-1)"),
        tf='layers.Dense(4, use_bias=False, name="f")(x)',
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 4 axis: 3 }",
        torch=(
            "nn.Conv1d(7, 4, kernel_size=1)",
            "self.f(x.flatten(0, 2).unsqueeze(-1)).squeeze(-1).unflatten(0, x.shape[:3])",
        ),
        tf=(
            ('f = layers.Dense(4, name="f")(layers.Permute((3, 1, 2), name="f_permute")(x))'),
            'layers.Permute((2, 3, 1), name="f_permute_1")(f)',
        ),
        numpy="convolution(x, **self.f)",
    ),
    says(
        "Convolution { num_output: 3 group: 3 }",
        bottoms=[FLAT],
        torch=("nn.Conv1d(3, 3, kernel_size=1, groups=3)", "self.f(x.unsqueeze(-1)).squeeze(-1)"),
        tf=refuses("groups are not possible without spatial axes"),
        numpy="convolution(x, **self.f, group=3)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 2 }",
        bottoms=[DEEP],
        torch=refuses("a convolution over 4 spatial axes is not supported"),
        tf=refuses("a window over 4 axes is not possible"),
        numpy="convolution(x, **self.f)",
    ),
    # ---- with a ReLU
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        "ReLU",
        in_place=True,
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "F.relu(self.f(x))"),
        tf='layers.Conv2D(4, 3, activation="relu", name="f")(x)',
        numpy="relu(convolution(x, **self.f))",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        "ReLU { relu6: true }",
        in_place=True,
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "F.relu6(self.f(x))"),
        tf='layers.Conv2D(4, 3, activation="relu6", name="f")(x)',
        numpy="np.minimum(relu(convolution(x, **self.f)), 6.0)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        "ReLU6",
        in_place=True,
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "F.relu6(self.f(x))"),
        tf='layers.Conv2D(4, 3, activation="relu6", name="f")(x)',
        numpy="np.minimum(relu(convolution(x, **self.f)), 6.0)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        "ReLU { negative_slope: 0.1 }",
        in_place=True,
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "F.leaky_relu(self.f(x), 0.1)"),
        tf=('f = layers.Conv2D(4, 3, name="f")(x)', 'layers.ReLU(negative_slope=0.1, name="g")(f)'),
        numpy="leaky_relu(convolution(x, **self.f), 0.1)",
    ),
    says(
        "Convolution { num_output: 4 kernel_size: 3 }",
        "ReLU",
        torch=("nn.Conv2d(3, 4, kernel_size=3)", "f = self.f(x)", "F.relu(f)"),
        tf=('f = layers.Conv2D(4, 3, name="f")(x)', 'layers.ReLU(name="g")(f)'),
        numpy=("f = convolution(x, **self.f)", "relu(f)"),
    ),
    says(
        "Convolution { num_output: 4 }",
        "ReLU",
        bottoms=[FLAT],
        in_place=True,
        torch=("nn.Conv1d(3, 4, kernel_size=1)", "F.relu(self.f(x.unsqueeze(-1)).squeeze(-1))"),
        tf='layers.Dense(4, activation="relu", name="f")(x)',
        numpy="relu(convolution(x, **self.f))",
    ),
]

DECONVOLUTION: list[Row] = [
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=3)", "self.f(x)"),
        tf='layers.Conv2DTranspose(4, 3, name="f")(x)',
        numpy="deconvolution(x, **self.f)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2, padding=1)", "self.f(x)"),
        tf='layers.Conv2DTranspose(4, 4, strides=2, padding="same", name="f")(x)',
        numpy="deconvolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.Conv2DTranspose(4, 3, strides=2, name="f")(x)',
            'layers.Cropping2D(1, name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 4 stride: 2 bias_term: false }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2, bias=False)", "self.f(x)"),
        tf='layers.Conv2DTranspose(4, 4, strides=2, use_bias=False, name="f")(x)',
        numpy="deconvolution(x, **self.f, stride=2)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 2 stride: 3 }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=2, stride=3)", "self.f(x)"),
        tf='layers.Conv2DTranspose(4, 2, strides=3, output_padding=0, name="f")(x)',
        numpy="deconvolution(x, **self.f, stride=3)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 dilation: 2 }",
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=3, dilation=2)", "self.f(x)"),
        tf='ConvTranspose(4, (3, 3), dilation_rate=(2, 2), name="f")(x)',
        numpy="deconvolution(x, **self.f, dilation=2)",
    ),
    says(
        (
            "Deconvolution { num_output: 6 kernel_size: 4 stride: 2 pad: 1 group: 3 bias_term: "
            "false }"
        ),
        torch=(
            "nn.ConvTranspose2d(3, 6, kernel_size=4, stride=2, padding=1, groups=3, bias=False)",
            "self.f(x)",
        ),
        tf=(
            ('f = ConvTranspose(6, (4, 4), strides=(2, 2), groups=3, use_bias=False, name="f")(x)'),
            'layers.Cropping2D(1, name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=1, group=3)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 4 stride: 2 pad_l: 1 pad_b: 1 }",
        torch=(
            "nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2)",
            "F.pad(self.f(x), (-1, 0, 0, -1))",
        ),
        tf=(
            'f = layers.Conv2DTranspose(4, 4, strides=2, name="f")(x)',
            'layers.Cropping2D(((0, 1), (1, 0)), name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=((0, 1), (1, 0)))",
    ),
    says(
        (
            "Deconvolution { num_output: 4 kernel_size: 4 stride: 2 pad_l: 1 pad_r: 2 pad_t: 1 "
            "pad_b: 2 }"
        ),
        torch=(
            "nn.ConvTranspose2d(3, 4, kernel_size=4, stride=2)",
            "F.pad(self.f(x), (-1, -2, -1, -2))",
        ),
        tf=(
            'f = layers.Conv2DTranspose(4, 4, strides=2, name="f")(x)',
            'layers.Cropping2D(((1, 2), (1, 2)), name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=((1, 2), (1, 2)))",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_h: 2 kernel_w: 3 pad_h: 1 pad_w: 0 }",
        bottoms=[(2, 3, 1, 7)],
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=(2, 3))", "F.pad(self.f(x), (0, 0, -1, -1))"),
        tf='layers.Conv2DTranspose(4, (2, 3), name="f")(x)[:, 1:-1, 0:]',
        numpy="deconvolution(x, **self.f, pad=(1, 0))",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 }",
        bottoms=[IMAGE, IMAGE],
        tops=2,
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=3)", "self.f(x), self.f(y)"),
        tf=('f_layer = layers.Conv2DTranspose(4, 3, name="f")', "(f_layer(x), f_layer(y))"),
        numpy="(deconvolution(x, **self.f), deconvolution(y, **self.f))",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }",
        bottoms=[SEQUENCE],
        torch=("nn.ConvTranspose1d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.Permute((2, 1), name="f_permute")(x)',
            'f = layers.Conv1DTranspose(4, 3, strides=2, name="f")(f)',
            'f = layers.Cropping1D(1, name="f_crop")(f)',
            'layers.Permute((2, 1), name="f_permute_1")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }",
        bottoms=[VIDEO],
        torch=("nn.ConvTranspose3d(3, 4, kernel_size=3, stride=2, padding=1)", "self.f(x)"),
        tf=(
            'f = layers.Conv3DTranspose(4, 3, strides=2, name="f")(x)',
            'layers.Cropping3D(1, name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=2, pad=1)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 axis: 0 }",
        bottoms=[(3, 5, 7)],
        torch=("nn.ConvTranspose2d(3, 4, kernel_size=3)", "self.f(x)"),
        tf=(
            'f = Reshape((1, 3), num_axes=1, name="f_reshape")(x)',
            'f = layers.Permute((2, 3, 1), name="f_permute")(f)',
            'f = layers.Conv2DTranspose(4, 3, name="f")(f)',
            'f = layers.Permute((3, 1, 2), name="f_permute_1")(f)',
            'Reshape((), num_axes=1, name="f_reshape_1")(f)',
        ),
        numpy="deconvolution(x, **self.f)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 3 pad: 1 axis: 2 }",
        bottoms=[VIDEO],
        torch=(
            "nn.ConvTranspose2d(4, 4, kernel_size=3, padding=1)",
            "self.f(x.flatten(0, 1)).unflatten(0, x.shape[:2])",
        ),
        tf=(
            (
                'f = Unflatten(2, name="f_unflatten")([layers.Permute((3, 1, 2), '
                'name="f_permute_3")(layers.Conv2DTranspose(4, 3, padding="same", '
                'name="f")(layers.Permute((2, 3, 1), name="f_permute_2")(Reshape((-1, 4), '
                'num_axes=3, name="f_reshape")(layers.Permute((4, 1, 2, 3), '
                'name="f_permute_1")(x))))), layers.Permute((4, 1, 2, 3), '
                'name="f_permute")(x)])'
            ),
            'layers.Permute((2, 3, 4, 1), name="f_permute_4")(f)',
        ),
        numpy="deconvolution(x, **self.f, pad=1)",
    ),
    says(
        "Deconvolution { num_output: 4 }",
        bottoms=[FLAT],
        torch=("nn.ConvTranspose1d(3, 4, kernel_size=1)", "self.f(x.unsqueeze(-1)).squeeze(-1)"),
        tf='layers.Dense(4, name="f")(x)',
        numpy="deconvolution(x, **self.f)",
    ),
    says(
        "Deconvolution { num_output: 3 group: 3 }",
        bottoms=[FLAT],
        torch=(
            "nn.ConvTranspose1d(3, 3, kernel_size=1, groups=3)",
            "self.f(x.unsqueeze(-1)).squeeze(-1)",
        ),
        tf=refuses("groups are not possible without spatial axes"),
        numpy="deconvolution(x, **self.f, group=3)",
    ),
    says(
        "Deconvolution { num_output: 4 kernel_size: 2 }",
        bottoms=[DEEP],
        torch=refuses("a convolution over 4 spatial axes is not supported"),
        tf=refuses("a window over 4 axes is not possible"),
        numpy="deconvolution(x, **self.f)",
    ),
]

IM2COL: list[Row] = [
    says(
        "Im2col { kernel_size: 3 }",
        torch="im2col(x, (3, 3), (1, 1), (0, 0), (1, 1))",
        tf='Im2col((3, 3), name="f")(x)',
        numpy="im2col(x, (3, 3))",
    ),
    says(
        "Im2col { kernel_size: 3 stride: 2 pad: 1 dilation: 2 }",
        torch="im2col(x, (3, 3), (2, 2), (1, 1), (2, 2))",
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'Im2col((3, 3), strides=(2, 2), dilation_rate=(2, 2), name="f")(f)',
        ),
        numpy="im2col(x, (3, 3), stride=2, pad=1, dilation=2)",
    ),
    says(
        "Im2col { kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1 }",
        torch="im2col(x, (1, 3), (1, 1), (0, 1), (1, 1))",
        tf='Im2col((1, 3), name="f")(layers.ZeroPadding2D((0, 1), name="f_pad")(x))',
        numpy="im2col(x, (1, 3), pad=(0, 1))",
    ),
    says(
        "Im2col { kernel_size: 3 pad_l: 1 pad_r: 2 }",
        torch="im2col(F.pad(x, (1, 2, 0, 0)), (3, 3), (1, 1), (0, 0), (1, 1))",
        tf=(
            'f = layers.ZeroPadding2D(((0, 0), (1, 2)), name="f_pad")(x)',
            'Im2col((3, 3), name="f")(f)',
        ),
        numpy="im2col(x, (3, 3), pad=((0, 0), (1, 2)))",
    ),
    says(
        "Im2col { kernel_size: 3 stride: 2 }",
        bottoms=[LOW],
        torch="im2col(x, (3, 3), (2, 2), (0, 0), (1, 1))",
        tf='Im2col((3, 3), strides=(2, 2), name="f")(PadTo((3, 3), name="f_pad")(x))',
        numpy="im2col(x, (3, 3), stride=2)",
    ),
    says(
        "Im2col { kernel_size: 4 stride: 2 }",
        bottoms=[LOW],
        torch="im2col(x, (4, 4), (2, 2), (0, 0), (1, 1))",
        tf=(
            'CutWindows((4, 4), (2, 2), name="f_cut")([Im2col((4, 4), strides=(2, 2), '
            'name="f")(PadTo((4, 4), name="f_pad")(x)), x])'
        ),
        numpy="im2col(x, (4, 4), stride=2)",
    ),
    says(
        "Im2col { kernel_size: 3 }",
        bottoms=[SEQUENCE],
        torch="im2col(x, (3,), (1,), (0,), (1,))",
        tf=(
            'f = Im2col((3,), name="f")(layers.Permute((2, 1), name="f_permute")(x))',
            'layers.Permute((2, 1), name="f_permute_1")(f)',
        ),
        numpy="im2col(x, (3,))",
    ),
    says(
        "Im2col { kernel_size: 3 axis: 2 }",
        bottoms=[VIDEO],
        torch="im2col(x, (3, 3), (1, 1), (0, 0), (1, 1))",
        tf=(
            (
                'f = Unflatten(2, name="f_unflatten")([layers.Permute((3, 1, 2), '
                'name="f_permute_3")(Im2col((3, 3), name="f")(layers.Permute((2, 3, 1), '
                'name="f_permute_2")(Reshape((-1, 4), num_axes=3, '
                'name="f_reshape")(layers.Permute((4, 1, 2, 3), name="f_permute_1")(x))))), '
                'layers.Permute((4, 1, 2, 3), name="f_permute")(x)])'
            ),
            'layers.Permute((2, 3, 4, 1), name="f_permute_4")(f)',
        ),
        numpy="im2col(x, (3, 3))",
    ),
]

LOCAL: list[Row] = [
    says(
        "Local { num_output: 4 kernel_size: 3 }",
        torch=("Local(3, 4, 3, (3, 5))", "self.f(x)"),
        tf='Local(4, (3, 3), name="f")(x)',
        numpy="local(x, **self.f, kernel=3)",
    ),
    says(
        "Local { num_output: 4 kernel_size: 3 stride: 2 pad: 1 bias_term: false }",
        torch=("Local(3, 4, 3, (3, 4), stride=2, padding=1, bias=False)", "self.f(x)"),
        tf=(
            'f = layers.ZeroPadding2D(1, name="f_pad")(x)',
            'Local(4, (3, 3), strides=(2, 2), use_bias=False, name="f")(f)',
        ),
        numpy="local(x, **self.f, kernel=3, stride=2, pad=1)",
    ),
]

VOLUMES: list[Row] = [
    says(
        "Convolution3D { num_output: 4 kernel_size: 3 kernel_depth: 2 pad: 1 temporal_stride: 2 }",
        bottoms=[VIDEO],
        torch=(
            "nn.Conv3d(3, 4, kernel_size=(2, 3, 3), stride=(2, 1, 1), padding=(0, 1, 1))",
            "self.f(x)",
        ),
        tf=(
            'f = layers.ZeroPadding3D((0, 1, 1), name="f_pad")(x)',
            'layers.Conv3D(4, (2, 3, 3), strides=(2, 1, 1), name="f")(f)',
        ),
        numpy="convolution(x, **self.f, stride=(2, 1, 1), pad=(0, 1, 1))",
    ),
    says(
        "Deconvolution3D { num_output: 4 kernel_size: 4 kernel_depth: 2 stride: 2 pad: 1 }",
        bottoms=[VIDEO],
        torch=(
            "nn.ConvTranspose3d(3, 4, kernel_size=(2, 4, 4), stride=(1, 2, 2), padding=(0, 1, 1))",
            "self.f(x)",
        ),
        tf=(
            'f = layers.Conv3DTranspose(4, (2, 4, 4), strides=(1, 2, 2), name="f")(x)',
            'layers.Cropping3D((0, 1, 1), name="f_crop")(f)',
        ),
        numpy="deconvolution(x, **self.f, stride=(1, 2, 2), pad=(0, 1, 1))",
    ),
]


ROWS = [*CONVOLUTION, *DECONVOLUTION, *IM2COL, *LOCAL, *VOLUMES]
