"""What each target prints of proto2net/layers/mscnn.py."""

from says import Row, says

MAPS = [(1, 6, 5, 7), (1, 6, 3, 4)]
"""Scores of two classes and shifts, on two feature maps."""
GROUP = [(4, 2, 5, 7), (4, 4, 5, 7)]
"""Probabilities of two classes, and shifts, of two fields for two images."""
DETECTION = [(6, 3), (6, 12), (6, 5), (1, 2)]
NORMALIZED = (
    "bbox_reg_param { bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 "
    "bbox_std: 0.1 bbox_std: 0.1 bbox_std: 0.2 bbox_std: 0.2 }"
)

ROWS: list[Row] = [
    says(
        (
            "BoxOutput { field_h: 40 field_w: 30 downsample_rate: 8 field_h: 80 field_w: 60 "
            "downsample_rate: 16 }"
        ),
        bottoms=MAPS,
        torch=(
            "best_regions(box_candidates([x, y], fields=[(30, 40), (60, 80)], strides=[8, 16]))[0]"
        ),
        tf='BoxOutput(fields=[(30, 40), (60, 80)], strides=[8, 16], name="f")([x, y])[0]',
        numpy=(
            "best_regions(box_candidates([x, y], fields=[(30, 40), (60, 80)], strides=[8, 16]))[0]"
        ),
    ),
    says(
        (
            "BoxOutput { field_h: 40 field_w: 30 downsample_rate: 8 fg_thr: -5 iou_thr: 0.65 "
            "nms_type: 'IOMU' field_whr: 3 field_xyr: 1.5 max_nms_num: 40 max_post_nms_num: 9 "
            "min_size: 10 }"
        ),
        bottoms=MAPS[:1],
        tops=2,
        torch=(
            "best_regions(box_candidates([x], fields=[(30, 40)], strides=[8], min_size=10.0, "
            "field_whr=3.0, field_xyr=1.5), fg_thr=-5.0, iou_thr=0.65, "
            'nms_type="IOMU", max_nms_num=40, max_post_nms_num=9)'
        ),
        tf=(
            "BoxOutput(fields=[(30, 40)], strides=[8], min_size=10.0, field_whr=3.0, "
            'field_xyr=1.5, fg_thr=-5.0, iou_thr=0.65, nms_type="IOMU", max_nms_num=40, '
            'max_post_nms_num=9, name="f")([x])'
        ),
        numpy=(
            "best_regions(box_candidates([x], fields=[(30, 40)], strides=[8], min_size=10.0, "
            "field_whr=3.0, field_xyr=1.5), fg_thr=-5.0, iou_thr=0.65, "
            'nms_type="IOMU", max_nms_num=40, max_post_nms_num=9)'
        ),
    ),
    says(
        (
            "BoxGroupOutput { box_group_param { field_h: 40 field_w: 30 field_h: 20 field_w: 50 "
            "stride: 8 } }"
        ),
        bottoms=GROUP,
        torch=(
            "best_regions(box_group_candidates([x, y], fields=[[(30, 40), (50, 20)]], "
            "strides=[8]), border=1)[0]"
        ),
        tf='BoxGroupOutput(fields=[[(30, 40), (50, 20)]], strides=[8], name="f")([x, y])[0]',
        numpy=(
            "best_regions(box_group_candidates([x, y], fields=[[(30, 40), (50, 20)]], "
            "strides=[8]), border=1)[0]"
        ),
    ),
    says(
        "DecodeBBox",
        bottoms=[(6, 8), (6, 5)],
        torch="decode_bbox(x, y)",
        tf='DecodeBBox(name="f")([x, y])',
        numpy="decode_bbox(x, y)",
    ),
    says(
        f"DecodeBBox {NORMALIZED}",
        bottoms=[(6, 8), (6, 5)],
        torch="decode_bbox(x, y, bbox_mean=(0.0, 0.0, 0.0, 0.0), bbox_std=(0.1, 0.1, 0.2, 0.2))",
        tf=(
            "DecodeBBox(bbox_mean=(0.0, 0.0, 0.0, 0.0), bbox_std=(0.1, 0.1, 0.2, 0.2), "
            'name="f")([x, y])'
        ),
        numpy="decode_bbox(x, y, bbox_mean=(0.0, 0.0, 0.0, 0.0), bbox_std=(0.1, 0.1, 0.2, 0.2))",
    ),
    says(
        "FrcnnOutput",
        bottoms=DETECTION,
        torch="frcnn_output(x, y, z, u)",
        tf='FrcnnOutput(name="f")([x, y, z, u])',
        numpy="frcnn_output(x, y, z, u)",
    ),
    says(
        "FrcnnOutput { conf_thr: 0.1 iou_thr: 0.4 nms_type: 'IOFU' max_det_num: 100 }",
        bottoms=DETECTION,
        torch=(
            'frcnn_output(x, y, z, u, conf_thr=0.1, iou_thr=0.4, nms_type="IOFU", max_det_num=100)'
        ),
        tf=(
            'FrcnnOutput(conf_thr=0.1, iou_thr=0.4, nms_type="IOFU", max_det_num=100, name="f")('
            "[x, y, z, u])"
        ),
        numpy=(
            'frcnn_output(x, y, z, u, conf_thr=0.1, iou_thr=0.4, nms_type="IOFU", max_det_num=100)'
        ),
    ),
    says(
        "ScaleRoute { low_scale: 20 high_scale: 80 }",
        bottoms=[(6, 5), (6, 3, 2, 2)],
        tops=2,
        torch="scale_route(x, y, low_scale=20.0, high_scale=80.0, middle=40.0)",
        tf=('ScaleRoute(low_scale=20.0, high_scale=80.0, middle=40.0, name="f")([x, y])'),
        numpy="scale_route(x, y, low_scale=20.0, high_scale=80.0, middle=40.0)",
    ),
    says(
        "ScaleRoute { high_scale: 80 }",
        bottoms=[(6, 5, 1, 1)],
        torch="scale_route(x, high_scale=80.0, middle=80.0)[0]",
        tf='ScaleRoute(high_scale=80.0, middle=80.0, name="f")([x])[0]',
        numpy="scale_route(x, high_scale=80.0, middle=80.0)[0]",
    ),
]
