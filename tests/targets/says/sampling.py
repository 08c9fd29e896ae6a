"""What each target prints of proto2net/layers/sampling.py."""

from says import IMAGE, Row, says

ROWS: list[Row] = [
    says(
        "SpatialTransformer { output_H: 4 output_W: 6 }",
        bottoms=[IMAGE, (2, 6)],
        torch="spatial_transformer(x, y, (4, 6))",
        tf='SpatialTransformer((4, 6), name="f")([x, y])',
        numpy="spatial_transformer(x, y, (4, 6))",
    ),
    says(
        "SpatialTransformer { to_compute_dU: false theta_1_2: 0.25 theta_2_1: 0 }",
        bottoms=[IMAGE, (2, 4)],
        torch=(
            "spatial_transformer(x.detach(), y, (5, 7), preset=(None, 0.25, None, 0.0, None, None))"
        ),
        tf=(
            "SpatialTransformer((5, 7), preset=(None, 0.25, None, 0.0, None, None), "
            'name="f")([ops.stop_gradient(x), y])'
        ),
        numpy="spatial_transformer(x, y, (5, 7), preset=(None, 0.25, None, 0.0, None, None))",
    ),
    says(
        "DeformableConvolution { num_output: 4 kernel_size: 3 }",
        bottoms=[IMAGE, (2, 18, 3, 5)],
        torch=("DeformConv2d(3, 4, (3, 3))", "self.f(x, y)"),
        tf='DeformConv2D(4, (3, 3), name="f")([x, y])',
        numpy="deformable_convolution(x, y, **self.f)",
    ),
    says(
        (
            "DeformableConvolution { num_output: 4 kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1"
            " pad: 1 dilation: 2 group: 2 bias_term: false }"
        ),
        bottoms=[(2, 4, 5, 7), (2, 24, 3, 5)],
        torch=(
            (
                "DeformConv2d(4, 4, (2, 3), stride=(2, 1), padding=1, dilation=2, groups=2, "
                "offset_groups=2, bias=False)"
            ),
            "self.f(x, y)",
        ),
        tf=(
            "DeformConv2D(4, (2, 3), strides=(2, 1), padding=1, dilation_rate=2, groups=2, "
            'offset_groups=2, use_bias=False, name="f")([x, y])'
        ),
        numpy=(
            "deformable_convolution(x, y, **self.f, stride=(2, 1), pad=1, dilation=2, group=2, "
            "deformable_group=2)"
        ),
    ),
]
