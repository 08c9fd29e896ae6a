"""What each target prints of proto2net/layers/detection.py."""

from says import IMAGE, Row, refuses, says

FOUND = [(2, 8), (2, 6), (1, 2, 8)]
"""Locations, confidences of three classes, and two prior boxes."""

ROWS: list[Row] = [
    says(
        "DetectionOutput { num_classes: 3 }",
        bottoms=FOUND,
        torch="detection_output(x, y, z, num_classes=3)",
        tf='DetectionOutput(num_classes=3, name="f")([x, y, z])',
        numpy="detection_output(x, y, z, num_classes=3)",
    ),
    says(
        (
            "DetectionOutput { num_classes: 3 code_type: CENTER_SIZE keep_top_k: 200 "
            "confidence_threshold: 0.01 nms_param { nms_threshold: 0.45 top_k: 400 } }"
        ),
        bottoms=FOUND,
        torch=(
            'detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", nms_threshold=0.45, '
            "top_k=400, keep_top_k=200, confidence_threshold=0.01)"
        ),
        tf=(
            'DetectionOutput(num_classes=3, code_type="CENTER_SIZE", nms_threshold=0.45, '
            'top_k=400, keep_top_k=200, confidence_threshold=0.01, name="f")([x, y, z])'
        ),
        numpy=(
            'detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", nms_threshold=0.45, '
            "top_k=400, keep_top_k=200, confidence_threshold=0.01)"
        ),
    ),
    says(
        (
            "DetectionOutput { num_classes: 3 share_location: false background_label_id: -1 "
            "variance_encoded_in_target: true }"
        ),
        bottoms=[(2, 24), *FOUND[1:]],
        torch=(
            "detection_output(x, y, z, num_classes=3, share_location=False, "
            "background_label_id=-1, variance_encoded_in_target=True)"
        ),
        tf=(
            "DetectionOutput(num_classes=3, share_location=False, background_label_id=-1, "
            'variance_encoded_in_target=True, name="f")([x, y, z])'
        ),
        numpy=(
            "detection_output(x, y, z, num_classes=3, share_location=False, "
            "background_label_id=-1, variance_encoded_in_target=True)"
        ),
    ),
    says(
        "DetectionOutput { num_classes: 3 nms_param { eta: 0.5 top_k: -1 } }",
        bottoms=FOUND,
        torch="detection_output(x, y, z, num_classes=3, eta=0.5)",
        tf=refuses("non-maximum suppression with eta (0.5) is not possible"),
        numpy="detection_output(x, y, z, num_classes=3, eta=0.5)",
    ),
    says(
        "DetectionOutput { num_classes: 3 keep_top_k: 0 }",
        bottoms=FOUND,
        torch="detection_output(x, y, z, num_classes=3, keep_top_k=0)",
        tf='DetectionOutput(num_classes=3, keep_top_k=0, name="f")([x, y, z])',
        numpy="detection_output(x, y, z, num_classes=3, keep_top_k=0)",
    ),
    says(
        "DetectionOutput { num_classes: 3 code_type: CENTER_SIZE use_polygon: true }",
        bottoms=[(2, 24), *FOUND[1:]],
        torch='detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", polygons=True)',
        tf=(
            'DetectionOutput(num_classes=3, code_type="CENTER_SIZE", polygons=True, name="f")('
            "[x, y, z])"
        ),
        numpy='detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", polygons=True)',
    ),
    says(
        "DetectionOutput { num_classes: 3 }",
        bottoms=[*FOUND, IMAGE],
        torch="detection_output(x, y, z, num_classes=3)",
        tf='DetectionOutput(num_classes=3, name="f")([x, y, z])',
        numpy="detection_output(x, y, z, num_classes=3)",
    ),
    says(
        "DetectionOutput { num_classes: 3 }",
        bottoms=[(2, 8, 1, 1), (2, 3, 1, 2), (1, 2, 8)],
        torch="detection_output(x, y, z, num_classes=3)",
        tf=(
            'DetectionOutput(num_classes=3, name="f")([x, layers.Permute((3, 1, 2), '
            'name="f_permute")(y), z])'
        ),
        numpy="detection_output(x, y, z, num_classes=3)",
    ),
    # ---- of RefineDet and Synopsys
    says(
        "DetectionOutput { num_classes: 3 code_type: CENTER_SIZE }",
        bottoms=[*FOUND, (2, 4), (2, 8)],
        torch=(
            'detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", arm_conf=u, '
            "arm_loc=v)"
        ),
        tf=(
            'RefinedDetectionOutput(num_classes=3, code_type="CENTER_SIZE", name="f")('
            "[x, y, z, u, v])"
        ),
        numpy=(
            'detection_output(x, y, z, num_classes=3, code_type="CENTER_SIZE", arm_conf=u, '
            "arm_loc=v)"
        ),
    ),
    says(
        "DetectionOutput { num_classes: 3 objectness_score: 0.3 }",
        bottoms=[*FOUND, (2, 4)],
        torch="detection_output(x, y, z, num_classes=3, arm_conf=u, objectness_score=0.3)",
        tf='RefinedDetectionOutput(num_classes=3, objectness_score=0.3, name="f")([x, y, z, u])',
        numpy="detection_output(x, y, z, num_classes=3, arm_conf=u, objectness_score=0.3)",
    ),
    says(
        "DetectionOutput { num_classes: 3 nbottom: 1 }",
        bottoms=[(1, 6), (1, 8), (1, 2, 8)],
        torch="split_detection_output([x, y, z], nbottom=1, num_classes=3)",
        tf='SplitDetectionOutput(nbottom=1, num_classes=3, name="f")([x, y, z])',
        numpy="split_detection_output([x, y, z], nbottom=1, num_classes=3)",
    ),
    says(
        "DetectionOutput { num_classes: 3 nbottom: 2 no_permute: true keep_top_k: 9 }",
        bottoms=[(1, 3, 2, 6), (1, 3, 1, 2), (1, 8, 2, 3), (1, 4, 2, 1), (1, 2, 56)],
        torch=(
            "split_detection_output([x, y, z, u, v], nbottom=2, no_permute=True, num_classes=3, "
            "keep_top_k=9)"
        ),
        tf=(
            "SplitDetectionOutput(nbottom=2, no_permute=True, num_classes=3, keep_top_k=9, "
            'name="f")([x, y, z, u, v])'
        ),
        numpy=(
            "split_detection_output([x, y, z, u, v], nbottom=2, no_permute=True, num_classes=3, "
            "keep_top_k=9)"
        ),
    ),
    # ---- of caffe-yolov2
    says(
        (
            "DetectionOutput { num_classes: 3 num_box: 2 side: 5 coords: 4 biases: 1 biases: 2 "
            "biases: 3 biases: 4 }"
        ),
        bottoms=[(1, 16, 5, 5)],
        torch="region_detection_output(x, ((1.0, 2.0), (3.0, 4.0)))",
        tf='RegionDetectionOutput(((1.0, 2.0), (3.0, 4.0)), name="f")([x])',
        numpy="region_detection_output(x, ((1.0, 2.0), (3.0, 4.0)))",
    ),
    says(
        (
            "DetectionOutput { num_classes: 3 num_box: 1 side: 5 coords: 4 biases: 1 biases: 2 "
            "confidence_threshold: 0.2 nms_threshold: 0.5 }"
        ),
        bottoms=[(1, 8, 5, 5)],
        torch=(
            "region_detection_output(x, ((1.0, 2.0),), confidence_threshold=0.2, nms_threshold=0.5)"
        ),
        tf=(
            "RegionDetectionOutput(((1.0, 2.0),), confidence_threshold=0.2, nms_threshold=0.5, "
            'name="f")([x])'
        ),
        numpy=(
            "region_detection_output(x, ((1.0, 2.0),), confidence_threshold=0.2, nms_threshold=0.5)"
        ),
    ),
]
