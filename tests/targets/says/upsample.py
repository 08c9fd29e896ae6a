"""What the targets print of proto2net/layers/upsample.py."""

from says import IMAGE, Row, says

TWO = [IMAGE, IMAGE]

ROWS: list[Row] = [
    says(
        "Upsample { scale: 3 }",
        torch="F.interpolate(x, scale_factor=3)",
        tf='layers.UpSampling2D(3, name="f")(x)',
        numpy="upsample(x, 3)",
    ),
    says(
        "Upsample",
        fork="mobilenet-yolo",
        torch="F.interpolate(x, scale_factor=1)",
        tf='layers.UpSampling2D(1, name="f")(x)',
        numpy="upsample(x, 1)",
    ),
    says(
        "Upsample { height_scale: 3 width_scale: 3 mode: NEAREST }",
        torch="F.interpolate(x, scale_factor=3)",
        tf='layers.UpSampling2D(3, name="f")(x)',
        numpy="upsample(x, 3)",
    ),
    says(
        "Upsample { scale: 1 stride_h: 3 stride_w: 3 }",
        torch="F.interpolate(x, scale_factor=3)",
        tf='layers.UpSampling2D(3, name="f")(x)',
        numpy="upsample(x, 3)",
    ),
    says(
        "Upsample { upsample_h: 8 upsample_w: 6 }",
        torch="F.interpolate(x, (8, 6))",
        tf='ResizeNearest((8, 6), name="f")(x)',
        numpy="resize_nearest(x, (8, 6))",
    ),
    says(
        "Upsample { mode: NEAREST }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch="F.interpolate(x, y.shape[2:])",
        tf='ResizeLike(name="f")([x, y])',
        numpy="resize_nearest(x, y.shape[2:])",
    ),
    says(
        "Upsample { mode: BILINEAR }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        "Upsample { mode: BILINEAR height: 8 width: 6 }",
        torch='F.interpolate(x, (8, 6), mode="bilinear", align_corners=True)',
        tf='Interp((8, 6), name="f")(x)',
        numpy="interp(x, (8, 6))",
    ),
    says(
        "Upsample { mode: BILINEAR height_scale: 2 width_scale: 2 }",
        torch='F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)',
        tf='Interp(full_zoom_factor=2, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], full_zoom_factor=2))",
    ),
    says(
        "UpsampleDarknet { stride: 3 }",
        torch="F.interpolate(x, scale_factor=3)",
        tf='layers.UpSampling2D(3, name="f")(x)',
        numpy="upsample(x, 3)",
    ),
    says(
        "Upsample",
        bottoms=TWO,
        torch="F.max_unpool2d(x, y.long(), 2)",
        tf='MaxUnpooling(name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2, x.shape[3] * 2))",
    ),
    says(
        "Upsample { scale: 3 }",
        bottoms=TWO,
        torch="F.max_unpool2d(x, y.long(), 3)",
        tf='MaxUnpooling(scale=(3, 3), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 3, x.shape[3] * 3))",
    ),
    says(
        "Upsample { scale_h: 2 scale_w: 3 }",
        bottoms=TWO,
        torch="F.max_unpool2d(x, y.long(), (2, 3))",
        tf='MaxUnpooling(scale=(2, 3), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2, x.shape[3] * 3))",
    ),
    says(
        "Upsample { pad_out_h: true }",
        bottoms=TWO,
        torch="max_unpool(x, y, (x.shape[2] * 2 - 1, x.shape[3] * 2))",
        tf='MaxUnpooling(less=(1, 0), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2 - 1, x.shape[3] * 2))",
    ),
    says(
        "Upsample { pad_out_h: true pad_out_w: true }",
        bottoms=TWO,
        torch="max_unpool(x, y, (x.shape[2] * 2 - 1, x.shape[3] * 2 - 1))",
        tf='MaxUnpooling(less=(1, 1), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2 - 1, x.shape[3] * 2 - 1))",
    ),
    says(
        "Upsample { upsample_h: 9 upsample_w: 11 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (9, 11))",
        tf='MaxUnpooling(size=(9, 11), name="f")([x, y])',
        numpy="max_unpool(x, y, (9, 11))",
    ),
    says(
        "Upsample { upsample_h: 9 upsample_w: 11 scale: 3 pad_out_h: true }",
        bottoms=TWO,
        torch="max_unpool(x, y, (9, 11))",
        tf='MaxUnpooling(size=(9, 11), name="f")([x, y])',
        numpy="max_unpool(x, y, (9, 11))",
    ),
    says(
        "BilinearInterpolate { align_corners: false dst_h: 8 dst_w: 6 }",
        torch='F.interpolate(x, (8, 6), mode="bilinear")',
        tf='ResizeLinear((8, 6), coordinates="half_pixel", name="f")(x)',
        numpy='resize_linear(x, (8, 6), coordinates="half_pixel")',
    ),
    says(
        "DeephiResize { new_height: 8 new_width: 6 }",
        torch="F.interpolate(x, (8, 6))",
        tf='ResizeNearest((8, 6), name="f")(x)',
        numpy="resize_nearest(x, (8, 6))",
    ),
    says(
        "MaxUnPool { dst_h: 9 dst_w: 11 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (9, 11))",
        tf='MaxUnpooling(size=(9, 11), name="f")([x, y])',
        numpy="max_unpool(x, y, (9, 11))",
    ),
]
