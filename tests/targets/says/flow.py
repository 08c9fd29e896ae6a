"""What each target prints of proto2net/layers/flow.py."""

from says import IMAGE, Row, says

FLOW, TWO = [IMAGE, (2, 2, 5, 7)], [IMAGE, IMAGE]

ROWS: list[Row] = [
    says(
        "FlowWarp",
        bottoms=FLOW,
        torch="flow_warp(x, y)",
        tf='FlowWarp(name="f")([x, y])',
        numpy="flow_warp(x, y)",
    ),
    says(
        "FlowWarp { fill_value: NOT_A_NUMBER }",
        bottoms=FLOW,
        torch='flow_warp(x, y, fill=float("nan"))',
        tf='FlowWarp(fill=float("nan"), name="f")([x, y])',
        numpy='flow_warp(x, y, fill=float("nan"))',
    ),
    says(
        "Warp",
        bottoms=FLOW,
        fork="pwc-net",
        torch="flow_warp(x, y, strict=True)",
        tf='FlowWarp(strict=True, name="f")([x, y])',
        numpy="flow_warp(x, y, strict=True)",
    ),
    says(
        "Warp",
        bottoms=FLOW,
        fork="liteflownet",
        torch="warp(x, y)",
        tf='Warp(name="f")([x, y])',
        numpy="warp(x, y)",
    ),
    says(
        "Grid",
        torch="pixel_grid(x)",
        tf='PixelGrid(name="f")(x)',
        numpy="pixel_grid(x)",
    ),
    says(
        "Correlation { kernel_size: 1 max_displacement: 4 pad: 4 }",
        bottoms=TWO,
        torch="correlation(x, y, 4, pad=4)",
        tf='Correlation(4, pad=4, name="f")([x, y])',
        numpy="correlation(x, y, 4, pad=4)",
    ),
    says(
        "Correlation { kernel_size: 3 max_displacement: 2 pad: 3 stride_1: 2 stride_2: 2"
        " correlation_type: SUBTRACT }",
        bottoms=TWO,
        torch="correlation(x, y, 2, pad=3, kernel_size=3, stride_1=2, stride_2=2, subtract=True)",
        tf=(
            "Correlation(2, pad=3, kernel_size=3, stride_1=2, stride_2=2, subtract=True, "
            'name="f")([x, y])'
        ),
        numpy="correlation(x, y, 2, pad=3, kernel_size=3, stride_1=2, stride_2=2, subtract=True)",
    ),
    says(
        "Correlation1D { kernel_size: 1 max_displacement: 4 pad: 4 single_direction: 1 }",
        bottoms=TWO,
        torch="correlation_1d(x, y, 4, pad=4, single_direction=1)",
        tf='Correlation1D(4, pad=4, single_direction=1, name="f")([x, y])',
        numpy="correlation_1d(x, y, 4, pad=4, single_direction=1)",
    ),
    says(
        "Resample { height: 9 width: 11 }",
        torch="resample(x, (9, 11))",
        tf='Resample((9, 11), name="f")(x)',
        numpy="resample(x, (9, 11))",
    ),
    says(
        "Resample { type: CUBIC antialias: false }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch="resample(x, y.shape[2:], cubic=True, antialias=False)",
        tf='Resample(cubic=True, antialias=False, name="f")([x, y])',
        numpy="resample(x, y.shape[2:], cubic=True, antialias=False)",
    ),
    says(
        "Resample { height: 20 width: 28 type: NEAREST }",
        torch="resample_nearest(x, (20, 28))",
        tf='ResampleNearest((20, 28), name="f")(x)',
        numpy="resample_nearest(x, (20, 28))",
    ),
    says(
        "Downsample { top_height: 3 top_width: 4 }",
        torch="downsample(x, (3, 4))",
        tf='Downsample((3, 4), name="f")(x)',
        numpy="downsample(x, (3, 4))",
    ),
    says(
        "Downsample",
        bottoms=[IMAGE, (2, 4, 3, 4)],
        torch="downsample(x, y.shape[2:])",
        tf='Downsample(name="f")([x, y])',
        numpy="downsample(x, y.shape[2:])",
    ),
    says(
        "Accum { have_reference: true }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        "Accum",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch=(
            'torch.cat((F.interpolate(x, (9, 11), mode="bilinear", align_corners=True), '
            'F.interpolate(y, (9, 11), mode="bilinear", align_corners=True)), dim=1)'
        ),
        tf=(
            'layers.Concatenate(name="f")([Interp((9, 11), name="f_interp_1")(x), '
            'Interp((9, 11), name="f_interp")(y)])'
        ),
        numpy="np.concatenate((interp(x, (9, 11)), interp(y, (9, 11))), axis=1)",
    ),
    says(
        "ChannelNorm",
        torch="torch.linalg.vector_norm(x, dim=1, keepdim=True)",
        tf="ops.norm(x, axis=-1, keepdims=True)",
        numpy="np.linalg.norm(x, axis=1, keepdims=True)",
    ),
    says(
        "NegSquare",
        torch="-torch.square(x)",
        tf="-ops.square(x)",
        numpy="-np.square(x)",
    ),
    says(
        "NegReLU",
        torch=("f = F.relu(-x)", "-f"),
        tf=("f = -x", 'f = layers.ReLU(name="f")(f)', "-f"),
        numpy="power_of(relu(power_of(x, scale=-1.0)), scale=-1.0)",
    ),
    says(
        "ExpMax",
        torch="torch.exp(x - torch.amax(x, dim=1, keepdim=True))",
        tf="ops.exp(x - ops.max(x, axis=-1, keepdims=True))",
        numpy="np.exp(x - x.max(1, keepdims=True))",
    ),
    says(
        "ExpMax { base: 4 scale: 0.5 shift: 2 }",
        torch="16.0 * torch.exp(0.6931471805599453 * (x - torch.amax(x, dim=1, keepdim=True)))",
        tf=(
            'layers.Rescaling(16.0, name="f_rescaling_1")(ops.exp('
            'layers.Rescaling(0.6931471805599453, name="f_rescaling")('
            "x - ops.max(x, axis=-1, keepdims=True))))"
        ),
        numpy="16.0 * np.exp(0.6931471805599453 * (x - x.max(1, keepdims=True)))",
    ),
]
