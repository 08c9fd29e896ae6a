"""What each target prints of proto2net/layers/yolo.py."""

from says import Row, says

ROWS: list[Row] = [
    says(
        "Python { module: 'yolov2' layer: 'darknet_reorg' }",
        bottoms=[(2, 8, 4, 6)],
        torch="reorg(x, 2)",
        tf='Reorg(2, name="f")(x)',
        numpy="reorg(x, 2)",
    ),
    says(
        "Reorg { stride: 2 }",
        bottoms=[(2, 4, 6, 6)],
        torch="reorg(x, 2)",
        tf='Reorg(2, name="f")(x)',
        numpy="reorg(x, 2)",
    ),
    says(
        "Reorg { stride: 2 }",
        bottoms=[(2, 4, 6, 8)],
        torch="swapped_reorg(x, 2)",
        tf='SwappedReorg(2, name="f")(x)',
        numpy="swapped_reorg(x, 2)",
    ),
    says(
        "Reorg { stride: 2 }",
        bottoms=[(2, 4, 6, 8)],
        fork="darknet",
        torch="reorg(x, 2)",
        tf='Reorg(2, name="f")(x)',
        numpy="reorg(x, 2)",
    ),
    says(
        "Reorg { stride: 2 reverse: true }",
        bottoms=[(2, 4, 6, 8)],
        torch="swapped_reorg(x, 2, reverse=True)",
        tf='SwappedReorg(2, reverse=True, name="f")(x)',
        numpy="swapped_reorg(x, 2, reverse=True)",
    ),
    says(
        "Reorg { reverse: true }",
        bottoms=[(2, 4, 6, 8)],
        fork="darknet",
        torch="reorg(x, 2, reverse=True)",
        tf='Reorg(2, reverse=True, name="f")(x)',
        numpy="reorg(x, 2, reverse=True)",
    ),
    says(
        (
            "YoloDetectionOutput { num_classes: 3 num_box: 2 biases: 1 biases: 2 biases: 3 "
            "biases: 4 }"
        ),
        bottoms=[(2, 16, 5, 7)],
        torch="yolo_detection_output([x], ((1.0, 2.0), (3.0, 4.0)))",
        tf='YoloDetectionOutput(((1.0, 2.0), (3.0, 4.0)), name="f")([x])',
        numpy="yolo_detection_output([x], ((1.0, 2.0), (3.0, 4.0)))",
    ),
    says(
        (
            "YoloDetectionOutput { num_classes: 3 num_box: 2 biases: 1 biases: 2 biases: 3 "
            "biases: 4 confidence_threshold: 0.2 nms_threshold: 0.5 }"
        ),
        bottoms=[(2, 16, 5, 7), (2, 16, 6, 8)],
        torch=(
            "yolo_detection_output([x, y], ((1.0, 2.0), (3.0, 4.0)), confidence_threshold=0.2, "
            "nms_threshold=0.5)"
        ),
        tf=(
            "YoloDetectionOutput(((1.0, 2.0), (3.0, 4.0)), confidence_threshold=0.2, "
            'nms_threshold=0.5, name="f")([x, y])'
        ),
        numpy=(
            "yolo_detection_output([x, y], ((1.0, 2.0), (3.0, 4.0)), confidence_threshold=0.2, "
            "nms_threshold=0.5)"
        ),
    ),
    says(
        (
            "Yolov3DetectionOutput { num_classes: 3 num_box: 1 biases: 1 biases: 2 biases: 3 "
            "biases: 4 mask: 1 mask: 0 anchors_scale: 32 anchors_scale: 16 }"
        ),
        bottoms=[(2, 8, 5, 7), (2, 8, 6, 8)],
        torch="yolov3_detection_output([x, y], (((3.0, 4.0),), ((1.0, 2.0),)), (32, 16))",
        tf='Yolov3DetectionOutput((((3.0, 4.0),), ((1.0, 2.0),)), (32, 16), name="f")([x, y])',
        numpy="yolov3_detection_output([x, y], (((3.0, 4.0),), ((1.0, 2.0),)), (32, 16))",
    ),
    says(
        (
            "Yolov3DetectionOutput { num_classes: 3 num_box: 2 biases: 1 biases: 2 biases: 3 "
            "biases: 4 mask: 0 mask: 1 anchors_scale: 32 mask_group_num: 1 confidence_threshold: "
            "0.2 nms_threshold: 0.5 }"
        ),
        bottoms=[(2, 16, 5, 7)],
        torch=(
            "yolov3_detection_output([x], (((1.0, 2.0), (3.0, 4.0)),), (32,), "
            "confidence_threshold=0.2, nms_threshold=0.5)"
        ),
        tf=(
            "Yolov3DetectionOutput((((1.0, 2.0), (3.0, 4.0)),), (32,), confidence_threshold=0.2, "
            'nms_threshold=0.5, name="f")([x])'
        ),
        numpy=(
            "yolov3_detection_output([x], (((1.0, 2.0), (3.0, 4.0)),), (32,), "
            "confidence_threshold=0.2, nms_threshold=0.5)"
        ),
    ),
]
