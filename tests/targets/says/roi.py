"""What each target prints of proto2net/layers/roi.py."""

from says import IMAGE, Row, says

REGIONS = [IMAGE, (4, 5)]
"""A feature map, and four regions."""

ROWS: list[Row] = [
    says(
        "ROIPooling { pooled_h: 2 pooled_w: 3 }",
        bottoms=REGIONS,
        torch="roi_pool(x, y, (2, 3))",
        tf='ROIPooling((2, 3), name="f")([x, y])',
        numpy="roi_pool(x, y, (2, 3))",
    ),
    says(
        "ROIPooling { pooled_h: 2 pooled_w: 3 spatial_scale: 0.0625 pad_ratio: 0.25 }",
        bottoms=REGIONS,
        torch="roi_pool(x, y, (2, 3), spatial_scale=0.0625, pad_ratio=0.25)",
        tf='ROIPooling((2, 3), spatial_scale=0.0625, pad_ratio=0.25, name="f")([x, y])',
        numpy="roi_pool(x, y, (2, 3), spatial_scale=0.0625, pad_ratio=0.25)",
    ),
    says(
        "ROIAlign { pooled_h: 2 pooled_w: 3 }",
        bottoms=REGIONS,
        torch="roi_align(x, y, (2, 3))",
        tf='ROIAlign((2, 3), name="f")([x, y])',
        numpy="roi_align(x, y, (2, 3))",
    ),
    says(
        "ROIAlign { pooled_h: 2 pooled_w: 3 spatial_scale: 0.0625 pad_ratio: 0.25 }",
        bottoms=REGIONS,
        torch="roi_align(x, y, (2, 3), spatial_scale=0.0625, pad_ratio=0.25)",
        tf='ROIAlign((2, 3), spatial_scale=0.0625, pad_ratio=0.25, name="f")([x, y])',
        numpy="roi_align(x, y, (2, 3), spatial_scale=0.0625, pad_ratio=0.25)",
    ),
    says(
        "PSROIPooling { spatial_scale: 0.0625 output_dim: 3 group_size: 2 }",
        bottoms=[(2, 12, 5, 7), (4, 5)],
        torch="psroi_pool(x, y, 2, 0.0625)",
        tf='PSROIPooling(2, 0.0625, name="f")([x, y])',
        numpy="psroi_pool(x, y, 2, 0.0625)",
    ),
]
