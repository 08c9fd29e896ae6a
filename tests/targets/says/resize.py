"""What each target prints of proto2net/layers/resize.py."""

from says import IMAGE, VIDEO, Row, says

TWO = [IMAGE, IMAGE]
TO = "output_height: 8 output_width: 6"

ROWS: list[Row] = [
    says(
        "Interp { height: 9 width: 11 }",
        torch='F.interpolate(x, (9, 11), mode="bilinear", align_corners=True)',
        tf='Interp((9, 11), name="f")(x)',
        numpy="interp(x, (9, 11))",
    ),
    says(
        "Interp { zoom_factor: 2 }",
        torch="interp(x, zoom_factor=2)",
        tf='Interp(zoom_factor=2, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], zoom_factor=2))",
    ),
    says(
        "Interp { shrink_factor: 2 }",
        torch="interp(x, shrink_factor=2)",
        tf='Interp(shrink_factor=2, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], shrink_factor=2))",
    ),
    says(
        "Interp { shrink_factor: 2 zoom_factor: 3 }",
        torch="interp(x, shrink_factor=2, zoom_factor=3)",
        tf='Interp(shrink_factor=2, zoom_factor=3, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], shrink_factor=2, zoom_factor=3))",
    ),
    says(
        "Interp { height: 9 width: 11 zoom_factor: 2 }",
        torch="interp(x, zoom_factor=2)",
        tf='Interp(zoom_factor=2, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], zoom_factor=2))",
    ),
    says(
        "Interp { full_zoom_factor: 2 }",
        torch="interp(x, full_zoom_factor=2)",
        tf='Interp(full_zoom_factor=2, name="f")(x)',
        numpy="interp(x, interp_size(x.shape[2:], full_zoom_factor=2))",
    ),
    says(
        "Interp { height: 9 width: 11 pad_beg: -1 pad_end: -2 }",
        torch='F.interpolate(x[:, :, 1:-2, 1:-2], (9, 11), mode="bilinear", align_corners=True)',
        tf=('Interp((9, 11), name="f")(layers.Cropping2D(((1, 2), (1, 2)), name="f_crop")(x))'),
        numpy="interp(x[:, :, 1:-2, 1:-2], (9, 11))",
    ),
    says(
        "Interp { zoom_factor: 2 pad_beg: -1 pad_end: -1 }",
        torch="interp(x[:, :, 1:-1, 1:-1], zoom_factor=2)",
        tf='Interp(zoom_factor=2, name="f")(layers.Cropping2D(1, name="f_crop")(x))',
        numpy=(
            "interp(x[:, :, 1:-1, 1:-1], interp_size(x[:, :, 1:-1, 1:-1].shape[2:], zoom_factor=2))"
        ),
    ),
    says(
        "Interp { zoom_factor: 2 pad_end: -1 }",
        torch="interp(x[:, :, :-1, :-1], zoom_factor=2)",
        tf=(
            'f = layers.Cropping2D(((0, 1), (0, 1)), name="f_crop")(x)',
            'Interp(zoom_factor=2, name="f")(f)',
        ),
        numpy="interp(x[:, :, :-1, :-1], interp_size(x[:, :, :-1, :-1].shape[2:], zoom_factor=2))",
    ),
    says(
        "Interp { zoom_factor: 2 pad_beg: -1 }",
        torch="interp(x[:, :, 1:, 1:], zoom_factor=2)",
        tf=(
            'f = layers.Cropping2D(((1, 0), (1, 0)), name="f_crop")(x)',
            'Interp(zoom_factor=2, name="f")(f)',
        ),
        numpy="interp(x[:, :, 1:, 1:], interp_size(x[:, :, 1:, 1:].shape[2:], zoom_factor=2))",
    ),
    says(
        "Interp { zoom_factor: 2 pad_beg: -1 }",
        fork="openvino",
        torch='F.interpolate(x[:, :, 1:, 1:], scale_factor=2, mode="bilinear", align_corners=True)',
        tf=(
            'f = layers.Cropping2D(((1, 0), (1, 0)), name="f_crop")(x)',
            'Interp(full_zoom_factor=2, name="f")(f)',
        ),
        numpy="interp(x[:, :, 1:, 1:], interp_size(x[:, :, 1:, 1:].shape[2:], full_zoom_factor=2))",
    ),
    says(
        "Interp { use_blob_size: true }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        "Interp { use_blob_size: true pad_beg: -1 }",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch='F.interpolate(x[:, :, 1:, 1:], y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([layers.Cropping2D(((1, 0), (1, 0)), name="f_crop")(x), y])',
        numpy="interp(x[:, :, 1:, 1:], y.shape[2:])",
    ),
    says(
        "Interp { use_blob_size: true height: 9 width: 11 }",
        bottoms=[IMAGE, (2, 4, 6, 8)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        "Interp { use_blob_size: true zoom_factor: 2 }",
        bottoms=[IMAGE, (2, 4, 6, 8)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        "BilinearInterpolation",
        bottoms=[IMAGE, (2, 4, 9, 11)],
        torch='F.interpolate(x, y.shape[2:], mode="bilinear", align_corners=True)',
        tf='Interp(name="f")([x, y])',
        numpy="interp(x, y.shape[2:])",
    ),
    says(
        f"ResizeNearestNeighbor {{ {TO} half_pixel_onnx: true }}",
        torch='resize_nearest(x, (8, 6), axis=1, coordinates="onnx")',
        tf='ResizeNearest((8, 6), axes=(3, 1), coordinates="onnx", name="f")(x)',
        numpy='resize_nearest(x, (8, 6), axis=1, coordinates="onnx")',
    ),
    says(
        "ResizeNearestNeighbor { scale_height: 2 scale_width: 1.5 }",
        torch="resize_nearest(x, (x.shape[1] * 2, int(x.shape[2] * 1.5)), axis=1)",
        tf='ResizeNearest((2.0, 1.5), axes=(3, 1), name="f")(x)',
        numpy="resize_nearest(x, (x.shape[1] * 2, int(x.shape[2] * 1.5)), axis=1)",
    ),
    says(
        "ResizeNearestNeighbor { data_format: 'NCHW' scale_height: 2 scale_width: 1.5 }",
        torch="F.interpolate(x, (x.shape[2] * 2, int(x.shape[3] * 1.5)))",
        tf='ResizeNearest((2.0, 1.5), name="f")(x)',
        numpy="resize_nearest(x, (x.shape[2] * 2, int(x.shape[3] * 1.5)))",
    ),
    says(
        f"ResizeNearestNeighbor {{ data_format: 'NCHW' {TO} half_pixel_centers: true }}",
        torch='F.interpolate(x, (8, 6), mode="nearest-exact")',
        tf='ResizeNearest((8, 6), coordinates="half_pixel", name="f")(x)',
        numpy='resize_nearest(x, (8, 6), coordinates="half_pixel")',
    ),
    says(
        f"ResizeNearestNeighbor {{ data_format: 'NCHW' {TO} align_corners: true }}",
        torch='resize_nearest(x, (8, 6), coordinates="align_corners")',
        tf='ResizeNearest((8, 6), coordinates="align_corners", name="f")(x)',
        numpy='resize_nearest(x, (8, 6), coordinates="align_corners")',
    ),
    says(
        f"ResizeBilinear {{ data_format: 'NCHW' {TO} half_pixel_centers: true }}",
        torch='F.interpolate(x, (8, 6), mode="bilinear")',
        tf='ResizeLinear((8, 6), coordinates="half_pixel", name="f")(x)',
        numpy='resize_linear(x, (8, 6), coordinates="half_pixel")',
    ),
    says(
        f"ResizeBilinear {{ data_format: 'NCHW' {TO} align_corners: true }}",
        torch='F.interpolate(x, (8, 6), mode="bilinear", align_corners=True)',
        tf='ResizeLinear((8, 6), coordinates="align_corners", name="f")(x)',
        numpy='resize_linear(x, (8, 6), coordinates="align_corners")',
    ),
    says(
        "ResizeBilinear { data_format: 'NCHW' scale_height: 2 scale_width: 2 }",
        torch="resize_linear(x, (x.shape[2] * 2, x.shape[3] * 2))",
        tf='ResizeLinear((2.0, 2.0), name="f")(x)',
        numpy="resize_linear(x, (x.shape[2] * 2, x.shape[3] * 2))",
    ),
    says(
        f"ResizeBilinear {{ {TO} pytorch_half_pixel: true }}",
        torch='resize_linear(x, (8, 6), axis=1, coordinates="pytorch_half_pixel")',
        tf='ResizeLinear((8, 6), axes=(3, 1), coordinates="pytorch_half_pixel", name="f")(x)',
        numpy='resize_linear(x, (8, 6), axis=1, coordinates="pytorch_half_pixel")',
    ),
    says(
        f"ResizeBilinear {{ data_format: 'NCDHW' {TO} output_depth: 2 half_pixel_centers: true }}",
        bottoms=[VIDEO],
        torch='F.interpolate(x, (8, 6, 2), mode="trilinear")',
        tf='ResizeLinear((8, 6, 2), axes=(1, 2, 3), coordinates="half_pixel", name="f")(x)',
        numpy='resize_linear(x, (8, 6, 2), coordinates="half_pixel")',
    ),
    # ---- the reverse of a pooling
    says(
        "Unpooling { kernel_size: 2 stride: 2 unpool_h: 9 unpool_w: 11 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (9, 11))",
        tf='MaxUnpooling(size=(9, 11), name="f")([x, y])',
        numpy="max_unpool(x, y, (9, 11))",
    ),
    says(
        "Unpooling { kernel_size: 2 stride: 2 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (x.shape[2] * 2, x.shape[3] * 2))",
        tf='MaxUnpooling(name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2, x.shape[3] * 2))",
    ),
    says(
        "UnPooling { kernel_h: 3 kernel_w: 2 stride: 2 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (x.shape[2] * 3 + 1, x.shape[3] * 2))",
        tf='MaxUnpooling(scale=(3, 2), less=(-1, 0), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 3 + 1, x.shape[3] * 2))",
    ),
    says(
        "UnPooling { pool: MAX kernel_size: 2 stride: 2 }",
        bottoms=TWO,
        torch="max_unpool(x, y, (x.shape[2] * 2 + 1, x.shape[3] * 2 + 1))",
        tf='MaxUnpooling(less=(-1, -1), name="f")([x, y])',
        numpy="max_unpool(x, y, (x.shape[2] * 2 + 1, x.shape[3] * 2 + 1))",
    ),
    says(
        "Unpooling { kernel_size: 2 stride: 2 unpool_size: 9 }",
        torch="max_unpool(x, corner_mask(x, (2, 2), (9, 9)), (9, 9))",
        tf=(
            'MaxUnpooling(size=(9, 9), name="f")'
            '([x, CornerMask((2, 2), size=(9, 9), name="f_corner_mask")(x)])'
        ),
        numpy="max_unpool(x, corner_mask(x, (2, 2), (9, 9)), (9, 9))",
    ),
    says(
        "Unpooling { unpool: AVE kernel_size: 3 stride: 2 unpool_size: 9 }",
        torch="unpool(x, (3, 3), (2, 2), (9, 9), average=True)",
        tf='Unpooling((3, 3), (2, 2), size=(9, 9), average=True, name="f")(x)',
        numpy="unpool(x, (3, 3), (2, 2), (9, 9), average=True)",
    ),
    says(
        "Unpooling { unpool: TILE kernel_size: 2 stride: 2 }",
        torch="unpool(x, (2, 2), (2, 2), (x.shape[2] * 2, x.shape[3] * 2))",
        tf='Unpooling((2, 2), (2, 2), name="f")(x)',
        numpy="unpool(x, (2, 2), (2, 2), (x.shape[2] * 2, x.shape[3] * 2))",
    ),
]
